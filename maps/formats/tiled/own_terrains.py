"""The terrains that a designer has made of a Tiled map's tiles, as a property of this program's own layer."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from maps.errors import MapError
from maps.formats.tiled.ground import keys_of_cells
from maps.terrain import MOST_TERRAINS, Terrain

if TYPE_CHECKING:
    from maps.document import MapDocument
    from maps.formats.tiled.ground import Ground
    from maps.formats.tiled.model import TiledMap


def terrains_text(document: MapDocument) -> str:
    """Return which tiles are which terrain, and what these cost; empty unless the designer has decided on it."""
    origin = document.origin
    if origin is None or not origin.decided:
        return ""
    entries = [
        {
            "name": kind.name,
            "cost": kind.cost,
            "passable": kind.passable,
            "colour": kind.colour,
            "tiles": [kind.tile, *(tile for tile, other in origin.alike if other == kind.tile)],
        }
        for kind in document.palette
        if kind.tile
    ]
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":"))


def with_own_terrains(tiled: TiledMap, ground: Ground, text: str) -> Ground:
    """Return what the tiles say, with the terrains of a layer's text in place of those that were made of them.

    A tile that the text does not know is the terrain of the tile that it was put together with, or its own. A text
    that is no such list is left aside, and that is told.
    """
    try:
        listed = _listed(text)
    except (ValueError, MapError):
        return replace(ground, told=(*ground.told, "the terrains that this program had written cannot be read"))
    layer = next(layer for layer in tiled.layers if layer.place == ground.layer)
    keys, index = keys_of_cells(tiled, layer.gids, {})
    of_key = {tile: number for number, (_, tiles) in enumerate(listed) for tile in tiles}
    alike, known = dict(ground.alike), {kind.tile: kind for kind in ground.palette}
    palette = [terrain for terrain, _ in listed]
    pairs = [(tile, tiles[0]) for _, tiles in listed for tile in tiles[1:]]
    numbers: list[int] = []
    for key in keys:
        like = alike.get(key, key)
        number = of_key.get(key, of_key.get(like))
        if number is None:
            number = of_key[like] = len(palette)
            palette.append(known.get(like) or Terrain(like, 1.0, "#9aa0a8", tile=like))
        if key not in of_key:
            of_key[key] = number
            pairs += [(key, palette[number].tile)] if key != palette[number].tile else []
        numbers.append(number)
    if len(palette) > MOST_TERRAINS:
        return ground
    terrain = np.array(numbers, np.uint8)[index]
    return replace(ground, terrain=terrain, palette=tuple(palette), alike=tuple(pairs), decided=True)


def _listed(text: str) -> list[tuple[Terrain, list[str]]]:
    """The terrains in a text, each with its tiles. Raises ValueError or MapError for any other text."""
    entries: Any = json.loads(text)
    found: list[tuple[Terrain, list[str]]] = []
    for entry in cast("list[Any]", entries) if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            raise ValueError
        fields = cast("dict[str, Any]", entry)
        tiles: Any = fields.get("tiles")
        name, colour = fields.get("name"), fields.get("colour")
        if not (isinstance(name, str) and isinstance(colour, str) and isinstance(tiles, list) and tiles):
            raise ValueError
        named = [tile for tile in cast("list[Any]", tiles) if isinstance(tile, str)]
        cost: Any = fields.get("cost")
        if len(named) != len(cast("list[Any]", tiles)) or not isinstance(cost, int | float):
            raise ValueError
        terrain = Terrain(name, cost, colour, fields.get("passable") is not False, named[0])
        found.append((terrain, named))
    if not found or len(found) > MOST_TERRAINS:
        raise ValueError
    return found
