"""What each cell costs, written into it where cells are large."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont

from app.canvas.map_marks import visible_cells

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter

    from app.canvas.map_image import MapImage
    from app.canvas.view import View

FROM = 36.0  # px per cell
_ON_LIGHT, _ON_DARK = QColor(20, 20, 24, 215), QColor(250, 250, 252, 225)


def draw_cell_numbers(painter: QPainter, view: View, area: QRect, image: MapImage) -> None:
    """Write the costs of passable cells in an area of the screen; nothing while cells are small."""
    if view.scale < FROM:
        return
    r0, c0, r1, c1 = visible_cells(view, image.document.shape, area)
    painter.save()
    font = QFont(painter.font())
    font.setPixelSize(min(round(view.scale * 0.28), 16))
    painter.setFont(font)
    passable, costs = image.document.passable, image.costs
    for row, col in np.add(np.argwhere(passable[r0:r1, c0:c1]), (r0, c0)).tolist():
        light = image.image.pixelColor(col, row)
        painter.setPen(_ON_LIGHT if _luminance(light) > 0.32 else _ON_DARK)
        cell = QRectF(view.left + col * view.scale, view.top + row * view.scale, view.scale, view.scale)
        painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{costs[row, col]:.3g}")
    painter.restore()


def _luminance(colour: QColor) -> float:
    """Return how light a colour is, 0 … 1, weighted as the eye does, in linear light (roughly)."""
    red, green, blue = colour.redF() ** 2.2, colour.greenF() ** 2.2, colour.blueF() ** 2.2
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
