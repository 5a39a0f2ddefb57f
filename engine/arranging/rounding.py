"""From plans to tiles: the exact assignment for the plan's values, opened where it would seal a route."""

import numpy as np

from engine.arranging.assignment import FORBIDDEN, assign_within
from engine.arranging.choices import FIXED
from engine.arranging.found import Found, judged
from engine.arranging.loads import Walk
from engine.arranging.prepared import Prepared
from engine.arranging.problem import costs_on
from engine.core.arrays import Floats, Integers
from engine.core.clearance import open_to, under
from engine.core.grid import Grid
from engine.paths.exact import distances_to, shortest_path

# To open a sealed route, a way counts each tile that has to change as so many that need not.
DETOUR = 4.0
# Openings before a rounding is given up.
MOST_OPENINGS = 4


def rounded(prepared: Prepared, values: Floats, prices: Floats) -> Found | None:
    """Return the arrangement that fits the values (U, T) best.

    Where it seals a route, tiles along a short way are kept from the terrains that block it, and the others are
    assigned anew. None if that does not help. prices: (P, T) to start from.
    """
    for _ in range(1 + MOST_OPENINGS):
        assignment = assign_within(prepared.choices, values, prepared.most_changed, prices)
        if assignment is None:
            return None
        found = judged(prepared, assignment.chosen)
        sealed = np.flatnonzero(~np.isfinite(found.lengths))
        if sealed.size == 0:
            return found
        values = values.copy()
        for route in sealed:
            _open(prepared, prepared.walks[route], found.terrain, values)
    return None


def _open(prepared: Prepared, walk: Walk, terrain: Integers, values: Floats) -> None:
    """Forbid, in `values` (U, T), what blocks a class on a short way of its route."""
    choices, walker = prepared.choices, prepared.problem.classes[walk.number]
    closed = ~np.isfinite(costs_on(prepared.problem, walker, terrain))
    fixed = (choices.unit == FIXED).reshape(closed.shape)
    # A way by four moves is legal whatever lies at its corners.
    grid = Grid(walk.grid.passable & open_to(~(closed & fixed), walker.size), neighbours=4)
    field = distances_to(grid, np.where(open_to(~closed, walker.size), 1.0, DETOUR), walk.goal)
    if not field.reaches(walk.start):
        return
    on_way = np.zeros(closed.shape, dtype=np.bool_)
    on_way[tuple(shortest_path(field, walk.start).T)] = True
    blocking = np.flatnonzero(~np.isfinite(walker.costs))
    units = choices.unit.reshape(closed.shape)[under(on_way, walker.size)]
    values[np.ix_(units[units != FIXED], blocking)] = FORBIDDEN
