"""The palette: terrains are taken up, changed, added and removed."""

from dataclasses import replace

import pytest
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog

from app.panels import palette
from app.panels.palette import PalettePanel
from maps.document import new_document
from maps.terrain import Terrain
from tests.app.panels.tables import KEY, click, double_click, press, steps, texts, type_into


def test_a_click_takes_a_terrain_up_also_a_second_time(model, shown):
    panel = shown(PalettePanel(model))
    told = []
    panel.terrain_chosen.connect(told.append)
    click(panel, 1, palette.NAME)
    click(panel, 1, palette.NAME)
    QTest.keyClick(panel.table, KEY.Key_Down)
    assert told == [1, 1, 2]


@pytest.mark.parametrize("taken_up", [None, 6])
def test_another_palette_takes_no_terrain_up(model, shown, taken_up):
    panel = shown(PalettePanel(model))
    if taken_up is not None:
        click(panel, taken_up, palette.NAME)
    told = []
    panel.terrain_chosen.connect(told.append)
    long = model.document.palette
    for terrains in (long[:2], long, long[:1], (), long):
        model.adopt(new_document(4, 4, palette=terrains), None)
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
