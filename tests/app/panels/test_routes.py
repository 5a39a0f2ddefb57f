"""The table of routes as a designer uses it: clicks and keys in, one undo step out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QAction, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QColorDialog, QMainWindow

from app.panels import routes
from app.panels.classes import ClassesPanel
from app.panels.history import HistoryPanel
from app.panels.layers import LayersPanel
from app.panels.layouts import LayoutsPanel
from app.panels.map_settings import MapSettingsPanel
from app.panels.palette import PalettePanel
from app.panels.routes import RoutesPanel
from maps.movement import MovementRule, plain_class
from tests.app.panels.tables import KEY, ROUTES, click, finish, press, steps, take, texts, type_into


def by_journey(model, costs):
    """Costs of the map's routes, in their order, by the ends of these and who walks them."""
    return dict(zip((route.journey for route in model.document.routes), costs, strict=True))


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
    panel.show_costs(by_journey(model, [math.inf, 13.5]))
    assert texts(panel, routes.COST) == ["no way", "≠ 13.5"]
    assert "13" in panel.table.item(1, routes.COST).toolTip()
    panel.show_costs(by_journey(model, [29.04, 13.0001]))
    assert texts(panel, routes.COST) == ["29.0", "13.0"], "within a scenario file's decimals nothing is marked"


def test_a_cost_stays_with_its_route_when_another_goes(model, shown):
    panel = shown(RoutesPanel(model))
    panel.show_costs(by_journey(model, [29.0, 13.0]))
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
    assert added.name == "Route 3"
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
    panel.show_drawn_costs(by_journey(model, [29.0, 13.0]))
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
    panel.show_drawn_costs(by_journey(model, [29.0, math.inf]))
    assert panel.targets() == (), "a route without a way has no cost to keep"
    panel.show_drawn_costs(by_journey(model, [29.0, 13.0]))
    with qtbot.waitSignal(panel.targets_changed):
        type_into(panel, 0, routes.TARGET, "")
    assert panel.targets() == ()
    assert texts(panel, routes.TARGET) == ["–", "–"]
    assert steps(model) == ("Rename route",), "targets are wishes for a run, no edits of the map"


def test_new_costs_are_told_where_targets_keep_them(qtbot, model, shown):
    panel = shown(RoutesPanel(model))
    told = []
    panel.targets_changed.connect(lambda: told.append(panel.targets()))
    panel.show_drawn_costs(by_journey(model, [29.0, 13.0]))
    panel.show_targets(True)
    assert told == [], "nothing is typed"
    type_into(panel, 1, routes.TARGET, "40")
    panel.show_drawn_costs(by_journey(model, [31.0, 13.0]))
    panel.show_drawn_costs(by_journey(model, [31.0, 14.0]))
    panel.show_targets(False)
    panel.show_drawn_costs(by_journey(model, [33.0, 14.0]))
    assert told == [(29.0, 40.0), (31.0, 40.0)], "once each, and only while they are in view"
    panel.show_targets(True)
    assert told[2:] == [(33.0, 40.0)]


def test_everything_fits_into_the_right_column(model, shown):
    kinds = LayersPanel, RoutesPanel, PalettePanel, LayoutsPanel, MapSettingsPanel, ClassesPanel, HistoryPanel
    for kind in kinds:
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


@pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)  # menus, offscreen
def test_who_walks_a_route_is_chosen_where_there_are_classes_and_the_next_route_follows(model, shown):
    panel = shown(RoutesPanel(model))
    assert panel.table.isColumnHidden(routes.WALKER)
    kinds = tuple(plain_class(name, model.document.palette) for name in ("Cart", "Boat"))
    model.edit("classes", model.document.replace(classes=kinds))
    assert not panel.table.isColumnHidden(routes.WALKER)
    assert texts(panel, routes.WALKER) == ["everybody", "everybody"]
    panel.show_costs(by_journey(model, [29.0, 13.0]))
    click(panel, 1, routes.WALKER)
    take(2, of=3)
    assert model.document.routes[1] == replace(ROUTES[1], movement="Boat", expected_cost=None)
    assert texts(panel, routes.COST) == ["29.0", "…"], "the cost was that of who walked it before"
    press(panel, "Add")
    assert texts(panel, routes.WALKER) == ["everybody", "Boat", "Boat"]
    panel.table.setCurrentCell(1, routes.WALKER)
    QTest.keyClick(panel.table, KEY.Key_Space)
    take(0, of=3)
    assert [route.movement for route in model.document.routes] == ["", "", "Boat"]
    click(panel, 0, routes.WALKER)
    take(0, of=3)
    assert steps(model) == ("classes", "Walker of route", "Add route", "Walker of route")
    model.edit("none", model.document.replace(classes=(), routes=ROUTES))
    assert panel.table.isColumnHidden(routes.WALKER)


def test_routes_of_one_way_have_a_cost_for_each_who_walks_them(model, shown):
    cart = plain_class("Cart", model.document.palette)
    both = ROUTES[0], replace(ROUTES[0], name="by cart", movement="Cart")
    model.edit("classes", model.document.replace(classes=(cart,), routes=both))
    panel = shown(RoutesPanel(model))
    panel.show_costs(by_journey(model, [29.0, 58.0]))
    assert texts(panel, routes.COST) == ["29.0", "58.0"]
