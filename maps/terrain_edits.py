"""Edits of the palette and of movement classes, and costs snapped to terrains: from a document to a new one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from maps.document import MapDocument, freshly_frozen
from maps.edits import spliced
from maps.errors import MapError
from maps.terrain import NO_TERRAIN, Terrain, palette_costs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maps.document import CostMap, Mask
    from maps.movement import MovementClass
    from maps.terrain import TerrainMap


def set_palette_terrain(document: MapDocument, index: int, terrain: Terrain) -> MapDocument:
    """Replace a terrain of the palette, or add it where index is the number of terrains.

    Its cells follow: they get its cost (those that a run made dearer or cheaper stay so in proportion) and its
    passability. A class that paid what the terrain cost pays what it costs now; any other keeps its price.
    """
    palette = spliced("terrain", document.palette, index, (terrain,))
    if palette == document.palette:
        return document
    old = document.palette[index] if index < len(document.palette) else None
    classes = tuple(_with_cost(kind, index, old, terrain) for kind in document.classes)
    changed = document.replace(palette=palette, classes=classes)
    cells = document.terrain == index
    if old is None or not cells.any():
        return changed
    if old.passable != terrain.passable:
        passable = np.where(cells, terrain.passable, document.passable)
        changed = changed.replace(passable=freshly_frozen(passable))
    if terrain.passable and not (old.passable and old.cost == terrain.cost):
        changed = changed.replace(cost=_recosted(document, cells, old, terrain))
    return changed


def remove_palette_terrain(document: MapDocument, index: int) -> MapDocument:
    """Remove a terrain from the palette; its cells keep cost and passability and have no terrain."""
    palette = spliced("terrain", document.palette, index, ())
    classes = tuple(
        replace(kind, costs=(*kind.costs[:index], *kind.costs[index + 1 :])) for kind in document.classes
    )
    terrain = np.where(document.terrain == index, np.uint8(NO_TERRAIN), document.terrain)
    terrain -= (terrain > index) & (terrain != NO_TERRAIN)
    return document.replace(palette=palette, classes=classes, terrain=freshly_frozen(terrain))


def set_class(document: MapDocument, index: int, kind: MovementClass) -> MapDocument:
    """Replace a movement class, or add it where index is the number of classes; its routes follow a new name."""
    classes = spliced("movement class", document.classes, index, (kind,))
    if classes == document.classes:
        return document
    routes = document.routes
    if index < len(document.classes):
        old = document.classes[index].name
        routes = tuple(replace(r, movement=kind.name) if r.movement == old else r for r in routes)
    return document.replace(classes=classes, routes=routes)


def remove_class(document: MapDocument, index: int) -> MapDocument:
    """Remove a movement class; its routes are walked by the plain movement from then on."""
    classes = spliced("movement class", document.classes, index, ())
    gone = document.classes[index].name
    routes = tuple(replace(r, movement="") if r.movement == gone else r for r in document.routes)
    return document.replace(classes=classes, routes=routes)


@dataclass(frozen=True)
class Snapped:
    """A document whose costs are its terrains', and what it took.

    cells: how many cells changed their cost.  terrains: how many are of another terrain than before.
    greatest_change: of a cell's cost, in cost units.
    """

    document: MapDocument
    cells: int
    terrains: int
    greatest_change: float


def snap_to_terrains(document: MapDocument, stay: float = 1.0) -> Snapped:
    """Give every passable cell the passable terrain of the palette whose cost is nearest to its own.

    A cell only takes terrains that the same movement classes can enter as its own. Locked cells keep what they
    have; of two terrains equally near, a cell stays what it is, or else takes the first.
    stay: a cell keeps its terrain where another is nearer, but not by more than this factor.
    Raises MapError for a palette without a passable terrain.
    """
    numbers = np.array([number for number, kind in enumerate(document.palette) if kind.passable])
    if numbers.size == 0:
        raise MapError("the palette has no terrain that one can walk on; add one to snap to")
    free = document.passable & ~document.locked
    costs = palette_costs(document.palette)
    nearest = _nearest(document.cost, costs, numbers)
    for alike in _alike_to_enter(document, numbers):
        cells = np.isin(document.terrain, alike)
        nearest[cells] = _nearest(document.cost[cells], costs, alike)
    own = np.isin(document.terrain, numbers)
    known = np.where(own, document.terrain, nearest)
    apart, own_apart = (np.abs(document.cost - costs[each]) for each in (nearest, known))
    chosen = np.where(own & (own_apart <= stay * apart), document.terrain, nearest)
    cost = np.where(free, costs[chosen], document.cost)
    change = np.abs(cost - document.cost)
    snapped = document.replace(
        cost=freshly_frozen(cost),
        terrain=freshly_frozen(np.where(free, chosen, document.terrain).astype(np.uint8)),
    )
    moved = int(np.count_nonzero(snapped.terrain != document.terrain))
    return Snapped(snapped, int(np.count_nonzero(change)), moved, float(change.max(initial=0.0)))


def _alike_to_enter(document: MapDocument, numbers: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Group the numbers of terrains by which movement classes can enter them."""
    groups: dict[tuple[bool, ...], list[int]] = {}
    for number in map(int, numbers):
        enter = tuple(math.isfinite(kind.costs[number]) for kind in document.classes)
        groups.setdefault(enter, []).append(number)
    return [np.array(group) for group in groups.values()]


def _nearest(cost: CostMap, costs: CostMap, numbers: NDArray[np.int64]) -> TerrainMap:
    """The number, of those given, of the terrain with the nearest cost, for costs of any shape."""
    order = np.argsort(costs[numbers], kind="stable")
    rising = costs[numbers][order]
    middles = 0.5 * (rising[:-1].astype(np.float64) + rising[1:])
    at = np.searchsorted(middles, cost, side="left")
    # Equal costs: the first of them in the palette.
    first = np.searchsorted(rising, rising[at], side="left")
    return numbers[order][first].astype(np.uint8)


def _with_cost(kind: MovementClass, index: int, old: Terrain | None, new: Terrain) -> MovementClass:
    paid, pays = (_plain_price(terrain) for terrain in (old, new))
    if index == len(kind.costs):
        return replace(kind, costs=(*kind.costs, pays))
    if kind.costs[index] != paid:
        return kind
    return replace(kind, costs=(*kind.costs[:index], pays, *kind.costs[index + 1 :]))


def _plain_price(terrain: Terrain | None) -> float:
    return terrain.cost if terrain is not None and terrain.passable else math.inf


def _recosted(document: MapDocument, cells: Mask, old: Terrain, new: Terrain) -> CostMap:
    was, now = np.float32(old.cost), np.float32(new.cost)
    with np.errstate(over="ignore", under="ignore"):  # the document names a cell that no cost is left for
        scaled = (document.cost * (float(now) / float(was))).astype(np.float32)
    usual = cells & ((document.cost == was) | (not old.passable))
    return freshly_frozen(np.where(usual, now, np.where(cells, scaled, document.cost)))
