"""Two maps on one canvas: their halves, the line between them, and what they are in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPen, QPolygonF

from app.canvas.legend import inks, letters

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

GRIP = 6  # px to either side of the line that take it
_TOP, _TALL, _AWAY, _HANDLE = 24.0, 24.0, 10.0, 9.0  # px
_DARK, _LIGHT = QColor(20, 20, 24), QColor(250, 250, 252)


def divider_at(window: QRect, divider: float) -> int:
    """Return the x of the line, px. divider: as a share of the window's width."""
    return round(divider * window.width())


def halves(window: QRect, divider: float) -> tuple[QRect, QRect]:
    """Return the left and the right half of a canvas."""
    x = divider_at(window, divider)
    return window.adjusted(0, 0, x - window.width(), 0), window.adjusted(x, 0, 0, 0)


def draw_divider(painter: QPainter, window: QRect, divider: float, sides: tuple[str, str]) -> None:
    """Draw the line with a handle in its middle, and the words of either side at its top."""
    x, colours = float(divider_at(window, divider)), inks()
    painter.save()
    painter.setRenderHint(painter.RenderHint.Antialiasing)
    for colour, width in ((_DARK, 4.0), (_LIGHT, 1.6)):
        painter.setPen(QPen(colour, width))
        painter.drawLine(QLineF(x, 0.0, x, float(window.height())))
    middle = window.height() / 2.0
    painter.setPen(QPen(_DARK, 1.5))
    painter.setBrush(_LIGHT)
    for way in (-1.0, 1.0):
        corners = ((x + 4.0 * way, -_HANDLE), (x + (4.0 + _HANDLE) * way, 0.0), (x + 4.0 * way, _HANDLE))
        painter.drawPolygon(QPolygonF([QPointF(right, middle + down) for right, down in corners]))
    painter.setFont(letters(painter.font()))
    metrics = QFontMetricsF(painter.font())
    for words, left in zip(sides, (True, False), strict=True):
        width = metrics.horizontalAdvance(words) + 20.0
        box = QRectF(x - _AWAY - width if left else x + _AWAY, _TOP, width, _TALL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.ground)
        painter.drawRoundedRect(box, 6.0, 6.0)
        painter.setPen(colours.words)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
    painter.restore()
