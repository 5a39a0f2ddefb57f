"""From tiles to terrains: which layer is the ground, what its tiles are called and cost, and where walls stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.checks import valid_cost
from maps.errors import MapError, MapFormatError
from maps.formats.tiled.groups import groups_by_colour, groups_by_place
from maps.formats.tiled.model import TILE_BITS, Gids, Properties, Tile, TiledMap
from maps.formats.tiled.tile_colours import tile_colours
from maps.formats.told import WITHOUT_COSTS
from maps.formats.watching import handled
from maps.terrain import NO_TERRAIN, SPARE_COLOURS, Terrain, TerrainMap
from maps.terrain_words import colour_of_words

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.document import Mask
    from maps.formats.tiled.model import TileLayer

# What tiles and layers are asked for, in small letters and without the prefix of an importer ("data_cost").
COST_NAMES = ("cost", "movement_cost", "move_cost", "weight")
SOLID_NAMES = ("solid", "blocked", "blocking", "collides", "collision", "wall", "obstacle")
OPEN_NAMES = ("passable", "walkable", "open")
WALL_LAYERS = ("collision", "collisions", "wall", "walls", "solid", "blocked", "obstacles")
NAME_NAMES = ("terrain", "name")
EMPTY = "empty"
COST_LAYER = "Longcut cost"  # written by this program, see `own_parts`
MOST_KINDS = 250


@dataclass(frozen=True, eq=False)
class Ground:
    """What the tiles of a map say.

    layer: place of the layer that shows the ground.  terrain: (H, W), numbers in the palette.
    walls: (H, W) cells that a tile or a layer closes.  alike: see `maps.origin`.
    decided: whether the designer has decided on the terrains.  told: what to know, in sentences.
    """

    layer: int
    terrain: TerrainMap
    palette: tuple[Terrain, ...]
    walls: Mask
    alike: tuple[tuple[str, str], ...]
    told: tuple[str, ...]
    decided: bool = False


@dataclass(frozen=True)
class Said:
    """What a map says of a tile: its name, empty without one; its cost, if any; whether one can walk there."""

    name: str
    cost: float | None
    passable: bool


def ground_of(path: Path, tiled: TiledMap) -> Ground:
    """Return the terrains of a map. Raises MapFormatError where it has no layer of tiles."""
    layers = [layer for layer in tiled.layers if layer.name != COST_LAYER]
    if not layers:
        raise MapFormatError(path, "", "has no layer of tiles, so there is no ground to walk on")
    told: list[str] = []
    # The fullest layer that can be seen, the lowest of several.
    shown = [layer for layer in layers if layer.visible] or layers
    ground = max(shown, key=lambda layer: int(np.count_nonzero(layer.gids)))
    if len(layers) > 1:
        told.append(f"the ground is the layer {ground.name!r}")
    walls = walls_of(tiled, ground, told)
    missing = [each for each in tiled.tilesets if each.missing]
    told += [f"the tileset {each.source} could not be read: its tiles have no names or costs" for each in missing]
    terrain, palette, alike = _terrains(path, tiled, ground.gids & TILE_BITS, told)
    return Ground(ground.place, terrain, palette, walls, alike, tuple(told))


def walls_of(tiled: TiledMap, ground: TileLayer, told: list[str] | None = None) -> Mask:
    """Return the cells (H, W) that a tile or a layer closes. told: is given which layers do."""
    walls = np.zeros(tiled.shape, np.bool_)
    for layer in tiled.layers:
        if layer.name == COST_LAYER:
            continue
        handled(0)
        solid = _solid_cells(tiled, layer, is_ground=layer is ground)
        if told is not None and solid.any() and layer is not ground:
            told.append(f"the layer {layer.name!r} closes {int(solid.sum())} cells")
        walls |= solid
    return walls


def key_of(tiled: TiledMap, gid: int) -> str:
    """Return what a tile is called in terrains and origins: number of its tileset and its own; EMPTY for none."""
    tileset = tiled.tileset_of(gid) if gid else None
    return EMPTY if tileset is None else f"{tiled.tilesets.index(tileset)}:{gid - tileset.first_gid}"


def gid_of(tiled: TiledMap, key: str) -> int | None:
    """Return the tile id of a key; None where the map has no such tile."""
    if key == EMPTY:
        return 0
    number, _, local = key.partition(":")
    if not (number.isdigit() and local.isdigit() and int(number) < len(tiled.tilesets)):
        return None
    return tiled.tilesets[int(number)].first_gid + int(local)


def keys_of_cells(tiled: TiledMap, gids: Gids, alike: dict[str, str]) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Return the terrains' tiles that are on a layer, and for every cell (H, W) the number of its own."""
    found, index = np.unique(gids & TILE_BITS, return_inverse=True)
    keys = [key_of(tiled, gid) for gid in found.tolist()]
    return [alike.get(key, key) for key in keys], index.reshape(gids.shape)


def _terrains(
    path: Path, tiled: TiledMap, gids: Gids, told: list[str]
) -> tuple[TerrainMap, tuple[Terrain, ...], tuple[tuple[str, str], ...]]:
    found, index, counts = np.unique(gids, return_inverse=True, return_counts=True)
    colours = tile_colours(path, tiled, found.tolist())
    said = [_kind(tiled, gid, told) for gid in found.tolist()]
    kinds = _grouped(tiled, found.tolist(), said, index.reshape(gids.shape), counts.tolist(), colours, told)
    ordered = sorted(kinds.items(), key=lambda item: (-int(counts[item[1]].sum()), item[0].name))
    if len(ordered) > MOST_KINDS:
        told.append(f"of {len(ordered)} kinds of tiles the {MOST_KINDS} commonest became terrains")
        ordered = ordered[:MOST_KINDS]
    if all(kind.cost is None for kind, _ in ordered):
        told.append(WITHOUT_COSTS)
    made: list[tuple[Terrain, list[int]]] = []
    alike: list[tuple[str, str]] = []
    for place, (kind, numbers) in enumerate(ordered):
        usual = max(numbers, key=lambda number: int(counts[number]))
        tile = key_of(tiled, int(found[usual]))
        known = colour_of_words(kind.name) if any(said[number].name for number in numbers) else None
        if known is None or any(terrain.colour == known for terrain, _ in made):
            known = SPARE_COLOURS[place % len(SPARE_COLOURS)]
        unseen = known if kind.passable else "#22242b"
        colour = next((colours[int(found[n])] for n in (usual, *numbers) if int(found[n]) in colours), unseen)
        cost = 1.0 if kind.cost is None else kind.cost
        made.append((Terrain(kind.name, cost, colour, kind.passable, tile), numbers))
        alike += [(key_of(tiled, int(found[number])), tile) for number in numbers if number != usual]
    made.sort(key=lambda each: (not each[0].passable, each[0].cost))
    of_tile = np.full(len(found), NO_TERRAIN, np.uint8)
    for number, (_, tiles) in enumerate(made):
        of_tile[tiles] = number
    return of_tile[index].reshape(gids.shape), tuple(terrain for terrain, _ in made), tuple(alike)


def _grouped(
    tiled: TiledMap,
    found: list[int],
    said: list[Said],
    index: NDArray[np.intp],
    counts: list[int],
    colours: dict[int, str],
    told: list[str],
) -> dict[Said, list[int]]:
    """Numbers of tiles by the terrain that they are; tiles that nothing is said of are put together.

    found: tile ids.  said: of each of them.  index: (H, W) their numbers on the ground.
    """
    kinds: defaultdict[Said, list[int]] = defaultdict(list)
    silent: list[int] = []
    for number, each in enumerate(said):
        if each.name:
            kinds[each].append(number)
        else:
            silent.append(number)
    seen = [number for number in silent if found[number] in colours]
    unseen = [number for number in silent if found[number] not in colours]
    of_number = {number: colours[found[number]] for number in seen}
    led = groups_by_colour(seen, dict(enumerate(counts)), of_number) | groups_by_place(unseen, index)
    for number, leader in led.items():
        kinds[replace(said[leader], name=_number_name(tiled, found[leader]))].append(number)
    terrains = len(set(led.values()))
    if terrains < len(silent):
        how = "place, as their pictures were not found" if not seen else "looks and place" if unseen else "looks"
        told.append(f"{len(silent)} kinds of tiles without a name became {terrains} terrains, by {how}")
    return kinds


def said_of(tiled: TiledMap, gid: int) -> Said:
    """Return what a map says of one of its tiles."""
    return _kind(tiled, gid, [])


def _kind(tiled: TiledMap, gid: int, told: list[str]) -> Said:
    """What a map says of a tile; tiles of which it says the same, and something, are one terrain."""
    tileset = tiled.tileset_of(gid) if gid else None
    if tileset is None:
        return Said(EMPTY, None, True)
    number = gid - tileset.first_gid
    tile = tileset.tiles.get(number, Tile())
    named = _first(tile.properties, NAME_NAMES)
    name = tile.kind or (named if isinstance(named, str) and named else "") or tile.wang
    cost = _first(tile.properties, COST_NAMES)
    try:
        cost = None if cost is None else valid_cost("", cost)
    except MapError:
        told.append(f"tile {number} of {tileset.name} has the cost {str(cost)[:20]}, which is none; 1 is taken")
        cost = None
    passable = not _is_solid(tile.properties)
    if not name and (cost is not None or not passable):
        name = _number_name(tiled, gid)
    return Said(name, cost, passable)


def _number_name(tiled: TiledMap, gid: int) -> str:
    tileset = tiled.tileset_of(gid)
    assert tileset is not None
    return f"{tileset.name} {gid - tileset.first_gid}"


def _solid_cells(tiled: TiledMap, layer: TileLayer, *, is_ground: bool) -> Mask:
    """The cells (H, W) that a layer closes: by itself, or by tiles that do."""
    if not is_ground and (_is_solid(layer.properties) or layer.name.lower() in WALL_LAYERS):
        return (layer.gids & TILE_BITS) != 0
    found, index = np.unique(layer.gids & TILE_BITS, return_inverse=True)
    solid: list[bool] = []
    for gid in found.tolist():
        tileset = tiled.tileset_of(gid) if gid else None
        tile = None if tileset is None else tileset.tiles.get(gid - tileset.first_gid)
        solid.append(tile is not None and _is_solid(tile.properties))
    return np.array(solid)[index].reshape(layer.gids.shape)


def _is_solid(properties: Properties) -> bool:
    closed, opened = _first(properties, SOLID_NAMES), _first(properties, OPEN_NAMES)
    return closed is True or opened is False


def _first(properties: Properties, names: tuple[str, ...]) -> Any:
    """The value of the first of these names that there is; None without one."""
    plain = {name.lower().removeprefix("data_"): value for name, value in properties.items()}
    return next((plain[name] for name in names if name in plain), None)
