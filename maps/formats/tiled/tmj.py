"""Tiled maps as JSON: `.tmj`, with tilesets (`.tsj`) and templates (`.tj`) of their own files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from maps.errors import MapFormatError
from maps.formats.limits import check_shape, read_file
from maps.formats.tiled import layer_data
from maps.formats.tiled.json_spans import Place, number_spans, spans_of
from maps.formats.tiled.model import Gids, TiledMap, TiledObject, TileLayer, Tileset
from maps.formats.tiled.places import (
    beside,
    bounding_box,
    cell_of,
    laid_out,
    pixels_of_cell,
    plain_number,
    span_of_object,
)
from maps.formats.tiled.tilesets import external_tileset
from maps.formats.tiled.tsj import MAX_TILESET, Json, objects_in, parse, properties_of, text_of, tileset_of, whole
from maps.formats.tiled.xml_spans import spliced
from maps.formats.watching import handled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_TMJ = 256 << 20
_Chunk = tuple[tuple[int, int], tuple[int, int], Json, Place]


def read(path: Path, data: bytes) -> TiledMap:
    """Return the map in the bytes of a `.tmj` file, as `tmx.read` does. Raises MapFormatError."""
    root = parse(path, data)
    if root.get("type") != "map" and "layers" not in root:
        raise MapFormatError(path, "", "is no Tiled map: it has no layers")
    orientation = str(root.get("orientation", "orthogonal"))
    layers = list(_layers(path, root, ()))
    tile_layers = [(layer, place) for layer, place in layers if layer.get("type") == "tilelayer"]
    chunks = [_chunks(path, layer, place) for layer, place in tile_layers]
    infinite = root.get("infinite") is True
    if infinite:
        first, shape = bounding_box([chunk[:2] for each in chunks for chunk in each])
    else:
        first, shape = (0, 0), (whole(path, root, "height"), whole(path, root, "width"))
    check_shape(path, "map", *shape)
    tile_size = whole(path, root, "tilewidth"), whole(path, root, "tileheight")
    found: list[TileLayer] = []
    for number, ((layer, _), parts) in enumerate(zip(tile_layers, chunks, strict=True)):
        where = f"layer {text_of(layer, 'name')[:40]!r}"
        tiles = [(part[0], _tiles(path, where, layer, part)) for part in parts]
        gids = laid_out(path, where, tiles, first, shape)
        visible = layer.get("visible") is not False
        found.append(TileLayer(text_of(layer, "name"), gids, number, visible, properties_of(layer)))
    return TiledMap(
        orientation=orientation,
        shape=shape,
        first=first,
        tile_size=tile_size,
        infinite=infinite,
        tilesets=tuple(_tileset(path, entry) for entry in objects_in(root, "tilesets")),
        layers=tuple(found),
        objects=tuple(
            _object(
                path, entry, (*place, "objects", number), text_of(layer, "name"), orientation, tile_size, first
            )
            for layer, place in layers
            if layer.get("type") == "objectgroup"
            for number, entry in enumerate(objects_in(layer, "objects"))
        ),
        properties=properties_of(root),
    )


def with_layers(path: Path, data: bytes, changed: dict[int, Gids]) -> bytes:
    """Return the bytes of a `.tmj` file with other tiles in some layers, as `tmx.with_layers` does."""
    root = parse(path, data)
    layers = [(each, place) for each, place in _layers(path, root, ()) if each.get("type") == "tilelayer"]
    everything = [chunk for layer, place in layers for chunk in _chunks(path, layer, place)]
    first = bounding_box([chunk[:2] for chunk in everything])[0] if root.get("infinite") is True else (0, 0)
    spans = spans_of(data, "data")
    changes: list[tuple[int, int, bytes]] = []
    for number, gids in changed.items():
        layer, place = layers[number]
        for chunk in _chunks(path, layer, place):
            (row, col), (height, width) = chunk[:2]
            new = gids[row - first[0] :, col - first[1] :][:height, :width]
            if np.array_equal(new, _tiles(path, "", layer, chunk)):
                continue
            begin, end = spans[chunk[3]]
            if isinstance(chunk[2]["data"], str):
                text = b'"' + layer_data.encode(new, "base64", text_of(layer, "compression")) + b'"'
                if rb"\/" in data[begin:end]:  # as the editor writes a stroke
                    text = text.replace(b"/", rb"\/")
            else:
                between = b", " if b", " in data[begin:end] else b","
                text = b"[" + between.join(b"%d" % gid for gid in new.ravel().tolist()) + b"]"
            changes.append((begin, end, text))
    return spliced(data, changes)


def _tileset(path: Path, entry: Json) -> Tileset:
    first_gid = whole(path, entry, "firstgid")
    source = text_of(entry, "source")
    if not source:
        return replace(tileset_of(path, entry), first_gid=first_gid)
    return external_tileset(path, source, first_gid)


def with_objects(path: Path, data: bytes, tiled: TiledMap, moved: Mapping[Place, tuple[float, float]]) -> bytes:
    """Return the bytes of a `.tmj` file with some objects at other places, as `tmx.with_objects` does."""
    width, height = pixels_of_cell(tiled.orientation, tiled.tile_size)
    changes: list[tuple[int, int, bytes]] = []
    for name, axis, side in (("x", 1, width), ("y", 0, height)):
        spans = number_spans(data, name)
        for place, move in moved.items():
            span = spans.get((*place, name))
            if span is not None and move[axis]:
                moved_to = plain_number(float(data[slice(*span)]) + move[axis] * side)
                changes.append((*span, moved_to.encode()))
    return spliced(data, changes)


def _layers(path: Path, parent: Json, place: Place) -> Iterator[tuple[Json, Place]]:
    """The layers and where they stand, those in groups included, in the order of the file."""
    if len(place) > 64:
        raise MapFormatError(path, "", "has groups of layers nested too deeply")
    for number, layer in enumerate(objects_in(parent, "layers")):
        here = (*place, "layers", number)
        if layer.get("type") == "group":
            yield from _layers(path, layer, here)
        else:
            yield layer, here


def _chunks(path: Path, layer: Json, place: Place) -> list[_Chunk]:
    chunks = objects_in(layer, "chunks")
    found: list[_Chunk] = []
    for number, chunk in enumerate(chunks or [layer]):
        shape = whole(path, chunk, "height"), whole(path, chunk, "width")
        check_shape(path, "layer", *shape)
        if chunks:
            first = whole(path, chunk, "y", least=None), whole(path, chunk, "x", least=None)
            found.append((first, shape, chunk, (*place, "chunks", number, "data")))
        else:
            found.append(((0, 0), shape, layer, (*place, "data")))
    return found


def _tiles(path: Path, where: str, layer: Json, chunk: _Chunk) -> Gids:
    _, shape, holder, _ = chunk
    tiles: Any = holder.get("data")
    if isinstance(tiles, str):
        compression = text_of(layer, "compression")
        return layer_data.decode(path, where, tiles.encode(), shape, "base64", compression)
    if not isinstance(tiles, list):
        raise MapFormatError(path, where, "has no tiles: its data is missing")
    numbers = cast("list[Any]", tiles)
    if len(numbers) != shape[0] * shape[1]:
        raise MapFormatError(path, where, f"has {len(numbers)} tiles; its size says {shape[0] * shape[1]}")
    for number in numbers:
        if type(number) is not int or not 0 <= number < 1 << 32:
            raise MapFormatError(path, where, f"{str(number)[:20]!r} is no tile id")
    handled(2 * len(numbers))  # at least
    return np.array(numbers, np.int64).astype(np.uint32).reshape(shape)


def _object(
    path: Path,
    entry: Json,
    place: Place,
    layer: str,
    orientation: str,
    tile_size: tuple[int, int],
    first: tuple[int, int],
) -> TiledObject:
    template = _template(path, entry)
    merged = {**template, **entry}
    is_point = merged.get("point") is True
    at = span_of_object(path, merged, is_point=is_point)
    to_cell = cell_of(orientation, tile_size, first)
    corners: list[tuple[float, float]] = []
    for corner in objects_in(merged, "polyline") or objects_in(merged, "polygon"):
        x, y = corner.get("x"), corner.get("y")
        if not (isinstance(x, int | float) and isinstance(y, int | float)):
            raise MapFormatError(path, "", "an object's corner has no numbers x and y")
        corners.append(to_cell(at.x + x, at.y + y))
    return TiledObject(
        name=text_of(merged, "name"),
        kind=text_of(merged, "class") or text_of(merged, "type"),
        layer=layer,
        position=to_cell(*at.centre),
        stands=is_point or "gid" in merged,
        points=tuple(corners),
        properties={**properties_of(template), **properties_of(entry)},
        place=place,
    )


def _template(path: Path, entry: Json) -> Json:
    source = text_of(entry, "template")
    if not source:
        return {}
    try:
        own = beside(path, source)
        described: Any = parse(own, read_file(own, MAX_TILESET)).get("object")
    except MapFormatError:
        return {}
    return cast("Json", described) if isinstance(described, dict) else {}
