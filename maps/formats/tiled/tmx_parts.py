"""Write what this program adds to a Tiled map into `.tmx` text, in place of what it had added before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax import saxutils

import numpy as np

from maps.formats.tiled import layer_data
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
from maps.formats.tiled.tmx import LAYERS
from maps.formats.tiled.xml_spans import Element, attribute_span, parse, spliced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maps.document import Route
    from maps.formats.tiled.model import Gids, TiledMap
    from maps.formats.tiled.own_parts import CostLayer, OwnTile

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def with_costs(path: Path, data: bytes, tiled: TiledMap, costs: CostLayer, picture: str) -> bytes:
    """Return the text with a tileset and a layer of these costs. picture: name of the tileset's file."""
    first = free_gid(tiled)
    root = parse(path, data)
    own = [each for each in root.all("tileset") if each.get("name") == TILESET]
    kept = [tile for each in own for tile in each.all("tile") if int(tile.get("id", "0")) >= FIRST_TERRAIN]
    texts = [(int(tile.get("id")), data[tile.begin : tile.end]) for tile in kept]
    data = _without(data, [*own, *(each for each in root.all("layer") if each.get("name") == COST_LAYER)])
    data = _with_tileset(path, data, tileset_text(first, costs.kinds, tiled.tile_size, picture, texts))
    named = [f"name={_quoted(name)} value={_quoted(each)}" for name, each in costs.properties.items()]
    held = [f"   <property {words}/>" for words in named]
    properties = "\n".join(["  <properties>", *held, "  </properties>", ""])
    # Hidden: it lies over everything else.
    layer = layer_text(
        COST_LAYER, costs.tiles + first, tiled.first, tiled.infinite, ' visible="0" opacity="0.6"', properties
    )
    return _with_layer(path, data, layer)


def with_routes(path: Path, data: bytes, tiled: TiledMap, routes: Sequence[Route]) -> bytes:
    """Return the text with a layer of these routes, each a line from its start to its goal."""
    root = parse(path, data)
    data = _without(data, [each for each in root.all("objectgroup") if each.get("name") == ROUTE_LAYER])
    number = _next(path, data, "nextobjectid")
    lines: list[str] = []
    for place, route in enumerate(routes):
        corners = pixels_of(route, tiled)
        x, y = corners[0]
        points = " ".join(f"{_plain(right - x)},{_plain(down - y)}" for right, down in corners)
        named = _quoted(route.name)
        identity = "" if number is None else f' id="{number + place}"'
        lines.append(f'  <object{identity} name={named} x="{_plain(x)}" y="{_plain(y)}">')
        if route.weight != 1.0:
            weight = f'   <property name="weight" type="float" value="{route.weight:g}"/>'
            lines += ["   <properties>", f" {weight}", "   </properties>"]
        lines += [f'   <polyline points="{points}"/>', "  </object>"]
    text = "\n".join([f"<objectgroup{{id}} name={_quoted(ROUTE_LAYER)}>", *lines, " </objectgroup>"])
    data = _with_layer(path, data, text)
    return data if number is None else _with_next(path, data, "nextobjectid", number + len(routes))


def tileset_text(
    first: int,
    kinds: Sequence[OwnTile],
    tile_size: tuple[int, int],
    picture: str,
    more: Sequence[tuple[int, bytes]] = (),
) -> str:
    """Return the own tileset as an element. more: numbers and texts of tiles that it had before."""
    width, height = swatch_size(tile_size)
    tiles = [_tile_text(tile) for tile in kinds]
    rows = rows_of(max([*(tile.number for tile in kinds), *(number for number, _ in more)]))
    extent = f'tilewidth="{width}" tileheight="{height}" tilecount="{rows * COLUMNS}" columns="{COLUMNS}"'
    image = f'  <image source={_quoted(picture)} width="{COLUMNS * width}" height="{rows * height}"/>'
    kept = [f"  {text.decode()}" for _, text in more]
    return "\n".join(
        [f'<tileset firstgid="{first}" name="{TILESET}" {extent}>', image, *tiles, *kept, " </tileset>"]
    )


def layer_text(
    name: str, gids: Gids, first: tuple[int, int], infinite: bool, attributes: str = "", properties: str = ""
) -> str:
    """Return a layer of tiles (H, W) as an element, with a place for its id; attributes, properties: as text."""
    height, width = gids.shape
    text = layer_data.encode(gids, "csv", "").decode()
    if infinite:
        chunk = f'<chunk x="{first[1]}" y="{first[0]}" width="{width}" height="{height}">'
        text = f"   {chunk}\n{text}\n   </chunk>"
    size = f'width="{width}" height="{height}"'
    return (
        f"<layer{{id}} name={_quoted(name)} {size}{attributes}>\n{properties}"
        f'  <data encoding="csv">\n{text}\n  </data>\n </layer>'
    )


def _tile_text(tile: OwnTile) -> str:
    kind = f" type={_quoted(tile.kind)}" if tile.kind else ""
    lines: list[str] = []
    if tile.cost is not None:
        lines.append(f'    <property name="cost" type="float" value="{np.float32(tile.cost)!s}"/>')
    if tile.solid:
        lines.append('    <property name="solid" type="bool" value="true"/>')
    return "\n".join(
        [f'  <tile id="{tile.number}"{kind}>', "   <properties>", *lines, "   </properties>", "  </tile>"]
    )


def _quoted(text: str) -> str:
    """Return a text as the value of an attribute; characters that XML cannot hold are replaced."""
    return saxutils.quoteattr(_NOT_IN_XML.sub("\ufffd", text))


def _plain(number: float) -> str:
    return f"{number:.6g}" if number != int(number) else str(int(number))


def _without(data: bytes, elements: Sequence[Element]) -> bytes:
    """The text without elements, and without the white space before each."""
    changes = [(len(data[: each.begin].rstrip(b" \t\r\n")), each.end, b"") for each in elements]
    return spliced(data, changes)


def _with_tileset(path: Path, data: bytes, text: str) -> bytes:
    root = parse(path, data)
    before = [each.end for each in root.all("tileset", "properties", "editorsettings")]
    return _inserted(data, max(before, default=root.inner_begin), text)


def _with_layer(path: Path, data: bytes, text: str) -> bytes:
    root = parse(path, data)
    before = [each.end for each in root.all(*LAYERS, "tileset")]
    number = _next(path, data, "nextlayerid")
    identity = "" if number is None else f' id="{number}"'
    data = _inserted(data, max(before, default=root.inner_begin), text.replace("{id}", identity, 1))
    return data if number is None else _with_next(path, data, "nextlayerid", number + 1)


def _inserted(data: bytes, at: int, text: str) -> bytes:
    written = f"\n {text}".encode()
    if b"\r\n" in data[:200]:
        written = written.replace(b"\n", b"\r\n")
    return data[:at] + written + data[at:]


def _next(path: Path, data: bytes, name: str) -> int | None:
    """The next free id of layers or objects; None in files of before there were ids."""
    text = parse(path, data).get(name)
    return int(text) if text.isdigit() else None


def _with_next(path: Path, data: bytes, name: str, number: int) -> bytes:
    span = attribute_span(data, parse(path, data), name)
    return data if span is None else spliced(data, [(*span, b"%d" % number)])
