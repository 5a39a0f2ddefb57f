"""A map that its editor has changed, with what the editor knows nothing of taken over from before."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from maps.document import Bounds, MapDocument, freshly_frozen
from maps.presets import presets_of, with_presets
from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from maps.document import Route
    from maps.movement import MovementClass
    from maps.tiles import MapTiles


def carried_over(
    before: MapDocument, after: MapDocument, tiles_of: Callable[[MapDocument], MapTiles]
) -> MapDocument:
    """Return a map as its editor has it now (`after`), with what it was here (`before`).

    Of the editor's file: tiles, walls, routes and points, and costs where it says any. From before, where it says
    none: which tiles are which terrain, what these cost, and costs of cells whose tile is still the same. In any
    case from before: movement classes, the rule of moves, the bounds, and locked cells of a map of the same size.
    tiles_of: the tiles of either. Raises MapFormatError.
    """
    old, new = tiles_of(before), tiles_of(after)
    made = after.replace(rule=before.rule, cell_size=before.cell_size)
    made = made.replace(classes=_classes(before, made), routes=_walked(before, made))
    if not new.priced:
        if _decided(before, old):
            made = with_presets(made, new, presets_of(before, old))
        made = _with_costs_kept(before, old, made, new)
    if made.shape == before.shape:
        made = made.replace(locked=before.locked)
    return made.replace(bounds=_around(before.bounds, made))


def says_all(file: MapDocument, document: MapDocument) -> bool:
    """Return whether a map as its file has it says all of what was made of it by `carried_over`."""
    layers = ("cost", "passable", "terrain", "locked")
    return (file.palette, file.classes, file.routes) == (
        document.palette,
        document.classes,
        document.routes,
    ) and all(np.array_equal(getattr(file, layer), getattr(document, layer)) for layer in layers)


def _decided(document: MapDocument, tiles: MapTiles) -> bool:
    """Whether anybody has said more of a map's tiles than its file does."""
    origin = document.origin
    kinds = ((kind, document.palette[kind.terrain]) for kind in tiles.kinds)
    return (origin is not None and origin.decided) or any(
        terrain.cost != (1.0 if kind.cost is None else kind.cost) or terrain.passable == (kind.passable is False)
        for kind, terrain in kinds
    )


def _classes(before: MapDocument, after: MapDocument) -> tuple[MovementClass, ...]:
    """The movement classes for another palette: they pay what they paid in a terrain of the same name."""
    made: list[MovementClass] = []
    for kind in before.classes:
        paid = dict(zip((terrain.name for terrain in before.palette), kind.costs, strict=True))
        usual = ((terrain.name, terrain.cost if terrain.passable else math.inf) for terrain in after.palette)
        made.append(replace(kind, costs=tuple(paid.get(name, price) for name, price in usual)))
    return tuple(made)


def _walked(before: MapDocument, after: MapDocument) -> tuple[Route, ...]:
    """The routes, walked by whom those of the same name were."""
    walkers = {route.name: route.movement for route in before.routes}
    return tuple(replace(route, movement=walkers.get(route.name, "")) for route in after.routes)


def _with_costs_kept(before: MapDocument, old: MapTiles, after: MapDocument, new: MapTiles) -> MapDocument:
    """With the costs and walls that cells had whose tile is the same as before."""
    if before.shape != after.shape:
        return after
    same = _names(old) == _names(new)
    was, now = (np.array([kind.name for kind in each.palette]) for each in (before, after))
    has = (before.terrain != NO_TERRAIN) & (after.terrain != NO_TERRAIN)
    same &= ~has | (was[before.terrain * has] == now[after.terrain * has])
    return after.replace(
        cost=freshly_frozen(np.where(same, before.cost, after.cost)),
        passable=freshly_frozen(np.where(same, before.passable, after.passable)),
    )


def _names(tiles: MapTiles) -> NDArray[np.str_]:
    """What the tile of each cell (H, W) is called on any map; empty where it has none."""
    return np.array([*(f"{kind.family} {kind.local}" for kind in tiles.kinds), ""])[tiles.number]


def _around(bounds: Bounds, document: MapDocument) -> Bounds:
    costs = document.cost[document.passable]
    if costs.size == 0:
        return bounds
    return Bounds(min(bounds.lower, float(costs.min())), max(bounds.upper, float(costs.max())))
