"""Where a unit that is larger than a cell has room to stand."""

import numpy as np

from engine.core.arrays import Flags
from engine.core.cancel import check


def open_to(passable: Flags, size: int) -> Flags:
    """Return the cells (H, W) where a unit of size × size cells may stand: every cell under it is passable.

    A unit of odd size stands around its cell; one of even size reaches one cell further down and to the right:
    on cell (r, c) it covers rows r − (size − 1) // 2 … r + size // 2, and columns alike. None of them may lie
    beyond the map. Raises ValueError for a size under 1.
    """
    if size < 1:
        raise ValueError(f"a unit of {size} × {size} cells is nowhere; the size is at least 1")
    if size == 1:
        return passable
    check()
    around = (size - 1) // 2, size // 2
    rows = np.pad(passable, (around, (0, 0)))
    tall = np.lib.stride_tricks.sliding_window_view(rows, size, axis=0).all(axis=-1)
    check()
    columns = np.pad(tall, ((0, 0), around))
    return np.asarray(np.lib.stride_tricks.sliding_window_view(columns, size, axis=1).all(axis=-1))


def under(cells: Flags, size: int) -> Flags:
    """Return the cells (H, W) that units of size × size cells cover which stand on `cells` (H, W)."""
    # A cell is not covered where a unit has room around it that is turned by half a turn, and meets none of them.
    turned = np.pad(~cells, size, constant_values=True)[::-1, ::-1]
    return ~open_to(turned, size)[::-1, ::-1][size:-size, size:-size]
