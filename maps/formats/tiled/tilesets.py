"""Tilesets in files of their own, in either format, whichever the map is in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from maps.errors import MapFormatError
from maps.formats.tiled import tsj, tsx
from maps.formats.tiled.model import Tileset
from maps.formats.tiled.places import beside

if TYPE_CHECKING:
    from pathlib import Path


def external_tileset(path: Path, source: str, first_gid: int) -> Tileset:
    """Return the tileset in a file that a map at `path` names; one without tiles where it cannot be read."""
    try:
        own = beside(path, source)
        read = tsj.read_tileset if own.suffix.lower() in (".tsj", ".json") else tsx.read_tileset
        return replace(read(own), first_gid=first_gid, source=source)
    except MapFormatError as error:
        name = source.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
        return Tileset(name, first_gid, {}, source=source, missing=error.why)


