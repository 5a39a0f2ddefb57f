"""The Moving AI benchmark format: `.map` (terrain as letters) and `.scen` (routes with known lengths).

Movement there is octile: 8 neighbours, diagonals of √2 that need both orthogonal cells open, cost 1 a cell.
Water (`W`) can only be entered from water, which a document cannot say: it becomes impassable, and the
metadata count such cells under "movingai_water_cells". Swamp (`S`) is passable from ground.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from maps.document import MapDocument, MovementRule, Route
from maps.errors import MapFormatError
from maps.formats.format import Format, bare_losses
from maps.formats.limits import MAX_TEXT, check_shape, read_file

PASSABLE, BLOCKED, WATER = ".GS", "@OT", "W"
# A scenario file may hold hundreds of rows; a document takes all of a short one, else only the longest way.
MOST_ROUTES = 16


def read_scenarios(path: str | os.PathLike[str], document: MapDocument) -> tuple[Route, ...]:
    """All routes of a `.scen` file, for `document`'s map; `expected_cost` is the length that the file gives.

    Coordinates of another size are scaled to the map's. Raises MapFormatError with the line.
    """
    path = Path(path)
    lines = _text(path).splitlines()
    if not lines or not lines[0].lower().startswith("version"):
        raise MapFormatError(path, "line 1", "should be 'version 1'")
    routes: list[Route] = []
    for number, line in enumerate(lines[1:], 2):
        columns = line.split("\t") if "\t" in line else line.split()
        if not line.strip():
            continue
        if len(columns) != 9:
            raise MapFormatError(path, f"line {number}", f"has {len(columns)} columns; a scenario has nine")
        try:
            width, height, start_x, start_y, goal_x, goal_y = (int(value) for value in columns[2:8])
            length = float(columns[8])
        except ValueError:
            raise MapFormatError(
                path, f"line {number}", "columns 3 to 8 must be whole numbers and column 9 a length"
            ) from None
        if width < 1 or height < 1 or not (length >= 0.0 and np.isfinite(length)):
            raise MapFormatError(path, f"line {number}", "has a size or length that cannot be")
        ends: list[tuple[int, int]] = []
        for name, x, y in (("start", start_x, start_y), ("goal", goal_x, goal_y)):
            cell = (y * document.height // height, x * document.width // width)
            if not document.contains(cell):
                raise MapFormatError(
                    path,
                    f"line {number}",
                    f"{name} ({x}, {y}) lies outside the map of {document.width} × {document.height}",
                )
            ends.append(cell)
        routes.append(Route(f"line {number}", ends[0], ends[1], expected_cost=length))
    return tuple(routes)


def encode_scenarios(document: MapDocument, map_name: str) -> bytes:
    """A `.scen` file of the document's routes; routes without an expected cost get 0."""
    rows = ["version 1"]
    for route in document.routes:
        length = route.expected_cost or 0.0
        rows.append(
            f"{int(length // 4)}\t{map_name}\t{document.width}\t{document.height}\t{route.start[1]}\t"
            f"{route.start[0]}\t{route.goal[1]}\t{route.goal[0]}\t{length:.8f}"
        )
    return ("\n".join(rows) + "\n").encode("utf-8")


def scenario_beside(path: Path) -> Path | None:
    """The scenario file that belongs to a map file: NAME.map.scen or NAME.scen."""
    for candidate in (path.with_name(path.name + ".scen"), path.with_suffix(".scen")):
        if candidate.is_file():
            return candidate
    return None


def _read(path: Path) -> MapDocument:
    document = _decode(path, _text(path))
    scenario = scenario_beside(path)
    if scenario is None:
        return document
    routes = read_scenarios(scenario, document)
    metadata: dict[str, Any] = {**document.metadata, "scenario_file": scenario.name, "scenarios": len(routes)}
    if len(routes) > MOST_ROUTES:
        routes = (max(routes, key=lambda route: route.expected_cost or 0.0),)
    return document.replace(routes=routes, metadata=metadata)


def _decode(path: Path, text: str) -> MapDocument:
    lines = text.splitlines()
    header: dict[str, str] = {}
    first = 0
    for number, line in enumerate(lines[:32], 1):
        words = line.split()
        if words == ["map"]:
            first = number
            break
        if len(words) == 2:
            header[words[0].lower()] = words[1]
        elif words:
            raise MapFormatError(path, f"line {number}", "is no header line; 'type', 'height', 'width', 'map'")
    if not first:
        raise MapFormatError(path, "", "has no line 'map' before its rows")
    if header.get("type", "octile") != "octile":
        raise MapFormatError(path, "line 1", f"has type {header['type'][:20]!r}; only 'octile' is known")
    try:
        height, width = int(header["height"]), int(header["width"])
    except (KeyError, ValueError):
        raise MapFormatError(path, "", "needs header lines 'height N' and 'width N'") from None
    check_shape(path, "header", height, width)
    rows = lines[first : first + height]
    if len(rows) < height:
        raise MapFormatError(path, f"line {len(lines)}", f"ends after {len(rows)} of {height} rows")
    known = np.zeros(128, dtype=np.uint8)
    for kind, letters in ((1, PASSABLE), (2, BLOCKED), (3, WATER)):
        known[[ord(letter) for letter in letters]] = kind
    cells = np.zeros((height, width), dtype=np.uint8)
    for row, line in enumerate(rows):
        letters = line if len(line) == width else line.replace(" ", "").replace("\t", "")
        where = f"line {first + row + 1}"
        if len(letters) != width:
            raise MapFormatError(path, where, f"has {len(letters)} cells; the header says {width}")
        codes = np.frombuffer(letters.encode("latin-1", "replace"), dtype=np.uint8)
        kinds = np.where(codes < 128, known[np.minimum(codes, 127)], 0)
        if not kinds.all():
            column = int(np.argmin(kinds))
            raise MapFormatError(
                path,
                where,
                f"column {column + 1}: {letters[column]!r} is no terrain; known are . G S W @ O T",
            )
        cells[row] = kinds
    passable = cells == 1
    water = int((cells == 3).sum())
    return MapDocument(
        cost=np.ones((height, width), dtype=np.float32),
        passable=passable,
        locked=np.zeros((height, width), dtype=np.bool_),
        rule=MovementRule(8, "both_open", "mean"),
        name=path.name.split(".")[0],
        metadata={"movingai_water_cells": water} if water else {},
    )


def _encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
    letters = np.where(document.passable, ord("."), ord("@")).astype(np.uint8)
    rows = b"\n".join(row.tobytes() for row in letters)
    head = f"type octile\nheight {document.height}\nwidth {document.width}\nmap\n".encode("ascii")
    files = {path: head + rows + b"\n"}
    if document.routes:
        files = {path.with_name(path.name + ".scen"): encode_scenarios(document, path.name), **files}
    return files


def _losses(document: MapDocument) -> list[str]:
    lost = [entry for entry in bare_losses(document) if entry != "the routes"]
    if document.cost.size and document.cost.min() != document.cost.max():
        lost.insert(0, "the costs: this format only knows passable and blocked cells")
    if document.rule != MovementRule():
        lost.append("this map's own movement rule: readers will use octile moves without corner cutting")
    return lost


def _text(path: Path) -> str:
    return read_file(path, MAX_TEXT).decode("utf-8-sig", "replace")


FORMAT = Format("movingai", "Moving AI benchmark map (passability)", (".map",), _read, _encode, _losses)
