"""Ground costs of transport: distances between positions, or any matrix."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.arrays import Floats
from engine.core.errors import ProblemError

Kind = Literal["squared", "distance"]


@dataclass(frozen=True, eq=False)
class PointCost:
    """Squared or plain Euclidean distance from `sources` (n, d) to `targets` (m, d)."""

    sources: Floats
    targets: Floats
    kind: Kind = "squared"

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers (n, m) of sources and targets."""
        return self.sources.shape[0], self.targets.shape[0]

    def matrix(self) -> Floats:
        """Return the ground cost (n, m), computed at every call."""
        squared = np.zeros(self.shape)
        for source, target in zip(self.sources.T, self.targets.T, strict=True):
            squared += np.subtract.outer(source, target) ** 2
        return squared if self.kind == "squared" else np.sqrt(squared)

    def largest(self) -> float:
        """Return an upper bound of the costs, from the bounding boxes of sources and targets."""
        reach = np.maximum(
            np.abs(self.sources.max(axis=0) - self.targets.min(axis=0)),
            np.abs(self.targets.max(axis=0) - self.sources.min(axis=0)),
        )
        squared = float(np.sum(reach**2))
        return squared if self.kind == "squared" else float(np.sqrt(squared))


@dataclass(frozen=True, eq=False)
class MatrixCost:
    """Any ground cost (n, m), finite."""

    values: Floats

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers (n, m) of sources and targets."""
        return self.values.shape[0], self.values.shape[1]

    def matrix(self) -> Floats:
        """Return the ground cost (n, m): the given array, not a copy."""
        return self.values

    def largest(self) -> float:
        """Return the largest difference between two costs."""
        return float(np.ptp(self.values))


GroundCost = PointCost | MatrixCost


def check_cost(cost: GroundCost) -> None:
    """Refuse, by ProblemError with the subject "cost", costs that are misshapen or not finite."""
    if isinstance(cost, MatrixCost):
        if cost.values.ndim != 2:
            raise ProblemError("cost", f"the cost matrix has shape {cost.values.shape}; it must have two axes")
        bad = np.argwhere(~np.isfinite(cost.values))
        if bad.size > 0:
            source, target = (int(i) for i in bad[0])
            raise ProblemError(
                "cost",
                f"the cost from source point {source} to target point {target} is {cost.values[source, target]}; "
                f"every cost must be a finite number",
            )
        return
    for side, positions in (("source", cost.sources), ("target", cost.targets)):
        if positions.ndim != 2 or positions.shape[1] == 0:
            raise ProblemError(
                "cost", f"the {side} positions have shape {positions.shape}; it must be (points, dimensions)"
            )
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
        if bad.size > 0:
            place = ", ".join(f"{x:g}" for x in positions[bad[0]])
            raise ProblemError("cost", f"{side} point {bad[0]} lies at ({place}); move it to a finite place")
    if cost.sources.shape[1] != cost.targets.shape[1]:
        raise ProblemError(
            "cost",
            f"sources have {cost.sources.shape[1]} coordinates and targets {cost.targets.shape[1]}; they must "
            f"lie in the same space",
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(cost.largest()):
            raise ProblemError("cost", "some points are too far apart for their distance to be a finite number")
