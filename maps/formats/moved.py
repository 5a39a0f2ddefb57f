"""Files that a map of another editor names by where they lie from it, when the map goes to another folder."""

from __future__ import annotations

import json
import os
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import escape

from maps.formats.tiled.json_spans import spans_of
from maps.formats.tiled.xml_spans import Element, attribute_span, parse, spliced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maps.origin import Origin

_IN_XML = (("tileset", "source"), ("image", "source"), ("object", "template"))
IN_TILED_JSON = ("source", "image", "template")
IN_LDTK = ("relPath", "__tilesetRelPath", "bgRelPath", "externalRelPath")


def moved_xml(origin: Origin, path: Path) -> bytes:
    """Return the bytes of a `.tmx` file for a place `path`, from which what it names is found again."""
    where = _folders(origin, path)
    if where is None:
        return origin.data
    changes: list[tuple[int, int, bytes]] = []
    for element in _all(parse(path, origin.data)):
        for name, attribute in _IN_XML:
            span = attribute_span(origin.data, element, attribute) if element.name == name else None
            if span is not None:
                text = _from_there(element.get(attribute), *where)
                changes.append((*span, escape(text, {'"': "&quot;", "'": "&apos;"}).encode("utf-8")))
    return spliced(origin.data, changes)


def moved_json(origin: Origin, path: Path, keys: Sequence[str]) -> bytes:
    """Return the bytes of a JSON file for a place `path`. keys: whose values are files beside it."""
    where = _folders(origin, path)
    if where is None:
        return origin.data
    changes: list[tuple[int, int, bytes]] = []
    for key in keys:
        for place, (begin, end) in spans_of(origin.data, key).items():
            if origin.data[begin : begin + 1] == b'"' and "properties" not in place:
                old = cast("str", json.loads(origin.data[begin:end]))
                new = _from_there(old, *where)
                if new != old:  # its own spelling stays, where it may
                    changes.append((begin, end, json.dumps(new, ensure_ascii=False).encode("utf-8")))
    return spliced(origin.data, changes)


def _folders(origin: Origin, path: Path) -> tuple[Path, Path] | None:
    """Return the folder that the file came from, and the one that it goes to; None where nothing moves."""
    there = path.resolve().parent
    if not origin.folder or Path(origin.folder) == there:
        return None
    return Path(origin.folder), there


def _from_there(name: str, old: Path, new: Path) -> str:
    """Return how a file is called from the new folder that is called so from the old one."""
    plain = name.replace("\\", "/")
    if not name or plain.startswith("/") or ":" in plain or PureWindowsPath(name).drive:
        return name
    try:
        return Path(os.path.relpath(old / plain, new)).as_posix()
    except ValueError:  # on another drive of Windows
        return (old / plain).as_posix()


def _all(element: Element) -> Iterator[Element]:
    yield element
    for child in element.children:
        yield from _all(child)
