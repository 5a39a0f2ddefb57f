"""Draw what explains the picture: the legend, on which costs can be picked, and sentences over the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from app.canvas.map_marks import DARK, LIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEGEND_SIZE = (248, 52)
_BAR_INSET, _BAR_HEIGHT = 12, 12
_GROUND, _WORDS = QColor(24, 25, 30, 225), QColor(232, 233, 238)


@dataclass(frozen=True, eq=False)
class Legend:
    """A colour scale in words.

    table: (n, 3) colours from left to right. ends: what stands at the left and the right one. chosen: where
    along the scale, 0 … 1, a notch points at; None for no notch.
    """

    title: str
    table: NDArray[np.uint8]
    ends: tuple[str, str]
    chosen: float | None = None


def legend_area(height: int) -> QRect:
    """Return where the legend lies on a canvas of this height, px."""
    return QRect(12, height - LEGEND_SIZE[1] - 12, *LEGEND_SIZE)


def legend_cost(area: QRect, x: float, scale: tuple[float, float]) -> float:
    """Return the cost at a place of the legend's bar."""
    share = min(max((x - area.left() - _BAR_INSET) / (area.width() - 2 * _BAR_INSET), 0.0), 1.0)
    # Colours follow the square root of the cost's share.
    return scale[0] + share * share * (scale[1] - scale[0])


def place_of_cost(cost: float, scale: tuple[float, float]) -> float | None:
    """Return where along the legend's bar, 0 … 1, a cost lies; None on a scale without extent."""
    lo, hi = scale
    return min(max((cost - lo) / (hi - lo), 0.0), 1.0) ** 0.5 if hi > lo else None


def draw_legend(painter: QPainter, area: QRect, legend: Legend) -> None:
    """Draw the colour scale with its title and its ends."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(area, 6, 6)
    bar = QRect(area.left() + _BAR_INSET, area.top() + 24, area.width() - 2 * _BAR_INSET, _BAR_HEIGHT)
    colours = np.ascontiguousarray(legend.table)
    image = QImage(colours.data, len(colours), 1, 3 * len(colours), QImage.Format.Format_RGB888)
    painter.drawImage(bar, image)
    font = painter.font()
    font.setPixelSize(11)
    painter.setFont(font)
    painter.setPen(_WORDS)
    row = area.adjusted(_BAR_INSET, 5, -_BAR_INSET, 0)
    metrics = painter.fontMetrics()
    room = row.width() - 2 * max(metrics.horizontalAdvance(end) for end in legend.ends) - 8
    title = metrics.elidedText(legend.title, Qt.TextElideMode.ElideRight, room)
    painter.drawText(row, Qt.AlignmentFlag.AlignHCenter, title)
    painter.drawText(row, Qt.AlignmentFlag.AlignLeft, legend.ends[0])
    painter.drawText(row, Qt.AlignmentFlag.AlignRight, legend.ends[1])
    if legend.chosen is not None:
        x = bar.left() + legend.chosen * bar.width()
        notch = QPainterPath(QPointF(x, bar.bottom() - 1.0))
        notch.lineTo(x - 5.0, bar.bottom() + 8.0)
        notch.lineTo(x + 5.0, bar.bottom() + 8.0)
        notch.closeSubpath()
        painter.setPen(QPen(DARK, 1.0))
        painter.setBrush(QBrush(LIGHT))
        painter.drawPath(notch)
    painter.restore()


def draw_sentence(painter: QPainter, window: QRect, text: str, mark: QColor | None = None) -> None:
    """Draw a sentence at the top of the canvas; mark: colour of a bar before it, where something is wrong."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(painter.font())
    font.setPixelSize(13)
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, window.width() - 64.0)
    width = metrics.horizontalAdvance(text) + 32.0
    box = QRectF(window.center().x() - width / 2.0, 12.0, width, 32.0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(box, 8.0, 8.0)
    if mark is not None:
        painter.setBrush(mark)
        painter.drawRoundedRect(QRectF(box.left() + 6.0, box.top() + 8.0, 3.0, box.height() - 16.0), 1.5, 1.5)
    painter.setFont(font)
    painter.setPen(_WORDS)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
