"""Write what this program adds to a Tiled map into a `.tmj` file, in place of what it had added before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from maps.formats.tiled.ground import COST_LAYER
from maps.formats.tiled.own_parts import (
    COLUMNS,
    FIRST_TERRAIN,
    ROUTE_LAYER,
    TILESET,
    free_gid,
    pixels_of,
    rows_of,
    swatch_size,
)
from maps.formats.tiled.tsj import Json, objects_in, parse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maps.document import Route
    from maps.formats.tiled.model import Gids, TiledMap
    from maps.formats.tiled.own_parts import CostLayer, OwnTile


def with_costs(path: Path, data: bytes, tiled: TiledMap, costs: CostLayer, picture: str) -> bytes:
    """Return the file with a tileset and a layer of these costs. picture: name of the tileset's file."""
    first = free_gid(tiled)
    root = parse(path, data)
    own = [each for each in objects_in(root, "tilesets") if each.get("name") == TILESET]
    kept = [tile for each in own for tile in objects_in(each, "tiles") if _number(tile, "id") >= FIRST_TERRAIN]
    root["tilesets"] = [each for each in objects_in(root, "tilesets") if each not in own]
    root["layers"] = [each for each in objects_in(root, "layers") if each.get("name") != COST_LAYER]
    root["tilesets"].append(tileset_entry(first, costs.kinds, tiled.tile_size, picture, kept))
    layer = layer_entry(COST_LAYER, costs.tiles + first, tiled.first, tiled.infinite)
    layer |= {"visible": False, "opacity": 0.6}  # it lies over everything else
    layer["properties"] = [
        {"name": name, "type": "string", "value": value} for name, value in costs.properties.items()
    ]
    return encoded(_with_layer(root, layer))


def with_routes(path: Path, data: bytes, tiled: TiledMap, routes: Sequence[Route]) -> bytes:
    """Return the file with a layer of these routes, each a line from its start to its goal."""
    root = parse(path, data)
    root["layers"] = [each for each in objects_in(root, "layers") if each.get("name") != ROUTE_LAYER]
    number = _number(root, "nextobjectid")
    entries: list[Json] = []
    for place, route in enumerate(routes):
        corners = pixels_of(route, tiled)
        x, y = corners[0]
        entry: Json = {
            "id": number + place,
            "name": route.name,
            "type": "",
            "x": x,
            "y": y,
            "width": 0,
            "height": 0,
            "rotation": 0,
            "visible": True,
            "polyline": [{"x": right - x, "y": down - y} for right, down in corners],
        }
        if route.weight != 1.0:
            entry["properties"] = [{"name": "weight", "type": "float", "value": route.weight}]
        entries.append(entry)
    root["nextobjectid"] = number + len(routes)
    layer: Json = {
        "name": ROUTE_LAYER,
        "type": "objectgroup",
        "draworder": "topdown",
        "objects": entries,
        "opacity": 1,
        "visible": True,
        "x": 0,
        "y": 0,
    }
    return encoded(_with_layer(root, layer))


def tileset_entry(
    first: int, kinds: Sequence[OwnTile], tile_size: tuple[int, int], picture: str, more: Sequence[Json] = ()
) -> Json:
    """Return the own tileset. more: tiles that it had before, as they were."""
    width, height = swatch_size(tile_size)
    rows = rows_of(max([*(tile.number for tile in kinds), *(_number(tile, "id") for tile in more)]))
    return {
        "firstgid": first,
        "name": TILESET,
        "columns": COLUMNS,
        "image": picture,
        "imagewidth": COLUMNS * width,
        "imageheight": rows * height,
        "margin": 0,
        "spacing": 0,
        "tilecount": rows * COLUMNS,
        "tilewidth": width,
        "tileheight": height,
        "tiles": [*map(_tile_entry, kinds), *more],
    }


def layer_entry(name: str, gids: Gids, first: tuple[int, int], infinite: bool) -> Json:
    """Return a layer of tiles (H, W)."""
    height, width = gids.shape
    tiles: Any = gids.ravel().tolist()
    held: Json = {"data": tiles}
    if infinite:
        chunk: Json = {"x": first[1], "y": first[0], "width": width, "height": height, "data": tiles}
        held = {"chunks": [chunk], "startx": first[1], "starty": first[0]}
    extent = {"width": width, "height": height, "x": 0, "y": 0}
    return {"name": name, "type": "tilelayer", **extent, "opacity": 1, "visible": True, **held}


def _tile_entry(tile: OwnTile) -> Json:
    properties: list[Json] = []
    if tile.cost is not None:
        properties.append({"name": "cost", "type": "float", "value": tile.cost})
    if tile.solid:
        properties.append({"name": "solid", "type": "bool", "value": True})
    return {"id": tile.number, "type": tile.kind, "properties": properties}


def _with_layer(root: Json, layer: Json) -> Json:
    number = _number(root, "nextlayerid")
    root["layers"] = [*root["layers"], {"id": number, **layer}]
    root["nextlayerid"] = number + 1
    return root


def encoded(root: Json) -> bytes:
    """Return the bytes of a file that holds this object."""
    return (json.dumps(root, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _number(entry: Json, name: str) -> int:
    value: Any = entry.get(name)
    return value if type(value) is int else 1
