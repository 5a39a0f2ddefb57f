"""The run card: which scenario, start and stop, the headline, what to do with the result, and the settings."""

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
from app.run.shown import Headline
from app.scenarios import SCENARIOS
from app.scenarios.scenario import AnyScenario, ScenarioSettings
from app.scenarios.words import KEPT_MEANS, with_term
from app.widgets.parts import ElidedLabel, tabular
from app.widgets.settings_form import SettingsForm
from engine.core.errors import SuggestedFix, apply_fix
from maps.document import MapDocument


class RunPanel(QWidget):
    """Settings and buttons; the window decides what a click means."""

    run_clicked = Signal()
    step_clicked = Signal()
    stop_clicked = Signal()
    apply_clicked = Signal()
    revert_clicked = Signal()
    fix_clicked = Signal()
    targets_shown = Signal(bool)  # whether each route has a target of its own

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
        self.fix = QPushButton()
        self.fix.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # words do not widen the dock
        self.fix.hide()
        for button in (self.step, self.stop, self.apply, self.revert, self.fix):
            button.setMinimumHeight(26)
        self.headline = _wrapped()
        font = self.headline.font()
        font.setPointSizeF(font.pointSizeF() * 1.35)
        font.setBold(True)
        self.headline.setFont(font)
        self.headline.setObjectName("headline")
        self.headline.setToolTip(KEPT_MEANS)
        self.subject = _wrapped()  # of what the headline speaks, where that is not plain
        self.subject.setProperty("dim", True)
        self.progress = ElidedLabel()  # how far the run is
        self.progress.setFont(tabular(self.progress.font()))
        self.message = _wrapped()
        for label in (self.progress, self.headline, self.subject, self.message):
            label.hide()  # until there is something to say

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
        layout.addWidget(self.progress)
        layout.addWidget(self.headline)
        layout.addWidget(self.subject)
        layout.addWidget(self.message)
        layout.addWidget(self.fix)
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
            (self.fix, self.fix_clicked),
        ):
            clicked.clicked.connect(signal)
        self.scenario_box.currentIndexChanged.connect(self._show_scenario)
        self._show_scenario()

    @property
    def scenario(self) -> AnyScenario:
        """Return the chosen scenario."""
        return SCENARIOS[self.scenario_box.currentData()]

    @property
    def form(self) -> SettingsForm:
        """Return the form of the chosen scenario's settings."""
        return self._forms[self.scenario_box.currentData()]

    def settings(self) -> ScenarioSettings:
        """Return a value of the scenario's settings class."""
        return self.form.values()

    def apply_fix(self, fix: SuggestedFix) -> None:
        """Change the setting that a refusal named to the value that it suggested."""
        self.form.show_values(apply_fix(self.settings(), fix))

    def choose(self, scenario: str) -> None:
        """Choose a scenario by its name."""
        self.scenario_box.setCurrentIndex(self.scenario_box.findData(scenario))

    def take_up(self, scenario: AnyScenario, settings: ScenarioSettings) -> None:
        """Choose a scenario with these settings."""
        self.choose(scenario.name)
        self.form.show_values(settings)

    def set_targets(self, targets: tuple[float, ...]) -> None:
        """Give the routes the path costs that they should have."""
        self.form.show_values(self.scenario.with_targets(self.settings(), targets))

    def show_document(self, document: MapDocument) -> None:
        """Let the settings say what the map has."""
        self._document = document
        self.form.show_document(document)

    def show_run(self, run: RunModel, *, can_apply: bool, lacks: str, step: int | None = None) -> None:
        """Show the words and the buttons that suit the state of a run.

        lacks: what the map lacks for a run of the chosen scenario; empty where one can start.
        step: the earlier one in view, which is what would be applied; None for the result.
        """
        lacks = "" if run.busy else lacks
        texts = {"running": self.tr("Pause"), "paused": self.tr("Resume")}
        self.run.setText(texts.get(run.state, self.tr("Run")))
        self.scenario_box.setEnabled(not run.busy)
        for form in self._forms.values():
            form.set_running(run.busy)
        first = self.tr("Start a run first")
        refused = self.tr("The run cannot take the last edit up; change the map so that it can, or undo")
        _enable(self.run, not run.refused and not lacks, self.tr("Run or pause (Ctrl+Enter)"), lacks or refused)
        waits = refused if run.refused else first
        _enable(self.step, run.busy and not run.refused, self.tr("One step, then pause"), waits)
        _enable(self.stop, run.busy, self.tr("End the run; its best stays"), first)
        what = self.tr("the best") if step is None else self.tr("step {}, which is in view,").format(step)
        ended = run.state in ("ended", "failed")
        reason = self.tr("Stop the run first") if run.busy else first
        _enable(
            self.apply,
            can_apply,
            self.tr("Take {} over into the map, as one undo step").format(what),
            self.tr("The run has no result, or the map shows it already") if ended else reason,
        )
        _enable(self.revert, ended, self.tr("Show the map as it was drawn; the result stays in Results"), reason)
        self.fix.setVisible(run.fix is not None)
        if run.fix is not None:
            kind = self.form.kind_of(run.fix.setting)
            self.fix.setText(self.tr("Set “{}” to {}").format(kind.text, kind.text_of(run.fix.value)))
            self.fix.setToolTip(self.fix.text())
        message = lacks or run.message
        self.message.setText(message[:1].upper() + message[1:])
        self.message.setVisible(bool(message))

    def show_progress(self, words: str) -> None:
        """Show how far the run is; nothing where none is under way."""
        self.progress.setText(words)
        self.progress.setToolTip(words)
        self.progress.setVisible(bool(words))

    def show_headline(self, headline: Headline) -> None:
        """Show a score, and of what it is; a stale one is dim."""
        self.headline.setText(headline.words)
        self.headline.setVisible(bool(headline.words))
        self.subject.setText(headline.subject)
        self.subject.setVisible(bool(headline.words))  # its line stays, so that nothing below it jumps
        if headline.stale != bool(self.headline.property("dim")):
            self.headline.setProperty("dim", headline.stale)
            self.headline.style().unpolish(self.headline)
            self.headline.style().polish(self.headline)

    def _show_scenario(self) -> None:
        name = self.scenario_box.currentData()
        if name not in self._forms:
            self._forms[name] = SettingsForm(SCENARIOS[name].settings)
            self._form_place.insertWidget(0, self._forms[name])
            self._forms[name].changed.connect(self._tell_targets)
        for other, form in self._forms.items():
            form.setVisible(other == name)
        if self._document is not None:
            self.form.show_document(self._document)
        self.summary.setText(self.scenario.summary)
        self.summary.setToolTip(with_term(self.scenario.summary, self.scenario.term))
        self._tell_targets()

    def _tell_targets(self) -> None:
        self.targets_shown.emit(self.scenario.aims_at_targets(self.settings()))


def _wrapped() -> QLabel:
    label = QLabel(wordWrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _enable(button: QPushButton, on: bool, tip: str, reason: str) -> None:
    button.setEnabled(on)
    button.setToolTip(tip if on else reason)
