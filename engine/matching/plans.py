"""The transport problems of a matching run: what the plans say at some positions, and where they pull points.

S and its two forms are in `engine.matching.run`.
"""

from dataclasses import dataclass

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.matching.ground_cost import Straight, TargetCost, Walking, WalkingCost
from engine.matching.limits import nearest_allowed
from engine.matching.problem import (
    MOST_DENSITY_POINTS,
    MOST_WALKING_POINTS,
    Density,
    Layout,
    MatchProblem,
    check_ways,
    density_points,
)
from engine.matching.state import MatchState, Warm, all_weights, layout_numbers, warm_from
from engine.transport.exact import exact_transport
from engine.transport.sinkhorn import (
    EXACT_IS_CHEAPER,
    Balanced,
    Partial,
    PointCost,
    Relaxation,
    TransportProblem,
    TransportResult,
    TransportSettings,
    TransportWarmth,
    Unbalanced,
    solve_transport,
)

# Exact plans are made of up to this many pairs of points: an assignment, or a linear programme.
ASSIGNED_PAIRS, PROGRAMMED_PAIRS = 1_000**2, 200**2
# Smallest epsilon to start with, as a share of the largest cost. Where a solve ends with marginals that are off by
# more than ASTRAY, its plan would lead points astray: it is made again with an epsilon FLOOR_GROWTH times larger,
# which from then on is the smallest.
FLOOR, FLOOR_GROWTH, ASTRAY = EXACT_IS_CHEAPER, 4.0, 0.02
# At the end a smaller epsilon is tried first, by this factor: on its target a layout needs next to none.
CLOSER = 1e-2


@dataclass(frozen=True, eq=False)
class Group:
    """One transport problem: some of the points, and what they are drawn to.

    points: (n,) indices into all points.  weights: (m,) of the target.  debiased: whether S has its second term.
    side: of the blocks that a density was read in, in cells.
    """

    points: Integers
    target: Layout | Density
    weights: Floats
    cost: TargetCost
    relaxation: Relaxation
    debiased: bool
    side: int


@dataclass(frozen=True)
class Care:
    """How to look: with which blur (cells), marginal error and iterations at most.

    hold: let the exact plan pull, made once, where it is cheap. What blur is left near the end would bring points
        to their places slowly, or, without the second term of S, beside them.
    closer: try a smaller epsilon than the floor first.
    """

    blur: float
    tolerance: float
    max_iterations: int
    device: str
    hold: bool = False
    closer: bool = False


@dataclass(frozen=True, eq=False)
class Look:
    """What the plans say.

    gradient: (n, 2) in cells, of all points.  weight_gradient: (n,) by the weights' logarithms; 0 where they are
    not to change.  floor: the smallest epsilon that gave plans to trust, as a share of the largest cost.
    """

    results: tuple[TransportResult, ...]
    warm: tuple[Warm, ...]
    gradient: Floats
    weight_gradient: Floats
    floor: float

    @property
    def finite(self) -> bool:
        values = [result.regularised_cost for result in self.results]
        return bool(np.isfinite([*values, self.gradient.sum(), self.weight_gradient.sum()]).all())


def groups_of(problem: MatchProblem, allowed: Flags, known: tuple[TargetCost, ...]) -> list[Group]:
    """The transport problems of a run. known: costs of another run, whose distances may serve again.

    Raises ProblemError if walls keep layouts from their targets.
    """
    return [_group(problem, allowed, number, known) for number in range(len(problem.groups()))]


def look(problem: MatchProblem, groups: list[Group], state: MatchState, care: Care) -> Look:
    """Solve the plans at a state's positions, and read their gradients."""
    results: list[TransportResult] = []
    warm: list[Warm] = []
    gradient, weight_gradient = np.zeros_like(state.positions), np.zeros(len(state.positions))
    floor = state.pace.floor
    for group, start in zip(groups, state.warm, strict=True):
        x, a = state.positions[group.points], state.weights[group.points]
        cost = group.cost.cost(x)
        transport = TransportProblem(a, group.weights, cost, group.relaxation)
        cross, settings, floor = _solved(problem, transport, care, floor, start and start.cross)
        held = start.held if start else None
        if held is None and care.hold and isinstance(group.target, Layout) and problem.move == "positions":
            held = exact_transport(transport) if cheaply_exact(transport) else None
        pull, curvature = group.cost.pull(x, held or cross)
        own = None
        if held is None and group.debiased and isinstance(cost, PointCost):
            with_itself = TransportProblem(a, a, PointCost(x, x, cost.kind), group.relaxation)
            own = solve_transport(with_itself, settings, start and start.own)
            assert own.by_sources is not None and own.by_targets is not None
            pull = pull - 0.5 * (own.by_sources + own.by_targets)
        # A point of which little is matched has little to go by.
        rows = cross.rows if held is None else held.plan().sum(axis=1)
        matched = np.divide(rows, a, out=np.zeros_like(a), where=a > 0.0)
        scale = np.divide(matched, curvature, out=np.zeros_like(a), where=curvature > 0.0)
        gradient[group.points] = pull * scale[:, None]
        if problem.move != "positions":
            weight_gradient[group.points] = _weight_gradient(cross, own)
        results.append(cross)
        warm.append(warm_from(cross, own, held))
    return Look(tuple(results), tuple(warm), gradient, weight_gradient, floor)


def farthest_way(problem: MatchProblem, results: tuple[TransportResult, ...]) -> float:
    """The largest distance, in cells, between a point and what its plan gives it, in the mean."""
    ground, farthest = problem.ground, 0.0
    for result in results:
        some = result.rows > 0.0
        cost = (result.plan() * result.problem.cost.matrix()).sum(axis=1)[some] / result.rows[some]
        farthest = max(farthest, float(np.maximum(cost, 0.0).max()) ** (1.0 / ground.power) / ground.unit)
    return farthest


def exact_cost(results: tuple[TransportResult, ...]) -> float | None:
    """The cost of the exact plans of solved problems, or None if one of them takes long or has none."""
    if not all(cheaply_exact(result.problem) for result in results):
        return None
    return sum(exact_transport(result.problem).transport_cost for result in results)


def cheaply_exact(problem: TransportProblem) -> bool:
    """Whether there is an exact plan that takes no more than half a second or so."""
    a, b, pairs = problem.a, problem.b, problem.a.size * problem.b.size
    if isinstance(problem.relaxation, Unbalanced):
        return False
    one_to_one = isinstance(problem.relaxation, Balanced) and a.size == b.size
    if one_to_one and np.all(a == a[0]) and np.all(b == b[0]):
        return pairs <= ASSIGNED_PAIRS
    return pairs <= PROGRAMMED_PAIRS


def _group(problem: MatchProblem, allowed: Flags, number: int, known: tuple[TargetCost, ...]) -> Group:
    layouts, target = problem.groups()[number]
    points = np.flatnonzero(np.isin(layout_numbers(problem.layouts), layouts))
    total = float(all_weights(problem.layouts)[points].sum())
    ground, side = problem.ground, 1
    if isinstance(target, Density):
        most = MOST_WALKING_POINTS if isinstance(ground, Walking) else MOST_DENSITY_POINTS
        where, weights, side = density_points(target, allowed, most)
        if isinstance(ground, Walking):
            where = nearest_allowed(allowed, where)
    else:
        where, weights = np.asarray(target.positions, dtype=np.float64), target.all_weights()
    if isinstance(target, Density) or problem.totals in ("same", "scale"):
        weights = weights * (total / weights.sum())
    cost = ground.towards(where, known[number] if number < len(known) else None)
    relaxation: Relaxation = Balanced()
    if problem.totals == "unbalanced":
        relaxation = Unbalanced((problem.give_up * ground.unit) ** ground.power)
    elif problem.totals == "partial":
        relaxation = Partial(problem.mass or min(total, float(weights.sum())))
    if isinstance(cost, WalkingCost):
        needed = isinstance(relaxation, Balanced)
        check_ways([problem.layouts[k] for k in layouts], target, weights, cost, needed)
    debiased = isinstance(ground, Straight) and not isinstance(relaxation, Partial)
    return Group(points, target, weights, cost, relaxation, debiased, side)


def _solved(
    problem: MatchProblem, transport: TransportProblem, care: Care, floor: float, warm: TransportWarmth | None
) -> tuple[TransportResult, TransportSettings, float]:
    """A plan to trust, the settings that gave it, and the floor that it took."""
    largest = transport.cost.largest()
    wish = (care.blur * problem.ground.unit) ** problem.ground.power
    if care.closer and wish < floor * largest:
        epsilon = max(wish, CLOSER * floor * largest)
        settings = TransportSettings(epsilon, care.tolerance, care.max_iterations // 10, device=care.device)
        result = solve_transport(transport, settings, warm)
        if result.marginal_error <= care.tolerance:
            return result, settings, floor
    while True:
        epsilon = max(wish, floor * largest)
        settings = TransportSettings(epsilon, care.tolerance, care.max_iterations, device=care.device)
        result = solve_transport(transport, settings, warm)
        if not result.marginal_error > ASTRAY or epsilon > largest:
            return result, settings, floor
        floor = max(wish / largest, floor) * FLOOR_GROWTH


def _weight_gradient(cross: TransportResult, own: TransportResult | None) -> Floats:
    """(n,) logarithms of the weights over those that they would take if each target chose its points anew.

    Target j gives its weight to the points in the shares a_i exp((ψ_i − C_ij) / ε), ψ the potentials of the layout
    with itself, 0 without that term. Where S is smallest under the weights these are the shares of the plan, and
    nothing changes. (Without ψ this is expectation maximisation for the weights of a mixture.)
    """
    problem, some = cross.problem, cross.problem.a > 0.0
    own_potential = 0.0 if own is None else 0.5 * (own.f + own.g)[some, None]
    drawn = (own_potential - problem.cost.matrix()[some]) / cross.epsilon + np.log(problem.a[some])[:, None]
    shares = np.exp(drawn - drawn.max(axis=0))
    wanted = (shares / shares.sum(axis=0)) @ cross.columns
    gradient = np.zeros_like(problem.a)
    gradient[some] = np.log(problem.a[some] / np.maximum(wanted, 1e-300))
    return gradient
