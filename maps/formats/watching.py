"""How far the reading of a file is, for whoever watches it in this thread, and the place where they can end it.

Readers say how many bytes they have handled, a few milliseconds of work apart where they can. The watcher ends the
reading by raising; what it raises passes through every reader.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_watcher: ContextVar[Callable[[int], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Callable[[int], None]) -> Generator[None]:
    """Let `watcher` be called with the bytes handled since its last call."""
    before = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(before)


def handled(count: int) -> None:
    """Say that so many more bytes of the file are handled."""
    watcher = _watcher.get()
    if watcher is not None:
        watcher(count)
