"""Layouts as files of their own: tables of points (CSV), JSON, and the ends of Moving AI scenarios.

CSV: one point a line, `row,col` or `row,col,weight`, in any dialect of `maps.formats.table`; a first line of
names is optional and may name the columns in another order, `x,y` among them, and others, which are left out.
JSON: an object with "points", each with "row", "col" and "weight" (1 where it is missing), and with "name" and
"colour". Both keep every digit of a float.
"""

from __future__ import annotations

import io
import json
import os
import re
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar, cast

import numpy as np

from maps.document import Layout, MapDocument
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats.format import name_of
from maps.formats.limits import MAX_JSON, opened, read_file
from maps.formats.movingai import read_scenarios
from maps.formats.table import Table, is_number
from maps.layout_edits import blocked, new_layout, why_blocked
from maps.safe_save import save_bytes

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from numpy.typing import NDArray

_Result = TypeVar("_Result")

MAX_POINTS = 1_000_000
AT_ONCE = 2_000  # points that are read or written in one step
MAX_POINTS_CSV = 16 * MAX_JSON  # bytes of a file
MAX_POINTS_JSON = 3 * MAX_JSON // 2  # bytes of a file; larger layouts are kept as tables
_LAST_WORD = re.compile(r".*[\W_](?=[a-z]+$)")  # what stands before it
# What columns are called: row, col, weight, in the order of preference.
_NAMES = (("row", "r", "y", "axis-0"), ("col", "column", "c", "x", "axis-1"), ("weight", "w", "mass"))


@dataclass(frozen=True, eq=False)
class PointTable:
    """The points of a table.

    rows: (n, 3) row, col, weight.  lines: (n,) where each stands.  told: how the table was read, in words.
    """

    rows: NDArray[np.float64]
    lines: NDArray[np.int64]
    told: str


def read_layout(path: str | os.PathLike[str], document: MapDocument) -> tuple[Layout, str]:
    """Do what `reading_layout` does, without a stop."""
    return _end_of(reading_layout(path, document))


def reading_layout(
    path: str | os.PathLike[str], document: MapDocument
) -> Generator[float, None, tuple[Layout, str]]:
    """Return a layout for `document` from a .csv or .json file; and how it was read, where that is worth telling.

    Where the file gives no name or colour the layout takes the file's name and the next free colour.
    Yields the share that is read, every so often. Raises MapFormatError, naming the line or point, for a file that
    cannot be read and for a point that lies in a wall or outside the map.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return _read_json(path, document), ""
    with opened(path, MAX_POINTS_CSV) as file:
        table = yield from _parse(path, file)
    layout = _layout(path, document, table.rows, table.lines, "line", new_layout(document, name_of(path)))
    return layout, table.told


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
    numbers = np.array([int(routes[int(index)].name.removeprefix("line ")) for index in first[order]], np.int64)
    return _layout(path, document, rows, numbers, "line", new_layout(document, f"{name_of(path)} {end}s"))


def write_layout(layout: Layout, path: str | os.PathLike[str]) -> str | None:
    """Do what `writing_layout` does, without a stop."""
    return _end_of(writing_layout(layout, path))


def writing_layout(layout: Layout, path: str | os.PathLike[str]) -> Generator[float, None, str | None]:
    """Save a layout as .csv or .json, safely; return a warning of the save, if there is one.

    Yields the share that is ready to be written, every so often. Raises MapSaveError; the file that was there is
    then unchanged.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in (".csv", ".json"):
        raise MapSaveError(path, "a layout is saved as .csv or .json; choose one of these endings")
    pieces: list[bytes] = []
    for share, piece in _csv_pieces(layout) if ending == ".csv" else _json_pieces(layout):
        pieces.append(piece)
        yield share
    data = b"".join(pieces)
    if len(data) > (MAX_POINTS_CSV if ending == ".csv" else MAX_POINTS_JSON):
        raise MapSaveError(path, f"{len(layout.weights)} points are more than is read again; choose .csv")
    return save_bytes(path, data)


def encode_csv(layout: Layout) -> bytes:
    """Return a table with the columns row, col, weight."""
    return b"".join(piece for _, piece in _csv_pieces(layout))


def encode_json(layout: Layout) -> bytes:
    """Return the layout with its name and colour, one point a line."""
    return b"".join(piece for _, piece in _json_pieces(layout))


def _csv_pieces(layout: Layout) -> Iterator[tuple[float, bytes]]:
    """Yield a table in pieces, each with the share of the points that are in it or before."""
    yield 0.0, b"row,col,weight\n"
    for share, rows in _some_rows(layout):
        yield share, "".join(",".join(map(repr, row)) + "\n" for row in rows).encode()


def _json_pieces(layout: Layout) -> Iterator[tuple[float, bytes]]:
    """Yield an object in pieces, each with the share of the points that are in it or before."""
    head = f'{{"name": {json.dumps(layout.name)}, "colour": {json.dumps(layout.colour)}, "points": ['
    yield 0.0, head.encode()
    parting = "\n"
    for share, rows in _some_rows(layout):
        points = ",\n".join(json.dumps(dict(zip(("row", "col", "weight"), row, strict=True))) for row in rows)
        yield share, f"{parting}{points}".encode()
        parting = ",\n"
    yield 1.0, ("\n]}\n" if len(layout.weights) else "\n\n]}\n").encode()


def _some_rows(layout: Layout) -> Iterator[tuple[float, list[list[float]]]]:
    """Yield row, col and weight of `AT_ONCE` points after the other, and the share of all that they end at."""
    count = len(layout.weights)
    for first in range(0, count, AT_ONCE):
        some = slice(first, first + AT_ONCE)
        rows: NDArray[np.float64] = np.column_stack([layout.positions[some], layout.weights[some]])
        yield min(first + AT_ONCE, count) / count, rows.tolist()


def _end_of(steps: Generator[float, None, _Result]) -> _Result:
    """Take all steps, and return what they lead to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def parse_points(path: str | os.PathLike[str], text: str) -> PointTable:
    """Return the points of a table as text. path: what errors call it. Raises MapFormatError, naming the line."""
    return _end_of(_parse(path, io.BytesIO(text.encode("utf-8", "replace"))))


def _parse(path: str | os.PathLike[str], file: BinaryIO) -> Generator[float, None, PointTable]:
    size = max(file.seek(0, os.SEEK_END), 1)
    file.seek(0)
    table = Table(path, file, 2 * MAX_POINTS)
    told = [table.dialect.told] if table.dialect.unusual and not table.dialect.header else []
    columns: list[int] | None = None  # of row, col and perhaps weight
    width = 0
    rows, lines = array("d"), array("q")
    for number, fields in table.records():
        where = f"line {number}"
        if columns is None:
            width = len(fields)
            if table.dialect.header:
                columns = _columns(path, where, fields)
                told += _told(fields, columns)
                continue
            if width not in (2, 3):
                why = f"has {width} columns without names; row, col and perhaps weight are needed"
                raise MapFormatError(path, where, why)
            columns = list(range(width))
        if len(fields) != width:
            raise MapFormatError(path, where, f"has {len(fields)} columns, the first line has {width}")
        if len(lines) == MAX_POINTS:
            raise MapFormatError(path, where, f"is one point too many; a layout is read with up to {MAX_POINTS}")
        for column in columns:
            if not is_number(fields[column]):
                at, why = f"{where}, column {column + 1}", f"{fields[column][:20]!r} is not a number"
                if not lines and not table.dialect.header:
                    why += "; a first line such as name,x,y would say what the columns are"
                raise MapFormatError(path, at, why)
            rows.append(float(fields[column]))
        if len(columns) == 2:
            rows.append(1.0)
        lines.append(number)
        if len(lines) % AT_ONCE == 0:
            yield file.tell() / size
    points = np.frombuffer(rows, np.float64).reshape(-1, 3) if rows else np.zeros((0, 3))
    return PointTable(points, np.array(lines, np.int64), "; ".join(filter(None, told)))


def _columns(path: str | os.PathLike[str], where: str, fields: list[str]) -> list[int]:
    """Which columns of a line of names hold row, col and, where there is one, weight."""
    names = [field.strip().lower() for field in fields]
    if "axis-2" in names:
        raise MapFormatError(path, where, "names three axes; save the points of one picture, which has two")
    if not all(any(name in names for name in known) for known in _NAMES[:2]):
        names = [_LAST_WORD.sub("", name) for name in names]  # as in pos_x or position.x
    found = [next((names.index(name) for name in known if name in names), None) for known in _NAMES]
    if found[0] is None or found[1] is None or any(names.count(name) > 1 for known in _NAMES for name in known):
        listed = ", ".join(fields)[:60]
        why = f"names the columns {listed!r}; row and col (or y and x), once each, and perhaps weight are needed"
        raise MapFormatError(path, where, why)
    return [column for column in found if column is not None]


def _told(fields: list[str], columns: list[int]) -> list[str]:
    """What to tell of a line of names, of which these columns were used."""
    used = [fields[column] for column in columns]
    others = [field for column, field in enumerate(fields) if column not in columns and field]
    told = [f"read from the columns {', '.join(used)}"] if used != ["row", "col"] else []
    return told + ([f"without {', '.join(others)[:60]}"] if others else [])


def _read_json(path: Path, document: MapDocument) -> Layout:
    try:
        found: object = json.loads(read_file(path, MAX_POINTS_JSON).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise MapFormatError(path, f"byte {error.start}", "is not text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise MapFormatError(path, "", f"is not JSON: {error}") from None
    if not isinstance(found, dict) or not isinstance(cast("dict[str, Any]", found).get("points"), list):
        raise MapFormatError(path, "", 'should be an object with a list "points"')
    content = cast("dict[str, Any]", found)
    rows: list[list[float]] = []
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
    blank = new_layout(document, name_of(path))
    try:
        blank = Layout(
            content.get("name", blank.name), blank.positions, blank.weights, content.get("colour", blank.colour)
        )
    except MapError as error:
        raise MapFormatError(path, "", str(error)) from None
    points = np.array(rows, np.float64).reshape(-1, 3)
    return _layout(path, document, points, np.arange(len(rows)), "point", blank)


def _layout(
    path: Path,
    document: MapDocument,
    rows: NDArray[np.float64],
    numbers: NDArray[np.int64],
    kind: Literal["line", "point"],
    blank: Layout,
) -> Layout:
    """The layout of (n, 3) rows. numbers: (n,) of the line or point where each stands in the file."""
    finite, light = np.isfinite(rows).all(axis=1), rows[:, 2] < 0.0
    for bad, why in ((~finite, "has a number that is not finite"), (light, "has a weight below 0")):
        if bad.any():
            raise MapFormatError(path, f"{kind} {numbers[int(np.argmax(bad))]}", why)
    if reason := why_blocked(document, rows[:, :2]):
        where = f"{kind} {numbers[int(np.argmax(blocked(document, rows[:, :2])))]}"
        raise MapFormatError(path, where, reason[0].lower() + reason[1:])
    return Layout(blank.name, rows[:, :2], rows[:, 2], blank.colour)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond every float
        return float("inf")
