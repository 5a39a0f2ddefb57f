"""From tiles to terrains: which layer is the ground, what its tiles are called and cost, and where walls stand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.checks import valid_cost
from maps.errors import MapError, MapFormatError
from maps.formats.tiled.model import TILE_BITS, Gids, Properties, Tile, TiledMap
from maps.formats.tiled.tile_colours import UNSEEN, tile_colours
from maps.formats.watching import handled
from maps.terrain import NO_TERRAIN, Terrain, TerrainMap

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import Mask
    from maps.formats.tiled.model import TileLayer

# What tiles and layers are asked for, in small letters and without the prefix of an importer ("data_cost").
COST_NAMES = ("cost", "movement_cost", "move_cost", "weight")
SOLID_NAMES = ("solid", "blocked", "blocking", "collides", "collision", "wall", "obstacle")
OPEN_NAMES = ("passable", "walkable", "open")
WALL_LAYERS = ("collision", "collisions", "wall", "walls", "solid", "blocked", "obstacles")
NAME_NAMES = ("terrain", "name")
EMPTY = "empty"
WITHOUT_COSTS = "give the terrains costs in the palette: no tile has a property 'cost', so all cost 1"
COST_LAYER = "Longcut cost"  # written by this program, see `own_parts`
MOST_KINDS = 250


@dataclass(frozen=True, eq=False)
class Ground:
    """What the tiles of a map say.

    layer: place of the layer that shows the ground.  terrain: (H, W), numbers in the palette.
    walls: (H, W) cells that a tile or a layer closes.  alike: see `maps.origin`.
    told: what to know, in sentences.
    """

    layer: int
    terrain: TerrainMap
    palette: tuple[Terrain, ...]
    walls: Mask
    alike: tuple[tuple[str, str], ...]
    told: tuple[str, ...]


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
    walls = np.zeros(tiled.shape, np.bool_)
    for layer in layers:
        handled(0)
        solid = _solid_cells(tiled, layer, is_ground=layer is ground)
        if solid.any() and layer is not ground:
            told.append(f"the layer {layer.name!r} closes {int(solid.sum())} cells")
        walls |= solid
    missing = [each for each in tiled.tilesets if each.missing]
    told += [f"the tileset {each.source} could not be read: its tiles have no names or costs" for each in missing]
    terrain, palette, alike = _terrains(path, tiled, ground.gids & TILE_BITS, told)
    return Ground(ground.place, terrain, palette, walls, alike, tuple(told))


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
    kinds: defaultdict[tuple[str, float | None, bool], list[int]] = defaultdict(list)
    for number, gid in enumerate(found.tolist()):
        kinds[_kind(tiled, gid, told)].append(number)
    ordered = sorted(kinds.items(), key=lambda item: (-int(counts[item[1]].sum()), item[0][0]))
    if len(ordered) > MOST_KINDS:
        told.append(f"of {len(ordered)} kinds of tiles the {MOST_KINDS} commonest became terrains")
        ordered = ordered[:MOST_KINDS]
    if all(cost is None for (_, cost, _), _ in ordered):
        told.append(WITHOUT_COSTS)
    colours = tile_colours(path, tiled, found.tolist())
    made: list[tuple[Terrain, list[int]]] = []
    alike: list[tuple[str, str]] = []
    for place, ((name, cost, passable), numbers) in enumerate(ordered):
        usual = max(numbers, key=lambda number: int(counts[number]))
        tile = key_of(tiled, int(found[usual]))
        unseen = "#22242b" if not passable else UNSEEN[place % len(UNSEEN)]
        colour = next((colours[int(found[n])] for n in (usual, *numbers) if int(found[n]) in colours), unseen)
        made.append((Terrain(name, 1.0 if cost is None else cost, colour, passable, tile), numbers))
        alike += [(key_of(tiled, int(found[number])), tile) for number in numbers if number != usual]
    made.sort(key=lambda each: (not each[0].passable, each[0].cost))
    of_tile = np.full(len(found), NO_TERRAIN, np.uint8)
    for number, (_, tiles) in enumerate(made):
        of_tile[tiles] = number
    return of_tile[index].reshape(gids.shape), tuple(terrain for terrain, _ in made), tuple(alike)


def _kind(tiled: TiledMap, gid: int, told: list[str]) -> tuple[str, float | None, bool]:
    """The name, the cost if it has one, and whether one can walk there, of a tile; alike tiles are one terrain."""
    tileset = tiled.tileset_of(gid) if gid else None
    if tileset is None:
        return EMPTY, None, True
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
    return name or f"{tileset.name} {number}", cost, not _is_solid(tile.properties)


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
