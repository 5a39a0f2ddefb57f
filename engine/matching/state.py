"""What a matching run goes on from, and how it is carried over to an edited problem."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.matching.ground_cost import StraightCost, TargetCost
from engine.matching.problem import Density, Layout, MatchProblem
from engine.matching.symmetry import Orbits
from engine.transport.exact import ExactPlan
from engine.transport.sinkhorn import TransportResult, TransportWarmth


@dataclass(frozen=True)
class Pace:
    """What a run finds out as it goes.

    learning_rate, blur_start, farthest: step length, first blur and farthest way, in cells.
    floor: the smallest epsilon that the solver copes with, as a share of the largest cost.
    """

    learning_rate: float
    blur_start: float
    farthest: float
    floor: float


@dataclass(frozen=True, eq=False)
class Warm:
    """What one transport problem leaves for the next step.

    held: the exact plan that the end of a run keeps to, where it does; an edit ends that.
    f: (n,) potentials of the points, of one kind with those in `cross`.  cross: of layouts and target.  own: of
    the layouts with themselves, where that is solved.
    """

    f: Floats
    cross: TransportWarmth
    own: TransportWarmth | None
    held: ExactPlan | None = None


@dataclass(frozen=True, eq=False)
class MatchState:
    """What a run goes on from. Arrays hold the points of all layouts one after another.

    positions: (n, 2).  weights: (n,).  mean, square: (n, 2), (n,) Adam's moments of the positions;
    weight_mean, weight_square: (n,) of the weights.  updates: how many steps the moments have seen.
    warm, costs: of each transport problem; None where it has to start cold.
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
    warm: tuple[Warm | None, ...]
    costs: tuple[TargetCost, ...]
    around: Orbits
    pace: Pace


def first_state(problem: MatchProblem, costs: tuple[TargetCost, ...], around: Orbits, pace: Pace) -> MatchState:
    """The layouts as drawn."""
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
        warm=(None,) * len(costs),
        costs=costs,
        around=around,
        pace=pace,
    )


def warm_from(cross: TransportResult, own: TransportResult | None, held: ExactPlan | None) -> Warm:
    """Warm potentials of a solved step."""
    # Results share the constant between f and g as they like; the potentials to go on from have another one.
    shift = cross.g[0] - cross.warmth.latest[0]
    return Warm(cross.f + shift, cross.warmth, None if own is None else own.warmth, held)


def carried_over(state: MatchState, problem: MatchProblem, costs: tuple[TargetCost, ...]) -> MatchState:
    """The state for an edited problem.

    Points that are new, were moved, or changed between fixed and free start from where they are drawn, and
    weights that were changed from what they are now; all others go on, with moments and potentials. New points
    of a target get the potential that the layouts' own imply.
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
        warm=tuple(
            _carried_warm(state, problem, number, positions, np.where(kept, origin, -1), cost)
            for number, cost in enumerate(costs)
        ),
        costs=costs,
    )


def all_positions(layouts: Sequence[Layout]) -> Floats:
    """(n, 2) of all layouts."""
    return np.concatenate([np.asarray(layout.positions, dtype=np.float64) for layout in layouts])


def all_weights(layouts: Sequence[Layout]) -> Floats:
    """(n,) of all layouts."""
    return np.concatenate([layout.all_weights() for layout in layouts])


def all_fixed(layouts: Sequence[Layout]) -> Flags:
    """(n,) of all layouts."""
    return np.concatenate([layout.all_fixed() for layout in layouts])


def layout_numbers(layouts: Sequence[Layout]) -> Integers:
    """(n,) the layout of each point."""
    return np.repeat(np.arange(len(layouts)), [layout.size for layout in layouts])


def _origin(before: Sequence[Layout], after: Sequence[Layout]) -> Integers:
    """(n,) where each point of `after` was among those of `before`, by layout name and key; −1 for new ones."""
    place = {
        name: number
        for number, name in enumerate((one.name, key) for one in before for key in one.all_keys().tolist())
    }
    names = [(one.name, key) for one in after for key in one.all_keys().tolist()]
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)


def _with_totals(weights: Floats, layouts: Sequence[Layout]) -> Floats:
    """Weights (n,) scaled so that every layout has its drawn total."""
    number = layout_numbers(layouts)
    wanted, total = np.bincount(number, all_weights(layouts)), np.bincount(number, weights)
    # Where only points that had come to weigh nothing are left, they start from their drawn weights.
    return np.where(
        total[number] > 0.0, weights * (wanted / np.maximum(total, 1e-300))[number], all_weights(layouts)
    )


def _carried_warm(
    state: MatchState, problem: MatchProblem, number: int, positions: Floats, origin: Integers, cost: TargetCost
) -> Warm | None:
    """Potentials of one transport problem for its new points, or None to start cold."""
    old_groups = state.problem.groups()
    warm = state.warm[number] if number < len(old_groups) else None
    if warm is None or problem.totals != state.problem.totals:
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
    latest = warm.cross.latest
    old_size = len(state.costs[number].targets)
    matrix = cost.cost(x).matrix()
    # A new point's potential is what the others' imply: the largest that no pair forbids.
    implied = (matrix[row >= 0] - warm.f[row[row >= 0], None]).min(axis=0)
    g = np.where(column >= 0, latest[:old_size][column], implied)
    f = np.where(row >= 0, warm.f[row], (matrix - g).min(axis=1))
    own = None
    if warm.own is not None and isinstance(cost, StraightCost):
        known = warm.own.latest[row[row >= 0]]
        between = StraightCost(x[row >= 0], cost.power).cost(x).matrix()
        own = TransportWarmth(np.where(row >= 0, warm.own.latest[row], (between - known).min(axis=1)))
    return Warm(f, TransportWarmth(np.concatenate([g, latest[old_size:]])), own)
