"""Phaser: one Tiled JSON with everything in it.

By Phaser's source: compressed layers and tilesets in files of their own are skipped with a warning, and properties
are lists since version 1 of the format. So a map of the Tiled editor is written anew, finite, with plain lists of
tiles and its tilesets in it; its tiles, turned ones too, stay what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from maps.engines.target import EngineFiles, EngineTarget, Seen, see_classes, with_ending
from maps.engines.tiled_maps import OTHER_PICTURES, PICTURE, as_new, tiled_files
from maps.formats.tiled import tmj_parts
from maps.formats.tiled.format import picture_beside, tiled_map, with_costs
from maps.formats.tiled.own_parts import TILESET
from maps.formats.tiled.places import pixels_of_cell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maps.formats.tiled.model import Properties, TiledMap, TiledObject, Tileset
    from maps.formats.tiled.tsj import Json


def _files(seen: Seen, base: Path) -> EngineFiles:
    document, path = seen.document, with_ending(base, ".json")
    origin = document.origin
    if origin is None:
        return tiled_files("tmj", document, path)
    if origin.format == "tmx" or origin.format == "tmj":
        written = with_costs(origin.format, document, path)
        tiled = tiled_map(origin.format, path, written.data)
        if all(each.image and each.columns and not each.missing for each in tiled.tilesets):
            files = {picture_beside(path): written.picture, path: tmj_parts.encoded(_whole(tiled))}
            return EngineFiles(files, (*written.told, *_lost(tiled)))
    made = tiled_files("tmj", as_new(document), path)
    why = ", as its tilesets are not found from there, or are no single pictures"
    return EngineFiles(made.files, (*made.lost, OTHER_PICTURES + (why if origin.format in ("tmx", "tmj") else "")))


def _whole(tiled: TiledMap) -> Json:
    """Return a map with all that belongs to it, as the root of a Tiled JSON."""
    height, width = tiled.shape
    layers: list[Json] = []
    for layer in tiled.layers:
        entry = tmj_parts.layer_entry(layer.name, layer.gids, (0, 0), infinite=False)
        layers.append({**entry, "visible": layer.visible, "properties": _properties(layer.properties)})
    things: dict[str, list[Json]] = {}
    for number, thing in enumerate(tiled.objects, 1):
        if _is_kept(thing):
            things.setdefault(thing.layer, []).append({"id": number, **_object(thing, tiled)})
    for name, entries in things.items():
        layers.append({"name": name, "type": "objectgroup", "objects": entries, "opacity": 1, "visible": True})
    return {
        "type": "map",
        "version": "1.8",
        "orientation": tiled.orientation,
        "renderorder": "right-down",
        "width": width,
        "height": height,
        "tilewidth": tiled.tile_size[0],
        "tileheight": tiled.tile_size[1],
        "infinite": False,
        "nextlayerid": len(layers) + 1,
        "nextobjectid": len(tiled.objects) + 1,
        "properties": _properties(tiled.properties),
        "tilesets": [_tileset(each) for each in tiled.tilesets],
        "layers": [{"id": number, "x": 0, "y": 0, **layer} for number, layer in enumerate(layers, 1)],
    }


def _tileset(tileset: Tileset) -> Json:
    (width, height), margin, spacing = tileset.tile_size, tileset.margin, tileset.spacing
    count = max(tileset.count, max(tileset.tiles, default=0) + 1)
    rows = -(-count // tileset.columns)
    tiles = [
        {"id": number, "type": tile.kind, "properties": _properties(tile.properties)}
        for number, tile in tileset.tiles.items()
    ]
    return {
        "firstgid": tileset.first_gid,
        "name": tileset.name,
        "columns": tileset.columns,
        "image": tileset.image,
        "imagewidth": margin + tileset.columns * (width + spacing) - spacing,
        "imageheight": margin + rows * (height + spacing) - spacing,
        "margin": margin,
        "spacing": spacing,
        "tilecount": count,
        "tilewidth": width,
        "tileheight": height,
        "tiles": tiles,
    }


def _object(thing: TiledObject, tiled: TiledMap) -> Json:
    """Return an object, which stands at one place or is a line."""
    across, down = pixels_of_cell(tiled.orientation, tiled.tile_size)
    pixels = [((col + 0.5) * across, (row + 0.5) * down) for row, col in (thing.points or (thing.position,))]
    x, y = pixels[0]
    line = {"polyline": [{"x": right - x, "y": below - y} for right, below in pixels]} if thing.points else None
    return {
        "name": thing.name,
        "type": thing.kind,
        "x": x,
        "y": y,
        "width": 0,
        "height": 0,
        "rotation": 0,
        "visible": True,
        "properties": _properties(thing.properties),
        **(line or {"point": True}),
    }


def _is_kept(thing: TiledObject) -> bool:
    return thing.stands or bool(thing.points)


def _properties(properties: Properties) -> list[Json]:
    kinds = {"bool": "bool", "float": "float", "int": "int"}
    return [
        {"name": name, "type": kinds.get(type(value).__name__, "string"), "value": value}
        for name, value in properties.items()
    ]


def _lost(tiled: TiledMap) -> Iterator[str]:
    """Yield what of an editor's map the JSON leaves out."""
    areas = sum(not _is_kept(thing) for thing in tiled.objects)
    if areas:
        yield f"{areas} objects that cover an area"
    if any(tiled.first):
        yield f"where the infinite map began: it begins at column {tiled.first[1]}, row {tiled.first[0]}"
    if any(each.name != TILESET for each in tiled.tilesets):
        yield "animations, collision shapes, and layers of pictures"


PHASER = EngineTarget(
    "phaser",
    "Phaser 3",
    "One Tiled JSON with its tilesets in it and its layers as plain lists; load the tilesets' pictures beside it.",
    (".json", PICTURE),
    see_classes,
    _files,
)
