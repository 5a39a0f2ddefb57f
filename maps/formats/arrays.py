"""Bare cost grids: NumPy `.npy` and `.csv`. Infinite cost means impassable; everything else is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.document import MapDocument
from maps.errors import MapFormatError, name_cell
from maps.formats import npy
from maps.formats.format import Format, bare_losses
from maps.formats.limits import MAX_TEXT, check_shape, read_file

_NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
_SEPARATORS = ",;\t "


def bare_document(path: Path, costs: NDArray[np.floating[Any]]) -> MapDocument:
    """A document of costs (H, W), infinite where impassable. Raises MapFormatError, naming the cell."""
    passable = ~np.isposinf(costs)
    with np.errstate(over="ignore", under="ignore"):
        single = np.where(passable, costs, 1.0).astype(np.float32)
    good = np.isfinite(single) & (single > 0)
    if not good.all():
        row, col = (int(index) for index in np.argwhere(~good)[0])
        raise MapFormatError(
            path,
            name_cell(row, col),
            f"cost is {costs[row, col]}; a cost must be a finite number above 0, or inf for an impassable cell",
        )
    return MapDocument(
        cost=single,
        passable=passable,
        locked=np.zeros(single.shape, dtype=np.bool_),
        name=path.name.split(".")[0],
    )


def _bare_costs(document: MapDocument) -> NDArray[np.float32]:
    return np.where(document.passable, document.cost, np.float32(np.inf))


def _read_npy(path: Path) -> MapDocument:
    shape, array = npy.decode(path, "", read_file(path), _NUMBERS, 2)
    check_shape(path, "", *shape)
    return bare_document(path, array.astype(np.float64))


def _encode_npy(document: MapDocument, path: Path) -> dict[Path, bytes]:
    return {path: npy.encode(_bare_costs(document).astype("<f4"))}


def _read_csv(path: Path) -> MapDocument:
    text = read_file(path, MAX_TEXT).decode("utf-8-sig", "replace")
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise MapFormatError(path, "", "is empty; one line of costs per row is expected")
    separator = next((mark for mark in _SEPARATORS if mark in lines[0][1]), ",")

    def cells(line: str) -> list[str]:
        return line.split() if separator == " " else line.rstrip("\r").split(separator)

    width = len(cells(lines[0][1]))
    check_shape(path, "", len(lines), width)
    costs = np.empty((len(lines), width))
    for row, (number, line) in enumerate(lines):
        values = cells(line)
        if len(values) != width:
            raise MapFormatError(path, f"line {number}", f"has {len(values)} columns, the first line has {width}")
        for column, value in enumerate(values):
            try:
                costs[row, column] = float(value)
            except ValueError:
                raise MapFormatError(
                    path, f"line {number}, column {column + 1}", f"{value[:20]!r} is not a number"
                ) from None
    return bare_document(path, costs)


def _encode_csv(document: MapDocument, path: Path) -> dict[Path, bytes]:
    # numpy writes a float32 with the fewest digits that read back to the same float32.
    rows = [",".join(map(str, row)) for row in _bare_costs(document)]
    return {path: ("\n".join(rows) + "\n").encode("ascii")}


NPY = Format("npy", "NumPy array of costs", (".npy",), _read_npy, _encode_npy, bare_losses)
CSV = Format("csv", "table of costs, comma separated", (".csv",), _read_csv, _encode_csv, bare_losses)
