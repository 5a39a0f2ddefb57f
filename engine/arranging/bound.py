"""The bound: no arrangement within the limits is better than the best assignment for averaged loads.

A shortest path costs no more than any mixture of paths. So for unit flows x_r from each start to its goal, and
their loads,

    max over arrangements of Σ_r λ_r distance_r  ≤  max over arrangements of Σ_r λ_r <load_r, cost_r>,

and the right side is an assignment problem with scores λ_r load_r cost_r (`engine.arranging.assignment`), whose
dual value is an upper bound for whatever prices. A mean of unit flows is a unit flow, and means of later steps
prove more. The flows are those of the logit passes: by settle order, they carry the whole unit to the goal also
where distances tie.
"""

from dataclasses import dataclass, replace

import numpy as np

from engine.arranging.assignment import assign_within
from engine.arranging.choices import Choices
from engine.arranging.loads import Walk, fixed_total, scores_of
from engine.arranging.problem import Arrangement
from engine.core.arrays import Floats

# How much the running means of the loads remember of the step before.
MEMORIES = (0.9, 0.98)


@dataclass(frozen=True, eq=False)
class Proof:
    """Running means of the weighted loads, and the smallest bound that they have proved so far.

    means: (M, R, H, W), of which `steps` steps have been taken in.  prices: (M, P, T).
    upper_bound: of the score; infinite before the first.
    """

    means: Floats
    prices: Floats
    steps: int = 0
    upper_bound: float = np.inf


def has_bound(problem: Arrangement, choices: Choices) -> bool:
    """Say whether a bound is known: for longer paths of classes that can go wherever tiles change places."""
    moved = choices.most.any(axis=0)
    walking = [walker for walker in problem.classes if walker.routes]
    return problem.aim in ("longer", "fair") and all(np.isfinite(walker.costs[moved]).all() for walker in walking)


def first_proof(choices: Choices, walks: tuple[Walk, ...]) -> Proof:
    """Return a proof without loads."""
    shape = choices.terrain.shape
    return Proof(np.zeros((len(MEMORIES), len(walks), *shape)), np.zeros((len(MEMORIES), *choices.least.shape)))


def with_loads(proof: Proof, loads: Floats) -> Proof:
    """Take in weighted loads (R, H, W) of one step: λ_r load_r."""
    memory = np.array(MEMORIES)[:, None, None, None]
    return replace(proof, means=memory * proof.means + (1.0 - memory) * loads, steps=proof.steps + 1)


def proved(proof: Proof, choices: Choices, walks: tuple[Walk, ...], most_changed: float) -> Proof:
    """Return the proof with the bound of its present means, if that is smaller than the one before."""
    bound, prices = proof.upper_bound, proof.prices.copy()
    for number, memory in enumerate(MEMORIES):
        loads = proof.means[number] / (1.0 - memory**proof.steps)
        found = assign_within(choices, scores_of(walks, choices, loads), most_changed, prices[number])
        if found is not None:
            prices[number] = found.prices
            bound = min(bound, found.upper_bound + fixed_total(walks, choices, loads))
    return replace(proof, prices=prices, upper_bound=bound)
