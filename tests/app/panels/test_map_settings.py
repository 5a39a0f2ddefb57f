"""The map's settings: name, size, bounds and movement rules, each one step."""

import numpy as np
import pytest
from PySide6.QtTest import QTest

from app.panels.map_settings import MapSettingsPanel
from maps.document import Bounds
from maps.movement import MovementRule
from tests.app.panels.tables import KEY, LEFT, steps


def enter(field, text):
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, KEY.Key_Return)


def test_name_cell_size_and_bounds_are_one_step_each(model, shown):
    panel = shown(MapSettingsPanel(model))
    enter(panel.name, "Meadow")
    enter(panel.cell_size, "2,5")
    enter(panel.upper_bound, "8")
    enter(panel.upper_bound, "8.0")
    document = model.document
    assert (document.name, document.cell_size, document.bounds) == ("Meadow", 2.5, Bounds(0.2, 8.0))
    assert steps(model) == ("Name map", "Cell size", "Bounds")
    for _ in range(3):
        model.undo()
    assert (panel.name.text(), panel.cell_size.text(), panel.upper_bound.text()) == ("test", "1", "5")


@pytest.mark.parametrize(
    ("field", "notice", "typed", "said"),
    [
        ("lower_bound", "bounds", "9", "above upper 5"),
        ("upper_bound", "bounds", "much", "no number"),
        ("cell_size", "cell_size", "0", "above 0"),
        ("rows", "size", "2.5", "no whole number"),
        ("rows", "size", "0", "at least one row"),
        ("columns", "size", "99999", "too large"),
    ],
)
def test_what_cannot_be_stands_beside_the_field_in_words(model, shown, field, notice, typed, said):
    panel = shown(MapSettingsPanel(model))
    before = model.document
    enter(getattr(panel, field), typed)
    assert said in panel.notices[notice].words
    assert panel.notices[notice].isVisible()
    assert model.document is before
    assert getattr(panel, field).text() == typed, "what was typed stays, to be mended"
    QTest.keyClick(getattr(panel, field), KEY.Key_Escape)
    assert getattr(panel, field).text() != typed


def test_leaving_a_mended_field_takes_its_complaint_away(model, shown):
    panel = shown(MapSettingsPanel(model))
    enter(panel.lower_bound, "9")
    enter(panel.lower_bound, "1")
    assert panel.notices["bounds"].words == ""
    assert model.document.bounds == Bounds(1.0, 5.0)


def test_resizing_keeps_what_the_anchor_says_and_tells_what_is_gone(model, shown):
    cost = np.arange(1, 257, dtype=np.float32).reshape(16, 16)
    model.edit("costs", model.document.replace(cost=cost))
    panel = shown(MapSettingsPanel(model))
    QTest.mouseClick(panel.anchor.button(8), LEFT)  # the bottom right stays
    panel.rows.setText("8")
    panel.columns.setText("20")
    QTest.mouseClick(panel.resize_button, LEFT)
    document = model.document
    assert document.shape == (8, 20)
    assert np.array_equal(document.cost[:, 4:], cost[8:])
    assert (document.cost[:, :4] == 1.0).all()
    assert [route.name for route in document.routes] == ["south"]
    assert "'north'" in panel.notices["size"].words
    assert "Undo" in panel.notices["size"].words
    model.undo()
    assert model.document.shape == (16, 16)
    assert panel.rows.text() == "16"
    assert panel.notices["size"].words == ""


def test_movement_rules_are_chosen_and_diagonals_rest_without_diagonals(model, shown):
    panel = shown(MapSettingsPanel(model))
    panel.neighbours.setFocus()
    QTest.keyClick(panel.neighbours, KEY.Key_Up)
    assert model.document.rule == MovementRule(neighbours=4)
    assert not panel.corners.isEnabled()
    assert "no diagonal" in panel.corners.toolTip()
    QTest.keyClick(panel.neighbours, KEY.Key_Down)
    QTest.keyClick(panel.corners, KEY.Key_End)
    QTest.keyClick(panel.cost_rule, KEY.Key_Down)
    assert model.document.rule == MovementRule(8, "free", "entered")
    assert steps(model) == ("Movement rule",) * 4
    model.jump(0)
    assert panel.cost_rule.currentData() == "mean"
    assert model.document.rule == MovementRule()
