"""Edits: pure functions from a document to a new one, which shares every layer that did not change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from maps.checks import valid_cost
from maps.document import (
    Bounds,
    Cell,
    Layout,
    MapDocument,
    Mask,
    Route,
    check_size,
    freshly_frozen,
    points_inside,
    terrain_of_cost,
)
from maps.errors import MapError, name_cell
from maps.raster import Patch, Rectangle
from maps.terrain import NO_TERRAIN, Terrain, TerrainMap, of_each_cell, on_impassable_terrain, palette_costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Entry = TypeVar("_Entry")
PaintMode = Literal["set", "add", "scale", "smooth"]
# A brush never leaves this range, so that every map stays a map.
SMALLEST_COST, LARGEST_COST = 1e-3, 1e6


@dataclass(frozen=True, eq=False)
class Edit:
    """A new document, and the half-open rectangle (r0, c0, r1, c1) of cells that changed; None if none did."""

    document: MapDocument
    dirty: Rectangle | None


def paint(
    document: MapDocument,
    patch: Patch,
    mode: PaintMode,
    value: float | NDArray[np.float64] = 1.0,
    *,
    limits: Bounds | None = None,
    base: MapDocument | None = None,
) -> Edit:
    """Brush costs, each cell as far as its weight in the patch says; a cell whose cost changes has no terrain.

    A cell of an impassable terrain stays one; its cost is unseen.

    value: one for all cells, or one for each cell of the patch's rectangle.
    set: towards the cost `value`; add: by `value` cost units; scale: by the factor `value`; smooth: towards
    the mean of the passable 3×3 cells around. limits: what painted cells are kept within, where given.
    base: the document when the stroke began; costs are computed from its costs, so that a stroke which is
    painted anew at every event, with all its weights so far, changes no cell twice.
    Raises MapError for a value that no cost can come from.
    """
    base = document if base is None else base
    if base.shape != document.shape:
        raise MapError(f"the stroke began on a map of {base.shape}, this one is {document.shape}; begin it anew")
    values = np.asarray(value, np.float64)
    if not np.isfinite(values).all() or (mode in ("set", "scale") and (values <= 0.0).any()):
        raise MapError(f"painting with {value}: a finite number above 0 is needed")
    old = base.cost[patch.slices].astype(np.float64)
    lower, upper = (limits.lower, limits.upper) if limits else (SMALLEST_COST, LARGEST_COST)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond every float is beyond the range too
        match mode:
            case "set":
                wanted = np.broadcast_to(values, old.shape)
            case "add":
                wanted = old + values
            case "scale":
                wanted = old * values
            case "smooth":
                wanted = _smoothed(base, patch.rectangle)
        new = np.clip(old + patch.weights * (wanted - old), lower, upper).astype(np.float32)
    # Cells that the brush does not touch keep their very bits, inside the range or not.
    touched = patch.weights > 0.0
    costs = np.where(touched, new, document.cost[patch.slices])
    own = base.terrain[patch.slices]
    stays = (new == base.cost[patch.slices]) | on_impassable_terrain(own, base.palette)
    own = np.where(stays, own, np.uint8(NO_TERRAIN))
    terrain = np.where(touched, own, document.terrain[patch.slices])
    return with_layers(document, patch, cost=costs, terrain=terrain)


def set_passable(document: MapDocument, patch: Patch, passable: bool) -> Edit:
    """Make walls, or clear them, in the patch's mask.

    A wall stands on the terrain that is there; where an impassable terrain is cleared, the cell has none.
    """
    new = np.where(patch.mask, passable, document.passable[patch.slices])
    return with_layers(document, patch, passable=new, terrain=_cleared(document, patch, new))


def set_locked(document: MapDocument, patch: Patch, locked: bool) -> Edit:
    """Lock cells against optimisation, or unlock them, in the patch's mask."""
    new = np.where(patch.mask, locked, document.locked[patch.slices])
    return with_layers(document, patch, locked=new)


def set_terrain(document: MapDocument, patch: Patch, terrain: Terrain) -> Edit:
    """Give the patch's mask a terrain, its cost and its passability.

    An impassable terrain keeps the cost that lies under it. A terrain that is not in the palette gives its cost
    and passability only.
    """
    number = document.palette.index(terrain) if terrain in document.palette else NO_TERRAIN
    here, mask = patch.slices, patch.mask
    return with_layers(
        document,
        patch,
        cost=np.where(mask & terrain.passable, np.float32(terrain.cost), document.cost[here]),
        passable=np.where(mask, terrain.passable, document.passable[here]),
        terrain=np.where(mask, np.uint8(number), document.terrain[here]),
    )


def apply_costs(document: MapDocument, cost_map: NDArray[np.floating[Any]], *, keep_terrain: bool = True) -> Edit:
    """Take over an optimised cost map (H, W); walls and locked cells keep what they have.

    keep_terrain: cells stay the terrain that they are, cheaper or dearer than it usually is; otherwise those
    whose cost changes have none.
    """
    if cost_map.shape != document.shape:
        raise MapError(f"the cost map is {cost_map.shape}, the map is {document.shape}; they must agree")
    free = document.passable & ~document.locked
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # the document names the cell
        costs = np.where(free, cost_map, document.cost).astype(np.float32)
    lost = np.zeros_like(free) if keep_terrain else costs != document.cost
    terrain = np.where(lost, np.uint8(NO_TERRAIN), document.terrain)
    return with_layers(document, _whole(document), cost=costs, terrain=terrain)


def apply_terrain(document: MapDocument, terrain: TerrainMap) -> Edit:
    """Take over the terrains (H, W) of an arrangement, with their costs and passability.

    Locked cells, and cells that are NO_TERRAIN in the arrangement, keep what they have; a wall on a passable
    terrain stays.
    """
    if terrain.shape != document.shape:
        raise MapError(f"the terrains are {terrain.shape}, the map is {document.shape}; they must agree")
    palette = document.palette
    moved = ~document.locked & (terrain != NO_TERRAIN) & (terrain != document.terrain)
    impassable = on_impassable_terrain(terrain, palette)
    walled = ~document.passable & ~on_impassable_terrain(document.terrain, palette)
    costs = of_each_cell(terrain, palette_costs(palette), 1.0, np.float32)
    return with_layers(
        document,
        _whole(document),
        cost=np.where(moved & ~impassable, costs, document.cost),
        passable=np.where(moved, ~impassable & ~walled, document.passable),
        terrain=np.where(moved, terrain, document.terrain),
    )


def apply_walls(document: MapDocument, passable: Mask) -> Edit:
    """Take over where a run has placed or removed walls (H, W); locked cells keep what they have."""
    if passable.shape != document.shape:
        raise MapError(f"the walls are {passable.shape}, the map is {document.shape}; they must agree")
    whole, walls = _whole(document), np.where(document.locked, document.passable, passable)
    return with_layers(document, whole, passable=walls, terrain=_cleared(document, whole, walls))


def same_terrain(document: MapDocument, cell: Cell) -> Mask:
    """Return (H, W) where a flood fill from `cell` may spread: cells that are seen to be like it.

    Passable cells are alike that have the same cost and the same terrain, or none; impassable ones, that have the
    same impassable terrain, or are walls.

    Raises MapError for a cell outside the map.
    """
    if not document.contains(cell):
        raise MapError(f"{name_cell(*cell)} is outside the map of {document.height} × {document.width} cells")
    if not document.passable[cell]:
        # The costs under walls, and a terrain that one could walk on, are unseen.
        terrain = document.terrain
        kind = np.where(on_impassable_terrain(terrain, document.palette), terrain, np.uint8(NO_TERRAIN))
        return ~document.passable & (kind == kind[cell])
    alike = (document.cost == document.cost[cell]) & (document.terrain == document.terrain[cell])
    return alike & document.passable


def set_route(document: MapDocument, index: int, route: Route) -> MapDocument:
    """Replace a route, or add it where index is the number of routes."""
    routes = spliced("route", document.routes, index, (route,))
    return document if routes == document.routes else document.replace(routes=routes)


def remove_route(document: MapDocument, index: int) -> MapDocument:
    """Remove the route at this index."""
    return document.replace(routes=spliced("route", document.routes, index, ()))


def set_layout(document: MapDocument, index: int, layout: Layout) -> MapDocument:
    """Replace a point layout, or add it where index is the number of layouts."""
    layouts = spliced("layout", document.layouts, index, (layout,))
    return document if layouts == document.layouts else document.replace(layouts=layouts)


def remove_layout(document: MapDocument, index: int) -> MapDocument:
    """Remove the layout at this index."""
    return document.replace(layouts=spliced("layout", document.layouts, index, ()))


def resize(
    document: MapDocument, height: int, width: int, offset: Cell = (0, 0), cost: float = 1.0
) -> tuple[MapDocument, list[str]]:
    """Put the map on another canvas, its first cell at `offset`; new cells get `cost`, and its terrain if any.

    Returns the document and, in sentences, which routes and points fell outside and are gone.
    """
    check_size(height, width)
    cost = valid_cost("cost", cost)
    if (height, width) == document.shape and tuple(offset) == (0, 0):
        return document, []
    here, there = _overlap(document.shape, (height, width), offset)

    def moved(layer: NDArray[Any], fill: object) -> NDArray[Any]:
        canvas = np.full((height, width), fill, dtype=layer.dtype)
        canvas[there] = layer[here]
        return freshly_frozen(canvas)

    lost: list[str] = []
    routes: list[Route] = []
    for route in document.routes:
        start = (route.start[0] + offset[0], route.start[1] + offset[1])
        goal = (route.goal[0] + offset[0], route.goal[1] + offset[1])
        if all(0 <= row < height and 0 <= column < width for row, column in (start, goal)):
            line = [(row + offset[0], column + offset[1]) for row, column in route.line]
            kept = all(0 <= row < height and 0 <= column < width for row, column in line)
            routes.append(replace(route, start=start, goal=goal, line=tuple(line) if kept else ()))
            if not kept:
                lost.append(f"the line of route {route.name!r} leaves the new map and was removed")
        else:
            lost.append(f"route {route.name!r} ends outside the new map and was removed")
    layouts: list[Layout] = []
    for layout in document.layouts:
        positions = layout.positions + np.array(offset, dtype=np.float64)
        inside = points_inside(positions, height, width)
        if not inside.all():
            lost.append(f"layout {layout.name!r} lost {int((~inside).sum())} points outside the new map")
        layouts.append(replace(layout, positions=positions[inside], weights=layout.weights[inside]))
    resized = document.replace(
        cost=moved(document.cost, cost),
        passable=moved(document.passable, True),
        locked=moved(document.locked, False),
        terrain=moved(document.terrain, terrain_of_cost(cost, document.palette)),
        routes=tuple(routes),
        layouts=tuple(layouts),
    )
    return resized, lost


def union(first: Rectangle | None, second: Rectangle | None) -> Rectangle | None:
    """Return the smallest rectangle around both."""
    if first is None or second is None:
        return first or second
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def spliced(what: str, entries: tuple[_Entry, ...], index: int, instead: tuple[_Entry, ...]) -> tuple[_Entry, ...]:
    """Return the entries with others in place of the one at index; the place after the last can only be filled.

    what: what they are, for the MapError where there is no such place.
    """
    if not 0 <= index < len(entries) + len(instead):
        raise MapError(f"there is no {what} {index}; the map has {len(entries)} of them, counted from 0")
    return (*entries[:index], *instead, *entries[index + 1 :])


def _whole(document: MapDocument) -> Patch:
    return Patch((0, 0, *document.shape), np.ones(document.shape, dtype=np.float32))


def _cleared(document: MapDocument, patch: Patch, passable: Mask) -> TerrainMap:
    """The terrain in a patch that becomes passable there: none where it was an impassable one."""
    terrain = document.terrain[patch.slices]
    opened = passable & on_impassable_terrain(terrain, document.palette)
    return np.where(opened, np.uint8(NO_TERRAIN), terrain)


def with_layers(document: MapDocument, patch: Patch, **layers: NDArray[Any]) -> Edit:
    """Return the document with new values in a patch of some layers, named as its fields are."""
    changes: dict[str, NDArray[Any]] = {}
    dirty: Rectangle | None = None
    r0, c0 = patch.rectangle[:2]
    for layer, new in layers.items():
        old: NDArray[Any] = getattr(document, layer)
        changed = old[patch.slices] != new
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        if len(rows) == 0:
            continue
        canvas = old.copy()
        canvas[patch.slices] = new
        changes[layer] = freshly_frozen(canvas)
        around = (r0 + int(rows[0]), c0 + int(columns[0]), r0 + int(rows[-1]) + 1, c0 + int(columns[-1]) + 1)
        dirty = union(dirty, around)
    return Edit(document.replace(**changes) if changes else document, dirty)


def _smoothed(document: MapDocument, rectangle: Rectangle) -> NDArray[np.float64]:
    """Mean of the passable 3×3 cells around each cell of the rectangle."""
    r0, c0, r1, c1 = rectangle
    top, left = max(0, r0 - 1), max(0, c0 - 1)
    block = np.s_[top : r1 + 1, left : c1 + 1]
    passable = document.passable[block].astype(np.float64)
    total, count = _box_sum(document.cost[block] * passable), _box_sum(passable)
    inner = np.s_[r0 - top : r1 - top, c0 - left : c1 - left]
    cost = document.cost[r0:r1, c0:c1].astype(np.float64)
    return np.where(count[inner] > 0.0, total[inner] / np.maximum(count[inner], 1.0), cost)


def _box_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(values, 1)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]


def _overlap(old: tuple[int, int], new: tuple[int, int], offset: Cell) -> tuple[Any, Any]:
    here: list[slice] = []
    there: list[slice] = []
    for side, canvas, shift in zip(old, new, offset, strict=True):
        first, last = max(0, -shift), min(side, canvas - shift)
        here.append(slice(first, max(first, last)))
        there.append(slice(first + shift, max(first, last) + shift))
    return tuple(here), tuple(there)
