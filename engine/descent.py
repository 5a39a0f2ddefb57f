"""Adam on a cost map for any loss: parameters -> bounded, budgeted map -> loss -> gradient -> parameters."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from engine.adam import BETAS, AdamState, Rate
from engine.admissible import FIXED, Admissible
from engine.arrays import Floats
from engine.parametrisation import THETA_LIMIT, parametrisation
from engine.tensors import to_numpy

# The learning rate falls over the last part of a run to this share.
FALLS_AFTER, FINAL_SHARE = 0.6, 0.1
# Gradients vanish far from the paths; with the usual 1e-8 Adam would still make full steps there.
ADAM_EPSILON = 0.007

Details = TypeVar("Details")


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


def rates(first: int, last: int, learning_rate: float, epsilon_start: float, epsilon_end: float) -> Iterator[Rate]:
    """From step `first` to `last`: epsilon falls geometrically, the learning rate towards the end."""
    steps = last - first
    for step in range(steps):
        done = step / max(1, steps - 1)
        falling = max(0.0, (done - FALLS_AFTER) / (1.0 - FALLS_AFTER))
        epsilon = epsilon_start * (epsilon_end / epsilon_start) ** done
        yield Rate(learning_rate * FINAL_SHARE**falling, ADAM_EPSILON, epsilon)


def map_steps(
    admissible: Admissible,
    state: AdamState,
    rates: Iterable[Rate],
    loss: Callable[[Tensor, Rate], tuple[Tensor, Details]],
) -> Iterator[MapStep[Details]]:
    """Steps of torch's Adam from `state`, one for each of `rates`.

    loss: of a cost map (H, W) and a rate, with anything worth showing beside it.
    """
    limits = parametrisation(admissible)
    theta = torch.tensor(admissible.reduce(np.nan_to_num(state.theta)))
    theta.requires_grad_(True)
    optimiser = torch.optim.Adam([theta], betas=BETAS)
    if state.updates:
        optimiser.state[theta] = {
            "step": torch.tensor(float(state.updates)),
            "exp_avg": torch.tensor(admissible.reduce(state.mean)),
            "exp_avg_sq": torch.tensor(admissible.reduce(state.square)),
        }
    free = admissible.group != FIXED
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
                np.where(free, admissible.expand(to_numpy(theta)), np.nan),
                np.where(free, admissible.expand(to_numpy(moments["exp_avg"])), 0.0),
                np.where(free, admissible.expand(to_numpy(moments["exp_avg_sq"])), 0.0),
                updates,
                None,
            )
        yield MapStep(to_numpy(cost_map), float(value.detach()), details, rate, state, finite)
        if not finite:
            return
