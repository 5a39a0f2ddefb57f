"""The primal–dual iterations with torch, for GPUs: the same steps as `saddle_cpu`, all routes at once."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats, Integers
from engine.core.cancel import check
from engine.core.grid import LENGTHS, shifted
from engine.core.tensors import to_numpy
from engine.cost_maps.cell_groups import cell_groups
from engine.cost_maps.problem import Problem
from engine.cost_maps.projection import next_shift
from engine.optimum.multigrid import Multigrid, Rows, multigrid
from engine.optimum.saddle_cpu_kernels import BUDGET_TOLERANCE
from engine.optimum.saddle_point import SaddlePoint, adapted_balance, step_norm, step_sizes

Point = tuple[Tensor, Tensor, Tensor]  # flow (R, K, H, W), potentials (R, H, W), cost (H, W)


class TorchSaddle:
    """The iterations of `engine.optimum.saddle_point.Saddle` with torch.

    In float64, or float32 where the device has no float64 (mps). For problems whose routes all move alike.
    """

    def __init__(self, problem: Problem, start: SaddlePoint, device: str) -> None:
        grid, admissible = problem.grid, problem.admissible
        single = torch.device(device).type == "mps"
        dtype = torch.float32 if single else torch.float64
        self._budget_tolerance = 1e-6 if single else BUDGET_TOLERANCE

        def tensor(values: Floats) -> Tensor:
            return torch.tensor(values, dtype=dtype, device=device)

        self._grid, self._sizes = grid, step_sizes(problem)
        self._share = grid.tail_share
        moves = range(grid.neighbours)
        grids = multigrid(grid, problem.starts, border=0)
        self._legal = tensor(np.stack([(grids.legal >> move & 1).astype(np.float64) for move in moves]))
        self._cycle = _Cycle(grids, self._legal)
        self._weights = tensor(problem.weights)[:, None, None]
        supply = np.zeros((len(problem.routes), *grid.shape))
        for route, ends in enumerate(problem.routes):
            supply[(route, *ends.start)] += ends.weight
            supply[(route, *ends.goal)] -= ends.weight
        self._supply = tensor(supply)
        self._groups = cell_groups(admissible, device, dtype)
        self._size, self._budget = tensor(admissible.size), admissible.budget
        self._lower, self._upper = tensor(admissible.lower), tensor(admissible.upper)
        self._balance = start.balance.copy()
        flow = tensor(start.flow) * self._weights[:, None] * self._legal
        self._now: Point = (flow, tensor(np.nan_to_num(start.potentials)), tensor(start.cost_map))
        self._next = self._now
        self._shift = 0.0
        self._anchor, self._since = self._now, 0

    def advance(self, count: int) -> None:
        """Iterate `count` times."""
        for _ in range(count):
            check()
            keep = (self._since + 1.0) / (self._since + 2.0)
            following = self._step(self._now)
            self._now = _three(
                keep * (2.0 * new - old) + (1.0 - keep) * anchor
                for new, old, anchor in zip(following, self._now, self._anchor, strict=True)
            )
            self._since += 1

    def step_length(self) -> float:
        """Compute T(z) beside the present point z; return their distance in the norm of the step sizes."""
        self._next = self._step(self._now)
        return step_norm(self._balance, *self._moved(self._next, self._now), self._sizes)

    def point(self) -> SaddlePoint:
        """Return the T(z) that `step_length` last computed, as copies."""
        flow, potentials, cost = self._next
        unit = flow / self._weights[:, None]
        inside = torch.where(self._cycle.inside, potentials, torch.nan)
        return SaddlePoint(to_numpy(unit), to_numpy(inside), to_numpy(cost), self._balance.copy())

    def restart(self) -> None:
        """Make the present point the anchor, and move the balance towards what was observed since."""
        self._balance = adapted_balance(self._balance, *self._moved(self._now, self._anchor), self._sizes)
        self._anchor, self._since = self._now, 0

    def _step(self, point: Point) -> Point:
        flow, potentials, cost = point
        tau = flow.new_tensor(self._balance)[:, None, None]
        new_flow = torch.empty_like(flow)
        surplus, load = torch.zeros_like(potentials), torch.zeros_like(cost)
        for move in range(self._grid.neighbours):
            here, there = shifted(self._grid.shape, move)
            length = float(LENGTHS[move])
            near, far = length * self._share, length * (1.0 - self._share)
            reduced = torch.zeros_like(potentials)
            drop = potentials[:, *here] - potentials[:, *there]
            reduced[:, *here] = near * cost[here] + far * cost[there] - drop
            new_flow[:, move] = torch.relu(flow[:, move] - tau * reduced) * self._legal[move]
            ahead = (2.0 * new_flow[:, move] - flow[:, move])[:, *here]
            surplus[:, *here] += ahead
            surplus[:, *there] -= ahead
            both = ahead.sum(dim=0)
            load[here] += near * both
            load[there] += far * both
        correction = self._cycle.solve(self._supply - surplus)
        new_potentials = potentials + self._sizes.potential / tau * correction
        wanted = cost + self._sizes.cost / self._sizes.shares(self._balance) * load
        return new_flow, new_potentials, self._projected(wanted)

    def _projected(self, wanted: Tensor) -> Tensor:
        """Return the nearest admissible map; see `engine.cost_maps.projection.total_shift`."""
        z = self._groups.gather(wanted) / self._size
        low, high, shift = -float("inf"), float("inf"), self._shift
        for _ in range(60):
            moved = z + shift
            clipped = moved.clamp(self._lower, self._upper)
            excess = float(self._size @ clipped) - self._budget
            if abs(excess) <= self._budget_tolerance * self._budget or (low, high) == (shift, shift):
                break
            slope = float(self._size @ (moved == clipped).to(z.dtype))
            shift, low, high = next_shift(shift, low, high, excess, slope)
        self._shift = shift
        return self._groups.expand((z + shift).clamp(self._lower, self._upper))

    def _moved(self, first: Point, second: Point) -> tuple[Floats, Floats, float]:
        flow, potentials, cost = (a - b for a, b in zip(first, second, strict=True))
        return (
            to_numpy((flow.flatten(1) ** 2).sum(dim=1).sqrt()),
            to_numpy(self._squared_drops(potentials).sqrt()),
            float((cost**2).sum().sqrt()),
        )

    def _squared_drops(self, potentials: Tensor) -> Tensor:
        """Return Σ over edges (drop of the potentials)²: (R,)."""
        total = potentials.new_zeros(potentials.shape[0])
        for move in range(0, self._grid.neighbours, 2):
            here, there = shifted(self._grid.shape, move)
            drop = potentials[:, *here] - potentials[:, *there]
            total += (drop**2 * self._legal[move][here]).sum(dim=(1, 2))
        return total


class _Cycle:
    """The cycle of `engine.optimum.multigrid`, for all routes at once.  inside: (H, W) the cells it covers."""

    def __init__(self, grids: Multigrid, legal: Tensor) -> None:
        self._legal = legal

        def vector(values: Floats) -> Tensor:
            return torch.tensor(values, dtype=legal.dtype, device=legal.device)

        def matrices(stacked: Rows, heights: Integers) -> list[_Matrix]:
            ends = np.cumsum([0, *heights.tolist()])
            return [_Matrix(stacked, begin, end, legal) for begin, end in pairwise(ends.tolist())]

        self._damped = vector(grids.damped)
        self.inside = self._damped > 0.0
        self._cells = torch.tensor(grids.cells, device=legal.device)
        (self._spread,) = matrices(grids.spread, np.array([grids.cells.size]))
        (self._gather,) = matrices(grids.gather, grids.first[1:2])
        sizes = np.diff(grids.first)
        self._laplacians = matrices(grids.laplacian, sizes[:-1])
        self._prolongations = matrices(grids.prolongation, sizes[:-1])
        self._restrictions = matrices(grids.restriction, sizes[1:])
        self._coarse_damped = [vector(part) for part in np.split(grids.coarse_damped, grids.first[1:-1])]
        self._coarsest = vector(grids.coarsest)

    def solve(self, surplus: Tensor) -> Tensor:
        """Apply M⁻¹ to maps (R, H, W)."""
        solution = self._damped * surplus
        rest = surplus - self._outflow(solution)
        correction = self._spread.times(self._coarse(0, self._gather.times(rest.flatten(1))))
        solution.flatten(1)[:, self._cells] += correction
        return solution + self._damped * (surplus - self._outflow(solution))

    def _coarse(self, level: int, right: Tensor) -> Tensor:
        if level == len(self._laplacians):
            return right @ self._coarsest
        damped, laplacian = self._coarse_damped[level], self._laplacians[level]
        solution = damped * right
        below = self._coarse(level + 1, self._restrictions[level].times(right - laplacian.times(solution)))
        solution = solution + self._prolongations[level].times(below)
        return solution + damped * (right - laplacian.times(solution))

    def _outflow(self, y: Tensor) -> Tensor:
        outflow = torch.zeros_like(y)
        for move in range(0, self._legal.shape[0], 2):
            here, there = shifted(y.shape[1:], move)
            drop = (y[:, *here] - y[:, *there]) * self._legal[move][here]
            outflow[:, *here] += drop
            outflow[:, *there] -= drop
        return outflow


class _Matrix:
    """Rows begin..end of `stacked`, by their entries: torch's own sparse matrices do not exist on every device."""

    def __init__(self, stacked: Rows, begin: int, end: int, like: Tensor) -> None:
        first = stacked.begin[begin : end + 1].astype(np.int64)
        entries = slice(first[0], first[-1])
        self._height = end - begin
        self._rows = torch.tensor(np.repeat(np.arange(end - begin), np.diff(first)), device=like.device)
        self._columns = torch.tensor(stacked.column[entries].astype(np.int64), device=like.device)
        self._values = torch.tensor(stacked.value[entries], dtype=like.dtype, device=like.device)

    def times(self, vectors: Tensor) -> Tensor:
        """Multiply vectors: (R, width) -> (R, height)."""
        products = self._values * vectors[:, self._columns]
        return vectors.new_zeros(vectors.shape[0], self._height).index_add(1, self._rows, products)


def _three(parts: Iterator[Tensor]) -> Point:
    flow, potentials, cost = parts
    return flow, potentials, cost
