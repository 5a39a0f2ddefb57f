"""The side panels as a designer uses them: clicks and keys in, one undo step out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog, QLineEdit, QMainWindow, QTableWidget

from app.canvas.layers import FIRST_LAYERS, LAYERS
from app.document.model import DocumentModel
from app.panels import layouts, palette, routes
from app.panels.history import HistoryPanel
from app.panels.layers import LayersPanel
from app.panels.layouts import LayoutsPanel
from app.panels.map_settings import MapSettingsPanel
from app.panels.palette import PalettePanel
from app.panels.routes import RoutesPanel
from maps.document import Bounds, Layout, MovementRule, Route, Terrain, new_document

LEFT = Qt.MouseButton.LeftButton
KEY = Qt.Key
ROUTES = (
    Route("north", (1, 1), (1, 14), colour="#e69f00"),
    Route("south", (14, 1), (14, 14), weight=2.0, colour="#56b4e9", expected_cost=13.0),
)
LAYOUTS = (
    Layout("spawns", np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 2.5])),
    Layout("loot", np.array([[10.0, 12.0]]), np.array([1.0]), "#d55e00"),
)


@pytest.fixture
def model(qapp):
    return DocumentModel(new_document(16, 16, name="test").replace(routes=ROUTES, layouts=LAYOUTS))


@pytest.fixture
def shown(qtbot):
    def show(panel, width=300):
        qtbot.addWidget(panel)
        panel.resize(width, max(panel.sizeHint().height(), 200))
        with qtbot.waitExposed(panel):
            panel.show()
        return panel

    return show


def click(panel, row, column):
    item = panel.table.item(row, column)
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=panel.table.visualItemRect(item).center())


def double_click(panel, row, column):
    at = panel.table.visualItemRect(panel.table.item(row, column)).center()
    QTest.mouseClick(panel.table.viewport(), LEFT, pos=at)
    QTest.mouseDClick(panel.table.viewport(), LEFT, pos=at)


def type_into(panel, row, column, text):
    double_click(panel, row, column)
    editor = panel.table.cellWidget(row, column)
    assert isinstance(editor, QLineEdit), "a double click opens an editor"
    editor.selectAll()
    QTest.keyClicks(editor, text) if text else QTest.keyClick(editor, KEY.Key_Delete)
    finish(panel, editor)


def finish(panel, editor):
    QTest.keyClick(editor, KEY.Key_Return)
    QApplication.processEvents()  # Qt takes the text over after the key
    assert panel.table.state() == QTableWidget.State.NoState


def press(panel, text):
    button = next(
        panel._buttons.itemAt(n).widget()
        for n in range(panel._buttons.count())
        if panel._buttons.itemAt(n).widget() and panel._buttons.itemAt(n).widget().text() == text
    )
    QTest.mouseClick(button, LEFT)


def texts(panel, column):
    return [panel.table.item(row, column).text() for row in range(panel.table.rowCount())]


def steps(model):
    return model.history.labels[1:]


# Layers


def test_layers_are_switched_by_a_click_and_by_the_space_bar(qtbot, shown):
    panel = shown(LayersPanel())
    assert panel.visible() == FIRST_LAYERS
    assert set(panel.switches) == set(LAYERS)
    assert all(switch.toolTip() for switch in panel.switches.values()), "every layer is explained"
    assert all(switch.height() >= 24 for switch in panel.switches.values())
    with qtbot.waitSignal(panel.visible_changed) as told:
        QTest.mouseClick(panel.switches["walls"], LEFT, pos=panel.switches["walls"].rect().center() / 4)
    assert told.args == [FIRST_LAYERS - {"walls"}]
    with qtbot.waitSignal(panel.visible_changed) as told:
        QTest.keyClick(panel.switches["distance"], KEY.Key_Space)
    assert told.args == [FIRST_LAYERS - {"walls"} | {"distance"}]


def test_showing_which_layers_are_drawn_announces_nothing(qtbot, shown):
    panel = shown(LayersPanel())
    with qtbot.assertNotEmitted(panel.visible_changed):
        panel.set_visible({"cost", "grid"})
    assert panel.visible() == {"cost", "grid"}


# Routes


def test_a_route_is_renamed_weighed_and_coloured_each_in_one_step(model, shown, monkeypatch):
    panel = shown(RoutesPanel(model))
    type_into(panel, 0, routes.NAME, "upper way")
    type_into(panel, 0, routes.WEIGHT, "2,5")
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor("#009e73"))
    click(panel, 0, routes.COLOUR)
    assert model.document.routes[0] == replace(ROUTES[0], name="upper way", weight=2.5, colour="#009e73")
    assert len(steps(model)) == 3
    for _ in range(3):
        model.undo()
    assert model.document.routes == ROUTES
    assert texts(panel, routes.NAME) == ["north", "south"]


def test_a_colour_that_is_not_chosen_changes_nothing(model, shown, monkeypatch):
    panel = shown(RoutesPanel(model))
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor())
    click(panel, 0, routes.COLOUR)
    assert steps(model) == ()


@pytest.mark.parametrize(
    ("typed", "said"), [("-2", "above 0"), ("0", "above 0"), ("many", "no number"), ("nan", "finite")]
)
def test_a_weight_that_cannot_be_is_refused_in_words(model, shown, typed, said):
    panel = shown(RoutesPanel(model))
    type_into(panel, 1, routes.WEIGHT, typed)
    assert said in panel.notice.words
    assert panel.notice.isVisible()
    assert model.document.routes == ROUTES
    assert steps(model) == ()
    assert texts(panel, routes.WEIGHT) == ["1", "2"], "the cell shows what holds"
    type_into(panel, 1, routes.WEIGHT, "3")
    assert not panel.notice.isVisible()


def test_costs_stand_beside_their_routes_in_words(model, shown):
    panel = shown(RoutesPanel(model))
    assert texts(panel, routes.COST) == ["…", "…"]
    panel.show_costs(np.array([math.inf, 13.5]))
    assert texts(panel, routes.COST) == ["no way", "≠ 13.5"]
    assert "13" in panel.table.item(1, routes.COST).toolTip()
    panel.show_costs(np.array([29.04, 13.0001]))
    assert texts(panel, routes.COST) == ["29.0", "13.0"], "within a scenario file's decimals nothing is marked"


def test_a_cost_stays_with_its_route_when_another_goes(model, shown):
    panel = shown(RoutesPanel(model))
    panel.show_costs(np.array([29.0, 13.0]))
    click(panel, 0, routes.NAME)
    QTest.keyClick(panel.table, KEY.Key_Delete)
    assert texts(panel, routes.NAME) == ["south"]
    assert texts(panel, routes.COST) == ["13.0"]
    assert steps(model) == ("Remove north",)


def test_a_key_of_the_table_comes_before_the_same_key_of_the_window(qtbot, model):
    window = QMainWindow()
    panel = RoutesPanel(model)
    window.setCentralWidget(panel)
    qtbot.addWidget(window)
    told = []
    for key in (KEY.Key_Delete, KEY.Key_K):
        action = QAction(window)
        action.setShortcut(key)
        action.triggered.connect(lambda _, key=key: told.append(key))
        window.addAction(action)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()  # where no window manager does it
    panel.table.setFocus()
    QTest.keyClick(panel.table, KEY.Key_Delete)
    QTest.keyClick(panel.table, KEY.Key_K)
    assert told == [KEY.Key_K]
    assert model.document.routes == ROUTES[1:]


def test_choosing_a_row_announces_it_once(qtbot, model, shown):
    panel = shown(RoutesPanel(model))
    told = []
    panel.route_chosen.connect(told.append)
    click(panel, 1, routes.NAME)
    click(panel, 1, routes.WEIGHT)
    QTest.keyClick(panel.table, KEY.Key_Up)
    assert told == [1, 0]
    panel.set_active(1)
    assert told == [1, 0]
    assert panel.table.currentRow() == 1
    panel.set_active(2)
    assert not panel.table.selectedItems(), "two routes: the third is a new one"


def test_a_new_route_lies_on_open_cells_and_becomes_the_active_one(qtbot, model, shown):
    walled = np.ones((16, 16), bool)
    walled[:, :6] = False
    model.edit("walls", model.document.replace(passable=walled))
    panel = shown(RoutesPanel(model))
    with qtbot.waitSignal(panel.route_chosen) as told:
        press(panel, "Add")
    added = model.document.routes[2]
    assert told.args == [2]
    assert panel.table.currentRow() == 2
    assert walled[added.start]
    assert walled[added.goal]
    assert added.start != added.goal
    assert added.name == "Route 1"
    assert added.colour not in {route.colour for route in ROUTES}
    model.undo()
    assert model.document.routes == ROUTES


def test_a_route_can_be_added_where_everything_is_wall(model, shown):
    model.edit("walls", model.document.replace(passable=np.zeros((16, 16), bool)))
    panel = shown(RoutesPanel(model))
    press(panel, "Add")
    assert len(model.document.routes) == 3


def test_swapped_ends_keep_a_promise_only_where_both_ways_cost_the_same(model, shown):
    panel = shown(RoutesPanel(model))
    click(panel, 1, routes.NAME)
    press(panel, "Swap ends")
    assert model.document.routes[1] == replace(ROUTES[1], start=(14, 14), goal=(14, 1))
    model.edit("rule", model.document.replace(rule=MovementRule(cost_rule="entered")))
    press(panel, "Swap ends")
    assert model.document.routes[1] == replace(ROUTES[1], expected_cost=None)


def test_targets_are_what_was_typed_and_then_what_other_paths_cost_now(qtbot, model, shown):
    panel = shown(RoutesPanel(model))
    assert panel.table.isColumnHidden(routes.TARGET)
    panel.show_targets(True)
    panel.show_costs(np.array([29.0, 13.0]))
    assert panel.targets() == (), "nobody has asked for any"
    assert texts(panel, routes.TARGET) == ["–", "–"]
    with qtbot.waitSignal(panel.targets_changed):
        type_into(panel, 1, routes.TARGET, "40")
    assert panel.targets() == (29.0, 40.0)
    assert texts(panel, routes.TARGET) == ["29.0", "40"]
    assert [panel.table.item(row, routes.TARGET).font().italic() for row in (0, 1)] == [True, False]
    type_into(panel, 1, routes.NAME, "lower way")
    assert panel.targets() == (29.0, 40.0), "a target goes with its route's name"
    type_into(panel, 1, routes.TARGET, "-1")
    assert "above 0" in panel.notice.words
    assert panel.targets() == (29.0, 40.0)
    type_into(panel, 0, routes.TARGET, "50")
    type_into(panel, 1, routes.TARGET, "")
    assert panel.targets() == (50.0, 13.0)
    panel.show_costs(np.array([29.0, math.inf]))
    assert panel.targets() == (), "a route without a way has no cost to keep"
    panel.show_costs(np.array([29.0, 13.0]))
    with qtbot.waitSignal(panel.targets_changed):
        type_into(panel, 0, routes.TARGET, "")
    assert panel.targets() == ()
    assert texts(panel, routes.TARGET) == ["–", "–"]
    assert steps(model) == ("Rename route",), "targets are wishes for a run, no edits of the map"


def test_new_costs_are_told_where_targets_keep_them(qtbot, model, shown):
    panel = shown(RoutesPanel(model))
    told = []
    panel.targets_changed.connect(lambda: told.append(panel.targets()))
    panel.show_costs(np.array([29.0, 13.0]))
    panel.show_targets(True)
    assert told == [], "nothing is typed"
    type_into(panel, 1, routes.TARGET, "40")
    panel.show_costs(np.array([31.0, 13.0]))
    panel.show_costs(np.array([31.0, 14.0]))
    panel.show_targets(False)
    panel.show_costs(np.array([33.0, 14.0]))
    assert told == [(29.0, 40.0), (31.0, 40.0)], "once each, and only while they are in view"
    panel.show_targets(True)
    assert told[2:] == [(33.0, 40.0)]


def test_everything_fits_into_the_right_column(model, shown):
    for kind in (LayersPanel, RoutesPanel, PalettePanel, LayoutsPanel, MapSettingsPanel, HistoryPanel):
        panel = kind() if kind is LayersPanel else kind(model)
        shown(panel)
        assert panel.width() == 300, kind.__name__
        assert panel.minimumSizeHint().width() <= 300, kind.__name__


def test_the_keyboard_edits_and_colours_a_route(model, shown, monkeypatch):
    panel = shown(RoutesPanel(model))
    panel.table.setFocus()
    panel.table.setCurrentCell(0, routes.NAME)
    QTest.keyClick(panel.table, KEY.Key_F2)
    editor = panel.table.cellWidget(0, routes.NAME)
    QTest.keyClicks(editor, "typed")
    finish(panel, editor)
    assert model.document.routes[0].name == "typed"
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor("#123456"))
    panel.table.setCurrentCell(0, routes.COLOUR)
    QTest.keyClick(panel.table, KEY.Key_Space)
    assert model.document.routes[0].colour == "#123456"


def test_a_disabled_button_says_why(model, shown):
    panel = shown(RoutesPanel(model))
    panel.set_active(2)
    assert not panel._remove_button.isEnabled()
    assert "Choose a route" in panel._remove_button.toolTip()
    panel.set_active(0)
    assert panel._remove_button.isEnabled()
    assert "Choose" not in panel._remove_button.toolTip()


# Palette


def test_a_click_takes_a_terrain_up_also_a_second_time(model, shown):
    panel = shown(PalettePanel(model))
    told = []
    panel.terrain_chosen.connect(told.append)
    click(panel, 1, palette.NAME)
    click(panel, 1, palette.NAME)
    QTest.keyClick(panel.table, KEY.Key_Down)
    grass, sand = model.document.palette[1:3]
    assert told == [grass, grass, sand]


@pytest.mark.parametrize("taken_up", [None, 6])
def test_another_palette_takes_no_terrain_up(model, shown, taken_up):
    panel = shown(PalettePanel(model))
    if taken_up is not None:
        click(panel, taken_up, palette.NAME)
    told = []
    panel.terrain_chosen.connect(told.append)
    long = model.document.palette
    for terrains in (long[:2], long, long[:1], (), long):
        model.adopt(model.document.replace(palette=terrains), None)
        assert panel.table.currentRow() == -1
        assert panel.active == len(terrains)
    assert told == []


def test_a_terrain_stays_taken_up_when_others_come_and_in_another_look(dress, model, shown):
    panel = shown(PalettePanel(model))
    click(panel, 1, palette.NAME)
    model.edit("more", model.document.replace(palette=(*model.document.palette, Terrain("mud", 3.0, "#664422"))))
    for dark in (True, False):
        dress(dark)
        QApplication.processEvents()
        assert panel.table.currentRow() == 1


def test_a_terrain_is_changed_in_one_step_each(model, shown, monkeypatch):
    panel = shown(PalettePanel(model))
    type_into(panel, 1, palette.NAME, "meadow")
    type_into(panel, 1, palette.COST, "1.25")
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor("#00ff00"))
    double_click(panel, 1, palette.COLOUR)
    click(panel, 1, palette.WALL)
    assert model.document.palette[1] == Terrain("meadow", 1.25, "#00ff00", passable=False)
    assert len(steps(model)) == 4
    panel.table.setCurrentCell(1, palette.WALL)
    QTest.keyClick(panel.table, KEY.Key_Space)
    assert model.document.palette[1].passable


def test_a_cost_of_nothing_is_refused(model, shown):
    panel = shown(PalettePanel(model))
    type_into(panel, 0, palette.COST, "0")
    assert "above 0" in panel.notice.words
    assert steps(model) == ()
    assert texts(panel, palette.COST)[0] == "0.5"


def test_a_terrain_is_added_and_removed(model, shown):
    panel = shown(PalettePanel(model))
    before = model.document.palette
    assert not panel._remove_button.isEnabled()
    click(panel, 3, palette.NAME)
    press(panel, "Add")
    assert model.document.palette == (*before, replace(before[3], name="Terrain 1"))
    press(panel, "Remove")
    assert model.document.palette == before
    for _ in before:
        press(panel, "Remove")
    assert model.document.palette == ()
    assert not panel._remove_button.isEnabled()
    press(panel, "Add")
    assert [terrain.cost for terrain in model.document.palette] == [1.0]


# Layouts


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


# History


def test_the_history_shows_where_one_stands_and_jumps(model, shown):
    panel = shown(HistoryPanel(model))
    first = model.document
    for label in ("Brush", "Wall", "Line"):
        model.edit(label, model.document.replace(name=label))
    assert [panel.list.item(row).text() for row in range(4)] == ["New", "Brush", "Wall", "Line"]
    assert panel.list.currentRow() == 3
    QTest.mouseClick(panel.list.viewport(), LEFT, pos=panel.list.visualItemRect(panel.list.item(1)).center())
    assert model.document.name == "Brush"
    assert [panel.list.item(row).font().italic() for row in range(4)] == [False, False, True, True]
    QTest.keyClick(panel.list, KEY.Key_Up)
    assert model.document is first
    model.redo()
    model.edit("Fill", model.document.replace(name="Fill"))
    assert [panel.list.item(row).text() for row in range(panel.list.count())] == ["New", "Brush", "Fill"]
    assert panel.list.currentRow() == 2


# Map settings


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


# Both grounds


def test_panels_follow_a_change_of_the_palette(qapp, dress, model, shown):
    dress(True)
    panel, history = shown(RoutesPanel(model)), shown(HistoryPanel(model))
    dark = panel.table.item(0, routes.NAME).foreground().color().lightness()
    dress(False)
    qapp.processEvents()
    light = panel.table.item(0, routes.NAME).foreground().color().lightness()
    assert dark > 128 > light
    assert history.list.item(0).foreground().color().lightness() < 128
