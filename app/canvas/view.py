"""Where cells lie on the screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

LARGEST_SCALE = 128.0
SMALLEST_SIDE = 48.0  # px; a map cannot be made smaller than this


@dataclass(frozen=True)
class View:
    """Map cells to px. scale: px per cell; left, top: where the corner of cell (0, 0) lies, px."""

    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def cell_at(self, x: float, y: float) -> tuple[int, int]:
        """Return the cell (row, col) under a point; it may lie outside the map."""
        return math.floor((y - self.top) / self.scale), math.floor((x - self.left) / self.scale)

    def position_at(self, x: float, y: float) -> tuple[float, float]:
        """Return the position (row, col) of a point; whole numbers are the centres of cells."""
        return (y - self.top) / self.scale - 0.5, (x - self.left) / self.scale - 0.5

    def centre(self, row: float, col: float) -> tuple[float, float]:
        """Return (x, y) of a cell's centre."""
        return self.left + (col + 0.5) * self.scale, self.top + (row + 0.5) * self.scale

    def moved(self, right: float, down: float) -> View:
        """Return the view after the map was dragged."""
        return View(self.scale, self.left + right, self.top + down)

    def zoomed(self, factor: float, x: float, y: float, shape: tuple[int, int]) -> View:
        """Return the view with cells `factor` times as large that leaves the point (x, y) in place."""
        scale = min(max(self.scale * factor, SMALLEST_SIDE / max(shape)), LARGEST_SCALE)
        share = scale / self.scale
        return View(scale, x - (x - self.left) * share, y - (y - self.top) * share)


def fitted(shape: tuple[int, int], width: float, height: float, margin: float = 24.0) -> View:
    """Return the view that shows a map of `shape` whole, in the middle of width × height px."""
    rows, cols = shape
    scale = min((width - 2 * margin) / cols, (height - 2 * margin) / rows)
    scale = _even(min(max(scale, SMALLEST_SIDE / max(shape)), LARGEST_SCALE))
    return View(scale, round((width - cols * scale) / 2), round((height - rows * scale) / 2))


def fitted_beside(
    shape: tuple[int, int], width: float, height: float, corner: tuple[float, float], margin: float = 24.0
) -> View:
    """Return a fitted view clear of a lower left corner of (width, height) px: above it or to its right."""
    view = fitted(shape, width, height, margin)
    bottom = view.top + shape[0] * view.scale
    if view.left >= corner[0] or bottom <= height - corner[1]:
        return view
    if corner[0] + shape[1] * view.scale + margin <= width:
        return View(view.scale, math.ceil(corner[0]), view.top)
    above = fitted(shape, width, height - corner[1], margin)
    right = fitted(shape, width - corner[0], height, margin).moved(corner[0], 0.0)
    return right if right.scale > above.scale else above


def _even(scale: float) -> float:
    """Round a scale down, by at most 1/16, so that cell borders regularly meet pixel borders.

    Whole px per cell where cells are large, then halves, quarters and so on.
    """
    if scale < 2.0:
        return scale
    part = 2.0 ** min(0, math.floor(math.log2(scale / 16.0)))
    return math.floor(scale / part) * part
