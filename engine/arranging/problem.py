"""The problem of arranging terrain: a drawn map of tiles, who walks on them, and what an arrangement must keep.

The tiles that are on the map are moved about; none is made, lost or mixed. Each movement class pays its own cost
on each terrain, or cannot go there. An arrangement is a map of terrain numbers, as the drawn one is.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.core.clearance import open_to
from engine.core.grid import CornerRule, CostRule, Grid
from engine.cost_maps.admissible import Symmetry
from engine.cost_maps.problem import Route
from engine.paths.exact import distances_to

Aim = Literal["longer", "shorter", "fair", "target"]

NO_TILE = -1
# In the relaxed problem, where a cell is a mixture of terrains, "cannot go" costs so many times the dearest cost.
CANNOT_FACTOR = 3.0


@dataclass(frozen=True, eq=False)
class TravelClass:
    """One kind of walker: what it pays on each terrain, how it moves, and its routes.

    It is to terrains what `engine.core.movement.Movement` is to costs.
    costs: (T,) cost of each terrain, > 0; infinite where the class cannot go.
    elsewhere: (H, W) cost of the cells that are not tiles, infinite for walls; None: all of them are walls.
    neighbours, corner_rule, cost_rule: see `Grid`. Terrain where the class cannot go counts as a wall.
    size: it stands on size × size cells, see `engine.core.clearance`; it pays for the one that is its place.
    """

    name: str
    costs: Floats
    routes: tuple[Route, ...]
    elsewhere: Floats | None = None
    neighbours: Literal[4, 8] = 8
    corner_rule: CornerRule = "both_open"
    cost_rule: CostRule = "mean"
    size: int = 1

    @property
    def finite_costs(self) -> Floats:
        """Costs (T,) with a large number for "cannot go": what the relaxed problem uses."""
        can = np.isfinite(self.costs)
        dearest = float(self.costs[can].max()) if can.any() else 1.0
        return np.where(can, self.costs, CANNOT_FACTOR * dearest)

    def fixed_costs(self, shape: tuple[int, int]) -> Floats:
        """Return the costs (H, W) of the cells that are not tiles; infinite for walls, and not meant for tiles."""
        return np.full(shape, np.inf) if self.elsewhere is None else self.elsewhere

    def grid(self, passable: Flags) -> Grid:
        """Return this class's moves on a map with these passable cells."""
        return Grid(open_to(passable, self.size), self.neighbours, self.corner_rule, self.cost_rule)


@dataclass(frozen=True, eq=False)
class Limits:
    """What an arrangement has to keep, beside the number of tiles of each terrain.

    locked: (H, W) tiles that stay as drawn.  free_zone: so do all within this many cells of a start or goal.
    districts: (H, W) numbers; each district keeps its own number of tiles of each terrain. None: the whole map is
        one district.
    symmetry: cells that are images of each other have the same terrain. A drawn map that is not symmetric keeps
        its numbers of tiles to the nearest number of sets of images, in each district.
    allowed: (T, H, W) where each terrain may lie; None: anywhere.
    counts: (T, 2) least and greatest number of tiles of each terrain on the map; None: exactly as many as drawn.
    most_changed: the share of the tiles whose terrain may differ from the drawn one.
    """

    locked: Flags | None = None
    free_zone: float = 0.0
    districts: Integers | None = None
    symmetry: Symmetry = "none"
    allowed: Flags | None = None
    counts: Integers | None = None
    most_changed: float = 1.0


@dataclass(frozen=True, eq=False)
class Arrangement:
    """A drawn map of tiles, the classes that walk on it, the limits, and what is wanted.

    terrain: (H, W) number of each tile's terrain, 0..T−1; NO_TILE for cells that are none.
    aim: "longer" or "shorter": the largest or smallest weighted sum of the path costs of all routes; "fair": the
        largest smallest ratio of a path cost to the drawn one; "target": each route at its target, the worst
        relative deviation counts.
    """

    terrain: Integers
    classes: tuple[TravelClass, ...]
    limits: Limits = Limits()
    aim: Aim = "longer"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        height, width = self.terrain.shape
        return height, width

    @property
    def terrains(self) -> int:
        """Number of terrains, T."""
        return self.classes[0].costs.size

    @property
    def tiles(self) -> Flags:
        """Flags (H, W) of the cells that are tiles."""
        return self.terrain != NO_TILE

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes of all classes, class after class."""
        return tuple(route for walker in self.classes for route in walker.routes)

    @cached_property
    def drawn_lengths(self) -> Floats:
        """Path cost of each route (R,) on the drawn map."""
        return path_costs(self, self.terrain)


def costs_on(problem: Arrangement, walker: TravelClass, terrain: Integers) -> Floats:
    """Return what a class pays on an arrangement: (H, W), infinite where it cannot go."""
    return np.where(problem.tiles, walker.costs[terrain], walker.fixed_costs(problem.shape))


def path_costs(problem: Arrangement, terrain: Integers) -> Floats:
    """Return the exact path cost (R,) of every route on an arrangement; infinite where a route is sealed."""
    lengths: list[float] = []
    for walker in problem.classes:
        costs = costs_on(problem, walker, terrain)
        passable = np.isfinite(costs)
        grid = walker.grid(passable)
        fields = {goal: distances_to(grid, costs, goal) for goal in {route.goal for route in walker.routes}}
        lengths += [float(fields[route.goal].distance[route.start]) for route in walker.routes]
    return np.array(lengths)


def score(problem: Arrangement, lengths: Floats) -> float:
    """Return what the aim counts, from the path costs (R,); infinite or NaN where a route is sealed."""
    match problem.aim:
        case "longer" | "shorter":
            return float(weights(problem) @ lengths)
        case "fair":
            return float(np.min(lengths / problem.drawn_lengths)) if np.isfinite(lengths).all() else np.inf
        case "target":
            return float(np.max(np.abs(lengths / targets(problem) - 1.0)))


def loss(problem: Arrangement, lengths: Floats) -> float:
    """Return a number that is smaller for a better arrangement, and infinite where a route is sealed."""
    if not np.isfinite(lengths).all():
        return np.inf
    value = score(problem, lengths)
    return -value if problem.aim in ("longer", "fair") else value


def weights(problem: Arrangement) -> Floats:
    """Return the weights (R,) of the routes."""
    return np.array([route.weight for route in problem.routes])


def targets(problem: Arrangement) -> Floats:
    """Return the path costs (R,) that the routes should have; NaN where a route has no target."""
    return np.array([np.nan if route.target is None else route.target for route in problem.routes])
