"""The Moving AI benchmark format: `.map` (terrain as letters) and `.scen` (routes with known lengths).

Movement there is octile: 8 neighbours, diagonals of √2 that need both orthogonal cells open, cost 1 a cell.
Water (`W`) can only be entered from water, which a document cannot say: it becomes impassable, unless the map
has nothing else to walk on, and the metadata count such cells under "movingai_water_cells". Swamp (`S`) is
passable from ground.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from maps.document import MOST_DECIMALS, MapDocument, Route
from maps.errors import MapFormatError
from maps.formats.format import Format, bare_losses, name_of
from maps.formats.limits import MAX_LETTERS, check_shape, opened
from maps.movement import MovementRule
from maps.safe_pair import companion_of, digest_of

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from numpy.typing import NDArray

PASSABLE, BLOCKED, WATER = ".GS", "@OT", "W"
_OPEN, _BLOCKED, _WATER = 1, 2, 3
_NOTE = "scenarios sha256"  # on a line after the rows, which readers of the format do not look at
# A scenario file may hold hundreds of rows; a document takes all of a short one, else only the longest way.
MOST_ROUTES = 16
MOST_SCENARIOS = 100_000
LONGEST_LINE = 4096  # bytes, of a header or a scenario


def read_scenarios(path: str | os.PathLike[str], document: MapDocument) -> tuple[Route, ...]:
    """Return all routes of a `.scen` file for `document`'s map, with the file's lengths as `expected_cost`.

    Coordinates for a map of another size are scaled to this one, where the lengths no longer hold: there
    `expected_cost` is None, as it is for a length of 0 between two cells. Raises MapFormatError with the line.
    """
    path = Path(path)
    routes: list[Route] = []
    for number, line in _scenario_lines(path):
        columns = line.split("\t") if "\t" in line else line.split()
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
        holds = (height, width) == document.shape and (length > 0.0 or ends[0] == ends[1])
        routes.append(
            Route(
                f"line {number}",
                ends[0],
                ends[1],
                expected_cost=length if holds else None,
                expected_decimals=_decimals(columns[8]) if holds else None,
            )
        )
    return tuple(routes)


def _decimals(text: str) -> int | None:
    """How many decimals a length is written with; None for one with an exponent."""
    whole, _, decimals = text.strip().partition(".")
    return min(len(decimals), MOST_DECIMALS) if (whole + decimals).isdigit() else None


def encode_scenarios(document: MapDocument, map_name: str) -> bytes:
    """Return a `.scen` file of the document's routes; routes without an expected cost get 0, which says so."""
    rows = ["version 1"]
    for route in document.routes:
        length = route.expected_cost or 0.0
        decimals = 8 if route.expected_decimals is None else route.expected_decimals
        rows.append(
            f"{int(length // 4)}\t{map_name}\t{document.width}\t{document.height}\t{route.start[1]}\t"
            f"{route.start[0]}\t{route.goal[1]}\t{route.goal[0]}\t{length:.{decimals}f}"
        )
    return ("\n".join(rows) + "\n").encode("utf-8")


def scenario_beside(path: Path) -> Path | None:
    """Return the scenario file that belongs to a map file: NAME.map.scen or NAME.scen."""
    for candidate in (path.with_name(path.name + ".scen"), path.with_suffix(".scen")):
        if candidate.is_file():
            return candidate
    return None


def _read(path: Path) -> MapDocument:
    with opened(path, MAX_LETTERS) as file:
        height, width, lines = _read_header(path, file)
        check_shape(path, "header", height, width)
        kinds = _read_rows(path, file, height, width, lines)
        noted = _noted(file.readline(LONGEST_LINE))
    water = int((kinds == _WATER).sum())
    passable = kinds == _OPEN
    metadata: dict[str, Any] = {"movingai_water_cells": water} if water else {}
    document = MapDocument(
        cost=np.ones((height, width), dtype=np.float32),
        passable=passable if passable.any() else kinds == _WATER,
        locked=np.zeros((height, width), dtype=np.bool_),
        rule=MovementRule(8, "both_open", "mean"),
        name=name_of(path),
    )
    scenario = scenario_beside(path)
    if scenario is None:
        return document.replace(metadata=metadata)
    routes = read_scenarios(companion_of(scenario, noted), document)
    metadata |= {"scenario_file": scenario.name.encode("utf-8", "replace").decode(), "scenarios": len(routes)}
    if len(routes) > MOST_ROUTES:
        routes = (max(routes, key=lambda route: route.expected_cost or 0.0),)
    return document.replace(routes=routes, metadata=metadata)


def _read_header(path: Path, file: BinaryIO) -> tuple[int, int, int]:
    """Height, width and the number of lines before the first row."""
    header: dict[str, str] = {}
    for number in range(1, 33):
        line = file.readline(LONGEST_LINE)
        words = line.decode("utf-8-sig", "replace").split()
        if words == ["map"]:
            break
        if not line or len(words) not in (0, 2):
            raise MapFormatError(
                path, f"line {number}", "should be one of 'type octile', 'height N', 'width N' and 'map'"
            )
        if words:
            header[words[0].lower()] = words[1]
    else:
        raise MapFormatError(path, "", "has no line 'map' before its rows")
    kind = header.get("type", "octile")
    if kind == "octile-corner":
        why = "has type 'octile-corner': its letters are heights at corners, not cells; only 'octile' can be read"
        raise MapFormatError(path, "header", why)
    if kind != "octile":
        raise MapFormatError(path, "header", f"has type {kind[:20]!r}; only 'octile' is known")
    try:
        return int(header["height"]), int(header["width"]), number
    except (KeyError, ValueError):
        raise MapFormatError(path, "header", "needs the lines 'height N' and 'width N'") from None


def _read_rows(path: Path, file: BinaryIO, height: int, width: int, lines: int) -> NDArray[np.uint8]:
    """(H, W) kinds of terrain; whatever follows the last row is not looked at."""
    kind_of = np.zeros(256, dtype=np.uint8)
    for kind, letters in ((_OPEN, PASSABLE), (_BLOCKED, BLOCKED), (_WATER, WATER)):
        kind_of[[ord(letter) for letter in letters]] = kind
    cells = np.zeros((height, width), dtype=np.uint8)
    for row in range(height):
        where = f"line {lines + row + 1}"
        line = file.readline(4 * width + 64)
        if not line:
            raise MapFormatError(path, where, f"is missing: the file ends after {row} of {height} rows")
        letters = line.rstrip(b"\r\n")
        if len(letters) != width:
            letters = letters.translate(None, b" \t\r")
        if len(letters) != width:
            raise MapFormatError(path, where, f"has {len(letters)} cells; the header says {width}")
        cells[row] = kind_of[np.frombuffer(letters, dtype=np.uint8)]
        if not cells[row].all():
            column = int(np.argmin(cells[row]))
            raise MapFormatError(
                path,
                where,
                f"column {column + 1}: {chr(letters[column])!r} is no terrain; known are . G S W @ O T",
            )
    return cells


def _scenario_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The rows of a scenario file, with the numbers of their lines."""
    with opened(path, MOST_SCENARIOS * LONGEST_LINE // 16) as file:
        first = file.readline(LONGEST_LINE).decode("utf-8-sig", "replace").lower().split()
        if first[:1] != ["version"]:
            why = "should be 'version 1'; older lists, without it, do not say for which size of map they are"
            raise MapFormatError(path, "line 1", why)
        if first[1:] not in (["1"], ["1.0"]):
            why = f"is of version {' '.join(first[1:])[:20]!r}; lists of version 1, with nine columns, can be read"
            raise MapFormatError(path, "line 1", why)
        for number in range(2, MOST_SCENARIOS + 2):
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            text = line.decode("utf-8", "replace").strip("\r\n")
            if text.strip():
                yield number, text
        if file.read(1):
            raise MapFormatError(path, "", f"has more than {MOST_SCENARIOS} rows")


def _noted(line: bytes) -> str | None:
    """The digest of the scenario file that a line after the last row notes."""
    words = line.decode("utf-8", "replace").split()
    return words[2] if len(words) == 3 and words[:2] == _NOTE.split() else None


def _encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
    letters = np.where(document.passable, ord("."), ord("@")).astype(np.uint8)
    rows = b"\n".join(row.tobytes() for row in letters)
    head = f"type octile\nheight {document.height}\nwidth {document.width}\nmap\n".encode("ascii")
    companion = _companion(document, path)
    if companion is None:
        return {path: head + rows + b"\n"}
    beside = scenario_beside(path)
    scenarios = encode_scenarios(document.replace(routes=_with_kept(document, path, beside)), path.name)
    note = f"\n{_NOTE} {digest_of(scenarios)}\n".encode("ascii")
    return {companion: scenarios, path: head + rows + note}


def _companion(document: MapDocument, path: Path) -> Path | None:
    """An old scenario file would bring its routes to the new map: there is one where there was one."""
    return scenario_beside(path) or (path.with_name(path.name + ".scen") if document.routes else None)


def _with_kept(document: MapDocument, path: Path, beside: Path | None) -> tuple[Route, ...]:
    """The document's routes, and those of the scenario file that is there which still fit the map.

    A document takes few of the scenarios of a large file. Of the others a length is kept only if the map's walls
    are those of the file.
    """
    told = document.metadata.get("scenarios")
    if beside is None or not isinstance(told, int) or told <= len(document.routes):
        return document.routes
    try:
        there = read_scenarios(beside, document)
        same = np.array_equal(_read(path).passable, document.passable) if path.is_file() else False
    except MapFormatError:
        return document.routes
    own = {(route.start, route.goal) for route in document.routes}
    return (
        *document.routes,
        *(
            route if same else dataclasses.replace(route, expected_cost=None, expected_decimals=None)
            for route in there
            if (route.start, route.goal) not in own
            and document.passable[route.start]
            and document.passable[route.goal]
        ),
    )


def _losses(document: MapDocument) -> list[str]:
    routes = "the names, weights and colours of the routes"
    lost = [routes if entry == "the routes" else entry for entry in bare_losses(document)]
    if (document.cost[document.passable] != 1.0).any():
        lost.insert(0, "the costs: this format only knows passable and blocked cells")
    unseen = document.metadata.get("scenarios")
    if isinstance(unseen, int) and unseen > len(document.routes):
        rest = f"{unseen - len(document.routes)} of the {unseen} scenarios that came with the map"
        lost.append(f"{rest} (in a scenario file that is replaced, those that still fit are kept)")
    if document.rule != MovementRule():
        lost.append("this map's own movement rule: readers will use octile moves without corner cutting")
    return lost


FORMAT = Format(
    "movingai",
    "Moving AI benchmark map (passability)",
    (".map",),
    _read,
    _encode,
    _losses,
    companion=_companion,
    signature=b"type ",
)
