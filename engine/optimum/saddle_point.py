"""The saddle-point problem behind the longest shortest path, and what its solvers have in common.

    max over admissible c   Σ_k weight_k · distance_k(c)
  = max over c and potentials y, min over flows x ≥ 0 of
      Σ_k  weight_k · (y_k[start] − y_k[goal])  +  Σ_edges x_k · (edge_cost(c) − (y_k[tail] − y_k[head])).

The flows are the multipliers of "a potential drops along an edge by no more than its cost"; at the saddle,
x_k is weight_k times a unit flow along shortest paths, and y_k the distance to the goal up to a constant.

One step of the primal–dual hybrid gradient (Chambolle & Pock 2011) from (x, y, c):

    x' = max(0, x − τ (edge_cost(c) − (y[tail] − y[head])))
    y' = y + σ_y M⁻¹ (supply − divergence(2x' − x))
    c' = projection of  c + σ_c · load(2x' − x)  onto the admissible maps.

M⁻¹ is a multigrid cycle for the graph Laplacian L (`engine.optimum.multigrid`). With a plain step, M = 1, a change
spreads by one cell an iteration, and takes thousands of them along a winding corridor; with M ≈ L the number of
iterations hardly depends on the size of the map.

Step sizes. The two directions of an edge split into their sum, which alone makes load, and their difference,
which alone makes divergence, when both directions cost the same. So the two linear maps do not compete:
τ σ_y ‖M^(−½) divergence‖² ≤ 1 and τ σ_c ‖load‖² ≤ 1 suffice. The first squared norm is 2, as M ≽ L and divergence
counts every edge twice; the second is largest on the open plane. Under the "entered" rule the directions
differ, and the two maps share the bound. The balance w_k = τ_k says how far a flow moves for each unit that
potentials and costs move; it is adapted at every restart.

Classes of movement. A route whose class pays factor · c has its own moves, its own M, and the edge costs and loads
of factor · c. Its load is larger by the greatest factor F_k at most, so that routes share the step of the costs by
w_k F_k².
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engine.core.arrays import Floats
from engine.cost_maps.problem import Problem, distance_fields, path_costs

POTENTIAL_NORM = 2.0
ENTERED_SHARES = 2.0 / 3.0, 1.0 / 3.0


@dataclass(frozen=True, eq=False)
class SaddlePoint:
    """The variables of the saddle-point problem: a state of the iterations, and their warm start.

    flow: (R, K, H, W) mass on every directed edge, about a unit flow for each route.
    potentials: (R, H, W), in cost units; NaN where no route goes.
    cost_map: (H, W).  balance: (R,) step size of the flow.
    """

    flow: Floats
    potentials: Floats
    cost_map: Floats
    balance: Floats

    def fits(self, problem: Problem) -> bool:
        """Say whether the point has the shape of a problem, so that its iterations can begin here."""
        return self.flow.shape == _flow_shape(problem)


@dataclass(frozen=True, eq=False)
class StepSizes:
    """Step sizes of route k with balance w_k: τ = w_k, σ_y = potential / w_k, σ_c = cost / Σ w_k F_k².

    cost_norm: squared norm of the load of a route with factor 1, as an upper bound.
    factors: (R,) F_k² of each route.
    """

    potential: float
    cost: float
    cost_norm: float
    factors: Floats

    def shares(self, balance: Floats) -> float:
        """Return what the routes share the step size of the costs by, Σ w_k F_k²."""
        return float(np.sum(balance * self.factors))


class Saddle(Protocol):
    """Iterations of the primal–dual method on one device, with Halpern anchoring.

    z ← β · (2 T(z) − z) + (1 − β) · anchor,  β = (i + 1) / (i + 2) in the i-th iteration after a restart,
    where T is the step above: restarted Halpern iteration with reflection, as in cuPDLPx.
    """

    def advance(self, count: int) -> None:
        """Iterate `count` times."""
        ...

    def step_length(self) -> float:
        """Compute T(z) beside the present point z; return their distance in the norm of the step sizes."""
        ...

    def point(self) -> SaddlePoint:
        """Return the T(z) that `step_length` last computed, as copies."""
        ...

    def restart(self) -> None:
        """Make the present point the anchor, and move the balance towards what was observed since."""
        ...


def step_sizes(problem: Problem) -> StepSizes:
    """Return the largest step sizes that are sure to converge; see the module's text."""
    cost_norm = 4.0 if _moves(problem) == 4 else 12.0
    potential_share, cost_share = (1.0, 1.0) if problem.grid.cost_rule == "mean" else ENTERED_SHARES
    factors = np.array([movement.largest_factor**2 for movement in problem.movements])
    return StepSizes(potential_share / POTENTIAL_NORM, cost_share / cost_norm, cost_norm, factors)


def cold_start(problem: Problem) -> SaddlePoint:
    """Return the point with no flow, no potentials, and the admissible map nearest to the drawn one."""
    return SaddlePoint(
        flow=np.zeros(_flow_shape(problem)),
        potentials=np.zeros((len(problem.routes), *problem.grid.shape)),
        cost_map=problem.admissible.nearest(problem.cost_map),
        balance=problem.weights / path_costs(problem, problem.cost_map),
    )


def adapted_start(warm_start: SaddlePoint, problem: Problem) -> SaddlePoint:
    """Make a point of another problem of the same shape a start for this one.

    Its map becomes admissible; cells that had no potential, as walls, get their distance to the goal.
    """
    cost_map = problem.admissible.nearest(warm_start.cost_map)
    potentials = np.empty_like(warm_start.potentials)
    fields = distance_fields(problem, cost_map)
    for old, new, field in zip(warm_start.potentials, potentials, fields, strict=True):
        level = old[field.goal] if np.isfinite(old[field.goal]) else 0.0
        reached = np.isfinite(field.distance)
        new[:] = np.where(np.isfinite(old) & reached, old - level, np.where(reached, field.distance, 0.0))
    return SaddlePoint(warm_start.flow, potentials, cost_map, warm_start.balance)


def step_norm(balance: Floats, flow: Floats, potentials: Floats, cost: float, sizes: StepSizes) -> float:
    """Return the length of a step in the norm of the step sizes; arguments as in `adapted_balance`."""
    squared = (
        np.sum(flow**2 / balance)
        + np.sum(potentials**2 * balance) / sizes.potential
        + cost**2 * sizes.shares(balance) / sizes.cost
    )
    return float(squared) ** 0.5


def adapted_balance(balance: Floats, flow: Floats, potentials: Floats, cost: float, sizes: StepSizes) -> Floats:
    """Return the balance after a restart, halfway (in logarithms) to the one that makes both sides move alike.

    flow, potentials: (R,) how far each route's variables moved since the last restart, potentials by the
    root of their squared drops; cost: how far the map did.
    """
    other = np.sqrt(POTENTIAL_NORM * potentials**2 + sizes.cost_norm * sizes.factors * cost**2)
    moved = (flow > 0.0) & (other > 0.0)
    observed = np.where(moved, flow, 1.0) / np.where(moved, other, 1.0)
    return np.where(moved, np.sqrt(balance * observed), balance)


def _flow_shape(problem: Problem) -> tuple[int, int, int, int]:
    return len(problem.routes), _moves(problem), *problem.grid.shape


def _moves(problem: Problem) -> int:
    """Return the moves of the class that has most."""
    return max(movement.grid.neighbours for movement in problem.movements)
