"""The checks that refuse an arrangement before a run, each with a sentence that says what to change."""

import numpy as np

from engine.arranging.choices import free_tiles
from engine.arranging.problem import NO_TILE, Arrangement, TravelClass, costs_on
from engine.core.arrays import Integers
from engine.core.errors import ProblemError, SuggestedFix
from engine.cost_maps.admissible import symmetric_shape
from engine.cost_maps.problem import Route


def check_arrangement(problem: Arrangement) -> None:
    """Raise ProblemError if no run can start."""
    _check_terrain(problem)
    for walker in problem.classes:
        _check_class(problem, walker)
    if not problem.routes:
        raise ProblemError("route", "there is no route; drop a start and a goal on the map")
    _check_limits(problem)
    for walker, route, number, length in _numbered(problem):
        if not np.isfinite(length):
            which = f"route {number}: " if len(problem.classes) == 1 else ""
            raise ProblemError(
                "route",
                f"{which}on the drawn map {walker.name} cannot get from {route.start} to {route.goal}; "
                "open a way between them, or move one of the two",
            )
        if problem.aim == "target" and not (route.target is not None and 0.0 < route.target < np.inf):
            raise ProblemError(
                "objective", f"route {number} has no target; give the path cost it should have, above 0"
            )
    if not free_tiles(problem).any():
        unlocked = problem.tiles if problem.limits.locked is None else problem.tiles & ~problem.limits.locked
        raise ProblemError(
            "locked",
            "no tile may change; unlock some, or make the free zone smaller",
            SuggestedFix("free_zone", 0.0) if unlocked.any() else None,
        )


def _numbered(problem: Arrangement) -> list[tuple[TravelClass, Route, int, float]]:
    pairs = [(walker, route) for walker in problem.classes for route in walker.routes]
    lengths = problem.drawn_lengths.tolist()
    return [(*pair, number, length) for number, (pair, length) in enumerate(zip(pairs, lengths, strict=True), 1)]


def _check_terrain(problem: Arrangement) -> None:
    if not problem.classes:
        raise ProblemError("class", "there is no movement class; give one, with a cost for each terrain")
    terrains = problem.terrains
    if any(walker.costs.shape != (terrains,) for walker in problem.classes):
        raise ProblemError("class", "the movement classes name different numbers of terrains; give each a cost")
    wrong = (problem.terrain < NO_TILE) | (problem.terrain >= terrains)
    if wrong.any():
        row, column = np.argwhere(wrong)[0].tolist()
        raise ProblemError(
            "terrain",
            f"cell (row {row}, col {column}) has terrain {problem.terrain[row, column]}, but there are "
            f"{terrains}, from 0 on; paint it anew",
        )
    if not problem.tiles.any():
        raise ProblemError("terrain", "there is no tile to arrange; paint some terrain first")
    if terrains < 2:
        raise ProblemError("terrain", "there is one terrain only, so nothing can change places; paint another one")


def _check_class(problem: Arrangement, walker: TravelClass) -> None:
    bad = ~(walker.costs > 0.0)
    if bad.any():
        number = int(np.flatnonzero(bad)[0])
        raise ProblemError(
            "class",
            f"{walker.name} pays {walker.costs[number]} on terrain {number}; a cost must be a number above 0, or "
            "infinite where the class cannot go",
        )
    if not np.isfinite(walker.costs).any():
        raise ProblemError("class", f"{walker.name} can go on no terrain; give it a cost on one")
    fixed = walker.fixed_costs(problem.shape)
    if fixed.shape != problem.shape or not (fixed[~problem.tiles] > 0.0).all():
        raise ProblemError("cost", f"{walker.name} needs a cost above 0 on every cell that is not a tile")
    open_cells = walker.grid(np.isfinite(costs_on(problem, walker, problem.terrain))).passable
    for route in walker.routes:
        for name, cell in (("start", route.start), ("goal", route.goal)):
            if not (0 <= cell[0] < problem.shape[0] and 0 <= cell[1] < problem.shape[1]):
                raise ProblemError("route", f"the {name} of a route, cell {cell}, lies outside the map; move it")
            if not open_cells[cell]:
                raise ProblemError(
                    "route",
                    f"the {name} of a route, cell {cell}, lies where {walker.name} cannot go; move it or change "
                    "the terrain there",
                )
        if route.start == route.goal:
            raise ProblemError("route", f"a route starts at its goal, cell {route.goal}; move one of the two")
        if not (0.0 < route.weight < np.inf):
            raise ProblemError("route", f"a route has weight {route.weight}; it must be a number above 0")


def _check_limits(problem: Arrangement) -> None:
    limits, shape = problem.limits, problem.shape
    if not symmetric_shape(shape, limits.symmetry):
        raise ProblemError(
            "symmetry",
            f"this symmetry needs a square map, but the map is {shape[0]} × {shape[1]}; choose another one",
            SuggestedFix("symmetry", "none"),
        )
    if not limits.free_zone >= 0.0:
        raise ProblemError(
            "free_zone",
            f"the free zone is {limits.free_zone} cells; it must be 0 or more",
            SuggestedFix("free_zone", 0.0),
        )
    if not 0.0 <= limits.most_changed <= 1.0:
        raise ProblemError(
            "most_changed",
            f"the share of tiles that may change is {limits.most_changed}; it must lie between 0 and 1",
            SuggestedFix("most_changed", 1.0),
        )
    if limits.counts is not None:
        _check_counts(problem, np.asarray(limits.counts))


def _check_counts(problem: Arrangement, counts: Integers) -> None:
    tiles = int(np.count_nonzero(problem.tiles))
    if counts.shape != (problem.terrains, 2):
        raise ProblemError("counts", "give a least and a greatest number of tiles for each terrain")
    least, most = counts.T
    if (least > most).any() or (least < 0).any():
        number = int(np.flatnonzero((least > most) | (least < 0))[0])
        raise ProblemError(
            "counts", f"terrain {number} is to have {least[number]} to {most[number]} tiles; swap the two numbers"
        )
    if not least.sum() <= tiles <= most.sum():
        raise ProblemError(
            "counts",
            f"the counts hold {least.sum()} to {most.sum()} tiles, but the map has {tiles}; change them so that "
            "they fill it",
            SuggestedFix("counts", None),
        )
    fixed = np.bincount(problem.terrain[problem.tiles & ~free_tiles(problem)], minlength=problem.terrains)
    if (fixed > most).any():
        number = int(np.flatnonzero(fixed > most)[0])
        raise ProblemError(
            "counts",
            f"{fixed[number]} tiles of terrain {number} are locked, but at most {most[number]} may be there; "
            "unlock some, or allow more",
        )
    drawn = np.bincount(problem.terrain[problem.tiles], minlength=problem.terrains)
    divided = problem.limits.districts is not None or problem.limits.symmetry != "none"
    if divided and ((drawn < least) | (drawn > most)).any():
        raise ProblemError(
            "counts",
            "with districts or a symmetry the counts can only widen the drawn numbers; take them into the ranges, "
            "or arrange the whole map",
            SuggestedFix("counts", None),
        )
