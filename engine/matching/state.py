"""The state that a matching run goes on from, and how it is carried over to an edited problem."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.matching.ground_cost import StraightCost, TargetCost
from engine.matching.problem import Density, MatchProblem, PointSet
from engine.matching.symmetry import Orbits
from engine.transport.exact import ExactPlan
from engine.transport.result import TransportResult, TransportWarmStart


@dataclass(frozen=True)
class StepScale:
    """Scales of a run's steps, found at its start.

    learning_rate, blur_start: step length and first blur, in cells.
    floor: the smallest epsilon at which the solver converges, as a share of the largest cost; it may rise later.
    """

    learning_rate: float
    blur_start: float
    floor: float


@dataclass(frozen=True, eq=False)
class PlanWarmStart:
    """Warm start of one transport problem.

    f: (n,) potentials of the points, with the same constant as those in `cross`.  cross: of layouts and target.
    own: of the layouts with themselves, where that is solved.
    held: the exact plan kept for the last steps of a run, where there is one; an edit drops it.
    """

    f: Floats
    cross: TransportWarmStart
    own: TransportWarmStart | None
    held: ExactPlan | None = None


@dataclass(frozen=True, eq=False)
class MatchState:
    """State of a run between two steps. Arrays hold the points of all layouts one after another.

    positions: (n, 2).  weights: (n,).  mean, square: (n, 2), (n,) Adam's moments of the positions;
    weight_mean, weight_square: (n,) of the weights.  updates: number of updates of the moments.
    warm_starts: of each transport problem, None for a cold start.  costs: of each transport problem.
    """

    problem: MatchProblem
    step: int
    positions: Floats
    weights: Floats
    mean: Floats
    square: Floats
    weight_mean: Floats
    weight_square: Floats
    updates: int
    warm_starts: tuple[PlanWarmStart | None, ...]
    costs: tuple[TargetCost, ...]
    orbits: Orbits
    step_scale: StepScale


def first_state(
    problem: MatchProblem, costs: tuple[TargetCost, ...], orbits: Orbits, step_scale: StepScale
) -> MatchState:
    """Return the state of the layouts as drawn."""
    positions = all_positions(problem.layouts)
    zero = np.zeros(len(positions))
    return MatchState(
        problem=problem,
        step=0,
        positions=positions,
        weights=all_weights(problem.layouts),
        mean=np.zeros_like(positions),
        square=zero,
        weight_mean=zero,
        weight_square=zero,
        updates=0,
        warm_starts=(None,) * len(costs),
        costs=costs,
        orbits=orbits,
        step_scale=step_scale,
    )


def plan_warm_start(cross: TransportResult, own: TransportResult | None, held: ExactPlan | None) -> PlanWarmStart:
    """Return the warm start after a solve, `held` included."""
    # The potentials of a result and those of its warm start differ by a constant.
    shift = cross.g[0] - cross.warm_start.latest[0]
    return PlanWarmStart(cross.f + shift, cross.warm_start, None if own is None else own.warm_start, held)


def carried_over(state: MatchState, problem: MatchProblem, costs: tuple[TargetCost, ...]) -> MatchState:
    """Return the state for an edited problem.

    Points that are new, were moved, or changed between fixed and free start where they are drawn, and edited
    weights at their new values; all others keep their values, moments and potentials. A new point of a target gets
    the potential that follows from those of the layouts (its c-transform).
    """
    before = state.problem
    drawn, weights, fixed = (
        all_positions(problem.layouts),
        all_weights(problem.layouts),
        all_fixed(problem.layouts),
    )
    origin = _origin(before.layouts, problem.layouts)
    kept = origin >= 0
    kept[kept] = (all_positions(before.layouts)[origin[kept]] == drawn[kept]).all(axis=1)
    kept[kept] = all_fixed(before.layouts)[origin[kept]] == fixed[kept]
    same_weight = kept.copy()
    same_weight[kept] = all_weights(before.layouts)[origin[kept]] == weights[kept]

    def over(values: Floats, otherwise: Floats, where: Flags = kept) -> Floats:
        out = otherwise.copy()
        out[where] = values[origin[where]]
        return out

    zero = np.zeros(len(drawn))
    positions = over(state.positions, drawn)
    return replace(
        state,
        problem=problem,
        positions=positions,
        weights=_with_totals(over(state.weights, weights, same_weight), problem.layouts),
        mean=over(state.mean, np.zeros_like(drawn)),
        square=over(state.square, zero),
        weight_mean=over(state.weight_mean, zero),
        weight_square=over(state.weight_square, zero),
        warm_starts=tuple(
            _carried_warm_start(state, problem, number, positions, np.where(kept, origin, -1), cost)
            for number, cost in enumerate(costs)
        ),
        costs=costs,
    )


def all_positions(layouts: Sequence[PointSet]) -> Floats:
    """Return the positions (n, 2) of all layouts."""
    return np.concatenate([np.asarray(layout.positions, dtype=np.float64) for layout in layouts])


def all_weights(layouts: Sequence[PointSet]) -> Floats:
    """Return the weights (n,) of all layouts."""
    return np.concatenate([layout.all_weights() for layout in layouts])


def all_fixed(layouts: Sequence[PointSet]) -> Flags:
    """Return flags (n,) of the fixed points of all layouts."""
    return np.concatenate([layout.all_fixed() for layout in layouts])


def layout_numbers(layouts: Sequence[PointSet]) -> Integers:
    """Return the number of the layout (n,) that each point belongs to."""
    return np.repeat(np.arange(len(layouts)), [layout.size for layout in layouts])


def _origin(before: Sequence[PointSet], after: Sequence[PointSet]) -> Integers:
    """Return the index (n,) that each point of `after` had in `before`, by layout name and key; −1 if new."""
    place = {
        name: number
        for number, name in enumerate((one.name, key) for one in before for key in one.all_keys().tolist())
    }
    names = [(one.name, key) for one in after for key in one.all_keys().tolist()]
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _with_totals(weights: Floats, layouts: Sequence[PointSet]) -> Floats:
    """Scale weights (n,) so that every layout has its drawn total."""
    number = layout_numbers(layouts)
    wanted, total = np.bincount(number, all_weights(layouts)), np.bincount(number, weights)
    # A layout of which only points of weight 0 are left gets its drawn weights.
    return np.where(
        total[number] > 0.0, weights * (wanted / np.maximum(total, 1e-300))[number], all_weights(layouts)
    )


def _carried_warm_start(
    state: MatchState, problem: MatchProblem, number: int, positions: Floats, origin: Integers, cost: TargetCost
) -> PlanWarmStart | None:
    """Return the warm start of transport problem `number` for its new points, or None for a cold start."""
    old_groups = state.problem.groups()
    warm_start = state.warm_starts[number] if number < len(old_groups) else None
    if warm_start is None or problem.totals != state.problem.totals:
        return None
    (old_layouts, old_target), (layouts, target) = old_groups[number], problem.groups()[number]
    old_points = np.flatnonzero(np.isin(layout_numbers(state.problem.layouts), old_layouts))
    points = np.flatnonzero(np.isin(layout_numbers(problem.layouts), layouts))
    old_row = {point: row for row, point in enumerate(old_points.tolist())}
    row = np.array([old_row.get(point, -1) for point in origin[points].tolist()], dtype=np.int64)
    if isinstance(old_target, Density) or isinstance(target, Density):
        column = np.arange(len(cost.targets)) if target is old_target else np.zeros(0, dtype=np.int64)
    else:
        column = _origin([replace(old_target, name="")], [replace(target, name="")])
    if not (row >= 0).any() or not (column >= 0).any():
        return None
    x = positions[points]
    latest = warm_start.cross.latest
    old_size = len(state.costs[number].targets)
    matrix = cost.cost(x).matrix()
    # The potential of a new point is its c-transform: the largest with f + g ≤ C.
    implied = (matrix[row >= 0] - warm_start.f[row[row >= 0], None]).min(axis=0)
    g = np.where(column >= 0, latest[:old_size][column], implied)
    f = np.where(row >= 0, warm_start.f[row], (matrix - g).min(axis=1))
    own = None
    if warm_start.own is not None and isinstance(cost, StraightCost):
        known = warm_start.own.latest[row[row >= 0]]
        between = StraightCost(x[row >= 0], cost.power).cost(x).matrix()
        own = TransportWarmStart(np.where(row >= 0, warm_start.own.latest[row], (between - known).min(axis=1)))
    return PlanWarmStart(f, TransportWarmStart(np.concatenate([g, latest[old_size:]])), own)
