"""Ground costs on a map, and the gradient of transport by the positions.

Positions are (n, 2), (row, col) in cells; cell (r, c) has its centre at (r, c). A cost is distance ** power.

`Straight`  Euclidean distance.
`Walking`   exact path cost over a map with walls, in the map's own unit.
`Given`     any matrix, for points that do not move and change only their weights.

`towards(targets)` returns the costs to a set of targets, an object with two methods. `cost(positions)` is the
ground cost that transport is solved with. `pull(positions, plan)` returns the gradient (n, 2) of <plan, cost> at
a fixed plan, which by the envelope theorem is that of the regularised cost, and a curvature (n,). The step
−gradient / curvature leads, for squared straight distance, exactly to the barycentre of a point's targets; for
plain distance it is Weiszfeld's step.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.core.arrays import Flags, Floats, Integers, writable
from engine.core.compiled import compiled
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Grid
from engine.paths.exact import distances_to
from engine.transport.costs import GroundCost, MatrixCost, PointCost
from engine.transport.exact import ExactPlan
from engine.transport.result import TransportResult

Power = Literal[1, 2]
Plan = TransportResult | ExactPlan

# Below this distance, in cells, the curvature of a plain distance, 1 / distance, is cut off.
NEAREST = 5e-4
# Memory for the path distances to all targets, (H · W, m) float64.
MOST_BYTES = 2**30
# A pair without a path costs the longest existing path times this, so that plans avoid it.
DETOUR = 4.0


@dataclass(frozen=True)
class Straight:
    """Straight distance, in cells, to a power of 1 or 2."""

    power: Power = 2
    unit: float = 1.0

    def towards(self, targets: Floats, known: "TargetCost | None" = None) -> "StraightCost":
        """Return the costs to `targets` (m, 2); `known` is not used."""
        return StraightCost(writable(targets), self.power)


@dataclass(frozen=True, eq=False)
class Walking:
    """Cost of the cheapest path over `cost_map` (H, W) on `grid`, to a power of 1 or 2.

    Distances are exact between cell centres, and a target counts as in its cell. For positions between centres
    they are interpolated; less than a cell from the target, if no wall is near, they are straight.
    """

    grid: Grid
    cost_map: Floats
    power: Power = 2

    @property
    def unit(self) -> float:
        """Mean cost of a passable cell."""
        return float(self.cost_map[self.grid.passable].mean())

    def towards(self, targets: Floats, known: "TargetCost | None" = None) -> "WalkingCost":
        """Return the costs to `targets` (m, 2), by one Dijkstra run for each of their cells.

        known: earlier costs, whose distances are reused if the map is the same. Targets must lie in passable
        cells. Raises ProblemError if the distances need more than MOST_BYTES of memory.
        """
        cells = cells_of(targets)
        wanted, index = np.unique(cells, axis=0, return_inverse=True)
        size = self.grid.passable.size
        if size * len(wanted) * 8 > MOST_BYTES:
            raise ProblemError(
                "ground",
                f"walking distances from {size} cells to {len(wanted)} targets need "
                f"{size * len(wanted) * 8 / 2**30:.1f} GiB, more than {MOST_BYTES / 2**30:.0f} GiB; use fewer "
                f"targets, a smaller map, or straight distances",
                SuggestedFix("ground", Straight()),
            )
        before: dict[tuple[int, int], Floats] = {}
        if isinstance(known, WalkingCost) and known.same_map(self.grid, self.cost_map):
            before = {(row, col): known.distance[:, j] for j, (row, col) in enumerate(known.cells.tolist())}
        distance = np.empty((size, len(wanted)))
        for j, (row, col) in enumerate(wanted.tolist()):
            column = before.get((row, col))
            if column is None:
                column = distances_to(self.grid, self.cost_map, (row, col)).distance.reshape(-1)
            distance[:, j] = column
        finite = distance[np.isfinite(distance)]
        return WalkingCost(
            grid=self.grid,
            cost_map=writable(self.cost_map),
            targets=writable(targets),
            power=self.power,
            cells=wanted.astype(np.int64),
            index=index.reshape(-1).astype(np.int64),
            distance=distance,
            nowhere=DETOUR * float(finite.max(initial=1.0)),
        )


@dataclass(frozen=True, eq=False)
class Given:
    """A matrix (n, m) of costs; `unit` is the cost that corresponds to a blur of 1."""

    costs: Floats
    unit: float = 1.0
    power: Power = 1

    def towards(self, targets: Floats, known: "TargetCost | None" = None) -> "GivenCost":
        """Return the matrix as costs. Raises ProblemError unless it has a column for each of `targets` (m, 2)."""
        if self.costs.ndim != 2 or self.costs.shape[1] != len(targets):
            raise ProblemError(
                "ground", f"the cost matrix is {self.costs.shape}; it needs one column for {len(targets)} targets"
            )
        if not np.isfinite(self.costs).all():
            row, col = (int(i) for i in np.argwhere(~np.isfinite(self.costs))[0])
            raise ProblemError(
                "ground", f"the cost of point {row} to target {col} is {self.costs[row, col]}; give a finite one"
            )
        return GivenCost(writable(targets), writable(self.costs))


Ground = Straight | Walking | Given


@dataclass(frozen=True, eq=False)
class StraightCost:
    """Straight distance to `targets` (m, 2) to a power."""

    targets: Floats
    power: Power

    def cost(self, positions: Floats) -> GroundCost:
        """Return the ground cost from `positions` (n, 2)."""
        return PointCost(writable(positions), self.targets, "squared" if self.power == 2 else "distance")

    def pull(self, positions: Floats, plan: Plan) -> tuple[Floats, Floats]:
        """Return gradient (n, 2) and curvature (n,) of <plan, cost> by the positions."""
        if self.power == 2 and isinstance(plan, TransportResult) and plan.by_sources is not None:
            return plan.by_sources, 2.0 * plan.rows
        return _straight_pull(writable(positions), self.targets, self.power, writable(plan.plan()))


@dataclass(frozen=True, eq=False)
class WalkingCost:
    """Path cost to `targets` (m, 2) to a power.

    cells: (k, 2) the cells that hold targets.  index: (m,) which of them holds each target.
    distance: (H · W, k) exact path cost from every cell.  nowhere: path cost of pairs without a path.
    """

    grid: Grid
    cost_map: Floats
    targets: Floats
    power: Power
    cells: Integers
    index: Integers
    distance: Floats
    nowhere: float

    def same_map(self, grid: Grid, cost_map: Floats) -> bool:
        """Return whether the distances are those of this map."""
        return (
            np.array_equal(self.grid.legal, grid.legal)
            and self.grid.cost_rule == grid.cost_rule
            and np.array_equal(self.cost_map, cost_map)
        )

    def cost(self, positions: Floats) -> GroundCost:
        """Return the ground cost from `positions` (n, 2)."""
        return MatrixCost(self.walk(positions)[0] ** self.power)

    def pull(self, positions: Floats, plan: Plan) -> tuple[Floats, Floats]:
        """Return gradient (n, 2) and curvature (n,) of <plan, cost> by the positions."""
        masses = plan.plan()
        distance, slope = self.walk(positions)
        local = self._cost_at(positions)
        if self.power == 2:
            gradient = 2.0 * np.einsum("nm,nm,nmk->nk", masses, distance, slope)
            return gradient, 2.0 * local**2 * masses.sum(axis=1)
        gradient = np.einsum("nm,nmk->nk", masses, slope)
        return gradient, local**2 * (masses / np.maximum(distance, NEAREST * local[:, None])).sum(axis=1)

    def reaches(self, positions: Floats) -> Flags:
        """Return flags (n, m): whether there is a path from each position to each target."""
        cells = cells_of(positions)
        rows = self.distance[cells[:, 0] * self.grid.shape[1] + cells[:, 1]]
        return np.isfinite(rows)[:, self.index]

    def walk(self, positions: Floats) -> tuple[Floats, Floats]:
        """Return distances (n, m) and their derivatives by the positions, (n, m, 2)."""
        return _walking(
            writable(positions),
            self.targets,
            self.index,
            self.distance,
            self.cost_map,
            self.grid.passable,
            self.nowhere,
        )

    def _cost_at(self, positions: Floats) -> Floats:
        cells = cells_of(positions)
        return self.cost_map[cells[:, 0], cells[:, 1]]


@dataclass(frozen=True, eq=False)
class GivenCost:
    """A matrix (n, m) of costs to `targets` (m, 2) that no position changes."""

    targets: Floats
    costs: Floats

    def cost(self, positions: Floats) -> GroundCost:
        """Return the ground cost from `positions` (n, 2)."""
        return MatrixCost(self.costs)

    def pull(self, positions: Floats, plan: Plan) -> tuple[Floats, Floats]:
        """Return gradient (n, 2) and curvature (n,) of <plan, cost> by the positions."""
        return np.zeros_like(positions), plan.plan().sum(axis=1)


TargetCost = StraightCost | WalkingCost | GivenCost


def cells_of(positions: Floats) -> Integers:
    """Return the cells (n, 2) that positions (n, 2) lie in."""
    return np.floor(positions + 0.5).astype(np.int64)


@compiled
def _straight_pull(positions: Floats, targets: Floats, power: int, plan: Floats) -> tuple[Floats, Floats]:
    n, m = plan.shape
    gradient, curvature = np.zeros((n, 2)), np.zeros(n)
    for i in range(n):
        for j in range(m):
            dr, dc = positions[i, 0] - targets[j, 0], positions[i, 1] - targets[j, 1]
            slope = stiff = 2.0 * plan[i, j]
            if power == 1:
                away = np.sqrt(dr * dr + dc * dc)
                # At the target itself there is a kink, and 0 is a subgradient.
                slope = plan[i, j] / away if away > 0.0 else 0.0
                stiff = plan[i, j] / max(away, NEAREST)
            gradient[i, 0] += slope * dr
            gradient[i, 1] += slope * dc
            curvature[i] += stiff
    return gradient, curvature


@compiled
def _walking(
    positions: Floats,
    targets: Floats,
    index: Integers,
    distance: Floats,
    cost_map: Floats,
    passable: Flags,
    nowhere: float,
) -> tuple[Floats, Floats]:
    """Return distances (n, m) and their derivatives by the positions, (n, m, 2)."""
    n, m, k = positions.shape[0], targets.shape[0], distance.shape[1]
    height, width = passable.shape
    value, slope = np.empty((n, m)), np.zeros((n, m, 2))
    cell_value, cell_slope = np.empty(k), np.empty((k, 2))
    for i in range(n):
        row, col = int(np.floor(positions[i, 0] + 0.5)), int(np.floor(positions[i, 1] + 0.5))
        u, v = positions[i, 0] - row, positions[i, 1] - col
        sr, sc = (1 if u >= 0.0 else -1), (1 if v >= 0.0 else -1)
        u, v = abs(u), abs(v)
        here = row * width + col
        r_open = 0 <= row + sr < height and passable[row + sr, col]
        r_back = 0 <= row - sr < height and passable[row - sr, col]
        c_open = 0 <= col + sc < width and passable[row, col + sc]
        c_back = 0 <= col - sc < width and passable[row, col - sc]
        d_open = (
            (r_open or c_open)
            and 0 <= row + sr < height
            and 0 <= col + sc < width
            and passable[row + sr, col + sc]
        )
        for j in range(k):
            d = distance[here, j]
            if not np.isfinite(d):
                cell_value[j], cell_slope[j, 0], cell_slope[j, 1] = nowhere, 0.0, 0.0
                continue
            # Across a wall the distance is extrapolated, so that the gradient in a dead end leads out of it.
            along_r, along_c = d, d
            if r_open:
                along_r = distance[here + sr * width, j]
            elif r_back:
                along_r = 2.0 * d - distance[here - sr * width, j]
            if c_open:
                along_c = distance[here + sc, j]
            elif c_back:
                along_c = 2.0 * d - distance[here - sc, j]
            diagonal = distance[here + sr * width + sc, j] if d_open else along_r + along_c - d
            cell_value[j] = (
                (1.0 - u) * (1.0 - v) * d + u * (1.0 - v) * along_r + (1.0 - u) * v * along_c + u * v * diagonal
            )
            cell_slope[j, 0] = sr * ((1.0 - v) * (along_r - d) + v * (diagonal - along_c))
            cell_slope[j, 1] = sc * ((1.0 - u) * (along_c - d) + u * (diagonal - along_r))
        for j in range(m):
            dr, dc = positions[i, 0] - targets[j, 0], positions[i, 1] - targets[j, 1]
            near = abs(dr) < 1.0 and abs(dc) < 1.0
            t_row, t_col = int(np.floor(targets[j, 0] + 0.5)), int(np.floor(targets[j, 1] + 0.5))
            if near:
                for r in range(min(row, t_row), max(row, t_row) + 1):
                    for c in range(min(col, t_col), max(col, t_col) + 1):
                        near = near and passable[r, c]
            if near:
                away = np.sqrt(dr * dr + dc * dc)
                cost = 0.5 * (cost_map[row, col] + cost_map[t_row, t_col])
                value[i, j] = cost * away
                if away > 0.0:
                    slope[i, j, 0], slope[i, j, 1] = cost * dr / away, cost * dc / away
            else:
                value[i, j] = cell_value[index[j]]
                slope[i, j, 0], slope[i, j, 1] = cell_slope[index[j], 0], cell_slope[index[j], 1]
    return value, slope
