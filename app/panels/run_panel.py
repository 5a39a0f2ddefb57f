"""The run card: what is wanted, how to run, the headline, and what to do with the result."""

from typing import get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGridLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.problems import Wishes
from app.run_model import RunModel
from app.solving import Effort, MethodName
from maps.document import MapDocument

AIMS = {"longer": "Longer paths", "shorter": "Shorter paths", "longer_minimum": "The shortest route longer"}
METHODS = {
    "logit": "Soft paths (logit)",
    "bregman": "Entropic flow (Bregman)",
    "exact": "Exact path",
    "optimum": "True optimum (primal–dual)",
}
SYMMETRIES = {
    "none": "None",
    "left_right": "Mirror left and right",
    "top_bottom": "Mirror top and bottom",
    "four_way": "Mirror both ways",
    "half_turn": "Half turn",
    "quarter_turn": "Quarter turns",
    "diagonal": "Mirror on the diagonal",
}
assert set(METHODS) == set(get_args(MethodName))


class RunPanel(QWidget):
    """Settings and buttons; the window decides what a click means."""

    run_clicked = Signal()
    step_clicked = Signal()
    stop_clicked = Signal()
    apply_clicked = Signal()
    discard_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.aim = _choice(AIMS, self.tr("What becomes of the weighted sum of all routes' path costs"))
        self.method = _choice(
            METHODS, self.tr("How the path is made soft so that it can be improved (regularisation)")
        )
        self.symmetry = _choice(SYMMETRIES, self.tr("A symmetry that the optimised costs keep exactly"))
        self.lower = _number(0.001, 1e6, 0.2, self.tr("Least cost to cross a cell"))
        self.upper = _number(0.001, 1e6, 5.0, self.tr("Greatest cost to cross a cell"))
        self.budget = _number(0.0, 1e9, 0.0, self.tr("Total cost of all passable cells; 0 keeps the drawn total"))
        self.budget.setSpecialValueText(self.tr("as drawn"))
        self.steps = QSpinBox(minimum=1, maximum=100_000, value=400, singleStep=100)
        self.steps.setToolTip(self.tr("Steps of Adam; the optimum ignores them and runs to a gap of 0.05 %"))
        self.seed = QSpinBox(minimum=0, maximum=10**9)
        self.seed.setToolTip(self.tr("The same seed gives the same map, byte for byte (CPU)"))

        self.run = QPushButton(self.tr("Run"))
        self.run.setDefault(True)
        self.run.setMinimumHeight(32)
        self.step = QPushButton(self.tr("Step"))
        self.stop = QPushButton(self.tr("Stop"))
        self.apply = QPushButton(self.tr("Apply"))
        self.apply.setToolTip(self.tr("Take the best map over as one undo step"))
        self.discard = QPushButton(self.tr("Discard"))
        self.discard.setToolTip(self.tr("Back to the drawn map"))
        self.headline = QLabel()
        self.headline.setWordWrap(True)
        font = self.headline.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        font.setBold(True)
        self.headline.setFont(font)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)

        form = QFormLayout()
        for text, field in (
            (self.tr("Aim"), self.aim),
            (self.tr("Method"), self.method),
            (self.tr("Total cost"), self.budget),
            (self.tr("Least cost"), self.lower),
            (self.tr("Greatest cost"), self.upper),
            (self.tr("Symmetry"), self.symmetry),
            (self.tr("Steps"), self.steps),
            (self.tr("Seed"), self.seed),
        ):
            form.addRow(text, field)
        buttons = QGridLayout()
        buttons.addWidget(self.run, 0, 0, 1, 2)
        buttons.addWidget(self.step, 1, 0)
        buttons.addWidget(self.stop, 1, 1)
        buttons.addWidget(self.apply, 2, 0)
        buttons.addWidget(self.discard, 2, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addWidget(self.headline)
        layout.addWidget(self.sentence)
        layout.addStretch(1)
        for button, signal in (
            (self.run, self.run_clicked),
            (self.step, self.step_clicked),
            (self.stop, self.stop_clicked),
            (self.apply, self.apply_clicked),
            (self.discard, self.discard_clicked),
        ):
            button.clicked.connect(signal)

    def show_document(self, document: MapDocument) -> None:
        """Take the bounds of a newly opened map as the settings."""
        self.lower.setValue(document.bounds.lower)
        self.upper.setValue(document.bounds.upper)

    def wishes(self) -> Wishes:
        """What is asked for."""
        return Wishes(
            aim=self.aim.currentData(),
            budget=self.budget.value() or None,
            lower=self.lower.value(),
            upper=self.upper.value(),
            symmetry=self.symmetry.currentData(),
        )

    def effort(self) -> Effort:
        """How to run."""
        return Effort(self.method.currentData(), self.steps.value(), self.seed.value())

    def show_run(self, run: RunModel) -> None:
        """Words and buttons for the state of a run."""
        texts = {"running": self.tr("Pause"), "paused": self.tr("Resume")}
        self.run.setText(texts.get(run.state, self.tr("Run")))
        self.step.setEnabled(run.busy)
        self.stop.setEnabled(run.busy)
        finished = run.state == "ended" and run.best_map is not None
        self.apply.setEnabled(finished)
        self.discard.setEnabled(run.state in ("ended", "failed"))
        for field in (
            self.aim,
            self.method,
            self.budget,
            self.lower,
            self.upper,
            self.symmetry,
            self.steps,
            self.seed,
        ):
            field.setEnabled(not run.busy)
        self.headline.setText(run.headline())
        self.sentence.setText(run.sentence)


def _choice(entries: dict[str, str], tip: str) -> QComboBox:
    box = QComboBox()
    for key, text in entries.items():
        box.addItem(text, key)
    box.setToolTip(tip)
    return box


def _number(least: float, most: float, value: float, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox(minimum=least, maximum=most, value=value, decimals=3, singleStep=0.1)
    box.setToolTip(tip)
    return box
