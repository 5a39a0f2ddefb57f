"""The logit flow: probabilities proportional to exp(−cost / ε) of the paths that Dijkstra's order allows.

Only moves to cells that were settled earlier count, so that the graph has no cycles: one pass outwards from
the goal gives the soft distances V, one pass back from the start the visits. With V the soft minimum

    V_v = −ε log Σ_u exp(−(edge_cost_vu + V_u) / ε),    P(v→u) = exp((V_v − V_u − edge_cost_vu) / ε),

the recursion never overflows and always ends. Sources: Dial 1971 (logit assignment on efficient moves);
Mensch and Blondel 2018 (differentiable dynamic programming).
"""

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Bytes, Floats, writable
from engine.core.cancel import check, stop_byte
from engine.core.compiled import CELLS_BETWEEN_POLLS, compiled
from engine.core.grid import LENGTHS, MOVES, Cell, Grid, edge_costs
from engine.paths.exact import DistanceField

Order = npt.NDArray[np.int32]

# A move whose probability is under e^-40, and a cell that fewer visit than this, change no digit of a load.
NEGLIGIBLE, NEGLIGIBLE_VISITS = -40.0, 1e-30


def logit_flow(
    grid: Grid, cost_map: Floats, field: DistanceField, start: Cell, epsilon: float
) -> tuple[Floats, Floats]:
    """Return the soft distances (H, W) and the unit flow (K, H, W) from `start` to the goal of `field`.

    The soft distance of the start is the regularised cost; its derivative by the edge costs is the flow.
    Soft distances are NaN beyond the start and where the goal cannot be reached. epsilon > 0, in cost units.
    """
    rank = _rank(field.order, field.distance.shape)
    order = field.order[: rank[start] + 1]
    soft = _distances_in_order(grid, cost_map, field, order, rank, grid.tail_share, epsilon)
    flow = _visits(
        writable(cost_map), soft, grid.legal, order, rank, grid.tail_share, epsilon, grid.neighbours, stop_byte()
    )
    check()
    return soft, flow


def logit_distances(
    grid: Grid, cost_map: Floats, field: DistanceField, epsilon: float, *, backward: bool = False
) -> Floats:
    """Return the soft distance (H, W) of every cell to the goal of `field`; NaN where there is none.

    backward: `field` is of `distances_from`, and the soft distances are from its cell to all others.
    """
    share = 1.0 - grid.tail_share if backward else grid.tail_share
    rank = _rank(field.order, field.distance.shape)
    return _distances_in_order(grid, cost_map, field, field.order, rank, share, epsilon)


def _distances_in_order(
    grid: Grid,
    cost_map: Floats,
    field: DistanceField,
    order: Order,
    rank: npt.NDArray[np.int32],
    tail_share: float,
    epsilon: float,
) -> Floats:
    """Return the soft distances (H, W) of the cells in `order`, NaN elsewhere."""
    legal, neighbours = grid.legal, grid.neighbours
    soft = _soft_distances(
        writable(cost_map), field.distance, legal, order, rank, tail_share, epsilon, neighbours, stop_byte()
    )
    check()
    return soft


def logit_load(
    grid: Grid, cost_map: Floats, field: DistanceField, start: Cell, epsilon: float
) -> tuple[float, Floats]:
    """Return the soft distance of `start` and its derivative by the cost map, the load (H, W).

    The same as `load_of_flow` of `logit_flow`, faster and without the flow.
    """
    rank = _rank(field.order, field.distance.shape)
    value, load = _soft_load(
        writable(cost_map),
        field.distance,
        grid.legal,
        field.order[: rank[start] + 1],
        rank,
        grid.tail_share,
        epsilon,
        grid.neighbours,
        stop_byte(),
    )
    check()
    return value, load


def logit_adjoint(
    grid: Grid,
    cost_map: Floats,
    soft: Floats,
    field: DistanceField,
    start: Cell,
    epsilon: float,
    upstream: Floats,
) -> Floats:
    """Return the derivative of <upstream, flow> by every edge cost, (K, H, W) each, at a fixed settle order.

    Under the Gibbs distribution this is −Cov(Σ upstream along the path, uses of the edge) / ε, which two more
    passes give: the expected upstream still to come from each cell, and the one collected on the way to it.
    """
    check()
    rank = _rank(field.order, field.distance.shape)
    gradient = _adjoint(
        edge_costs(grid, cost_map),
        soft,
        grid.legal,
        field.order[: rank[start] + 1],
        rank,
        epsilon,
        writable(upstream),
        stop_byte(),
    )
    check()
    return gradient


def _rank(order: Order, shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
    rank = np.full(shape, np.iinfo(np.int32).max, dtype=np.int32)
    rank.reshape(-1)[order] = np.arange(order.size, dtype=np.int32)
    return rank


@compiled
def _soft_distances(
    cost_map: Floats,
    distance: Floats,
    legal: Bytes,
    order: Order,
    rank: Order,
    tail_share: float,
    epsilon: float,
    moves: int,
    stop: Bytes,
) -> Floats:
    height, width = cost_map.shape
    soft = np.full((height, width), np.nan)
    soft[order[0] // width, order[0] % width] = 0.0
    for n in range(1, order.size):
        if n % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        r, c = order[n] // width, order[n] % width
        total = 0.0
        for k in range(moves):
            if legal[r, c] >> k & 1:
                r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                if rank[r2, c2] < n:
                    edge = LENGTHS[k] * (tail_share * cost_map[r, c] + (1.0 - tail_share) * cost_map[r2, c2])
                    total += np.exp((distance[r, c] - edge - soft[r2, c2]) / epsilon)
        soft[r, c] = distance[r, c] - epsilon * np.log(total)
    return soft


@compiled
def _visits(
    cost_map: Floats,
    soft: Floats,
    legal: Bytes,
    order: Order,
    rank: Order,
    tail_share: float,
    epsilon: float,
    moves: int,
    stop: Bytes,
) -> Floats:
    height, width = cost_map.shape
    flow = np.zeros((moves, height, width))
    visits = np.zeros((height, width))
    visits[order[-1] // width, order[-1] % width] = 1.0
    for n in range(order.size - 1, 0, -1):
        if n % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        r, c = order[n] // width, order[n] % width
        here = visits[r, c]
        if here == 0.0:
            continue
        for k in range(moves):
            if legal[r, c] >> k & 1:
                r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                if rank[r2, c2] < n:
                    edge = LENGTHS[k] * (tail_share * cost_map[r, c] + (1.0 - tail_share) * cost_map[r2, c2])
                    mass = here * np.exp((soft[r, c] - soft[r2, c2] - edge) / epsilon)
                    flow[k, r, c] = mass
                    visits[r2, c2] += mass
    return flow


@compiled
def _soft_load(
    cost_map: Floats,
    distance: Floats,
    legal: Bytes,
    order: Order,
    rank: Order,
    tail_share: float,
    epsilon: float,
    moves: int,
    stop: Bytes,
) -> tuple[float, Floats]:
    height, width = cost_map.shape
    cost, bits, ranks, far = cost_map.reshape(-1), legal.reshape(-1), rank.reshape(-1), distance.reshape(-1)
    offset = MOVES[:, 0] * width + MOVES[:, 1]
    soft = np.zeros(cost.size)
    chance = np.zeros((order.size, moves))  # of each move, kept for the way back: an exponential is dear
    for n in range(1, order.size):
        if n % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        v = order[n]
        total = 0.0
        for k in range(moves):
            if bits[v] >> k & 1:
                u = v + offset[k]
                if ranks[u] < n:
                    edge = LENGTHS[k] * (tail_share * cost[v] + (1.0 - tail_share) * cost[u])
                    exponent = (far[v] - edge - soft[u]) / epsilon
                    if exponent > NEGLIGIBLE:
                        chance[n, k] = np.exp(exponent)
                        total += chance[n, k]
        for k in range(moves):
            chance[n, k] /= total
        soft[v] = far[v] - epsilon * np.log(total)
    load = np.zeros(cost.size)
    visits = np.zeros(cost.size)
    visits[order[-1]] = 1.0
    for n in range(order.size - 1, 0, -1):
        if n % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        v = order[n]
        here = visits[v]
        if here < NEGLIGIBLE_VISITS:
            continue
        for k in range(moves):
            mass = here * chance[n, k]
            if mass > 0.0:
                u = v + offset[k]
                visits[u] += mass
                load[v] += tail_share * LENGTHS[k] * mass
                load[u] += (1.0 - tail_share) * LENGTHS[k] * mass
    return float(soft[order[-1]]), load.reshape(height, width)


@compiled
def _adjoint(
    edges: Floats,
    soft: Floats,
    legal: Bytes,
    order: Order,
    rank: Order,
    epsilon: float,
    upstream: Floats,
    stop: Bytes,
) -> Floats:
    moves, height, width = edges.shape
    to_come = np.zeros((height, width))
    for n in range(1, order.size):
        if n % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        r, c = order[n] // width, order[n] % width
        for k in range(moves):
            if legal[r, c] >> k & 1:
                r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                if rank[r2, c2] < n:
                    chance = np.exp((soft[r, c] - soft[r2, c2] - edges[k, r, c]) / epsilon)
                    to_come[r, c] += chance * (upstream[k, r, c] + to_come[r2, c2])
    gradient = np.zeros((moves, height, width))
    visits = np.zeros((height, width))
    collected = np.zeros((height, width))
    start_r, start_c = order[-1] // width, order[-1] % width
    expected = to_come[start_r, start_c]
    visits[start_r, start_c] = 1.0
    for n in range(order.size - 1, 0, -1):
        if n % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        r, c = order[n] // width, order[n] % width
        for k in range(moves):
            if legal[r, c] >> k & 1:
                r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                if rank[r2, c2] < n:
                    chance = np.exp((soft[r, c] - soft[r2, c2] - edges[k, r, c]) / epsilon)
                    mass = visits[r, c] * chance
                    before = collected[r, c] * chance
                    after = mass * (upstream[k, r, c] + to_come[r2, c2])
                    gradient[k, r, c] = -(before + after - expected * mass) / epsilon
                    visits[r2, c2] += mass
                    collected[r2, c2] += before + mass * upstream[k, r, c]
    return gradient
