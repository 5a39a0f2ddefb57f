"""Tilesets of the Tiled editor as JSON: `.tsj`, or within a map; and typed access to what such files hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from maps.errors import MapFormatError
from maps.formats.limits import read_file
from maps.formats.tiled.model import Tile, Tileset, mostly
from maps.formats.tiled.places import checked_side

if TYPE_CHECKING:
    from pathlib import Path

MAX_TILESET = 16 << 20
MOST_NESTED = 500_000  # objects and arrays: an empty one takes thirty times its letters in memory

Json = dict[str, Any]


def read_tileset(path: Path) -> Tileset:
    """Return the tileset in a `.tsj` file; its first id is not in it. Raises MapFormatError."""
    return tileset_of(path, parse(path, read_file(path, MAX_TILESET)))


def tileset_of(path: Path, entry: Json) -> Tileset:
    """Return the tileset that an object describes, its first id left at 0."""
    kinds = {whole(path, tile, "id", least=0): tile for tile in objects_in(entry, "tiles")}
    wang = _wang_of_tiles(entry)
    empty: Json = {}
    return Tileset(
        name=text_of(entry, "name"),
        first_gid=0,
        tiles={
            number: Tile(
                kind=text_of(kinds.get(number, empty), "class") or text_of(kinds.get(number, empty), "type"),
                properties=properties_of(kinds.get(number, empty)),
                wang=wang.get(number, ""),
            )
            for number in sorted({*kinds, *wang})
        },
        count=whole(path, entry, "tilecount", least=0, otherwise=0),
        image=text_of(entry, "image"),
        columns=whole(path, entry, "columns", least=0, otherwise=0),
        tile_size=(
            whole(path, entry, "tilewidth", least=0, otherwise=0),
            whole(path, entry, "tileheight", least=0, otherwise=0),
        ),
        margin=whole(path, entry, "margin", least=0, otherwise=0),
        spacing=whole(path, entry, "spacing", least=0, otherwise=0),
    )


def _wang_of_tiles(entry: Json) -> dict[int, str]:
    """As in `tsx`: what a tile is mostly made of, by terrain sets or, in older files, terrains of its corners."""
    found: dict[int, str] = {}

    def note(names: list[str], number: Any, corners: Any, first: int) -> None:
        given = cast("list[Any]", corners) if isinstance(corners, list) else []
        places = [each - first for each in given if type(each) is int]
        if type(number) is int and places:
            found.setdefault(number, mostly(names, places))

    for wangset in objects_in(entry, "wangsets"):
        names = [text_of(colour, "name") for colour in objects_in(wangset, "colors")]
        for tile in objects_in(wangset, "wangtiles"):
            note(names, tile.get("tileid"), tile.get("wangid"), 1)
    names = [text_of(each, "name") for each in objects_in(entry, "terrains")]
    for tile in objects_in(entry, "tiles"):
        note(names, tile.get("id"), tile.get("terrain"), 0)
    return {number: name for number, name in found.items() if name}


def parse(path: Path, data: bytes) -> Json:
    """Return the object in a JSON file. Raises MapFormatError."""
    if data.count(b"[") + data.count(b"{") > MOST_NESTED:
        raise MapFormatError(path, "", f"has more than {MOST_NESTED} objects and arrays; a map has fewer")
    try:
        value: Any = json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise MapFormatError(path, "", "is nested too deeply") from None
    except ValueError as error:
        raise MapFormatError(path, "", f"is no valid JSON: {error}") from None
    if not isinstance(value, dict):
        raise MapFormatError(path, "", "should be an object with names and values")
    return cast("Json", value)


def properties_of(entry: Json) -> dict[str, Any]:
    """Return custom properties by name."""
    return {text_of(each, "name"): each.get("value") for each in objects_in(entry, "properties")}


def objects_in(entry: Json, name: str) -> list[Json]:
    """Return the objects of a list; none where there is no list."""
    value: Any = entry.get(name)
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    return [cast("Json", each) for each in entries if isinstance(each, dict)]


def text_of(entry: Json, name: str) -> str:
    """Return a text, empty where there is none."""
    value: Any = entry.get(name)
    return value if isinstance(value, str) else ""


def whole(path: Path, entry: Json, name: str, least: int | None = 1, otherwise: int | None = None) -> int:
    """Return a whole number. Raises MapFormatError where it is missing or far from any map's."""
    where = text_of(entry, "name")[:40] or text_of(entry, "type")[:40]
    return checked_side(path, where, name, entry.get(name), least, otherwise)
