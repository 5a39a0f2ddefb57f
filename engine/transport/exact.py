"""The exact plan of `Balanced` and `Partial` transport, without entropy.

Between two sets of equally many points of equal weight it is an assignment. Anything else is a linear programme,
solved by column generation: first on the pairs that an entropic plan finds cheap, then also on those whose reduced
cost under the programme's potentials is negative, until there are none. That is the optimum over all pairs.
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_matrix

from engine.core.arrays import Flags, Floats
from engine.core.errors import ProblemError
from engine.transport.costs import MatrixCost
from engine.transport.problem import Balanced, Partial, TransportProblem, Unbalanced, check_problem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport

Indices = npt.NDArray[np.intp]

# Largest numbers of points on either side for which an exact plan takes about a second: of an assignment, and of a
# linear programme. What counts is the number of pairs.
ASSIGNMENT_POINTS, PROGRAMME_POINTS = 1_000, 400
# Of every source and every target, so many pairs are in the first programme, and half as many join later.
PAIRS = 12
# Reduced costs below −PRICE_TOLERANCE of the range of costs are worth another programme.
PRICE_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class ExactPlan:
    """An optimal plan with at most n + m − 1 entries.

    sources, targets, mass: (k,) how much goes from which source to which target.  shape: (n, m).
    transport_cost: <plan, C>.
    """

    sources: Indices
    targets: Indices
    mass: Floats
    shape: tuple[int, int]
    transport_cost: float

    def plan(self) -> Floats:
        """Return the plan (n, m), computed at every call."""
        plan = np.zeros(self.shape)
        plan[self.sources, self.targets] = self.mass
        return plan


def exact_transport(problem: TransportProblem) -> ExactPlan:
    """Return a plan of least cost, to the precision of the linear programme (marginals to 1e-9 of a weight).

    Raises ProblemError as `check_problem` does, and for `Unbalanced`, which is no linear programme; and
    ArithmeticError where the programme's solver fails, on weights of very different size.
    """
    check_problem(problem)
    costs = problem.cost.matrix()
    a, b = problem.a, problem.b
    if isinstance(problem.relaxation, Partial):
        # A slack point on either side takes the rest; nothing may go between the two.
        a = np.append(a, max(0.0, float(problem.b.sum()) - problem.relaxation.mass))
        b = np.append(b, max(0.0, float(problem.a.sum()) - problem.relaxation.mass))
        costs = np.pad(costs, ((0, 1), (0, 1)))
        costs[-1, -1] = np.inf
    elif not isinstance(problem.relaxation, Balanced):
        raise ProblemError(
            "relaxation", "unbalanced transport has no exact plan to compare with; choose balanced or partial"
        )
    if _is_assignment(a, b):
        sources, targets = linear_sum_assignment(costs)
        mass = np.full(a.size, a[0])
    else:
        some_a, some_b = np.flatnonzero(a > 0.0), np.flatnonzero(b > 0.0)
        sources, targets, mass = _linear_programme(a[some_a], b[some_b], costs[np.ix_(some_a, some_b)])
        sources, targets = some_a[sources], some_b[targets]
    n, m = problem.cost.shape
    real = (sources < n) & (targets < m)
    sources, targets, mass = sources[real], targets[real], mass[real]
    return ExactPlan(sources, targets, mass, (n, m), float(mass @ costs[sources, targets]))


def exact_is_quick(problem: TransportProblem) -> bool:
    """Return whether the problem has an exact plan that takes no more than about a second to compute."""
    if isinstance(problem.relaxation, Unbalanced):
        return False
    assignment = isinstance(problem.relaxation, Balanced) and _is_assignment(problem.a, problem.b)
    points = ASSIGNMENT_POINTS if assignment else PROGRAMME_POINTS
    return problem.a.size * problem.b.size <= points**2


def _is_assignment(a: Floats, b: Floats) -> bool:
    """Return whether there are equally many sources and targets, all sources alike and all targets alike."""
    return a.size == b.size and bool(np.all(a == a[0]) and np.all(b == b[0]))


def _linear_programme(a: Floats, b: Floats, costs: Floats) -> tuple[Indices, Indices, Floats]:
    """Return sources, targets and masses of an optimal plan between positive weights; costs may be infinite."""
    n, m = costs.shape
    allowed = np.isfinite(costs)
    lowest, highest = costs.min(), costs[allowed].max()
    unit = max(float(highest - lowest), np.finfo(np.float64).tiny)
    costs = np.where(allowed, (costs - lowest) / unit, np.inf)
    weight = float(a.sum()) / n
    a, b = a / weight, b * (n / b.sum())

    finite = np.where(allowed, costs, 2.0)
    guess = solve_transport(TransportProblem(a, b, MatrixCost(finite)), TransportSettings(0.001, 1e-2))
    price = costs - guess.f[:, None] - guess.g
    among = _cheapest(price, PAIRS) | _first_plan(a, b)
    while True:
        sources, targets = np.nonzero(among & allowed)
        pairs = np.arange(sources.size)
        balance = coo_matrix(
            (np.ones(2 * pairs.size), (np.concatenate([sources, n + targets]), np.concatenate([pairs, pairs]))),
            shape=(n + m, pairs.size),
        )
        solved = cast("Any", linprog)(
            costs[sources, targets],
            A_eq=balance.tocsr(),
            b_eq=np.concatenate([a, b]),
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
        )
        if solved.status != 0:
            raise ArithmeticError(f"the exact plan was not found: {solved.message}")
        potentials, flow = cast("Floats", solved.eqlin.marginals), cast("Floats", solved.x)
        price = costs - potentials[:n, None] - potentials[n:]
        better = price < -PRICE_TOLERANCE
        if not better.any():
            used = flow > 0.0
            return sources[used], targets[used], flow[used] * weight
        among |= better & _cheapest(price, PAIRS // 2)


def _cheapest(price: Floats, count: int) -> Flags:
    """Return flags (n, m) of the `count` cheapest pairs of every source and of every target."""
    n, m = price.shape
    cheap = np.zeros(price.shape, dtype=np.bool_)
    by_source = np.argpartition(price, min(count, m) - 1, axis=1)[:, :count]
    by_target = np.argpartition(price, min(count, n) - 1, axis=0)[:count]
    np.put_along_axis(cheap, by_source, True, axis=1)
    np.put_along_axis(cheap, by_target, True, axis=0)
    return cheap


def _first_plan(a: Floats, b: Floats) -> Flags:
    """Return flags (n, m) of the pairs of one feasible plan, by the north-west corner rule, the last source first.

    So the two slack points, last of their kind, are not paired.
    """
    ends_a = np.cumsum(np.roll(a, 1))
    ends_b = np.cumsum(b)
    ends = np.sort(np.concatenate([[0.0], ends_a, ends_b]))
    middles = 0.5 * (ends[1:] + ends[:-1])
    sources = np.minimum(np.searchsorted(ends_a, middles), a.size - 1)
    targets = np.minimum(np.searchsorted(ends_b, middles), b.size - 1)
    pairs = np.zeros((a.size, b.size), dtype=np.bool_)
    pairs[(sources - 1) % a.size, targets] = True
    return pairs
