"""The normalised problem that the transport solvers share, their reports, and the constants of the method.

`engine.transport.sinkhorn` translates: it divides the weights by s and adds slack points, with which `Partial`
is a balanced problem.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.core.arrays import Floats
from engine.core.status import Status

# A cold start lowers epsilon in levels, each by at most this factor and solved to LEVEL_TOLERANCE only. With a
# looser tolerance groups of points stay out of balance, and on the next level that many times more so.
ANNEALING = 4.0
LEVEL_TOLERANCE = 0.01
# Above this marginal error sweeps make progress faster than Newton steps.
NEWTON_BELOW = 0.1
# Where a column has less than this share of its marginal, a sweep comes before a Newton step: targets of little
# weight would need long steps, and the step has one length for all.
UNEVEN = 0.3
# Entries of the kernel that the conjugate gradients of one Newton step may read: some tenths of a second, so that
# a solve can be stopped that often. Large problems get at least FEWEST conjugate gradient steps.
UNINTERRUPTED, FEWEST = 1e9, 50
# The line search of a Newton step begins with a change of the potentials by at most this, in units of epsilon. It
# goes LONGER while the slope is still a share STEEP of the first one: groups of points that exchange little mass
# have to be shifted against each other by many epsilon.
LONGEST_STEP = 10.0
STEEP, LONGER = 0.9, 4.0
SEARCHES = 10
# After a larger change of a potential, in units of epsilon, the kernel is computed anew: entries that were rounded
# to zero begin to matter.
FORM_ANEW_BEYOND = 20.0
# Where rounding leaves a column no more than this share of its marginal, its potential is computed from the costs.
LOST = 1e-20
# A solve has stalled when the error has not fallen by 1 % in so many passes.
PATIENCE = 1500
# A warm start that is still far off after so many passes is given up for a cold one.
POOR_START_AFTER = 12


@dataclass(frozen=True, eq=False)
class NormalisedProblem:
    """Transport between weights a (n,) and b (m,), all ≥ 0 and not all 0.

    sources, targets: (d, ·), (d, ·) positions, or else `matrix` the cost between them; the other is empty. a and b
        may have one weight more than there are positions: that of a slack point, at cost 0 to every point and
        infinite cost to the other slack point.
    squared: whether the cost of positions is the squared distance.  largest: about the largest cost.
    strength: of the marginals' KL divergence, in cost units; infinite if the marginals are prescribed.
    moved: share of the weights that does not go to or from a slack point; marginal errors are relative to it.
    """

    a: Floats
    b: Floats
    sources: Floats
    targets: Floats
    matrix: Floats
    squared: bool
    strength: float
    largest: float
    moved: float = 1.0

    def damping(self, epsilon: float) -> float:
        """Return κ = strength / (strength + ε), the factor by which unbalanced transport damps a sweep."""
        return 1.0 if np.isinf(self.strength) else self.strength / (self.strength + epsilon)


class SolverState(NamedTuple):
    """The present epsilon, marginal error and passes over the kernel; status: None while the solve goes on."""

    epsilon: float
    error: float
    iterations: int
    status: Status | None


class Solution(NamedTuple):
    """Solution of a normalised problem.

    f, g: (n,), (m,) potentials in cost units.  rows, columns: the plan's marginals.  cost: <plan, C>.
    by_sources, by_targets: (d, n), (d, m) derivatives by the positions; empty for a cost matrix.
    """

    f: Floats
    g: Floats
    rows: Floats
    columns: Floats
    cost: float
    by_sources: Floats
    by_targets: Floats


def levels(largest: float, epsilon: float) -> Floats:
    """Return the values of epsilon of a cold start, from the largest cost down by equal factors."""
    if epsilon >= largest:
        return np.array([epsilon])
    count = int(np.ceil(np.log(largest / epsilon) / np.log(ANNEALING)))
    return np.geomspace(largest, epsilon, count + 1)


def newton_effort(n: int, m: int) -> int:
    """Return how many conjugate gradient steps one Newton step may take on a kernel (n, m)."""
    return max(FEWEST, int(UNINTERRUPTED / (n * m)))


def ending(error: float, tolerance: float, last: bool, idle: int, left: int) -> Status | None:
    """Return the status with which a solve ends at this state, or None if it goes on.

    last: whether epsilon has its final value.  idle: passes without progress.  left: passes still allowed.
    """
    if not np.isfinite(error):
        return Status.NOT_A_NUMBER
    if error <= tolerance:
        return Status.CONVERGED if last else None
    if left <= 0:
        return Status.STEPS_DONE
    return Status.STALLED if idle > PATIENCE else None
