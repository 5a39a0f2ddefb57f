"""The one problem that the transport solvers solve, and what they report; `engine.transport.sinkhorn` translates.

Weights are divided by s = √(Σa · Σb); with slack points, which take what stays, `Partial` is balanced.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from engine.core.arrays import Floats
from engine.core.status import Status

# A cold start brings epsilon down by at most this factor a level, each only solved to LEVEL_TOLERANCE: on looser
# ones, groups of points stay out of balance, and on the next level they are that many times further off.
ANNEALING = 4.0
LEVEL_TOLERANCE = 0.01
# Newton's method is worth its conjugate gradients below this marginal error; before it, sweeps are.
NEWTON_BELOW = 0.1
# Before a Newton step, a sweep serves columns with less than this share of what they should have: targets of
# little weight would need long steps, which all others would have to wait for.
UNEVEN = 0.3
# Entries of the kernel that the conjugate gradients of one Newton step may pass over, some tenths of a second:
# no longer shall a solver be without an answer. Small problems may need many steps, and large ones get FEWEST.
UNINTERRUPTED, FEWEST = 1e9, 50
# A Newton step begins with a change of the potentials by at most this, in units of epsilon, and is made longer
# while the slope along it is still STEEP of the first one: groups of points that hardly exchange anything have to
# be shifted against each other by many epsilon.
LONGEST_STEP = 10.0
STEEP, LONGER = 0.9, 4.0
SEARCHES = 10
# Beyond this change of a potential, in units of epsilon, entries that were rounded to zero begin to matter.
FORM_ANEW_BEYOND = 20.0
# A column that has lost all but this share of its weight to rounding gets its potential from the costs.
LOST = 1e-20
# Passes without getting 1 % better, after which a solve has stalled.
PATIENCE = 1500
# A warm start that is still far off after so many passes is too far away for its epsilon: come from above.
POOR_START_AFTER = 12


@dataclass(frozen=True, eq=False)
class Core:
    """Transport between weights a (n,) and b (m,), each ≥ 0 and some of them above.

    sources, targets: (d, ·), (d, ·) positions, or else `matrix` the cost between them; whichever it is not is
        empty. a or b may have one weight more than there are positions: that of a slack point, which costs
        nothing to any point and everything to the other slack point.
    squared: whether the cost of positions is the squared distance.  largest: (about) the largest cost.
    strength: of the marginals' KL divergence, in cost units; infinite if they are prescribed.
    moved: share of the weights that is really moved, not to or from a slack point: marginal errors count by it.
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
        """κ = strength / (strength + ε): how much of a balanced sweep is made."""
        return 1.0 if np.isinf(self.strength) else self.strength / (self.strength + epsilon)


class Progress(NamedTuple):
    """Where a solver is: epsilon of the level, marginal error, passes over the kernel; status at the end."""

    epsilon: float
    error: float
    iterations: int
    status: Status | None


class Solution(NamedTuple):
    """What a solver found, for weights divided by s.

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
    """Values of epsilon from the largest cost down to the wanted one, in equal factors of at most ANNEALING."""
    if epsilon >= largest:
        return np.array([epsilon])
    count = int(np.ceil(np.log(largest / epsilon) / np.log(ANNEALING)))
    return np.geomspace(largest, epsilon, count + 1)


def newton_effort(n: int, m: int) -> int:
    """Steps of conjugate gradients that one Newton step may take."""
    return max(FEWEST, int(UNINTERRUPTED / (n * m)))


def ending(error: float, tolerance: float, last: bool, idle: int, left: int) -> Status | None:
    """How a solve ends here, or None if it goes on.

    last: whether this is the wanted epsilon.  idle: passes without progress.  left: passes that are allowed.
    """
    if not np.isfinite(error):
        return Status.NOT_A_NUMBER
    if error <= tolerance:
        return Status.CONVERGED if last else None
    if left <= 0:
        return Status.STEPS_DONE
    return Status.STALLED if idle > PATIENCE else None
