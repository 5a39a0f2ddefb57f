"""The plans that the panel compares, against the engine and scipy, and what cannot be compared."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel
from scipy.optimize import linear_sum_assignment

from app.document.model import DocumentModel
from app.panels.plan import comparison as plan_comparison
from app.panels.plan.comparison import pair_of
from engine.core.status import Status
from engine.transport.costs import PointCost
from engine.transport.problem import TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport
from maps.document import Layout, new_document
from maps.edits import set_layout
from tests.app.panels.plan.showing import GUARDS, KEY, LOOT, SPAWNS, layout, point_at, settle, squared_distances
from tests.present import present


def number(label):
    return float(label.text().split()[1].replace(",", ""))


def texts(panel):
    return " ".join(label.text() for label in panel.findChildren(QLabel))


# Figures


def test_the_costs_are_those_of_the_engine_and_of_an_assignment(model, shown):
    panel = shown(model)
    costs = squared_distances(SPAWNS, LOOT)
    least = costs[linear_sum_assignment(costs)].sum()
    solved = solve_transport(
        TransportProblem(SPAWNS.weights, LOOT.weights, PointCost(SPAWNS.positions, LOOT.positions)),
        TransportSettings(panel.controls.blur**2),
    )
    assert panel.comparison.cost == pytest.approx(solved.transport_cost, rel=1e-12)
    assert panel.comparison.cost == pytest.approx((present(panel.comparison).plan * costs).sum(), rel=1e-6)
    assert present(panel.comparison).pair.exact_cost == pytest.approx(least, rel=1e-12)
    assert number(panel.entropic.cost) == pytest.approx(solved.transport_cost, rel=1e-4)
    assert number(panel.exact.cost) == pytest.approx(least, rel=1e-4)
    excess = 100.0 * (solved.transport_cost / least - 1.0)
    assert excess > 0.0
    assert float(panel.entropic.remark.text().split()[0]) == pytest.approx(excess, abs=0.006)
    assert panel.entropic.off.text() == "", "the marginals were reached"
    assert panel.unsettled.isHidden()


def test_arrow_keys_blur_the_plan_and_it_costs_more_the_more_it_is_blurred(qtbot, model, shown):
    panel = shown(model)
    panel.controls.slider.setFocus()
    before, exact = panel.controls.blur, present(panel.comparison).pair.exact
    costs = [panel.comparison.cost]
    for _ in range(4):
        QTest.keyClick(panel.controls.slider, KEY.Key_Right)
        settle(qtbot, panel)
        costs.append(panel.comparison.cost)
    assert panel.controls.blur == pytest.approx(before * 10 ** (4 / 20))
    assert panel.comparison.blur == panel.controls.blur
    assert panel.controls.blur_value.text() == f"{panel.controls.blur:.3g} cells"
    tip = panel.controls.slider.toolTip()
    assert f"{panel.controls.blur**2:.3g}" in tip
    assert "ε" in tip
    assert np.all(np.diff(costs) > 0.0)
    assert present(panel.comparison).pair.exact is exact, "the exact plan does not depend on the blur"
    QTest.keyClick(panel.controls.slider, KEY.Key_Home)
    settle(qtbot, panel)
    assert panel.comparison.cost == pytest.approx(present(panel.comparison).pair.exact_cost, rel=1e-3)
    QTest.keyClick(panel.controls.slider, KEY.Key_End)
    settle(qtbot, panel)
    product = (squared_distances(SPAWNS, LOOT) / 12).sum()
    assert panel.comparison.cost == pytest.approx(product, rel=0.25), "hardly any plan is left"


def test_a_plan_whose_marginals_were_not_reached_says_by_how_much(qtbot, shown, monkeypatch):
    monkeypatch.setattr(plan_comparison, "MOST_ITERATIONS", 3)
    source, target = layout("spawns", 60, 4), layout("loot", 60, 5)
    panel = shown(DocumentModel(new_document(32, 32).replace(layouts=(source, target))))
    QTest.keyClick(panel.controls.slider, KEY.Key_Home)
    settle(qtbot, panel)
    problem = TransportProblem(source.weights, target.weights, PointCost(source.positions, target.positions))
    solved = solve_transport(problem, TransportSettings(panel.controls.blur**2, max_iterations=3))
    assert solved.status is not Status.CONVERGED
    assert panel.comparison.marginal_error == solved.marginal_error
    assert panel.entropic.off.text() == f"weights off by {100.0 * solved.marginal_error:.2g} %"
    assert panel.unsettled.isVisible()
    assert panel.unsettled.words.startswith(solved.message)
    assert "more blur" in panel.unsettled.words


def test_weighted_layouts_of_unequal_size_are_compared_too(qtbot, model, shown):
    panel = shown(model)
    panel.controls.choose("spawns", "guards")
    settle(qtbot, panel)
    for coupling in (present(panel.comparison).plan, present(panel.comparison).pair.exact):
        assert coupling.sum(axis=1) == pytest.approx(SPAWNS.weights, abs=1e-5)
        assert coupling.sum(axis=0) == pytest.approx(GUARDS.weights, abs=1e-5)
    # As an assignment of halves: every weight is a multiple of one half.
    halves = np.repeat(squared_distances(SPAWNS, GUARDS), 2, axis=0)
    halves = np.repeat(halves, (GUARDS.weights * 2).astype(int), axis=1)
    least = halves[linear_sum_assignment(halves)].sum() / 2
    assert present(panel.comparison).pair.exact_cost == pytest.approx(least, rel=1e-9)


def test_a_layout_goes_to_itself_for_nothing(qtbot, model, shown):
    panel = shown(model)
    panel.controls.choose("guards", "guards")
    settle(qtbot, panel)
    assert present(panel.comparison).pair.exact_cost == 0.0
    assert panel.comparison.excess is None
    assert panel.entropic.remark.text() == "exact is 0"


# What cannot be compared


def test_totals_that_differ_are_named_and_scaled_on_request(qtbot, model, shown):
    heavy = replace(LOOT, weights=2.0 * LOOT.weights)
    panel = shown(model)
    model.edit("Double", set_layout(model.document, 1, heavy))
    settle(qtbot, panel)
    assert panel.comparison is None
    for word in ("“spawns” weighs 12", "“loot” 24", "scale “loot” here", "Points panel"):
        assert word in panel.notice.words
    assert panel.mend.isVisible()
    assert panel.mend.text() == "Scale to the same total for this view"
    document = model.document
    QTest.mouseClick(panel.mend, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert present(panel.comparison).pair.scale == 0.5
    assert present(panel.comparison).plan.sum(axis=0) == pytest.approx(LOOT.weights, abs=1e-5)
    assert "scaled by 0.5" in panel.notice.words
    assert model.document is document, "for this view only"
    QTest.keyClick(panel.controls.slider, KEY.Key_Right)
    settle(qtbot, panel)
    assert present(panel.comparison).pair.scale == 0.5
    QTest.mouseClick(panel.mend, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    assert panel.comparison is None
    assert "weighs 12" in panel.notice.words
    QTest.mouseClick(panel.mend, Qt.MouseButton.LeftButton)
    panel.controls.choose("loot", "spawns")
    settle(qtbot, panel)
    assert panel.comparison is None, "asked anew for other layouts"
    panel.controls.choose("spawns", "loot")
    model.undo()
    settle(qtbot, panel)
    assert panel.notice.isHidden()
    assert panel.mend.isHidden()
    assert present(panel.comparison).pair.scale == 1.0


@pytest.mark.parametrize(
    ("layouts", "words"),
    [
        ((), "no layouts of points"),
        ((SPAWNS,), "“spawns” is the only layout"),
        ((SPAWNS, layout("empty", 0, 0)), "“empty” has no points"),
        ((layout("light", 3, 1, np.zeros(3)), LOOT), "All points of “light” weigh 0"),
        ((SPAWNS, layout("lead", 2, 1, np.full(2, 1.7e308))), "“lead” are too large to add up"),
        ((layout("crowd", 2100, 1), layout("mob", 2100, 2)), "“crowd” has 2,100 points and “mob” 2,100"),
    ],
)
def test_what_cannot_be_compared_is_said(shown, layouts, words):
    panel = shown(DocumentModel(new_document(32, 32).replace(layouts=layouts)))
    assert words in panel.notice.words
    assert panel.notice.isVisible()
    assert panel.mend.isHidden()
    assert panel.comparison is None
    assert panel.entropic.cost.text() == panel.exact.cost.text() == ""
    point_at(panel, 0)
    QTest.keyClick(panel.entropic.picture, KEY.Key_Down)
    assert panel.words.text() == ""


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Layout("a", np.full((5, 2), 3.0), np.ones(5)), Layout("b", np.full((5, 2), 3.0), np.ones(5))),
        (Layout("a", np.full((1, 2), 3.0), np.array([12.0])), LOOT),
        (Layout("a", np.zeros((4, 2)), np.array([0.0, 0.0, 0.0, 1e-300])), layout("b", 1, 1, np.array([1e-300]))),
        (replace(SPAWNS, weights=SPAWNS.weights * 1e150), replace(LOOT, weights=LOOT.weights * 1e150)),
        (Layout("a", np.array([[0.0, i] for i in range(9)]), np.ones(9)), layout("b", 3, 4, np.full(3, 3.0))),
    ],
)
@pytest.mark.parametrize("key", [KEY.Key_Home, KEY.Key_End])
def test_nothing_is_ever_not_a_number(qtbot, shown, source, target, key):
    panel = shown(DocumentModel(new_document(32, 32).replace(layouts=(source, target))))
    QTest.keyClick(panel.controls.slider, key)
    settle(qtbot, panel)
    panel.highlight_row(0)
    assert panel.comparison is not None or panel.notice.words
    if panel.comparison is not None:
        assert np.isfinite(present(panel.comparison).plan).all()
        assert np.isfinite(panel.comparison.cost)
        assert np.isfinite(panel.comparison.largest.lines).all()
    words = texts(panel).lower().split()
    assert not {"nan", "inf", "-inf"} & {word.strip("+%,.:") for word in words}


# Large layouts


def test_large_layouts_are_shown_in_blocks(shown):
    source, target = layout("crowd", 500, 1), layout("mob", 450, 2, np.full(450, 500 / 450))
    panel = shown(DocumentModel(new_document(32, 32).replace(layouts=(source, target))), 1400, 520)
    comparison = panel.comparison
    assert comparison.block == (2, 2)
    assert comparison.picture.shape == (250, 225)
    assert comparison.picture.sum() * 4 == pytest.approx(500.0, rel=1e-6)
    assert "A pixel is the mean of 2 × 2 points" in panel.words.text()
    assert comparison.pair.exact is None
    assert panel.exact.cost.text() == ""
    assert "400 points" in panel.exact.picture.message
    assert "1,000" in panel.exact.picture.message
    point_at(panel, 250)
    row = int(panel.words.text().split()[1])
    assert abs(int(np.flatnonzero(comparison.pair.rows == row)[0]) - 250) <= 1, "one point, in a pixel of two"


def test_a_large_assignment_has_its_exact_plan():
    source, target = layout("crowd", 500, 1), layout("mob", 500, 2)
    pair = pair_of(source, target, False)
    costs = squared_distances(source, target)
    assert pair.exact_cost == pytest.approx(costs[linear_sum_assignment(costs)].sum(), rel=1e-12)
