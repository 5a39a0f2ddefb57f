"""The transport problems of a matching run: their plans at some positions, and the gradients of the objective S.

S and its two forms are defined in `engine.matching.run`.
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
    MatchProblem,
    PointSet,
    check_ways,
    density_points,
)
from engine.matching.state import MatchState, PlanWarmStart, all_weights, layout_numbers, plan_warm_start
from engine.transport.costs import PointCost
from engine.transport.exact import exact_is_quick, exact_transport
from engine.transport.problem import Balanced, Partial, Relaxation, TransportProblem, Unbalanced
from engine.transport.result import TransportResult, TransportWarmStart
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport

# Smallest epsilon at first, as a share of the largest cost; below it an exact plan takes less time. A plan whose
# marginals are off by more than ASTRAY would mislead the points: it is solved again with an epsilon FLOOR_GROWTH
# times larger, which is the smallest from then on.
FLOOR, FLOOR_GROWTH, ASTRAY = 1e-4, 4.0, 0.02
# At the end an epsilon below the floor is tried, by this factor: points on their targets are matched easily.
CLOSER = 1e-2


@dataclass(frozen=True, eq=False)
class Group:
    """One transport problem: some of the points and their target.

    points: (n,) indices into all points.  weights: (m,) of the target.  debiased: whether S has its second term.
    side: of the blocks in which a density was sampled, in cells.
    """

    points: Integers
    target: PointSet | Density
    weights: Floats
    cost: TargetCost
    relaxation: Relaxation
    debiased: bool
    side: int


@dataclass(frozen=True)
class PlanOptions:
    """How accurately to solve the plans: blur (cells), marginal error, iterations at most, and the device.

    hold: take gradients of an exact plan, computed once, where that is quick. The blur that is left near the end
        would bring points to their targets slowly or, without the second term of S, beside them.
    closer: first try an epsilon below the floor.
    """

    blur: float
    tolerance: float
    max_iterations: int
    device: str
    hold: bool = False
    closer: bool = False


@dataclass(frozen=True, eq=False)
class PlanGradients:
    """The plans at a state, and their gradients.

    gradient: (n, 2) in cells, of all points.  weight_gradient: (n,) by the logarithms of the weights; 0 where they
    do not change.  floor: the smallest epsilon at which plans were accurate, as a share of the largest cost.
    """

    results: tuple[TransportResult, ...]
    warm_starts: tuple[PlanWarmStart, ...]
    gradient: Floats
    weight_gradient: Floats
    floor: float

    @property
    def finite(self) -> bool:
        """Whether costs and gradients are finite numbers."""
        values = [result.regularised_cost for result in self.results]
        return bool(np.isfinite([*values, self.gradient.sum(), self.weight_gradient.sum()]).all())


def groups_of(problem: MatchProblem, allowed: Flags, known: tuple[TargetCost, ...]) -> list[Group]:
    """Return the transport problems of a run. known: costs of another run, whose distances may be reused.

    Raises ProblemError if walls separate layouts from their targets.
    """
    return [_group(problem, allowed, number, known) for number in range(len(problem.groups()))]


def solve_plans(
    problem: MatchProblem, groups: list[Group], state: MatchState, options: PlanOptions
) -> PlanGradients:
    """Solve the plans at the positions of a state, and compute their gradients."""
    results: list[TransportResult] = []
    warm_starts: list[PlanWarmStart] = []
    gradient, weight_gradient = np.zeros_like(state.positions), np.zeros(len(state.positions))
    floor = state.step_scale.floor
    for group, start in zip(groups, state.warm_starts, strict=True):
        x, a = state.positions[group.points], state.weights[group.points]
        cost = group.cost.cost(x)
        transport = TransportProblem(a, group.weights, cost, group.relaxation)
        cross, settings, floor = _solved(problem, transport, options, floor, start and start.cross)
        held = start.held if start else None
        if held is None and options.hold and isinstance(group.target, PointSet) and problem.move == "positions":
            held = exact_transport(transport) if exact_is_quick(transport) else None
        pull, curvature = group.cost.pull(x, held or cross)
        own = None
        if held is None and group.debiased and isinstance(cost, PointCost):
            with_itself = TransportProblem(a, a, PointCost(x, x, cost.kind), group.relaxation)
            own = solve_transport(with_itself, settings, start and start.own)
            assert own.by_sources is not None
            assert own.by_targets is not None
            pull = pull - 0.5 * (own.by_sources + own.by_targets)
        # Partly matched points move by the matched share.
        rows = cross.rows if held is None else held.plan().sum(axis=1)
        matched = np.divide(rows, a, out=np.zeros_like(a), where=a > 0.0)
        scale = np.divide(matched, curvature, out=np.zeros_like(a), where=curvature > 0.0)
        gradient[group.points] = pull * scale[:, None]
        if problem.move != "positions":
            weight_gradient[group.points] = _weight_gradient(cross, own)
        results.append(cross)
        warm_starts.append(plan_warm_start(cross, own, held))
    return PlanGradients(tuple(results), tuple(warm_starts), gradient, weight_gradient, floor)


def farthest_way(problem: MatchProblem, results: tuple[TransportResult, ...]) -> float:
    """Return the largest distance, in cells, of a point to its targets: from its mean cost under the plan."""
    ground, farthest = problem.ground, 0.0
    for result in results:
        some = result.rows > 0.0
        cost = (result.plan() * result.problem.cost.matrix()).sum(axis=1)[some] / result.rows[some]
        farthest = max(farthest, float(np.maximum(cost, 0.0).max()) ** (1.0 / ground.power) / ground.unit)
    return farthest


def exact_cost(results: tuple[TransportResult, ...]) -> float | None:
    """Return the cost of the exact plans of solved problems, or None unless all are quick to compute."""
    if not all(exact_is_quick(result.problem) for result in results):
        return None
    return sum(exact_transport(result.problem).transport_cost for result in results)


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
    problem: MatchProblem,
    transport: TransportProblem,
    options: PlanOptions,
    floor: float,
    warm_start: TransportWarmStart | None,
) -> tuple[TransportResult, TransportSettings, float]:
    """Return an accurate enough plan, its settings, and the floor that it needed."""
    largest = transport.cost.largest()
    asked = (options.blur * problem.ground.unit) ** problem.ground.power
    if options.closer and asked < floor * largest:
        epsilon = max(asked, CLOSER * floor * largest)
        settings = TransportSettings(
            epsilon, options.tolerance, options.max_iterations // 10, device=options.device
        )
        result = solve_transport(transport, settings, warm_start)
        if result.marginal_error <= options.tolerance:
            return result, settings, floor
    while True:
        epsilon = max(asked, floor * largest)
        settings = TransportSettings(epsilon, options.tolerance, options.max_iterations, device=options.device)
        result = solve_transport(transport, settings, warm_start)
        if not result.marginal_error > ASTRAY or epsilon > largest:
            return result, settings, floor
        floor = max(asked / largest, floor) * FLOOR_GROWTH


def _weight_gradient(cross: TransportResult, own: TransportResult | None) -> Floats:
    """Return log(weight / updated weight), (n,), where each target distributes its weight over the points anew.

    Target j gives its weight to the points in proportion to a_i exp((ψ_i − C_ij) / ε), with ψ the potentials of
    the layout with itself, 0 without that term. Where the weights minimise S, these are the proportions of the
    plan, and the gradient is 0. (Without ψ this is expectation maximisation for the weights of a mixture.)
    """
    problem, some = cross.problem, cross.problem.a > 0.0
    own_potential = 0.0 if own is None else 0.5 * (own.f + own.g)[some, None]
    drawn = (own_potential - problem.cost.matrix()[some]) / cross.epsilon + np.log(problem.a[some])[:, None]
    shares = np.exp(drawn - drawn.max(axis=0))
    wanted = (shares / shares.sum(axis=0)) @ cross.columns
    gradient = np.zeros_like(problem.a)
    gradient[some] = np.log(problem.a[some] / np.maximum(wanted, 1e-300))
    return gradient
