"""Draw about which lines, or which point, painting is mirrored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from app.canvas.map_marks import LIGHT
from maps.symmetry import NEEDS_SQUARE

if TYPE_CHECKING:
    from app.canvas.view import View
    from maps.symmetry import Symmetry

_UNDER = QColor(20, 20, 24, 150)
_HUB = 5.0  # px, radius of the ring about which something turns


def draw_axes(painter: QPainter, view: View, shape: tuple[int, int], symmetry: Symmetry) -> None:
    """Draw a symmetry's axes as thin lines; turns as a ring in the middle of dashed ones."""
    if symmetry == "none" or (symmetry in NEEDS_SQUARE and shape[0] != shape[1]):
        return
    top, left = view.top, view.left
    bottom, right = top + shape[0] * view.scale, left + shape[1] * view.scale
    middle = QPointF((left + right) / 2, (top + bottom) / 2)
    upright = QLineF(middle.x(), top, middle.x(), bottom)
    level = QLineF(left, middle.y(), right, middle.y())
    lines = {
        "left_right": [upright],
        "top_bottom": [level],
        "diagonal": [QLineF(left, top, right, bottom)],
    }.get(symmetry, [upright, level])
    turns = symmetry in ("half_turn", "quarter_turn")
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    style = Qt.PenStyle.DashLine if turns else Qt.PenStyle.SolidLine
    for pen in (QPen(_UNDER, 3.0), QPen(LIGHT, 1.0, style)):
        painter.setPen(pen)
        painter.drawLines(lines)
        if turns:
            painter.setPen(QPen(pen.color(), pen.widthF()))
            painter.drawEllipse(middle, _HUB, _HUB)
    painter.restore()
