"""The Fenchel–Young loss of a cost map and a drawn path: 0 where the softened shortest path is the drawn one.

    loss(w) = <load of the drawn path, w> − softened shortest path cost(w) ≥ 0

It is convex in the costs w, but for two exceptions below. Its gradient is the load of the drawn path minus the
load of the softened path, so that nothing is differentiated twice. Paths are softened by entropy, with the soft
paths of `engine.paths.soft_paths` (as their regularisation vanishes this is the structured perceptron's loss), or
by Gaussian noise, with the perturbed paths of `engine.paths.gradients_blackbox` (Berthet et al. 2020). The
exceptions: with `logit` the loss is convex only while the order of the cells by distance stays the same, and with
noise only while it moves no cost under zero.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.grid import Cell, Grid
from engine.core.tensors import apply, to_numpy
from engine.paths.gradients_blackbox import Perturbation, exact_paths, perturbed_paths
from engine.paths.soft_paths import FlowSettings, soft_paths

Softening = FlowSettings | Perturbation


def fenchel_young_loss(
    cost_maps: Tensor,
    drawn_loads: Tensor,
    grid: Grid,
    starts: Sequence[Cell],
    goals: Sequence[Cell],
    softening: Softening,
) -> Tensor:
    """Return the losses (B,), in cost units, of `cost_maps` (B, H, W) under paths with `drawn_loads` (B, H, W).

    Map b has the route from starts[b] to goals[b]. Differentiable by the cost maps; the drawn loads are data.
    Raises ValueError if a goal cannot be reached.
    """
    return apply(_Loss, cost_maps, drawn_loads, grid, starts, goals, softening)


def softened_paths(
    grid: Grid, cost_maps: Floats, starts: Sequence[Cell], goals: Sequence[Cell], softening: Softening
) -> tuple[Floats, Floats]:
    """Return the softened path costs (B,) and their derivatives, the loads (B, H, W), on `cost_maps` (B, H, W)."""
    if isinstance(softening, Perturbation):
        noise, costs, loads = perturbed_paths(grid, cost_maps, starts, goals, softening)
        # A cost that the noise moves under zero counts as zero and has no part in the derivative.
        moved = softening.scale * noise
        loads[0] *= cost_maps[:, None] + moved > 0.0
        loads[1] *= cost_maps[:, None] - moved > 0.0
        return costs.mean(axis=(0, 2)), loads.mean(axis=(0, 2))
    if softening.method == "exact":
        return exact_paths(grid, cost_maps, starts, goals)
    solved = [
        soft_paths(grid, cost_map, [start], [goal], softening)
        for cost_map, start, goal in zip(cost_maps, starts, goals, strict=True)
    ]
    return np.array([paths.regularised_cost[0] for paths in solved]), np.stack([paths.load[0] for paths in solved])


class _Loss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        cost_maps: Tensor,
        drawn_loads: Tensor,
        grid: Grid,
        starts: Sequence[Cell],
        goals: Sequence[Cell],
        softening: Softening,
    ) -> Tensor:
        costs, loads = softened_paths(grid, to_numpy(cost_maps), starts, goals, softening)
        ctx.gradient = drawn_loads - cost_maps.new_tensor(loads)
        return (drawn_loads * cost_maps).sum(dim=(1, 2)) - cost_maps.new_tensor(costs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None, None]:
        gradient: Tensor = ctx.gradient
        return grads[0][:, None, None] * gradient, None, None, None, None, None
