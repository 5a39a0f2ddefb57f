"""Bregman projections in fused Triton kernels, for CUDA devices: many routes, and many maps, in one launch.

Works on the potentials alone, in the log domain; see `engine.paths.bregman_kernels`. A colour's launch takes about
2.5 µs whatever the size up to 256², so all launches of a round belong into one CUDA graph. One program that sweeps
a whole small map between barriers was tried, and was slower than four launches at every size: 1.06 to 0.22 ms for
20 sweeps at 128², 0.32 to 0.29 for 64 maps of 64² (H200).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.cancel import check
from engine.core.grid import Cell, Grid
from engine.core.tensors import to_numpy
from engine.core.triton import Repeated
from engine.paths.bregman_cpu import COLOURS

BLOCK, WARPS = 256, 8
# Sweeps between two polls of the cancel flag, and in one CUDA graph.
ROUND = 10


@dataclass(frozen=True, eq=False)
class Lanes:
    """L routes on M maps of one size and movement rule, on a device; a lane is one route on one map.

    potentials: (L, H, W) float64.  prices: (M, H, W) float64.  legal: (N, H, W) uint8, as `Grid.legal`.
    price_of, legal_of: (L,) int32, the map and the moves of each lane.  start, goal: (L,) int32, flat cells.
    relaxation, epsilon: (L,) float64.  moves: 4 or 8.  mean: whether a move costs the mean of its two cells.
    wide: whether sweeps compute float64 exponentials; float32 ones leave a supply error of some 1e-7 a cell.
    """

    potentials: Tensor
    prices: Tensor
    legal: Tensor
    price_of: Tensor
    legal_of: Tensor
    start: Tensor
    goal: Tensor
    relaxation: Tensor
    epsilon: Tensor
    moves: Literal[4, 8]
    mean: bool
    wide: bool

    def sweep(self, count: int) -> None:
        """Project every cell of every lane `count` times; nothing is read by the host."""
        from engine.paths.bregman_kernels import project_colour

        lanes, height, width = self.potentials.shape
        for _ in range(count):
            for row, column in COLOURS.tolist():
                cells = ((height - row + 1) // 2) * ((width - column + 1) // 2)
                if cells == 0:
                    continue
                project_colour[(-(-cells // BLOCK), lanes)](
                    *(self.potentials, self.prices, self.legal, self.price_of, self.legal_of),
                    *(self.start, self.goal, self.relaxation, self.epsilon),
                    *(height, width, row, column),
                    MEAN=self.mean,
                    WIDE=self.wide,
                    MOVES=self.moves,
                    BLOCK=BLOCK,
                    num_warps=WARPS,
                )

    def measured(self, with_flow: bool = False) -> "Measured":
        """Return load, value and supply error of the present flow, on the device, and the flow if asked for."""
        from engine.paths.bregman_kernels import measure

        lanes, height, width = self.potentials.shape
        blocks = -(-height * width // BLOCK)
        load = torch.empty_like(self.potentials)
        flow = load.new_empty((lanes, self.moves, height, width) if with_flow else (1,))
        partial = load.new_empty((lanes, blocks, 2))
        measure[(blocks, lanes)](
            *(self.potentials, self.prices, self.legal, self.price_of, self.legal_of),
            *(self.start, self.goal, self.epsilon, load, flow, partial, height, width),
            MEAN=self.mean,
            MOVES=self.moves,
            BLOCK=BLOCK,
            STORE_FLOW=with_flow,
            num_warps=WARPS,
        )
        outflow, error = partial.sum(dim=1).unbind(dim=1)
        flat = self.potentials.flatten(1)
        drop = flat.gather(1, self.start[:, None].long()) - flat.gather(1, self.goal[:, None].long())
        return Measured(load, drop[:, 0] - self.epsilon * outflow, error, flow if with_flow else None)


@dataclass(frozen=True, eq=False)
class Measured:
    """What a flow comes to. load: (L, H, W).  value: (L,) the regularised cost.  error: (L,) of the supply, L1."""

    load: Tensor
    value: Tensor
    error: Tensor
    flow: Tensor | None


def flat_cells(cells: Sequence[Cell], width: int) -> list[int]:
    """Return the flat index of cells of a map of this width."""
    return [row * width + column for row, column in cells]


class TritonProjections:
    """The `Projections` of `engine.paths.soft_paths`, in fused kernels with float64 exponentials."""

    def __init__(
        self,
        grid: Grid,
        cost_map: Floats,
        starts: Sequence[Cell],
        goals: Sequence[Cell],
        reachable: Flags,
        potentials: Floats,
        epsilon: float,
        device: str,
    ) -> None:
        routes = len(starts)

        def tensor(values: object, dtype: torch.dtype) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        self._reachable = reachable
        self._lanes = Lanes(
            potentials=tensor(np.where(reachable, potentials, 0.0), torch.float64),
            prices=tensor(cost_map[None], torch.float64),
            legal=tensor(np.where(reachable, grid.legal, 0).astype(np.uint8), torch.uint8),
            price_of=tensor([0] * routes, torch.int32),
            legal_of=tensor(list(range(routes)), torch.int32),
            start=tensor(flat_cells(starts, grid.shape[1]), torch.int32),
            goal=tensor(flat_cells(goals, grid.shape[1]), torch.int32),
            relaxation=tensor([1.0] * routes, torch.float64),
            epsilon=tensor([epsilon] * routes, torch.float64),
            moves=grid.neighbours,
            mean=grid.cost_rule == "mean",
            wide=True,
        )
        self._round = Repeated(lambda: self._lanes.sweep(ROUND), device)

    def sweep(self, relaxation: Floats, active: Flags, count: int) -> None:
        """Project every cell of the active routes `count` times, over-relaxed by ω; both arrays are (R,)."""
        # ω = 0 leaves a route as it is.
        self._lanes.relaxation.copy_(torch.tensor(np.where(active, relaxation, 0.0)))
        rounds, rest = divmod(count, ROUND)
        for _ in range(rounds):
            check()
            self._round()
        self._lanes.sweep(rest)

    def supply_error(self) -> Floats:
        """Return the L1 error of the present flow's supply: (R,)."""
        return to_numpy(self._lanes.measured().error)

    def potentials(self) -> Floats:
        """Return the present potentials: (R, H, W), NaN where no goal can be reached."""
        return np.where(self._reachable, to_numpy(self._lanes.potentials), np.nan)

    def flow(self) -> Floats:
        """Return the present flow: (R, K, H, W)."""
        flow = self._lanes.measured(with_flow=True).flow
        assert flow is not None
        return to_numpy(flow)
