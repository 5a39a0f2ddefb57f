"""What a run makes as large as it can, as a smooth function of the path costs of the routes."""

import numpy as np

from engine.arranging.problem import Arrangement, targets, weights
from engine.core.arrays import Floats

# "fair" counts the smallest ratio to the drawn length; its soft minimum has this softness.
MINIMUM_SOFTNESS = 0.02
# During an ascent a route that falls behind gains weight by this much, and none has less than the last number.
FAIRNESS_RATE, LEAST_FACTOR = 0.5, 1e-3


def merit(problem: Arrangement, lengths: Floats) -> float:
    """Return the merit of the routes' soft path costs (R,): larger is better."""
    match problem.aim:
        case "longer":
            return float(weights(problem) @ lengths)
        case "shorter":
            return -float(weights(problem) @ lengths)
        case "fair":
            ratios = lengths / problem.drawn_lengths
            least = ratios.min()
            return float(least - MINIMUM_SOFTNESS * np.log(np.exp((least - ratios) / MINIMUM_SOFTNESS).sum()))
        case "target":
            return -0.5 * float(weights(problem) @ (lengths / targets(problem) - 1.0) ** 2)


def factors(problem: Arrangement, lengths: Floats) -> Floats:
    """Return the derivative (R,) of the merit by the path costs."""
    match problem.aim:
        case "longer":
            return weights(problem)
        case "shorter":
            return -weights(problem)
        case "fair":
            ratios = lengths / problem.drawn_lengths
            soft = np.exp((ratios.min() - ratios) / MINIMUM_SOFTNESS)
            return soft / soft.sum() / problem.drawn_lengths
        case "target":
            return -weights(problem) * (lengths / targets(problem) - 1.0) / targets(problem)


def ascent_factors(problem: Arrangement, lengths: Floats, before: Floats | None) -> Floats:
    """Return the factors (R,) for the next step of an ascent, from those of the step before.

    For "fair" they are multiplicative weights, whose running mean proves a bound as the weights of "longer" do.
    """
    if problem.aim != "fair":
        return factors(problem, lengths)
    ratios = lengths / problem.drawn_lengths
    share = np.full(ratios.size, 1.0 / ratios.size) if before is None else before * problem.drawn_lengths
    share = share * np.exp(-FAIRNESS_RATE * (ratios - ratios.mean()))
    share = np.maximum(share / share.sum(), LEAST_FACTOR)
    return share / share.sum() / problem.drawn_lengths
