"""Fields to enter numbers and names of files."""

from __future__ import annotations

from math import isfinite

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QFocusEvent, QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QDoubleSpinBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QToolButton,
    QWidget,
)

_ONE = {"cells": "cell"}  # units that have another word for one
_NONE = -1.0  # the place of "none" on an optional number's scale


class Number(QDoubleSpinBox):
    """A number without trailing zeros."""

    _unit = ""

    def set_unit(self, unit: str) -> None:
        """Show a unit behind the number, one cell but several cells."""
        self._unit = unit
        self.valueChanged.connect(self._show_unit)
        self._show_unit()

    def setValue(self, value: float) -> None:
        """Show a number, with its unit also while signals are blocked."""
        super().setValue(value)
        if self._unit:
            self._show_unit()

    def _show_unit(self) -> None:
        unit = _ONE.get(self._unit, self._unit) if self.value() == 1.0 else self._unit
        self.setSuffix(f" {unit}" if unit else "")

    def textFromValue(self, value: float) -> str:
        """Return the number without trailing zeros."""
        return _plain(value, self.decimals())


class OptionalNumber(QDoubleSpinBox):
    """A number or none. None shows what it stands for; clearing the field brings it back."""

    def __init__(self, least: float, most: float, single_step: float) -> None:
        super().__init__(decimals=4, minimum=_NONE, maximum=most, singleStep=single_step)
        self._least = least
        self._instead = least
        self.setValue(_NONE)
        self.setSpecialValueText(" ")
        self.editingFinished.connect(self._keep_in_range)

    def show_none(self, text: str, number: float | None) -> None:
        """Show what "none" stands for, in words and as a number; None if only the run will know."""
        self._instead = self._least if number is None else number
        self.setSpecialValueText(text if number is None else f"{number:.6g} ({text})")

    def number(self) -> float | None:
        """Return the number, None for none."""
        return None if self.value() <= _NONE else max(self.value(), self._least)

    def set_number(self, number: float | None) -> None:
        """Show a number, or none."""
        self.setValue(_NONE if number is None else number)

    def stepBy(self, steps: int) -> None:
        """Step from the number, or from the one that none stands for."""
        if self.number() is None:
            self.setValue(self._instead)
        self.setValue(max(self.value() + steps * self.singleStep(), self._least))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Let both buttons step, also from none."""
        return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled

    def textFromValue(self, value: float) -> str:
        """Return the number without trailing zeros."""
        return _plain(value, self.decimals())

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Accept an empty field, which is none."""
        if not text.strip():
            return QValidator.State.Acceptable, text, position
        return super().validate(text, position)

    def valueFromText(self, text: str) -> float:
        """Return the number of a text; an empty one is none."""
        return super().valueFromText(text) if text.strip() else _NONE

    def _keep_in_range(self) -> None:
        if _NONE < self.value() < self._least:
            self.setValue(self._least)


class Numbers(QLineEdit):
    """Some numbers, separated by commas or blanks."""

    def numbers(self) -> tuple[float, ...]:
        """Return the finite numbers as typed; what is none is left out, and disappears when the field is left."""
        values: list[float] = []
        for word in self.text().replace(";", " ").replace(",", " ").split():
            value, good = QLocale.c().toDouble(word)
            if good and isfinite(value):
                values.append(value)
        return tuple(values)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show what was understood."""
        super().focusOutEvent(event)
        self.show_numbers(self.numbers())

    def show_numbers(self, numbers: tuple[float, ...]) -> None:
        """Show these numbers."""
        self.setText(", ".join(f"{number:g}" for number in numbers))


class FilePath(QWidget):
    """The name of a file, with a button to look for it. writes: whether the file is to be written."""

    changed = Signal()

    def __init__(self, title: str, pattern: str, writes: bool) -> None:
        super().__init__()
        self._title, self._pattern, self._writes = title, pattern, writes
        self.field = QLineEdit()
        self.field.setClearButtonEnabled(True)
        self.browse = QToolButton()
        self.browse.setText("…")
        self.browse.setMinimumSize(24, 24)
        self.browse.setToolTip(self.tr("Look for the file"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.browse)
        self.setFocusProxy(self.field)
        self.field.textChanged.connect(self.changed)
        self.browse.clicked.connect(self._look)

    def _look(self) -> None:
        ask = QFileDialog.getSaveFileName if self._writes else QFileDialog.getOpenFileName
        name, _ = ask(self, self._title, self.field.text(), self._pattern)
        if name:
            self.field.setText(name)


def _plain(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text
