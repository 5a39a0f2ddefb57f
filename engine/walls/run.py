"""A run: the search, step by step, then the proof or the check that no single wall can be moved."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.core.arrays import Flags, Floats
from engine.core.status import Status
from engine.walls.problem import WallProblem, route_lengths
from engine.walls.search import Search, thread_pool

# Placings times cells times legs that the proof looks at before the search, and after it.
FIRST_LOOK, LAST_LOOK = 1_000_000, 10_000_000


@dataclass(frozen=True)
class WallSettings:
    """steps: of the search; each tries some hundred moves on every chain.  seed: of all random numbers."""

    steps: int = 250
    seed: int = 0


@dataclass(frozen=True, eq=False)
class WallState:
    """What another run goes on from. step: how many are done.  placings: (H, W) of all chains, and the best."""

    step: int
    placings: tuple[Flags, ...]


@dataclass(frozen=True, eq=False)
class WallIterate:
    """The best walls so far. Arrays stay the same objects until they are beaten.

    walls: (H, W), exactly as many as asked.  lengths: (R,) exact, of the routes.  value: their weighted sum.
    current: the value where the search is now.  proved: no placing is better.  settled: no move of one wall is.
    status: None while the run goes on.
    """

    step: int
    walls: Flags
    lengths: Floats
    value: float
    current: float
    proved: bool
    settled: bool
    state: WallState
    status: Status | None


def improve_walls(
    problem: WallProblem, settings: WallSettings | None = None, state: WallState | None = None
) -> Iterator[WallIterate]:
    """Search for walls; the last iterate is proved to be the best, or no single wall of it can be moved to gain.

    state: of an earlier run, also of one on an edited map: walls that may still stand are kept, the others stand
        elsewhere. It is not used where its shape is not that of the problem.
    """
    settings = settings or WallSettings()
    if state is not None and state.placings[0].shape != problem.grid.shape:
        state = None
    search = Search(problem, settings.seed, () if state is None else state.placings)
    done = 0 if state is None else min(state.step, settings.steps - 1)
    size = problem.grid.passable.size * sum(len(route.legs) for route in problem.routes)
    best, value, lengths = search.walls, search.value, np.zeros(0)

    def iterate(step: int, settled: bool, status: Status | None) -> WallIterate:
        nonlocal best, value, lengths
        if search.value != value or lengths.size == 0:
            best, value = search.walls, search.value
            lengths = route_lengths(problem, best)
        state = WallState(step, search.placings)
        return WallIterate(step, best, lengths, value, search.current_value, search.proved, settled, state, status)

    if search.prove(FIRST_LOOK // size):
        yield iterate(done + 1, True, Status.CONVERGED)
        return
    with thread_pool() as threads:
        for step in range(done + 1, settings.steps):
            search.advance(step, (step - 1) / settings.steps, threads)
            yield iterate(step, False, None)
        search.advance(settings.steps, 1.0, threads)
    proved = search.prove(LAST_LOOK // size)
    settled = search.settle() or proved
    yield iterate(settings.steps, settled, Status.CONVERGED if proved else Status.STEPS_DONE)
