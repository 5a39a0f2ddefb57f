"""The time line of a run: its steps, the frames that were kept, the edits it took up, and the frame in view."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app.base import style
from app.widgets.parts import MARGIN, TARGET, Button, round_pen, tabular

if TYPE_CHECKING:
    from app.run.model import RunModel
    from app.scenarios.frame import Frame

_INSET = 10  # px left and right of the line
_PULSE = 700  # milliseconds


class TimelinePanel(QWidget):
    """Shows a run; the window decides what a chosen frame means. None is chosen for the live map."""

    frame_chosen = Signal(object)  # Frame or None
    compare_toggled = Signal(bool)
    fork_requested = Signal(object)  # Frame

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._total: int | None = None  # of the run under way
        self.strip = Strip()
        self.strip.frame_chosen.connect(self._take_frame)
        self.step = QLabel()
        self.step.setFont(tabular(self.step.font()))
        self.step.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.step.setMinimumWidth(self.step.fontMetrics().horizontalAdvance("00000 / 00000"))
        self.step.setToolTip(self.tr("The step in view, of all steps; where nobody knows these, of those so far"))
        drawn = self.tr("Show the drawn map and its path in place of the run's")
        self.compare = Button(self.tr("Compare with drawn map"), drawn)
        self.compare.setCheckable(True)
        self.compare.toggled.connect(self.compare_toggled)
        self.fork = Button(self.tr("Fork from here"), self.tr("Start a new run from the map in view"))
        self.fork.clicked.connect(self._fork)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 4, MARGIN, 4)
        layout.setSpacing(MARGIN)
        for widget in (self.step, self.strip, self.compare, self.fork):
            layout.addWidget(widget)
        self._show_state()

    @property
    def frame(self) -> Frame | None:
        """The frame that was chosen; None while the live map is in view."""
        return self.strip.chosen

    def show_run(self, run: RunModel) -> None:
        """Draw a run as it is now; a frame of an earlier run is no longer chosen."""
        self._total = run.total
        self.strip.show_stops(_stops(run), run.edits)
        self._show_state()

    def show_left(self, left: bool) -> None:
        """Show whether the run was left for the drawn map, to which there is nothing to compare then."""
        if left != self.strip.left:
            self.strip.left = left
            self._show_state()

    def _take_frame(self, frame: Frame | None) -> None:
        self._show_state()
        self.frame_chosen.emit(frame)

    def _fork(self) -> None:
        if self.strip.shown is not None:
            self.fork_requested.emit(self.strip.shown)

    def _show_state(self) -> None:
        shown = self.strip.shown
        if shown is None:
            self.step.setText("–")
        else:
            self.step.setText(f"{shown.step} / {self.strip.last_step if self._total is None else self._total}")
        reason = "" if shown is not None else self.tr("There is no run yet")
        self.fork.allow(reason)
        if not reason and self.strip.left:
            reason = self.tr("The drawn map is in view; choose a step on the line first")
        if reason:
            self.compare.setChecked(False)
        self.compare.allow(reason)


class Strip(QWidget):
    """The line itself. Mouse and arrow keys go from one kept frame to the next; the newest one is the live map."""

    frame_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chosen: Frame | None = None
        self.left = False  # for the drawn map, until a step is chosen again
        self._stops: list[Frame] = []
        self._edits: list[int] = []
        self._preparing = ""  # what the run prepares, in words
        self._hovered: float | None = None
        self._pulse = QVariantAnimation(self, startValue=0.0, endValue=1.0, duration=_PULSE)
        self._pulse.valueChanged.connect(self._show_pulse)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(120)
        self.setAccessibleName(self.tr("Steps of the run"))
        self.setToolTip(self.tr("Drag, or use the arrow keys, to look at earlier steps; End goes back to live"))

    @property
    def shown(self) -> Frame | None:
        """The frame in view: the chosen one, else the newest; None before there is any."""
        return self.chosen or (self._stops[-1] if self._stops else None)

    @property
    def last_step(self) -> int:
        """The newest step."""
        return self._stops[-1].step if self._stops else 0

    def show_stops(self, stops: list[Frame], edits: list[int]) -> None:
        """Draw these frames, oldest first, and edits at these steps."""
        another_run = not stops or (bool(self._stops) and stops[0] is not self._stops[0])
        if len(edits) > len(self._edits) and not another_run:
            self._pulse.start()
        self._stops, self._edits = list(stops), list(edits)
        if another_run and self.chosen is not None:
            self._choose(None)
        self.update()

    def show_preparing(self, words: str) -> None:
        """Say what a run prepares; empty once it makes steps."""
        self._preparing = words
        self.update()

    def x_of(self, step: float) -> float:
        """Return the x coordinate of a step, px."""
        first = self._stops[0].step if self._stops else 0
        span = max(self.last_step - first, 1)
        return _INSET + (step - first) / span * (self.width() - 2 * _INSET)

    def sizeHint(self) -> QSize:
        """Ask for the height of what can be clicked."""
        return QSize(240, TARGET)

    # What the designer does

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the frame nearest to the pointer."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose_at(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub while the button is held; else mark the frame that a click would choose."""
        self._hovered = event.position().x()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._choose_at(event.position().x())
        self.update()

    def leaveEvent(self, event: object) -> None:
        """Mark no frame any more."""
        self._hovered = None
        self.update()

    def event(self, event: QEvent) -> bool:
        """Take a key that leads to a frame before the window takes it for a shortcut."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._goal(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to another frame by arrow keys, Page up and down, Home and End; Escape goes back to live."""
        goal = self._goal(event)
        if goal is None:
            super().keyPressEvent(event)
        else:
            self._choose(goal)

    def _goal(self, event: QKeyEvent) -> Frame | None:
        """Where a key leads; None if it leads nowhere."""
        last, place = len(self._stops) - 1, self._place()
        places = {
            Qt.Key.Key_Left: place - 1,
            Qt.Key.Key_Right: place + 1,
            Qt.Key.Key_PageUp: place + 10,
            Qt.Key.Key_PageDown: place - 10,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if self.chosen is not None:
            places[Qt.Key.Key_Escape] = last
        wanted = None if event.modifiers() else places.get(Qt.Key(event.key()))
        return None if wanted is None or last < 0 else self._stops[min(max(wanted, 0), last)]

    def _place(self) -> int:
        """Index of the frame in view; of the one before it where it is no longer kept."""
        if self.chosen is None:
            return len(self._stops) - 1
        return max((n for n, stop in enumerate(self._stops) if stop.step <= self.chosen.step), default=0)

    def _nearest(self, x: float) -> Frame | None:
        return min(self._stops, key=lambda stop: abs(self.x_of(stop.step) - x), default=None)

    def _choose_at(self, x: float) -> None:
        nearest = self._nearest(x)
        if nearest is not None:
            self._choose(nearest)

    def _choose(self, frame: Frame | None) -> None:
        live = frame is None or frame is self._stops[-1]
        chosen = None if live else frame
        if chosen is not self.chosen or self.left:
            self.chosen = chosen
            self.update()
            self.frame_chosen.emit(chosen)

    # Painting

    def _show_pulse(self) -> None:
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Draw the frame of the focus."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Draw without the frame of the focus."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line with its frames, edits, and the handle at the frame in view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2.0
        text, dim = self.palette().color(QPalette.ColorRole.Text), self.palette().color(QPalette.ColorRole.Mid)
        accent = QColor(style.ACCENT)
        self._paint_ground(painter)
        shown = self.shown
        if shown is None or self._preparing:
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            where = self.rect().adjusted(_INSET, 0, -_INSET, 0)
            words = self._preparing or self.tr("The steps of a run appear here")
            if not self._preparing and painter.fontMetrics().horizontalAdvance(words) > where.width():
                words = self.tr("No steps yet")
            words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, where.width())
            painter.drawText(where, Qt.AlignmentFlag.AlignCenter, words)
            painter.end()
            return
        at = self.x_of(shown.step)
        painter.setPen(round_pen(self.palette().color(QPalette.ColorRole.Button), 3.0))
        painter.drawLine(QPointF(_INSET, middle), QPointF(self.width() - _INSET, middle))
        painter.setPen(round_pen(accent, 3.0))
        painter.drawLine(QPointF(_INSET, middle), QPointF(at, middle))
        painter.setPen(QPen(_blend(text, dim, 0.5), 1.0))
        for x in self._tick_places():
            painter.drawLine(QPointF(x, middle + 3.0), QPointF(x, middle + 8.0))
        self._paint_edits(painter, middle)
        if self._hovered is not None and (near := self._nearest(self._hovered)) is not None:
            x = self.x_of(near.step)
            painter.setPen(QPen(text, 1.0))
            painter.drawLine(QPointF(x, middle - 8.0), QPointF(x, middle + 8.0))
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Window), 2.0))
        painter.setBrush(accent if self.chosen is None else text)
        painter.drawEllipse(QPointF(at, middle), 6.0, 6.0)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.palette().color(QPalette.ColorRole.Base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.0, 1.0, -1.0, -1.0), 4.0, 4.0)
        if self.hasFocus():
            painter.setPen(QPen(QColor(style.ACCENT), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1.0, 1.0, -1.0, -1.0), 4.0, 4.0)

    def _tick_places(self) -> list[float]:
        """At least 3 px apart, so that many frames do not become one bar."""
        places = [round(self.x_of(stop.step)) + 0.5 for stop in self._stops]
        kept = places[:1]
        for _, place in pairwise(places):
            if place - kept[-1] >= 3.0:
                kept.append(place)
        return kept

    def _paint_edits(self, painter: QPainter, middle: float) -> None:
        colour = QColor(style.BEST)
        for number, step in enumerate(self._edits):
            at = QPointF(self.x_of(step), middle - 5.5)
            painter.setPen(QPen(QColor(20, 20, 24), 1.0))
            painter.setBrush(colour)
            painter.drawPolygon(QPolygonF([at + QPointF(*by) for by in ((0, -4), (4, 0), (0, 4), (-4, 0))]))
            share = self._pulse.currentValue()
            if number == len(self._edits) - 1 and self._pulse.state() == QVariantAnimation.State.Running:
                fading = QColor(colour)
                fading.setAlphaF(1.0 - share)
                painter.setPen(QPen(fading, 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, 4.0 + 8.0 * share, 4.0 + 8.0 * share)


def _stops(run: RunModel) -> list[Frame]:
    """Where one can stand: the frames that were kept, and the newest."""
    if run.frame is None or (run.kept and run.kept[-1] is run.frame):
        return run.kept
    return [*run.kept, run.frame]


def _blend(first: QColor, second: QColor, share: float) -> QColor:
    def mixed(one: float, other: float) -> float:
        return one + share * (other - one)

    return QColor.fromRgbF(
        mixed(first.redF(), second.redF()),
        mixed(first.greenF(), second.greenF()),
        mixed(first.blueF(), second.blueF()),
    )
