"""Tiled maps as XML: `.tmx`, with tilesets (`.tsx`) and templates (`.tx`) of their own files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from maps.errors import MapFormatError
from maps.formats.limits import check_shape, read_file
from maps.formats.tiled import layer_data
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
from maps.formats.tiled.tsx import MAX_TILESET, properties_of, tileset_of, whole
from maps.formats.tiled.xml_spans import Element, attribute_span, parse, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from maps.formats.tiled.json_spans import Place

MAX_TMX = 256 << 20
LAYERS = ("layer", "objectgroup", "imagelayer", "group")


@dataclass(frozen=True, eq=False)
class _Chunk:
    """A stretch of tiles in a layer: its place (row, col), its size, and the element that holds its text."""

    first: tuple[int, int]
    shape: tuple[int, int]
    element: Element


def read(path: Path, data: bytes) -> TiledMap:
    """Return the map in the bytes of a `.tmx` file; tilesets and templates are read beside `path`.

    Raises MapFormatError.
    """
    root = parse(path, data)
    if root.name != "map":
        raise MapFormatError(path, "", f"is no Tiled map: it holds <{root.name[:20]}> instead of <map>")
    orientation = root.get("orientation", "orthogonal")
    layers = list(_tile_layers(root))
    chunks = [_chunks(path, layer) for layer in layers]
    infinite = root.get("infinite", "0") == "1"
    if infinite:
        first, shape = bounding_box([(chunk.first, chunk.shape) for each in chunks for chunk in each])
    else:
        first, shape = (0, 0), (whole(path, root, "height"), whole(path, root, "width"))
    check_shape(path, "map", *shape)
    tile_size = whole(path, root, "tilewidth"), whole(path, root, "tileheight")
    return TiledMap(
        orientation=orientation,
        shape=shape,
        first=first,
        tile_size=tile_size,
        infinite=infinite,
        tilesets=tuple(_tileset(path, element) for element in root.all("tileset")),
        layers=tuple(
            TileLayer(
                name=layer.get("name"),
                gids=_gids(path, data, layer, parts, first, shape),
                place=number,
                visible=layer.get("visible", "1") != "0",
                properties=properties_of(layer),
            )
            for number, (layer, parts) in enumerate(zip(layers, chunks, strict=True))
        ),
        objects=tuple(
            _object(path, layer, thing, (number,), orientation, tile_size, first)
            for number, (layer, thing) in enumerate(_objects(root))
        ),
        properties=properties_of(root),
    )


def with_layers(path: Path, data: bytes, changed: dict[int, Gids]) -> bytes:
    """Return the bytes of a `.tmx` file with other tiles in some layers, by their place; all else stays as it is.

    changed: tile ids (H, W) over the whole map, as `TileLayer.gids`. Only chunks that differ are written anew, in
    their own encoding. Raises MapFormatError.
    """
    root = parse(path, data)
    layers = list(_tile_layers(root))
    everything = [chunk for layer in layers for chunk in _chunks(path, layer)]
    first = (0, 0)
    if root.get("infinite", "0") == "1":
        first, _ = bounding_box([(chunk.first, chunk.shape) for chunk in everything])
    changes: list[tuple[int, int, bytes]] = []
    for place, gids in changed.items():
        data_element = layers[place].first("data")
        assert data_element is not None
        for chunk in _chunks(path, layers[place]):
            r0, c0 = chunk.first[0] - first[0], chunk.first[1] - first[1]
            new = gids[r0 : r0 + chunk.shape[0], c0 : c0 + chunk.shape[1]]
            if not np.array_equal(new, _tiles(path, data, layers[place], chunk)):
                changes.append(_rewritten(data, data_element, chunk, new))
    return spliced(data, changes)


def with_objects(path: Path, data: bytes, tiled: TiledMap, moved: Mapping[Place, tuple[float, float]]) -> bytes:
    """Return the bytes of a `.tmx` file with some objects at other places; all else stays as it is.

    moved: by how many (rows, columns), by the places of objects.
    """
    width, height = pixels_of_cell(tiled.orientation, tiled.tile_size)
    changes: list[tuple[int, int, bytes]] = []
    for number, (_, thing) in enumerate(_objects(parse(path, data))):
        rows, cols = moved.get((number,), (0.0, 0.0))
        for name, by in (("x", cols * width), ("y", rows * height)):
            span = attribute_span(data, thing, name) if by else None
            if span is not None:
                changes.append((*span, plain_number(float(thing.get(name)) + by).encode()))
    return spliced(data, changes)


def _tile_layers(element: Element) -> Iterator[Element]:
    """The layers of tiles, those in groups included, in the order of the file."""
    for child in element.all(*LAYERS):
        if child.name == "group":
            yield from _tile_layers(child)
        elif child.name == "layer":
            yield child


def _chunks(path: Path, layer: Element) -> list[_Chunk]:
    where = f"layer {layer.get('name')[:40]!r}"
    data = layer.first("data")
    if data is None:
        raise MapFormatError(path, where, "has no tiles: its <data> is missing")
    chunks = list(data.all("chunk"))
    if not chunks:
        first, parts = (0, 0), [(data, layer)]
    else:
        first, parts = None, [(chunk, chunk) for chunk in chunks]
    found: list[_Chunk] = []
    for element, sized in parts:
        shape = whole(path, sized, "height"), whole(path, sized, "width")
        at = first or (whole(path, element, "y", least=None), whole(path, element, "x", least=None))
        check_shape(path, where, *shape)
        found.append(_Chunk(at, shape, element))
    return found


def _gids(
    path: Path, data: bytes, layer: Element, chunks: list[_Chunk], first: tuple[int, int], shape: tuple[int, int]
) -> Gids:
    where = f"layer {layer.get('name')[:40]!r}"
    return laid_out(path, where, [(c.first, _tiles(path, data, layer, c)) for c in chunks], first, shape)


def _tiles(path: Path, data: bytes, layer: Element, chunk: _Chunk) -> Gids:
    """The tile ids of a chunk, as its text or its elements say."""
    where = f"layer {layer.get('name')[:40]!r}"
    coded = layer.first("data")
    assert coded is not None
    encoding = coded.get("encoding")
    if encoding:
        text = data[chunk.element.inner_begin : chunk.element.inner_end]
        return layer_data.decode(path, where, text, chunk.shape, encoding, coded.get("compression"))
    tiles = list(chunk.element.all("tile"))
    if len(tiles) != chunk.shape[0] * chunk.shape[1]:
        expected = chunk.shape[0] * chunk.shape[1]
        raise MapFormatError(path, where, f"has {len(tiles)} tiles; its size says {expected}")
    words = ",".join(tile.get("gid", "0") for tile in tiles).encode()
    return layer_data.decode(path, where, words, chunk.shape, "csv", "")


def _rewritten(data: bytes, coded: Element, chunk: _Chunk, gids: Gids) -> tuple[int, int, bytes]:
    """The stretch of a chunk's text and what takes its place, with the white space around it kept."""
    begin, end = chunk.element.inner_begin, chunk.element.inner_end
    old = data[begin:end]
    encoding = coded.get("encoding")
    if encoding:
        text = layer_data.encode(gids, encoding, coded.get("compression"))
        if encoding == "csv" and old.rstrip().endswith(b","):
            text += b","
        if b"\r\n" in old:
            text = text.replace(b"\n", b"\r\n")
        lead, trail = len(old) - len(old.lstrip()), len(old.rstrip())
        return begin, end, old[:lead] + text + old[trail:]
    tiles = list(chunk.element.all("tile"))
    between = data[tiles[0].end : tiles[1].begin] if len(tiles) > 1 else b""
    # The editor leaves the id out where there is no tile.
    written = (b'<tile gid="%d"/>' % gid if gid else b"<tile/>" for gid in gids.ravel().tolist())
    return tiles[0].begin, tiles[-1].end, between.join(written)


def _tileset(path: Path, element: Element) -> Tileset:
    first_gid = whole(path, element, "firstgid")
    source = element.get("source")
    if source:
        return external_tileset(path, source, first_gid)
    return replace(tileset_of(path, element), first_gid=first_gid)


def _objects(element: Element) -> Iterator[tuple[str, Element]]:
    """The objects, those in groups included, in the order of the file, each with the name of its layer."""
    for child in element.all("objectgroup", "group"):
        if child.name == "group":
            yield from _objects(child)
        else:
            yield from ((child.get("name"), thing) for thing in child.all("object"))


def _object(
    path: Path,
    layer: str,
    thing: Element,
    place: Place,
    orientation: str,
    tile_size: tuple[int, int],
    first: tuple[int, int],
) -> TiledObject:
    template = _template(path, thing)
    merged = {**(template.attributes if template else {}), **thing.attributes}
    inherited = properties_of(template) if template else {}
    is_point = any(each is not None and each.first("point") for each in (thing, template))
    line = thing.first("polyline") or thing.first("polygon")
    at = span_of_object(path, merged, is_point=is_point)
    to_cell = cell_of(orientation, tile_size, first)
    corners: tuple[tuple[float, float], ...] = ()
    if line is not None:
        corners = tuple(to_cell(at.x + x, at.y + y) for x, y in _corners(path, line))
    return TiledObject(
        name=merged.get("name", ""),
        kind=merged.get("class") or merged.get("type", ""),
        layer=layer,
        position=to_cell(*at.centre),
        stands=is_point or "gid" in merged,
        points=corners,
        properties={**inherited, **properties_of(thing)},
        place=place,
    )


def _template(path: Path, thing: Element) -> Element | None:
    """The object that a template describes, where the object has one that can be read."""
    source = thing.get("template")
    if not source:
        return None
    try:
        own = beside(path, source)
        root = parse(own, read_file(own, MAX_TILESET))
    except MapFormatError:
        return None
    return root.first("object")


def _corners(path: Path, line: Element) -> list[tuple[float, float]]:
    try:
        pairs = [tuple(float(part) for part in word.split(",")) for word in line.get("points").split()]
        return [(x, y) for x, y in pairs]
    except ValueError:
        raise MapFormatError(path, "", f"an object's points {line.get('points')[:40]!r} are no pairs") from None
