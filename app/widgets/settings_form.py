"""A form built from a settings class: one control for each setting, of the setting's kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.scenarios.settings import Setting, settings_of
from app.scenarios.words import with_term
from app.widgets.setting_controls import CONTROLS, Control

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from maps.document import MapDocument


class SettingsForm(QWidget):
    """Controls for every setting of a class; how the engine computes folds under "Engine".

    controls: by the name of the setting's field.
    """

    changed = Signal()

    def __init__(self, settings_class: type[DataclassInstance], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._class = settings_class
        self._kinds = settings_of(settings_class)
        self._running = False
        self._folded = QWidget()
        basic, more = QFormLayout(), QFormLayout(self._folded)
        self._rows: dict[str, QFormLayout] = {}
        self.controls: dict[str, Control[Any]] = {}
        for layout in (basic, more):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setVerticalSpacing(6)
            layout.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, kind in self._kinds.items():
            self._rows[name] = more if kind.more else basic
            self.controls[name] = self._add_row(self._rows[name], kind)
        self.show_values(settings_class())
        for control in self.controls.values():
            control.changed.connect(self._tell)
        self.more = QToolButton()
        self.more.setText(self.tr("Engine"))
        self.more.setCheckable(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setAutoRaise(True)
        self.more.setMinimumHeight(24)
        self.more.setToolTip(self.tr("How the run computes; it does well without a change here"))
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
        """Return the settings as they stand, a value of the settings class."""
        return self._class(**{name: control.value() for name, control in self.controls.items()})

    def show_values(self, settings: DataclassInstance) -> None:
        """Set every control from a value of the settings class."""
        values = vars(settings)
        for name, control in self.controls.items():
            control.set_value(values[name])

    def kind_of(self, name: str) -> Setting[Any]:
        """Return the kind of a setting, which knows its label and how its values read."""
        return self._kinds[name]

    def show_document(self, document: MapDocument) -> None:
        """Let controls offer what the map has, and say what none means on it."""
        for control in self.controls.values():
            control.show_document(document)

    def set_running(self, running: bool) -> None:
        """Let settings rest while a run is under way."""
        self._running = running
        self._enable()

    def _add_row(self, form: QFormLayout, kind: Setting[Any]) -> Control[Any]:
        control = CONTROLS[type(kind)](kind)
        control.setParent(self)
        widget = control.widget
        tip = with_term(kind.tip, kind.term)
        widget.setToolTip(tip)
        widget.setAccessibleName(kind.text)
        widget.setAccessibleDescription(tip)
        widget.setMinimumHeight(24)
        label = QLabel(kind.text)
        label.setToolTip(tip)
        label.setBuddy(widget)
        form.addRow(label, widget)
        return control

    def _tell(self) -> None:
        self._enable()
        self.changed.emit()

    def _enable(self) -> None:
        settings = self.values()
        for name, kind in self._kinds.items():
            widget = self.controls[name].widget
            self._rows[name].setRowVisible(widget, not kind.unused(settings))
            widget.setEnabled(not self._running)
            rests = self.tr("Settings rest during a run; stop it first.")
            tip = with_term(kind.tip, kind.term)
            widget.setToolTip(f"{tip}.<br><i>{rests}</i>" if self._running else tip)

    def _fold(self, shown: bool) -> None:
        self._folded.setVisible(shown)
        self.more.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
