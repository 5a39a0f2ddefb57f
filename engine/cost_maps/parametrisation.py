"""Free parameters for Adam: every θ gives a cost map within its bounds and with its total.

    z_j = lower_j + (upper_j − lower_j) · σ(θ_j + τ),   τ such that Σ size_j · z_j = budget.

τ is a function of θ, so with s = (upper − lower) · σ · (1 − σ) the chain rule gives

    ∂L/∂θ_j = s_j · g_j − size_j · s_j · Σ(s·g) / Σ(size·s),   g = ∂L/∂z.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.tensors import apply
from engine.cost_maps.admissible import Admissible
from engine.cost_maps.cell_groups import CellGroups, cell_groups
from engine.cost_maps.projection import next_shift

# σ(12) is 6e-6 from its bound; beyond, gradients vanish and a cell could never move back.
THETA_LIMIT = 12.0
# A drawn cell at its bound starts here, where it can still move.
START_LIMIT = 4.0


@dataclass(frozen=True, eq=False)
class Parametrisation:
    """`Admissible` as tensors on one device. size, lower, upper: (m,)."""

    size: Tensor
    lower: Tensor
    upper: Tensor
    budget: float
    groups: CellGroups

    def cost_map(self, theta: Tensor) -> Tensor:
        """Return the cost map (H, W) of the parameters θ (m,), differentiable."""
        return self.groups.expand(apply(_BoundedTotal, theta, self))


def parametrisation(
    admissible: Admissible, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float64
) -> Parametrisation:
    """Return the parametrisation of a set of maps, its tensors on `device`."""

    def tensor(values: Floats) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=device)

    return Parametrisation(
        tensor(admissible.size),
        tensor(admissible.lower),
        tensor(admissible.upper),
        admissible.budget,
        cell_groups(admissible, device, dtype),
    )


def first_theta(admissible: Admissible, cost_map: Floats) -> Floats:
    """Return parameters (m,) whose map is near `cost_map`: exact but for cells close to their bounds."""
    z = admissible.project(admissible.reduce(cost_map))
    width = np.maximum(admissible.upper - admissible.lower, 1e-300)
    share = np.clip((z - admissible.lower) / width, 1e-12, 1.0 - 1e-12)
    return np.clip(np.log(share / (1.0 - share)), -START_LIMIT, START_LIMIT)


class _BoundedTotal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, theta: Tensor, limits: Parametrisation) -> Tensor:
        share = torch.sigmoid(theta + _shift(theta, limits))
        width = limits.upper - limits.lower
        ctx.save_for_backward(width * share * (1.0 - share), limits.size)
        return limits.lower + width * share

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (gradient,) = grads
        slope, size = ctx.saved_tensors
        weight = size * slope
        total = weight.sum().clamp_min(torch.finfo(weight.dtype).tiny)
        return slope * gradient - weight * ((slope * gradient).sum() / total), None


def _shift(theta: Tensor, limits: Parametrisation) -> float:
    """Return τ, by Newton's method inside a bracket."""
    weight = limits.size * (limits.upper - limits.lower)
    target = limits.budget - float(limits.size @ limits.lower)
    low, high = -float(theta.max()) - 40.0, -float(theta.min()) + 40.0
    shift = 0.0
    for _ in range(100):
        check()
        share = torch.sigmoid(theta + shift)
        excess = float(weight @ share) - target
        if abs(excess) <= 1e-14 * abs(limits.budget):
            break
        slope = float(weight @ (share * (1.0 - share)))
        following, low, high = next_shift(shift, low, high, excess, slope)
        if following == shift:
            break
        shift = following
    return shift
