"""A form built from a settings class: one control for each setting, of the kind that its default asks for."""

from __future__ import annotations

import dataclasses
from math import isfinite
from typing import Any

from PySide6.QtCore import QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QValidator
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.scenarios.settings import Setting, settings_of
from app.widgets.parts import Check
from maps.document import MapDocument

_NONE = -1.0  # the place of "none" on an optional number's scale


class SettingsForm(QWidget):
    """Controls for every setting of a class; what is seldom needed folds under "More"."""

    changed = Signal()

    def __init__(self, kind: type[Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = kind
        self._entries = settings_of(kind)
        self._running = False
        self._folded = QWidget()
        basic, more = QFormLayout(), QFormLayout(self._folded)
        self._rows: dict[str, QFormLayout] = {}
        self.controls: dict[str, QWidget] = {}
        for layout in (basic, more):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setVerticalSpacing(6)
            layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, (setting, default) in self._entries.items():
            control = _control(setting, default)
            control.setToolTip(setting.tip)
            control.setAccessibleName(setting.text)
            control.setMinimumHeight(24)
            label = QLabel(setting.text)
            label.setToolTip(setting.tip)
            label.setBuddy(control)
            form = more if setting.more else basic
            form.addRow(label, control)
            self._rows[name], self.controls[name] = form, control
            _changed_signal(control).connect(self._tell)
        self.more = QToolButton(text=self.tr("More"), checkable=True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setAutoRaise(True)
        self.more.setMinimumHeight(24)
        self.more.setToolTip(self.tr("Settings that are seldom needed"))
        self.more.toggled.connect(self._fold)
        self._folded.setVisible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(6)
        whole.addLayout(basic)
        if more.rowCount():
            whole.addWidget(self.more)
            whole.addWidget(self._folded)
        self._enable()

    def values(self) -> Any:
        """The settings as they stand."""
        return self._kind(**{name: _value(control) for name, control in self.controls.items()})

    def show_values(self, settings: Any) -> None:
        """Set every control from a value of the settings class."""
        for entry in dataclasses.fields(settings):
            self.set_value(entry.name, getattr(settings, entry.name))

    def set_value(self, name: str, value: Any) -> None:
        """Set one control."""
        _set_value(self.controls[name], value)

    def label_of(self, name: str) -> str:
        """What a setting is called on the form."""
        return self._entries[name][0].text

    def text_of(self, name: str, value: float | str) -> str:
        """How a value of a setting reads on the form."""
        choices = self._entries[name][0].choices or {}
        return choices.get(str(value), str(value)) if isinstance(value, str) else f"{value:g}"

    def show_document(self, document: MapDocument) -> None:
        """Say what "none" means on this map, where it is a number of the map."""
        for name, (setting, _) in self._entries.items():
            control = self.controls[name]
            if setting.as_is is not None and isinstance(control, OptionalNumber):
                control.show_none(*setting.as_is(document))
            elif isinstance(control, DocumentChoice):
                control.show_entries(setting.entries(document) if setting.entries else {})

    def set_running(self, running: bool) -> None:
        """Settings rest while a run is under way."""
        self._running = running
        self._enable()

    def _tell(self) -> None:
        self._enable()
        self.changed.emit()

    def _enable(self) -> None:
        settings = self.values()
        for name, (setting, _) in self._entries.items():
            control = self.controls[name]
            self._rows[name].setRowVisible(control, not setting.unused(settings))
            control.setEnabled(not self._running)
            rests = self.tr("Settings rest during a run; stop it first.")
            control.setToolTip(f"{setting.tip}.<br><i>{rests}</i>" if self._running else setting.tip)

    def _fold(self, shown: bool) -> None:
        self._folded.setVisible(shown)
        self.more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)


class OptionalNumber(QDoubleSpinBox):
    """A number or none. None shows what it stands for; clearing the field brings it back."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(decimals=4, minimum=_NONE, maximum=setting.most, singleStep=setting.single_step)
        self._least = setting.least
        self._instead = setting.least
        self.setValue(_NONE)
        self.setSpecialValueText(" ")
        self.editingFinished.connect(self._keep_in_range)

    def show_none(self, text: str, number: float) -> None:
        """What "none" stands for, in words and as a number; 0 if only the run will know."""
        self._instead = number
        self.setSpecialValueText(f"{number:.6g} ({text})" if number else text)

    def number(self) -> float | None:
        """The number, None for none."""
        return None if self.value() <= _NONE else max(self.value(), self._least)

    def stepBy(self, steps: int) -> None:
        if self.number() is None:
            self.setValue(self._instead)
        self.setValue(max(self.value() + steps * self.singleStep(), self._least))

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled

    def textFromValue(self, value: float) -> str:
        return _plain(value, self.decimals())

    def validate(self, text: str, position: int) -> object:
        if not text.strip():
            return QValidator.State.Acceptable, text, position
        return super().validate(text, position)

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(text) if text.strip() else _NONE

    def _keep_in_range(self) -> None:
        if _NONE < self.value() < self._least:
            self.setValue(self._least)


class Number(QDoubleSpinBox):
    """A number without trailing zeros."""

    def textFromValue(self, value: float) -> str:
        return _plain(value, self.decimals())


class Numbers(QLineEdit):
    """Some numbers, separated by commas or blanks."""

    def numbers(self) -> tuple[float, ...]:
        """The finite numbers as typed; what is none is left out, and disappears when the field is left."""
        values: list[float] = []
        for word in self.text().replace(";", " ").replace(",", " ").split():
            value, good = QLocale.c().toDouble(word)
            if good and isfinite(value):
                values.append(value)
        return tuple(values)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.show_numbers(self.numbers())  # what was understood

    def show_numbers(self, numbers: tuple[float, ...]) -> None:
        """Show these."""
        self.setText(", ".join(f"{number:g}" for number in numbers))


class DocumentChoice(QComboBox):
    """A choice among what the document has."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(self.tr("none in this map"))

    def show_entries(self, entries: dict[str, str]) -> None:
        """Offer these, keeping the chosen one where it is still there."""
        chosen = self.currentData()
        self.blockSignals(True)
        self.clear()
        for key, text in entries.items():
            self.addItem(text, key)
        at = self.findData(chosen)
        self.setCurrentIndex(at if at >= 0 else min(0, self.count() - 1))
        self.blockSignals(False)


class FilePath(QWidget):
    """The name of a file, with a button to look for it."""

    changed = Signal()

    def __init__(self, pattern: str, title: str) -> None:
        super().__init__()
        self._pattern, self._title = pattern.removeprefix(">"), title
        self._writes = pattern.startswith(">")
        self.field = QLineEdit()
        self.field.setClearButtonEnabled(True)
        self.browse = QToolButton(text="…")
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


class _NoWheel(QObject):
    """A wheel over a control that is not in use scrolls the panel instead of changing the control."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def _control(setting: Setting, default: Any) -> QWidget:
    if setting.path:
        control: QWidget = FilePath(setting.path, setting.text)
    elif setting.entries is not None:
        control = DocumentChoice()
    elif setting.choices:
        control = QComboBox()
        for key, text in setting.choices.items():
            control.addItem(text, key)
    elif isinstance(default, bool):
        control = Check()
    elif isinstance(default, int):
        most = int(min(setting.most, 2**31 - 1))
        control = QSpinBox(minimum=int(setting.least), maximum=most, singleStep=max(1, round(setting.single_step)))
    elif isinstance(default, float):
        control = Number(decimals=4, minimum=setting.least, maximum=setting.most, singleStep=setting.single_step)
    elif isinstance(default, tuple):
        control = Numbers()
        control.setPlaceholderText("12.5, 40")
    else:
        control = OptionalNumber(setting)
    if isinstance(control, (QSpinBox, QDoubleSpinBox)) and setting.unit:
        control.setSuffix(f" {setting.unit}")
    if isinstance(control, (QComboBox, QAbstractSpinBox)):
        control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        control.installEventFilter(_NoWheel(control))
    if isinstance(control, QComboBox):
        control.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        control.setMinimumContentsLength(8)
    if default is not None:
        _set_value(control, default)
    return control


def _value(control: QWidget) -> Any:
    if isinstance(control, FilePath):
        return control.field.text().strip()
    if isinstance(control, OptionalNumber):
        return control.number()
    if isinstance(control, (QSpinBox, QDoubleSpinBox)):
        return control.value()
    if isinstance(control, QComboBox):
        return control.currentData() or ""
    if isinstance(control, Numbers):
        return control.numbers()
    assert isinstance(control, QCheckBox)
    return control.isChecked()


def _set_value(control: QWidget, value: Any) -> None:
    if isinstance(control, FilePath):
        control.field.setText(value)
    elif isinstance(control, QDoubleSpinBox):
        control.setValue(_NONE if value is None else value)
    elif isinstance(control, QSpinBox):
        control.setValue(value)
    elif isinstance(control, QComboBox):
        control.setCurrentIndex(max(control.findData(value), 0))
    elif isinstance(control, Numbers):
        control.show_numbers(value)
    else:
        assert isinstance(control, QCheckBox)
        control.setChecked(value)


def _changed_signal(control: QWidget) -> Any:
    if isinstance(control, FilePath):
        return control.changed
    if isinstance(control, QComboBox):
        return control.currentIndexChanged
    if isinstance(control, QLineEdit):
        return control.textChanged
    if isinstance(control, QCheckBox):
        return control.toggled
    assert isinstance(control, (QSpinBox, QDoubleSpinBox))
    return control.valueChanged


def _plain(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text
