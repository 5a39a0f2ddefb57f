"""Live curves of a run: the scenario's figures over the steps."""

from typing import Any, cast

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, QSize
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.base import style
from app.run.model import RunModel
from app.scenarios.figures import Curve
from app.scenarios.scenario import AnyScenario
from app.widgets.parts import ElidedLabel

ROLES = {"best": (style.BEST, 2), "value": (style.PATH, 1), "soft": (style.SOFT, 1), "bound": (style.BOUND, 2)}
SMALLEST = 1e-12  # what a log scale still shows
FIRST_STEPS = 10.0  # of an empty chart
REACH = 2.0  # a bound is in view once it is at most so many times higher than what it bounds


class CurvesPanel(QWidget):
    """Redrawn by the window, at most ten times a second; ranges grow in steps, so that nothing jitters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plot = _plot()
        self._log_plot: Any = None  # made for the first scenario that has a use for it
        legend = QWidget()  # its words must not widen the window
        legend.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        legend.setMinimumWidth(1)
        self._legend = QHBoxLayout(legend)
        self._legend.setContentsMargins(12, 4, 12, 0)
        self._legend.setSpacing(16)
        self._heading = self.tr("Curves appear when a run starts.")
        self._title = ElidedLabel(self._heading)
        self._title.setProperty("dim", True)
        self._legend.addWidget(self._title)
        self._legend.addStretch(1)
        self._curves: dict[str, Any] = {}
        self._keys: list[QLabel] = []
        self._shown: tuple[Curve, ...] = ()
        self._plots = QHBoxLayout()
        self._plots.setSpacing(0)
        self._plots.addWidget(self._plot, 2)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(legend)
        layout.addLayout(self._plots, 1)
        self.setMinimumHeight(110)
        self._colour()
        self._show_range(self._plot, 0.0, 1.0, FIRST_STEPS)

    def sizeHint(self) -> QSize:
        """Ask for a low, wide place."""
        return QSize(600, 190)  # pyqtgraph would ask for 640 × 480

    def changeEvent(self, event: QEvent) -> None:
        """Draw in the colours of another palette."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.ApplicationPaletteChange):
            self._colour()
        super().changeEvent(event)

    def show_run(self, run: RunModel) -> None:
        """Draw the curves as they are now."""
        if run.scenario is not None and run.scenario.curves != self._shown and run.step:
            self.show_scenario(run.scenario)
        columns = run.curves()
        steps = columns["step"]
        top, bottom, bound = 0.0, 0.0, np.nan
        highest, lowest = -np.inf, np.inf
        for entry in self._shown:
            values = columns.get(entry.name, np.zeros(0))
            if entry.log:
                values = np.where(values > SMALLEST, values, np.nan)
            shown = np.isfinite(values)
            self._curves[entry.name].setData(steps[: len(values)][shown], values[shown])
            if not shown.any():
                continue
            most, least = float(values[shown].max()), float(values[shown].min())
            if entry.log:
                highest, lowest = max(highest, np.ceil(np.log10(most))), min(lowest, np.floor(np.log10(least)))
            elif entry.role == "bound":
                bound = float(values[shown][-1])
            else:
                top, bottom = max(top, most), min(bottom, least)
        # A bound starts far up: the view follows the rest, and takes it in when it has come near.
        above = bound > REACH * top
        if bound > top and not above:
            top = bound
        self._tell_bound(above)
        if len(steps) > 1:
            last = _rounded_up(float(steps[-1]))
            self._show_range(self._plot, -_rounded_up(-bottom) if bottom < 0.0 else 0.0, 1.08 * top, last)
            if np.isfinite(highest):
                self._log_plot.setXRange(0.0, last, padding=0.0)
                self._log_plot.setYRange(lowest, max(highest, lowest + 1.0), padding=0.0)

    def _tell_bound(self, above: bool) -> None:
        for key, entry in zip(self._keys, self._shown, strict=True):
            if entry.role == "bound":
                text = _key_text(entry) + (self.tr(" ↑ above the view") if above else "")
                if key.text() != text:
                    key.setText(text)

    def _show_range(self, plot: Any, bottom: float, top: float, last: float) -> None:
        plot.setXRange(0.0, last, padding=0.0)
        plot.setYRange(bottom, _rounded_up(top), padding=0.0)

    def show_scenario(self, scenario: AnyScenario) -> None:
        """Title and keys of a scenario, and no curves yet."""
        if scenario.curves == self._shown:
            self._empty_curves()
        else:
            self._make_curves(scenario.curves)
        self._heading = self.tr("{} over steps").format(scenario.axis.capitalize())
        self._title.setText(self._heading)
        self._show_range(self._plot, 0.0, 1.0, FIRST_STEPS)

    def _empty_curves(self) -> None:
        """Keep the curves for another run: to make them anew takes many times as long."""
        for curve in self._curves.values():
            curve.clear()
        self._tell_bound(False)

    def _make_curves(self, curves: tuple[Curve, ...]) -> None:
        for entry in self._shown:
            (self._log_plot if entry.log else self._plot).removeItem(self._curves[entry.name])
        for key in self._keys:
            key.deleteLater()
        self._shown = curves
        self._curves, self._keys = {}, []
        has_log = any(entry.log for entry in curves)
        if has_log and self._log_plot is None:
            self._log_plot = _plot()
            self._log_plot.setLogMode(False, True)
            self._plots.addWidget(self._log_plot, 1)
            self._colour()
        for at, entry in enumerate(curves):
            colour, width = ROLES[entry.role]
            plot = self._log_plot if entry.log else self._plot
            self._curves[entry.name] = plot.plot([], [], pen=pg.mkPen(colour, width=width))
            key = QLabel(_key_text(entry))
            key.setToolTip(entry.tip)
            self._keys.append(key)
            self._legend.insertWidget(at + 1, key)
        if self._log_plot is not None:
            self._log_plot.setVisible(has_log)

    def show_preparing(self, words: str) -> None:
        """Say what a run prepares in place of the title; empty for the title again."""
        self._title.setText(words or self._heading)

    def _colour(self) -> None:
        palette = self.palette()
        for plot in filter(None, (self._plot, self._log_plot)):
            plot.setBackground(palette.color(QPalette.ColorRole.Window))
            for side in ("bottom", "left"):
                axis = plot.getAxis(side)
                axis.setPen(palette.placeholderText().color())
                axis.setTextPen(palette.text().color())


def _key_text(entry: Curve) -> str:
    colour, _ = ROLES[entry.role]
    right = QCoreApplication.translate("CurvesPanel", "{} (right)")
    title = right.format(entry.title) if entry.log else entry.title
    return f"<span style='color:{colour}'>━</span>&nbsp;{title}"


class _ShortAxis(pg.AxisItem):
    """Ticks that fit: 1200, 45k, 1.2M."""

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [f"1e{round(value)}" if abs(value - round(value)) < 1e-9 else "" for value in values]
        return [_short(value) for value in values]


class _StepAxis(_ShortAxis):
    """Ticks at whole steps only."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:
        spacings = cast("list[tuple[float, float]]", super().tickSpacing(minVal, maxVal, size))
        return [entry for entry in spacings if entry[0] >= 1.0 and entry[0] == round(entry[0])]


def _short(value: float) -> str:
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= unit:
            return f"{value / (1e3 if letter == 'k' else unit):.4g}{letter}"
    return f"{value:.5g}"


def _plot() -> Any:
    axes = {"left": _ShortAxis("left"), "bottom": _StepAxis("bottom")}
    plot: Any = pg.PlotWidget(axisItems=axes, enableMenu=False)
    plot.setMinimumSize(0, 0)
    plot.hideButtons()
    plot.setMouseEnabled(False, False)
    for side in ("left", "bottom", "right", "top"):
        plot.getAxis(side).enableAutoSIPrefix(False)  # no axis has units
    plot.getAxis("left").setWidth(48)
    plot.getPlotItem().layout.setContentsMargins(4, 8, 16, 2)
    return plot


def _rounded_up(value: float) -> float:
    """The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 × 10ᵏ."""
    if value <= 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    stations = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
    return float(next(step * power for step in stations if step * power >= value * (1.0 - 1e-12)))
