"""Forms and command lines built from a settings class."""

import argparse
from dataclasses import dataclass, replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.cli.options import add_options, settings_from
from app.scenarios import SCENARIOS
from app.scenarios.settings import setting, settings_of
from app.widgets.settings_form import Number, SettingsForm
from maps.document import new_document


@dataclass(frozen=True)
class Settings:
    shape: str = setting("round", "Shape", "What it looks like", choices={"round": "Round", "flat": "Flat"})
    size: float = setting(2.5, "Size", "How large", least=0.5, most=10.0)
    count: int = setting(3, "Count", "How many", least=1, most=9)
    limit: float | None = setting(
        None, "Limit", "How much", least=1.0, as_is=lambda document: ("the map's", document.bounds.upper)
    )
    marks: tuple[float, ...] = setting((), "Marks", "Where", flag="--mark")
    exact: bool = setting(False, "Exact", "Whether", more=True, unused=lambda s: s.shape == "round")


@pytest.fixture
def form(qtbot):
    made = SettingsForm(Settings)
    made.show_document(new_document(8, 8))
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_form_begins_with_the_defaults_and_returns_what_it_is_given(form):
    assert form.values() == Settings()
    wanted = Settings("flat", 4.25, 7, 3.5, (1.0, 2.5), True)
    form.show_values(wanted)
    assert form.values() == wanted


def test_none_shows_what_the_map_has_and_clearing_brings_it_back(form):
    limit = form.controls["limit"]
    assert limit.text() == "5 (the map's)"
    limit.setFocus()
    limit.selectAll()
    QTest.keyClicks(limit, "7.5")
    QTest.keyClick(limit, Qt.Key.Key_Return)
    assert form.values().limit == 7.5
    limit.selectAll()
    QTest.keyClick(limit, Qt.Key.Key_Delete)
    QTest.keyClick(limit, Qt.Key.Key_Return)
    assert form.values().limit is None
    limit.stepBy(1)
    assert form.values().limit == pytest.approx(5.1), "stepping starts at what none stood for"


@pytest.mark.parametrize(
    ("decimals", "value", "text"),
    [(0, 80.0, "80"), (0, 100.0, "100"), (3, 2.5, "2.5"), (3, 20.0, "20"), (4, 0.0, "0")],
)
def test_numbers_lose_only_zeros_behind_the_point(qtbot, decimals, value, text):
    box = Number(decimals=decimals, maximum=1000.0, value=value)
    qtbot.addWidget(box)
    assert box.text() == text


def test_a_setting_that_does_not_count_is_not_shown_and_a_run_rests_all(form):
    QTest.mouseClick(form.more, Qt.MouseButton.LeftButton)
    exact = form.controls["exact"]
    assert not exact.isVisible()
    form.set_value("shape", "flat")
    assert exact.isVisible()
    form.set_running(True)
    assert not form.controls["size"].isEnabled()
    assert "during a run" in form.controls["size"].toolTip()


def test_what_is_seldom_needed_unfolds(qtbot, form):
    form.set_value("shape", "flat")
    assert not form.controls["exact"].isVisible()
    QTest.mouseClick(form.more, Qt.MouseButton.LeftButton)
    assert form.controls["exact"].isVisible()


def test_a_wheel_over_a_control_that_is_not_in_use_changes_nothing(form):
    count = form.controls["count"]
    count.clearFocus()
    nothing = QPoint()
    turn = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        nothing,
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(count, turn)
    assert count.value() == 3
    count.setFocus()
    QApplication.sendEvent(count, turn)
    assert count.value() == 4


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], Settings()),
        (["--shape", "flat", "--size", "4.5", "--count", "2"], Settings("flat", 4.5, 2)),
        (["--limit", "3", "--mark", "1", "2.5", "--exact"], Settings(limit=3.0, marks=(1.0, 2.5), exact=True)),
        (["--mark", "1", "--mark", "2.5"], Settings(marks=(1.0, 2.5))),
        (["--limit", "keep"], Settings()),
    ],
)
def test_the_command_line_gives_the_same_settings(words, wanted):
    scenario = replace(SCENARIOS["adversarial"], settings=Settings)
    parser = argparse.ArgumentParser()
    add_options(parser, scenario)
    assert settings_from(parser.parse_args(words), scenario) == wanted


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_setting_of_every_scenario_has_its_words(qtbot, name):
    entries = settings_of(SCENARIOS[name].settings)
    assert entries
    for setting_name, (entry, default) in entries.items():
        assert entry.text, setting_name
        assert entry.tip, setting_name
        if entry.choices:
            assert default in entry.choices
    form = SettingsForm(SCENARIOS[name].settings)
    qtbot.addWidget(form)
    assert form.values() == SCENARIOS[name].settings()
