"""The plan panel as a designer uses it, and the plans that it compares against the engine and scipy."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QScrollArea
from scipy.optimize import linear_sum_assignment

from app.document.model import DocumentModel
from app.panels.plan import comparison as plan_comparison
from app.panels.plan import panel as plan_panel
from app.panels.plan.comparison import CannotCompare, compare, pair_of
from app.panels.plan.panel import PlanPanel
from app.panels.plan.pixels import binned, plan_pixels
from app.widgets.parts import MARGIN
from engine.core.status import Status
from engine.transport.costs import PointCost
from engine.transport.problem import TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport
from maps.document import Layout, new_document
from maps.edits import remove_layout, set_layout
from tests.present import present

KEY = Qt.Key
DARK, LIGHT = (33, 35, 41), (255, 255, 255)


def layout(name, count, seed, weights=None, side=31.0):
    positions = np.random.default_rng(seed).uniform(0.0, side, (count, 2))
    return Layout(name, positions, np.ones(count) if weights is None else weights)


def squared_distances(source, target):
    return ((source.positions[:, None] - target.positions) ** 2).sum(axis=2)


SPAWNS, LOOT = layout("spawns", 12, 1), layout("loot", 12, 2)
GUARDS = layout("guards", 7, 3, np.array([1.0, 2.0, 3.0, 1.0, 2.0, 1.5, 1.5]))


@pytest.fixture
def model(qapp):
    return DocumentModel(new_document(32, 32).replace(layouts=(SPAWNS, LOOT, GUARDS)))


@pytest.fixture
def shown(qtbot):
    panels = []

    def show(model, width=300, height=420):
        panel = PlanPanel(model)
        panels.append(panel)
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        qtbot.waitExposed(panel)
        settle(qtbot, panel)
        return panel

    yield show
    for panel in panels:
        panel.shut_down()


def settle(qtbot, panel):
    qtbot.waitUntil(lambda: not panel.busy, timeout=30_000)


def point_at(panel, place, picture=None):
    picture = picture or panel.entropic.picture
    QTest.mouseMove(picture, QPoint(picture.width() // 2, int(picture.row_y(place))))


def leave(panel):
    picture = panel.entropic.picture
    QTest.mouseMove(picture, QPoint(picture.width() // 2, picture.height() // 2))
    QTest.mouseMove(picture, QPoint(-5, -5))


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


# Rows


def test_pointing_at_a_row_tells_where_its_point_goes(qtbot, model, shown):
    panel = shown(model)
    _, partner = linear_sum_assignment(squared_distances(SPAWNS, LOOT))
    told = []
    panel.row_hovered.connect(told.append)
    for place in (0, 5, 11):
        point_at(panel, place)
        row = int(present(panel.comparison).pair.rows[place])
        assert told[-1] == row
        assert panel.words.text().startswith(f"Point {row} of “spawns” at row {SPAWNS.positions[row][0]:.4g}")
        assert panel.words.text().endswith(f"Exact plan: all of it to point {partner[row]}.")
        greatest = present(panel.comparison).plan[row].argmax()
        assert f"to point {greatest}" in panel.words.text().split(":")[1]
        assert panel.entropic.picture.place == panel.exact.picture.place == place
    point_at(panel, 2, panel.exact.picture)
    assert told[-1] == present(panel.comparison).pair.rows[2]
    leave(panel)
    assert told[-1] is None
    assert panel.words.text().startswith("Rows are points of “spawns”, columns of “loot”")


def test_rows_are_reached_by_keys(model, shown):
    panel = shown(model)
    told = []
    panel.row_hovered.connect(told.append)
    rows = present(panel.comparison).pair.rows.tolist()
    for key, row in (
        (KEY.Key_Down, rows[0]),
        (KEY.Key_Down, rows[1]),
        (KEY.Key_End, rows[-1]),
        (KEY.Key_Up, rows[-2]),
        (KEY.Key_Escape, None),
    ):
        QTest.keyClick(panel.entropic.picture, key)
        assert told[-1] == row


def test_a_row_pointed_out_from_outside_is_marked_and_not_announced(qtbot, model, shown):
    panel = shown(model)
    with qtbot.assertNotEmitted(panel.row_hovered):
        panel.highlight_row(7)
        assert present(panel.comparison).pair.rows[panel.entropic.picture.place] == 7
        assert panel.words.text().startswith("Point 7 of “spawns”")
        QTest.keyClick(panel.controls.slider, KEY.Key_Right)
        settle(qtbot, panel)
        rows = present(panel.comparison).pair.rows
        assert rows[panel.exact.picture.place] == 7, "it stays while the blur changes"
        panel.highlight_row(99)
        assert panel.entropic.picture.place is None, "a point that is gone"
        panel.highlight_row(None)
    assert panel.words.text().startswith("Rows are")


def test_shares_of_a_row_are_told_from_the_largest_on(qtbot, shown):
    # With one source point of weight there is one plan only.
    source = layout("camp", 2, 1, np.array([10.0, 0.0]))
    target = layout("posts", 6, 2, np.array([0.0, 5.0, 2.0, 1.0, 1.0, 1.0]))
    panel = shown(DocumentModel(new_document(32, 32).replace(layouts=(source, target))))
    panel.highlight_row(0)
    shares = "50 % to point 1, 20 % to point 2, 10 % to point 3, 20 % to 2 others."
    told = panel.words.text()
    assert told.startswith("Point 0 of “camp” at row ")
    assert told.split(": ", 1)[1] == f"{shares} Exact plan: {shares}"
    panel.highlight_row(1)
    assert panel.words.text().endswith(": it weighs nothing. Exact plan: it weighs nothing.")


# The document


def test_an_edit_of_a_point_is_followed(qtbot, model, shown):
    panel = shown(model)
    before = panel.comparison
    moved = replace(SPAWNS, positions=LOOT.positions)
    model.edit("Move points", set_layout(model.document, 0, moved))
    settle(qtbot, panel)
    assert panel.comparison is not before
    assert present(panel.comparison).pair.source is moved
    assert present(panel.comparison).pair.exact_cost == 0.0
    model.undo()
    settle(qtbot, panel)
    assert panel.comparison.cost == before.cost


def test_an_edit_of_something_else_is_not(qtbot, model, shown):
    panel = shown(model)
    before = panel.comparison
    model.edit("Rename map", model.document.replace(name="other"))
    model.edit("Edit guards", set_layout(model.document, 2, replace(GUARDS, weights=2.0 * GUARDS.weights)))
    assert not panel.busy
    assert panel.comparison is before


def test_choices_outlive_new_names_and_new_neighbours(qtbot, model, shown):
    panel = shown(model)

    def chosen():
        settle(qtbot, panel)
        return panel.controls.source.currentText(), panel.controls.target.currentText()

    assert chosen() == ("spawns", "loot")
    model.edit("Rename layout", set_layout(model.document, 1, replace(LOOT, name="treasure")))
    assert chosen() == ("spawns", "treasure")
    assert present(panel.comparison).pair.target.name == "treasure"
    model.edit("Remove layout", remove_layout(model.document, 0))
    assert chosen() == ("guards", "treasure"), "another than the one that stayed"
    model.undo()
    model.edit("Remove layout", remove_layout(model.document, 2))
    model.edit("Add layout", set_layout(model.document, 2, GUARDS))
    panel.controls.choose("guards", "spawns")
    model.edit("Rename layout", set_layout(model.document, 2, replace(GUARDS, name="patrol")))
    assert chosen() == ("patrol", "spawns")
    model.undo()
    model.edit("Remove layout", remove_layout(model.document, 1))
    assert chosen() == ("guards", "spawns")
    with pytest.raises(ValueError, match="nowhere"):
        panel.controls.choose("guards", "nowhere")


def test_choosing_another_layout_by_keys(qtbot, model, shown):
    panel = shown(model)
    QTest.keyClick(panel.controls.target, KEY.Key_Down)
    settle(qtbot, panel)
    assert present(panel.comparison).pair.target is GUARDS


def test_another_map_brings_another_range_of_blur(model, shown):
    panel = shown(model)
    assert 10 ** (panel.controls.slider.maximum() / 20) == pytest.approx(0.5 * 32 * 2**0.5, rel=0.06)
    panel.controls.show_document(new_document(512, 512).replace(layouts=(SPAWNS, LOOT)))
    assert 10 ** (panel.controls.slider.maximum() / 20) == pytest.approx(256 * 2**0.5, rel=0.06)


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


# Lines on the map


def test_the_largest_couplings_are_offered_as_lines(qtbot, model, shown):
    plans = []
    panel = PlanPanel(model)
    qtbot.addWidget(panel)
    panel.plan_changed.connect(plans.append)
    panel.show()
    settle(qtbot, panel)
    plan, coupling = plans[-1], present(panel.comparison).plan
    assert plan.lines.shape == (144, 4)
    assert plan.mass.shape == plan.rows.shape == (144,)
    assert np.all(np.diff(plan.mass) <= 0.0)
    assert plan.mass.sum() == pytest.approx(12.0, rel=1e-5)
    assert np.array_equal(plan.lines[:, :2], SPAWNS.positions[plan.rows])
    ends = [int(np.flatnonzero((LOOT.positions == end).all(axis=1))[0]) for end in plan.lines[:, 2:]]
    assert np.array_equal(plan.mass, coupling[plan.rows, ends])
    panel.hide()
    assert plans[-1] is None, "lines go with the panel"
    panel.shut_down()


def test_of_many_couplings_the_largest_four_hundred_are_lines():
    pair = pair_of(layout("a", 60, 1), layout("b", 60, 2), False)
    comparison = compare(pair, 5.0)
    assert comparison.largest.lines.shape == (400, 4)
    assert np.array_equal(comparison.largest.mass, np.sort(comparison.plan, axis=None)[::-1][:400])


# Work off the GUI thread


def test_nothing_is_worked_out_while_the_panel_is_hidden(qtbot, model, monkeypatch):
    solved = []
    monkeypatch.setattr(plan_panel, "compare", lambda *question: solved.append(question) or compare(*question))
    panel = PlanPanel(model)
    qtbot.addWidget(panel)
    model.edit("Move", set_layout(model.document, 0, replace(SPAWNS, positions=LOOT.positions)))
    panel.controls.slider.setValue(panel.controls.slider.value() + 3)
    qtbot.wait(100)
    assert not panel.busy
    assert not solved
    panel.show()
    settle(qtbot, panel)
    assert len(solved) == 1
    panel.hide()
    model.undo()
    qtbot.wait(100)
    assert not panel.busy
    assert len(solved) == 1
    panel.shut_down()


def test_of_many_changes_the_last_one_counts_and_none_is_solved_here(qtbot, model, shown, monkeypatch):
    panel = shown(model)
    threads = []

    def recorded(*question):
        threads.append(threading.current_thread())
        time.sleep(0.1)
        return compare(*question)

    monkeypatch.setattr(plan_panel, "compare", recorded)
    for _ in range(20):
        QTest.keyClick(panel.controls.slider, KEY.Key_Right)
        qtbot.wait(10)
    settle(qtbot, panel)
    assert panel.comparison.blur == panel.controls.blur
    assert 0 < len(threads) < 8
    assert threading.main_thread() not in threads


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


# Pictures


@pytest.mark.parametrize("source", [SPAWNS, layout("line", 12, 9, side=1.0)])
def test_the_exact_plan_of_an_assignment_lies_on_the_diagonal(source):
    pair = pair_of(source, LOOT, False)
    assert np.array_equal(present(pair.exact)[np.ix_(pair.rows, pair.columns)], np.eye(12))
    assert sorted(pair.rows) == sorted(pair.columns) == list(range(12))


def test_blocks_are_means():
    values = np.arange(35.0).reshape(5, 7)
    small = binned(values, (2, 3))
    assert small.shape == (3, 3)
    assert small[0, 0] == values[:2, :3].mean()
    assert small[2, 2] == values[4:, 6:].mean()
    assert binned(values, (1, 1)) is values


@pytest.mark.parametrize("ground", [DARK, LIGHT])
def test_colours_begin_at_the_ground_and_their_lightness_tells_their_order(ground):
    ramp = np.linspace(0.0, 3.0, 400)[None] ** 2
    pixels = plan_pixels(ramp, ground)[0].astype(float)
    lightness = pixels @ (0.2126, 0.7152, 0.0722)
    steps = np.diff(lightness) * (1.0 if ground == DARK else -1.0)
    assert tuple(pixels[0]) == ground
    assert np.all(steps >= 0.0)
    assert np.count_nonzero(steps) > 200
    assert abs(lightness[-1] - lightness[0]) > 150.0
    assert np.all(plan_pixels(np.zeros((2, 3)), ground) == ground)


@pytest.mark.parametrize("ground", [DARK, LIGHT])
def test_a_picture_is_crisp_and_has_the_ground_where_nothing_goes(qtbot, shown, ground):
    corners = np.array([[2.0, 2.0], [2.0, 28.0], [28.0, 2.0], [28.0, 28.0]])
    layouts = Layout("a", corners, np.ones(4)), Layout("b", corners[::-1] + 1.0, np.ones(4))
    panel = shown(DocumentModel(new_document(32, 32).replace(layouts=layouts)))
    palette = QPalette(panel.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor(*ground))
    panel.setPalette(palette)
    strongest = plan_pixels(np.ones((1, 1)), ground)[0, 0].tolist()
    for view in (panel.entropic, panel.exact):
        image, side = view.picture.grab().toImage(), view.picture.square.height()
        for row in range(4):
            for column in range(4):
                seen = {
                    image.pixelColor(int((column + x) * side / 4), int((row + y) * side / 4)).getRgb()[:3]
                    for x in (0.1, 0.5, 0.9)
                    for y in (0.1, 0.5, 0.9)
                }
                assert seen == {tuple(strongest) if row == column else ground}


def test_a_picture_is_drawn_anew_where_there_is_more_room(qtbot, shown):
    model = DocumentModel(new_document(32, 32).replace(layouts=(layout("a", 200, 1), layout("b", 200, 2))))
    grown, large = shown(model, 300, 420), shown(model, 640, 640)
    assert grown.entropic.picture.points_per_pixel == (2, 2)
    grown.grab()
    grown.resize(640, 640)
    qtbot.waitUntil(lambda: grown.entropic.picture.points_per_pixel == (1, 1))
    assert grown.entropic.picture.grab().toImage() == large.entropic.picture.grab().toImage()


# Room


def test_a_narrow_dock_has_both_pictures_in_view(model, shown):
    panel = shown(model, 300, 420)
    for view in (panel.entropic, panel.exact):
        square = view.picture.square
        assert 130.0 <= square.width() <= 150.0
        at = view.picture.mapTo(panel, QPoint(0, 0))
        assert at.x() >= 0
        assert at.x() + square.width() <= panel.width()
        assert view.cost.mapTo(panel, QPoint(0, 0)).y() >= at.y() + square.height()
    assert panel.words.mapTo(panel, QPoint(0, panel.words.height())).y() <= panel.height()


def test_a_low_wide_dock_has_everything_side_by_side_and_narrows_again(model, shown):
    panel = shown(model, 900, 190)
    for view in (panel.entropic, panel.exact):
        square = view.picture.square
        top_left = view.picture.mapTo(panel, QPoint(0, 0))
        assert square.height() >= 150.0
        assert top_left.y() + square.height() <= panel.height()
        assert view.cost.mapTo(panel, QPoint(0, 0)).x() >= top_left.x() + square.width()
        for label in (view.cost, view.remark):
            assert label.mapTo(panel, QPoint(0, 0)).x() + label.sizeHint().width() <= panel.width()
    panel.resize(300, 420)
    assert panel.entropic.picture.square.width() <= 150.0
    assert panel.words.mapTo(panel, QPoint(0, 0)).y() > panel.entropic.cost.mapTo(panel, QPoint(0, 0)).y()


@pytest.mark.parametrize("size", [(927, 174), (1567, 174), (900, 190)])
def test_nothing_is_clipped_and_no_scroll_bar_shows_where_everything_fits(qtbot, model, shown, size):
    doubled = replace(LOOT, weights=2.0 * LOOT.weights)
    panel = shown(DocumentModel(model.document.replace(layouts=(SPAWNS, doubled))), *size)
    QTest.mouseClick(panel.mend, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.findChild(QScrollArea).verticalScrollBar().isVisible(), timeout=2000)
    assert panel.notice.isVisible(), "there is a lot to say"
    assert panel.words.isVisible()
    assert panel.words.mapTo(panel, QPoint(0, panel.words.height())).y() <= panel.height()
    for view in (panel.entropic, panel.exact):
        for label in (view.cost, view.remark):
            assert label.sizeHint().width() <= label.width()
    right = panel.exact.mapTo(panel, QPoint(panel.exact.width(), 0)).x()
    assert right >= panel.width() - 2 * MARGIN, "the words have the room that is left"


@pytest.mark.parametrize("ground", [DARK, LIGHT])
def test_a_key_tells_what_the_colours_mean(model, shown, ground):
    panel = shown(model, 927, 174)
    palette = QPalette(panel.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor(*ground))
    panel.setPalette(palette)
    for view, values in (
        (panel.entropic, present(panel.comparison).picture),
        (panel.exact, panel.comparison.exact_picture),
    ):
        assert view.key.most == f"{values.max():.3g}"
        image = view.key.grab().toImage()
        row = [image.pixelColor(x, image.height() // 2).getRgb()[:3] for x in range(image.width())]
        for mass in (0.05, 0.5, 1.0):
            wanted = plan_pixels(np.array([[mass, 1.0]]), ground)[0, 0].astype(int)
            assert min(np.abs(wanted - np.array(colour)).max() for colour in row) <= 8


def test_no_zero_has_a_minus(qtbot, model, shown):
    panel = shown(model)
    for excess, words in ((-4e-5, "+0.00 %"), (4e-5, "+0.00 %"), (-0.0031, "−0.31 %"), (0.5, "+50.0 %")):
        cost = present(panel.comparison).pair.exact_cost * (1.0 + excess)
        panel._show_figures(replace(panel.comparison, cost=cost))
        assert panel.entropic.remark.text() == f"{words} over exact"


def test_refusals_carry_their_reason():
    with pytest.raises(CannotCompare) as refused:
        pair_of(SPAWNS, replace(LOOT, weights=2.0 * LOOT.weights), False)
    assert refused.value.totals_differ
