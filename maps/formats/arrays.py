"""Bare cost grids: NumPy `.npy` and `.csv`. Infinite cost means impassable; everything else is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maps.document import MAX_SIDE, MapDocument, freshly_frozen
from maps.errors import MapFormatError, name_cell
from maps.formats import npy
from maps.formats.format import Format, bare_losses, name_of
from maps.formats.limits import check_shape, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
_SEPARATORS = ",;\t"
MOST_LINES = 4 * MAX_SIDE  # empty ones included
LONGEST_LINE = 32 * MAX_SIDE  # bytes


def bare_document(path: Path, costs: NDArray[Any]) -> MapDocument:
    """Return a document of costs (H, W), infinite where impassable. Raises MapFormatError, naming the cell."""
    passable: NDArray[np.bool_] = ~np.isposinf(costs)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        single: NDArray[np.float32] = costs.astype(np.float32)
    single[~passable] = 1.0
    good = np.isfinite(single) & (single > 0)
    if not good.all():
        row, col = (int(index) for index in np.unravel_index(np.argmin(good), good.shape))
        raise MapFormatError(
            path,
            name_cell(row, col),
            f"cost is {costs[row, col]}; a cost must be a finite number above 0, or inf for an impassable cell",
        )
    return MapDocument(
        cost=freshly_frozen(single),
        passable=freshly_frozen(passable),
        locked=freshly_frozen(np.zeros(single.shape, dtype=np.bool_)),
        name=name_of(path),
    )


def _bare_costs(document: MapDocument) -> NDArray[np.float32]:
    return np.where(document.passable, document.cost, np.float32(np.inf))


def _read_npy(path: Path) -> MapDocument:
    with opened(path) as file:
        header = npy.read_header(path, "", file, _NUMBERS, 2)
        check_shape(path, "", *header.shape)
        return bare_document(path, npy.read_data(path, "", file, header))


def _encode_npy(document: MapDocument, path: Path) -> dict[Path, bytes]:
    return {path: npy.encode(_bare_costs(document).astype("<f4"))}


def _read_csv(path: Path) -> MapDocument:
    rows: list[NDArray[np.float64]] = []
    separator: str | None = None
    width = 0
    for number, line in _lines(path):
        if not rows:
            separator = next((mark for mark in _SEPARATORS if mark in line), None)
            width = len(line.split(separator))
        check_shape(path, f"line {number}", len(rows) + 1, width)
        values = line.split(separator)
        if len(values) != width:
            raise MapFormatError(path, f"line {number}", f"has {len(values)} columns, the first line has {width}")
        try:
            rows.append(np.array([float(value) for value in values]))
        except ValueError:
            column = next(column for column, value in enumerate(values) if not _is_number(value))
            raise MapFormatError(
                path, f"line {number}, column {column + 1}", f"{values[column][:20]!r} is not a number"
            ) from None
    if not rows:
        raise MapFormatError(path, "", "is empty; one line of costs per row is expected")
    return bare_document(path, np.array(rows))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file that are not empty, numbered from 1; never more of it in memory than one."""
    with opened(path) as file:
        for number in range(1, MOST_LINES + 1):
            line = file.readline(LONGEST_LINE)
            if not line:
                return
            if len(line) == LONGEST_LINE:
                raise MapFormatError(path, f"line {number}", "is longer than a row of the widest map")
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
            if text:
                yield number, text
    raise MapFormatError(path, "", f"has more than {MOST_LINES} lines; a map has at most {MAX_SIDE} rows")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _encode_csv(document: MapDocument, path: Path) -> dict[Path, bytes]:
    # numpy writes a float32 with the fewest digits that read back to the same float32.
    rows = [",".join(map(str, row)) for row in _bare_costs(document)]
    return {path: ("\n".join(rows) + "\n").encode("ascii")}


NPY = Format("npy", "NumPy array of costs", (".npy",), _read_npy, _encode_npy, bare_losses, signature=npy.MAGIC)
CSV = Format("csv", "table of costs, comma separated", (".csv",), _read_csv, _encode_csv, bare_losses)
