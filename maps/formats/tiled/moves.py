"""Routes and points that moved since a map was read, brought back to the objects that they came from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from maps.formats.tiled.marks import cell_of_position, points_of, routed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.document import Layout, MapDocument
    from maps.formats.tiled.json_spans import Place
    from maps.formats.tiled.model import TiledMap, TiledObject

_NEAR = 1e-4  # cells, that a written place may be off


@dataclass(frozen=True, eq=False)
class Moves:
    """by_object: (rows, columns) by which objects moved, by their place in the file.

    layouts: of the document, with the points of objects that moved with a route at their new places.
    """

    by_object: dict[Place, tuple[float, float]]
    layouts: tuple[Layout, ...]


def moves_of(tiled: TiledMap, document: MapDocument) -> Moves:
    """Return how far the objects of a map moved that a document's routes and points came from.

    Routes are known by their names, points by their place in a layout of as many. An object that two routes want
    at different places stays.
    """
    ends = _moved_ends(tiled, document)
    points = _moved_points(tiled, document)
    chosen: dict[Place, tuple[float, float]] = {}
    for place in {**ends, **points}:
        wished, drawn = ends.get(place, set()), points.get(place)
        thing = next(each for each in tiled.objects if each.place == place)
        if drawn is not None and all(_leads_to(thing, drawn, wish) for wish in wished):
            chosen[place] = drawn
        elif drawn is None and len(wished) == 1 and wished != {(0, 0)}:
            chosen[place] = next(iter(wished))
    along = {place: move for place, move in chosen.items() if place not in points}
    return Moves(chosen, _following(tiled, document, along))


def same_points(some: Sequence[Layout], others: Sequence[Layout], near: float = _NEAR) -> bool:
    """Return whether layouts have the same names and points. near: cells that these may be apart."""
    return [each.name for each in some] == [each.name for each in others] and all(
        a.positions.shape == b.positions.shape and bool((np.abs(a.positions - b.positions) <= near).all())
        for a, b in zip(some, others, strict=True)
    )


def _moved_ends(tiled: TiledMap, document: MapDocument) -> dict[Place, set[tuple[int, int]]]:
    """Where routes want each object that they begin or end at, in (rows, columns) from where it is."""
    names = [route.name for route in document.routes]
    now = {route.name: route for route in document.routes if names.count(route.name) == 1}
    before = routed(tiled)[0]
    known = [route.name for route, _ in before]
    wishes: defaultdict[Place, set[tuple[int, int]]] = defaultdict(set)
    for route, objects in before:
        other = now.get(route.name)
        if objects is None or other is None or known.count(route.name) > 1:
            continue
        for thing, was, cell in zip(objects, (route.start, route.goal), (other.start, other.goal), strict=True):
            wishes[thing.place].add((cell[0] - was[0], cell[1] - was[1]))
    return wishes


def _moved_points(tiled: TiledMap, document: MapDocument) -> dict[Place, tuple[float, float]]:
    """How far the points of layouts that still have as many moved, those that did."""
    found: dict[Place, tuple[float, float]] = {}
    of_name = {layout.name: layout for layout in document.layouts}
    for name, things in points_of(tiled)[0].items():
        layout = of_name.get(name)
        if layout is None or len(layout.positions) != len(things):
            continue
        for thing, (row, col) in zip(things, layout.positions.tolist(), strict=True):
            rows, cols = row - thing.position[0], col - thing.position[1]
            if max(abs(rows), abs(cols)) > _NEAR:
                found[thing.place] = (rows, cols)
    return found


def _leads_to(thing: TiledObject, moved: tuple[float, float], wished: tuple[int, int]) -> bool:
    row, col = thing.position
    was, now = cell_of_position((row, col)), cell_of_position((row + moved[0], col + moved[1]))
    return (now[0] - was[0], now[1] - was[1]) == wished


def _following(
    tiled: TiledMap, document: MapDocument, moved: dict[Place, tuple[float, float]]
) -> tuple[Layout, ...]:
    of_name, _ = points_of(tiled)
    made: list[Layout] = []
    for layout in document.layouts:
        things = of_name.get(layout.name, [])
        positions = np.array(layout.positions)
        if len(things) == len(positions):
            for at, thing in enumerate(things):
                positions[at] += moved.get(thing.place, (0.0, 0.0))
        changed = not np.array_equal(positions, layout.positions)
        made.append(replace(layout, positions=positions) if changed else layout)
    return tuple(made)
