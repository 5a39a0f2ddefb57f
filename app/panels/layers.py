"""Switches for what the canvas draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QIcon, QLinearGradient, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QWidget

from app.canvas.colouring import WALL, WALL_EDGE, colour_table
from app.canvas.layers import FIRST_LAYERS, LAYERS, Layer
from app.widgets.parts import EDGE, GAP, MARGIN, SWATCH, TARGET, Check, blank_pixmap, round_pen
from maps.terrain import DEFAULT_PALETTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SQUARE = QRectF(1.5, 1.5, SWATCH - 3.0, SWATCH - 3.0)
_LIGHT, _DARK = QColor(250, 250, 252), QColor(20, 20, 24)


class LayersPanel(QWidget):
    """Switch the canvas's layers on and off: two columns, each switch with a small picture of its layer."""

    visible_changed = Signal(frozenset)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = self._words()
        self.switches: dict[Layer, Check] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        grid.setHorizontalSpacing(2 * GAP)
        grid.setVerticalSpacing(0)
        rows = (len(LAYERS) + 1) // 2
        for number, name in enumerate(LAYERS):
            title, tip = words[name]
            switch = Check(title)
            switch.setIcon(_picture(name))
            switch.setToolTip(tip)
            switch.setMinimumHeight(TARGET)
            switch.setChecked(name in FIRST_LAYERS)
            switch.toggled.connect(self._tell_visible)
            grid.addWidget(switch, number % rows, number // rows)
            self.switches[name] = switch
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        grid.setRowStretch(rows, 1)

    def visible(self) -> frozenset[Layer]:
        """Return the layers that are switched on."""
        return frozenset(name for name, switch in self.switches.items() if switch.isChecked())

    def set_visible(self, names: Iterable[Layer]) -> None:
        """Show which layers are drawn, without emitting `visible_changed`."""
        wanted = set(names)
        for name, switch in self.switches.items():
            switch.blockSignals(True)
            switch.setChecked(name in wanted)
            switch.blockSignals(False)

    def toggle(self, name: Layer) -> None:
        """Switch a layer on or off."""
        self.switches[name].toggle()

    def _tell_visible(self) -> None:
        self.visible_changed.emit(self.visible())

    def _words(self) -> dict[Layer, tuple[str, str]]:
        return {
            "terrain": (
                self.tr("Terrain"),
                self.tr("The map in the colours of its terrains; off, in those of its costs (C)"),
            ),
            "cost": (self.tr("Cost"), self.tr("What each cell costs to cross, by colour")),
            "walls": (self.tr("Walls"), self.tr("Cells that nobody can cross")),
            "locked": (self.tr("Locked"), self.tr("Hatched cells, which a run may not change")),
            "grid": (self.tr("Grid"), self.tr("Lines between cells, once they are large enough")),
            "flow": (self.tr("Flow"), self.tr("Which way the soft paths of a run walk, as streaks")),
            "path": (self.tr("Path"), self.tr("The cheapest path of each route")),
            "routes": (self.tr("Route ends"), self.tr("A ring at each start and a flag at each goal")),
            "legend": (self.tr("Legend"), self.tr("The scale of costs; click it to paint with a cost")),
            "distance": (
                self.tr("Distance"),
                self.tr("How far each cell is from the goal, in lines of equal cost"),
            ),
            "numbers": (self.tr("Numbers"), self.tr("What each cell costs, once cells are large enough")),
            "contours": (
                self.tr("Contours"),
                self.tr("Lines of equal distance to the goal of the chosen route, over the map"),
            ),
            "minimap": (
                self.tr("Minimap"),
                self.tr("The whole map in a corner while a part is in view; click or drag in it to go there"),
            ),
            "rulers": (self.tr("Rulers"), self.tr("The numbers of rows and columns at the edges")),
            "difference": (self.tr("Difference"), self.tr("Where a run made the map dearer or cheaper")),
            "layouts": (self.tr("Points"), self.tr("The points of the layouts, sized by weight")),
            "plan": (self.tr("Plan"), self.tr("Which point goes where, lines by mass")),
            "trails": (self.tr("Trails"), self.tr("Where the points of a run came from, fading")),
        }


def _picture(layer: Layer) -> QIcon:
    pixmap = blank_pixmap()
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _PICTURES[layer](painter)
    painter.end()
    return QIcon(pixmap)


def _costs(painter: QPainter) -> None:
    scale = QLinearGradient(_SQUARE.left(), 0.0, _SQUARE.right(), 0.0)
    for at, colour in enumerate(colour_table(6).tolist()):
        scale.setColorAt(at / 5.0, QColor(*colour))
    painter.setPen(QPen(EDGE, 1.0))
    painter.setBrush(QBrush(scale))
    painter.drawRoundedRect(_SQUARE, 3.0, 3.0)


def _terrains(painter: QPainter) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    side = _SQUARE.width() / 2.0
    for number, terrain in enumerate(DEFAULT_PALETTE[1:5]):
        down, right = divmod(number, 2)
        painter.setBrush(QColor(terrain.colour))
        painter.drawRect(QRectF(_SQUARE.left() + right * side, _SQUARE.top() + down * side, side, side))
    painter.setPen(QPen(EDGE, 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(_SQUARE, 3.0, 3.0)


def _legend(painter: QPainter) -> None:
    painter.translate(0.0, 5.0)
    painter.scale(1.0, 0.4)
    _costs(painter)


def _walls(painter: QPainter) -> None:
    painter.setPen(QPen(QColor(*WALL_EDGE.tolist()).lighter(150), 1.5))
    painter.setBrush(QColor(*WALL.tolist()))
    painter.drawRect(_SQUARE)


def _locked(painter: QPainter) -> None:
    painter.setPen(QPen(EDGE, 1.0))
    painter.setBrush(_DARK)
    painter.drawRoundedRect(_SQUARE, 3.0, 3.0)
    painter.setClipRect(_SQUARE.adjusted(1.0, 1.0, -1.0, -1.0))
    painter.setPen(QPen(_LIGHT, 1.2))
    for shift in range(-12, 16, 4):
        painter.drawLine(QPointF(shift, SWATCH), QPointF(shift + SWATCH, 0.0))


def _grid(painter: QPainter) -> None:
    painter.setPen(QPen(EDGE, 1.2))
    for at in (2.0, 6.0, 10.0, 14.0):
        painter.drawLine(QPointF(at, 2.0), QPointF(at, 14.0))
        painter.drawLine(QPointF(2.0, at), QPointF(14.0, at))


def _flow(painter: QPainter) -> None:
    for colour, width in ((_DARK, 3.6), (_LIGHT, 1.7)):
        painter.setPen(round_pen(colour, width))
        for x, y in ((7.0, 4.5), (13.0, 7.5), (8.5, 12.5)):
            painter.drawLine(QPointF(x - 4.5, y + 1.5), QPointF(x, y))


def _path(painter: QPainter) -> None:
    line = QPolygonF([QPointF(2.5, 12.5), QPointF(6.0, 7.0), QPointF(10.0, 9.0), QPointF(13.5, 3.5)])
    for colour, width in ((_DARK, 4.5), (_LIGHT, 2.2)):
        painter.setPen(round_pen(colour, width))
        painter.drawPolyline(line)


def _routes(painter: QPainter) -> None:
    for colour, width in ((_DARK, 4.0), (_LIGHT, 1.8)):
        painter.setPen(round_pen(colour, width))
        painter.drawEllipse(QPointF(4.5, 11.0), 2.5, 2.5)
        painter.drawLine(QPointF(10.0, 13.5), QPointF(10.0, 3.0))
    painter.setPen(QPen(_DARK, 1.0))
    painter.setBrush(_LIGHT)
    painter.drawPolygon(QPolygonF([QPointF(10.0, 2.0), QPointF(15.0, 4.5), QPointF(10.0, 7.0)]))


def _distance(painter: QPainter) -> None:
    painter.setPen(QPen(QColor(88, 160, 214), 1.3))
    for radius in (2.0, 4.5, 7.0):
        painter.drawEllipse(QPointF(8.0, 8.0), radius, radius)


def _contours(painter: QPainter) -> None:
    for colour, width in ((_DARK, 2.6), (_LIGHT, 1.2)):
        painter.setPen(QPen(colour, width))
        for radius in (3.0, 6.5):
            painter.drawEllipse(QPointF(8.0, 8.0), radius, 0.75 * radius)


def _numbers(painter: QPainter) -> None:
    font = painter.font()
    font.setPixelSize(9)
    painter.setFont(font)
    painter.setPen(QPen(EDGE, 1.0))
    painter.drawRect(_SQUARE)
    painter.drawText(_SQUARE, Qt.AlignmentFlag.AlignCenter, "2.2")


def _minimap(painter: QPainter) -> None:
    _terrains(painter)
    for colour, width in ((_DARK, 2.6), (_LIGHT, 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(QRectF(6.0, 6.0, 6.5, 5.0))


def _rulers(painter: QPainter) -> None:
    painter.setPen(QPen(EDGE, 1.2))
    painter.drawRect(QRectF(1.5, 5.0, SWATCH - 3.0, 6.5))
    for at in (4.5, 7.5, 10.5):
        painter.drawLine(QPointF(at, 5.0), QPointF(at, 8.5))


def _difference(painter: QPainter) -> None:
    painter.setPen(QPen(EDGE, 1.0))
    for half, colour in (((0.0, 0.0, -6.5, 0.0), "#b2182b"), ((6.5, 0.0, 0.0, 0.0), "#2166ac")):
        painter.setBrush(QColor(colour))
        painter.drawRect(_SQUARE.adjusted(*half))


def _points(painter: QPainter) -> None:
    painter.setPen(QPen(_DARK, 1.0))
    for x, y, radius, colour in ((5.0, 10.0, 3.5, "#56b4e9"), (11.5, 5.0, 2.5, "#e69f00")):
        painter.setBrush(QColor(colour))
        painter.drawEllipse(QPointF(x, y), radius, radius)


def _plan(painter: QPainter) -> None:
    for row, strength in ((3.0, 255), (8.0, 150), (13.0, 90)):
        painter.setPen(QPen(QColor(140, 170, 205, strength), 1.6))
        painter.drawLine(QPointF(3.0, row), QPointF(13.0, 16.0 - row))


def _trails(painter: QPainter) -> None:
    for step in range(5):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(86, 180, 233, 50 + 50 * step))
        painter.drawEllipse(QPointF(3.0 + 2.4 * step, 12.5 - 2.2 * step), 0.9 + 0.3 * step, 0.9 + 0.3 * step)


_PICTURES: dict[Layer, Callable[[QPainter], None]] = {
    "terrain": _terrains,
    "cost": _costs,
    "walls": _walls,
    "locked": _locked,
    "grid": _grid,
    "flow": _flow,
    "path": _path,
    "routes": _routes,
    "legend": _legend,
    "contours": _contours,
    "numbers": _numbers,
    "minimap": _minimap,
    "rulers": _rulers,
    "distance": _distance,
    "difference": _difference,
    "layouts": _points,
    "plan": _plan,
    "trails": _trails,
}
