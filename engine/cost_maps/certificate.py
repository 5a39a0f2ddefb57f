"""The certificate: an upper bound on the shortest path that any admissible map can have.

A shortest path costs no more than any mixture of paths. So for unit flows x_k from start to goal, with
load_k the derivative of <x_k, edge_cost> by the cost map,

    max over c of Σ_k weight_k · distance_k(c)  ≤  max over c of Σ_k weight_k <load_k, c>,   c admissible,

and the right side is computed by a sort (`Admissible.largest`). Any flow serves, but its supply must be exact, so
the supply error of a solver's flow is first routed along a shortest-path tree. The bound then holds up to rounding
(1e-12).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.compiled import compiled
from engine.core.grid import MOVES, Cell, Grid, divergence, load_of_flow, net_flow
from engine.core.movement import Movement
from engine.cost_maps.admissible import Admissible
from engine.paths.exact import DistanceField


def unit_flow(grid: Grid, flow: Floats, start: Cell, field: DistanceField) -> Floats:
    """Return the net flow (K, H, W) with supply exactly +1 at `start` and −1 at the goal of `field`.

    What `flow` lacks of that supply is routed along the tree of `field`, towards the goal or back from it.
    Mass on cells that do not reach the goal is dropped.
    """
    reachable = np.isfinite(field.distance)
    clean = net_flow(np.where(reachable, flow, 0.0))
    check()
    missing = -divergence(grid, clean)
    missing[start] += 1.0
    missing[field.goal] -= 1.0
    check()
    _route_along_tree(clean, missing, field.order, field.next_move)
    check()
    return net_flow(clean)


def upper_bound(admissible: Admissible, weights: Floats, loads: Floats) -> float:
    """Return the largest Σ_k weight_k <load_k, c> over admissible maps c; weights (R,), loads (R, H, W)."""
    check()
    return admissible.largest(np.einsum("r,rhw->hw", weights, loads))[0]


def relative_gap(bound: float, best: float) -> float:
    """Return (bound − best) / best: by at most this share, some map could still beat the best one."""
    return (bound - best) / best


def certified_loads(
    movements: Sequence[Movement], flows: Floats, starts: Sequence[Cell], fields: Sequence[DistanceField]
) -> Floats:
    """Return the loads (R, H, W) by the cost map of the unit flows made from `flows` (R, K, H, W).

    movements: how each route moves; its supply is completed by its own moves, along the tree of its field.
    """
    loads: list[Floats] = []
    for movement, flow, start, field in zip(movements, flows, starts, fields, strict=True):
        grid = movement.grid
        unit = unit_flow(grid, flow[: grid.neighbours], start, field)
        loads.append(movement.load(load_of_flow(grid, unit)))
    return np.stack(loads)


@compiled
def _route_along_tree(
    flow: Floats, missing: Floats, order: npt.NDArray[np.int32], next_move: npt.NDArray[np.int8]
) -> None:
    width = missing.shape[1]
    for i in range(order.size - 1, 0, -1):
        r, c = order[i] // width, order[i] % width
        k = next_move[r, c]
        amount = missing[r, c]
        parent_r, parent_c = r + MOVES[k, 0], c + MOVES[k, 1]
        if amount >= 0.0:
            flow[k, r, c] += amount
        else:
            flow[k ^ 1, parent_r, parent_c] -= amount
        missing[parent_r, parent_c] += amount
