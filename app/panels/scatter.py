"""Plot features of a network as points in the plane: those of two tilesets come to overlap."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.scenarios.frame import Scatter

# Okabe and Ito: they stay apart for every kind of colour vision.
COLOURS = ("#e69f00", "#009e73", "#0072b2", "#cc79a7", "#d55e00", "#56b4e9", "#999999")


class FeaturesPanel(QWidget):
    """Plot points of two groups in a plane: discs for the first, rings for the second."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = QLabel(self.tr("Features appear while the scenario “Learn a new tileset” runs."))
        self._words.setProperty("dim", True)
        self._words.setWordWrap(True)
        self._words.setContentsMargins(12, 6, 12, 2)
        self._plot = pg.GraphicsView()
        self._plot.setMinimumSize(0, 0)
        self._plane = pg.ViewBox(enableMouse=False, enableMenu=False)
        self._plot.setCentralItem(self._plane)
        self._discs, self._rings = pg.ScatterPlotItem(size=8), pg.ScatterPlotItem(size=8)
        self._plane.addItem(self._discs)
        self._plane.addItem(self._rings)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._words)
        layout.addWidget(self._plot, 1)
        self._colour()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the window's colours."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self._colour()
        super().changeEvent(event)

    def show_scatter(self, scatter: Scatter) -> None:
        """Draw the points as they are now; nothing happens while the panel is hidden."""
        if not self.isVisible():
            return
        self._words.setText(scatter.words)
        for item, chosen in ((self._discs, ~scatter.second), (self._rings, scatter.second)):
            groups: list[int] = scatter.groups[chosen].tolist()
            colours = [COLOURS[group % len(COLOURS)] for group in groups]
            x, y = scatter.points[chosen].T
            if item is self._discs:
                item.setData(x=x, y=y, brush=[pg.mkBrush(colour) for colour in colours], pen=None)
            else:
                item.setData(x=x, y=y, brush=None, pen=[pg.mkPen(colour, width=1.5) for colour in colours])
        least, most = scatter.points.min(axis=0), scatter.points.max(axis=0)
        margin = 0.05 * np.maximum(most - least, 1e-9)
        (left, bottom), (right, top) = (least - margin).tolist(), (most + margin).tolist()
        self._plane.setRange(xRange=(left, right), yRange=(bottom, top), padding=0.0)

    def _colour(self) -> None:
        self._plot.setBackground(self.palette().color(QPalette.ColorRole.Window))
