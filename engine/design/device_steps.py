"""The steps of `engine.design.adam_steps.soft_path_steps`, wholly on a CUDA device, in fused kernels.

Parameters, map, potentials, loss, gradient and Adam's moments stay there. All launches of a step are one CUDA
graph, which reads nothing back; softness and rates come from a table on the device. Every so many steps the host
takes a look: it copies the map and the state, and finds exact paths while the device is already at the steps that
follow. So not every step is seen, and the best map is the best of those looked at. Relaxation ω follows the exact
paths: what a look finds holds from the block after the next on, so a run is the same every time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.errors import ProblemError
from engine.core.movement import grouped
from engine.core.status import Status
from engine.core.tensors import to_numpy
from engine.core.triton import Repeated, Snapshot
from engine.cost_maps.objectives import DesignLoss
from engine.cost_maps.parametrisation import THETA_LIMIT, parametrisation
from engine.cost_maps.problem import Problem, distance_fields
from engine.cost_maps.shift_triton import DeviceShift
from engine.design.adam_steps import BETAS, AdamState, MapStep, to_map
from engine.design.schedule import Rate
from engine.paths.bregman_triton import Lanes, flat_cells
from engine.paths.soft_paths import SoftPaths, WarmStart, first_potentials, relaxations

# Steps between two looks: exact paths of a map take the CPU several times as long as a step takes the device.
LOOK_EVERY = 10


def device_steps(
    problem: Problem, state: AdamState, rates: Sequence[Rate], sweeps: int, device: str
) -> Iterator[MapStep[SoftPaths]]:
    """Yield a look at the first step down the design loss, then at every tenth, and at the last.

    Each has the map that its step evaluated, and the state after it. Raises ProblemError if the first map already
    has costs that are not numbers.
    """
    numbers = [0, 1, *range(LOOK_EVERY, len(rates), LOOK_EVERY), len(rates)]
    blocks = [(first, last) for first, last in pairwise(numbers) if last > first]
    run = DeviceRun(problem, state, rates, sweeps, device)
    run.take(blocks[0])
    run.snapshot.begin()
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        check()
        if following is not None:
            run.take(following)
        copies = run.snapshot.end()
        if following is not None:
            run.snapshot.begin()
        look = run.look(copies, rates[block[1] - 1])
        yield look
        if not look.finite:
            return


@dataclass(frozen=True, eq=False)
class _Moved:
    """Adam's variables, (m,) each, and what the last step met. They are changed in place and never replaced."""

    theta: Tensor
    mean: Tensor
    square: Tensor
    cost_map: Tensor
    load: Tensor
    flow: Tensor
    value: Tensor
    error: Tensor
    loss: Tensor
    finite: Tensor


class DeviceRun:
    """One run. `take` launches steps, `snapshot` copies what they left, `look` reads the copies."""

    def __init__(
        self, problem: Problem, state: AdamState, rates: Sequence[Rate], sweeps: int, device: str
    ) -> None:
        admissible = problem.admissible
        self._problem, self._sweeps, self._device = problem, sweeps, device
        self._state, self._last = state, None
        self._limits = parametrisation(admissible, device)
        self._width = self._limits.upper - self._limits.lower
        self._loss = DesignLoss(problem, device, torch.float64)
        groups = grouped(problem.movements)
        self._class_of = self._tensor(
            [[movement for movement, _ in groups].index(movement) for movement in problem.movements], torch.int32
        )
        plain = len(groups) == 1 and groups[0][0].factor is None
        factors = [np.ones(problem.grid.shape) if m.factor is None else m.factor for m, _ in groups]
        self._factors = None if plain else self._tensor(np.stack(factors))
        self._scales = self._tensor([movement.scale for movement in problem.movements])
        self._table = self._tensor([_row(rate, state.updates + taken) for taken, rate in enumerate(rates, 1)])
        self._taken = self._tensor([0], torch.int64)

        theta = self._tensor(admissible.reduce(np.nan_to_num(state.theta)))
        budget = admissible.budget - float(np.sum(admissible.size * admissible.lower))
        self._shift = DeviceShift(theta[None], (self._limits.size * self._width)[None], self._tensor([budget]))
        first = self._cost_map(self._share(theta))
        if not bool(torch.isfinite(first).all()):
            raise ProblemError("state", "the run would start from costs that are not numbers; start it anew")
        self._lanes = self._first_lanes(to_numpy(first), state.warm_start)
        shape = problem.grid.shape
        routes = len(problem.routes)
        self.now = _Moved(
            theta=theta,
            mean=self._tensor(admissible.reduce(state.mean)),
            square=self._tensor(admissible.reduce(state.square)),
            cost_map=torch.zeros_like(first),
            load=first.new_zeros((routes, *shape)),
            flow=first.new_zeros((routes, self._lanes.moves, *shape)),
            value=first.new_zeros(routes),
            error=first.new_zeros(routes),
            loss=first.new_zeros(()),
            finite=torch.ones((), dtype=torch.bool, device=device),
        )
        self._repeated = Repeated(self._step, device)
        kept = [self.now.theta, self.now.mean, self.now.square, self._lanes.potentials, self.now.cost_map]
        kept += [self.now.load, self.now.flow, self.now.value, self.now.error, self.now.loss, self.now.finite]
        self.snapshot = Snapshot(kept, device)

    def take(self, block: tuple[int, int]) -> None:
        """Launch the steps of a block, and what a look at its last step needs."""
        first, last = block
        for _ in range(first, last):
            check()
            self._repeated()
        flow = self._lanes.measured(with_flow=True).flow
        assert flow is not None
        self.now.flow.copy_(flow)

    def look(self, copies: list[Tensor], rate: Rate) -> MapStep[SoftPaths]:
        """Return the step whose remains were copied, with exact paths on its map."""
        arrays = [copy.numpy() for copy in copies]
        theta, mean, square, potentials, cost_map, load, flow, value, error, loss, finite = arrays
        if not finite:
            if self._last is None:
                raise ProblemError("state", "the run would start from costs that are not numbers; start it anew")
            return MapStep(self._last.cost_map, float(loss), self._last.details, rate, self._state, finite=False)
        problem, admissible = self._problem, self._problem.admissible
        fields = distance_fields(problem, cost_map)
        path_cost = np.array([f.distance[start] for f, start in zip(fields, problem.starts, strict=True)])
        inside = np.stack([np.isfinite(field.distance) for field in fields])
        relaxation = relaxations(problem.starts, fields)
        self._lanes.relaxation.copy_(torch.tensor(relaxation))
        warm = WarmStart(np.where(inside, potentials, np.nan), relaxation)
        paths = SoftPaths(
            path_cost, value, flow, load, warm.potentials, fields, error, self._sweeps, Status.STEPS_DONE, warm
        )
        updates = self._state.updates + rate.number - (self._last.number if self._last else rate.number - 1)
        self._state = AdamState(
            to_map(admissible, theta),
            to_map(admissible, mean, 0.0),
            to_map(admissible, square, 0.0),
            updates,
            warm,
        )
        self._last = MapStep(cost_map, float(loss), paths, rate, self._state, finite=True)
        return self._last

    def _step(self) -> None:
        """Launch one step: map, soft paths, loss, gradient, Adam. Reads nothing back."""
        now, lanes, limits = self.now, self._lanes, self._limits
        epsilon, rate, correction, adam_epsilon = self._table.index_select(0, self._taken)[0].unbind()
        self._taken += 1
        lanes.epsilon.copy_(epsilon * self._scales)
        share = self._share(now.theta)
        cost_map = self._cost_map(share)
        lanes.prices.copy_(cost_map[None] if self._factors is None else self._factors * cost_map)
        lanes.sweep(self._sweeps)
        measured = lanes.measured()
        load = measured.load if self._factors is None else self._factors[self._class_of] * measured.load

        with torch.enable_grad():
            values, drawn = measured.value.requires_grad_(), cost_map.clone().requires_grad_()
            loss = self._loss(values, drawn)
            wanted = (values,) if self._loss.of_routes_alone else (values, drawn)
            by_value, *by_map = torch.autograd.grad(loss, wanted)
        by_cell = (by_value[:, None, None] * load).sum(dim=0)
        by_z = limits.groups.gather(by_cell + by_map[0] if by_map else by_cell)
        # The chain rule of `engine.cost_maps.parametrisation`.
        slope = self._width * share * (1.0 - share)
        weight = limits.size * slope
        common = (slope * by_z).sum() / weight.sum().clamp_min(1e-300)
        gradient = slope * by_z - weight * common

        now.mean.lerp_(gradient, 1.0 - BETAS[0])
        now.square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1.0 - BETAS[1])
        denominator = now.square.sqrt().mul_(correction).add_(adam_epsilon)
        now.theta.sub_(rate * now.mean / denominator).clamp_(-THETA_LIMIT, THETA_LIMIT)

        now.finite.logical_and_(torch.isfinite(loss.detach())).logical_and_(torch.isfinite(now.theta).all())
        now.cost_map.copy_(cost_map)
        now.load.copy_(load)
        now.value.copy_(measured.value.detach())
        now.error.copy_(measured.error)
        now.loss.copy_(loss.detach())

    def _share(self, theta: Tensor) -> Tensor:
        """How far each cost is from its lower to its upper bound, with the total met: (m,)."""
        return torch.sigmoid(theta + self._shift.advance()[0])

    def _cost_map(self, share: Tensor) -> Tensor:
        return self._limits.groups.expand(self._limits.lower + self._width * share)

    def _first_lanes(self, cost_map: Floats, warm_start: WarmStart | None) -> Lanes:
        problem = self._problem
        fields = distance_fields(problem, cost_map)
        potentials, relaxation = first_potentials(problem.starts, fields, warm_start)
        inside = np.stack([np.isfinite(field.distance) for field in fields])
        legal = np.stack([movement.grid.legal for movement in problem.movements])
        routes, width = len(problem.routes), problem.grid.shape[1]
        four = all(movement.grid.neighbours == 4 for movement in problem.movements)
        prices = torch.ones_like(self._tensor(cost_map))[None] if self._factors is None else self._factors.clone()
        return Lanes(
            potentials=self._tensor(np.where(inside, potentials, 0.0)),
            prices=prices,
            legal=self._tensor(np.where(inside, legal, 0).astype(np.uint8), torch.uint8),
            price_of=self._class_of,
            legal_of=self._tensor(list(range(routes)), torch.int32),
            start=self._tensor(flat_cells(problem.starts, width), torch.int32),
            goal=self._tensor(flat_cells(problem.goals, width), torch.int32),
            relaxation=self._tensor(relaxation),
            epsilon=torch.ones_like(self._scales),
            moves=4 if four else 8,
            mean=problem.grid.cost_rule == "mean",
            wide=False,
        )

    def _tensor(self, values: object, dtype: torch.dtype = torch.float64) -> Tensor:
        return torch.tensor(values, dtype=dtype, device=self._device)


def _row(rate: Rate, updates: int) -> list[float]:
    """Return what the step that makes the n-th update needs: ε, and Adam's rates with their bias corrections."""
    first, second = (1.0 - beta**updates for beta in BETAS)
    return [rate.epsilon, rate.learning_rate / first, second**-0.5, rate.adam_epsilon]
