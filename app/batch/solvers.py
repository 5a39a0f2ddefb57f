"""Where tasks are solved on this machine: one after the other, or in several processes.

A solver takes tasks, only as many at a time as it needs, and yields each with what came of it as it is done.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeAlias

from app.batch.task import Failure, Outcome, Task, solve_one

if TYPE_CHECKING:
    from collections.abc import Generator
    from concurrent.futures import Future

Solved: TypeAlias = tuple[Task, Outcome | Failure]
Solver: TypeAlias = Callable[[Iterable[Task]], Iterator[Solved]]

_DIED = "the process that ran it died, perhaps for lack of memory; fewer --jobs leave more to each"
_WAITING = 1  # tasks that wait in front of each process, so that none is idle


def in_series(tasks: Iterable[Task]) -> Iterator[Solved]:
    """Solve tasks in this process, one after the other."""
    for task in tasks:
        yield task, solve_one(task)


def in_processes(jobs: int) -> Solver:
    """Return a solver with so many processes. One that dies takes no task of the others with it."""

    def solve(tasks: Iterable[Task]) -> Iterator[Solved]:
        # Before they start: their numerical libraries would take all cores each. In this process nothing changes,
        # as those are loaded, and torch has one thread anyway.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        tasks = iter(tasks)
        while True:
            begun: list[Task] = []
            try:
                with _processes(jobs) as pool:
                    yield from _streamed(pool, tasks, begun, jobs * (1 + _WAITING))
                return
            except BrokenProcessPool:
                # One of those that were begun did it; they are tried again one at a time, which tells which.
                yield from _one_by_one(begun)

    return solve


def _streamed(pool: ProcessPoolExecutor, tasks: Iterator[Task], begun: list[Task], most: int) -> Iterator[Solved]:
    """Yield tasks as they are done, with `most` of them under way.

    begun: those that are not done. Raises BrokenProcessPool where one of them breaks the pool.
    """
    under_way: dict[Future[Outcome | Failure], Task] = {}
    while True:
        for task in islice(tasks, most - len(under_way)):
            begun.append(task)
            with _interrupts_held():
                under_way[pool.submit(solve_one, task)] = task
        if not under_way:
            return
        for future in wait(under_way, return_when=FIRST_COMPLETED).done:
            outcome = future.result()
            task = under_way.pop(future)
            begun.remove(task)
            yield task, outcome


def _one_by_one(tasks: Sequence[Task]) -> Iterator[Solved]:
    """Yield each task with what came of it; one that breaks its process has failed."""
    number = 0
    while number < len(tasks):
        try:
            with _processes(1) as pool:
                for task in tasks[number:]:
                    with _interrupts_held():
                        future = pool.submit(solve_one, task)
                    outcome = future.result()
                    number += 1
                    yield task, outcome
        except BrokenProcessPool:
            yield tasks[number], Failure(_DIED)
            number += 1


@contextmanager
def _processes(jobs: int) -> Generator[ProcessPoolExecutor]:
    """Give a pool of fresh processes that end at once when this block is left early, or when this process dies."""
    context = multiprocessing.get_context("spawn")  # the same on every system, and without a copy of our threads
    ours, theirs = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(jobs, context, _begin, (ours,))
    try:
        yield pool
    except BaseException:
        theirs.close()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        pool.shutdown()
        theirs.close()
        ours.close()


@contextmanager
def _interrupts_held() -> Generator[None]:
    """Let Ctrl+C wait for the end of this block, in which processes begin: they never see it, in no moment."""
    if sys.platform == "win32":  # no such masks, nor a need: there `_begin` is soon enough
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _End(Protocol):
    """The end of a pipe."""

    def recv_bytes(self) -> bytes: ...


def _begin(parent: _End) -> None:
    """Prepare a process: Ctrl+C is for the parent to see, and with the parent's end of the pipe this one ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        try:
            parent.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)

    threading.Thread(target=watch, name="longcut parent", daemon=True).start()
