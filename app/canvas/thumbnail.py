"""Small pictures of maps with their paths; made in any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from app.canvas.terrain_colours import map_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from maps.document import MapDocument

_FINE = 2  # pixels per px, for fine screens
_DARK, _LIGHT = QColor(20, 20, 24), QColor(250, 250, 252)


def thumbnail(document: MapDocument, paths: Sequence[NDArray[np.int64]], side: int) -> QImage:
    """Return a map in its colours with paths, cells (n, 2), and points on it. side: px of its longer edge."""
    bounds = document.bounds
    pixels = np.ascontiguousarray(map_pixels(document, bounds.lower, bounds.upper))
    image = QImage(pixels.data, document.width, document.height, 3 * document.width, QImage.Format.Format_RGB888)
    crisp = max(document.shape) <= side
    picture = image.convertToFormat(QImage.Format.Format_RGB32).scaled(
        _FINE * side,
        _FINE * side,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.FastTransformation if crisp else Qt.TransformationMode.SmoothTransformation,
    )
    unit = picture.width() / document.width

    def place(row: float, col: float) -> QPointF:
        return QPointF((col + 0.5) * unit, (row + 0.5) * unit)

    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for path in paths:
        line = QPolygonF([place(row, col) for row, col in path.tolist()])
        for colour, width in ((_DARK, 6.0), (_LIGHT, 3.0)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(line)
    painter.setPen(QPen(_DARK, 1.5))
    for layout in document.layouts:
        painter.setBrush(QColor(layout.colour))
        for row, col in layout.positions.tolist():
            painter.drawEllipse(place(row, col), 4.0, 4.0)
    painter.end()
    picture.setDevicePixelRatio(_FINE)
    return picture
