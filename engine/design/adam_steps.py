"""Steps of Adam on one map: parameters -> bounded map with a fixed total -> loss -> gradient -> parameters."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.cancel import check
from engine.core.errors import ProblemError
from engine.core.tensors import to_numpy
from engine.core.triton import runs_triton
from engine.cost_maps.admissible import FIXED, Admissible
from engine.cost_maps.objectives import DesignLoss
from engine.cost_maps.parametrisation import THETA_LIMIT, first_theta, parametrisation
from engine.cost_maps.problem import Problem
from engine.design.schedule import Rate
from engine.paths.gradients import costs_of_paths
from engine.paths.soft_classes import soft_paths_of_classes
from engine.paths.soft_paths import FlowSettings, SoftPaths, WarmStart

# β₁ over the usual, because the path jumps between routes of nearly equal cost; β₂ under it, because runs are
# short and early gradients are many times larger than late ones.
BETAS = (0.95, 0.99)
# Standard deviation of the noise that breaks ties in the first map, in units of θ.
NOISE = 0.01

Details = TypeVar("Details")


@dataclass(frozen=True, eq=False)
class AdamState:
    """Parameters and moments as maps (H, W), so that they survive a change of walls, locks or symmetry.

    theta: NaN where a cell has no parameter.  mean, square: Adam's moments after so many `updates`.
    warm_start: of the soft paths.
    """

    theta: Floats
    mean: Floats
    square: Floats
    updates: int
    warm_start: WarmStart | None


@dataclass(frozen=True, eq=False)
class MapStep(Generic[Details]):
    """One step: the map (H, W) that was evaluated, its loss with its details, and the state after the update.

    finite: whether map, loss, gradient and updated parameters were numbers. If not, there was no update and the
    run must end.
    """

    cost_map: Floats
    loss: float
    details: Details
    rate: Rate
    state: AdamState
    finite: bool

    @property
    def number(self) -> int:
        """Number of the step, from 1."""
        return self.rate.number


class Adam:
    """torch's Adam on one vector of parameters, going on from earlier moments.

    parameters: (m,), a leaf of the graph.  mean, square: (m,) moments after so many `updates`.
    """

    def __init__(
        self, parameters: Tensor, betas: tuple[float, float], mean: Floats, square: Floats, updates: int
    ) -> None:
        self._parameters = parameters
        self._first_moments = mean, square
        self._optimiser = torch.optim.Adam([parameters], betas=betas)
        self.updates = updates
        if updates:
            self._optimiser.state[parameters] = {
                "step": torch.tensor(float(updates)),
                "exp_avg": parameters.new_tensor(mean),
                "exp_avg_sq": parameters.new_tensor(square),
            }

    def step(self, loss: Tensor, rate: Rate) -> bool:
        """Make one step down the loss; say whether all that it met was finite. If not, the parameters stay."""
        check()
        self._optimiser.zero_grad()
        loss.backward()
        check()
        gradient = self._parameters.grad
        if gradient is None or not bool(torch.isfinite(loss) & torch.isfinite(gradient).all()):
            return False
        for group in self._optimiser.param_groups:
            group["lr"], group["eps"] = rate.learning_rate, rate.adam_epsilon
        before = self._parameters.detach().clone()
        self._optimiser.step()
        if not bool(torch.isfinite(self._parameters).all()):
            with torch.no_grad():
                self._parameters.copy_(before)
            return False
        self.updates += 1
        return True

    @property
    def moments(self) -> tuple[Floats, Floats]:
        """Means of the gradient and of its square, (m,) each."""
        if not self.updates:
            return self._first_moments
        moments = self._optimiser.state[self._parameters]
        return to_numpy(moments["exp_avg"]), to_numpy(moments["exp_avg_sq"])


def first_state(admissible: Admissible, cost_map: Floats, seed: int | None = None) -> AdamState:
    """Return the state at `cost_map` (H, W); with a `seed`, noise is added that breaks ties."""
    theta = first_theta(admissible, cost_map)
    if seed is not None:
        theta = theta + np.random.default_rng(seed).normal(0.0, NOISE, theta.size)
    empty = np.zeros(cost_map.shape)
    return AdamState(to_map(admissible, theta), empty, empty, 0, None)


def carried_over(problem: Problem, state: AdamState, changed: Flags) -> AdamState:
    """Return the state for an edited problem: `changed` cells (H, W) and new ones start from the drawn map."""
    drawn = to_map(problem.admissible, first_theta(problem.admissible, problem.cost_map))
    fresh = changed | ~np.isfinite(state.theta)
    return AdamState(
        np.where(fresh, drawn, state.theta),
        np.where(fresh, 0.0, state.mean),
        np.where(fresh, 0.0, state.square),
        state.updates,
        state.warm_start,
    )


def map_steps(
    admissible: Admissible,
    state: AdamState,
    rates: Iterable[Rate],
    loss: Callable[[Tensor, Rate], tuple[Tensor, Details]],
    device: str = "cpu",
) -> Iterator[MapStep[Details]]:
    """Yield steps of Adam from `state`, one for each of `rates`, until one is not finite.

    loss: returns the loss of a cost map (H, W) at a rate, and details to show with it. The state's warm start is
    passed on unchanged. Raises ProblemError if the first map already has costs that are not numbers.
    """
    dtype = _dtype(device)
    limits = parametrisation(admissible, device, dtype)
    theta = torch.tensor(admissible.reduce(np.nan_to_num(state.theta)), dtype=dtype, device=device)
    theta.requires_grad_(True)
    adam = Adam(theta, BETAS, admissible.reduce(state.mean), admissible.reduce(state.square), state.updates)
    last: MapStep[Details] | None = None
    for rate in rates:
        check()
        cost_map = limits.cost_map(theta)
        try:
            value, details = loss(cost_map, rate)
        except ValueError:
            # On costs that are not numbers a solver may find that no way leads to the goal.
            if bool(torch.isfinite(cost_map).all()):
                raise
            if last is None:
                told = "the run would start from costs that are not numbers; start it anew"
                raise ProblemError("state", told) from None
            yield replace(last, rate=rate, finite=False)
            return
        finite = adam.step(value, rate)
        check()
        if finite:
            with torch.no_grad():
                theta.clamp_(-THETA_LIMIT, THETA_LIMIT)
            mean, square = (to_map(admissible, moment, 0.0) for moment in adam.moments)
            moved = to_map(admissible, to_numpy(theta))
            state = AdamState(moved, mean, square, adam.updates, state.warm_start)
        last = MapStep(to_numpy(cost_map), float(value.detach()), details, rate, state, finite)
        yield last
        if not finite:
            return


def soft_path_steps(
    problem: Problem, state: AdamState, rates: Iterable[Rate], sweeps: int, method: FlowSettings
) -> Iterator[MapStep[SoftPaths]]:
    """Yield steps down the design loss of the routes' soft paths, each solved from the solution before.

    method: how paths are softened, and where; its epsilon comes from the rates.  sweeps: of `bregman` per step.
    On a device with fused kernels `bregman` yields some of the steps only, see `engine.design.device_steps`.
    """
    if method.method == "bregman" and runs_triton(method.device):
        from engine.design.device_steps import device_steps

        yield from device_steps(problem, state, list(rates), sweeps, method.device)
        return
    warm_start = state.warm_start
    design_loss = DesignLoss(problem, method.device, _dtype(method.device))

    def loss(cost_map: Tensor, rate: Rate) -> tuple[Tensor, SoftPaths]:
        flow = FlowSettings(method.method, rate.epsilon, method.tolerance, sweeps, method.device)
        ends = problem.starts, problem.goals
        paths = soft_paths_of_classes(problem.movements, to_numpy(cost_map), *ends, flow, warm_start)
        return design_loss(costs_of_paths(cost_map, paths), cost_map), paths

    for taken in map_steps(problem.admissible, state, rates, loss, method.device):
        if taken.finite:
            warm_start = taken.details.warm_start
        yield replace(taken, state=replace(taken.state, warm_start=warm_start))


def to_map(admissible: Admissible, values: Floats, elsewhere: float = np.nan) -> Floats:
    """Return a vector (m,) of one value for each group as a map (H, W), with `elsewhere` in the fixed cells."""
    return np.where(admissible.group == FIXED, elsewhere, np.append(values, elsewhere)[admissible.group])


def _dtype(device: str) -> torch.dtype:
    return torch.float32 if torch.device(device).type == "mps" else torch.float64
