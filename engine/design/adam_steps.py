"""Adam on one map: parameters -> bounded, budgeted map -> soft paths -> loss -> gradient -> parameters."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.tensors import to_numpy
from engine.cost_maps.admissible import FIXED, Admissible
from engine.cost_maps.objectives import design_loss
from engine.cost_maps.parametrisation import THETA_LIMIT, first_theta, parametrisation
from engine.cost_maps.problem import Problem
from engine.paths.gradients import route_costs
from engine.paths.soft_paths import FlowSettings, SoftPaths, Warmth

# β₁ over the usual, because the path jumps between ways of nearly equal cost; β₂ under it, because runs are
# short and early gradients are many times larger than late ones.
BETAS = (0.95, 0.99)
# The learning rate falls over the last part of a run to this share.
FALLS_AFTER, FINAL_SHARE = 0.6, 0.1
# Gradients vanish far from the paths; with the usual 1e-8 Adam would still make full steps there.
ADAM_EPSILON = 0.007

Details = TypeVar("Details")


@dataclass(frozen=True)
class Rate:
    """What one step uses: learning rate, Adam's epsilon, and the regularisation of the paths (cost units)."""

    learning_rate: float
    adam_epsilon: float
    epsilon: float


def rates(
    first: int, last: int, learning_rate: float, epsilon_start: float, epsilon_end: float, finer: float = 1.0
) -> Iterator[Rate]:
    """From step `first` to `last`: epsilon falls geometrically, the learning rate towards the end.

    finer: what Adam's own epsilon is multiplied by, on maps finer than those that it was chosen on.
    """
    steps = last - first
    for step in range(steps):
        done = step / max(1, steps - 1)
        falling = max(0.0, (done - FALLS_AFTER) / (1.0 - FALLS_AFTER))
        epsilon = epsilon_start * (epsilon_end / epsilon_start) ** done
        yield Rate(learning_rate * FINAL_SHARE**falling, ADAM_EPSILON * finer, epsilon)


@dataclass(frozen=True, eq=False)
class AdamState:
    """Parameters and moments as maps (H, W), so that they survive a change of walls, locks or symmetry.

    theta is NaN where a cell has no parameter.  updates: how many steps the moments have seen.
    """

    theta: Floats
    mean: Floats
    square: Floats
    updates: int
    warmth: Warmth | None


@dataclass(frozen=True, eq=False)
class Step:
    """One step: the map (H, W) it looked at, the paths on it at `epsilon`, and the state after the update.

    finite: whether everything was a number. If not, there was no update and the run must end.
    """

    cost_map: Floats
    paths: SoftPaths
    epsilon: float
    state: AdamState
    finite: bool


@dataclass(frozen=True, eq=False)
class MapStep(Generic[Details]):
    """One step: the map (H, W) it looked at, its loss and what came with it, the state after the update.

    finite: whether everything was a number. If not, there was no update and the run must end.
    """

    cost_map: Floats
    loss: float
    details: Details
    rate: Rate
    state: AdamState
    finite: bool


def first_state(admissible: Admissible, cost_map: Floats, noise: Floats | None = None) -> AdamState:
    """State at `cost_map` (H, W), with `noise` (m,) added to the parameters."""
    theta = first_theta(admissible, cost_map)
    if noise is not None:
        theta = theta + noise
    empty = np.zeros(cost_map.shape)
    return AdamState(_to_map(admissible, theta), empty, empty, 0, None)


def carried_over(problem: Problem, state: AdamState, changed: Flags) -> AdamState:
    """The state for an edited problem: `changed` cells (H, W) and new ones start from the drawn map."""
    drawn = _to_map(problem.admissible, first_theta(problem.admissible, problem.cost_map))
    fresh = changed | ~np.isfinite(state.theta)
    return AdamState(
        np.where(fresh, drawn, state.theta),
        np.where(fresh, 0.0, state.mean),
        np.where(fresh, 0.0, state.square),
        state.updates,
        state.warmth,
    )


def map_steps(
    admissible: Admissible,
    state: AdamState,
    rates: Iterable[Rate],
    loss: Callable[[Tensor, Rate], tuple[Tensor, Details]],
    device: str = "cpu",
) -> Iterator[MapStep[Details]]:
    """Steps of torch's Adam from `state`, one for each of `rates`.

    loss: of a cost map (H, W) and a rate, with anything worth showing beside it. The state's warmth is not its
    business and stays as it is.
    """
    dtype = torch.float32 if device == "mps" else torch.float64
    limits = parametrisation(admissible, device, dtype)
    theta = torch.tensor(admissible.reduce(np.nan_to_num(state.theta)), dtype=dtype, device=device)
    theta.requires_grad_(True)
    optimiser = torch.optim.Adam([theta], betas=BETAS)
    if state.updates:
        optimiser.state[theta] = {
            "step": torch.tensor(float(state.updates)),
            "exp_avg": torch.tensor(admissible.reduce(state.mean), dtype=dtype, device=device),
            "exp_avg_sq": torch.tensor(admissible.reduce(state.square), dtype=dtype, device=device),
        }
    updates = state.updates
    for rate in rates:
        optimiser.zero_grad()
        cost_map = limits.cost_map(theta)
        value, details = loss(cost_map, rate)
        value.backward()
        gradient = theta.grad
        finite = gradient is not None and bool(torch.isfinite(value)) and bool(torch.isfinite(gradient).all())
        if finite:
            for group in optimiser.param_groups:
                group["lr"], group["eps"] = rate.learning_rate, rate.adam_epsilon
            optimiser.step()
            with torch.no_grad():
                theta.clamp_(-THETA_LIMIT, THETA_LIMIT)
            updates += 1
            moments = optimiser.state[theta]
            state = AdamState(
                _to_map(admissible, to_numpy(theta)),
                _to_map(admissible, to_numpy(moments["exp_avg"]), 0.0),
                _to_map(admissible, to_numpy(moments["exp_avg_sq"]), 0.0),
                updates,
                state.warmth,
            )
        yield MapStep(to_numpy(cost_map), float(value.detach()), details, rate, state, finite)
        if not finite:
            return


def adam_steps(
    problem: Problem, state: AdamState, rates: Iterable[Rate], sweeps: int, method: FlowSettings
) -> Iterator[Step]:
    """`map_steps` through the routes' soft paths, each step from the warmth of the one before.

    method: which soft paths, where; its epsilon comes from the rates. sweeps: of `bregman` per step.
    """
    warmth = state.warmth

    def loss(cost_map: Tensor, rate: Rate) -> tuple[Tensor, SoftPaths]:
        flow = FlowSettings(method.method, rate.epsilon, method.tolerance, sweeps, method.device)
        costs, paths = route_costs(cost_map, problem.grid, problem.starts, problem.goals, flow, warmth=warmth)
        return design_loss(problem, costs, cost_map), paths

    for taken in map_steps(problem.admissible, state, rates, loss, method.device):
        if taken.finite:
            warmth = taken.details.warmth
        after = replace(taken.state, warmth=warmth)
        yield Step(taken.cost_map, taken.details, taken.rate.epsilon, after, taken.finite)


def _to_map(admissible: Admissible, values: Floats, elsewhere: float = np.nan) -> Floats:
    return np.where(admissible.group == FIXED, elsewhere, np.append(values, elsewhere)[admissible.group])
