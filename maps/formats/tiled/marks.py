"""From objects to routes and points: what stands at a start, at a goal, or anywhere else."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from maps.document import Layout, Route
from maps.formats.tiled.own_parts import ROUTE_LAYER
from maps.layout_edits import LAYOUT_COLOURS

if TYPE_CHECKING:
    from maps.checks import Cell
    from maps.formats.tiled.model import TiledMap, TiledObject

STARTS = ("start", "spawn", "entrance", "player", "begin", "starting point", "start point", "player start")
GOALS = ("goal", "exit", "end", "finish", "target", "destination")
ROUTE_COLOURS = ("#e69f00", "#56b4e9", "#cc79a7", "#f0e442", "#009e73", "#d55e00")
MOST_ROUTES = 16
_NUMBERED = re.compile(r"(.*?)[\s_-]*(\d*)")


def routes_of(tiled: TiledMap) -> tuple[tuple[Route, ...], list[str]]:
    """Return the routes that a map's objects say, and what to know about them, in sentences."""
    found, told = routed(tiled)
    return tuple(route for route, _ in found), told


def routed(tiled: TiledMap) -> tuple[list[tuple[Route, tuple[TiledObject, TiledObject] | None]], list[str]]:
    """Return each route with the objects at its start and its goal, None for a line that is one, and what to know.

    A route leads from an object that is called, or is of a class, "start" or so, to one that is called "goal" or
    so: those with the same number belong together, then those in the same place of their list; one alone
    belongs to all of the others. Where this program has written a layer of routes, these alone count.
    """
    told: list[str] = []
    routes: list[tuple[Route, tuple[TiledObject, TiledObject] | None]] = []
    own = any(thing.layer == ROUTE_LAYER for thing in tiled.objects)
    starts: list[tuple[str, TiledObject]] = []
    goals: list[tuple[str, TiledObject]] = []
    for thing in tiled.objects:
        if own and thing.layer != ROUTE_LAYER:
            continue
        if own and len(thing.points) > 1:
            cells = [cell_of_position(point) for point in thing.points]
            if all(_inside(tiled, cell) for cell in cells):
                weight = thing.properties.get("weight", 1.0)
                heavy = weight if isinstance(weight, int | float) and 0.0 <= weight < 1e9 else 1.0
                colour = ROUTE_COLOURS[len(routes) % len(ROUTE_COLOURS)]
                line = tuple(cells) if len(cells) > 2 else ()
                routes.append((Route(thing.name, cells[0], cells[-1], float(heavy), colour, line=line), None))
            else:
                told.append(f"the route {thing.name!r} leaves the map and is left out")
            continue
        for words, found in ((STARTS, starts), (GOALS, goals)):
            number = _number(thing, words)
            if number is None:
                continue
            if _inside(tiled, cell_of_position(thing.position)):
                found.append((number, thing))
            else:
                told.append(f"the object {thing.name!r} lies outside the map and is left out")
    for start, goal in _pairs(starts, goals)[: max(0, MOST_ROUTES - len(routes))]:
        ends = cell_of_position(start.position), cell_of_position(goal.position)
        if ends[0] != ends[1]:
            colour = ROUTE_COLOURS[len(routes) % len(ROUTE_COLOURS)]
            name = f"{start.name or 'start'} to {goal.name or 'goal'}"
            routes.append((Route(name, *ends, colour=colour), (start, goal)))
    return routes, told


def layouts_of(tiled: TiledMap) -> tuple[tuple[Layout, ...], list[str]]:
    """Return the objects that stand at one place, as a layout for each of their layers, and what to know."""
    found, outside = points_of(tiled)
    told = [f"{outside} objects lie outside the map and are left out"] if outside else []
    return tuple(
        Layout(
            layer,
            np.array([thing.position for thing in things]),
            np.ones(len(things)),
            LAYOUT_COLOURS[number % len(LAYOUT_COLOURS)],
        )
        for number, (layer, things) in enumerate(found.items())
    ), told


def points_of(tiled: TiledMap) -> tuple[dict[str, list[TiledObject]], int]:
    """Return the objects that stand at one place, by the layout of their layer, and how many lie off the map."""
    places: defaultdict[str, list[TiledObject]] = defaultdict(list)
    outside = 0
    for thing in tiled.objects:
        if not thing.stands or thing.layer == ROUTE_LAYER:
            continue
        row, col = thing.position
        if -0.5 <= row <= tiled.shape[0] - 0.5 and -0.5 <= col <= tiled.shape[1] - 0.5:
            places[thing.layer or "objects"].append(thing)
        else:
            outside += 1
    return dict(places), outside


def _pairs(
    starts: list[tuple[str, TiledObject]], goals: list[tuple[str, TiledObject]]
) -> list[tuple[TiledObject, TiledObject]]:
    numbered = {number: goal for number, goal in goals if number}
    if numbered and any(number in numbered for number, _ in starts):
        return [(start, numbered[number]) for number, start in starts if number in numbered]
    if len(starts) == 1 or len(goals) == 1:
        return [(start, goal) for _, start in starts for _, goal in goals]
    return [(start, goal) for (_, start), (_, goal) in zip(starts, goals, strict=False)]


def _number(thing: TiledObject, words: tuple[str, ...]) -> str | None:
    """The number behind one of the words, empty without one, if the object is called or classed so."""
    for text in (thing.kind, thing.name):
        found = _NUMBERED.fullmatch(text.strip().lower().replace("_", " "))
        if found is not None and found[1] in words:
            named = _NUMBERED.fullmatch(thing.name.strip())
            return found[2] or (named[2] if named is not None else "")
    return None


def cell_of_position(position: tuple[float, float]) -> Cell:
    """Return the cell of a place (row, col) in cells."""
    row, col = (int(np.floor(value + 0.5)) for value in position)
    return row, col


def _inside(tiled: TiledMap, cell: Cell) -> bool:
    return 0 <= cell[0] < tiled.shape[0] and 0 <= cell[1] < tiled.shape[1]
