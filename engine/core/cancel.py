"""Cancelling work under way: a flag that another thread raises, and that long work looks up all the time.

Which flag counts is a property of the thread (`stoppable_by`), not of a problem or of settings: cancelling has no
part in what is computed, and every solver, down to the loops, would otherwise have to hand the flag on. Outside
`stoppable_by` nothing can be cancelled.

Python calls `check` between pieces of work. A compiled loop that can take more than some milliseconds is given
`stop_byte()`, reads its one byte every so often and returns early, with any result; its caller then calls `check`,
so that such a result is never seen.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np

from engine.core.arrays import Bytes


class Cancelled(Exception):
    """The thread's stop flag was raised; what was being computed is lost."""


class StopFlag:
    """A wish to stop, raised once and for all, from any thread.

    byte: (1,) uint8, 0 until the flag is raised; for compiled loops.
    """

    def __init__(self) -> None:
        self.byte: Bytes = np.zeros(1, dtype=np.uint8)

    @property
    def raised(self) -> bool:
        """Return whether the work is to stop."""
        return bool(self.byte[0])

    def set(self) -> None:
        """Raise the flag."""
        self.byte[0] = 1


class _OfThread(threading.local):
    """The flag that counts in each thread; at first one that nobody raises."""

    def __init__(self) -> None:
        self.flag = StopFlag()


_of_thread = _OfThread()


@contextmanager
def stoppable_by(flag: StopFlag) -> Generator[None]:
    """Let `check` and `stop_byte` in this thread look at `flag`."""
    before, _of_thread.flag = _of_thread.flag, flag
    try:
        yield
    finally:
        _of_thread.flag = before


def flag_of_thread() -> StopFlag:
    """Return this thread's flag, for helper threads that it starts: they say `stoppable_by` with it."""
    return _of_thread.flag


def stop_byte() -> Bytes:
    """Return the byte (1,) of this thread's flag, for a compiled loop."""
    return _of_thread.flag.byte


def check() -> None:
    """Raise Cancelled if this thread's flag is raised."""
    if _of_thread.flag.byte[0]:
        raise Cancelled
