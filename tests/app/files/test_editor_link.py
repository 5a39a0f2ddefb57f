"""A map that its own editor has open too: what changes there is offered here, what is applied here is written."""

import json
import re

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from app.base.preferences import Preferences
from app.document.model import DocumentModel
from app.files.editor_link import EditorLink
from app.files.file_actions import Files
from maps import edits, raster
from maps.document import new_document
from maps.formats import read_map, tiles_of, write_map
from maps.movement import plain_class
from maps.results import KeptResult
from maps.tile_table import table_of, with_cost, with_table, with_terrain
from tests.maps.formats.test_ldtk import project
from tests.maps.formats.tiled import made


@pytest.fixture
def opened(qtbot, tmp_path):
    """`opened(name, contents)`: a link to the editor of the file, which a window has open."""
    links = []

    def open_map(name, contents):
        path = tmp_path / name
        path.write_bytes(contents)
        window = QWidget()
        qtbot.addWidget(window)
        model = DocumentModel(new_document(2, 2))
        files = Files(window, model, None)
        link = EditorLink(files, model, Preferences(tmp_path / "settings.ini"))
        links.append(link)
        files.open(path)
        qtbot.waitUntil(lambda: not files.busy)
        assert model.path == path
        return link

    yield open_map
    for link in links:
        link.shut_down()
        link._files.shut_down()


def in_editor(path, old, new):
    """What the editor does: the text of the file with something else in it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def plain_tmx():
    """A map whose file says no costs."""
    text = made.tmx()
    return text[: text.index(b'<tile id="0"')] + text[text.index(b" </tileset>") :]


def decided(model, path):
    """The map with a table of tiles applied: sea and land, with costs, and a class."""
    document = model.document
    tiles = tiles_of(document, path)
    of_key = {kind.key: number for number, kind in enumerate(tiles.kinds)}
    table = with_terrain(table_of(document, tiles), {of_key["0:2"], of_key["0:1"]}, "sea")
    table = with_terrain(table, {of_key[key] for key in ("0:0", "0:3", "0:8")}, "land")
    table = with_cost(with_cost(table, table.numbered("sea") or 0, 3.0), table.numbered("land") or 0, 1.5)
    made_of_it = with_table(document, tiles, table)
    return made_of_it.replace(classes=(plain_class("Cart", made_of_it.palette),))


def take_over(qtbot, link):
    link.look_at_disk()
    assert link.offered
    link.take_over()
    qtbot.waitUntil(lambda: not link.offered and not link._files.busy)


def names_of(document):
    return np.array([kind.name for kind in document.palette])[document.terrain].tolist()


def test_what_the_editor_changed_is_taken_over_and_the_table_stays(qtbot, opened):
    link = opened("level.tmx", plain_tmx())
    model, path = link._model, link._model.path
    model.edit("Tiles and their costs", decided(model, path))
    kept = KeptResult("one", "", "adversarial", model.document, model.document)
    model.keep(kept)
    in_editor(path, "1,1,2147483650,0,", "1,3,2147483650,4,")
    offers = []
    link.changed_on_disk.connect(offers.append)
    take_over(qtbot, link)
    assert "Not saved here: Tiles and their costs. What the file" in offers[0]
    found = model.document
    assert names_of(found) == [["land", "sea", "sea", "land"], ["sea", "land", "land", "land"]]
    assert found.cost[0].tolist() == [1.5, 3.0, 3.0, 1.5]
    assert [kind.name for kind in found.classes] == ["Cart"]
    assert found.classes[0].costs == tuple(kind.cost for kind in found.palette)
    assert model.results == (kept,)
    assert model.modified, "the file says nothing of these costs yet"
    model.undo()
    assert names_of(model.document)[0] == ["land", "land", "sea", "empty"]


def test_costs_of_a_run_stay_where_the_editor_left_the_tiles(qtbot, opened):
    link = opened("level.tmx", plain_tmx())
    model, path = link._model, link._model.path
    document = decided(model, path)
    model.edit(
        "Run", document.replace(cost=document.cost * np.linspace(1.0, 2.0, 8, dtype=np.float32).reshape(2, 4))
    )
    before = model.document.cost
    in_editor(path, "1,1,2147483650,0,", "1,3,2147483650,0,")
    take_over(qtbot, link)
    changed = model.document.cost != before
    assert np.argwhere(changed).tolist() == [[0, 1]]
    assert model.document.cost[0, 1] == 3.0


def test_a_file_with_costs_of_its_own_is_taken_over_as_it_is(qtbot, opened):
    link = opened("level.tmx", made.tmx())
    model, path = link._model, link._model.path
    patch = raster.rectangle((2, 4), (0, 0), (0, 0))
    model.edit("Paint", edits.paint(model.document, patch, "set", 3.25).document)
    link._files.save()
    qtbot.waitUntil(lambda: not model.modified)
    in_editor(path, "1,1,2147483650,0,", "1,4,2147483650,0,")
    take_over(qtbot, link)
    assert model.document.cost[0].tolist() == [3.25, 4.0, 2.5, 1.0]
    assert not model.modified, "nothing here that the file does not hold"
    # And back again: only the tiles that are painted here change.
    text = path.read_text()
    patch = raster.rectangle((2, 4), (1, 3), (1, 3))
    grass = next(kind for kind in model.document.palette if kind.name == "grass")
    model.edit("Paint", edits.set_terrain(model.document, patch, grass).document)
    link._files.save()
    qtbot.waitUntil(lambda: not model.modified)
    ground = re.compile(r'name="Ground".*?</layer>', re.S)
    assert ground.findall(path.read_text()) == [ground.findall(text)[0].replace("3,4,4,9", "3,4,4,1")]


def test_a_level_of_ldtk_is_taken_over_with_its_costs(qtbot, opened):
    link = opened("game.ldtk", json.dumps(project()).encode())
    model, path = link._model, link._model.path
    tiles = tiles_of(model.document, path)
    forest = next(number for number, kind in enumerate(tiles.kinds) if kind.name == "forest")
    table = table_of(model.document, tiles)
    model.edit("Tiles", with_table(model.document, tiles, with_cost(table, table.of_kind[forest], 2.5)))
    in_editor(path, "[0, 0, 1, 2, 0, 7]", "[1, 0, 1, 2, 0, 0]")
    take_over(qtbot, link)
    assert model.document.cost.tolist() == [[2.5, 1.0, 2.5], [1.0, 1.0, 1.0]]
    assert link._files.level == "First"


def test_a_file_that_is_half_written_is_refused_and_offered_still(qtbot, opened):
    link = opened("level.tmx", made.tmx())
    path, before, told = link._model.path, link._model.document, []
    link.told.connect(told.append)
    whole = path.read_text()
    path.write_text(whole[:300])
    link.look_at_disk()
    link.take_over()
    qtbot.waitUntil(lambda: bool(told))
    assert "Not taken over: level.tmx" in told[-1]
    assert link._model.document is before
    assert link.offered
    path.write_text(whole.replace("1,1,", "1,4,"))
    link.take_over()
    qtbot.waitUntil(lambda: not link.offered)
    assert names_of(link._model.document)[0][1] == "mud"


def test_each_applied_result_is_written_for_the_engine(qtbot, opened, tmp_path):
    link = opened("level.tmx", made.tmx())
    model, path, told, wrote = link._model, link._model.path, [], []
    link.told.connect(told.append)
    link.after_apply()
    assert path.read_bytes() == made.tmx(), "not before it is asked for"
    link.writers.append(lambda document, target: wrote.append((document, target)) or ["level.json"])
    patch = raster.rectangle((2, 4), (0, 0), (0, 0))
    model.edit("Apply", edits.paint(model.document, patch, "set", 3.25).document)
    link.toggle_saving()
    qtbot.waitUntil(lambda: bool(wrote) and not link._files.busy)
    assert read_map(path).cost[0, 0] == 3.25
    assert wrote == [(model.document, path)]
    assert not model.modified
    assert "level.tmx, level.json" in told[-1]
    assert Preferences(tmp_path / "settings.ini").saves_for_engine(path), "remembered for this map"
    assert not Preferences(tmp_path / "settings.ini").saves_for_engine(path.with_name("other.tmx"))
    # What the editor did meanwhile is never overwritten.
    in_editor(path, "<!-- made by hand", "<!-- made with care")
    changed = path.read_bytes()
    model.edit("Apply", edits.paint(model.document, patch, "set", 2.0).document)
    link.after_apply()
    assert link.offered
    assert "so it was not written" in told[-1]
    assert path.read_bytes() == changed
    link.toggle_saving()
    assert not link.saves_on_apply


def test_a_map_of_the_own_format_writes_the_file_that_it_came_from(qtbot, opened, tmp_path):
    link = opened("level.tmx", made.tmx())
    model, told = link._model, []
    link.told.connect(told.append)
    write_map(model.document, tmp_path / "mine.longcut")
    link._files.open(tmp_path / "mine.longcut")
    qtbot.waitUntil(lambda: model.path == tmp_path / "mine.longcut")
    patch = raster.rectangle((2, 4), (0, 0), (0, 0))
    model.edit("Apply", edits.paint(model.document, patch, "set", 3.25).document)
    link.save_for_engine()
    qtbot.waitUntil(lambda: bool(told) and "Written" in told[-1])
    assert read_map(tmp_path / "level.tmx").cost[0, 0] == 3.25
    assert model.modified, "the own file is not saved by that"
    in_editor(tmp_path / "level.tmx", "<!-- made by hand", "<!-- made with care")
    link.save_for_engine()
    qtbot.waitUntil(lambda: "Not written" in told[-1])
    assert "made with care" in (tmp_path / "level.tmx").read_text()


def test_a_map_from_no_editor_has_none_to_write_for(qtbot, opened, tmp_path):
    link = opened("level.tmx", made.tmx())
    link._files.adopt(new_document(3, 3))
    assert link.editor_file is None
    assert not link.saves_on_apply
    told = []
    link.told.connect(told.append)
    link.save_for_engine()
    assert "came from no other editor" in told[-1]
