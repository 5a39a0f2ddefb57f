"""Soft shortest paths in autograd, by a named gradient rule.

`envelope`  the derivative of the regularised cost is the load (envelope theorem), so that no step of the solver is
            differentiated.
`implicit`  the derivative of the load itself, from the optimality conditions of the converged flow: for
            `bregman` one linear solve with the Laplacian weighted by the flow, for `logit` two more passes.
`unrolled`  autograd through every iteration. The reference for small maps: slow, and it keeps every iterate.
"""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.grid import MOVES, Cell, Grid, divergence, edge_costs, load_of_flow, shifted
from engine.core.sparse_solve import solve_symmetric
from engine.core.tensors import apply, to_numpy
from engine.paths.gradients_unrolled import unrolled_load, unrolled_path
from engine.paths.logit import logit_adjoint
from engine.paths.soft_paths import FlowSettings, SoftPaths, WarmStart, soft_paths

Rule = Literal["envelope", "implicit", "unrolled"]


def route_costs(
    cost_map: Tensor,
    grid: Grid,
    starts: Sequence[Cell],
    goals: Sequence[Cell],
    settings: FlowSettings,
    rule: Rule = "envelope",
    warm_start: WarmStart | None = None,
) -> tuple[Tensor, SoftPaths]:
    """Return the regularised costs (R,) of the routes on `cost_map` (H, W), differentiable, and the soft paths.

    rule: "envelope" or "unrolled". Raises ValueError for "implicit": the envelope theorem makes it needless.
    """
    solution = soft_paths(grid, to_numpy(cost_map), starts, goals, settings, warm_start)
    if rule == "envelope":
        return costs_of_paths(cost_map, solution), solution
    if rule == "unrolled":
        values = [
            unrolled_path(cost_map, grid, start, field, settings, solution.iterations)[0]
            for start, field in zip(starts, solution.fields, strict=True)
        ]
        return torch.stack(values), solution
    raise ValueError("route costs are differentiated by the rule 'envelope', or 'unrolled' as a reference")


def costs_of_paths(cost_map: Tensor, paths: SoftPaths) -> Tensor:
    """Return the regularised costs (R,) of the soft paths on `cost_map` (H, W), by the rule "envelope"."""
    return apply(_Envelope, cost_map, paths)


def route_loads(
    cost_map: Tensor,
    grid: Grid,
    starts: Sequence[Cell],
    goals: Sequence[Cell],
    settings: FlowSettings,
    rule: Rule = "implicit",
    warm_start: WarmStart | None = None,
) -> tuple[Tensor, SoftPaths]:
    """Return the loads (R, H, W) of the soft paths on `cost_map` (H, W), differentiable, and the soft paths.

    rule: "implicit" or "unrolled". Raises ValueError for "envelope", which only knows the cost, and for the
    method "exact", whose load is piecewise constant.
    """
    if settings.method == "exact":
        raise ValueError("the load of an exact path has no useful derivative; use 'bregman' or 'logit'")
    solution = soft_paths(grid, to_numpy(cost_map), starts, goals, settings, warm_start)
    if rule == "implicit":
        return apply(_Implicit, cost_map, grid, tuple(starts), settings, solution), solution
    if rule == "unrolled":
        flows = [
            unrolled_path(cost_map, grid, start, field, settings, solution.iterations)[1]
            for start, field in zip(starts, solution.fields, strict=True)
        ]
        return torch.stack([unrolled_load(flow, grid) for flow in flows]), solution
    raise ValueError("route loads are differentiated by the rule 'implicit', or 'unrolled' as a reference")


class _Envelope(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, cost_map: Tensor, solution: SoftPaths) -> Tensor:
        ctx.load = cost_map.new_tensor(solution.load)
        return cost_map.new_tensor(solution.regularised_cost)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        load: Tensor = ctx.load
        return (grads[0][:, None, None] * load).sum(dim=0), None


class _Implicit(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        cost_map: Tensor,
        grid: Grid,
        starts: tuple[Cell, ...],
        settings: FlowSettings,
        solution: SoftPaths,
    ) -> Tensor:
        ctx.grid, ctx.starts, ctx.settings, ctx.solution = grid, starts, settings, solution
        ctx.save_for_backward(cost_map)
        return cost_map.new_tensor(solution.load)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        (cost_map,) = ctx.saved_tensors
        grid: Grid = ctx.grid
        solution: SoftPaths = ctx.solution
        epsilon: float = ctx.settings.epsilon
        total = np.zeros(grid.shape)
        for route, start in enumerate(ctx.starts):
            # The load is linear in the flow, with the edge costs of a map as its adjoint.
            upstream = edge_costs(grid, to_numpy(grads[0][route]))
            upstream[~np.isfinite(upstream)] = 0.0
            if ctx.settings.method == "logit":
                by_edge = logit_adjoint(
                    grid,
                    to_numpy(cost_map),
                    solution.potentials[route],
                    solution.fields[route],
                    start,
                    epsilon,
                    upstream,
                )
            else:
                by_edge = bregman_adjoint(grid, solution.flow[route], start, epsilon, upstream)
            total += load_of_flow(grid, by_edge)
        return cost_map.new_tensor(total), None, None, None, None


def bregman_adjoint(grid: Grid, flow: Floats, start: Cell, epsilon: float, upstream: Floats) -> Floats:
    """Return the derivative of <upstream, flow> by every edge cost, (K, H, W) each, at the optimal entropic flow.

    With A the divergence, X = diag(flow) and L = A X Aᵀ the weighted Laplacian, differentiating
    flow = exp((Aᵀy − edge_cost) / ε) under A·flow = supply gives X (Aᵀ L⁺ A X − 1) / ε, which is symmetric.
    """
    z = _solve_laplacian(grid, flow, divergence(grid, flow * upstream), start)
    difference = np.zeros_like(flow)
    for move in range(grid.neighbours):
        here, there = shifted(grid.shape, move)
        difference[move][here] = z[here] - z[there]
    return flow * (difference - upstream) / epsilon


def _solve_laplacian(grid: Grid, flow: Floats, right: Floats, ground: Cell) -> Floats:
    """Return z with L z = right and z = 0 at `ground`, L the graph Laplacian with the flow as edge weights."""
    height, width = grid.shape
    cells = np.arange(height * width)
    move, row, column = np.nonzero(flow)
    tail = row * width + column
    head = (row + MOVES[move, 0]) * width + column + MOVES[move, 1]
    weight = flow[move, row, column]
    degree = np.bincount(tail, weight, cells.size) + np.bincount(head, weight, cells.size)
    unknown = (degree > 0.0) & (cells != ground[0] * width + ground[1])
    number = np.cumsum(unknown) - 1
    # Degrees range over hundreds of orders of magnitude: scaled to a unit diagonal, the solve is harmless.
    scale = 1.0 / np.sqrt(np.where(degree > 0.0, degree, 1.0))
    inside = unknown[tail] & unknown[head]
    pairs = weight[inside] * scale[tail[inside]] * scale[head[inside]]
    first, second = number[tail[inside]], number[head[inside]]
    size = int(unknown.sum())
    diagonal = np.arange(size)
    rows, columns = np.concatenate([diagonal, first, second]), np.concatenate([diagonal, second, first])
    entries = np.concatenate([np.ones(size), -pairs, -pairs])
    z = np.zeros(cells.size)
    z[unknown] = scale[unknown] * solve_symmetric(rows, columns, entries, right.ravel()[unknown] * scale[unknown])
    return z.reshape(height, width)
