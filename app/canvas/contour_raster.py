"""Find which pixels of the screen lie on lines of equal distance. Compiled: a screen has a million pixels."""

import numpy as np
from numpy.typing import NDArray

from engine.core.compiled import compiled


@compiled
def contour_pixels(
    distance: NDArray[np.float32], step: float, rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return (h, w) whether a line of a multiple of `step` passes right of a pixel or below it.

    distance: (H, W) in the middles of cells, infinite where there is none; between them it is interpolated from
    those that are finite. rows: (h,), cols: (w,): positions of the pixels' middles; whole numbers are the middles
    of cells. Nothing passes where either side has no distance.
    """
    height, width = distance.shape
    bands = np.full((len(rows), len(cols)), -1, np.int32)
    for y in range(len(rows)):
        row = min(max(rows[y], 0.0), height - 1.0)
        if rows[y] < -0.5 or rows[y] >= height - 0.5:
            continue
        top = min(int(row), max(height - 2, 0))
        down, below = row - top, min(top + 1, height - 1)
        for x in range(len(cols)):
            if cols[x] < -0.5 or cols[x] >= width - 0.5:
                continue
            col = min(max(cols[x], 0.0), width - 1.0)
            if not np.isfinite(distance[int(row + 0.5), int(col + 0.5)]):
                continue
            left = min(int(col), max(width - 2, 0))
            right, beyond = col - left, min(left + 1, width - 1)
            a, b = distance[top, left], distance[top, beyond]
            c, d = distance[below, left], distance[below, beyond]
            upper, lower = a + right * (b - a), c + right * (d - c)
            value = upper + down * (lower - upper)
            if not np.isfinite(value):
                value = _of_finite(a, b, c, d, down, right)
            bands[y, x] = int(value / step)
    on_line = np.zeros(bands.shape, np.bool_)
    for y in range(len(rows)):
        for x in range(len(cols)):
            band = bands[y, x]
            if band < 0:
                continue
            if x + 1 < len(cols) and bands[y, x + 1] >= 0 and bands[y, x + 1] != band:
                on_line[y, x] = True
            if y + 1 < len(rows) and bands[y + 1, x] >= 0 and bands[y + 1, x] != band:
                on_line[y, x] = True
    return on_line


@compiled
def _of_finite(a: float, b: float, c: float, d: float, down: float, right: float) -> float:
    """Interpolate between those of four corners that are finite; one of them is."""
    weight, total = 0.0, 0.0
    for value, share in (
        (a, (1.0 - down) * (1.0 - right)),
        (b, (1.0 - down) * right),
        (c, down * (1.0 - right)),
        (d, down * right),
    ):
        if np.isfinite(value):
            weight += share
            total += share * value
    return total / weight
