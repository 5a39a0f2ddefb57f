"""The comparison of results says how much of a map is kept in the words of the headline."""

import numpy as np
import pytest

from app.panels.result_comparison import ResultComparison, share_changed
from app.panels.run import RunPanel
from maps.document import new_document
from maps.results import KeptResult


def test_what_is_kept_has_the_headlines_name_and_measure_beside_the_changed_cells(qtbot):
    before = new_document(4, 4)
    cost = before.cost.copy()
    cost[:, :2] *= 1.5
    cost[:, 2:] *= 0.5
    dialog = ResultComparison([KeptResult("one", "", "adversarial", before, before.replace(cost=cost))])
    qtbot.addWidget(dialog)
    qtbot.waitUntil(lambda: not dialog.busy, timeout=20_000)
    origin, made = (label.text() for label in dialog.figures)
    kept = 1.0 - 0.5 * np.abs(cost - before.cost).sum() / before.cost.sum()
    assert f"{100.0 * kept:.0f} % of your map kept\nCells changed by over 5 %: 100 %" in made
    assert "kept" not in origin
    assert "share of the total cost that stays in its cell" in dialog.figures[1].toolTip()


def test_the_headline_says_what_kept_counts(qtbot):
    panel = RunPanel()
    qtbot.addWidget(panel)
    assert "share of the total cost that stays in its cell" in panel.headline.toolTip()


def test_the_share_of_changed_cells_leaves_walls_aside():
    before = new_document(4, 4)
    cost, passable = before.cost.copy(), np.ones((4, 4), np.bool_)
    cost[0] = 2.0
    passable[0, :2] = passable[3] = False
    walled = before.replace(passable=passable)
    assert share_changed(walled, walled.replace(cost=cost)) == pytest.approx(2 / 10)
    assert share_changed(before, new_document(5, 5)) == 1.0
