"""Draw what explains the picture: the legend, from which terrains and costs are picked, and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetrics,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
)

from app.canvas.map_marks import DARK, LIGHT
from app.tools.tool import TERRAIN_KEYS
from app.widgets.parts import draw_swatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maps.terrain import Terrain

WIDTH, SCALE_HEIGHT = 248, 52  # px; the list of terrains is as wide as its words need
_BAR_INSET, _BAR_HEIGHT = 12, 12
ROW, PADDING, LEFT = 19, 6, 36
_NARROWEST, _WIDEST = 184, 320  # px of the list of terrains
_KEYS, _GAP = 38, 8  # px before a name, and between it and the cost
_LETTERS = 11  # px


@dataclass(frozen=True)
class Inks:
    """The colours of what explains the picture."""

    ground: QColor
    words: QColor
    dim: QColor
    chosen: QColor


_ON_DARK = Inks(QColor(24, 25, 30, 225), QColor(232, 233, 238), QColor(160, 163, 172), QColor(255, 255, 255, 44))
_ON_LIGHT = Inks(QColor(252, 252, 253, 235), QColor(29, 32, 38), QColor(92, 98, 109), QColor(0, 0, 0, 28))


def inks() -> Inks:
    """The colours that go with the window's own."""
    return _ON_LIGHT if QGuiApplication.palette().window().color().lightness() > 127 else _ON_DARK


@dataclass(frozen=True, eq=False)
class Scale:
    """A colour scale in words.

    table: (n, 3) colours from left to right. ends: what stands at the left and the right one. chosen: where
    along the scale, 0 … 1, a notch points at; None for no notch.
    """

    title: str
    table: NDArray[np.uint8]
    ends: tuple[str, str]
    chosen: float | None = None


@dataclass(frozen=True)
class Entry:
    """A terrain in the legend. number: of it in the palette; chosen: whether one paints with it."""

    number: int
    terrain: Terrain
    chosen: bool = False


@dataclass(frozen=True, eq=False)
class Legend:
    """What explains the map's colours: terrains, a scale, or terrains above a scale; and where it lies.

    more: how many terrains of the map there was no room for. height: of the canvas, px.
    """

    height: int
    scale: Scale | None = None
    entries: tuple[Entry, ...] = ()
    more: int = 0

    @property
    def area(self) -> QRect:
        """Where it lies on the canvas, px."""
        rows = len(self.entries) + (1 if self.more else 0)
        tall = (rows * ROW + 2 * PADDING if rows else 0) + (SCALE_HEIGHT if self.scale else 0)
        if rows and self.scale:
            tall -= PADDING
        return QRect(LEFT, self.height - tall - 12, self.list_width if rows else WIDTH, tall)

    @cached_property
    def list_width(self) -> int:
        """How wide the list of terrains has to be for all of its words, px."""
        metrics = QFontMetrics(letters(QGuiApplication.font()))
        widths = (
            metrics.horizontalAdvance(entry.terrain.name) + metrics.horizontalAdvance(_cost_of(entry.terrain))
            for entry in self.entries
        )
        needed = max(widths, default=0) + _KEYS + _GAP + 3 * PADDING + 2
        return min(max(needed, _NARROWEST), _WIDEST)

    @property
    def scale_area(self) -> QRect:
        """The part of the area that the scale has; empty without one."""
        area = self.area
        return area.adjusted(0, area.height() - SCALE_HEIGHT, 0, 0) if self.scale else QRect()

    def entry_at(self, point: QPoint) -> Entry | None:
        """Return the terrain at a point of the canvas."""
        area = self.area
        row = (point.y() - area.top() - PADDING) // ROW
        inside = area.contains(point) and 0 <= row < len(self.entries)
        return self.entries[row] if inside else None

    def cost_at(self, x: float, ends: tuple[float, float]) -> float:
        """Return the cost at a place of the scale's bar. ends: costs at its ends."""
        area = self.area
        share = min(max((x - area.left() - _BAR_INSET) / (area.width() - 2 * _BAR_INSET), 0.0), 1.0)
        # Colours follow the square root of the cost's share.
        return ends[0] + share * share * (ends[1] - ends[0])


def terrain_rows(canvas_height: int) -> int:
    """Return how many rows of terrains there is room for beside the map, on a canvas of this height."""
    return max((canvas_height - 2 * SCALE_HEIGHT) * 2 // 3 // ROW, 3)


def place_of_cost(cost: float, scale: tuple[float, float]) -> float | None:
    """Return where along the legend's bar, 0 … 1, a cost lies; None on a scale without extent."""
    lo, hi = scale
    return min(max((cost - lo) / (hi - lo), 0.0), 1.0) ** 0.5 if hi > lo else None


def draw_legend(painter: QPainter, legend: Legend, part: QRect) -> None:
    """Draw the terrains, one in a row, and the colour scale with its title and its ends.

    part: of the canvas, to be drawn anew; rows outside it stay as they are.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(inks().ground)
    painter.drawRoundedRect(legend.area, 6, 6)
    painter.setFont(letters(painter.font()))
    _draw_entries(painter, legend, part)
    if legend.scale is not None and legend.scale_area.intersects(part):
        _draw_scale(painter, legend.scale_area, legend.scale)
    painter.restore()


def letters(font: QFont) -> QFont:
    """Return a font in the size of what explains the picture."""
    font = QFont(font)
    font.setPixelSize(_LETTERS)
    return font


def _cost_of(terrain: Terrain) -> str:
    return f"{terrain.cost:.3g}" if terrain.passable else "–"


def _draw_entries(painter: QPainter, legend: Legend, part: QRect) -> None:
    area, metrics, colours = legend.area, painter.fontMetrics(), inks()
    row = QRect(area.left() + PADDING, area.top() + PADDING, area.width() - 2 * PADDING, ROW)
    middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
    for number, entry in enumerate(legend.entries):
        row.moveTop(area.top() + PADDING + number * ROW)
        if not row.intersects(part):
            continue
        terrain = entry.terrain
        if entry.chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.chosen)
            painter.drawRoundedRect(row, 3.0, 3.0)
        square = QRectF(row.left() + 4.5, row.top() + 3.0, 13.0, 13.0)
        draw_swatch(painter, square, terrain.colour, crossed=not terrain.passable)
        words = row.adjusted(_KEYS, 0, -PADDING, 0)
        cost = _cost_of(terrain)
        painter.setPen(colours.dim)
        painter.drawText(row.adjusted(24, 0, 0, 0), middle, TERRAIN_KEYS[entry.number : entry.number + 1])
        painter.drawText(words, right | middle, cost)
        painter.setPen(colours.words)
        room = words.width() - metrics.horizontalAdvance(cost) - _GAP
        painter.drawText(words, middle, metrics.elidedText(terrain.name, Qt.TextElideMode.ElideRight, room))
    if legend.more:
        row.moveTop(area.top() + PADDING + len(legend.entries) * ROW)
        painter.setPen(colours.dim)
        more = QCoreApplication.translate("Legend", "+ {} more").format(legend.more)
        painter.drawText(row.adjusted(_KEYS, 0, 0, 0), middle, more)


def _draw_scale(painter: QPainter, area: QRect, scale: Scale) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    bar = QRect(area.left() + _BAR_INSET, area.top() + 24, area.width() - 2 * _BAR_INSET, _BAR_HEIGHT)
    colours = np.ascontiguousarray(scale.table)
    image = QImage(colours.data, len(colours), 1, 3 * len(colours), QImage.Format.Format_RGB888)
    painter.drawImage(bar, image)
    painter.setPen(inks().words)
    row = area.adjusted(_BAR_INSET, 5, -_BAR_INSET, 0)
    metrics = painter.fontMetrics()
    room = row.width() - 2 * max(metrics.horizontalAdvance(end) for end in scale.ends) - 8
    title = metrics.elidedText(scale.title, Qt.TextElideMode.ElideRight, room)
    painter.drawText(row, Qt.AlignmentFlag.AlignHCenter, title)
    painter.drawText(row, Qt.AlignmentFlag.AlignLeft, scale.ends[0])
    painter.drawText(row, Qt.AlignmentFlag.AlignRight, scale.ends[1])
    if scale.chosen is not None:
        x = bar.left() + scale.chosen * bar.width()
        notch = QPainterPath(QPointF(x, bar.bottom() - 1.0))
        notch.lineTo(x - 5.0, bar.bottom() + 8.0)
        notch.lineTo(x + 5.0, bar.bottom() + 8.0)
        notch.closeSubpath()
        painter.setPen(QPen(DARK, 1.0))
        painter.setBrush(QBrush(LIGHT))
        painter.drawPath(notch)


def draw_sentence(painter: QPainter, window: QRect, text: str, mark: QColor | None = None) -> None:
    """Draw a sentence at the top of the canvas; mark: colour of a bar before it, where something is wrong."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(painter.font())
    font.setPixelSize(13)
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, window.width() - 64.0)
    width = metrics.horizontalAdvance(text) + 32.0
    box = QRectF(window.center().x() - width / 2.0, 24.0, width, 32.0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(inks().ground)
    painter.drawRoundedRect(box, 8.0, 8.0)
    if mark is not None:
        painter.setBrush(mark)
        painter.drawRoundedRect(QRectF(box.left() + 6.0, box.top() + 8.0, 3.0, box.height() - 16.0), 1.5, 1.5)
    painter.setFont(font)
    painter.setPen(inks().words)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
