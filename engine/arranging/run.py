"""Arranging terrain: tiles change places until the paths of all classes are as wanted, step by step.

A step is a round of every search, and yields a whole map of tiles, never mixtures. First a quick pass of mirror
ascent makes a map, then a thorough one a better map (`engine.arranging.ascent`), then guided exchanges polish it
(`engine.arranging.exchanges`). Searches differ in their noise and run side by side in threads; the best map
counts, and the best bound. A run can go on from the `state` of any step, on the same problem or on an edited one.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from engine.arranging.assignment import assign_within
from engine.arranging.checks import check_arrangement
from engine.arranging.found import judged
from engine.arranging.prepared import Prepared, prepare
from engine.arranging.problem import NO_TILE, Arrangement, score
from engine.arranging.schedule import Round, rounds
from engine.arranging.search import Search, advance, first_search
from engine.core.arrays import Floats, Integers
from engine.core.cancel import flag_of_thread, stoppable_by
from engine.core.status import Status
from engine.cost_maps.certificate import relative_gap


@dataclass(frozen=True)
class ArrangeSettings:
    """How to run.

    steps: rounds of each search.  searches: how many.  threads: searches that run at the same time.
    tolerance: stop when the gap (for targets: the worst deviation) is this small; 0 never stops early.
    seed: of the searches' noise; the same seed gives the same map, whatever the threads.
    """

    steps: int = 240
    searches: int = 2
    threads: int = 2
    tolerance: float = 0.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class ArrangeState:
    """What a run goes on from.

    searches: where each of them stands.  rounds: what the run does, of which `done` are done.
    """

    problem: Arrangement
    step: int
    searches: tuple[Search, ...]
    rounds: tuple[Round, ...]
    done: int = 0

    @property
    def left(self) -> int:
        """Return how many rounds are still to do."""
        return len(self.rounds) - self.done


@dataclass(frozen=True, eq=False)
class ArrangeIterate:
    """One step of a run. Arrays are copies; `best_terrain` stays the same object until it is beaten.

    terrain: (H, W) the arrangement of this step.  path_costs: (R,) exact, of the best one.
    score: what the aim counts, see `problem.score`, of the best one.
    upper_bound, gap: no arrangement within the limits has a larger score; None where no bound is known yet.
    tiles_changed: cells of the best one that differ from the drawn map.
    status: None while the run may go on.
    """

    step: int
    steps: int
    terrain: Integers
    best_terrain: Integers
    path_costs: Floats
    score: float
    upper_bound: float | None
    gap: float | None
    tiles_changed: int
    status: Status | None
    state: ArrangeState


def arrange(
    problem: Arrangement, settings: ArrangeSettings | None = None, state: ArrangeState | None = None
) -> Iterator[ArrangeIterate]:
    """Arrange the tiles of `problem`; with `state`, from where another run stood.

    A state from an edited problem is carried over: tiles that were painted since are taken as drawn, the others as
    the earlier run had arranged them, and what the limits then ask for is put right.
    Raises ProblemError before the first step if no run can start.
    """
    settings = settings or ArrangeSettings()
    check_arrangement(problem)
    prepared = prepare(problem)
    state = _first_state(prepared, settings) if state is None else _carried_over(prepared, state)
    steps = state.step + state.left
    with ThreadPoolExecutor(max(1, min(settings.threads, len(state.searches)))) as pool:
        while state.left:
            state = _next_state(prepared, state, settings, pool)
            iterate = _iterate(prepared, state, steps, settings.tolerance)
            yield iterate
            if iterate.status is not None:
                return


def _first_state(prepared: Prepared, settings: ArrangeSettings) -> ArrangeState:
    searches = tuple(first_search(prepared, number, prepared.nearest) for number in range(settings.searches))
    left = rounds(max(1, settings.steps), prepared.choices.size.size, again=False)
    return ArrangeState(prepared.problem, 0, searches, tuple(left))


def _carried_over(prepared: Prepared, state: ArrangeState) -> ArrangeState:
    """Return a state for this problem from that of an earlier run, perhaps on another map."""
    if state.problem is prepared.problem:
        return state
    problem, before = prepared.problem, state.problem
    comparable = before.shape == problem.shape and len(before.classes) == len(problem.classes)
    numbers = _numbers_now(before, problem) if comparable else np.zeros(0)

    def carried(search: Search) -> Search:
        if not comparable:
            return first_search(prepared, search.number, prepared.nearest)
        arranged = numbers[search.best.terrain]
        as_before = (numbers[before.terrain] == problem.terrain) & (arranged != NO_TILE)
        wanted = np.where(as_before, arranged, problem.terrain)
        return first_search(prepared, search.number, _nearest(prepared, wanted))

    searches = tuple(carried(search) for search in state.searches)
    left = rounds(max(1, state.left), prepared.choices.size.size, again=True)
    return ArrangeState(problem, state.step, searches, tuple(left))


def _numbers_now(before: Arrangement, problem: Arrangement) -> Integers:
    """Return the number that each terrain of an earlier problem has now, by what the classes pay on it.

    NO_TILE where there is none, and at the end, for cells that are no tiles.
    """
    old, new = (np.stack([walker.costs for walker in each.classes]) for each in (before, problem))
    same = (old[:, :, None] == new[:, None, :]).all(axis=0)
    return np.append(np.where(same.any(axis=1), np.argmax(same, axis=1), NO_TILE), NO_TILE)


def _nearest(prepared: Prepared, terrain: Integers) -> Integers:
    """Return the arrangement (U,) within the limits that has most cells as in `terrain` (H, W)."""
    choices = prepared.choices
    kept = [choices.gather(terrain == number) for number in range(prepared.problem.terrains)]
    found = assign_within(choices, np.stack(kept, axis=1), prepared.most_changed)
    if found is None or not np.isfinite(judged(prepared, found.chosen).loss):
        return prepared.nearest
    return found.chosen


def _next_state(
    prepared: Prepared, state: ArrangeState, settings: ArrangeSettings, pool: ThreadPoolExecutor
) -> ArrangeState:
    """Return the state after one round of every search."""
    flag = flag_of_thread()
    step = state.step + 1

    def work(search: Search) -> Search:
        generator = np.random.default_rng((settings.seed, search.number, step))
        with stoppable_by(flag):
            return advance(prepared, search, state.rounds[state.done], generator)

    searches = tuple(pool.map(work, state.searches))
    return ArrangeState(state.problem, step, searches, state.rounds, state.done + 1)


def _iterate(prepared: Prepared, state: ArrangeState, steps: int, tolerance: float) -> ArrangeIterate:
    problem = prepared.problem
    best = min((search.best for search in state.searches), key=lambda found: found.loss)
    present = min((search.present for search in state.searches), key=lambda found: found.loss)
    reached = score(problem, best.lengths)
    bound = min(search.proof.upper_bound for search in state.searches)
    gap = max(0.0, relative_gap(bound, reached)) if np.isfinite(bound) else None
    shortfall = reached if problem.aim == "target" else gap
    status = None if state.left else Status.STEPS_DONE
    if tolerance > 0.0 and shortfall is not None and shortfall <= tolerance:
        status = Status.CONVERGED
    return ArrangeIterate(
        step=state.step,
        steps=steps,
        terrain=present.terrain,
        best_terrain=best.terrain,
        path_costs=best.lengths,
        score=reached,
        upper_bound=None if gap is None else bound,
        gap=gap,
        tiles_changed=prepared.choices.tiles_changed(best.chosen),
        status=status,
        state=state,
    )
