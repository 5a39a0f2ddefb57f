"""Optimal transport between two weighted point sets, with entropic regularisation.

Over the plans P ≥ 0 (n, m), minimise

    <P, C> + ε KL(P | a ⊗ b / s)        KL(P | R) = Σ P log(P / R) − P + R

with one of three conditions on the marginals of P:

`Balanced`    they are a and b.
`Unbalanced`  they may differ: `strength` times KL(P1 | a) + KL(Pᵀ1 | b) is added to the cost.
`Partial`     they are at most a and b, and P moves `mass` in total. This is a balanced problem with one more
              point on either side, the slack point, which takes the rest at cost 0.

s = √(Σa · Σb), and Σa + Σb − mass for `Partial`, makes a ⊗ b / s a plan itself. The optimal plan is
P = a b / s · exp((f + g − C) / ε) with one potential per point. Taking the entropy relative to a ⊗ b keeps the
potentials finite where a weight is zero; splitting a point in two changes nothing; the cost never falls as ε
grows; and doubling all weights doubles it. The same plan minimises <P, C> + ε Σ P (log P − 1), whose potentials
are f + ε log a and g + ε log b, up to a constant.
"""

from dataclasses import dataclass, field

import numpy as np

from engine.core.arrays import Floats
from engine.core.errors import ProblemError, SuggestedFix
from engine.transport.costs import GroundCost, check_cost

# Totals that differ by less than this share are the same.
TOTALS_AGREE = 1e-9


@dataclass(frozen=True)
class Balanced:
    """The marginals of the plan are the weights; their totals agree."""


@dataclass(frozen=True)
class Unbalanced:
    """Marginals may differ from the weights, at `strength` (cost units, > 0) per unit of their KL divergence."""

    strength: float


@dataclass(frozen=True)
class Partial:
    """Only `mass` is moved, 0 < mass ≤ the smaller total: the part that is cheapest to move."""

    mass: float


Relaxation = Balanced | Unbalanced | Partial


@dataclass(frozen=True, eq=False)
class TransportProblem:
    """Weights a (n,) of sources and b (m,) of targets, all ≥ 0, the cost, and the condition on the marginals."""

    a: Floats
    b: Floats
    cost: GroundCost
    relaxation: Relaxation = field(default_factory=Balanced)

    @property
    def scale(self) -> float:
        """The weight s that the plan and its cost are proportional to; see the module's docstring."""
        a, b = float(self.a.sum()), float(self.b.sum())
        return a + b - self.relaxation.mass if isinstance(self.relaxation, Partial) else float(np.sqrt(a * b))


def check_problem(problem: TransportProblem) -> None:
    """Refuse, by ProblemError, weights, costs or a relaxation that no plan can satisfy.

    Its subject is "weights", "cost", "totals", "strength" or "mass".
    """
    for side, weights, size in (
        ("source", problem.a, problem.cost.shape[0]),
        ("target", problem.b, problem.cost.shape[1]),
    ):
        if weights.ndim != 1 or weights.size != size:
            raise ProblemError(
                "weights", f"the {side}s have weights of shape {weights.shape}, but the cost is for {size} points"
            )
        if size == 0:
            raise ProblemError("weights", f"there is no {side} point; add at least one")
        bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0.0)))
        if bad.size > 0:
            raise ProblemError(
                "weights",
                f"{side} point {bad[0]} has weight {weights[bad[0]]}; give it a finite weight of at least 0",
            )
        if not weights.sum() > 0.0:
            raise ProblemError("weights", f"all {side} points have weight 0; give at least one a weight above 0")
    check_cost(problem.cost)
    total_a, total_b = float(problem.a.sum()), float(problem.b.sum())
    match problem.relaxation:
        case Balanced():
            if abs(total_a - total_b) > TOTALS_AGREE * max(total_a, total_b):
                raise ProblemError(
                    "totals",
                    f"the sources weigh {total_a:g} in all and the targets {total_b:g}; scale one of them, or "
                    f"choose partial or unbalanced transport",
                )
        case Unbalanced(strength):
            if not (np.isfinite(strength) and strength > 0.0):
                raise ProblemError("strength", f"the strength is {strength}; it must be a finite number above 0")
        case Partial(mass):
            most = min(total_a, total_b)
            if not (np.isfinite(mass) and 0.0 < mass <= most * (1.0 + TOTALS_AGREE)):
                raise ProblemError(
                    "mass",
                    f"a mass of {mass:g} cannot be moved: the sources weigh {total_a:g} in all and the targets "
                    f"{total_b:g}; choose a mass above 0 and up to {most:g}",
                    SuggestedFix("mass", most),
                )
