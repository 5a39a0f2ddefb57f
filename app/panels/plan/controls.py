"""Controls of the plan panel: between which layouts, and how much blur."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from app.widgets.parts import GAP, TARGET, swatch, tabular

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.document import Layout, MapDocument

STEPS = 20  # of the slider, per factor of ten
LEAST_BLUR, FIRST_BLUR, MOST_BLUR = 0.003, 0.03, 0.5  # of the map's diagonal


class PlanControls(QWidget):
    """Choose two layouts, and the blur on a logarithmic slider."""

    layouts_chosen = Signal()  # by the designer
    changed = Signal()  # the blur, or by an edit of the document the layouts

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layouts: tuple[Layout, ...] = ()
        self._shape = (0, 0)
        self.source = self._make_box(self.tr("The layout whose points are the rows"))
        self.target = self._make_box(self.tr("The layout whose points are the columns"))
        choice = QHBoxLayout()
        choice.setSpacing(GAP)
        for text, box in ((self.tr("From"), self.source), (self.tr("to"), self.target)):
            label = QLabel(text)
            label.setBuddy(box)
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
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GAP)
        rows.addLayout(choice)
        rows.addLayout(blur)

    @property
    def layouts(self) -> tuple[Layout, ...]:
        """The document's layouts, among which to choose."""
        return self._layouts

    @property
    def chosen(self) -> tuple[Layout, Layout] | None:
        """The layouts "from" and "to"; None where the document has fewer than two."""
        source, target = self.source.currentIndex(), self.target.currentIndex()
        if len(self._layouts) < 2 or min(source, target) < 0 or max(source, target) >= len(self._layouts):
            return None
        return self._layouts[source], self._layouts[target]

    @property
    def blur(self) -> float:
        """√ε in cells."""
        return float(10.0 ** (self.slider.value() / STEPS))

    def show_document(self, document: MapDocument) -> None:
        """Offer a document's layouts; the chosen ones stay chosen where they are still there."""
        if document.shape != self._shape:
            self._show_range(document.shape)
        if document.layouts is self._layouts:
            return
        before, count, self._layouts = self.chosen, len(self._layouts), document.layouts
        names = [layout.name for layout in document.layouts]
        boxes = self.source, self.target
        first, second = (_index_now(names, box.currentText(), box.currentIndex(), count) for box in boxes)
        first = _first_index_but(second, len(names)) if first is None else first
        second = _first_index_but(first, len(names)) if second is None else second
        self._offer(self.source, first)
        self._offer(self.target, second)
        if self.chosen != before:
            self.changed.emit()

    def choose(self, from_name: str, to_name: str) -> None:
        """Choose two layouts, as the designer does. Raises ValueError if the document has none of a name."""
        names = [layout.name for layout in self._layouts]
        source, target = names.index(from_name), names.index(to_name)
        with QSignalBlocker(self.source), QSignalBlocker(self.target):
            self.source.setCurrentIndex(source)
            self.target.setCurrentIndex(target)
        self.layouts_chosen.emit()

    def _make_box(self, tip: str) -> QComboBox:
        box = QComboBox()
        box.setToolTip(tip)
        box.setAccessibleName(tip)
        box.setMinimumHeight(TARGET)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(5)
        box.currentIndexChanged.connect(self.layouts_chosen)
        return box

    def _offer(self, box: QComboBox, chosen: int) -> None:
        with QSignalBlocker(box):
            box.clear()
            for layout in self._layouts:
                box.addItem(swatch(layout.colour), layout.name)
            box.setCurrentIndex(chosen)

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

    def _change_blur(self) -> None:
        self.blur_value.setText(self._cells(self.blur))
        tip = self.tr(
            "How far a point's weight may be smeared, in cells.<br>It is √ε: the entropic regularisation ε is "
            "{:.3g}, in the unit of the costs, which are squared distances."
        ).format(self.blur**2)
        for widget in (self.slider, self.blur_value):
            widget.setToolTip(tip)
        self.changed.emit()

    def _cells(self, length: float) -> str:
        shown = f"{length:.3g}"
        return self.tr("{} cell").format(shown) if shown == "1" else self.tr("{} cells").format(shown)


def _index_now(names: Sequence[str], name: str, index: int, count: int) -> int | None:
    """Return where an entry is now that was at `index` of `count`; None if it is gone."""
    if 0 <= index < len(names) and names[index] == name:
        return index
    if name in names:
        return names.index(name)
    return index if len(names) == count and index >= 0 else None  # renamed


def _first_index_but(other: int | None, count: int) -> int:
    """Return the first index below `count` that is not `other`; failing that the last, −1 for none."""
    return next((index for index in range(count) if index != other), count - 1)
