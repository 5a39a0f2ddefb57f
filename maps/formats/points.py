"""Layouts as files of their own: tables of points (CSV), JSON, and the ends of Moving AI scenarios.

CSV: one point a line, `row,col` or `row,col,weight`, separated by comma, semicolon or tab; a first line of
names is optional and may name the columns in another order. JSON: an object with "points", each with "row",
"col" and "weight" (1 where it is missing), and with "name" and "colour". Both keep every digit of a float.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from maps.document import Layout, MapDocument
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats.format import name_of
from maps.formats.limits import MAX_JSON, read_file
from maps.formats.movingai import read_scenarios
from maps.layout_edits import blocked, new_layout, why_blocked
from maps.safe_save import save_bytes

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

MAX_POINTS = 1_000_000
_SEPARATORS = ",;\t"
_NAMES = {"row": 0, "r": 0, "y": 0, "col": 1, "column": 1, "c": 1, "x": 1, "weight": 2, "w": 2, "mass": 2}


def read_layout(path: str | os.PathLike[str], document: MapDocument) -> Layout:
    """Return a layout for `document` from a .csv or .json file.

    Where the file gives no name or colour the layout takes the file's name and the next free colour.
    Raises MapFormatError, naming the line or point, for a file that cannot be read and for a point that lies
    in a wall or outside the map.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return _read_json(path, document)
    rows, wheres = parse_points(path, _text(path))
    return _layout(path, document, rows, wheres, new_layout(document, name_of(path)))


def scenario_layout(path: str | os.PathLike[str], document: MapDocument, end: Literal["start", "goal"]) -> Layout:
    """Return the starts or the goals of a Moving AI `.scen` file; an end used k times is one point of weight k.

    Raises MapFormatError with the line.
    """
    path = Path(path)
    routes = read_scenarios(path, document)
    if not routes:
        raise MapFormatError(path, "", "has no scenarios, and so no points")
    cells, first, counts = np.unique(
        np.array([getattr(route, end) for route in routes], np.float64),
        axis=0,
        return_index=True,
        return_counts=True,
    )
    order = np.argsort(first)
    rows: NDArray[np.float64] = np.column_stack([cells, counts.astype(np.float64)])[order]
    wheres = [routes[int(index)].name for index in first[order]]
    return _layout(path, document, rows, wheres, new_layout(document, f"{name_of(path)} {end}s"))


def write_layout(layout: Layout, path: str | os.PathLike[str]) -> str | None:
    """Save a layout as .csv or .json, safely; return a warning of the save, if there is one.

    Raises MapSaveError; the file that was there before is then unchanged.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (".csv", ".json"):
        raise MapSaveError(path, "a layout is saved as .csv or .json; choose one of these endings")
    return save_bytes(path, encode_csv(layout) if ending == ".csv" else encode_json(layout))


def encode_csv(layout: Layout) -> bytes:
    """Return a table with the columns row, col, weight."""
    rows = np.column_stack([layout.positions, layout.weights]).tolist()
    return "".join(
        f"{line}\n" for line in ("row,col,weight", *(",".join(map(repr, row)) for row in rows))
    ).encode()


def encode_json(layout: Layout) -> bytes:
    """Return the layout with its name and colour, one point a line."""
    points = ",\n".join(
        json.dumps({"row": row, "col": col, "weight": weight})
        for (row, col), weight in zip(layout.positions.tolist(), layout.weights.tolist(), strict=True)
    )
    head = f'{{"name": {json.dumps(layout.name)}, "colour": {json.dumps(layout.colour)}, "points": [\n'
    return f"{head}{points}\n]}}\n".encode()


def parse_points(path: str | os.PathLike[str], text: str) -> tuple[NDArray[np.float64], list[str]]:
    """Return (n, 3) row, col, weight of a table as CSV, and for each point where it stands ("line 7").

    path: what errors call the text. Raises MapFormatError.
    """
    columns: Sequence[int] | None = None
    rows: list[list[float]] = []
    wheres: list[str] = []
    for number, fields in _records(path, text):
        where = f"line {number}"
        if columns is None:
            columns = _header(path, where, fields)
            if columns is not None:
                continue
            columns = range(len(fields))
            if len(fields) not in (2, 3):
                raise MapFormatError(
                    path, where, f"has {len(fields)} columns; row, col and perhaps weight are needed"
                )
        if len(fields) != len(columns):
            raise MapFormatError(path, where, f"has {len(fields)} columns, the first line has {len(columns)}")
        point = [0.0, 0.0, 1.0]
        for at, (column, field) in enumerate(zip(columns, fields, strict=True), 1):
            try:
                point[column] = float(field)
            except ValueError:
                raise MapFormatError(path, f"{where}, column {at}", f"{field[:20]!r} is not a number") from None
        if len(rows) == MAX_POINTS:
            raise MapFormatError(path, where, f"is one point too many; a layout is read with up to {MAX_POINTS}")
        rows.append(point)
        wheres.append(where)
    return np.array(rows, np.float64).reshape(-1, 3), wheres


def _records(path: str | os.PathLike[str], text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines of a table that are neither empty nor comments, numbered from 1, as their fields."""
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    separator = next((mark for mark in "\t;," if mark in first), ",")
    try:
        for fields in (reader := csv.reader(io.StringIO(text, newline=""), delimiter=separator)):
            stripped = [field.strip() for field in fields]
            if any(stripped) and not stripped[0].startswith("#"):
                yield reader.line_num, stripped
    except csv.Error as error:
        raise MapFormatError(path, "", f"is not a table: {error}") from None


def _header(path: str | os.PathLike[str], where: str, fields: list[str]) -> list[int] | None:
    """Which of row, col, weight each column is, if this is a line of names."""
    try:
        float(fields[0])
        return None
    except ValueError:
        pass
    columns = [_NAMES.get(field.strip().lower(), -1) for field in fields]
    if -1 in columns or not {0, 1} <= set(columns) or len(set(columns)) != len(columns):
        raise MapFormatError(
            path, where, f"names the columns {', '.join(fields)[:60]!r}; row, col and perhaps weight are needed"
        )
    return columns


def _read_json(path: Path, document: MapDocument) -> Layout:
    try:
        found: object = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise MapFormatError(path, "", f"is not JSON: {error}") from None
    if not isinstance(found, dict) or not isinstance(cast("dict[str, Any]", found).get("points"), list):
        raise MapFormatError(path, "", 'should be an object with a list "points"')
    content = cast("dict[str, Any]", found)
    rows: list[list[float]] = []
    wheres: list[str] = []
    for number, point in enumerate(cast("list[object]", content["points"])):
        where = f"point {number}"
        if not isinstance(point, dict):
            raise MapFormatError(path, where, 'should be an object with "row" and "col"')
        values = {"weight": 1.0, **cast("dict[str, Any]", point)}
        row: list[float] = []
        for name in ("row", "col", "weight"):
            value: object = values.get(name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise MapFormatError(path, where, f'"{name}" is {value!r}; a number is needed')
            row.append(_float(value))
        rows.append(row)
        wheres.append(where)
    blank = new_layout(document, name_of(path))
    try:
        blank = Layout(
            content.get("name", blank.name), blank.positions, blank.weights, content.get("colour", blank.colour)
        )
    except MapError as error:
        raise MapFormatError(path, "", str(error)) from None
    return _layout(path, document, np.array(rows, np.float64).reshape(-1, 3), wheres, blank)


def _layout(
    path: Path, document: MapDocument, rows: NDArray[np.float64], wheres: list[str], blank: Layout
) -> Layout:
    """The layout of (n, 3) rows, each of which stands `wheres` in the file."""
    finite, light = np.isfinite(rows).all(axis=1), rows[:, 2] < 0.0
    for bad, why in ((~finite, "has a number that is not finite"), (light, "has a weight below 0")):
        if bad.any():
            raise MapFormatError(path, wheres[int(np.argmax(bad))], why)
    if reason := why_blocked(document, rows[:, :2]):
        where = wheres[int(np.argmax(blocked(document, rows[:, :2])))]
        raise MapFormatError(path, where, reason[0].lower() + reason[1:])
    return Layout(blank.name, rows[:, :2], rows[:, 2], blank.colour)


def _text(path: Path) -> str:
    data = read_file(path, 16 * MAX_JSON)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MapFormatError(path, f"byte {error.start}", "is not text in UTF-8") from None


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond every float
        return float("inf")
