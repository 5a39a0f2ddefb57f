"""Names of files to write: Qt's own dialog, typed into and clicked."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMessageBox, QWidget

from app.document.model import DocumentModel
from app.files import point_files, questions
from app.files.file_actions import Files
from app.files.progress import Progress
from maps.document import Layout, new_document
from maps.formats import read_map

# The completer of the dialog's field asks for it; no plugin but a window's has it.
pytestmark = pytest.mark.qt_log_ignore("does not support grabbing the keyboard", extend=True)
SPAWNS = Layout("spawns", np.array([[1.0, 2.0]]), np.array([1.0]))


@pytest.fixture
def files(qtbot, tmp_path):
    window = QWidget()
    qtbot.addWidget(window)
    model = DocumentModel(new_document(4, 4, name="test").replace(layouts=(SPAWNS,)))
    model.adopt(model.document, tmp_path / "a.longcut")
    made = Files(window, model, None)
    yield made
    made.shut_down()


def answer(ask, *names, kind="", replace=()):
    """Call `ask` and type a name into each dialog for a file, none to leave it; return the questions asked.

    replace: the answers to them, yes where there are no more.
    """
    names, replace, asked = list(names), list(replace), []
    going_on = True

    def act():
        if not going_on:
            return
        # A new timer for each act: one rests while what it called waits for an answer.
        QTimer.singleShot(20, act)
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog) and dialog.isVisible() and names:
            choose_kind(dialog, kind)
            type_name(dialog, names.pop(0))
        elif isinstance(dialog, QMessageBox) and dialog.isVisible():
            asked.append(dialog.text())
            yes = replace.pop(0) if replace else True
            yeses = {"Replace", "&Yes"}  # ours, and that of Qt's own dialog
            (button,) = (
                one for one in dialog.buttons() if (one.text() in yeses or "all the same" in one.text()) is yes
            )
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    QTimer.singleShot(20, act)
    ask()
    going_on = False
    return asked


def choose_kind(dialog, kind):
    box = dialog.findChild(QComboBox, "fileTypeCombo")
    QTest.keyClick(box, Qt.Key.Key_Home)
    while kind not in box.currentText():
        before = box.currentIndex()
        QTest.keyClick(box, Qt.Key.Key_Down)
        assert box.currentIndex() > before, f"no kind {kind}"


def type_name(dialog, name):
    field = dialog.findChild(QLineEdit, "fileNameEdit")
    if name:
        field.selectAll()
        QTest.keyClicks(field, name)
        QTest.keyPress(field, Qt.Key.Key_Return)
    else:
        QTest.keyPress(dialog, Qt.Key.Key_Escape)


def saved(qtbot, files):
    qtbot.waitUntil(lambda: not files.busy)
    return files._model.path


def test_a_completed_name_that_is_there_is_asked_about(qtbot, files, tmp_path):
    there = tmp_path / "b.longcut"
    there.write_bytes(b"precious")
    asked = answer(files.save_as, "b", "", replace=[False])
    assert asked == ["b.longcut is there already. Replace it?"]
    assert there.read_bytes() == b"precious"
    assert saved(qtbot, files) == tmp_path / "a.longcut"
    asked = answer(files.save_as, "b", "c", replace=[False])
    assert len(asked) == 1
    assert saved(qtbot, files) == tmp_path / "c.longcut", "another name may be given"
    assert answer(files.save_as, "b", replace=[True]) == asked
    assert saved(qtbot, files) == there
    assert read_map(there).layouts


def test_a_whole_name_that_is_there_is_asked_about_once(qtbot, files, tmp_path):
    (tmp_path / "b.longcut").write_bytes(b"precious")
    asked = answer(files.save_as, "b.longcut", replace=[True])
    assert len(asked) == 1
    assert saved(qtbot, files) == tmp_path / "b.longcut"


@pytest.mark.parametrize(
    ("typed", "kind", "file"),
    [
        ("fresh", "", "fresh.longcut"),
        ("fresh", "*.csv", "fresh.csv"),
        ("fresh", "*.map", "fresh.map"),
        ("fresh.npy", "*.csv", "fresh.npy"),
        ("level 1.2", "", "level 1.2.longcut"),
    ],
)
def test_a_name_gets_the_ending_of_the_chosen_kind(typed, kind, file, qtbot, files, tmp_path):
    answer(files.save_as, typed, kind=kind)
    assert saved(qtbot, files) == tmp_path / file
    assert read_map(tmp_path / file).shape == (4, 4)


def test_points_are_exported_likewise(qtbot, files, tmp_path):
    answer(lambda: files.export_layout(0), "here", kind="*.json")
    qtbot.waitUntil(lambda: not files.busy)
    assert '"spawns"' in (tmp_path / "here.json").read_text()
    asked = answer(lambda: files.export_layout(0), "here", "", kind="*.json", replace=[False])
    assert asked == ["here.json is there already. Replace it?"]


def test_the_name_that_is_offered_is_the_maps(files, monkeypatch, tmp_path):
    offered = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *words: offered.append(words[2]) or ("", ""))
    files.save_as()
    assert list(map(Path, offered)) == [tmp_path / "a.longcut"]


def test_a_table_with_a_value_that_is_no_cost_is_refused_in_the_windows_words(files, qtbot, monkeypatch, tmp_path):
    path, asked = tmp_path / "t.csv", []
    path.write_text("1,2\n3,-9999\n")
    monkeypatch.setattr(questions, "offers_table", lambda _, refusal: bool(asked.append(refusal)))
    files.open(path)
    qtbot.waitUntil(lambda: not files.busy)
    (refusal,) = asked
    assert refusal.endswith("If -9999 means a wall, write it under “Values that mean a wall”")
    assert "--" not in refusal


@pytest.mark.parametrize("cancelled", [False, True])
def test_points_are_read_in_steps_that_can_be_cancelled(files, qtbot, monkeypatch, tmp_path, cancelled):
    path, begun, going_on = tmp_path / "many.csv", threading.Event(), threading.Event()
    path.write_text("row,col\n" + "1,2\n" * 12_000)
    whole = point_files.reading_layout

    def reading(*words):
        begun.set()
        going_on.wait(5.0)
        return (yield from whole(*words))

    monkeypatch.setattr(point_files, "reading_layout", reading)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    files.import_layout()
    assert begun.wait(5.0)
    (progress,) = files._window.findChildren(Progress)
    assert progress.dialog.labelText() == "Reading many.csv…"
    if cancelled:
        progress.dialog.canceled.emit()
    going_on.set()
    qtbot.waitUntil(lambda: not files.busy)
    names = [layout.name for layout in files._model.document.layouts]
    assert names == (["spawns"] if cancelled else ["spawns", "many"])
    qtbot.waitUntil(lambda: not files._window.findChildren(Progress))
