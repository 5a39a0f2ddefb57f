"""The table of layouts: their points, weights and names."""

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QColorDialog

from app.document.model import DocumentModel
from app.panels import layouts
from app.panels.layouts import LayoutsPanel
from app.widgets.parts import Button
from maps.document import new_document
from tests.app.panels.tables import KEY, LAYOUTS, click, press, steps, texts, type_into


def test_layouts_show_their_points_and_weights(model, shown):
    panel = shown(LayoutsPanel(model))
    assert texts(panel, layouts.POINTS) == ["2", "1"]
    assert texts(panel, layouts.WEIGHT) == ["3.5", "1"]


def test_a_layout_is_renamed_coloured_added_removed_and_chosen(qtbot, model, shown, monkeypatch):
    panel = shown(LayoutsPanel(model))
    type_into(panel, 0, layouts.NAME, "starts")
    type_into(panel, 0, layouts.NAME, " starts ")  # the same name is no step
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor("#009e73"))
    click(panel, 0, layouts.COLOUR)
    first = model.document.layouts[0]
    assert (first.name, first.colour) == ("starts", "#009e73")
    assert first.positions is LAYOUTS[0].positions
    with qtbot.waitSignal(panel.layout_chosen) as told:
        press(panel, "Add")
    assert told.args == [2]
    assert len(model.document.layouts[2].positions) == 0
    with qtbot.waitSignal(panel.layout_chosen) as told:
        press(panel, "Remove")
    assert told.args == [1]
    assert len(model.document.layouts) == 2
    assert len(steps(model)) == 4


def test_the_weight_field_serves_the_selection(qtbot, model, shown):
    panel = shown(LayoutsPanel(model))
    assert not panel.weight.isEnabled()
    assert panel.selected.text() == "No points selected"
    panel.show_selection(np.array([1.0, 2.5]))
    assert panel.weight.text() == ""
    assert panel.weight.placeholderText() == "mixed"
    with qtbot.assertNotEmitted(panel.weight_changed):
        panel.weight.setFocus()
        QTest.keyClick(panel.weight, KEY.Key_Return)
    with qtbot.waitSignal(panel.weight_changed) as told:
        QTest.keyClicks(panel.weight, "4")
        QTest.keyClick(panel.weight, KEY.Key_Return)
    assert told.args == [4.0]
    panel.show_selection(np.array([4.0, 4.0]))
    assert panel.weight.text() == "4"
    assert panel.selected.text() == "2 selected"
    with qtbot.assertNotEmitted(panel.weight_changed):
        panel.weight.selectAll()
        QTest.keyClicks(panel.weight, "-3")
        QTest.keyClick(panel.weight, KEY.Key_Return)
    assert "at least 0" in panel.notice.words
    QTest.keyClick(panel.weight, KEY.Key_Escape)
    assert panel.weight.text() == "4"


def test_import_and_export_are_asked_of_the_window(qtbot, model, shown):
    panel = shown(LayoutsPanel(model))
    with qtbot.waitSignal(panel.import_clicked):
        press(panel, "Import…")
    with qtbot.waitSignal(panel.export_clicked):
        press(panel, "Export…")


def test_without_a_layout_there_is_nothing_to_export_or_remove(shown):
    panel = shown(LayoutsPanel(DocumentModel(new_document(4, 4))))
    buttons = {button.text(): button for button in panel.findChildren(Button)}
    assert not buttons["Export…"].isEnabled()
    assert not buttons["Remove"].isEnabled()
    assert buttons["Import…"].isEnabled()
