"""The loops of the primal–dual iterations on the CPU; `engine.optimum.saddle_cpu` says how arrays are laid out."""

from typing import NamedTuple

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES
from engine.cost_maps.projection import LANES, total_shift
from engine.optimum.multigrid import Multigrid, cycle

# Relative error of the total cost after an iteration.
BUDGET_TOLERANCE = 1e-11


class Point(NamedTuple):
    """The variables that an iteration changes, with a border of one cell.

    flow: (R, K, H + 2, W + 2), both directions of an edge at the cell that its even move leaves.
    potentials: (R, H + 2, W + 2).  cost: (H + 2, W + 2).
    """

    flow: Floats
    potentials: Floats
    cost: Floats


class Constants(NamedTuple):
    """The data of the problem. Maps have the border.

    ends: (R, 4) row and column of start and goal.  weights: (R,).
    share: of a move's cost that its first cell bears.
    members, first: cells of the groups with more than one cell, and where each group begins among them.
    lower, upper: limits of every cell; both are its cost where it is fixed.  budget: total of the whole map.
    """

    ends: Integers
    weights: Floats
    share: float
    members: Integers
    first: Integers
    lower: Floats
    upper: Floats
    budget: float


class Work(NamedTuple):
    """Buffers of one iteration: maps, and vectors for the multigrid's coarser levels."""

    load: Floats
    residual: Floats
    solution: Floats
    rest: Floats
    coarse_residual: Floats
    coarse_solution: Floats
    coarse_rest: Floats


@compiled
def iterate(
    point: Point,
    anchors: Point,
    constants: Constants,
    grids: Multigrid,
    work: Work,
    shift: float,
    tau: Floats,
    sigma: Floats,
    sigma_cost: float,
    done: int,
    count: int,
    halpern: bool,
    stop: Bytes,
) -> float:
    """Iterate `count` times in place: z ← β (2 T(z) − z) + (1 − β) anchor, or z ← T(z) without `halpern`.

    done: iterations since the last restart.  shift: what the map was last moved by to meet the budget; the new
    one is returned. All routes move by `grids` and pay the map's costs.
    """
    for i in range(done, done + count):
        keep, reach = weights_of(i, halpern)
        work.load[:] = 0.0
        step_routes(point, anchors, constants, grids, work, point.cost, tau, sigma, keep, reach, stop)
        if stop[0]:
            return shift
        shift = step_costs(point, anchors, constants, work, shift, sigma_cost, keep, reach)
    return shift


@compiled
def weights_of(iteration: int, halpern: bool) -> tuple[float, float]:
    """Return what the iteration with this number since the last restart takes of the present point and of T(z)."""
    keep = (iteration + 1.0) / (iteration + 2.0) if halpern else 1.0
    return keep, 2.0 * keep if halpern else 1.0


@compiled
def step_routes(
    point: Point,
    anchors: Point,
    constants: Constants,
    grids: Multigrid,
    work: Work,
    cost: Floats,
    tau: Floats,
    sigma: Floats,
    keep: float,
    reach: float,
    stop: Bytes,
) -> None:
    """Step flows and potentials of routes that move by `grids` and pay `cost`; add their load to `work.load`."""
    flow, potentials = point.flow, point.potentials
    residual, correction = work.residual, work.solution.reshape(-1)
    weights, ends = constants.weights, constants.ends
    for k in range(weights.size):
        if stop[0]:
            return
        residual[:] = 0.0
        residual[ends[k, 0], ends[k, 1]] = weights[k]
        residual[ends[k, 2], ends[k, 3]] = -weights[k]
        _flow_pass(
            flow[k],
            potentials[k],
            cost,
            anchors.flow[k],
            work.load,
            residual,
            grids.legal,
            constants.share,
            tau[k],
            keep,
            reach,
        )
        cycle(
            grids,
            flow.shape[1],
            residual,
            work.solution,
            work.rest,
            work.coarse_residual,
            work.coarse_solution,
            work.coarse_rest,
        )
        y, anchor = potentials[k].reshape(-1), anchors.potentials[k].reshape(-1)
        for j in range(y.size):
            y[j] = keep * y[j] + reach * sigma[k] * correction[j] + (1.0 - keep) * anchor[j]


@compiled
def step_costs(
    point: Point,
    anchors: Point,
    constants: Constants,
    work: Work,
    shift: float,
    sigma: float,
    keep: float,
    reach: float,
) -> float:
    """Step the cost map by the load in `work.load`. Returns the shift that met the budget."""
    _share_in_groups(work.load.reshape(-1), constants.members, constants.first)
    return _cost_pass(point.cost, anchors.cost, work.load, constants, work.rest, shift, sigma, keep, reach)


@compiled
def _flow_pass(
    flow: Floats,
    potentials: Floats,
    cost: Floats,
    anchors: Floats,
    load: Floats,
    residual: Floats,
    legal: Bytes,
    share: float,
    tau: float,
    keep: float,
    reach: float,
) -> None:
    """Step the flow x of one route; add the load of 2x' − x to `load`, take its divergence from `residual`.

    Every inner loop writes one row from a few others: that is what the compiler vectorises.
    """
    moves, height, width = flow.shape[0], cost.shape[0] - 2, cost.shape[1] - 2
    ahead = np.empty((2, width))
    drop, price = np.empty(width), np.empty(width)
    for r in range(1, height + 1):
        may = legal[r][1 : width + 1]
        potential_here, cost_here = potentials[r][1 : width + 1], cost[r][1 : width + 1]
        load_here, residual_here = load[r][1 : width + 1], residual[r][1 : width + 1]
        for move in range(0, moves, 2):
            dr, dc = MOVES[move, 0], MOVES[move, 1]
            bit = np.uint8(1 << move)
            potential_there = potentials[r + dr][1 + dc : 1 + dc + width]
            cost_there = cost[r + dr][1 + dc : 1 + dc + width]
            for c in range(width):
                drop[c] = tau * (potential_here[c] - potential_there[c])
            for way in range(2):
                tail = LENGTHS[move] * (share if way == 0 else 1.0 - share)
                tau_here, tau_there = tau * tail, tau * (LENGTHS[move] - tail)
                sign = 1.0 if way == 0 else -1.0
                x, anchor = flow[move + way, r][1 : width + 1], anchors[move + way, r][1 : width + 1]
                doubled = ahead[way]
                for c in range(width):
                    price[c] = tau_here * cost_here[c] + tau_there * cost_there[c] - sign * drop[c]
                for c in range(width):
                    new = max(0.0, x[c] - price[c])
                    new = new if may[c] & bit else 0.0
                    doubled[c] = 2.0 * new - x[c]
                for c in range(width):
                    x[c] = 0.5 * reach * doubled[c] + (keep - 0.5 * reach) * x[c] + (1.0 - keep) * anchor[c]
            near, far = LENGTHS[move] * share, LENGTHS[move] * (1.0 - share)
            forth, back = ahead[0], ahead[1]
            load_there = load[r + dr][1 + dc : 1 + dc + width]
            residual_there = residual[r + dr][1 + dc : 1 + dc + width]
            for c in range(width):
                residual_here[c] -= forth[c] - back[c]
            for c in range(width):
                residual_there[c] += forth[c] - back[c]
            for c in range(width):
                load_here[c] += near * forth[c] + far * back[c]
            for c in range(width):
                load_there[c] += far * forth[c] + near * back[c]


@compiled
def squared_drops(potentials: Floats, legal: Bytes, moves: int) -> float:
    """Return Σ over edges (drop of the potentials)²."""
    width = potentials.shape[1] - 2
    total = np.zeros(width)
    for r in range(1, potentials.shape[0] - 1):
        may, here = legal[r][1 : width + 1], potentials[r][1 : width + 1]
        for move in range(0, moves, 2):
            dr, dc = MOVES[move, 0], MOVES[move, 1]
            bit = np.uint8(1 << move)
            there = potentials[r + dr][1 + dc : 1 + dc + width]
            for c in range(width):
                total[c] += (here[c] - there[c]) ** 2 if may[c] & bit else 0.0
    return total.sum()


@compiled
def squared_distance(a: Floats, b: Floats) -> float:
    """Return Σ (a − b)², summed in lanes."""
    lanes = np.zeros(LANES)
    for begin in range(0, a.size, LANES):
        end = min(begin + LANES, a.size)
        left, right = a[begin:end], b[begin:end]
        for j in range(end - begin):
            lanes[j] += (left[j] - right[j]) ** 2
    return lanes.sum()


@compiled
def _cost_pass(
    costs: Floats,
    anchors: Floats,
    loads: Floats,
    constants: Constants,
    room: Floats,
    shift: float,
    sigma: float,
    keep: float,
    reach: float,
) -> float:
    """Step the cost map: the projection of cost + sigma · load. Returns the shift that met the budget."""
    cost, anchor, load, wanted = costs.reshape(-1), anchors.reshape(-1), loads.reshape(-1), room.reshape(-1)
    lower, upper = constants.lower.reshape(-1), constants.upper.reshape(-1)
    for j in range(cost.size):
        wanted[j] = cost[j] + sigma * load[j]
    shift = total_shift(wanted, None, lower, upper, constants.budget, -np.inf, np.inf, shift, BUDGET_TOLERANCE)
    for j in range(cost.size):
        wanted[j] = min(max(wanted[j] + shift, lower[j]), upper[j])
    for j in range(cost.size):
        cost[j] = reach * wanted[j] + (keep - reach) * cost[j] + (1.0 - keep) * anchor[j]
    return shift


@compiled
def _share_in_groups(load: Floats, members: Integers, first: Integers) -> None:
    """Give every cell of a group the group's mean load."""
    for j in range(first.size - 1):
        total = 0.0
        for i in range(first[j], first[j + 1]):
            total += load[members[i]]
        for i in range(first[j], first[j + 1]):
            load[members[i]] = total / (first[j + 1] - first[j])
