"""The progress of a run: its time line, and below it its curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.curves import CurvesPanel
from app.panels.timeline import TimelinePanel

if TYPE_CHECKING:
    from app.run.model import RunModel
    from app.scenarios.scenario import AnyScenario


class ProgressPanel(QWidget):
    """Shows where a run stands; `timeline` announces which of its frames the designer wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.timeline = TimelinePanel()
        self.curves = CurvesPanel()
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.timeline)
        rows.addWidget(self.curves, 1)

    def show_run(self, run: RunModel) -> None:
        """Draw the run as it is now."""
        self.curves.show_run(run)
        self.timeline.show_run(run)

    def show_preparing(self, words: str) -> None:
        """Say what a run prepares; empty once it makes steps."""
        self.curves.show_preparing(words)
        self.timeline.strip.show_preparing(words)

    def show_scenario(self, run: RunModel, scenario: AnyScenario) -> None:
        """Draw the empty axes of the chosen scenario, unless a run's curves are in view."""
        if run.step == 0:
            self.curves.show_scenario(scenario)
