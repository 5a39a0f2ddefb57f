"""The methods of `soft_paths` in plain torch, for autograd to unroll: the reference for all other gradients.

Everything is out of place and in the log domain, and every iteration stays in memory: for small maps only.
"""

import math

import torch
from torch import Tensor

from engine.core.grid import LENGTHS, MOVES, Cell, Grid
from engine.paths.bregman_cpu import COLOURS
from engine.paths.exact import DistanceField
from engine.paths.soft_paths import FlowSettings


def unrolled_path(
    cost_map: Tensor, grid: Grid, start: Cell, field: DistanceField, settings: FlowSettings, iterations: int
) -> tuple[Tensor, Tensor]:
    """Return the regularised cost () and the flow (K, H, W) of one route; every operation is differentiable.

    iterations: sweeps of `bregman`, over-relaxed by the ω of a path that crosses the map.
    Raises ValueError for the method "exact".
    """
    if settings.method == "bregman":
        return _bregman(cost_map, grid, start, field, settings.epsilon, iterations)
    if settings.method == "logit":
        return _logit(cost_map, grid, start, field, settings.epsilon)
    raise ValueError("the exact path cannot be unrolled; use 'bregman' or 'logit'")


def _edge_costs(cost_map: Tensor, grid: Grid) -> Tensor:
    """Return the edge costs (K, H, W), infinite where a move is illegal."""
    share = grid.tail_share
    costs = [
        float(LENGTHS[k]) * (share * cost_map + (1.0 - share) * _neighbour(cost_map, k, 0.0))
        for k in range(grid.neighbours)
    ]
    return torch.where(_legal(grid, cost_map.device), torch.stack(costs), math.inf)


def unrolled_load(flow: Tensor, grid: Grid) -> Tensor:
    """Return the load (H, W) of a flow (K, H, W)."""
    share = grid.tail_share
    total = torch.zeros_like(flow[0])
    for k in range(grid.neighbours):
        amount = float(LENGTHS[k]) * flow[k]
        total = total + share * amount + (1.0 - share) * _neighbour(amount, k ^ 1, 0.0)
    return total


def _bregman(
    cost_map: Tensor, grid: Grid, start: Cell, field: DistanceField, epsilon: float, iterations: int
) -> tuple[Tensor, Tensor]:
    costs = _edge_costs(cost_map, grid)
    distance = cost_map.new_tensor(field.distance)
    reachable = torch.isfinite(distance)
    y = torch.where(reachable, distance.clamp(max=float(field.distance[start])), 0.0)
    omega = 2.0 / (1.0 + math.sin(math.pi / max(*grid.shape, 4)))
    supply = cost_map.new_zeros(grid.shape)
    supply[start], supply[field.goal] = 1.0, -1.0

    for _ in range(iterations):
        for row, column in COLOURS.tolist():
            colour = torch.zeros_like(reachable)
            colour[row::2, column::2] = True
            outward = torch.stack([y - _neighbour(y, k, 0.0) for k in range(grid.neighbours)])
            log_flow = torch.where(torch.isfinite(costs), (outward - costs) / epsilon, -math.inf)
            log_back = torch.stack([_neighbour(log_flow[k ^ 1], k, -math.inf) for k in range(grid.neighbours)])
            # Cells without any move would make NaN gradients in logsumexp: give them a finite stand-in.
            moving = colour & reachable & torch.isfinite(log_flow).any(dim=0)
            log_out = torch.logsumexp(torch.where(moving, log_flow, 0.0), dim=0)
            log_in = torch.logsumexp(torch.where(moving, log_back, 0.0), dim=0)
            root = torch.sqrt(1.0 + 4.0 * torch.exp(torch.where(supply != 0.0, log_out + log_in, 0.0)))
            step = 0.5 * (log_in - log_out)
            step = torch.where(supply > 0.0, torch.log((1.0 + root) / 2.0) - log_out, step)
            step = torch.where(supply < 0.0, torch.log(2.0 / (1.0 + root)) + log_in, step)
            y = torch.where(moving, y + omega * epsilon * step, y)

    outward = torch.stack([y - _neighbour(y, k, 0.0) for k in range(grid.neighbours)])
    usable = torch.isfinite(costs) & reachable
    flow = torch.where(usable, torch.exp(torch.where(usable, outward - costs, 0.0) / epsilon), 0.0)
    value = y[start] - y[field.goal] - epsilon * flow.sum()
    return value, flow


def _logit(
    cost_map: Tensor, grid: Grid, start: Cell, field: DistanceField, epsilon: float
) -> tuple[Tensor, Tensor]:
    costs = _edge_costs(cost_map, grid)
    width = grid.shape[1]
    order = [(int(i) // width, int(i) % width) for i in field.order]
    order = order[: order.index(start) + 1]
    soft: dict[Cell, Tensor] = {field.goal: costs.new_zeros(())}
    choices: dict[Cell, list[tuple[int, Cell]]] = {}
    for cell in order[1:]:
        choices[cell] = [
            (k, there)
            for k in range(grid.neighbours)
            if grid.legal[cell] >> k & 1
            and (there := (cell[0] + int(MOVES[k, 0]), cell[1] + int(MOVES[k, 1]))) in soft
        ]
        costs_by_move = torch.stack([(costs[(k, *cell)] + soft[there]) / epsilon for k, there in choices[cell]])
        soft[cell] = -epsilon * torch.logsumexp(-costs_by_move, dim=0)
    visits = {cell: costs.new_zeros(()) for cell in order}
    visits[start] = costs.new_ones(())
    flow = torch.zeros_like(costs)
    for cell in reversed(order[1:]):
        for k, there in choices[cell]:
            mass = visits[cell] * torch.exp((soft[cell] - soft[there] - costs[(k, *cell)]) / epsilon)
            at = torch.tensor((k * grid.shape[0] + cell[0]) * width + cell[1], device=flow.device)
            flow = flow.reshape(-1).index_put((at,), mass).reshape(flow.shape)
            visits[there] = visits[there] + mass
    return soft[start], flow


def _legal(grid: Grid, device: torch.device) -> Tensor:
    bits = torch.tensor(grid.legal, device=device)
    return torch.stack([(bits >> k & 1).bool() for k in range(grid.neighbours)])


def _neighbour(values: Tensor, move: int, outside: float) -> Tensor:
    """Return for every cell the value of the neighbour that `move` leads to: (H, W)."""
    dr, dc = MOVES[move].tolist()
    height, width = values.shape
    padded = torch.nn.functional.pad(values, (1, 1, 1, 1), value=outside)
    return padded[1 + dr : 1 + dr + height, 1 + dc : 1 + dc + width]
