"""Where cells lie on the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

LARGEST_SCALE = 128.0
SMALLEST_SIDE = 48.0  # px; a map cannot be made smaller than this


@dataclass(frozen=True)
class View:
    """scale: px per cell; left, top: where the corner of cell (0, 0) lies, px."""

    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def cell_at(self, x: float, y: float) -> tuple[int, int]:
        """(row, col) of the cell under a point; it may lie outside the map."""
        return math.floor((y - self.top) / self.scale), math.floor((x - self.left) / self.scale)

    def centre(self, row: float, col: float) -> tuple[float, float]:
        """(x, y) of a cell's centre."""
        return self.left + (col + 0.5) * self.scale, self.top + (row + 0.5) * self.scale

    def moved(self, right: float, down: float) -> View:
        """The view after the map was dragged."""
        return View(self.scale, self.left + right, self.top + down)

    def zoomed(self, factor: float, x: float, y: float, shape: tuple[int, int]) -> View:
        """The view of a map of `shape` with cells `factor` times as large, the point (x, y) staying in place."""
        scale = min(max(self.scale * factor, SMALLEST_SIDE / max(shape)), LARGEST_SCALE)
        share = scale / self.scale
        return View(scale, x - (x - self.left) * share, y - (y - self.top) * share)


def fitted(shape: tuple[int, int], width: float, height: float, margin: float = 24.0) -> View:
    """The view that shows a map of `shape` whole, in the middle of width × height px."""
    rows, cols = shape
    scale = min((width - 2 * margin) / cols, (height - 2 * margin) / rows)
    scale = min(max(scale, SMALLEST_SIDE / max(shape)), LARGEST_SCALE)
    if scale >= 2.0:
        scale = math.floor(scale)  # cells of one size
    return View(scale, round((width - cols * scale) / 2), round((height - rows * scale) / 2))
