"""What every scenario translates from documents to the engine and back: walls, movement, exact paths, fixes."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from engine.core.errors import ProblemError, SuggestedFix

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from app.scenarios.frame import Cells, Floats
    from engine.core.grid import Grid
    from engine.paths.exact import DistanceField
    from maps.document import Cell, MapDocument
    from maps.movement import MovementRule


class Ends(Protocol):
    """A start and a goal: a route of a document, of the engine, or an agent."""

    @property
    def start(self) -> Cell:
        """Cell (row, col)."""
        ...

    @property
    def goal(self) -> Cell:
        """Cell (row, col)."""
        ...


@dataclass(frozen=True, eq=False)
class ExactPath:
    """The shortest path of one route.

    cost: infinite where no way leads.  cells: (n, 2), with n = 0 where no way leads.
    distance: (H, W) to the route's goal, infinite where no way leads.
    """

    cost: float
    cells: Cells
    distance: Floats


def movement_grid(document: MapDocument) -> Grid:
    """Return the document's walls and movement rule as the engine's graph."""
    from engine.core.grid import Grid

    rule = document.rule
    return Grid(document.passable, rule.neighbours, rule.corner_rule, rule.cost_rule)


def exact_paths(grid: Grid, cost_map: Floats, routes: Iterable[Ends]) -> Iterator[ExactPath]:
    """Yield the shortest path of each route, in order.

    Distances to a goal are computed once and kept only as long as another route needs them.
    """
    from engine.paths.exact import distances_to, shortest_path

    routes = tuple(routes)
    waiting = Counter(route.goal for route in routes)
    fields: dict[Cell, DistanceField] = {}
    for route in routes:
        field = fields.pop(route.goal, None) or distances_to(grid, cost_map, route.goal)
        waiting[route.goal] -= 1
        if waiting[route.goal]:
            fields[route.goal] = field
        if grid.passable[route.start] and field.reaches(route.start):
            cost = float(field.distance[route.start])
            yield ExactPath(cost, shortest_path(field, route.start), field.distance)
        else:
            yield ExactPath(np.inf, np.zeros((0, 2), np.int64), field.distance)


def path_cells(grid: Grid, cost_map: Floats, routes: Iterable[Ends]) -> tuple[Cells, ...]:
    """Return the cells (n, 2) of each route's shortest path; (0, 2) without a way."""
    return tuple(path.cells for path in exact_paths(grid, cost_map, routes))


def document_paths(document: MapDocument) -> Iterator[ExactPath]:
    """Yield the shortest path of each of the document's routes."""
    return exact_paths(movement_grid(document), document.cost.astype(np.float64), document.routes)


def shortest_paths(document: MapDocument) -> tuple[Cells, ...]:
    """Return the cells (n, 2) of each of the document's routes' shortest path; (0, 2) without a way."""
    return tuple(path.cells for path in document_paths(document))


def path_costs(document: MapDocument) -> Floats:
    """Return the cost (R,) of each route's shortest path; infinite where there is no way."""
    return np.array([path.cost for path in document_paths(document)], np.float64)


def moved_cost(before: MapDocument, after: MapDocument) -> float:
    """Return the sum of the absolute changes of the costs of passable cells."""
    return float(np.abs(after.cost - before.cost, dtype=np.float64)[before.passable].sum())


def movement_text(rule: MovementRule) -> str:
    """Return a movement rule in words."""
    corners = {
        "both_open": "diagonals need both corners open",
        "one_open": "diagonals need one corner open",
        "free": "diagonals may cut corners",
    }[rule.corner_rule]
    cost = "mean of the two cells" if rule.cost_rule == "mean" else "cell entered"
    return f"{rule.neighbours} neighbours, {corners + ', ' if rule.neighbours == 8 else ''}cost: {cost}"


@contextmanager
def fixes_in_settings(translated: Callable[[SuggestedFix], SuggestedFix | None]) -> Generator[None]:
    """Within, let a refusal's fix of a field of the engine become one of a setting of the scenario."""
    try:
        yield
    except ProblemError as error:
        error.fix = None if error.fix is None else translated(error.fix)
        raise
