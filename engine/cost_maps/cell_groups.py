"""Group costs and cost maps as tensors: what `Admissible.expand` and `Admissible.gather` do, on any device.

Both directions are gathers. Adding up with atomic operations would cost time where many cells share an address,
as all fixed cells would, and its rounding would depend on the order in which a GPU happens to work.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Integers
from engine.core.tensors import apply
from engine.cost_maps.admissible import FIXED, Admissible


@dataclass(frozen=True, eq=False)
class CellGroups:
    """Which cells have which group of m.

    group: (H·W,) the group of each cell, m for fixed cells.
    members: (s, m) flat index of the first, second, … cell of each group; H·W where a group has fewer than s.
    fixed: (H, W) cost of the fixed cells, 0 elsewhere.
    """

    group: Tensor
    members: Tensor
    fixed: Tensor

    def expand(self, z: Tensor) -> Tensor:
        """Return the cost map (H, W) of the group costs z (m,), differentiable."""
        return apply(_Expand, z, self)

    def gather(self, cell_values: Tensor) -> Tensor:
        """Return the sums of maps (…, H, W) over each group: (…, m). The adjoint of `expand`."""
        padded = torch.nn.functional.pad(cell_values.flatten(-2), (0, 1))
        total = padded[..., self.members[0]]
        for cells in self.members[1:]:
            total = total + padded[..., cells]
        return total


def cell_groups(admissible: Admissible, device: torch.device | str, dtype: torch.dtype) -> CellGroups:
    """Return the groups of `admissible` as tensors on a device."""
    flat = admissible.group.ravel()
    return CellGroups(
        torch.tensor(np.where(flat == FIXED, admissible.size.size, flat).astype(np.int64), device=device),
        torch.tensor(_members(admissible), device=device),
        torch.tensor(admissible.fixed, dtype=dtype, device=device),
    )


def _members(admissible: Admissible) -> Integers:
    flat = admissible.group.ravel()
    free = np.flatnonzero(flat != FIXED)
    cells = free[np.argsort(flat[free], kind="stable")]
    counts = np.bincount(flat[free], minlength=admissible.size.size)
    place = np.arange(cells.size) - np.repeat(np.cumsum(counts) - counts, counts)
    members = np.full((max(1, counts.max(initial=0)), counts.size), flat.size, dtype=np.int64)
    members[place, flat[cells]] = cells
    return members


class _Expand(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, groups: CellGroups) -> Tensor:
        ctx.groups = groups
        free = torch.cat([z, z.new_zeros(1)])[groups.group]
        return groups.fixed + free.reshape(groups.fixed.shape)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        groups: CellGroups = ctx.groups
        return groups.gather(grads[0]), None
