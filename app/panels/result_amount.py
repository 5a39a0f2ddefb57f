"""How much of a result's change is in view: a slider under the list of results."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QWidget

from app.widgets.parts import GAP, tabular


class ResultAmount(QWidget):
    """A slider from the map that a run began with to the result that it left."""

    amount_wanted = Signal(float)  # from 0 to 1

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = self.tr("How much of the result's change is in view, and applied; its total cost stays the same")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setPageStep(10)
        self.slider.setAccessibleName(self.tr("How much of the change"))
        self.slider.setToolTip(tip)
        self.slider.valueChanged.connect(self._change)
        self._value = QLabel()
        self._value.setFont(tabular(self._value.font()))
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("100 %"))
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        label = QLabel(self.tr("Change"))
        label.setToolTip(tip)
        label.setBuddy(self.slider)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        row.addWidget(label)
        row.addWidget(self.slider, 1)
        row.addWidget(self._value)

    def show_amount(self, amount: float) -> None:
        """Show an amount from 0 to 1."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(round(100.0 * amount))
        self._value.setText(f"{round(100.0 * amount)} %")

    def _change(self, per_cent: int) -> None:
        self._value.setText(f"{per_cent} %")
        self.amount_wanted.emit(per_cent / 100.0)
