"""Tilesets of the Tiled editor as XML: `.tsx`, or within a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps.errors import MapFormatError
from maps.formats.limits import read_file
from maps.formats.tiled.model import Tile, Tileset, mostly
from maps.formats.tiled.places import checked_side
from maps.formats.tiled.xml_spans import Element, parse

if TYPE_CHECKING:
    from pathlib import Path

MAX_TILESET = 16 << 20


def read_tileset(path: Path) -> Tileset:
    """Return the tileset in a `.tsx` file; its first id is not in it. Raises MapFormatError."""
    root = parse(path, read_file(path, MAX_TILESET))
    if root.name != "tileset":
        raise MapFormatError(path, "", f"is no tileset: it holds <{root.name[:20]}>")
    return tileset_of(path, root)


def tileset_of(path: Path, element: Element) -> Tileset:
    """Return the tileset that an element describes, its first id left at 0."""
    kinds = {whole(path, tile, "id", least=0): tile for tile in element.all("tile")}
    wang = _wang_of_tiles(element)
    tiles = {
        number: Tile(
            kind=kinds[number].get("class") or kinds[number].get("type") if number in kinds else "",
            properties=properties_of(kinds[number]) if number in kinds else {},
            wang=wang.get(number, ""),
        )
        for number in sorted({*kinds, *wang})
    }
    image = element.first("image")
    return Tileset(
        name=element.get("name"),
        first_gid=0,
        tiles=tiles,
        count=whole(path, element, "tilecount", least=0, otherwise=0),
        image=image.get("source") if image is not None else "",
        columns=whole(path, element, "columns", least=0, otherwise=0),
        tile_size=(
            whole(path, element, "tilewidth", least=0, otherwise=0),
            whole(path, element, "tileheight", least=0, otherwise=0),
        ),
        margin=whole(path, element, "margin", least=0, otherwise=0),
        spacing=whole(path, element, "spacing", least=0, otherwise=0),
    )


def _wang_of_tiles(element: Element) -> dict[int, str]:
    """The name of the terrain, of the editor's terrain sets, that a tile is mostly made of."""
    found: dict[int, str] = {}
    for sets in element.all("wangsets"):
        for wangset in sets.all("wangset"):
            names = [colour.get("name") for colour in wangset.all("wangcolor")]
            for tile in wangset.all("wangtile"):
                number, colours = tile.get("tileid"), tile.get("wangid").split(",")
                if number.isdigit():
                    corners = [int(word) - 1 for word in colours if word.strip().isdigit()]
                    found.setdefault(int(number), mostly(names, corners))
    # Of before there were such sets: numbers of terrains from 0 at the corners, none where nothing stands.
    names = [each.get("name") for types in element.all("terraintypes") for each in types.all("terrain")]
    for tile in element.all("tile"):
        words = tile.get("terrain").split(",")
        if names and tile.get("id").isdigit():
            corners = [int(word) for word in words if word.strip().isdigit()]
            found.setdefault(int(tile.get("id")), mostly(names, corners))
    return {number: name for number, name in found.items() if name}


def properties_of(element: Element) -> dict[str, Any]:
    """Return custom properties by name, with the type that the file says; texts of several lines are left out."""
    found: dict[str, Any] = {}
    for holder in element.all("properties"):
        for entry in holder.all("property"):
            text = entry.get("value")
            match entry.get("type", "string"):
                case "bool":
                    found[entry.get("name")] = text == "true"
                case "int" | "float":
                    try:
                        found[entry.get("name")] = float(text)
                    except ValueError:
                        found[entry.get("name")] = text
                case _:
                    found[entry.get("name")] = text
    return found


def whole(path: Path, element: Element, name: str, least: int | None = 1, otherwise: int | None = None) -> int:
    """Return a whole number of an element. Raises MapFormatError where it is missing or far from any map's."""
    return checked_side(path, f"<{element.name}>", name, element.attributes.get(name), least, otherwise)
