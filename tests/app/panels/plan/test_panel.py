"""The plan panel as a designer uses it: rows, edits, lines on the map, work off the GUI thread."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from scipy.optimize import linear_sum_assignment

from app.document.model import DocumentModel
from app.panels.plan import panel as plan_panel
from app.panels.plan.comparison import compare, pair_of
from maps.document import new_document
from maps.edits import remove_layout, set_layout
from tests.app.panels.plan.showing import (
    GUARDS,
    KEY,
    LOOT,
    SPAWNS,
    following,
    layout,
    point_at,
    settle,
    squared_distances,
)
from tests.present import present


def leave(panel):
    picture = panel.entropic.picture
    QTest.mouseMove(picture, QPoint(picture.width() // 2, picture.height() // 2))
    QTest.mouseMove(picture, QPoint(-5, -5))


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


# Lines on the map


def test_the_largest_couplings_are_offered_as_lines(qtbot, model, shown):
    plans = []
    panel = following(model)
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
    panel = following(model)
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


def test_over_ground_it_is_said_that_the_plan_is_none_between_layouts(qtbot, model, shown):
    panel = shown(model)
    document = model.document.replace(layouts=(SPAWNS, LOOT, layout("guards", 7, 3)))
    panel.show_map(document, "step 200 of the run", ground="Cheap ground")
    settle(qtbot, panel)
    assert "over “Cheap ground”. Its plan is none between two layouts" in panel.notice.words
    assert panel.comparison is not None
    panel.controls.choose("spawns", "guards")  # whose weights differ in total
    settle(qtbot, panel)
    assert "over “Cheap ground”. Its plan is none between two layouts" in panel.words.text()
    assert panel.notice.words == ""
    assert panel.mend.isVisible()
    assert not panel.entropic.isVisible()
    assert not panel.exact.isVisible()
    panel.show_map(document)
    settle(qtbot, panel)
    assert "“guards”" in panel.notice.words
    panel.controls.choose("spawns", "loot")
    settle(qtbot, panel)
    assert panel.notice.words == ""
    assert panel.entropic.isVisible()
    assert panel.exact.isVisible()
