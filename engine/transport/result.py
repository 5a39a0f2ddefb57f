"""What a solve returns: potentials, costs, derivatives, and the warm start of the next solve."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from engine.core.arrays import Floats
from engine.core.status import Status
from engine.transport.problem import TransportProblem

# Potentials of earlier solves that a warm start keeps: what a polynomial of degree 3 needs.
REMEMBERED = 4


@dataclass(frozen=True, eq=False)
class TransportWarmStart:
    """Potentials of the last solves, to start the next one on a similar problem with as many points.

    latest: (m,) potentials g, with one more for `Partial`.  earlier: those of the solves before, the newest
    first, at most `REMEMBERED`.
    """

    latest: Floats
    earlier: tuple[Floats, ...] = ()

    def extrapolated(self) -> Floats:
        """Return the potentials to start from, (m,): the next ones on a polynomial through the last ones.

        Its degree, up to 3, is the one that predicts the latest potentials best from those before. Along a smooth
        run of Adam this halves the work of a solve; after a jump a low degree is chosen.
        """
        if len(self.earlier) < 2:
            return _next_of((self.latest, *self.earlier), len(self.earlier))
        errors = [np.std(self.latest - _next_of(self.earlier, degree)) for degree in range(len(self.earlier))]
        return _next_of((self.latest, *self.earlier), int(np.argmin(errors)))

    def followed_by(self, potentials: Floats) -> "TransportWarmStart":
        """Return the warm start after one more solve, which ended with `potentials` (m,)."""
        return TransportWarmStart(potentials, (self.latest, *self.earlier)[:REMEMBERED])


def _next_of(newest_first: Sequence[Floats], degree: int) -> Floats:
    """Return the next of a series, on the polynomial of this degree through its last values."""
    return sum(
        ((-1) ** j * comb(degree + 1, j + 1) * newest_first[j] for j in range(1, degree + 1)),
        start=(degree + 1.0) * newest_first[0],
    )


@dataclass(frozen=True, eq=False)
class TransportResult:
    """A solved problem, in the notation of `engine.transport.problem`.

    f, g: (n,), (m,) potentials, in cost units, finite; those of `Balanced` and `Partial` are determined up to a
        constant, chosen so that <a, f> = <b, g>, the slack points of `Partial` included.
    regularised_cost: the minimum.  transport_cost: <plan, C>.
    rows, columns: (n,), (m,) marginals of the plan.
    marginal_error: L1 distance of the marginals from what they should be, as a share of s, for `Partial` of
        the mass. For `Unbalanced` they should be a exp(−f / strength) and b exp(−g / strength).
    by_a, by_b: (n,), (m,) derivatives of the regularised cost; for `Balanced` f and g, valid for changes that
        keep the totals equal.  by_sources, by_targets: (n, d), (m, d), None for a cost matrix. The derivative
        by the cost matrix is the plan.
    warm_start: for the next solve on a similar problem.
    """

    problem: TransportProblem
    epsilon: float
    f: Floats
    g: Floats
    regularised_cost: float
    transport_cost: float
    rows: Floats
    columns: Floats
    marginal_error: float
    iterations: int
    status: Status
    by_a: Floats
    by_b: Floats
    by_sources: Floats | None
    by_targets: Floats | None
    warm_start: TransportWarmStart

    def plan(self) -> Floats:
        """Return the plan (n, m), computed at every call."""
        problem = self.problem
        with np.errstate(divide="ignore"):  # between points without weight, the exponential alone might overflow
            log_a, log_b = np.log(problem.a / problem.scale), np.log(problem.b)
        plan = problem.cost.matrix() / -self.epsilon
        plan += (self.f / self.epsilon + log_a)[:, None]
        plan += self.g / self.epsilon + log_b
        return np.exp(plan, out=plan)

    @property
    def message(self) -> str:
        """Say how the solve ended and, if it did not converge, what to change."""
        return _MESSAGES[self.status].format(error=self.marginal_error, iterations=self.iterations)


_MESSAGES = {
    Status.CONVERGED: "Done: the plan's marginals are right to {error:.1e} of the weight.",
    Status.STEPS_DONE: (
        "Stopped after {iterations} passes with marginals that are off by {error:.1e} of the weight. Allow more "
        "iterations, or choose a larger epsilon or tolerance."
    ),
    Status.STALLED: (
        "The marginals stay off by {error:.1e} of the weight, whatever is tried at this precision. Choose a "
        "larger epsilon or tolerance; for plans without blur, the exact one."
    ),
    Status.NOT_A_NUMBER: (
        "The solver met something that is not a finite number, and its last good state is kept, with marginals "
        "off by {error:.1e}. Choose a larger epsilon, and look at the costs for extreme values."
    ),
}
