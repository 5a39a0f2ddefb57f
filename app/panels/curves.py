"""Live curves of a run: path cost, best, regularised cost, and the longest possible."""

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import style
from app.run_model import RunModel


class CurvesPanel(QWidget):
    """Redrawn by the window, at most ten times a second; ranges grow in steps, so that nothing jitters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        palette = self.palette()
        self._plot = pg.PlotWidget(background=palette.base().color())
        self._plot.setMinimumSize(0, 0)
        self._plot.hideButtons()
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        for side, text in (("bottom", self.tr("step")), ("left", self.tr("path cost"))):
            axis = self._plot.getAxis(side)
            axis.setPen(palette.placeholderText().color())
            axis.setTextPen(palette.text().color())
            axis.setLabel(text)
        legend = self._plot.addLegend(offset=(-8, -8), labelTextColor=palette.text().color())
        legend.setScale(0.9)
        self._curves = {
            "bound": self._curve(style.BOUND, self.tr("longest possible (bound)"), 2),
            "best": self._curve(style.BEST, self.tr("best so far"), 2),
            "path_cost": self._curve(style.PATH, self.tr("this step"), 1),
            "soft": self._curve(style.SOFT, self.tr("regularised"), 1),
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._plot)
        self.setMinimumHeight(120)

    def sizeHint(self) -> QSize:
        return QSize(600, 190)  # pyqtgraph would ask for 640 × 480

    def _curve(self, colour: str, name: str, width: int) -> pg.PlotDataItem:
        return self._plot.plot([], [], pen=pg.mkPen(colour, width=width), name=name)

    def show_run(self, run: RunModel) -> None:
        """Draw the curves as they are now."""
        curves = run.curves()
        steps = curves["step"]
        for name, curve in self._curves.items():
            values = curves[name]
            shown = np.isfinite(values)
            curve.setData(steps[shown], values[shown])
        if len(steps) == 0:
            return
        # The bound starts far up: the view follows the paths, and the bound comes into it.
        top = 1.12 * float(curves["best"][-1])
        self._plot.setXRange(0.0, _rounded_up(float(steps[-1])), padding=0.0)
        self._plot.setYRange(0.0, _rounded_up(top), padding=0.0)


def _rounded_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7, 10 × 10ᵏ."""
    if value <= 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0) if step * power >= value))
