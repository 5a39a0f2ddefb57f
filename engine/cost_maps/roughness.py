"""How rough a cost map is: the mean squared difference of neighbouring cells."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.core.grid import Grid, shifted
from engine.core.tensors import flags_on


@dataclass(frozen=True, eq=False)
class Roughness:
    """The roughness of maps of one grid, ready for a device: nothing is read from there or sent to it.

    across: (H, W − 1) and down: (H − 1, W), 1 where both cells are passable, else 0.  pairs: how many are.
    """

    across: Tensor
    down: Tensor
    pairs: int

    def __call__(self, cost_map: Tensor) -> Tensor:
        """Return the mean squared difference of neighbouring passable cells of maps (…, H, W), of them all."""
        across = (cost_map[..., :, :-1] - cost_map[..., :, 1:]).square() * self.across
        down = (cost_map[..., :-1, :] - cost_map[..., 1:, :]).square() * self.down
        maps = cost_map[..., 0, 0].numel()
        return (across.sum() + down.sum()) / max(1, self.pairs * maps)


def roughness_of(grid: Grid, device: torch.device | str, dtype: torch.dtype) -> Roughness:
    """Return the roughness of the maps of `grid` (4 neighbours, whatever its moves)."""
    right, below = (grid.passable[here] & grid.passable[there] for here, there in _neighbours(grid))
    pairs = int(np.count_nonzero(right)) + int(np.count_nonzero(below))
    return Roughness(flags_on(device, dtype, right), flags_on(device, dtype, below), pairs)


def roughness(grid: Grid, cost_map: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring passable cells (4 neighbours) of maps (…, H, W)."""
    return roughness_of(grid, cost_map.device, cost_map.dtype)(cost_map)


def _neighbours(grid: Grid) -> list[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    return [shifted(grid.shape, move) for move in (0, 2)]
