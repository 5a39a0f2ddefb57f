"""A file between this window and the rest of the world: slow disks, other windows, other programs, losses."""

import threading

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.document.model import DocumentModel
from app.files import file_actions, questions
from app.files.editor_link import EditorLink
from app.files.file_actions import Files
from app.files.questions import Answer
from maps.document import Route, new_document
from maps.formats import read_file, read_map, write_map
from maps.results import KeptResult


@pytest.fixture
def opened(qtbot, tmp_path):
    """`opened(name)`: the files of a window that has this map open."""
    made = []

    def open_map(name="castle.longcut", document=None):
        path = tmp_path / name
        if not path.exists():
            write_map(document or new_document(4, 5, name="castle"), path)
        window = QWidget()
        qtbot.addWidget(window)
        files = Files(window, DocumentModel(new_document(2, 2)), None)
        made.append(files)
        files.open(path)
        qtbot.waitUntil(lambda: not files.busy)
        return files

    yield open_map
    for files in made:
        files.shut_down()


@pytest.fixture
def answers(monkeypatch):
    """What the designer answers to each question, by its function's name; and which were asked."""
    given, asked = {}, []

    def answer(name):
        def ask(*_):
            asked.append(name)
            return given[name]

        return ask

    for name in ("ask_changed_on_disk", "ask_open_elsewhere", "ask_lossy_save", "ask_unsaved"):
        monkeypatch.setattr(questions, name, answer(name))
    for name in ("accepts_losses", "may_replace"):
        monkeypatch.setattr(questions, name, answer(name))
    given["asked"] = asked
    return given


def paint(files, cost):
    model = files._model
    model.edit("Fill", model.document.replace(cost=np.full(model.document.shape, cost, np.float32)))


def test_a_running_save_does_not_give_its_name_to_a_map_opened_meanwhile(qtbot, opened, monkeypatch, tmp_path):
    files = opened()
    paint(files, 2.0)
    disk_is_slow, real = threading.Event(), write_map

    def slow(*words):
        disk_is_slow.wait(20)
        return real(*words)

    monkeypatch.setattr(file_actions, "write_map", slow)
    files.save()
    files._model._saved = files._model.contents  # the designer has given up waiting, and discards
    files.adopt(new_document(7, 7, name="another"))
    disk_is_slow.set()
    qtbot.waitUntil(lambda: not files.busy)
    assert files._model.path is None
    assert files._model.title == "another"
    assert (read_map(tmp_path / "castle.longcut").cost == 2.0).all()


def test_a_file_changed_by_another_program_is_asked_about_first(qtbot, opened, answers, tmp_path):
    files, path = opened(), tmp_path / "castle.longcut"
    paint(files, 2.0)
    write_map(new_document(4, 5, cost=4.0), path)
    answers["ask_changed_on_disk"] = Answer.NO
    files.save()
    qtbot.waitUntil(lambda: not files.busy)
    assert (read_map(path).cost == 4.0).all()
    assert files._model.modified
    answers["ask_changed_on_disk"] = Answer.OTHERWISE
    files.save()
    qtbot.waitUntil(lambda: not files.busy)
    assert (read_map(path).cost == 2.0).all()
    answers["asked"].clear()
    paint(files, 3.0)
    files.save()
    qtbot.waitUntil(lambda: not files.busy)
    assert (read_map(path).cost == 3.0).all()
    assert answers["asked"] == [], "one's own save is no change by another program"


def test_a_change_on_disk_is_offered_to_be_taken_over(qtbot, opened, answers, tmp_path):
    files, path = opened(), tmp_path / "castle.longcut"
    link, offers = EditorLink(files, files._model, None), []
    link.changed_on_disk.connect(offers.append)
    link.look_at_disk()
    assert offers == []
    write_map(new_document(4, 5, cost=4.0), path)
    link.look_at_disk()
    link.look_at_disk()
    assert offers == ["castle.longcut was changed by another program."], "it is offered once"
    link.keep_mine()
    link.look_at_disk()
    assert len(offers) == 1, "who keeps what is open is asked once"
    write_map(new_document(4, 5, cost=4.5), path)
    link.look_at_disk()
    link.take_over()
    qtbot.waitUntil(lambda: not files.busy)
    assert (files._model.document.cost == 4.5).all()
    assert not files._model.modified


def test_a_deleted_file_is_written_again(qtbot, opened, answers, tmp_path):
    files, path = opened(), tmp_path / "castle.longcut"
    paint(files, 2.0)
    path.unlink()
    files.save()
    qtbot.waitUntil(lambda: not files.busy)
    assert (read_map(path).cost == 2.0).all()
    assert answers["asked"] == []


def test_a_second_window_opens_a_copy_or_nothing(qtbot, opened, answers):
    opened()
    answers["ask_open_elsewhere"] = Answer.NO
    second = opened()
    assert second._model.document.shape == (2, 2)
    answers["ask_open_elsewhere"] = Answer.YES
    second = opened()
    assert second._model.document.shape == (4, 5)
    assert second._model.path is None


@pytest.mark.parametrize(("answer", "shape"), [(Answer.NO, (64, 64)), (Answer.YES, (4, 5))])
def test_a_map_given_at_the_start_that_another_window_has_is_asked_about(qtbot, opened, answers, answer, shape):
    first = opened()
    path, window = first._model.path, QWidget()
    qtbot.addWidget(window)
    second = Files(window, DocumentModel(new_document(2, 2)), None)
    second._model.adopt(read_map(path), path)
    answers["ask_open_elsewhere"] = answer
    assert second.hold(path) is (answer is Answer.YES), "else nothing of the file is told"
    assert answers["asked"] == ["ask_open_elsewhere"]
    assert (second._model.path, second._model.document.shape) == (None, shape)
    second.shut_down()


def test_a_second_window_cannot_save_over_the_first(qtbot, opened, answers, monkeypatch, tmp_path):
    first, other = opened(), opened("other.longcut")
    told = []
    monkeypatch.setattr(other, "_tell_not_saved", lambda error: told.append(str(error)))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "castle.longcut"), ""))
    paint(other, 2.0)
    other.save_as()
    qtbot.waitUntil(lambda: not other.busy)
    assert len(told) == 1
    assert "open in another window" in told[0]
    assert (read_map(tmp_path / "castle.longcut").cost == 1.0).all()
    first.shut_down()
    other.save_as()
    qtbot.waitUntil(lambda: not other.busy)
    assert (read_map(tmp_path / "castle.longcut").cost == 2.0).all()


def test_a_lossy_save_offers_the_own_format_first(qtbot, opened, answers, monkeypatch, tmp_path):
    files = opened("grid.csv")
    model = files._model
    model.edit("Route", model.document.replace(routes=(Route("r", (0, 0), (3, 4)),)))
    answers["ask_lossy_save"] = Answer.YES
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "grid.longcut"), ""))
    files.save()
    qtbot.waitUntil(lambda: not files.busy)
    assert read_map(tmp_path / "grid.longcut").routes[0].goal == (3, 4)
    assert model.path == tmp_path / "grid.longcut"


def test_results_are_saved_and_asked_about(qtbot, opened, answers, tmp_path):
    files = opened()
    model = files._model
    after = model.document.replace(cost=np.full((4, 5), 3.0, np.float32))
    model.keep(KeptResult("one", "3 × longer", "adversarial", model.document, after))
    answers["ask_unsaved"] = Answer.NO
    assert model.modified
    assert not files.may_leave()
    files.save()
    qtbot.waitUntil(lambda: not files.busy)
    assert files.may_leave()
    assert (read_file(tmp_path / "castle.longcut").results[0].after.cost == 3.0).all()


def test_what_a_lossy_save_loses_stays_unsaved_and_is_named(qtbot, opened, answers, monkeypatch, tmp_path):
    files = opened("grid.csv")
    model, told = files._model, []
    files.told.connect(told.append)
    paint(files, 2.0)
    answers["ask_lossy_save"] = Answer.OTHERWISE
    files.save()
    qtbot.waitUntil(lambda: not files.busy)
    assert not model.modified, "nothing is lost that the designer made"
    assert files.may_leave()
    after = model.document.replace(cost=np.full((4, 5), 3.0, np.float32))
    model.keep(KeptResult("one", "3 × longer", "adversarial", model.document, after))
    model.edit("Route", model.document.replace(routes=(Route("r", (0, 0), (3, 4)),)))
    answers["accepts_losses"] = True
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "other.csv"), ""))
    files.save_as()
    qtbot.waitUntil(lambda: not files.busy)
    assert told[-1] == "Saved other.csv; no file holds the kept result, the routes"
    assert model.modified
    assert not model.in_file(model.results[0])
    asked = []
    monkeypatch.setattr(questions, "ask_unsaved", lambda *words: asked.append(words) or Answer.YES)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "whole.longcut"), ""))
    assert files.may_leave(), "yes is to save in the own format"
    assert asked[0][2:] == (1, ("the kept result", "the routes"))
    assert not model.modified
    whole = read_file(tmp_path / "whole.longcut")
    assert (len(whole.results), len(whole.document.routes)) == (1, 1)


def test_a_companion_is_named_before_it_is_replaced(qtbot, opened, answers, monkeypatch, tmp_path):
    files = opened()
    (tmp_path / "arena.png.json").write_text("precious")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "arena.png"), ""))
    answers["may_replace"] = False
    files.save_as()
    qtbot.waitUntil(lambda: not files.busy)
    assert answers["asked"] == ["may_replace"]
    assert (tmp_path / "arena.png.json").read_text() == "precious"
    assert not (tmp_path / "arena.png").exists()


def test_points_are_read_without_holding_up_the_window(qtbot, opened, monkeypatch, tmp_path):
    files = opened()
    path = tmp_path / "loot.csv"
    path.write_text("x;y\n1;2\n3;1\n")
    told = []
    files.told.connect(told.append)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    files.import_layout()
    assert files.busy
    qtbot.waitUntil(lambda: not files.busy)
    assert files._model.document.layouts[0].positions.tolist() == [[2, 1], [1, 3]]
    assert told[-1] == "2 points from loot.csv (read from the columns y, x)"
