"""Gradients of the shortest path itself, from further calls of the solver.

The load y of a path is piecewise constant in the costs w, so its true derivative is zero or does not exist.
Two rules replace it:

`Interpolation`  one more solve, at costs moved against the upstream gradient g = ∂L/∂y:
                 ∂L/∂w := (y(w + λ g) − y(w)) / λ, the slope of a piecewise linear interpolation of L(y(w)).
                 Source: Vlastelica et al. 2020 (differentiation of blackbox solvers).
`Perturbation`   the load becomes the mean over Gaussian noise, ȳ(w) = E y(w + σ Z), which is smooth; its
                 derivative is E [y(w + σ Z) Zᵀ] / σ (Stein's lemma; Berthet et al. 2020, perturbed optimisers).

Costs that a rule moves under zero count as zero. Maps come in batches, with a route each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES, Cell, Grid
from engine.core.tensors import apply, to_numpy
from engine.paths.exact import distances_to


@dataclass(frozen=True)
class Interpolation:
    """The rule by one more solve.

    strength: λ, in cost units per unit of upstream gradient; a larger one smooths over more of the costs.
    """

    strength: float = 1.0


@dataclass(frozen=True)
class Perturbation:
    """The rule by Gaussian noise on every cell.

    scale: standard deviation σ of the noise, in cost units.
    pairs: noises per map; each is used with both signs, which cancels the part of the estimate that does not
    depend on the costs.  seed: of the noise; the same seed gives the same noise.
    """

    scale: float = 0.5
    pairs: int = 4
    seed: int = 0


Rule = Interpolation | Perturbation


def path_loads(cost_maps: Tensor, grid: Grid, starts: Sequence[Cell], goals: Sequence[Cell], rule: Rule) -> Tensor:
    """Return the loads (B, H, W) of the shortest paths on `cost_maps` (B, H, W), differentiable by the named rule.

    Map b has the route from starts[b] to goals[b]. Under `Interpolation` the loads are exact; under
    `Perturbation` they are means over noise. Raises ValueError if a goal cannot be reached.
    """
    if isinstance(rule, Interpolation):
        return apply(_Interpolated, cost_maps, grid, starts, goals, rule.strength)
    return apply(_Perturbed, cost_maps, grid, starts, goals, rule)


def exact_paths(
    grid: Grid, cost_maps: Floats, starts: Sequence[Cell], goals: Sequence[Cell]
) -> tuple[Floats, Floats]:
    """Return the costs (B,) and loads (B, H, W) of the shortest paths on `cost_maps` (B, H, W), ≥ 0.

    Raises ValueError if a goal cannot be reached.
    """
    loads = np.zeros(cost_maps.shape)
    costs = np.zeros(len(cost_maps))
    for number, (cost_map, start, goal) in enumerate(zip(cost_maps, starts, goals, strict=True)):
        field = distances_to(grid, cost_map, goal)
        if not field.reaches(start):
            raise ValueError(f"no way leads from cell {start} to cell {goal}")
        costs[number] = field.distance[start]
        _add_load(loads[number], field.next_move, start[0], start[1], grid.tail_share)
    return costs, loads


def perturbed_paths(
    grid: Grid, cost_maps: Floats, starts: Sequence[Cell], goals: Sequence[Cell], rule: Perturbation
) -> tuple[Floats, Floats, Floats]:
    """Return the paths under each noise: noise (B, P, H, W), costs (2, B, P), loads (2, B, P, H, W); + before −.

    The means of the loads and costs estimate the perturbed path and its cost.
    """
    shape = len(cost_maps), rule.pairs, *cost_maps.shape[1:]
    noise = np.random.default_rng(rule.seed).standard_normal(shape)
    costs, loads = np.zeros((2, *shape[:2])), np.zeros((2, *shape))
    for sign in (0, 1):
        moved = np.maximum(cost_maps[:, None] + (1 - 2 * sign) * rule.scale * noise, 0.0)
        for pair in range(rule.pairs):
            costs[sign, :, pair], loads[sign, :, pair] = exact_paths(grid, moved[:, pair], starts, goals)
    return noise, costs, loads


class _Interpolated(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, cost_maps: Tensor, grid: Grid, starts: Sequence[Cell], goals: Sequence[Cell], strength: float
    ) -> Tensor:
        costs = to_numpy(cost_maps)
        _, loads = exact_paths(grid, costs, starts, goals)
        ctx.problem, ctx.costs, ctx.loads, ctx.strength = (grid, starts, goals), costs, loads, strength
        return cost_maps.new_tensor(loads)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        grid, starts, goals = ctx.problem
        strength: float = ctx.strength
        moved = np.maximum(ctx.costs + strength * to_numpy(grads[0]), 0.0)
        _, better = exact_paths(grid, moved, starts, goals)
        return grads[0].new_tensor((better - ctx.loads) / strength), None, None, None, None


class _Perturbed(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        cost_maps: Tensor,
        grid: Grid,
        starts: Sequence[Cell],
        goals: Sequence[Cell],
        rule: Perturbation,
    ) -> Tensor:
        noise, _, loads = perturbed_paths(grid, to_numpy(cost_maps), starts, goals, rule)
        ctx.noise, ctx.difference, ctx.scale = noise, loads[0] - loads[1], rule.scale
        return cost_maps.new_tensor(loads.mean(axis=(0, 2)))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None, None]:
        noise: Floats = ctx.noise
        gain = np.einsum("bhw,bphw->bp", to_numpy(grads[0]), ctx.difference)
        slope = np.einsum("bp,bphw->bhw", gain, noise) / (2.0 * ctx.scale * noise.shape[1])
        return grads[0].new_tensor(slope), None, None, None, None


@compiled
def _add_load(load: Floats, next_move: npt.NDArray[np.int8], row: int, column: int, tail_share: float) -> None:
    while next_move[row, column] >= 0:
        move = next_move[row, column]
        load[row, column] += tail_share * LENGTHS[move]
        row, column = row + MOVES[move, 0], column + MOVES[move, 1]
        load[row, column] += (1.0 - tail_share) * LENGTHS[move]
