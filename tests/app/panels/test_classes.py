"""Movement classes as a designer makes them: menus, keys and prices in, one undo step out."""

import math
from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.document.model import DocumentModel
from app.panels import class_prices, classes
from app.panels.classes import ClassesPanel
from maps.document import Route, new_document
from maps.movement import MovementClass, MovementRule, plain_class
from maps.terrain import Terrain
from tests.app.panels.tables import KEY, LEFT, click, finish, press, steps, take, texts, type_into

pytestmark = pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)  # menus, offscreen

PALETTE = (
    Terrain("road", 0.5, "#f2e6c4"),
    Terrain("grass", 1.0, "#b9cf6a"),
    Terrain("water", 4.0, "#4b6d8a", passable=False),
)
WALKER = plain_class("Walker", PALETTE)
CART = MovementClass("Cart", (0.5, 2.0, math.inf), 3.0, 2)


@pytest.fixture
def model(qapp):
    route = Route("trade", (0, 0), (7, 7), movement="Cart")
    return DocumentModel(new_document(8, 8, palette=PALETTE).replace(classes=(WALKER, CART), routes=(route,)))


@pytest.fixture
def panel(model, shown):
    return shown(ClassesPanel(model))


def chosen_price(panel, terrain):
    return panel.prices.item(terrain, class_prices.PRICE).text()


def type_price(panel, terrain, text):
    table = panel.prices
    at = table.visualItemRect(table.item(terrain, class_prices.PRICE)).center()
    QTest.mouseClick(table.viewport(), LEFT, pos=at)
    QTest.mouseDClick(table.viewport(), LEFT, pos=at)
    editor = table.cellWidget(terrain, class_prices.PRICE)
    assert isinstance(editor, QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, text) if text else QTest.keyClick(editor, KEY.Key_Delete)
    QTest.keyClick(editor, KEY.Key_Return)
    QApplication.processEvents()  # Qt takes the text over after the key


def test_a_map_without_classes_says_what_they_are_for_and_takes_a_first_one(qtbot, shown):
    model = DocumentModel(new_document(8, 8, palette=PALETTE))
    panel = shown(ClassesPanel(model))
    assert "Everybody moves alike" in panel.empty.text()
    assert [part.isVisible() for part in (panel.empty, panel.table, panel.prices, panel.reach)] == [True] + [
        False
    ] * 3
    assert panel.chosen is None
    for number in (2, 0, 2):
        press(panel, "Add")
        take(number, of=4)
    boat, walker, second = model.document.classes
    assert (boat.name, boat.costs) == ("Boat", (math.inf, math.inf, 1.0))
    assert walker == WALKER
    assert second == replace(boat, name="Boat 2")
    assert steps(model) == ("Add class",) * 3
    assert panel.chosen is second
    assert [part.isVisible() for part in (panel.empty, panel.table, panel.prices, panel.reach)] == [False] + [
        True
    ] * 3
    for _ in range(3):
        model.undo()
    assert panel.empty.isVisible()


def test_a_class_is_named_sized_and_weighed_each_in_one_step(model, panel):
    type_into(panel, 1, classes.NAME, "Wagon")
    type_into(panel, 1, classes.SIZE, "3")
    type_into(panel, 1, classes.FACTOR, "2,5")
    wagon = replace(CART, name="Wagon", size=3, factor=2.5)
    assert model.document.classes == (WALKER, wagon)
    assert model.document.routes[0].movement == "Wagon"
    assert len(steps(model)) == 3
    assert "needs 3 × 3 free cells" in panel.meaning.text()
    for _ in range(3):
        model.undo()
    assert model.document.classes == (WALKER, CART)
    assert texts(panel, classes.NAME) == ["Walker", "Cart"]
    assert "needs 2 × 2 free cells" in panel.meaning.text()


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        (classes.NAME, "Walker", "rename one"),
        (classes.NAME, " ", "no name"),
        (classes.SIZE, "2.5", "1 to 16 cells wide"),
        (classes.SIZE, "17", "1 to 16 cells wide"),
        (classes.FACTOR, "0", "above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_words(model, panel, column, typed, said):
    type_into(panel, 1, column, typed)
    assert said in panel.notice.words
    assert steps(model) == ()
    assert texts(panel, classes.NAME)[1] == "Cart"


def test_moves_and_corners_are_chosen_in_menus_by_mouse_and_keys(model, panel):
    click(panel, 1, classes.CORNERS)
    take(3, of=4)
    assert model.document.classes[1] == replace(CART, corner_rule="free")
    panel.table.setCurrentCell(1, classes.MOVES)
    QTest.keyClick(panel.table, KEY.Key_Return)
    take(1, of=3)
    assert model.document.classes[1] == replace(CART, corner_rule="free", neighbours=4)
    assert texts(panel, classes.MOVES) == ["map's", "4"]
    assert texts(panel, classes.CORNERS) == ["map's", "–"]
    click(panel, 1, classes.CORNERS)
    assert QApplication.activePopupWidget() is None, "with 4 neighbours there are no corners to cut"
    model.edit("rule", model.document.replace(rule=MovementRule(4)))
    assert texts(panel, classes.CORNERS) == ["–", "–"]
    click(panel, 1, classes.MOVES)
    take(0, of=3)
    assert model.document.classes[1].neighbours is None
    assert len(steps(model)) == 4


def test_prices_are_typed_and_none_means_cannot(model, panel):
    click(panel, 1, classes.NAME)
    assert [chosen_price(panel, terrain) for terrain in range(3)] == ["0.5", "2", "cannot"]
    typed = ("1,25", "-", "cannot", "", "0.5", "2")
    for number, text in enumerate(typed):
        type_price(panel, number % 2, text)
        price = {"1,25": 1.25, "0.5": 0.5, "2": 2.0}.get(text, math.inf)
        assert model.document.classes[1].costs[number % 2] == price
    assert steps(model) == (
        "Price of road",
        "Price of grass",
        "Price of road",
        "Price of road",
        "Price of grass",
    ), "a price that stays is no step"
    panel.prices.setCurrentCell(1, class_prices.PRICE)
    QTest.keyClick(panel.prices, KEY.Key_Delete)
    assert model.document.classes[1].costs == (0.5, math.inf, math.inf)
    assert chosen_price(panel, 1) == "cannot"
    for text, said in (("many", "no price"), ("0", "above 0"), ("nan", "finite")):
        type_price(panel, 2, text)
        assert said in panel.notice.words
        assert chosen_price(panel, 2) == "cannot"
    assert model.document.classes[0] == WALKER


def test_prices_are_those_of_the_chosen_class_and_follow_the_palette(model, panel):
    assert panel.chosen is WALKER
    assert all(panel.prices.item(row, class_prices.PRICE).font().italic() for row in range(3)), "as everybody pays"
    QTest.keyClick(panel.table, KEY.Key_Down)
    assert panel.chosen is CART
    assert chosen_price(panel, 1) == "2"
    assert not panel.prices.item(1, class_prices.PRICE).font().italic()
    added = model.document.replace(
        palette=(*PALETTE, Terrain("mud", 3.0, "#664422")),
        classes=tuple(replace(kind, costs=(*kind.costs, 3.0)) for kind in (WALKER, CART)),
    )
    model.edit("mud", added)
    assert panel.prices.rowCount() == 4
    assert chosen_price(panel, 3) == "3"
    assert panel.chosen is added.classes[1]


def test_the_chosen_class_is_removed_by_button_and_key(model, panel):
    told = []
    panel.changed.connect(lambda: told.append(panel.chosen))
    click(panel, 1, classes.NAME)
    QTest.keyClick(panel.table, KEY.Key_Delete)
    assert model.document.classes == (WALKER,)
    assert model.document.routes[0].movement == ""
    assert panel.chosen is WALKER
    press(panel, "Remove")
    assert panel.chosen is None
    assert panel.empty.isVisible()
    assert not panel._remove_button.isEnabled()
    assert told == [CART, WALKER, None]
    model.undo()
    model.undo()
    assert model.document.routes[0].movement == "Cart"


def test_the_switch_of_the_reach_counts_where_there_is_a_class(model, panel):
    told = []
    panel.changed.connect(lambda: told.append(panel.shows_reach))
    panel.reach.setFocus()
    QTest.keyClick(panel.reach, KEY.Key_Space)
    model.edit("none", new_document(8, 8, palette=PALETTE))
    assert told == [True, False]


def test_the_keyboard_renames_a_class(model, panel):
    panel.table.setFocus()
    panel.table.setCurrentCell(0, classes.NAME)
    QTest.keyClick(panel.table, KEY.Key_F2)
    editor = panel.table.cellWidget(0, classes.NAME)
    QTest.keyClicks(editor, "Scout")
    finish(panel, editor)
    assert model.document.classes[0].name == "Scout"


@pytest.mark.parametrize("text", ["", " ", "-", "–", "—", "Cannot", "no", "inf"])
def test_a_dash_a_word_or_nothing_is_no_way(text):
    assert class_prices.typed_price("Cart on road", text) == math.inf
