"""Soft distances from many cells to many goals, differentiable by the cost map.

One Dijkstra and one pass outwards per goal (see `engine.paths.logit`) give the soft distances of all cells; by the
envelope theorem one pass back serves all sources at once, so that the work for a matrix of distances grows only
with the number of goals.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.core.arrays import Bytes, Floats, writable
from engine.core.cancel import check
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES, Cell, Grid
from engine.core.tensors import apply, to_numpy
from engine.paths.exact import DistanceField, distances_to
from engine.paths.logit import logit_flow


def exact_distances(grid: Grid, cost_map: Floats, sources: Sequence[Cell], goals: Sequence[Cell]) -> Floats:
    """Return the cost of the shortest path from each source to each goal: (S, G), infinite where there is none."""
    fields = [distances_to(grid, cost_map, goal) for goal in goals]
    return np.array([[field.distance[source] for field in fields] for source in sources])


def soft_distances(
    cost_map: Tensor, grid: Grid, sources: Sequence[Cell], goals: Sequence[Cell], epsilon: float
) -> Tensor:
    """Return the soft distance from each source to each goal, (S, G), differentiable by `cost_map` (H, W).

    Never above the exact cost, and equal to it as epsilon (> 0, in cost units) goes to 0. Gradient rule:
    envelope. Raises ValueError if a source cannot reach a goal.
    """
    return apply(_SoftDistances, cost_map, grid, tuple(sources), tuple(goals), epsilon)


class _SoftDistances(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, cost_map: Tensor, grid: Grid, sources: tuple[Cell, ...], goals: tuple[Cell, ...], epsilon: float
    ) -> Tensor:
        costs = to_numpy(cost_map)
        columns: list[Floats] = []
        fields: list[tuple[DistanceField, Floats]] = []
        for goal in goals:
            field = distances_to(grid, costs, goal)
            farthest = max(sources, key=lambda cell, field=field: field.distance[cell])
            if not field.reaches(farthest):
                raise ValueError(f"no way leads from cell {farthest} to cell {goal}")
            soft, _ = logit_flow(grid, costs, field, _last(field, sources), epsilon)
            columns.append(np.array([soft[source] for source in sources]))
            fields.append((field, soft))
        ctx.grid, ctx.costs, ctx.sources, ctx.fields, ctx.epsilon = grid, costs, sources, fields, epsilon
        return cost_map.new_tensor(np.stack(columns, axis=1))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        grid: Grid = ctx.grid
        upstream = to_numpy(grads[0])
        load = np.zeros(grid.shape)
        for column, (field, soft) in enumerate(ctx.fields):
            check()
            visits = np.zeros(grid.shape)
            for row, source in enumerate(ctx.sources):
                visits[source] += upstream[row, column]
            load += _load_of_visits(
                writable(ctx.costs), soft, grid.legal, field.order, visits, grid.tail_share, ctx.epsilon
            )
        return grads[0].new_tensor(load), None, None, None, None


def _last(field: DistanceField, cells: Sequence[Cell]) -> Cell:
    """Return the cell that was settled last: all others have their soft distance before it."""
    position = np.empty(field.distance.size, dtype=np.int64)
    position[field.order] = np.arange(field.order.size)
    width = field.distance.shape[1]
    return max(cells, key=lambda cell: position[cell[0] * width + cell[1]])


@compiled
def _load_of_visits(
    cost_map: Floats,
    soft: Floats,
    legal: Bytes,
    order: npt.NDArray[np.int32],
    visits: Floats,
    tail_share: float,
    epsilon: float,
) -> Floats:
    """Return the load (H, W) of mass that starts as `visits` (H, W), of any sign, and flows to the goal.

    The array of visits is overwritten.
    """
    height, width = cost_map.shape
    load = np.zeros((height, width))
    earlier = np.zeros((height, width), dtype=np.bool_)
    for cell in order:
        earlier[cell // width, cell % width] = True
    for n in range(order.size - 1, 0, -1):
        r, c = order[n] // width, order[n] % width
        earlier[r, c] = False
        here = visits[r, c]
        if here == 0.0:
            continue
        for k in range(8):
            if legal[r, c] >> k & 1:
                r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                if earlier[r2, c2]:
                    edge = LENGTHS[k] * (tail_share * cost_map[r, c] + (1.0 - tail_share) * cost_map[r2, c2])
                    mass = here * np.exp((soft[r, c] - soft[r2, c2] - edge) / epsilon)
                    visits[r2, c2] += mass
                    load[r, c] += tail_share * LENGTHS[k] * mass
                    load[r2, c2] += (1.0 - tail_share) * LENGTHS[k] * mass
    return load
