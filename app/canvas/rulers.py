"""Rulers with the numbers of rows and columns, at the upper and the left edge of the canvas."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPen

from app.canvas.colouring import round_up
from app.canvas.legend import inks, letters

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from app.canvas.view import View

TALL, WIDE = 16, 28  # px: of the one for columns, of the one for rows
APART = 44.0  # px between two numbers, at least


def step_of(scale: float) -> int:
    """Return how many cells lie from number to number at this many px per cell: 1, 2, 5 or ten times as many."""
    return max(1, math.ceil(round_up(APART / scale)))


def draw_rulers(painter: QPainter, view: View, window: QRect, area: QRect, shape: tuple[int, int]) -> None:
    """Draw what lies in an area of the canvas."""
    across = QRect(WIDE, 0, window.width() - WIDE, TALL)
    upright = QRect(0, TALL, WIDE, window.height() - TALL)
    if not (area.top() < TALL or area.left() < WIDE):
        return
    painter.save()
    painter.setFont(letters(painter.font()))
    colours, step = inks(), step_of(view.scale)
    ground = QColor(colours.ground)
    ground.setAlpha(255)  # no cell's number shines through among these
    painter.fillRect(QRect(0, 0, window.width(), TALL), ground)
    painter.fillRect(upright, ground)
    ticks: list[QLineF] = []
    painter.setPen(colours.dim)
    painter.setClipRect(across, Qt.ClipOperation.IntersectClip)
    for col in _numbers(view.left, view.scale, across.left(), across.right(), shape[1], step):
        x = view.left + (col + 0.5) * view.scale
        ticks.append(QLineF(x, TALL - 3.0, x, TALL))
        painter.drawText(QRectF(x - 30.0, 0.0, 60.0, TALL - 2.0), Qt.AlignmentFlag.AlignCenter, str(col))
    painter.restore()
    painter.save()
    painter.setFont(letters(painter.font()))
    painter.setPen(colours.dim)
    painter.setClipRect(upright, Qt.ClipOperation.IntersectClip)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for row in _numbers(view.top, view.scale, upright.top(), upright.bottom(), shape[0], step):
        y = view.top + (row + 0.5) * view.scale
        ticks.append(QLineF(WIDE - 3.0, y, WIDE, y))
        painter.drawText(QRectF(0.0, y - 10.0, WIDE - 4.0, 20.0), right, str(row))
    painter.restore()
    painter.save()
    painter.setPen(QPen(colours.dim, 1.0))
    painter.drawLines(ticks)
    painter.restore()


def _numbers(origin: float, scale: float, first: float, last: float, cells: int, step: int) -> range:
    """Return which rows or columns, counted from 0, have a number between two places on the screen."""
    begin = max(0, math.floor((first - origin) / scale / step) * step)
    return range(begin, min(cells, math.ceil((last - origin) / scale)), step)
