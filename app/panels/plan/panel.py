"""The plan between two layouts: the entropic one beside the exact one, with what both cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.base.jobs import NewestWins
from app.panels.plan import words
from app.panels.plan.comparison import CannotCompare, Comparison, compare, pair_of
from app.panels.plan.controls import PlanControls
from app.panels.plan.view import BESIDE, PlanView
from app.widgets.parts import GAP, MARGIN, Button, Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent

    from maps.document import MapDocument

PATIENCE = 400  # milliseconds before a plan under way is spoken of
WIDE = 720  # px from which everything stands side by side, if the panel is also low
CONTROLS = 260  # px, width of the controls then
_AFTER_CONTROLS, _AFTER_PLANS = 4, 2  # where words go in their box


class PlanPanel(QWidget):
    """Compare plans between two layouts of the map in view while the panel is visible."""

    row_hovered = Signal(object)  # index of a point of the layout "from", None for none
    plan_changed = Signal(object)  # a frame.Plan: the largest couplings of the entropic plan, or None

    def __init__(self, document: MapDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._subject = ""
        self._ground = ""  # over which the run in view spreads points
        self._same_total = False
        self._comparison: Comparison | None = None
        self._row: int | None = None
        self._comparing = NewestWins(self._prepare, self._show, self._fail, self)
        self._patience = QTimer(self, interval=PATIENCE, singleShot=True)
        self._patience.timeout.connect(lambda: self.words.setText(self.tr("Working out the plans …")))
        self._make()
        self.controls.layouts_chosen.connect(self._choose)
        self.controls.changed.connect(self._ask)
        self.controls.show_document(document)

    # What is shown

    def show_map(
        self, document: MapDocument, subject: str = "", *, moving: bool = False, ground: str = ""
    ) -> None:
        """Compare the layouts of a map.

        subject: what the map is, in words; empty for the drawn one.  moving: a run moves its points step by step;
        plans of an earlier map stay, and it is said of which.  ground: over which the run in view spreads points,
        in words; the plan of that is none between two layouts, and it is said.
        """
        if ground != self._ground:
            self._ground = ground
            self._ask()
        if not moving:
            self._subject = subject
            self.controls.show_document(document)
        words = self.tr("Of {}").format(self._subject) if self._subject else ""
        if moving:
            words = self.tr("Of {}; a run is moving the points").format(self._subject or self.tr("the drawn map"))
        self.subject.setText(words)
        self.subject.setVisible(bool(words))
        for view in (self.entropic, self.exact):
            view.setEnabled(not moving)

    @property
    def busy(self) -> bool:
        """Whether a comparison is still to come."""
        return self._comparing.busy

    @property
    def comparison(self) -> Comparison | None:
        """The comparison in view, None for none."""
        return self._comparison

    @property
    def source_name(self) -> str:
        """Name of the layout "from", empty for none."""
        return self.controls.source.currentText()

    def highlight_row(self, row: int | None) -> None:
        """Mark a point of the layout "from", None for none, without emitting `row_hovered`."""
        self._row = row
        pair = None if self._comparison is None else self._comparison.pair
        known = pair is not None and row is not None and 0 <= row < pair.shape[0]
        place = int(np.flatnonzero(pair.rows == row)[0]) if pair is not None and known else None
        for view in (self.entropic, self.exact):
            view.picture.mark(place)
        self._show_words()

    def shut_down(self) -> None:
        """Wait for a comparison under way; nothing is shown any more."""
        self._comparing.shut_down()

    # What the designer does

    def _choose(self) -> None:
        self._same_total, self._row = False, None
        self._ask()

    def _mend_totals(self) -> None:
        self._same_total = not self._same_total
        self._ask()

    def _hover(self, place: int | None) -> None:
        if self._comparison is None:
            return
        row = None if place is None else int(self._comparison.pair.rows[place])
        self.highlight_row(row)
        self.row_hovered.emit(row)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for a comparison when the panel comes into view."""
        super().showEvent(event)
        if not event.spontaneous():
            self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """Drop the comparison when the panel goes out of view."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._comparing.cancel()
            self._forget()

    # Working it out

    def _ask(self) -> None:
        if self.isVisible():
            self._comparing.ask()

    def _prepare(self) -> Callable[[], Comparison] | None:
        chosen, blur, same_total = self.controls.chosen, self.controls.blur, self._same_total
        if chosen is None:
            self._refuse(words.too_few_layouts(self.controls.layouts))
            return None
        known = None if self._comparison is None else self._comparison.pair
        if known is not None and not known.answers(*chosen, same_total):
            known = None

        def work() -> Comparison:
            return compare(known or pair_of(*chosen, same_total), blur)

        self._patience.start()
        return work

    def _show(self, comparison: Comparison) -> None:
        self._patience.stop()
        if not self.isVisible():
            return
        self._comparison = comparison
        self._show_views(True)
        pair = comparison.pair
        self.entropic.show_plan(comparison.picture, comparison.block, pair.shape)
        if comparison.exact_picture is None:
            self.exact.show_message(pair.no_exact)
        else:
            self.exact.show_plan(comparison.exact_picture, comparison.block, pair.shape)
        self._show_figures(comparison)
        self._show_notices(comparison)
        self.plan_changed.emit(comparison.largest)
        self.highlight_row(self._row)

    def _fail(self, error: Exception) -> None:
        self._patience.stop()
        if not isinstance(error, CannotCompare):
            raise error
        if self.isVisible():
            self._refuse(str(error), error.totals_differ)

    def _refuse(self, sentence: str, totals_differ: bool = False) -> None:
        self._forget()
        self._show_views(False)
        if self._ground:  # nobody asked for these two layouts
            self.words.setText(words.over_ground(self._ground))
        else:
            self.notice.say(sentence)
        self.mend.setVisible(totals_differ)
        self.mend.setText(self.tr("Scale to the same total for this view"))

    def _forget(self) -> None:
        self._patience.stop()
        self._comparison, self._row = None, None
        for view in (self.entropic, self.exact):
            view.show_message("")
            view.show_words("", "", "")
        for notice in (self.notice, self.unsettled):
            notice.say("")
        self.mend.hide()
        self.words.clear()
        self.plan_changed.emit(None)
        self.row_hovered.emit(None)

    def _show_views(self, shown: bool) -> None:
        """Show the pictures, or no empty boxes where there is nothing to compare."""
        for view in (self.entropic, self.exact):
            view.setVisible(shown)

    def _show_figures(self, comparison: Comparison) -> None:
        exact_cost = comparison.pair.exact_cost
        self.entropic.show_words(
            words.cost(comparison.cost), words.excess(comparison), words.marginal_error(comparison)
        )
        if exact_cost is None:
            self.exact.show_words("", "", "")
        else:
            self.exact.show_words(words.cost(exact_cost), self.tr("the least possible"), "")

    def _show_notices(self, comparison: Comparison) -> None:
        scaling = words.scaling(comparison)
        ground = words.over_ground(self._ground) if self._ground else ""
        self.notice.say(" ".join(filter(None, (ground, scaling))))
        self.mend.setVisible(bool(scaling))
        self.mend.setText(self.tr("Weights as drawn"))
        self.unsettled.say(words.advice(comparison))

    def _show_words(self) -> None:
        comparison, row = self._comparison, self._row
        if comparison is None:
            return
        if row is None or not 0 <= row < comparison.pair.shape[0]:
            self.words.setText(words.axes(comparison, self.entropic.picture.points_per_pixel))
        else:
            self.words.setText(words.row(comparison, row))

    # Making

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange controls and pictures for the new size."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.width(), self.height()
        wide = width >= WIDE and width > 1.5 * height
        if wide != self._wide:
            self._wide = wide
            directions = QBoxLayout.Direction
            self._outer.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
            self._side.setMinimumWidth(CONTROLS if wide else 0)
            self._side.setMaximumWidth(CONTROLS if wide else self.maximumWidth())
            # Under the pictures, or under the controls.
            box = self._side_box if wide else self._outer
            for widget in (self.unsettled, self.words):
                box.insertWidget(_AFTER_CONTROLS if wide else _AFTER_PLANS, widget)
            # What is left over: room for the words beside the pictures, or empty below everything.
            self._outer.setStretchFactor(self._plans, 1 if wide else 0)
            self._outer.setStretch(self._outer.count() - 1, 0 if wide else 1)
        if wide:
            most = (width - CONTROLS - 4 * MARGIN) // 2 - BESIDE - MARGIN
            side = min(height - 2 * MARGIN, most)
        else:
            side = (width - 3 * MARGIN) // 2
        # As wide as they will be, or Qt asks for the height of narrower ones, and a scroll bar appears.
        room = CONTROLS if wide else width - 2 * MARGIN - self._bar.sizeHint().width()
        for label in (self.subject, self.notice, self.unsettled, self.words):
            label.setMinimumWidth(room)
        for view in (self.entropic, self.exact):
            view.arrange(side, wide)

    def _make(self) -> None:
        self.controls = PlanControls()
        self.subject = QLabel()
        self.subject.setProperty("dim", True)
        self.subject.setWordWrap(True)
        self.subject.hide()
        self.notice, self.unsettled = Notice(), Notice()
        self.mend = Button("", self.tr("Weights on the map stay as they are"))
        self.mend.clicked.connect(self._mend_totals)
        self.mend.hide()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        order = self.tr(
            "Rows run along the way in which the points of “from” spread most; columns stand so that the exact "
            "plan lies along the diagonal. The strongest colour is the largest mass in a picture, and shades go "
            "with its square root."
        )
        self.entropic = PlanView(
            self.tr("With blur"),
            self.tr(
                "The entropic plan: every point's weight is smeared over targets about as far apart as the blur. "
                "Its cost is weight × squared distance in cells, without the entropy. Where weights are off, that "
                "is the plan's marginal error: it takes more or less to a point than the point weighs."
            )
            + f"<br><br>{order}",
        )
        self.exact = PlanView(
            self.tr("Exact"),
            self.tr("The plan of least weight × squared distance in cells, found by a linear programme.")
            + f"<br><br>{order}",
        )
        self._side = QWidget()
        self._side_box = QVBoxLayout(self._side)
        self._side_box.setContentsMargins(0, 0, 0, 0)
        self._side_box.setSpacing(GAP)
        self._side_box.addWidget(self.controls)
        self._side_box.addWidget(self.subject)
        self._side_box.addWidget(self.notice)
        self._side_box.addWidget(self.mend)
        self._side_box.addStretch(1)
        self._plans = QHBoxLayout()
        self._plans.setSpacing(MARGIN)
        for view in (self.entropic, self.exact):
            view.picture.row_pointed.connect(self._hover)
            self._plans.addWidget(view)
        self.entropic.picture.resized.connect(self._show_words)
        content = QWidget()
        self._outer = QBoxLayout(QBoxLayout.Direction.TopToBottom, content)
        self._outer.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        self._outer.setSpacing(MARGIN)
        self._outer.addWidget(self._side)
        self._outer.addLayout(self._plans)
        self._outer.addWidget(self.words)
        self._outer.addWidget(self.unsettled)
        self._outer.addStretch(1)
        self._wide = False
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        self._bar = scroll.verticalScrollBar()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)
        self.setMinimumWidth(content.minimumSizeHint().width())

    def sizeHint(self) -> QSize:
        """Return a size at which both pictures can be read."""
        return QSize(300, 360)
