"""What balance by rank asks of a map: who walks to which sites, the aims, and the checks before a run.

Spawns and sites (resources) lie on a map; the distance of a spawn to a site is the cost of its shortest
path. Aims speak of ranks of those distances.
"""

from dataclasses import dataclass

import numpy as np

from engine.core.arrays import Floats
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Cell, Grid
from engine.core.movement import Movement, check_end, check_movement, unreachable
from engine.cost_maps.admissible import Admissible
from engine.cost_maps.problem import Problem, check_admissible, check_costs, check_keep
from engine.paths.soft_distances import exact_distances


@dataclass(frozen=True)
class Nearest:
    """Site number `site` is among the `k` nearest of spawn number `spawn`. Numbers count from 0."""

    spawn: int
    site: int
    k: int


@dataclass(frozen=True)
class Order:
    """From spawn number `spawn`, these sites come in this order, nearest first. Numbers count from 0."""

    spawn: int
    sites: tuple[int, ...]


@dataclass(frozen=True)
class EqualRanks:
    """The teams' distances to all sites have the same mean rank."""


Aim = Nearest | Order | EqualRanks


@dataclass(frozen=True, eq=False)
class BalanceProblem:
    """A drawn map with spawns and sites, what is wanted of their distances, and the admissible maps.

    teams: the team of each spawn, any numbers.
    margin: aims count as met only by this much, as a share of the distances; equal ranks have none.
    closeness: weight of the squared change of the map.  keep: see `engine.cost_maps.keeping`.
    movement: how everybody from the spawns moves, and what they pay; None: as the map's own grid says.
    """

    grid: Grid
    cost_map: Floats
    spawns: tuple[Cell, ...]
    teams: tuple[int, ...]
    sites: tuple[Cell, ...]
    aims: tuple[Aim, ...]
    admissible: Admissible
    margin: float = 0.01
    closeness: float = 0.0
    keep: float = 0.0
    movement: Movement | None = None

    @property
    def ground(self) -> Problem:
        """The map and its limits alone."""
        return Problem(self.grid, self.cost_map, (), self.admissible)

    @property
    def walking(self) -> Movement:
        """How everybody from the spawns moves."""
        return self.movement or Movement(self.grid)

    def distances(self, cost_map: Floats) -> Floats:
        """Return the exact path costs (S, M) from spawns to sites on a map (H, W)."""
        return exact_distances(self.walking.grid, self.walking.costs(cost_map), self.spawns, self.sites)


def check_balance(problem: BalanceProblem) -> None:
    """Raise ProblemError, with a sentence that says what to change, if no run can start."""
    check_costs(problem.grid, problem.cost_map)
    check_admissible(problem.admissible)
    if not problem.spawns or not problem.sites:
        raise ProblemError("points", "balance needs at least one spawn and one site; set them on the map")
    walking = problem.walking
    check_movement(walking, problem.grid, problem.admissible.fixed_or_free)
    for kind, cells in (("spawn", problem.spawns), ("site", problem.sites)):
        for number, cell in enumerate(cells, 1):
            check_end(walking, "points", f"{kind} {number}", cell)
    distances = problem.distances(problem.cost_map)
    for spawn, site in np.argwhere(~np.isfinite(distances)).tolist():
        way = f"spawn {spawn + 1} to site {site + 1}"
        raise unreachable(walking, "points", way, problem.spawns[spawn], problem.sites[site])
    if len(problem.teams) != len(problem.spawns):
        raise ProblemError(
            "points", f"{len(problem.spawns)} spawns have {len(problem.teams)} teams; give each one"
        )
    for name, value in (("margin", problem.margin), ("closeness", problem.closeness)):
        if not (np.isfinite(value) and value >= 0.0):
            raise ProblemError("objective", f"the {name} is {value}; it must be a number of at least 0")
    check_keep(problem.keep)
    if not problem.aims:
        raise ProblemError("objective", "there is no aim; say which site should be near to which spawn")
    for number, aim in enumerate(problem.aims, 1):
        if not isinstance(aim, EqualRanks):
            _check_aim(problem, number, aim)
        elif len(set(problem.teams)) < 2:
            raise ProblemError("objective", f"aim {number} compares teams, but all spawns are of one team")


def _check_aim(problem: BalanceProblem, number: int, aim: Nearest | Order) -> None:
    sites = (aim.site,) if isinstance(aim, Nearest) else aim.sites
    if not 0 <= aim.spawn < len(problem.spawns):
        raise ProblemError("objective", f"aim {number} is about spawn {aim.spawn + 1}, which there is not")
    for site in sites:
        if not 0 <= site < len(problem.sites):
            raise ProblemError("objective", f"aim {number} is about site {site + 1}, which there is not")
    if isinstance(aim, Nearest) and not 1 <= aim.k < len(problem.sites):
        raise ProblemError(
            "objective",
            f"aim {number} asks for one of the {aim.k} nearest of {len(problem.sites)} sites; ask for at least 1 "
            f"and fewer than all",
            SuggestedFix("k", len(problem.sites) - 1) if len(problem.sites) > 1 else None,
        )
    if isinstance(aim, Order) and (len(sites) < 2 or len(set(sites)) < len(sites)):
        raise ProblemError("objective", f"aim {number} orders {len(sites)} sites; name at least two, each once")
