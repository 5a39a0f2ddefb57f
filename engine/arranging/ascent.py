"""Mirror ascent on plans: the relaxed problem is solved first, then mixtures are pushed out into single terrains.

A plan w (U, T) says what share of each unit has which terrain, so class k pays c_k = Σ_t w_t cost_kt on it. The
derivative of the routes' weighted soft path costs by the plan is the score S[u, t] = Σ_r λ_r load_r[u] cost_rt.
One step is mirror ascent for the entropy,

    θ = log w + rate · (running mean of S) / (root mean square of S) + push · (w − even) M,     w = plan of θ,

where the plan of θ keeps all numbers of tiles by prices of the terrains (`engine.arranging.plans`): the Bregman
projection that also solves the transport problem. The score is divided by one number for the whole map; scaling
it unit by unit, as Adam does, would move the fixed point.

`even` is the plan that is the same everywhere, and M = C Cᵀ with the classes' costs in the columns of C. So the
push is the gradient of Σ_k |c_k − mean|² / 2, a convex function whose maxima over the plans are arrangements. In
the second part of a pass it grows from nothing, and every unit decides for one terrain.
"""

from dataclasses import dataclass

import numpy as np

from engine.arranging.choices import Choices
from engine.arranging.loads import Walk
from engine.arranging.plans import plan_of, plan_within
from engine.core.arrays import Floats

# Added to a plan before its logarithm, so that a terrain that has vanished from a unit can come back.
FLOOR = 1e-5
# How much the running means of the score, and of its square, remember of the step before.
MOMENTUM, SIZE_MEMORY = 0.9, 0.99
# Noise in the first θ: it breaks ties, and makes each seed another run.
NOISE = 0.01


@dataclass(frozen=True)
class Rate:
    """What one step uses. epsilon: softness of the paths, as a share of each class's mean cost."""

    epsilon: float
    learning_rate: float
    push: float


@dataclass(frozen=True, eq=False)
class Ascent:
    """Where an ascent stands after so many steps.

    plan, values: (U, T), w and θ.  prices: (P, T) of the terrains in each pool.
    momentum: (U, T) running mean of the scores.  square: running mean of their squares.
    """

    plan: Floats
    values: Floats
    prices: Floats
    momentum: Floats
    square: float = 0.0
    steps: int = 0


def first_ascent(choices: Choices, plan: Floats, generator: np.random.Generator) -> Ascent:
    """Return an ascent that starts from a plan (U, T)."""
    values = np.log(plan + FLOOR) + NOISE * generator.standard_normal(plan.shape)
    plan, prices = plan_of(choices, values, np.zeros(choices.least.shape))
    return Ascent(plan, values, prices, np.zeros_like(plan))


def ascend(
    ascent: Ascent,
    choices: Choices,
    scores: Floats,
    outwards: Floats,
    rate: Rate,
    most_changed: float,
) -> Ascent:
    """Take one step by the scores (U, T). outwards: (U, T), (w − even) M.  most_changed: tiles."""
    centred = scores - scores.mean(axis=1, keepdims=True)
    steps = ascent.steps + 1
    momentum = MOMENTUM * ascent.momentum + (1.0 - MOMENTUM) * centred
    square = SIZE_MEMORY * ascent.square + (1.0 - SIZE_MEMORY) * float((centred * centred).mean())
    # Both running means begin at 0 and are too small at first, by known factors.
    size = np.sqrt(square / (1.0 - SIZE_MEMORY**steps)) * (1.0 - MOMENTUM**steps)
    values = np.log(ascent.plan + FLOOR) + rate.push * outwards
    if size > 0.0:
        values += (rate.learning_rate / size) * momentum
    plan, prices = plan_within(choices, values, ascent.prices, most_changed)
    return Ascent(plan, values, prices, momentum, square, steps)


def push_metric(walks: tuple[Walk, ...]) -> Floats:
    """Return M (T, T): products of the classes' costs, relative to each class's mean square; trace T − 1."""
    costs = np.array([walk.costs / np.sqrt(np.mean(walk.costs**2)) for walk in walks])
    costs -= costs.mean(axis=1, keepdims=True)
    metric = costs.T @ costs
    trace = float(np.trace(metric))
    return metric * ((len(metric) - 1) / trace) if trace > 0.0 else metric
