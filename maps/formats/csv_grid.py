"""Cost grids as tables of text, `.csv`: one line a row. inf, NaN and chosen values are impassable cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maps.document import MAX_SIDE, MapDocument
from maps.errors import MapFormatError
from maps.formats.arrays import bare_costs, bare_document, costs_of
from maps.formats.format import Format, bare_losses
from maps.formats.limits import check_shape, opened
from maps.formats.table import Table, TableOptions, is_number

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

class NoCostError(MapFormatError):
    """A value in a table that is no cost, and perhaps means a wall. How to say so, the window or command knows."""

    def __init__(self, error: MapFormatError, value: float) -> None:
        self.value = value
        super().__init__(error.path, error.where, error.why)


MOST_LINES = 4 * MAX_SIDE  # empty ones included


def read_csv(path: Path, options: TableOptions | None = None) -> MapDocument:
    """Return the map in a table of costs. How an unusual one was read stands in the metadata, under "table".

    Raises MapFormatError, naming the line and column; NoCostError, naming the cell, for a number that is no cost.
    """
    options = options or TableOptions()
    walls = {"NaN": np.nan, **{f"{value:g}": value for value in options.walls}}
    found = dict.fromkeys(walls, 0)
    rows: list[NDArray[np.float32]] = []
    with opened(path) as file:
        table = Table(path, file, MOST_LINES, options)
        width = None
        for number, fields in table.rows():
            width = len(fields) if width is None else width
            check_shape(path, f"line {number}", len(rows) + 1, width)
            if len(fields) != width:
                why = f"has {len(fields)} columns, the first line has {width}"
                raise MapFormatError(path, f"line {number}", why)
            values = _numbers(path, number, fields)
            for name, value in walls.items():
                wall = np.isnan(values) if np.isnan(value) else values == value
                found[name] += int(wall.sum())
                values[wall] = np.inf
            try:
                rows.append(costs_of(path, values, len(rows)))
            except MapFormatError as error:
                raise NoCostError(error, float(values[np.argmin(values > 0)])) from None
    if not rows:
        raise MapFormatError(path, "", "is empty; one line of costs per row is expected")
    told = [table.dialect.told] if table.dialect.unusual else []
    told += [f"{count} cells of {name} are walls" for name, count in found.items() if count]
    document = bare_document(path, np.array(rows))
    return document.replace(metadata={"table": "; ".join(told)}) if told else document


def _numbers(path: Path, number: int, fields: list[str]) -> NDArray[np.float64]:
    """Return a line's fields as numbers."""
    try:
        if not any("_" in field for field in fields):
            return np.array([float(field) for field in fields])
    except ValueError:
        pass
    column = next(column for column, field in enumerate(fields) if not is_number(field))
    raise MapFormatError(path, f"line {number}, column {column + 1}", f"{fields[column][:20]!r} is not a number")


def _encode_csv(document: MapDocument, path: Path) -> dict[Path, bytes]:
    # numpy writes a float32 with the fewest digits that read back to the same float32.
    rows = [",".join(map(str, row)) for row in bare_costs(document)]
    return {path: ("\n".join(rows) + "\n").encode("ascii")}


def _losses(document: MapDocument) -> list[str]:
    told = document.metadata.get("table")
    others = {key: value for key, value in document.metadata.items() if key != "table"}
    lost = bare_losses(document.replace(metadata=others))
    how = [f"how the table was written ({told}); it is written with commas and decimal points"] if told else []
    return [*how, *lost]


def _is_text(data: bytes) -> bool:
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return bool(start) and b"\0" not in start and not start.startswith((b"<", b"{"))


FORMAT = Format(
    "csv",
    "table of costs, comma separated",
    (".csv",),
    read_csv,
    _encode_csv,
    _losses,
    recognises=_is_text,
)
