"""Where tasks are solved on other machines: by the workers of a Dask scheduler."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any

from app.batch.task import Failure, Outcome, solve_one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from app.batch.solvers import Solved, Solver
    from app.batch.task import Task

ANSWER_WITHIN = 10.0  # seconds that a scheduler has to answer
_INSTALL = "pip install 'longcut[cluster]' adds it"


class ClusterError(Exception):
    """A scheduler that cannot be used, or that has gone; the message says what to do."""


def on_cluster(address: str, told: Callable[[str], None]) -> Solver:
    """Return a solver by the workers of a scheduler. told: takes sentences for the user.

    The scheduler gives a task of a worker that was killed to another one. Raises ClusterError where no scheduler
    answers; the solver does where one has gone.
    """
    dask = _dask()
    try:
        client = dask.Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ClusterError(
            f"no scheduler answers at {address} ({reason}); `dask scheduler` starts one and says its address"
        ) from None

    def solve(tasks: Iterable[Task]) -> Iterator[Solved]:
        with client:
            if not client.nthreads():
                told(f"The scheduler has no workers yet; `dask worker {address} --nthreads 1` starts one.")
            _check_workers(client)
            try:
                yield from _streamed(dask, client, iter(tasks))
            except (OSError, dask.CancelledError):  # tasks return their own errors
                raise ClusterError(f"the scheduler at {address} has gone, or forgot this batch") from None

    return solve


def _check_workers(client: Any) -> None:
    """Refuse workers that cannot be given a task, as they would end over it."""
    found: dict[str, object] = client.run(find_spec, __package__, on_error="return")
    without = next((worker for worker, spec in found.items() if not isinstance(spec, ModuleSpec)), None)
    if without is not None:
        raise ClusterError(
            f"the worker at {without} has no Longcut; install this one there, or start it in its folder"
        )


def _dask() -> Any:
    """Return the package `distributed`, which types itself in parts only; what it logs is told in sentences."""
    try:
        package = import_module("distributed")
        logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
        return package
    except ImportError:
        raise ClusterError(f"--scheduler needs the package distributed (Dask); {_INSTALL}") from None


def _streamed(dask: Any, client: Any, tasks: Iterator[Task]) -> Iterator[Solved]:
    """Yield tasks as they are done, with two for each thread of the workers under way."""
    under_way: dict[Any, Task] = {}
    done = dask.as_completed(loop=client.loop)
    while True:
        most = max(2, 2 * sum(client.nthreads().values()))
        for task in islice(tasks, max(0, most - len(under_way))):
            future = _submitted(client, task)
            under_way[future] = task
            done.add(future)
        if not under_way:
            return
        future = next(done)
        yield under_way.pop(future), _outcome(dask, future)


def _submitted(client: Any, task: Task) -> Any:
    with warnings.catch_warnings():
        # That a task is large: its map has to be in it, where the scheduler keeps it for a worker that dies.
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        return client.submit(solve_one, task, pure=False)


def _outcome(dask: Any, future: Any) -> Outcome | Failure:
    try:
        return future.result()
    except dask.KilledWorker:
        return Failure("it was given up, as several workers died over it, perhaps for lack of memory")
    except (OSError, dask.CancelledError):
        raise
    except Exception as error:  # whatever went wrong on the way there and back
        return Failure(f"{type(error).__name__}: {error}")
