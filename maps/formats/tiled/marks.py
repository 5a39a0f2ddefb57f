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
    """Return the routes that a map's objects say, and what to know about them, in sentences.

    A route leads from an object that is called, or is of a class, "start" or so, to one that is called "goal" or
    so: those with the same number belong together, then those in the same place of their list; one alone
    belongs to all of the others. Where this program has written a layer of routes, these alone count.
    """
    told: list[str] = []
    routes: list[Route] = []
    own = any(thing.layer == ROUTE_LAYER for thing in tiled.objects)
    starts: list[tuple[str, TiledObject]] = []
    goals: list[tuple[str, TiledObject]] = []
    for thing in tiled.objects:
        if own and thing.layer != ROUTE_LAYER:
            continue
        if own and len(thing.points) > 1:
            cells = [_cell(point) for point in thing.points]
            if all(_inside(tiled, cell) for cell in cells):
                weight = thing.properties.get("weight", 1.0)
                heavy = weight if isinstance(weight, int | float) and 0.0 <= weight < 1e9 else 1.0
                colour = ROUTE_COLOURS[len(routes) % len(ROUTE_COLOURS)]
                line = tuple(cells) if len(cells) > 2 else ()
                routes.append(Route(thing.name, cells[0], cells[-1], float(heavy), colour, line=line))
            else:
                told.append(f"the route {thing.name!r} leaves the map and is left out")
            continue
        for words, found in ((STARTS, starts), (GOALS, goals)):
            number = _number(thing, words)
            if number is None:
                continue
            if _inside(tiled, _cell(thing.position)):
                found.append((number, thing))
            else:
                told.append(f"the object {thing.name!r} lies outside the map and is left out")
    for start, goal in _pairs(starts, goals)[: max(0, MOST_ROUTES - len(routes))]:
        ends = _cell(start.position), _cell(goal.position)
        if ends[0] != ends[1]:
            colour = ROUTE_COLOURS[len(routes) % len(ROUTE_COLOURS)]
            routes.append(Route(f"{start.name or 'start'} to {goal.name or 'goal'}", *ends, colour=colour))
    return tuple(routes), told


def layouts_of(tiled: TiledMap) -> tuple[tuple[Layout, ...], list[str]]:
    """Return the objects that stand at one place, as a layout for each of their layers, and what to know."""
    told: list[str] = []
    places: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
    outside = 0
    for thing in tiled.objects:
        if not thing.stands or thing.layer == ROUTE_LAYER:
            continue
        row, col = thing.position
        if -0.5 <= row <= tiled.shape[0] - 0.5 and -0.5 <= col <= tiled.shape[1] - 0.5:
            places[thing.layer].append(thing.position)
        else:
            outside += 1
    if outside:
        told.append(f"{outside} objects lie outside the map and are left out")
    return tuple(
        Layout(layer or "objects", np.array(at), np.ones(len(at)), LAYOUT_COLOURS[number % len(LAYOUT_COLOURS)])
        for number, (layer, at) in enumerate(places.items())
    ), told


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


def _cell(position: tuple[float, float]) -> Cell:
    row, col = (int(np.floor(value + 0.5)) for value in position)
    return row, col


def _inside(tiled: TiledMap, cell: Cell) -> bool:
    return 0 <= cell[0] < tiled.shape[0] and 0 <= cell[1] < tiled.shape[1]
