"""A map of another editor in the window: asked what its tiles cost, once; run, saved, and nothing else changed."""

import json
import re

import numpy as np
import pytest
from PySide6.QtWidgets import QInputDialog

from app.window.main_window import MainWindow
from maps import edits
from maps.formats import read_map
from maps.samples import load_sample
from tests.app.closing import let_it_close
from tests.maps.formats.test_ldtk import two_levels
from tests.maps.formats.tiled import made


def plain(objects=made.OBJECTS):
    text = made.tmx(objects=objects)
    return text[: text.index(b'<tile id="0"')] + text[text.index(b" </tileset>") :]


@pytest.fixture
def window(qtbot, tmp_path):
    made_window = MainWindow(None, None, None, presets=tmp_path / "presets")
    qtbot.addWidget(made_window, before_close_func=let_it_close)
    made_window.show()
    return made_window


def open_map(qtbot, window, path):
    opened = []
    window.files.opened.connect(lambda: opened.append(path))
    window.files.open(path)
    qtbot.waitUntil(lambda: bool(opened) and not window.files.busy)


def asked(qtbot, window):
    qtbot.waitUntil(lambda: not window.tile_costs._background.busy)
    return window.tile_costs.dialog


def apply(qtbot, window, dialog, name, cost):
    dialog.list.choose([dialog.list.order[0]])
    dialog._name(dialog.list.chosen, name)
    dialog._cost(dialog.list.chosen, cost)
    dialog.apply.click()
    qtbot.waitUntil(lambda: not window.tile_costs._background.busy)


def test_a_map_without_costs_asks_and_the_next_with_its_tiles_does_not(qtbot, window, tmp_path):
    path = tmp_path / "level.tmx"
    path.write_bytes(plain())
    open_map(qtbot, window, path)
    dialog = asked(qtbot, window)
    assert dialog is not None
    before = window.model.document
    apply(qtbot, window, dialog, "meadow", "2.5")
    assert window.model.history.labels == ("Open", "Tiles and their costs"), "one undo step"
    assert window.tile_costs.dialog is None
    assert "kept for the next map" in window.status.currentMessage()
    window.model.undo()
    assert window.model.document is before
    other = tmp_path / "other.tmx"
    other.write_bytes(plain().replace(b"1,1,2147483650,0", b"1,1,1,1"))
    let_it_close(window)
    open_map(qtbot, window, other)
    assert asked(qtbot, window) is None
    assert window.model.document.cost[0].tolist() == [2.5] * 4
    assert "its tiles cost what you said of them before" in window.status.currentMessage()
    assert "all cost 1" not in window.status.currentMessage()
    assert not window.model.modified


def test_who_cancels_has_the_map_as_it_was_and_is_not_asked_again(qtbot, window, tmp_path):
    path = tmp_path / "level.tmx"
    path.write_bytes(plain())
    open_map(qtbot, window, path)
    document = window.model.document
    asked(qtbot, window).reject()
    assert window.model.document is document
    assert not window.model.modified
    open_map(qtbot, window, path)
    assert asked(qtbot, window) is None
    window.tile_costs.open()
    assert asked(qtbot, window) is not None, "by the command at any time"


def test_a_map_that_says_its_costs_does_not_ask(qtbot, window, tmp_path):
    path = tmp_path / "level.tmx"
    path.write_bytes(made.tmx())
    open_map(qtbot, window, path)
    assert asked(qtbot, window) is None


def test_opened_priced_run_and_saved_only_the_intended_nodes_differ(qtbot, window, tmp_path, monkeypatch):
    path = tmp_path / "level.tmx"
    path.write_bytes(plain())
    open_map(qtbot, window, path)
    apply(qtbot, window, asked(qtbot, window), "meadow", "2.5")
    document = window.model.document
    window.model.edit("Apply a run", edits.apply_costs(document, document.cost * 1.25).document)
    window.results.applied.emit()
    assert path.read_bytes() == plain(), "not written before Save, nor for the engine"
    window.files.save()
    qtbot.waitUntil(lambda: not window.model.modified)
    text, before = path.read_text(), plain().decode()
    added = re.sub(r'\n <tileset[^>]*name="Longcut".*?</tileset>', "", text, flags=re.S)
    added = re.sub(r'\n <layer[^>]*name="Longcut cost".*?</layer>', "", added, flags=re.S)
    assert added == before.replace('nextlayerid="4"', 'nextlayerid="5"')
    found = read_map(path)
    assert np.array_equal(found.cost, window.model.document.cost)
    assert found.palette == window.model.document.palette


def test_saving_for_the_engine_follows_each_apply(qtbot, window, tmp_path):
    path = tmp_path / "level.tmx"
    path.write_bytes(made.tmx())
    open_map(qtbot, window, path)
    window.link.toggle_saving()
    qtbot.waitUntil(lambda: not window.files.busy)
    document = window.model.document
    for emitter, factor in ((window.controller, 2.0), (window.results, 4.0)):
        window.model.edit("Apply", edits.apply_costs(document, document.cost * factor).document)
        emitter.applied.emit()
        qtbot.waitUntil(lambda: not window.model.modified and not window.files.busy)
        assert read_map(path).cost[0, 0] == factor


def test_a_change_on_disk_is_offered_in_a_bar_that_takes_no_focus(qtbot, window, tmp_path):
    path = tmp_path / "level.tmx"
    path.write_bytes(made.tmx())
    open_map(qtbot, window, path)
    window.canvas.setFocus()
    assert window.disk_bar.isHidden()
    scenario, scale = window.panels.run.scenario, window.canvas.view.scale
    path.write_bytes(made.tmx().replace(b"1,1,2147483650,0", b"4,4,2147483650,0"))
    window.link.look_at_disk()
    assert window.disk_bar.isVisible()
    assert window.focusWidget() is window.canvas
    assert window.disk_bar.geometry().right() < window.canvas.width()
    assert "level.tmx was changed by another program" in window.disk_bar.words.text()
    window.disk_bar.take.click()
    qtbot.waitUntil(lambda: window.disk_bar.isHidden())
    assert window.model.document.cost[0, 0] == 4.0
    assert (window.panels.run.scenario, window.canvas.view.scale) == (scenario, scale)
    path.write_bytes(made.tmx())
    window.link.look_at_disk()
    window.disk_bar.keep.click()
    assert window.disk_bar.isHidden()
    assert window.model.document.cost[0, 0] == 4.0


def test_a_project_of_several_levels_asks_which(qtbot, window, tmp_path, monkeypatch):
    path = tmp_path / "game.ldtk"
    path.write_text(json.dumps(two_levels()))
    offered = []

    def choose(*words):
        offered.append(words[3])
        return words[3][1], True

    monkeypatch.setattr(QInputDialog, "getItem", choose)
    open_map(qtbot, window, path)
    assert [words.split()[0] for words in offered[0]] == ["First", "Second"]
    assert window.model.document.name == "Second"
    assert window.files.has_levels
    monkeypatch.setattr(QInputDialog, "getItem", lambda *words: (words[3][0], True))
    window.files.open_level()
    qtbot.waitUntil(lambda: window.model.document.name == "First")
    monkeypatch.setattr(QInputDialog, "getItem", lambda *_: ("", False))
    window.files.open_level()
    qtbot.waitUntil(lambda: not window.files.busy)
    assert window.model.document.name == "First", "who cancels keeps what is open"


def test_the_terrains_of_any_map_can_be_worked_on_in_the_table(qtbot, window):
    window.files.adopt(load_sample("woods"))
    window.tile_costs.open()
    dialog = asked(qtbot, window)
    dialog._cost([dialog.list.order[0]], "3.5")
    cells = dialog._tiles.cells
    first = dialog.table.terrains[dialog.table.of_kind[dialog.list.order[0]]].name
    dialog.apply.click()
    qtbot.waitUntil(lambda: not window.tile_costs._background.busy)
    document = window.model.document
    changed = next(n for n, kind in enumerate(document.palette) if kind.name == first)
    assert document.palette[changed].cost == 3.5
    assert (document.cost == np.float32(3.5)).sum() == max(cells)
    assert "kept for the next map" not in window.status.currentMessage(), "there is no set of tiles to keep it for"


def test_a_map_that_its_editor_made_larger_is_taken_over_and_undone(qtbot, window, tmp_path):
    path = tmp_path / "level.tmx"
    path.write_bytes(made.tmx())
    open_map(qtbot, window, path)
    before = window.model.document
    path.write_bytes(made.tmx(made.data_text(np.tile(made.GIDS, (3, 2)), "csv", ""), width=8, height=6))
    window.link.look_at_disk()
    window.disk_bar.take.click()
    qtbot.waitUntil(lambda: not window.link.offered)
    assert window.model.document.shape == (6, 8)
    assert window.model.document.classes == ()
    window.grab()
    window.model.undo()
    assert window.model.document is before
    window.grab()
