"""Bregman projections with torch, for GPUs: the same sweeps as `engine.paths.bregman_cpu`, all routes at once.

The map gets a border of one cell, so that every neighbour is a shifted view; the cells of one colour are a
stride of two. Walls keep multiplier 1 and kernel 0.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.cancel import check
from engine.core.grid import LENGTHS, MOVES, Cell, Grid
from engine.paths.bregman_cpu import COLOURS


class TorchProjections:
    """The `Projections` of `engine.paths.soft_paths`, with torch, in float64 (on mps, which has none, float32)."""

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
        self._single = torch.device(device).type == "mps"
        self._dtype = torch.float32 if self._single else torch.float64
        self._device = device
        self._epsilon = epsilon
        self._shape = grid.shape
        self._moves = grid.neighbours
        self._smallest, self._largest = (1e-30, 1e15) if self._single else (1e-200, 1e100)
        self._absorb_beyond, self._largest_factor = (1e8, 1e4) if self._single else (1e50, 1e30)

        legal = np.where(reachable, grid.legal, 0).astype(np.uint8)
        bits = np.stack([(legal >> move & 1).astype(bool) for move in range(grid.neighbours)], axis=1)
        self._legal = self._bordered(bits, fill=0.0) > 0.0
        self._connected = self._legal.any(dim=1)
        supply = np.zeros(reachable.shape)
        for route, (start, goal) in enumerate(zip(starts, goals, strict=True)):
            supply[(route, *start)] += 1.0
            supply[(route, *goal)] -= 1.0
        self._supply = self._bordered(supply, fill=0.0)
        self._reachable = reachable
        costs = self._bordered(cost_map[None], fill=1.0)
        self._edges = torch.zeros((1, grid.neighbours, *costs.shape[1:]), dtype=self._dtype, device=device)
        share = grid.tail_share
        for move in range(grid.neighbours):
            here, there = costs[:, 1:-1, 1:-1], costs[self._neighbours(move)]
            self._edges[:, move, 1:-1, 1:-1] = LENGTHS[move] * (share * here + (1.0 - share) * there)
        self._potentials = self._bordered(np.where(reachable, potentials, 0.0), fill=0.0)
        self._multipliers = torch.ones_like(self._potentials)
        self._kernel = torch.zeros(
            (len(starts), grid.neighbours, *costs.shape[1:]), dtype=self._dtype, device=device
        )
        self._absorb()

    def sweep(self, relaxation: Floats, active: Flags, count: int) -> None:
        """Project every cell of the active routes `count` times, over-relaxed by ω; both arrays are (R,)."""
        omega = torch.tensor(np.where(active, relaxation, 0.0), dtype=self._dtype, device=self._device)
        for sweep in range(count):
            check()
            for row, column in COLOURS.tolist():
                self._project(1 + row, 1 + column, omega[:, None, None])
            # To read the range is to wait for the device, so not after every sweep.
            if sweep % 10 == 9 or sweep == count - 1:
                largest = torch.maximum(self._multipliers.max(), 1.0 / self._multipliers.min())
                if float(largest) > self._absorb_beyond:
                    self._absorb()

    def supply_error(self) -> Floats:
        """Return the L1 error of the present flow's supply: (R,)."""
        surplus = self._outflow_minus_inflow() - self._supply[:, 1:-1, 1:-1]
        error = torch.where(self._connected[:, 1:-1, 1:-1], surplus.abs(), 0.0).sum(dim=(1, 2))
        return error.double().cpu().numpy().copy()

    def potentials(self) -> Floats:
        """Return the present potentials: (R, H, W), NaN where no goal can be reached."""
        potentials = (self._potentials + self._epsilon * torch.log(self._multipliers))[:, 1:-1, 1:-1]
        return np.where(self._reachable, potentials.double().cpu().numpy(), np.nan)

    def flow(self) -> Floats:
        """Return the present flow: (R, K, H, W)."""
        flows = [self._edge_flow(move) for move in range(self._moves)]
        return torch.stack(flows, dim=1).double().cpu().numpy().copy()

    def _bordered(self, values: Floats | Flags, fill: float) -> Tensor:
        tensor = torch.tensor(values, dtype=self._dtype, device=self._device)
        return torch.nn.functional.pad(tensor, (1, 1, 1, 1), value=fill)

    def _neighbours(self, move: int) -> tuple[slice, slice, slice]:
        (dr, dc), (height, width) = MOVES[move].tolist(), self._shape
        return slice(None), slice(1 + dr, 1 + dr + height), slice(1 + dc, 1 + dc + width)

    def _absorb(self) -> None:
        self._potentials += self._epsilon * torch.log(self._multipliers)
        self._multipliers.fill_(1.0)
        here = self._potentials[:, 1:-1, 1:-1]
        for move in range(self._moves):
            exponent = here - self._potentials[self._neighbours(move)] - self._edges[:, move, 1:-1, 1:-1]
            entry = torch.exp(exponent / self._epsilon).clamp(self._smallest, self._largest)
            legal = self._legal[:, move, 1:-1, 1:-1]
            self._kernel[:, move, 1:-1, 1:-1] = torch.where(legal, entry, 0.0)

    def _project(self, row: int, column: int, omega: Tensor) -> None:
        height, width = self._shape
        cells = (slice(None), slice(row, 1 + height, 2), slice(column, 1 + width, 2))
        old, connected, supply = self._multipliers[cells], self._connected[cells], self._supply[cells]
        out, into = torch.zeros_like(old), torch.zeros_like(old)
        for move in range(self._moves):
            dr, dc = MOVES[move].tolist()
            there = (
                slice(None),
                slice(row + dr, 1 + height + dr, 2),
                slice(column + dc, 1 + width + dc, 2),
            )
            neighbour = self._multipliers[there]
            out += self._kernel[:, move][cells] / neighbour
            into += self._kernel[:, move ^ 1][there] * neighbour
        root = torch.sqrt(1.0 + 4.0 * out * into)
        balanced = torch.sqrt(into) / torch.sqrt(out)
        balanced = torch.where(supply > 0.0, (1.0 + root) / (2.0 * out), balanced)
        balanced = torch.where(supply < 0.0, 2.0 * into / (1.0 + root), balanced)
        factor = ((balanced / old) ** omega).clamp(1.0 / self._largest_factor, self._largest_factor)
        self._multipliers[cells] = torch.where(connected, old * factor, 1.0)

    def _edge_flow(self, move: int) -> Tensor:
        here, there = self._multipliers[:, 1:-1, 1:-1], self._multipliers[self._neighbours(move)]
        return self._kernel[:, move, 1:-1, 1:-1] * here / there

    def _outflow_minus_inflow(self) -> Tensor:
        surplus = torch.zeros_like(self._multipliers)
        for move in range(self._moves):
            flow = self._edge_flow(move)
            surplus[:, 1:-1, 1:-1] += flow
            surplus[self._neighbours(move)] -= flow
        return surplus[:, 1:-1, 1:-1]
