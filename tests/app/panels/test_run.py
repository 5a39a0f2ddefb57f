"""The run card: its words change, its width does not."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from app.panels.run import RunPanel
from app.scenarios import SCENARIOS
from engine.core.errors import SuggestedFix

if TYPE_CHECKING:
    from app.run.model import RunModel


@pytest.fixture
def panel(qtbot):
    made = RunPanel()
    qtbot.addWidget(made)
    return made


def test_no_words_of_a_run_widen_the_dock(panel):
    before = panel.minimumSizeHint().width()
    for scenario in SCENARIOS.values():
        panel.choose(scenario.name)
        panel.form.more.setChecked(True)
        panel.show_progress(f"Preparing: {scenario.preparing}, 12 s")
        assert panel.minimumSizeHint().width() == before, scenario.name
    assert panel.progress.toolTip() == panel.progress.text()
    panel.choose("adversarial")
    fix = SuggestedFix("budget", 123456.789)
    run = SimpleNamespace(busy=False, state="failed", refused=False, fix=fix, message="no")
    panel.show_run(cast("RunModel", run), can_apply=False, lacks="")
    assert "Total cost" in panel.fix.toolTip()
    assert panel.minimumSizeHint().width() == before
