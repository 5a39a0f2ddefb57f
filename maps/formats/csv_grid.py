"""Cost grids as tables of text, `.csv`: one line a row. inf, NaN and chosen values are impassable cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from maps.document import MAX_SIDE, MapDocument
from maps.errors import MapFormatError
from maps.formats.arrays import bare_costs, bare_document
from maps.formats.format import Format, bare_losses
from maps.formats.limits import check_shape, opened
from maps.formats.options import MEANING, TABLE, NoCostError, ReadOptions
from maps.formats.table import Table, is_number
from maps.formats.values import Values
from maps.formats.watching import handled

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.formats.table import TableOptions

__all__ = ["FORMAT", "MOST_LINES", "NoCostError", "read_csv"]

MOST_LINES = 4 * MAX_SIDE  # empty ones included


def read_csv(path: Path, options: TableOptions | None = None) -> MapDocument:
    """Return the map in a table of costs. How an unusual one was read stands in the metadata, under "table".

    Raises MapFormatError, naming the line and column; NoCostError, naming the cell, for a number that is no cost.
    """
    options = ReadOptions.of(options or ReadOptions())
    values = Values(path, options)
    with opened(path) as file:
        table = Table(path, file, MOST_LINES, options)
        width = None
        for number, fields in table.rows():
            width = len(fields) if width is None else width
            check_shape(path, f"line {number}", len(values) + 1, width)
            if len(fields) != width:
                why = f"has {len(fields)} columns, the first line has {width}"
                raise MapFormatError(path, f"line {number}", why)
            values.add(_numbers(path, number, fields))
            handled(2 * width)  # at least
    if not len(values):
        raise MapFormatError(path, "", "is empty; one line of costs per row is expected")
    told = [table.dialect.told] if table.dialect.unusual else []
    told += values.told()
    document = bare_document(path, values.costs())
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
    return bool(start) and b"\0" not in start and not start.lower().startswith((b"<", b"{", b"ncols"))


FORMAT = Format(
    "csv",
    "table of costs, comma separated",
    (".csv",),
    read_csv,
    _encode_csv,
    _losses,
    read_as=read_csv,
    takes=TABLE | MEANING,
    recognises=_is_text,
)
