"""The whole map, small in a corner, with what of it is in view; only while that is not all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from app.canvas.legend import inks
from app.canvas.map_marks import image_of

if TYPE_CHECKING:
    from PySide6.QtGui import QImage, QPainter

    from app.canvas.view import View

SIDE, MARGIN = 160, 12  # px: its longer side, and to the edge of the canvas
_DARK, _LIGHT = QColor(20, 20, 24), QColor(250, 250, 252)


@dataclass(frozen=True)
class Minimap:
    """Where it lies on a canvas. shape: of the map; window: the whole canvas, px."""

    shape: tuple[int, int]
    window: QRect
    view: View

    @property
    def area(self) -> QRect:
        """Its place on the canvas, px; empty while the whole map is in view."""
        rows, cols = self.shape
        whole = QRectF(self.view.left, self.view.top, cols * self.view.scale, rows * self.view.scale)
        if self.window.isEmpty() or QRectF(self.window).adjusted(-1.0, -1.0, 1.0, 1.0).contains(whole):
            return QRect()
        share = SIDE / max(self.shape)
        width, height = max(8, round(cols * share)), max(8, round(rows * share))
        return QRect(self.window.right() - width - MARGIN, self.window.bottom() - height - MARGIN, width, height)

    def view_at(self, point: QPointF) -> View:
        """Return the view in whose middle lies what the minimap shows at a point."""
        area, (rows, cols) = self.area, self.shape
        col = min(max((point.x() - area.left()) / area.width(), 0.0), 1.0) * cols
        row = min(max((point.y() - area.top()) / area.height(), 0.0), 1.0) * rows
        centre = QRectF(self.window).center()
        return self.view.moved(
            centre.x() - self.view.left - col * self.view.scale, centre.y() - self.view.top - row * self.view.scale
        )


def draw_minimap(painter: QPainter, minimap: Minimap, image: QImage, pixel_ratio: float) -> None:
    """Draw the map's image, one pixel a cell, with a frame round what is in view."""
    area, (rows, cols), view = minimap.area, minimap.shape, minimap.view
    painter.save()
    painter.fillRect(area.adjusted(-3, -3, 3, 3), inks().ground)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(rows, cols)
    height, width = round(area.height() * pixel_ratio), round(area.width() * pixel_ratio)
    row_of = ((np.arange(height) + 0.5) * rows / height).astype(np.int64)
    col_of = ((np.arange(width) + 0.5) * cols / width).astype(np.int64)
    small = np.ascontiguousarray(pixels[row_of[:, None], col_of])
    painter.drawImage(QPointF(area.topLeft()), image_of(small, pixel_ratio, image.format()))
    x, y = area.width() / (cols * view.scale), area.height() / (rows * view.scale)
    left, top = area.left() - view.left * x, area.top() - view.top * y
    seen = QRectF(left, top, minimap.window.width() * x, minimap.window.height() * y).intersected(QRectF(area))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, wide in ((_DARK, 3.0), (_LIGHT, 1.4)):
        painter.setPen(QPen(colour, wide))
        painter.drawRect(seen)
    painter.restore()
