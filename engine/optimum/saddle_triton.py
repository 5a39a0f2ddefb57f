"""The primal–dual iterations in fused Triton kernels, for CUDA devices: the same steps as `saddle_cpu`.

An iteration is 13 to 21 launches, replayed from a CUDA graph, and brings nothing to the host: step sizes, the
iterations since the restart and the search of the projection are numbers on the device. The flow is stepped from
one array into another, and the next iteration goes the other way. Potentials and costs need only the stepped
flow, so that their two chains of launches run beside each other. What is rare, as measuring the step, is launched
one by one: to record it would take longer.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.tensors import to_numpy
from engine.core.triton import Repeated, records
from engine.cost_maps.admissible import FIXED
from engine.cost_maps.problem import Problem
from engine.cost_maps.projection_triton import TritonProjection
from engine.optimum.multigrid_triton import TritonCycle
from engine.optimum.saddle_cpu_kernels import BUDGET_TOLERANCE
from engine.optimum.saddle_point import SaddlePoint, adapted_balance, step_norm, step_sizes

# One cell a thread: with two, Triton 3.9 takes 162 registers for the flow, and few programs fit beside each other.
BLOCK, WARPS = 256, 8
# Iterations in one CUDA graph, an even number, where so many are asked for at once: between two graphs a small map
# would wait longer than an iteration takes.
MANY = 10


@dataclass(frozen=True, eq=False)
class _Point:
    """flow: (R, K, H, W).  potentials: (R, H, W).  cost: (H, W)."""

    flow: Tensor
    potentials: Tensor
    cost: Tensor

    def copied(self) -> "_Point":
        return _Point(self.flow.clone(), self.potentials.clone(), self.cost.clone())

    def copy_(self, other: "_Point") -> None:
        self.flow.copy_(other.flow)
        self.potentials.copy_(other.potentials)
        self.cost.copy_(other.cost)


class TritonSaddle:
    """The iterations of `engine.optimum.saddle_point.Saddle` on a CUDA device, in float64.

    For problems whose routes all move alike.
    """

    def __init__(self, problem: Problem, start: SaddlePoint, device: str) -> None:
        grid, admissible, routes = problem.grid, problem.admissible, len(problem.routes)

        def tensor(values: Floats) -> Tensor:
            return torch.tensor(values, dtype=torch.float64, device=device)

        def flat(cells: list[tuple[int, int]]) -> Tensor:
            return torch.tensor([row * grid.shape[1] + column for row, column in cells], device=device).int()

        self._grid, self._sizes, self._device = grid, step_sizes(problem), device
        self._cycle = TritonCycle(grid, problem.starts, routes, device)
        self._projection = TritonProjection(admissible, device, BUDGET_TOLERANCE)
        self._start, self._goal, self._weight = flat(problem.starts), flat(problem.goals), tensor(problem.weights)
        self._balance = start.balance.copy()
        self._tau, self._sigma = tensor(self._balance), tensor(self._balance)
        self._sigma_cost = tensor(np.zeros(1))
        self._set_step_sizes()
        legal = np.stack([grid.legal >> move & 1 for move in range(grid.neighbours)]).astype(bool)
        mask = torch.tensor(legal, device=device) & self._cycle.inside
        flow = torch.where(mask, tensor(start.flow) * self._weight[:, None, None, None], 0.0)
        cost = tensor(np.where(admissible.group == FIXED, admissible.fixed, start.cost_map))
        now = _Point(flow, tensor(np.nan_to_num(start.potentials)), cost)
        self._anchor, self._image = now.copied(), now.copied()
        # Present points for even and odd iterations: two flows, and the same potentials and costs.
        self._points = now, _Point(torch.zeros_like(flow), now.potentials, now.cost)
        self._since = tensor(np.zeros(1)), tensor(np.zeros(1))
        self._odd = 0
        self._scaled, self._load = torch.zeros_like(now.potentials), torch.zeros_like(now.potentials)
        self._blocks = (-(-cost.numel() // BLOCK), routes)
        self._partial = cost.new_zeros((routes, 3, self._blocks[0]))
        self._iterations = [Repeated(lambda odd=odd: self._iterate(odd), device) for odd in (0, 1)]
        self._many = Repeated(self._iterate_many, device)
        self._beside = torch.cuda.Stream(device) if records(device) else None

    def advance(self, count: int) -> None:
        """Iterate `count` times."""
        while count > 0:
            check()
            if self._odd == 0 and count >= MANY:
                self._many()
                count -= MANY
            else:
                self._iterations[self._odd]()
                self._odd = 1 - self._odd
                count -= 1

    def step_length(self) -> float:
        """Compute T(z) beside the present point z; return their distance in the norm of the step sizes."""
        check()
        now = self._points[self._odd]
        with self._on_device():
            self._step(now, self._image, self._odd, halpern=False)
            self._measure(self._image, now)
        return step_norm(self._balance, *self._distances(), self._sizes)

    def point(self) -> SaddlePoint:
        """Return the T(z) that `step_length` last computed, as copies."""
        check()
        image = self._image
        unit = image.flow / self._weight[:, None, None, None]
        inside = torch.where(self._cycle.inside, image.potentials, torch.nan)
        return SaddlePoint(to_numpy(unit), to_numpy(inside), to_numpy(image.cost), self._balance.copy())

    def restart(self) -> None:
        """Make the present point the anchor, and move the balance towards what was observed since."""
        now = self._points[self._odd]
        with self._on_device():
            self._measure(now, self._anchor)
        self._balance = adapted_balance(self._balance, *self._distances(), self._sizes)
        self._set_step_sizes()
        self._anchor.copy_(now)
        self._since[self._odd].zero_()

    def _iterate_many(self) -> None:
        for number in range(MANY):
            self._iterate(number % 2)

    def _iterate(self, odd: int) -> None:
        self._step(self._points[odd], self._points[1 - odd], odd, halpern=True)

    def _on_device(self) -> AbstractContextManager[object]:
        """Return what launches need that no `Repeated` does: they go to torch's current device."""
        return torch.cuda.device(self._device) if records(self._device) else nullcontext()

    def _step(self, now: _Point, new: _Point, odd: int, halpern: bool) -> None:
        """Set `new` to T(now), or with `halpern` to the next iterate."""
        since, anchor = self._since[odd], self._anchor
        self._step_flow(now, new, odd, halpern)
        costs = (now.cost, self._load, self._sigma_cost, new.cost, anchor.cost, since, halpern)
        potentials = (self._scaled, now.potentials, self._sigma, new.potentials, anchor.potentials, since, halpern)
        if self._beside is None:
            self._projection.step(*costs)
            self._cycle.step(*potentials)
            return
        here = torch.cuda.current_stream(self._device)
        self._beside.wait_stream(here)
        with torch.cuda.stream(self._beside):
            self._projection.step(*costs)
        self._cycle.step(*potentials)
        here.wait_stream(self._beside)

    def _step_flow(self, now: _Point, new: _Point, odd: int, halpern: bool) -> None:
        """Step the flow; write its scaled surplus and its load."""
        from engine.optimum.saddle_kernels import step_flow

        step_flow[self._blocks](
            *(now.flow, self._anchor.flow, new.flow, now.potentials, now.cost, self._cycle.legal),
            *(self._start, self._goal, self._weight, self._tau, self._since[odd], self._since[1 - odd]),
            *(self._scaled, self._load, *self._grid.shape),
            MEAN=self._grid.cost_rule == "mean",
            MOVES=self._grid.neighbours,
            HALPERN=halpern,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )

    def _measure(self, first: _Point, second: _Point) -> None:
        from engine.optimum.saddle_kernels import squared_distances

        squared_distances[self._blocks](
            *(first.flow, second.flow, first.potentials, second.potentials, first.cost, second.cost),
            *(self._cycle.legal, self._partial, *self._grid.shape),
            MOVES=self._grid.neighbours,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )

    def _distances(self) -> tuple[Floats, Floats, float]:
        """Return what was measured: how far flow (R,), drops of potentials (R,) and the cost map moved."""
        flow, drops, cost = np.sqrt(to_numpy(self._partial.sum(dim=2))).T
        return flow, drops, float(cost[0])

    def _set_step_sizes(self) -> None:
        self._tau.copy_(torch.from_numpy(self._balance))
        self._sigma.copy_(torch.from_numpy(self._sizes.potential / self._balance))
        self._sigma_cost.fill_(self._sizes.cost / self._sizes.shares(self._balance))
