"""Forms and command lines built from a settings class."""

import argparse
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.cli.options import add_settings, settings_from
from app.scenarios import SCENARIOS
from app.scenarios.adversarial import AdversarialPath
from app.scenarios.settings import Choice, Number, Numbers, OptionalNumber, Toggle, Whole, setting, settings_of
from app.widgets import fields
from app.widgets.setting_controls import CONTROLS
from app.widgets.settings_form import SettingsForm
from maps.document import new_document


@dataclass(frozen=True)
class Settings:
    shape: str = setting(
        "round", Choice("Shape", "What it looks like", choices={"round": "Round", "flat": "Flat"})
    )
    size: float = setting(2.5, Number("Size", "How large", least=0.5, most=10.0))
    count: int = setting(3, Whole("Count", "How many", least=1, most=9))
    limit: float | None = setting(
        None,
        OptionalNumber(
            "Limit", "How much", least=1.0, none="the map's", stands_for=lambda document: document.bounds.upper
        ),
    )
    marks: tuple[float, ...] = setting((), Numbers("Marks", "Where", flag="--mark"))
    exact: bool = setting(False, Toggle("Exact", "Whether", more=True, unused=lambda s: s.shape == "round"))


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
    limit = form.controls["limit"].widget
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
    box = fields.Number(decimals=decimals, maximum=1000.0, value=value)
    qtbot.addWidget(box)
    assert box.text() == text


def test_a_setting_that_does_not_count_is_not_shown_and_a_run_rests_all(form):
    QTest.mouseClick(form.more, Qt.MouseButton.LeftButton)
    exact = form.controls["exact"].widget
    assert not exact.isVisible()
    form.controls["shape"].set_value("flat")
    assert exact.isVisible()
    form.set_running(True)
    assert not form.controls["size"].widget.isEnabled()
    assert "during a run" in form.controls["size"].widget.toolTip()


def test_what_is_seldom_needed_unfolds(qtbot, form):
    form.controls["shape"].set_value("flat")
    assert not form.controls["exact"].widget.isVisible()
    QTest.mouseClick(form.more, Qt.MouseButton.LeftButton)
    assert form.controls["exact"].widget.isVisible()


def test_a_wheel_over_a_control_that_is_not_in_use_changes_nothing(form):
    count = form.controls["count"].widget
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
    scenario: Any = AdversarialPath()  # one with a form of its own
    scenario.settings = Settings
    parser = argparse.ArgumentParser()
    add_settings(parser, scenario)
    assert settings_from(parser.parse_args(words), scenario) == wanted


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_setting_of_every_scenario_has_its_words(qtbot, name):
    entries = settings_of(SCENARIOS[name].settings)
    assert entries
    defaults = vars(SCENARIOS[name].settings())
    for setting_name, kind in entries.items():
        assert kind.text, setting_name
        assert kind.tip, setting_name
        kind.check(defaults[setting_name])
        assert kind.parse(kind.word_of(defaults[setting_name])) == defaults[setting_name], setting_name
    form = SettingsForm(SCENARIOS[name].settings)
    qtbot.addWidget(form)
    assert form.values() == SCENARIOS[name].settings()


@pytest.mark.parametrize("value", [4.0 / 3.0, 83.41237512, 1280.0000001192093])
def test_a_number_that_was_set_is_kept_to_its_last_digit_until_it_is_changed(form, value):
    form.controls["limit"].set_value(value)
    assert form.values().limit == value
    limit = form.controls["limit"].widget
    assert float(limit.text()) == pytest.approx(value, abs=1e-4)
    limit.stepBy(1)
    assert form.values().limit == pytest.approx(value + 0.1, abs=1e-3)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_kind_of_setting_has_its_control(qtbot, name):
    kinds = set(map(type, settings_of(SCENARIOS[name].settings).values()))
    assert kinds <= set(CONTROLS)


ENGINE = {"method", "gradient", "epsilon", "blur", "learning_rate", "smoothness", "closeness", "seed", "device"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_how_the_engine_computes_is_folded_and_has_the_fields_terms_in_tooltips(qtbot, name):
    kinds = settings_of(SCENARIOS[name].settings)
    assert all(kinds[each].more for each in ENGINE & set(kinds))
    form = SettingsForm(SCENARIOS[name].settings)
    qtbot.addWidget(form)
    assert form.more.text() == "Engine"
    for each in (ENGINE - {"seed", "device"}) & set(kinds):
        term = kinds[each].term
        assert term
        assert form.controls[each].widget.toolTip().endswith(term), "for whoever knows it by that name"
