"""Draw layouts of very many points as dots, in a time that does not grow with every repaint."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PySide6.QtCore import QPointF

from app.canvas.map_marks import image_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QRect
    from PySide6.QtGui import QColor, QImage, QPainter

    from app.canvas.point_marks import Positions
    from app.canvas.view import View

MANY = 20_000  # points of a layout from which on they are dots
_DOT = 2  # pixels across


class _Picture(NamedTuple):
    """What a picture of dots shows, to know when it is out of date."""

    positions: Positions
    view: View
    window: tuple[int, int]
    pixel_ratio: float
    colour: int


class Dots:
    """Keeps a picture of the whole canvas for each layout of many points, until points or view are others."""

    def __init__(self) -> None:
        self._kept: list[tuple[_Picture, QImage]] = []

    def draw(
        self,
        painter: QPainter,
        view: View,
        window: QRect,
        pixel_ratio: float,
        layouts: Sequence[tuple[Positions, QColor]],
    ) -> None:
        """Draw layouts, each with positions (n, 2) and its colour; the painter clips to the area to be drawn."""
        size = window.width(), window.height()
        before, self._kept = self._kept, []
        for positions, colour in layouts:
            wanted = _Picture(positions, view, size, pixel_ratio, colour.rgb())
            image = next((image for shown, image in before if _same(shown, wanted)), None)
            image = _dots(wanted) if image is None else image
            self._kept.append((wanted, image))
            painter.drawImage(QPointF(0.0, 0.0), image)


def _same(one: _Picture, other: _Picture) -> bool:
    return one.positions is other.positions and one[1:] == other[1:]


def _dots(wanted: _Picture) -> QImage:
    view, scale = wanted.view, wanted.view.scale * wanted.pixel_ratio
    width, height = (round(side * wanted.pixel_ratio) for side in wanted.window)
    y = ((wanted.positions[:, 0] + 0.5) * scale + view.top * wanted.pixel_ratio).astype(np.int32)
    x = ((wanted.positions[:, 1] + 0.5) * scale + view.left * wanted.pixel_ratio).astype(np.int32)
    seen = (x >= 0) & (x < width - _DOT) & (y >= 0) & (y < height - _DOT)
    pixels = np.zeros((height, width), np.uint32)
    at = y[seen] * width + x[seen]
    for down in range(_DOT):
        for right in range(_DOT):
            pixels.ravel()[at + (down * width + right)] = wanted.colour
    return image_of(pixels, wanted.pixel_ratio)
