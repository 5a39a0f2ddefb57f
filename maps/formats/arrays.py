"""Bare cost grids: NumPy `.npy`. Infinite cost means impassable; everything else is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maps.document import Bounds, MapDocument, freshly_frozen
from maps.errors import name_cell
from maps.formats import npy
from maps.formats.format import Format, bare_losses, name_of
from maps.formats.limits import check_shape, opened
from maps.formats.options import NoCostError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NUMBERS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")


def bare_document(path: Path, costs: NDArray[np.float32]) -> MapDocument:
    """Return a document of costs (H, W), infinite where impassable, as `costs_of` gives them."""
    passable: NDArray[np.bool_] = np.isfinite(costs)
    single = np.where(passable, costs, np.float32(1.0))
    return MapDocument(
        cost=freshly_frozen(single),
        passable=freshly_frozen(passable),
        locked=freshly_frozen(np.zeros(single.shape, dtype=np.bool_)),
        bounds=bounds_of_costs(single[passable]),
        name=name_of(path),
    )


def costs_of(path: Path, row: NDArray[Any], number: int) -> NDArray[np.float32]:
    """Return row `number` of a grid, (W,), as costs. Raises NoCostError, naming the cell."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        single: NDArray[np.float32] = row.astype(np.float32)
    good = np.isposinf(row) | (np.isfinite(single) & (single > 0))
    if not good.all():
        column = int(np.argmin(good))
        raise NoCostError(
            path,
            name_cell(number, column),
            f"cost is {row[column]}; a cost must be a finite number above 0, or inf for an impassable cell",
            float(row[column]),
        )
    return single


def bounds_of_costs(costs: NDArray[np.float32]) -> Bounds:
    """Return bounds for a grid that brings none: the usual ones where they hold its costs (n,), else its range.

    Where all costs are equal there has to be room on both sides: a fifth of it to five times it.
    """
    usual = Bounds()
    if costs.size == 0:
        return usual
    least, most = float(costs.min()), float(costs.max())
    if usual.lower <= least and most <= usual.upper:
        return usual
    if least == most:
        least, most = least / 5.0, min(5.0 * most, float(np.finfo(np.float32).max))
    return Bounds(least, most)


def bare_costs(document: MapDocument) -> NDArray[np.float32]:
    """Return costs (H, W), infinite where impassable."""
    return np.where(document.passable, document.cost, np.float32(np.inf))


def _read_npy(path: Path) -> MapDocument:
    with opened(path) as file:
        header = npy.read_header(path, "", file, NUMBERS, 2)
        check_shape(path, "", *header.shape)
        began = file.tell()
        npy.check_length(path, file, header)
        if not header.fortran_order:  # refuse what is wrong before anything of its size is held
            for number, row in enumerate(npy.rows(file, header)):
                costs_of(path, row, number)
            file.seek(began)
        data = npy.read_data(path, "", file, header)
        costs = np.empty(header.shape, np.float32)
        for number in range(len(data)):
            costs[number] = costs_of(path, data[number], number)
        return bare_document(path, costs)


def _encode_npy(document: MapDocument, path: Path) -> dict[Path, bytes]:
    return {path: npy.encode(bare_costs(document).astype("<f4"))}


NPY = Format("npy", "NumPy array of costs", (".npy",), _read_npy, _encode_npy, bare_losses, signature=npy.MAGIC)
