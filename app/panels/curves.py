"""Live curves of a run: the scenario's figures over the steps."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import style
from app.run_model import RunModel
from app.scenarios.scenario import Curve, Scenario

ROLES = {"best": (style.BEST, 2), "value": (style.PATH, 1), "soft": (style.SOFT, 1), "bound": (style.BOUND, 2)}


class CurvesPanel(QWidget):
    """Redrawn by the window, at most ten times a second; ranges grow in steps, so that nothing jitters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = pg.PlotWidget()
        self._plot.setMinimumSize(0, 0)
        self._plot.hideButtons()
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        self._plot.getAxis("left").setWidth(64)
        self._plot.getPlotItem().layout.setContentsMargins(4, 8, 16, 2)
        self._legend = QHBoxLayout()
        self._legend.setContentsMargins(12, 4, 12, 0)
        self._legend.setSpacing(16)
        self._empty = QLabel(self.tr("Curves appear when a run starts."))
        self._empty.setProperty("dim", True)
        self._legend.addWidget(self._empty)
        self._legend.addStretch(1)
        self._curves: dict[str, Any] = {}
        self._keys: list[QLabel] = []
        self._shown: tuple[Curve, ...] = ()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._legend)
        layout.addWidget(self._plot, 1)
        self.setMinimumHeight(110)
        self._colour()
        self._show_axes(0.0, 1.0, 1.0)

    def sizeHint(self) -> QSize:
        return QSize(600, 190)  # pyqtgraph would ask for 640 × 480

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self._colour()
        super().changeEvent(event)

    def show_run(self, run: RunModel) -> None:
        """Draw the curves as they are now."""
        if run.scenario is not None and run.scenario.curves != self._shown:
            self._show_scenario(run.scenario)
        columns = run.curves()
        steps = columns["step"]
        top, bottom = 0.0, 0.0
        for name, curve in self._curves.items():
            values = columns.get(name, np.zeros(0))
            shown = np.isfinite(values)
            curve.setData(steps[: len(values)][shown], values[shown])
            # A bound starts far up: the view follows the rest, and the bound comes into it.
            if shown.any() and not name.endswith("bound"):
                top, bottom = max(top, float(values[shown].max())), min(bottom, float(values[shown].min()))
        if len(steps) > 1:
            self._show_axes(-_rounded_up(-bottom) if bottom < 0.0 else 0.0, 1.08 * top, float(steps[-1]))

    def _show_axes(self, bottom: float, top: float, last: float) -> None:
        self._plot.setXRange(0.0, _rounded_up(last), padding=0.0)
        self._plot.setYRange(bottom, _rounded_up(top), padding=0.0)

    def _show_scenario(self, scenario: Scenario) -> None:
        for curve in self._curves.values():
            self._plot.removeItem(curve)
        for key in self._keys:
            key.deleteLater()
        self._shown = scenario.curves
        self._curves, self._keys = {}, []
        for at, entry in enumerate(scenario.curves):
            colour, width = ROLES[entry.role]
            self._curves[entry.name] = self._plot.plot([], [], pen=pg.mkPen(colour, width=width))
            key = QLabel(f"<span style='color:{colour}'>━</span>&nbsp;{entry.title}")
            self._keys.append(key)
            self._legend.insertWidget(at, key)
        self._empty.hide()
        self._plot.getAxis("left").setLabel(scenario.axis)

    def _colour(self) -> None:
        palette = self.palette()
        self._plot.setBackground(palette.color(QPalette.ColorRole.Window))
        for side, text in (("bottom", self.tr("step")), ("left", "")):
            axis = self._plot.getAxis(side)
            axis.setPen(palette.placeholderText().color())
            axis.setTextPen(palette.text().color())
            if text:
                axis.setLabel(text)


def _rounded_up(value: float) -> float:
    """The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 × 10ᵏ."""
    if value <= 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    stations = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return float(next(step * power for step in stations if step * power >= value * (1.0 - 1e-12)))
