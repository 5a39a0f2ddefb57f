"""The plan between two layouts: the entropic one beside the exact one, with what both cost."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.base.jobs import Background
from app.document.model import DocumentModel
from app.panels.plan_comparison import (
    MOST_PAIRS,
    CannotCompare,
    Comparison,
    Pair,
    Values,
    compare,
    pair_of,
)
from app.panels.plan_view import BESIDE, PlanView
from app.scenarios.frame import Plan
from app.widgets.parts import GAP, MARGIN, TARGET, Button, Notice, swatch, tabular
from maps.document import Layout, MapDocument

QUIET = 40  # milliseconds between a change and its plan
PATIENCE = 400  # milliseconds before a plan under way is spoken of
STEPS = 20  # of the slider, per factor of ten
LEAST_BLUR, FIRST_BLUR, MOST_BLUR = 0.003, 0.03, 0.5  # of the map's diagonal
WIDE = 720  # px from which everything stands side by side, if the panel is also low
CONTROLS = 260  # px, width of the controls then
_NAMED = 3  # targets of a row that are named one by one
_AFTER_CONTROLS, _AFTER_PLANS = 4, 2  # where words go in their box


class PlanPanel(QWidget):
    """Compares plans between two layouts of the document while it is visible."""

    row_hovered = Signal(object)  # index of a point of the layout "from", None for none
    plan_changed = Signal(object)  # a frame.Plan: the largest couplings of the entropic plan, or None

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layouts: tuple[Layout, ...] = ()
        self._shape = (0, 0)
        self._same_total = False
        self._comparison: Comparison | None = None
        self._row: int | None = None
        self._wanted = False
        self._background = Background(self)
        self._quiet = QTimer(self, interval=QUIET, singleShot=True)
        self._quiet.timeout.connect(self._begin)
        self._patience = QTimer(self, interval=PATIENCE, singleShot=True)
        self._patience.timeout.connect(lambda: self.words.setText(self.tr("Working out the plans …")))
        self._make()
        self.show_document(model.document)
        model.changed.connect(self._follow)

    # What is shown

    @property
    def busy(self) -> bool:
        """Whether a plan is still to come."""
        return self._wanted or self._background.busy

    @property
    def comparison(self) -> Comparison | None:
        """What is in view."""
        return self._comparison

    @property
    def blur(self) -> float:
        """In cells, √ε."""
        return float(10.0 ** (self.slider.value() / STEPS))

    def show_document(self, document: MapDocument) -> None:
        """Offer a document's layouts; the chosen ones stay chosen where they are still there."""
        if document.shape != self._shape:
            self._show_range(document.shape)
        if document.layouts is self._layouts:
            return
        before, count, self._layouts = self._chosen(), len(self._layouts), document.layouts
        names = [layout.name for layout in document.layouts]
        boxes = self.source, self.target
        first, second = (_place(names, box.currentText(), box.currentIndex(), count) for box in boxes)
        first = _another(len(names), second) if first is None else first
        second = _another(len(names), first) if second is None else second
        self._offer(self.source, first)
        self._offer(self.target, second)
        if self._chosen() != before:
            self._ask()

    def set_layouts(self, from_name: str, to_name: str) -> None:
        """Compare the plans between two layouts. Raises ValueError if the document has none of a name."""
        names = [layout.name for layout in self._layouts]
        at = names.index(from_name), names.index(to_name)
        with QSignalBlocker(self.source), QSignalBlocker(self.target):
            self.source.setCurrentIndex(at[0])
            self.target.setCurrentIndex(at[1])
        self._choose()

    def highlight_row(self, row: int | None) -> None:
        """Point out a point of the layout "from", None for none; nothing is announced."""
        self._row = row
        pair = None if self._comparison is None else self._comparison.pair
        known = pair is not None and row is not None and 0 <= row < pair.shape[0]
        place = int(np.flatnonzero(pair.rows == row)[0]) if pair is not None and known else None
        for view in (self.entropic, self.exact):
            view.picture.mark(place)
        self._show_words()

    def shut_down(self) -> None:
        """Wait for what is under way."""
        self._quiet.stop()
        self._wanted = False
        self._background.shut_down()

    def _follow(self, _old: MapDocument, new: MapDocument) -> None:
        self.show_document(new)

    # What the designer does

    def _choose(self) -> None:
        self._same_total, self._row = False, None
        self._ask()

    def _change_blur(self) -> None:
        self._show_blur()
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
        super().showEvent(event)
        if not event.spontaneous():
            self._ask()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self._wanted = False
            self._forget()

    # Working it out

    def _chosen(self) -> tuple[Layout, Layout] | None:
        at = self.source.currentIndex(), self.target.currentIndex()
        if len(self._layouts) < 2 or min(at) < 0 or max(at) >= len(self._layouts):
            return None
        return self._layouts[at[0]], self._layouts[at[1]]

    def _ask(self) -> None:
        self._wanted = self.isVisible()
        if self._wanted and not self._quiet.isActive():
            self._quiet.start()

    def _begin(self) -> None:
        if self._background.busy or not self._wanted:
            return
        self._wanted = False
        chosen, blur, same_total = self._chosen(), self.blur, self._same_total
        if chosen is None:
            self._refuse(self._want_of_layouts())
            return
        known = None if self._comparison is None else self._comparison.pair
        if known is not None and not known.answers(*chosen, same_total):
            known = None

        def work() -> Comparison:
            return compare(known or pair_of(*chosen, same_total), blur)

        self._patience.start()
        self._background.start(work, self._show, self._fail)

    def _show(self, comparison: Comparison) -> None:
        self._patience.stop()
        if not self.isVisible():
            return
        self._comparison = comparison
        pair = comparison.pair
        self.entropic.show_plan(comparison.picture, comparison.block, pair.shape)
        if comparison.exact_picture is None:
            self.exact.show_message(self._no_exact(pair))
        else:
            self.exact.show_plan(comparison.exact_picture, comparison.block, pair.shape)
        self._show_figures(comparison)
        self._show_notices(comparison)
        self.plan_changed.emit(Plan(comparison.lines, comparison.mass, comparison.line_rows))
        self.highlight_row(self._row)
        self._go_on()

    def _fail(self, error: Exception) -> None:
        self._patience.stop()
        if not isinstance(error, CannotCompare):
            self._go_on()
            raise error
        if self.isVisible():
            self._refuse(self._refusal(error), totals_differ=error.reason == "totals")
        self._go_on()

    def _go_on(self) -> None:
        if self._wanted:
            self._quiet.start()

    def _refuse(self, sentence: str, totals_differ: bool = False) -> None:
        self._forget()
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

    # In words

    def _want_of_layouts(self) -> str:
        if not self._layouts:
            return self.tr("The map has no layouts of points. Add two in the Points panel to compare plans.")
        return self.tr("“{}” is the only layout. Add a second one in the Points panel to compare plans.").format(
            self._layouts[0].name
        )

    def _refusal(self, error: CannotCompare) -> str:
        chosen = self._chosen()
        if error.layout is not None:
            return {
                "no_points": self.tr("“{}” has no points. Place some with P, or choose another layout."),
                "no_weight": self.tr("All points of “{}” weigh 0. Give at least one of them a weight above 0."),
                "too_heavy": self.tr("The weights of “{}” are too large to add up. Make them smaller."),
            }[error.reason].format(error.layout.name)
        if chosen is not None and error.reason == "totals":
            return self.tr(
                "“{}” weighs {:.5g} in all and “{}” {:.5g}. A plan takes all of one to the other: "
                "scale “{}” here, or change weights in the Points panel."
            ).format(*(word for entry in chosen for word in (entry.name, entry.weights.sum())), chosen[1].name)
        if chosen is not None and error.reason == "too_many":
            return self.tr(
                "“{}” has {:,} points and “{}” {:,}: too many pairs for this view, which takes up to {:,}. "
                "Choose smaller layouts."
            ).format(*(word for entry in chosen for word in (entry.name, len(entry.weights))), MOST_PAIRS)
        return str(error)

    def _no_exact(self, pair: Pair) -> str:
        from engine.transport.exact import ASSIGNMENT_POINTS, PROGRAMME_POINTS

        return {
            "": "",
            "too_large": self.tr(
                "Not worked out: it would take too long with more than {:,} points a side, "
                "or {:,} where both have equally many of equal weight."
            ).format(PROGRAMME_POINTS, ASSIGNMENT_POINTS),
            "not_found": self.tr("The exact plan was not found: the weights differ too much in size."),
        }[pair.no_exact]

    def _show_figures(self, comparison: Comparison) -> None:
        pair, excess = comparison.pair, comparison.excess
        if excess is not None:
            digits = 2 if abs(excess) < 0.1 else 1 if abs(excess) < 1.0 else 0
            percent = round(100.0 * excess, digits) or 0.0  # no minus before a zero
            share = f"{percent:+,.{digits}f} %".replace("-", "−")
            over = self.tr("{} over exact").format(share)
        elif pair.exact_cost is not None:
            over = self.tr("exact is 0")
        else:
            over = ""
        off = ""
        if comparison.unsettled:
            off = self.tr("weights off by {}").format(f"{100.0 * comparison.marginal_error:.2g} %")
        cost = self.tr("Cost {}")
        self.entropic.show_words(cost.format(_figures(comparison.cost)), over, off)
        if pair.exact_cost is None:
            self.exact.show_words("", "", "")
        else:
            self.exact.show_words(cost.format(_figures(pair.exact_cost)), self.tr("the least possible"), "")

    def _show_notices(self, comparison: Comparison) -> None:
        pair = comparison.pair
        scaled = pair.scale != 1.0
        told = self.tr("“{}” is scaled by {:.4g} for this view; the map keeps its weights.")
        self.notice.say(told.format(pair.target.name, pair.scale) if scaled else "")
        self.mend.setVisible(scaled)
        self.mend.setText(self.tr("Weights as drawn"))
        hint = self.tr("Here, more blur is a larger epsilon.")
        self.unsettled.say(f"{comparison.unsettled} {hint}" if comparison.unsettled else "")

    def _show_words(self) -> None:
        comparison, row = self._comparison, self._row
        if comparison is None:
            return
        pair = comparison.pair
        if row is None or not 0 <= row < pair.shape[0]:
            told = self.tr("Rows are points of “{}”, columns of “{}”. Point at a row to see where it goes.")
            down, across = self.entropic.picture.points_per_pixel
            if down * across > 1:
                told += " " + self.tr("A pixel is the mean of {} × {} points.").format(down, across)
            self.words.setText(told.format(pair.source.name, pair.target.name))
            return
        line, column = pair.source.positions[row]
        told = self.tr("Point {} of “{}” at row {:.4g}, col {:.4g}: {}.").format(
            row, pair.source.name, line, column, self._shares(comparison.plan[row])
        )
        if pair.exact is not None:
            told += " " + self.tr("Exact plan: {}.").format(self._shares(pair.exact[row]))
        self.words.setText(told)

    def _shares(self, coupling: Values) -> str:
        """Where a row's mass goes, the largest part first."""
        total = float(coupling.sum())
        if not total > 0.0:
            return self.tr("it weighs nothing")
        share = 100.0 * coupling / total
        if float(share.max()) >= 99.5:
            return self.tr("all of it to point {}").format(int(share.argmax()))
        first = [int(at) for at in np.argsort(-share, kind="stable")[:_NAMED] if share[at] >= 0.5]
        parts = [self.tr("{:.0f} % to point {}").format(share[at], at) for at in first]
        rest = 100.0 - float(share[first].sum())
        others = int(np.count_nonzero(coupling > 1e-9 * total)) - len(first)
        if others > 0 and rest >= 0.5:
            parts.append(self.tr("{:.0f} % to {} others").format(rest, others))
        return ", ".join(parts)

    def _cells(self, length: float) -> str:
        return self.tr("{:.3g} cells").format(length)

    def _show_blur(self) -> None:
        self.blur_value.setText(self._cells(self.blur))
        tip = self.tr(
            "How far a point's weight may be smeared, in cells.<br>It is √ε: the entropic regularisation ε is "
            "{:.3g}, in the unit of the costs, which are squared distances."
        ).format(self.blur**2)
        for widget in (self.slider, self.blur_value):
            widget.setToolTip(tip)

    def _show_range(self, shape: tuple[int, int]) -> None:
        first, self._shape = self._shape == (0, 0), shape
        diagonal = math.hypot(*shape)
        least, usual, most = (
            round(STEPS * math.log10(share * diagonal)) for share in (LEAST_BLUR, FIRST_BLUR, MOST_BLUR)
        )
        with QSignalBlocker(self.slider):
            self.slider.setRange(least, most)
            if first:
                self.slider.setValue(usual)
        self._change_blur()

    def _offer(self, box: QComboBox, chosen: int) -> None:
        with QSignalBlocker(box):
            box.clear()
            for layout in self._layouts:
                box.addItem(swatch(layout.colour), layout.name)
            box.setCurrentIndex(chosen)

    # Making

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.width(), self.height()
        wide = width >= WIDE and width > 1.5 * height
        if wide != self._wide:
            self._wide = wide
            directions = QBoxLayout.Direction
            self._outer.setDirection(directions.LeftToRight if wide else directions.TopToBottom)
            self._controls.setMinimumWidth(CONTROLS if wide else 0)
            self._controls.setMaximumWidth(CONTROLS if wide else self.maximumWidth())
            # Under the pictures, or under the controls.
            box = self._controls_box if wide else self._outer
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
        for label in (self.notice, self.unsettled, self.words):
            label.setMinimumWidth(room)
        for view in (self.entropic, self.exact):
            view.arrange(side, wide)

    def _make(self) -> None:
        self.source, self.target = QComboBox(), QComboBox()
        choice = QHBoxLayout()
        choice.setSpacing(GAP)
        for text, box, tip in (
            (self.tr("From"), self.source, self.tr("The layout whose points are the rows")),
            (self.tr("to"), self.target, self.tr("The layout whose points are the columns")),
        ):
            label = QLabel(text)
            label.setBuddy(box)
            box.setToolTip(tip)
            box.setAccessibleName(tip)
            box.setMinimumHeight(TARGET)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(5)
            box.currentIndexChanged.connect(self._choose)
            choice.addWidget(label)
            choice.addWidget(box, 1)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setMinimumHeight(TARGET)
        self.slider.setPageStep(STEPS // 2)
        self.slider.setAccessibleName(self.tr("Blur"))
        self.slider.valueChanged.connect(self._change_blur)
        self.blur_value = QLabel()
        self.blur_value.setFont(tabular(self.blur_value.font()))
        self.blur_value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.blur_value.setMinimumWidth(self.fontMetrics().horizontalAdvance(self._cells(0.0123)))
        label = QLabel(self.tr("Blur"))
        label.setBuddy(self.slider)
        blur = QHBoxLayout()
        blur.setSpacing(GAP)
        blur.addWidget(label)
        blur.addWidget(self.slider, 1)
        blur.addWidget(self.blur_value)
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
        self._controls = QWidget()
        self._controls_box = QVBoxLayout(self._controls)
        self._controls_box.setContentsMargins(0, 0, 0, 0)
        self._controls_box.setSpacing(GAP)
        self._controls_box.addLayout(choice)
        self._controls_box.addLayout(blur)
        self._controls_box.addWidget(self.notice)
        self._controls_box.addWidget(self.mend)
        self._controls_box.addStretch(1)
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
        self._outer.addWidget(self._controls)
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
        return QSize(300, 360)


def _place(names: Sequence[str], name: str, at: int, count: int) -> int | None:
    """Where an entry is now that was at `at` among `count`; None if it is gone."""
    if 0 <= at < len(names) and names[at] == name:
        return at
    if name in names:
        return names.index(name)
    return at if len(names) == count and at >= 0 else None  # renamed


def _another(count: int, than: int | None) -> int:
    """The first index below a count that is not `than`; failing that the last, −1 for none."""
    return next((at for at in range(count) if at != than), count - 1)


def _figures(value: float) -> str:
    """Five figures, and never an exponent."""
    before = len(f"{value:.0f}")
    return f"{value:,.{max(0, 5 - before)}f}"
