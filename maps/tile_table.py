"""Which terrain each kind of tile is, and what terrains cost: looked at, changed, and applied to a map."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.document import Bounds, MapDocument, freshly_frozen
from maps.errors import MapError
from maps.terrain import MOST_TERRAINS, NO_TERRAIN, SPARE_COLOURS, Terrain, of_each_cell, palette_costs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from maps.tiles import MapTiles


@dataclass(frozen=True)
class TileTable:
    """Terrains with names of their own, and for each kind of tile the number of its terrain.

    prices: what each movement class of the map pays in each terrain; infinite where it cannot be.
    """

    terrains: tuple[Terrain, ...]
    of_kind: tuple[int, ...]
    prices: tuple[tuple[float, ...], ...] = ()

    def kinds_of(self, terrain: int) -> list[int]:
        """Return the kinds of tiles that are a terrain."""
        return [kind for kind, number in enumerate(self.of_kind) if number == terrain]

    def numbered(self, name: str) -> int | None:
        """Return the number of the terrain of a name; None where there is none."""
        return next((number for number, each in enumerate(self.terrains) if each.name == name), None)

    def terrains_at(self, kinds: Collection[int]) -> list[int]:
        """Return the terrains that these kinds of tiles are, each once."""
        return sorted({self.of_kind[kind] for kind in kinds})


def table_of(document: MapDocument, tiles: MapTiles) -> TileTable:
    """Return the table of a map as it is. Terrains that share a name get numbers behind it."""
    shown = sorted({kind.terrain for kind in tiles.kinds})
    place = {terrain: number for number, terrain in enumerate(shown)}
    terrains: list[Terrain] = []
    for terrain in shown:
        kind = document.palette[terrain]
        terrains.append(replace(kind, name=_free_name(kind.name, {each.name for each in terrains})))
    prices = tuple(tuple(each.costs[terrain] for terrain in shown) for each in document.classes)
    return TileTable(tuple(terrains), tuple(place[kind.terrain] for kind in tiles.kinds), prices)


def with_terrain(table: TileTable, kinds: Collection[int], name: str, colour: str = "") -> TileTable:
    """Return the table with these kinds of tiles as the terrain of a name.

    Where no terrain is called so, theirs is renamed if no other tile is of it; else a new one begins as theirs,
    with a colour of its own if one is given.
    """
    name = name.strip()
    if not name or not kinds:
        return table
    number = table.numbered(name)
    if number is None:
        first = table.of_kind[min(kinds)]
        if set(table.kinds_of(first)) <= set(kinds):
            renamed = replace(table.terrains[first], name=name)
            table = replace(table, terrains=_put(table.terrains, first, renamed))
            number = first
        else:
            added = replace(
                table.terrains[first], name=name, tile="", colour=colour or table.terrains[first].colour
            )
            prices = tuple((*each, each[first]) for each in table.prices)
            number = len(table.terrains)
            table = TileTable((*table.terrains, added), table.of_kind, prices)
    of_kind = tuple(number if kind in kinds else other for kind, other in enumerate(table.of_kind))
    return _without_empty(replace(table, of_kind=of_kind))


def own_colour(table: TileTable, tiles: MapTiles, kinds: Collection[int]) -> str:
    """Return a colour for a new terrain of these kinds: that of the commonest, or else one that no terrain has."""
    cells = tiles.cells
    usual = max(kinds, key=lambda kind: cells[kind], default=None)
    used = {terrain.colour for terrain in table.terrains}
    if usual is not None and tiles.kinds[usual].colour not in used:
        return tiles.kinds[usual].colour
    return next((colour for colour in SPARE_COLOURS if colour not in used), SPARE_COLOURS[0])


def with_names(table: TileTable, names: Mapping[int, str]) -> TileTable:
    """Return the table with each kind of tile as the terrain of its name, as `with_terrain` does for one name."""
    wanted: dict[str, set[int]] = {}
    for kind, name in names.items():
        wanted.setdefault(name, set()).add(kind)
    # All kinds of a name at once: a terrain whose kinds all get another name is renamed, and keeps what it is.
    for name, kinds in wanted.items():
        table = with_terrain(table, kinds, name)
    return table


def with_look(table: TileTable, number: int, terrain: Terrain) -> TileTable:
    """Return the table with another terrain in the place of one; classes that paid its cost pay the new one."""
    return _changed(table, number, replace(terrain, tile=table.terrains[number].tile))


def with_cost(table: TileTable, terrain: int, cost: float) -> TileTable:
    """Return the table with another cost of a terrain. Raises MapError."""
    return _changed(table, terrain, replace(table.terrains[terrain], cost=cost))


def with_passable(table: TileTable, terrain: int, passable: bool) -> TileTable:
    """Return the table with a terrain opened, or closed."""
    return _changed(table, terrain, replace(table.terrains[terrain], passable=passable))


def with_price(table: TileTable, movement: int, terrain: int, price: float) -> TileTable:
    """Return the table with another price of a movement class, by its number, in a terrain."""
    paid = table.prices[movement]
    return replace(table, prices=_put(table.prices, movement, (*paid[:terrain], price, *paid[terrain + 1 :])))


def as_the_file_says(document: MapDocument, tiles: MapTiles) -> MapDocument:
    """Return the map with terrains that cost what the editor's file says of their tiles, 1 where it says nothing.

    What is left of its costs and walls is what was made of single cells.
    """
    table = table_of(document, tiles)
    for number in range(len(table.terrains)):
        kinds = [tiles.kinds[kind] for kind in table.kinds_of(number)]
        cost = next((kind.cost for kind in kinds if kind.cost is not None), 1.0)
        table = with_passable(
            with_cost(table, number, cost), number, all(kind.passable is not False for kind in kinds)
        )
    return with_table(document, tiles, table)


def with_table(document: MapDocument, tiles: MapTiles, table: TileTable) -> MapDocument:
    """Return the map with its terrains as the table says; the very same map where that changes nothing.

    Cells follow their tiles: they cost what their terrain does, those that a run had made dearer or cheaper stay
    so in proportion; walls that stand on a terrain stay. Terrains that no kind of tile is are kept. Raises
    MapError for more terrains than a map can have.
    """
    if table == table_of(document, tiles):
        return document
    shown = {kind.terrain for kind in tiles.kinds}
    kept = [number for number in range(len(document.palette)) if number not in shown]
    if len(table.terrains) + len(kept) > MOST_TERRAINS:
        raise MapError(f"that makes {len(table.terrains) + len(kept)} terrains; {MOST_TERRAINS} are the most")
    cells = tiles.cells
    usual = [max(table.kinds_of(n), key=lambda kind: cells[kind], default=-1) for n in range(len(table.terrains))]
    key_of = [tiles.kinds[kind].key if kind >= 0 else "" for kind in usual]
    palette = (
        *(replace(each, tile=key) for each, key in zip(table.terrains, key_of, strict=True)),
        *(document.palette[number] for number in kept),
    )
    terrain = _terrain_of_cells(document, tiles, table, kept)
    cost, passable = _followed(document, terrain, palette)
    classes = tuple(
        replace(each, costs=(*prices, *(each.costs[number] for number in kept)))
        for each, prices in zip(document.classes, table.prices, strict=True)
    )
    origin = document.origin
    if origin is not None:
        listed = {kind.key for kind in tiles.kinds}
        others = [pair for pair in origin.alike if pair[0] not in listed]
        alike = [
            (kind.key, key_of[number])
            for kind, number in zip(tiles.kinds, table.of_kind, strict=True)
            if kind.key != key_of[number]
        ]
        origin = replace(origin, alike=(*others, *alike), decided=True)
    return document.replace(
        cost=cost,
        passable=passable,
        terrain=terrain,
        palette=palette,
        classes=classes,
        origin=origin,
        bounds=_bounds_around(document.bounds, cost[passable]),
    )


def _terrain_of_cells(
    document: MapDocument, tiles: MapTiles, table: TileTable, kept: Sequence[int]
) -> NDArray[np.uint8]:
    """The terrain (H, W) of each cell: that of its tile, else the one that it had."""
    moved = np.full(NO_TERRAIN + 1, NO_TERRAIN, np.uint8)
    for place, number in enumerate(kept):
        moved[number] = len(table.terrains) + place
    of_kind = np.array([*table.of_kind, 0], np.uint8)  # the last for cells without a tile, unused
    return freshly_frozen(np.where(tiles.number >= 0, of_kind[tiles.number], moved[document.terrain]))


def _followed(
    document: MapDocument, terrain: NDArray[np.uint8], palette: Sequence[Terrain]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Costs and passability (H, W) of cells whose terrains are others now."""
    before, after = document.terrain, terrain
    was_open, is_open = (
        of_each_cell(place, [kind.passable for kind in kinds], True, np.bool_)
        for place, kinds in ((before, document.palette), (after, palette))
    )
    was, now = (
        of_each_cell(place, palette_costs(kinds), 1.0, np.float32)
        for place, kinds in ((before, document.palette), (after, palette))
    )
    passable = np.where(was_open == is_open, document.passable, is_open)
    usual = (document.cost == was) | ~was_open
    with np.errstate(over="ignore", under="ignore"):  # the document names a cell that no cost is left for
        scaled = (document.cost.astype(np.float64) * now / was).astype(np.float32)
    stays = ~is_open | ((was == now) & was_open)
    cost = np.where(stays, document.cost, np.where(usual, now, scaled))
    return freshly_frozen(cost.astype(np.float32)), freshly_frozen(passable)


def _bounds_around(bounds: Bounds, costs: NDArray[Any]) -> Bounds:
    if costs.size == 0:
        return bounds
    return Bounds(min(bounds.lower, float(costs.min())), max(bounds.upper, float(costs.max())))


def _changed(table: TileTable, number: int, terrain: Terrain) -> TileTable:
    """With another terrain; a class that paid what the terrain cost pays what it costs now."""
    paid, pays = (each.cost if each.passable else math.inf for each in (table.terrains[number], terrain))
    prices = tuple(
        (*each[:number], pays if each[number] == paid else each[number], *each[number + 1 :])
        for each in table.prices
    )
    return TileTable(_put(table.terrains, number, terrain), table.of_kind, prices)


def _without_empty(table: TileTable) -> TileTable:
    used = sorted(set(table.of_kind))
    place = {number: at for at, number in enumerate(used)}
    return TileTable(
        tuple(table.terrains[number] for number in used),
        tuple(place[number] for number in table.of_kind),
        tuple(tuple(each[number] for number in used) for each in table.prices),
    )


def _put(entries: tuple[Any, ...], at: int, entry: Any) -> tuple[Any, ...]:
    return (*entries[:at], entry, *entries[at + 1 :])


def _free_name(name: str, taken: Collection[str]) -> str:
    if name not in taken:
        return name
    return next(text for n in range(2, len(taken) + 3) if (text := f"{name} {n}") not in taken)
