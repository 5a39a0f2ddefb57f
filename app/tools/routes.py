"""Tools for routes: set or drag the start and the goal, and trace the way that the path should take."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from maps.document import Cell, MapDocument, Route
from maps.edits import set_route
from maps.raster import line_cells
from maps.symmetry import images_of

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from app.tools.tool import Gesture, PointerEvent, ToolOptions
    from maps.symmetry import Image

End = Literal["start", "goal"]
# Colours that stay apart for every kind of colour vision (Okabe and Ito).
ROUTE_COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#d55e00", "#cc79a7")


def start(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Set the start of the active route, or drag the end under the pointer."""
    return _place(model, options, "start")


def goal(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Set the goal of the active route, or drag the end under the pointer."""
    return _place(model, options, "goal")


def trace(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Draw a line for the active route's path from its start to its goal; the right button removes it."""
    event = yield
    base = model.document
    index = min(options.route, len(base.routes))
    if not base.contains(event.cell):
        return None
    if event.button != "left":
        if index < len(base.routes) and base.routes[index].line:
            model.preview(set_route(base, index, replace(base.routes[index], line=())))
            model.commit("Remove line")
        return None
    cells = [event.cell]
    while True:
        for cell in line_cells(cells[-1], _nearest_cell(base, event.cell)).tolist():
            if tuple(cell) != cells[-1]:
                cells.append((cell[0], cell[1]))
        if len(cells) > 1:
            route = _with_end(base, index, "start", cells[0])
            traced = replace(route, goal=cells[-1], line=tuple(cells))
            model.preview(_with_images(base, index, traced, options))
        if event.phase == "release":
            break
        event = yield
    if len(cells) < 2:
        return None
    model.commit("Trace route")
    return replace(options, route=index)


def new_route(document: MapDocument, start: Cell, goal: Cell) -> Route:
    """Return one more route for a document, walked by the class that walks the route before it.

    It has the colour that fewest have. The second one is called "Route 2", whatever the first is; a later number
    where that is taken.
    """
    routes = document.routes
    taken = {route.name for route in routes}
    name = next(name for n in itertools.count(len(routes) + 1) if (name := f"Route {n}") not in taken)
    colours = [route.colour for route in routes]
    colour = min(ROUTE_COLOURS, key=colours.count)  # the first of the rarest
    return Route(name, start, goal, colour=colour, movement=routes[-1].movement if routes else "")


def with_end_at(document: MapDocument, options: ToolOptions, end: End, cell: Cell) -> MapDocument:
    """Return the document with an end of the active route at a cell, and with its images in the symmetry."""
    index = min(options.route, len(document.routes))
    return _with_images(document, index, _with_end(document, index, end, cell), options)


def _place(model: DocumentModel, options: ToolOptions, end: End) -> Gesture:
    event = yield
    base = model.document
    if event.button != "left" or not base.contains(event.cell):
        return None
    index, end = _end_under(base, event, min(options.route, len(base.routes)), end)
    while True:
        cell = _nearest_cell(base, event.cell)
        model.preview(_with_images(base, index, _with_end(base, index, end, cell), options))
        if event.phase == "release":
            break
        event = yield
    added = index == len(base.routes)
    model.commit("Add route" if added else f"Move {end}")
    return replace(options, route=index)


def _end_under(document: MapDocument, event: PointerEvent, index: int, end: End) -> tuple[int, End]:
    """Return the end that a press takes: the nearest within reach, preferably the one asked for; else that one."""
    candidates: list[tuple[int, bool, int, End]] = []
    other: End = "goal" if end == "start" else "start"
    for number, route in enumerate(document.routes):
        for name in (end, other):
            cell = route.start if name == "start" else route.goal
            off = max(abs(cell[0] - event.cell[0]), abs(cell[1] - event.cell[1]))
            if off <= event.reach:
                candidates.append((off, (number, name) != (index, end), number, name))
    if not candidates:
        return index, end
    return min(candidates)[2:]


def _with_end(document: MapDocument, index: int, end: End, cell: Cell) -> Route:
    if index < len(document.routes):
        # A length promised by a scenario file is for the old ends.
        route = replace(document.routes[index], expected_cost=None)
        return replace(route, start=cell) if end == "start" else replace(route, goal=cell)
    return new_route(document, cell, cell)


def _with_images(base: MapDocument, index: int, route: Route, options: ToolOptions) -> MapDocument:
    """Put a route in place, and its images in the symmetry of the options.

    A route that was an image of the old one goes along; where there was none, a new one is made.
    """
    document, shape = set_route(base, index, route), base.shape
    old = base.routes[index] if index < len(base.routes) else None
    done = {index}
    for image in images_of(options.mirror, shape):
        start, goal = image.cell(route.start, shape), image.cell(route.goal, shape)
        partner = None if old is None else _image_of(base, old, image, done)
        if partner is None and any(one.journey == (start, goal, route.movement) for one in document.routes):
            continue
        number = len(document.routes) if partner is None else partner
        kept = new_route(document, start, goal) if partner is None else base.routes[partner]
        line = tuple(image.cell(cell, shape) for cell in route.line)
        made = replace(
            kept,
            start=start,
            goal=goal,
            line=line,
            weight=route.weight,
            movement=route.movement,
            expected_cost=None,
        )
        document = set_route(document, number, made)
        done.add(number)
    return document


def _image_of(document: MapDocument, route: Route, image: Image, done: set[int]) -> int | None:
    """The number of the route that is a route's image, of those that are not done."""
    ends = tuple(image.cell(cell, document.shape) for cell in (route.start, route.goal))
    found = (
        number
        for number, one in enumerate(document.routes)
        if number not in done and one.journey == (*ends, route.movement)
    )
    return next(found, None)


def _nearest_cell(document: MapDocument, cell: Cell) -> Cell:
    return min(max(cell[0], 0), document.height - 1), min(max(cell[1], 0), document.width - 1)
