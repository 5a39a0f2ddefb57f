"""One control for each kind of setting; `CONTROLS` is the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QSpinBox, QWidget

from app.scenarios import settings as kinds
from app.widgets import fields
from app.widgets.parts import Check

if TYPE_CHECKING:
    from collections.abc import Callable

    from maps.document import MapDocument

Value = TypeVar("Value")

DECIMALS = 4  # of a number's field


class Control(QObject, Generic[Value]):
    """A widget that shows and changes one setting; subclasses say how with `_value`, `_set_value` and so on.

    changed: the designer or `set_value` changed it.
    """

    changed = Signal()

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.widget = widget
        if isinstance(widget, (QComboBox, QAbstractSpinBox)):
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(_NoWheel(widget))

    def value(self) -> Value:
        """Return the value as it stands."""
        return self._value()

    def set_value(self, value: Value) -> None:
        """Show another value."""
        self._set_value(value)

    def show_document(self, document: MapDocument) -> None:
        """Show what the setting means on this map, or what it offers there."""
        self._show_document(document)

    def _value(self) -> Value:
        raise NotImplementedError

    def _set_value(self, value: Value) -> None:
        raise NotImplementedError

    def _show_document(self, document: MapDocument) -> None:
        pass


class ChoiceControl(Control[str]):
    """A list that drops down."""

    def __init__(self, kind: kinds.Choice[Any]) -> None:
        self._box = QComboBox()
        for key, text in kind.choices.items():
            self._box.addItem(text, key)
        super().__init__(_narrow(self._box))
        self._box.currentIndexChanged.connect(self.changed)

    def _value(self) -> str:
        return self._box.currentData()

    def _set_value(self, value: str) -> None:
        self._box.setCurrentIndex(max(self._box.findData(value), 0))


class DocumentChoiceControl(Control[str]):
    """A list of what the document has; the chosen entry stays where another document has it too."""

    def __init__(self, kind: kinds.DocumentChoice) -> None:
        self._kind = kind
        self._wanted = ""  # until a document is shown
        self._box = QComboBox()
        self._box.setPlaceholderText(self._box.tr("none in this map"))
        super().__init__(_narrow(self._box))
        self._box.currentIndexChanged.connect(self.changed)

    def _value(self) -> str:
        return self._box.currentData() or self._wanted

    def _set_value(self, value: str) -> None:
        self._wanted = value
        self._box.setCurrentIndex(max(self._box.findData(value), 0))

    def _show_document(self, document: MapDocument) -> None:
        chosen = self._value()
        self._box.blockSignals(True)
        self._box.clear()
        for key, text in self._kind.entries(document).items():
            self._box.addItem(text, key)
        at = self._box.findData(chosen)
        self._box.setCurrentIndex(at if at >= 0 else min(0, self._box.count() - 1))
        self._box.blockSignals(False)


class NumberControl(Control[float]):
    """A field with arrows. A value that was set is kept to its last digit until the designer changes it."""

    def __init__(self, kind: kinds.Number) -> None:
        self._field = fields.Number(
            decimals=DECIMALS, minimum=kind.least, maximum=kind.most, singleStep=kind.single_step
        )
        self._field.set_unit(kind.unit)
        super().__init__(self._field)
        self._set, self._shown = kind.least, self._field.value()
        self._field.valueChanged.connect(self.changed)

    def _value(self) -> float:
        shown = self._field.value()
        return self._set if shown == self._shown else shown

    def _set_value(self, value: float) -> None:
        self._field.blockSignals(True)
        self._field.setValue(value)
        self._field.blockSignals(False)
        self._set, self._shown = value, self._field.value()
        self.changed.emit()


class OptionalNumberControl(Control[float | None]):
    """A field that may be empty. A value that was set is kept to its last digit until the designer changes it."""

    def __init__(self, kind: kinds.OptionalNumber) -> None:
        self._kind = kind
        self._field = fields.OptionalNumber(kind.least, kind.most, kind.single_step)
        super().__init__(self._field)
        self._set: float | None = None
        self._shown: float | None = None
        self._field.valueChanged.connect(self.changed)

    def _value(self) -> float | None:
        shown = self._field.number()
        return self._set if shown == self._shown else shown

    def _set_value(self, value: float | None) -> None:
        self._field.blockSignals(True)
        self._field.set_number(value)
        self._field.blockSignals(False)
        self._set, self._shown = value, self._field.number()
        self.changed.emit()

    def _show_document(self, document: MapDocument) -> None:
        stands_for = self._kind.stands_for
        self._field.show_none(self._kind.none, None if stands_for is None else stands_for(document))


class WholeControl(Control[int]):
    """A field with arrows for whole numbers."""

    def __init__(self, kind: kinds.Whole) -> None:
        self._field = QSpinBox(minimum=kind.least, maximum=kind.most, singleStep=kind.single_step)
        self._field.setSuffix(f" {kind.unit}" if kind.unit else "")
        super().__init__(self._field)
        self._field.valueChanged.connect(self.changed)

    def _value(self) -> int:
        return self._field.value()

    def _set_value(self, value: int) -> None:
        self._field.setValue(value)


class NumbersControl(Control[tuple[float, ...]]):
    """A line of numbers."""

    def __init__(self, kind: kinds.Numbers) -> None:
        self._field = fields.Numbers()
        self._field.setPlaceholderText("12.5, 40")
        super().__init__(self._field)
        self._field.textChanged.connect(self.changed)

    def _value(self) -> tuple[float, ...]:
        return self._field.numbers()

    def _set_value(self, value: tuple[float, ...]) -> None:
        self._field.show_numbers(value)


class ToggleControl(Control[bool]):
    """A box to tick."""

    def __init__(self, kind: kinds.Toggle) -> None:
        self._box = Check()
        super().__init__(self._box)
        self._box.toggled.connect(self.changed)

    def _value(self) -> bool:
        return self._box.isChecked()

    def _set_value(self, value: bool) -> None:
        self._box.setChecked(value)


class FileControl(Control[str]):
    """The name of a file, with a button that opens the dialog to read or to write it."""

    def __init__(self, kind: kinds.OpenFile) -> None:
        self._path = fields.FilePath(kind.text, kind.pattern, writes=isinstance(kind, kinds.SaveFile))
        super().__init__(self._path)
        self._path.changed.connect(self.changed)

    def _value(self) -> str:
        return self._path.field.text().strip()

    def _set_value(self, value: str) -> None:
        self._path.field.setText(value)


CONTROLS: dict[type[kinds.Setting[Any]], Callable[[Any], Control[Any]]] = {
    kinds.Choice: ChoiceControl,
    kinds.DocumentChoice: DocumentChoiceControl,
    kinds.Number: NumberControl,
    kinds.OptionalNumber: OptionalNumberControl,
    kinds.Whole: WholeControl,
    kinds.Numbers: NumbersControl,
    kinds.Toggle: ToggleControl,
    kinds.OpenFile: FileControl,
    kinds.SaveFile: FileControl,
}


class _NoWheel(QObject):
    """A wheel over a control that is not in use scrolls the panel instead of changing the control."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


def _narrow(box: QComboBox) -> QComboBox:
    """Let a list be narrower than its longest entry."""
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    return box
