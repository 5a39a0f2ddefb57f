"""What every scenario translates from documents to the engine and back: walls, movement, exact paths, fixes."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from engine.core.errors import ProblemError, SuggestedFix
from maps.terrain import on_impassable_terrain
from maps.travel import travel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from app.scenarios.frame import Cells, Floats
    from engine.core.grid import Grid
    from engine.core.movement import Movement
    from engine.paths.exact import DistanceField
    from maps.document import Cell, MapDocument
    from maps.movement import MovementClass, MovementRule


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


def class_movement(document: MapDocument, kind: MovementClass) -> Movement:
    """Return how those of a class of the document move: where they have room and a price, by their own rule."""
    from engine.core.clearance import open_to
    from engine.core.grid import Grid
    from engine.core.movement import Movement

    travel, rule = travel_of(document, kind), kind.rule_on(document.rule)
    passable = open_to(travel.passable, kind.size)
    grid = Grid(passable, rule.neighbours, rule.corner_rule, rule.cost_rule)
    return Movement(grid, travel.multiplier, kind.name, kind.size)


def class_movements(document: MapDocument) -> tuple[Movement | None, ...]:
    """Return how each route of the document is walked, None by the map's own movement.

    Routes of one class share one object.
    """
    kinds = [document.class_of(route) for route in document.routes]
    movements = {kind.name: class_movement(document, kind) for kind in kinds if kind is not None}
    return tuple(None if kind is None else movements[kind.name] for kind in kinds)


def route_movements(document: MapDocument) -> tuple[Movement, ...]:
    """Return how each route of the document is walked; those without a class share the map's own movement."""
    from engine.core.movement import Movement

    plain = Movement(movement_grid(document))
    return tuple(movement or plain for movement in class_movements(document))


def exact_paths(movements: Iterable[Movement], cost_map: Floats, routes: Iterable[Ends]) -> Iterator[ExactPath]:
    """Yield the shortest path of each route, in order, by the movement of each.

    Distances to a goal are computed once and kept only as long as another route needs them.
    """
    from engine.paths.exact import distances_to, shortest_path

    walked = tuple(zip(movements, routes, strict=True))
    waiting = Counter((movement, route.goal) for movement, route in walked)
    fields: dict[tuple[Movement, Cell], DistanceField] = {}
    for movement, route in walked:
        grid, key = movement.grid, (movement, route.goal)
        field = fields.pop(key, None) or distances_to(grid, movement.costs(cost_map), route.goal)
        waiting[key] -= 1
        if waiting[key]:
            fields[key] = field
        if grid.passable[route.start] and field.reaches(route.start):
            cost = float(field.distance[route.start])
            yield ExactPath(cost, shortest_path(field, route.start), field.distance)
        else:
            yield ExactPath(np.inf, np.zeros((0, 2), np.int64), field.distance)


def path_cells(movements: Iterable[Movement], cost_map: Floats, routes: Iterable[Ends]) -> tuple[Cells, ...]:
    """Return the cells (n, 2) of each route's shortest path; (0, 2) without a way."""
    return tuple(path.cells for path in exact_paths(movements, cost_map, routes))


def document_paths(document: MapDocument) -> Iterator[ExactPath]:
    """Yield the shortest path of each of the document's routes."""
    return exact_paths(route_movements(document), document.cost.astype(np.float64), document.routes)


def shortest_paths(document: MapDocument) -> tuple[Cells, ...]:
    """Return the cells (n, 2) of each of the document's routes' shortest path; (0, 2) without a way."""
    return tuple(path.cells for path in document_paths(document))


def path_costs(document: MapDocument) -> Floats:
    """Return the cost (R,) of each route's shortest path; infinite where there is no way."""
    return np.array([path.cost for path in document_paths(document)], np.float64)


def crossed_walls(document: MapDocument) -> npt.NDArray[np.bool_] | None:
    """Return the (H, W) cells of impassable terrains that some class of the document crosses; None without any."""
    if not document.classes:
        return None
    walls = on_impassable_terrain(document.terrain, document.palette)
    crossed = np.zeros(document.shape, np.bool_)
    for kind in document.classes:
        crossed |= walls & travel_of(document, kind).passable
    return crossed if crossed.any() else None


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


def walking_text(document: MapDocument) -> str:
    """Return in words by which rule one moves on a map, and which classes walk its routes."""
    text = movement_text(document.rule)
    classes = dict.fromkeys(route.movement for route in document.routes if route.movement)
    return f"{text}; routes of {', '.join(classes)} by their own prices" if classes else text


@contextmanager
def fixes_in_settings(translated: Callable[[SuggestedFix], SuggestedFix | None]) -> Generator[None]:
    """Within, let a refusal's fix of a field of the engine become one of a setting of the scenario."""
    try:
        yield
    except ProblemError as error:
        error.fix = None if error.fix is None else translated(error.fix)
        raise
