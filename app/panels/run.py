"""The run card: which scenario, start and stop, the headline, what to do with the result, and the settings."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.run.model import RunModel
from app.run.worker import Mend
from app.scenarios import SCENARIOS
from app.scenarios.scenario import Scenario
from app.widgets.settings_form import SettingsForm
from maps.document import MapDocument


class RunPanel(QWidget):
    """Settings and buttons; the window decides what a click means."""

    run_clicked = Signal()
    step_clicked = Signal()
    stop_clicked = Signal()
    apply_clicked = Signal()
    revert_clicked = Signal()
    mend_clicked = Signal()
    aim_changed = Signal(bool)  # whether each route has a target of its own

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: MapDocument | None = None
        self._forms: dict[str, SettingsForm] = {}
        self.scenario_box = QComboBox()
        for name, entry in SCENARIOS.items():
            self.scenario_box.addItem(entry.title, name)
        self.scenario_box.setMinimumHeight(26)
        self.scenario_box.setAccessibleName(self.tr("Scenario"))
        self.summary = _wrapped()
        self.summary.setProperty("dim", True)

        self.run = QPushButton(self.tr("Run"))
        self.run.setObjectName("primary")
        self.run.setMinimumHeight(34)
        self.step = QPushButton(self.tr("Step"))
        self.stop = QPushButton(self.tr("Stop"))
        self.apply = QPushButton(self.tr("Apply"))
        self.revert = QPushButton(self.tr("Revert"))
        self.mend = QPushButton()
        for button in (self.step, self.stop, self.apply, self.revert, self.mend):
            button.setMinimumHeight(26)
        self.headline = _wrapped()
        font = self.headline.font()
        font.setPointSizeF(font.pointSizeF() * 1.35)
        font.setBold(True)
        self.headline.setFont(font)
        self.headline.setObjectName("headline")
        self.sentence = _wrapped()

        self._form_place = QVBoxLayout()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self.scenario_box)
        layout.addWidget(self.summary)
        for row in ((self.run,), (self.step, self.stop, self.apply, self.revert)):
            line = QHBoxLayout()
            line.setSpacing(4)
            for button in row:
                button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
                line.addWidget(button)
            layout.addLayout(line)
        layout.addWidget(self.headline)
        layout.addWidget(self.sentence)
        layout.addWidget(self.mend)
        inner = QWidget()
        inner.setLayout(self._form_place)
        self._form_place.setContentsMargins(0, 4, 4, 0)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        layout.addWidget(scroll, 1)
        self._form_place.addStretch(1)
        for clicked, signal in (
            (self.run, self.run_clicked),
            (self.step, self.step_clicked),
            (self.stop, self.stop_clicked),
            (self.apply, self.apply_clicked),
            (self.revert, self.revert_clicked),
            (self.mend, self.mend_clicked),
        ):
            clicked.clicked.connect(signal)
        self.scenario_box.currentIndexChanged.connect(self._show_scenario)
        self._show_scenario()

    @property
    def scenario(self) -> Scenario:
        """The chosen scenario."""
        return SCENARIOS[self.scenario_box.currentData()]

    @property
    def form(self) -> SettingsForm:
        """Its settings."""
        return self._forms[self.scenario_box.currentData()]

    def settings(self) -> Any:
        """A value of the scenario's settings class."""
        return self.form.values()

    def choose(self, scenario: str) -> None:
        """Choose a scenario by its name."""
        self.scenario_box.setCurrentIndex(self.scenario_box.findData(scenario))

    def apply_fix(self, fix: Mend) -> None:
        """Give the setting that kept a run from starting the value that was suggested."""
        self.form.set_value(fix.setting, fix.value)

    def show_document(self, document: MapDocument) -> None:
        """Let the settings say what the map has."""
        self._document = document
        self.form.show_document(document)

    def show_run(self, run: RunModel) -> None:
        """Words and buttons for the state of a run."""
        texts = {"running": self.tr("Pause"), "paused": self.tr("Resume")}
        self.run.setText(texts.get(run.state, self.tr("Run")))
        self.scenario_box.setEnabled(not run.busy)
        for form in self._forms.values():
            form.set_running(run.busy)
        first = self.tr("Start a run first")
        refused = self.tr("The run cannot take the last edit up; change the map so that it can, or undo")
        _enable(self.run, not run.refused, self.tr("Run or pause (Ctrl+Enter)"), refused)
        waits = refused if run.refused else first
        _enable(self.step, run.busy and not run.refused, self.tr("One step, then pause"), waits)
        _enable(self.stop, run.busy, self.tr("End the run; its best stays"), first)
        ended = run.state in ("ended", "failed")
        reason = self.tr("Stop the run first") if run.busy else first
        _enable(
            self.apply,
            ended and run.result is not None,
            self.tr("Take the best over into the map, as one undo step"),
            self.tr("The run has no result") if ended else reason,
        )
        _enable(self.revert, ended, self.tr("Drop the run's result and show the map as it was drawn"), reason)
        self.mend.setVisible(run.mend is not None)
        if run.mend is not None:
            name, value = self.form.label_of(run.mend.setting), run.mend.value
            self.mend.setText(self.tr("Set “{}” to {}").format(name, self.form.text_of(run.mend.setting, value)))
        self.show_headline(run)
        self.sentence.setText(run.sentence[:1].upper() + run.sentence[1:])
        self.sentence.setVisible(bool(run.sentence))

    def show_headline(self, run: RunModel) -> None:
        """The figures in words."""
        self.headline.setText(run.headline())
        self.headline.setVisible(bool(self.headline.text()))

    def _show_scenario(self) -> None:
        name = self.scenario_box.currentData()
        if name not in self._forms:
            self._forms[name] = SettingsForm(SCENARIOS[name].settings)
            self._form_place.insertWidget(0, self._forms[name])
            self._forms[name].changed.connect(self._tell_aim)
        for other, form in self._forms.items():
            form.setVisible(other == name)
        if self._document is not None:
            self.form.show_document(self._document)
        self.summary.setText(self.scenario.summary)
        self._tell_aim()

    def _tell_aim(self) -> None:
        self.aim_changed.emit(getattr(self.settings(), "aim", "") == "target")


def _wrapped() -> QLabel:
    label = QLabel(wordWrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _enable(button: QPushButton, on: bool, tip: str, reason: str) -> None:
    button.setEnabled(on)
    button.setToolTip(tip if on else reason)
