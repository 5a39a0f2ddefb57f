"""Draw many smooth lines at once, a coloured core over a dark rim, on the smallest image that holds them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from app.canvas.map_marks import DARK, device_pixels, image_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter


class Raster:
    """Draw lines of at most this width, (k, 4) x, y to x, y in px, on the smallest image that holds them."""

    def __init__(self, area: QRect, pixel_ratio: float, lines: NDArray[np.float64], width: float) -> None:
        self._pixel_ratio = pixel_ratio
        ends = lines.reshape(-1, 2) * pixel_ratio
        (top, bottom), (left, right) = device_pixels(area, pixel_ratio)
        first, beyond = np.array((left, top)), np.array((right, bottom))
        margin = math.ceil(width * pixel_ratio)
        if len(ends):
            first = np.maximum(first, np.floor(ends.min(axis=0)).astype(int) - margin)
            beyond = np.minimum(beyond, np.ceil(ends.max(axis=0)).astype(int) + margin)
        self._first, self._lines = first, (ends - first).reshape(-1, 4)
        width_px, height_px = np.maximum(beyond - first, 0).tolist()
        self._shape = height_px, width_px

    def opacity(self, strength: NDArray[np.float64], width: float) -> NDArray[np.uint8]:
        """Return the opacity of each pixel. strength: (k,) in 0 … 1."""
        # Here, as the import loads numba: a window without lines does not wait for it.
        from app.canvas.line_raster import line_opacity

        return line_opacity(self._shape, self._lines, strength, width * self._pixel_ratio)

    def draw(
        self, painter: QPainter, core: NDArray[np.uint8], rim: NDArray[np.uint8], inks: NDArray[np.uint32]
    ) -> None:
        """Paint each pixel in the colour of its two opacities."""
        from app.canvas.line_raster import inked

        if core.size:
            x, y = (self._first / self._pixel_ratio).tolist()
            painter.drawImage(QPointF(x, y), image_of(inked(core, rim, inks), self._pixel_ratio))


@lru_cache(maxsize=64)
def inks(colour: int, rim: float) -> NDArray[np.uint32]:
    """Return (256, 256) premultiplied pixels, by rim and core opacity, of a coloured core over a dark rim."""
    over, under = np.arange(256) / 255.0, rim * np.arange(256)[:, None] / 255.0
    dark = (1.0 - over) * under
    red, green, blue = (
        np.rint(over * core + dark * edge).astype(np.uint32)
        for core, edge in zip(_rgb(QColor(colour)), _rgb(DARK), strict=True)
    )
    alpha = np.rint(255.0 * (over + dark)).astype(np.uint32)
    return (alpha << 24 | red << 16 | green << 8 | blue).astype(np.uint32, copy=False)


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
