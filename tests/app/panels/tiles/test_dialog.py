"""The table of tiles as a designer uses it: rows, several at once, suggestions, preview, apply and cancel."""

import math

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from app.panels.tiles.dialog import TilesDialog
from app.panels.tiles.tile_list import CELLS, COST, OPEN, PRICES, TERRAIN, TILE
from maps.formats import read_map, tiles_of
from maps.movement import MovementClass
from tests.maps.formats.tiled import made

WANG = """<wangsets><wangset name="w" type="corner" tile="-1"><wangcolor name="sand"/><wangcolor name="sea water"/>
  <wangtile tileid="1" wangid="0,2,0,2,0,2,0,2"/><wangtile tileid="3" wangid="0,1,0,1,0,1,0,1"/>
  <wangtile tileid="8" wangid="0,1,0,1,0,1,0,1"/></wangset></wangsets>
 </tileset>"""


@pytest.fixture
def path(tmp_path):
    """A map whose file says names of some tiles and no costs."""
    text = made.tmx()
    text = text[: text.index(b'<tile id="0"')] + text[text.index(b" </tileset>") :]
    target = tmp_path / "level.tmx"
    target.write_bytes(text.replace(b" </tileset>", WANG.encode()))
    return target


@pytest.fixture
def opened(qtbot, path):
    """`opened(...)`: the dialog on the map, and the documents that it applied."""

    def open_dialog(classes=(), suggest=True):
        document = read_map(path)
        if classes:
            document = document.replace(classes=classes)
        dialog = TilesDialog(document, tiles_of(document, path), suggest=suggest)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        qtbot.addWidget(dialog)
        dialog.show()
        applied = []
        dialog.applied.connect(applied.append)
        return document, dialog, applied

    return open_dialog


def shown(dialog, column):
    """The texts of a column, by the tile's."""
    rows = range(dialog.list.rowCount())
    return {dialog.list.item(row, TILE).toolTip(): dialog.list.item(row, column).text() for row in rows}


def row_of(dialog, key):
    return next(r for r in range(dialog.list.rowCount()) if dialog.list.item(r, TILE).toolTip() == key)


def choose(dialog, *keys):
    kinds = [dialog.list.order[row_of(dialog, key)] for key in keys]
    dialog.list.choose(kinds)


def test_it_lists_tiles_with_counts_and_suggestions(opened):
    document, dialog, applied = opened()
    assert shown(dialog, CELLS)["0:3"] == "2"
    assert shown(dialog, TERRAIN)["0:1"] == "sea water"
    assert shown(dialog, COST)["0:3"] == "1.5"
    assert not dialog.table.terrains[dialog.table.numbered("sea water")].passable
    assert "6 kinds of tiles" in dialog.head.text()
    assert applied == []
    dialog.apply.click()
    (made_of_it,) = applied
    names = np.array([kind.name for kind in made_of_it.palette])[made_of_it.terrain]
    assert not made_of_it.passable[names == "sea water"].any()
    assert (made_of_it.cost[names == "sand"] == 1.5).all()
    assert document.passable.all(), "the map that was opened stays"


def test_cancelled_it_applies_nothing(opened):
    _, dialog, applied = opened()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert applied == []
    assert dialog.result() == QDialog.DialogCode.Rejected


def test_several_rows_are_changed_at_once(opened):
    _, dialog, _ = opened(suggest=False)
    choose(dialog, "0:0", "0:2", "0:1")
    assert dialog.chosen.text() == "3 chosen"
    dialog.cost.setFocus()
    dialog.cost.selectAll()
    QTest.keyClicks(dialog.cost, "2,5")
    QTest.keyClick(dialog.cost, Qt.Key.Key_Return)
    costs = shown(dialog, COST)
    assert [costs[key] for key in ("0:0", "0:2", "0:1")] == ["2.5"] * 3
    assert dialog.isVisible(), "Enter takes the number over, not the table"
    dialog.terrain.setEditText("land")
    dialog._name_typed()
    names = shown(dialog, TERRAIN)
    assert [names[key] for key in ("0:0", "0:2", "0:1")] == ["land"] * 3
    assert names["0:3"] == "sand"
    dialog.closed.click()
    assert not dialog.table.terrains[dialog.table.numbered("land")].passable


def test_what_is_typed_into_a_cell_counts_for_all_chosen_rows(opened):
    _, dialog, _ = opened(suggest=False)
    choose(dialog, "0:0", "empty")
    dialog.list.item(row_of(dialog, "0:0"), TERRAIN).setText("ground")
    names = shown(dialog, TERRAIN)
    assert names["0:0"] == names["empty"] == "ground"
    # A row that is not chosen means itself alone.
    dialog.list.item(row_of(dialog, "0:3"), COST).setText("7")
    assert shown(dialog, COST)["0:3"] == shown(dialog, COST)["0:8"] == "7", "both are sand"
    assert shown(dialog, COST)["0:0"] == "1"


def test_the_tick_opens_and_closes(opened):
    _, dialog, _ = opened()
    row = row_of(dialog, "0:1")
    place = dialog.list.visualRect(dialog.list.model().index(row, OPEN)).center()
    QTest.mouseClick(dialog.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert dialog.table.terrains[dialog.table.numbered("sea water")].passable


def test_a_wrong_number_is_refused_with_a_reason(opened):
    _, dialog, _ = opened()
    row = row_of(dialog, "0:3")
    for text, why in (("cheap", "no number"), ("-1", "above 0")):
        dialog.list.item(row, COST).setText(text)
        assert why in dialog.notice.text()
        assert shown(dialog, COST)["0:3"] == "1.5"
    dialog.list.item(row, COST).setText("2")
    assert dialog.notice.text() == ""


def test_each_class_has_a_column(opened):
    count = 5
    boat = MovementClass("Boat", (math.inf,) * count)
    document, dialog, applied = opened(classes=(boat,))
    assert len(document.palette) == count
    assert shown(dialog, PRICES)["0:1"] == "cannot"
    dialog.list.item(row_of(dialog, "0:1"), PRICES).setText("1.5")
    dialog.list.item(row_of(dialog, "0:3"), PRICES).setText("far")
    assert "no price" in dialog.notice.text()
    choose(dialog, "0:3", "0:0")
    dialog.prices[0].setText("4")
    dialog.prices[0].editingFinished.emit()
    dialog.apply.click()
    paid = dict(zip([kind.name for kind in applied[0].palette], applied[0].classes[0].costs, strict=True))
    assert (paid["sea water"], paid["sand"]) == (1.5, 4.0)


def test_the_preview_follows(qtbot, opened):
    _, dialog, _ = opened()
    qtbot.waitUntil(lambda: not dialog.busy)

    def colours(label):
        image = label.pixmap().toImage()
        return image.pixelColor(2, 2).name(), image.width(), image.height()

    terrain, costs = (colours(label) for _, label in dialog.pictures)
    assert terrain[1:] == (264, 132), "a map of 4 × 2"
    dialog.list.item(row_of(dialog, "0:0"), COST).setText("40")
    qtbot.waitUntil(lambda: not dialog.busy)
    assert colours(dialog.pictures[1][1])[0] != costs[0]


def test_tiles_have_their_pictures(opened, path):
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:16, 16:32] = (10, 60, 200)
    Image.fromarray(picture).save(path.with_name("ground.png"))
    _, dialog, _ = opened()
    icon = dialog.list.item(row_of(dialog, "0:1"), TILE).icon().pixmap(24, 24).toImage()
    assert icon.pixelColor(12, 12).getRgb()[:3] == (10, 60, 200)


def test_both_themes_draw_it(opened, dress):
    for dark in (True, False):
        dress(dark)
        _, dialog, _ = opened()
        assert not dialog.grab().isNull()
