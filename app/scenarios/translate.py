"""What every scenario translates from documents to the engine: walls, movement, exact paths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from maps.document import MapDocument, MovementRule

if TYPE_CHECKING:
    from engine.core.grid import Grid


def movement_grid(document: MapDocument) -> Grid:
    """The document's walls and movement rule as the engine's graph."""
    from engine.core.grid import Grid

    rule = document.rule
    return Grid(document.passable, rule.neighbours, rule.corner_rule, rule.cost_rule)


def path_costs(document: MapDocument) -> npt.NDArray[np.float64]:
    """(R,) cost of each route's shortest path; infinite where there is no way."""
    from engine.paths.exact import distances_to

    grid = movement_grid(document)
    return np.array(
        [distances_to(grid, document.cost, route.goal).distance[route.start] for route in document.routes]
    )


def exact_paths(grid: Grid, cost_map: Any, routes: Iterable[Any]) -> tuple[npt.NDArray[np.int64], ...]:
    """Cells (n, 2) of the shortest path of each route, which has a start and a goal; (0, 2) without a way."""
    from engine.paths.exact import distances_to, shortest_path

    paths: list[npt.NDArray[np.int64]] = []
    for route in routes:
        field = distances_to(grid, cost_map, route.goal)
        reached = bool(grid.passable[route.start]) and field.reaches(route.start)
        paths.append(shortest_path(field, route.start) if reached else np.zeros((0, 2), np.int64))
    return tuple(paths)


def shortest_paths(document: MapDocument) -> tuple[npt.NDArray[np.int64], ...]:
    """Cells (n, 2) of each route's shortest path; (0, 2) without a way."""
    return exact_paths(movement_grid(document), document.cost, document.routes)


def movement_words(rule: MovementRule) -> str:
    """A movement rule in words, for reports."""
    corners = {
        "both_open": "diagonals need both corners open",
        "one_open": "diagonals need one corner open",
        "free": "diagonals may cut corners",
    }[rule.corner_rule]
    cost = "mean of the two cells" if rule.cost_rule == "mean" else "cell entered"
    return f"{rule.neighbours} neighbours, {corners + ', ' if rule.neighbours == 8 else ''}cost: {cost}"
