"""Where tasks are solved on other machines: by the workers of a Dask scheduler."""

from __future__ import annotations

import warnings
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
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(f"--scheduler needs the package distributed (Dask); {_INSTALL}") from None
    try:
        client = Client(address, timeout=ANSWER_WITHIN, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise ClusterError(
            f"no scheduler answers at {address} ({reason}); `dask scheduler` starts one and says its address"
        ) from None

    def solve(tasks: Iterable[Task]) -> Iterator[Solved]:
        with client:
            if not client.nthreads():
                told(f"The scheduler has no workers yet; `dask worker {address} --nthreads 1` starts one.")
            yield from _streamed(client, iter(tasks))

    return solve


def _streamed(client: Any, tasks: Iterator[Task]) -> Iterator[Solved]:
    """Yield tasks as they are done, with two for each thread of the workers under way."""
    from distributed import as_completed

    under_way: dict[Any, Task] = {}
    done = as_completed()
    while True:
        most = max(2, 2 * sum(client.nthreads().values()))
        for task in islice(tasks, max(0, most - len(under_way))):
            future = _submitted(client, task)
            under_way[future] = task
            done.add(future)
        if not under_way:
            return
        future = next(done)
        yield under_way.pop(future), _outcome(future)


def _submitted(client: Any, task: Task) -> Any:
    with warnings.catch_warnings():
        # That a task is large: its map has to be in it, where the scheduler keeps it for a worker that dies.
        warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
        return client.submit(solve_one, task, pure=False)


def _outcome(future: Any) -> Outcome | Failure:
    from distributed import CancelledError, KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return Failure("it was given up, as several workers died over it, perhaps for lack of memory")
    except CancelledError:
        raise ClusterError("the scheduler has gone, or was told to forget this batch") from None
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"a worker lacks a module ({error}); install this Longcut where the workers are"
        ) from None
    except Exception as error:  # whatever went wrong on the way there and back
        return Failure(f"{type(error).__name__}: {error}")
