"""How rough a cost map is: the mean squared difference of neighbouring cells."""

import torch
from torch import Tensor

from engine.core.grid import Grid, shifted


def roughness(grid: Grid, cost_map: Tensor) -> Tensor:
    """Return the mean squared difference of neighbouring passable cells (4 neighbours)."""
    passable = torch.tensor(grid.passable, device=cost_map.device)
    squares: list[Tensor] = []
    for move in (0, 2):
        here, there = shifted(grid.shape, move)
        squares.append(((cost_map[here] - cost_map[there]) ** 2)[passable[here] & passable[there]])
    both = torch.cat(squares)
    return both.mean() if both.numel() else cost_map.new_zeros(())
