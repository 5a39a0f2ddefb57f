"""The debiased Sinkhorn divergence between two point sets α, β of the same total weight.

    S(α, β) = T(α, β) − ½ T(α, α) − ½ T(β, β)

with T the regularised cost of `engine.transport.problem`. T alone is smallest for an α that is β shrunk by the
blur of the plan; S is 0 where α and β agree, so that gradient descent spreads α over all of β.
"""

from dataclasses import dataclass

from engine.core.arrays import Floats
from engine.core.status import Status
from engine.transport.costs import Kind, PointCost
from engine.transport.problem import TransportProblem
from engine.transport.result import TransportResult
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport


@dataclass(frozen=True, eq=False)
class Divergence:
    """Value and derivatives of the divergence.

    value: in cost units times weight.  by_a, by_b: (n,), (m,), valid for changes that keep the totals equal.
    by_sources, by_targets: (n, d), (m, d).  between, of_sources, of_targets: the three solutions.
    """

    value: float
    by_a: Floats
    by_b: Floats
    by_sources: Floats
    by_targets: Floats
    between: TransportResult
    of_sources: TransportResult
    of_targets: TransportResult

    @property
    def status(self) -> Status:
        """`CONVERGED` if all three solves are, else the first status that is not."""
        endings = [result.status for result in (self.between, self.of_sources, self.of_targets)]
        return next((status for status in endings if status is not Status.CONVERGED), Status.CONVERGED)


def sinkhorn_divergence(
    a: Floats,
    b: Floats,
    sources: Floats,
    targets: Floats,
    settings: TransportSettings,
    kind: Kind = "squared",
    warm_start: Divergence | None = None,
) -> Divergence:
    """Return the divergence between weights a (n,), b (m,) at positions (n, d), (m, d).

    warm_start: a divergence of as many points nearby. All solves start from it, and a side whose arrays are the
        same objects is not solved again. Raises ProblemError as `engine.transport.settings.check` does.
    """

    def solve(problem: TransportProblem, before: TransportResult | None) -> TransportResult:
        if before is not None and _same(problem, before.problem) and before.epsilon == settings.epsilon:
            return before
        return solve_transport(problem, settings, None if before is None else before.warm_start)

    def of_one(weights: Floats, positions: Floats) -> TransportProblem:
        return TransportProblem(weights, weights, PointCost(positions, positions, kind))

    problem = TransportProblem(a, b, PointCost(sources, targets, kind))
    between = solve(problem, None if warm_start is None else warm_start.between)
    of_sources = solve(of_one(a, sources), None if warm_start is None else warm_start.of_sources)
    of_targets = solve(of_one(b, targets), None if warm_start is None else warm_start.of_targets)
    value = between.regularised_cost - 0.5 * (of_sources.regularised_cost + of_targets.regularised_cost)
    return Divergence(
        value,
        between.by_a - 0.5 * (of_sources.by_a + of_sources.by_b),
        between.by_b - 0.5 * (of_targets.by_a + of_targets.by_b),
        _by_positions(between.by_sources, of_sources),
        _by_positions(between.by_targets, of_targets),
        between,
        of_sources,
        of_targets,
    )


def _by_positions(by_one_side: Floats | None, of_one: TransportResult) -> Floats:
    assert by_one_side is not None
    assert of_one.by_sources is not None
    assert of_one.by_targets is not None
    return by_one_side - 0.5 * (of_one.by_sources + of_one.by_targets)


def _same(one: TransportProblem, other: TransportProblem) -> bool:
    """Return whether two problems between points hold the very same arrays."""
    if not (isinstance(one.cost, PointCost) and isinstance(other.cost, PointCost)):
        return False
    pairs = (
        (one.a, other.a),
        (one.b, other.b),
        (one.cost.sources, other.cost.sources),
        (one.cost.targets, other.cost.targets),
    )
    return one.cost.kind == other.cost.kind and all(mine is theirs for mine, theirs in pairs)
