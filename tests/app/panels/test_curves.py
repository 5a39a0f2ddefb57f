"""Curves of a run: what is in view, and whose they are."""

from types import SimpleNamespace

import numpy as np
import pytest

from app.panels.curves import CurvesPanel
from app.scenarios import SCENARIOS


def run(**columns):
    steps = np.arange(len(next(iter(columns.values()))), dtype=float)
    figures = {"step": steps, **{name: np.array(values, float) for name, values in columns.items()}}
    return SimpleNamespace(scenario=SCENARIOS["adversarial"], curves=lambda: figures, step=int(steps[-1]))


@pytest.fixture
def panel(qtbot):
    made = CurvesPanel()
    qtbot.addWidget(made)
    return made


def top_of(panel):
    return panel._plot.viewRange()[1][1]


def test_a_bound_comes_into_view_when_it_is_near_and_is_told_before(panel):
    far = run(path_cost=[30, 60, 80], best=[30, 60, 80], bound=[np.nan, 900, 400])
    panel.show_run(far)
    assert 80 <= top_of(panel) < 200
    assert any("above the view" in key.text() for key in panel._keys)
    near = run(path_cost=[30, 60, 80, 85], best=[30, 60, 80, 85], bound=[np.nan, 900, 400, 120])
    panel.show_run(near)
    assert 120 <= top_of(panel) < 200
    assert not any("above the view" in key.text() for key in panel._keys)


def test_an_empty_chart_has_whole_steps(panel):
    axis = panel._plot.getAxis("bottom")
    for steps in (2.0, 10.0, 1500.0):
        for spacing, _ in axis.tickSpacing(0.0, steps, 600):
            assert spacing >= 1.0
            assert spacing == round(spacing)
    low, high = panel._plot.getViewBox().viewRange()[0]
    assert (low, high) == (0.0, 10.0)


def test_another_scenario_brings_its_own_title_and_keys(panel):
    panel.show_run(run(path_cost=[30, 60], best=[30, 60]))
    panel.show_scenario(SCENARIOS["matching"])
    assert "ransport cost" in panel._title.text()
    assert len(panel._keys) == len(SCENARIOS["matching"].curves)
    assert all(len(curve.getData()[0]) == 0 for curve in panel._curves.values() if curve.getData()[0] is not None)


def test_curves_that_belong_to_what_is_kept_say_so(panel):
    panel.show_scenario(SCENARIOS["adversarial"])
    keys = {entry.name: key for entry, key in zip(panel._shown, panel._keys, strict=True)}
    assert "for what it keeps" in keys["bound"].text()
    assert "for what it keeps" in keys["best"].text()
    assert "rises while the best map keeps less" in keys["bound"].toolTip()
    assert "may fall where another map keeps more" in keys["best"].toolTip()


def test_what_a_run_prepares_stands_in_place_of_the_title(panel):
    panel.show_preparing("Preparing: compiling, 3 s")
    assert panel._title.text() == "Preparing: compiling, 3 s"
    panel.show_scenario(SCENARIOS["adversarial"])
    panel.show_preparing("")
    assert panel._title.text() == "Path cost over steps"


def test_the_next_run_of_a_scenario_begins_without_the_curves_of_the_last(panel):
    far = run(path_cost=[30, 60, 80], best=[30, 60, 80], bound=[np.nan, 900, 400])
    panel.show_run(far)
    before = dict(panel._curves)
    panel.show_scenario(SCENARIOS["adversarial"])
    assert all(curve.getData()[0] is None for curve in panel._curves.values())
    assert not any("above the view" in key.text() for key in panel._keys)
    assert panel._plot.viewRange()[0] == [0.0, 10.0]
    panel.show_run(far)
    assert panel._curves == before
    assert panel._curves["best"].getData()[1].tolist() == [30, 60, 80]
