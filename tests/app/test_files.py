"""Names of files to write: Qt's own dialog, typed into and clicked."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMessageBox, QWidget

from app.document_model import DocumentModel
from app.files import Files
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


def answer(qtbot, ask, *names, kind="", replace=()):
    """Call `ask` and type a name into each dialog for a file; replace: the answers to what the program asks.

    Returns the questions that were asked.
    """
    names, replace, asked = list(names), list(replace), []

    def act():
        dialog = QApplication.activeModalWidget()
        print(dialog, names, replace, dialog and dialog.isVisible(), getattr(dialog, "text", lambda: "")(), isinstance(dialog, QFileDialog) and dialog.findChild(QLineEdit, "fileNameEdit").text())
        if isinstance(dialog, QFileDialog) and dialog.isVisible() and names:
            boxes = [box for box in dialog.findChildren(QComboBox) if box.objectName() == "fileTypeCombo"]
            if kind:
                boxes[0].setFocus()
                at = next(n for n in range(boxes[0].count()) if kind in boxes[0].itemText(n))
                QTest.keyClick(boxes[0], Qt.Key.Key_Home)
                for _ in range(at):
                    QTest.keyClick(boxes[0], Qt.Key.Key_Down)
            field = dialog.findChild(QLineEdit, "fileNameEdit")
            field.selectAll()
            name = names.pop(0)
            QTest.keyClicks(field, name) if name else None
            QTest.keyClick(dialog if not name else field, Qt.Key.Key_Return if name else Qt.Key.Key_Escape)
        elif isinstance(dialog, QMessageBox) and dialog.isVisible():
            asked.append(dialog.text())
            yes = replace.pop(0) if replace else True
            buttons = QMessageBox.StandardButton
            QTest.mouseClick(dialog.button(buttons.Yes if yes else buttons.No), Qt.MouseButton.LeftButton)

    timer = QTimer(interval=20)
    timer.timeout.connect(act)
    timer.start()
    ask()
    timer.stop()
    return asked


def saved(qtbot, files):
    qtbot.waitUntil(lambda: not files.busy)
    return files._model.path


def test_a_completed_name_that_is_there_is_asked_about(qtbot, files, tmp_path):
    there = tmp_path / "b.longcut"
    there.write_bytes(b"precious")
    asked = answer(qtbot, files.save_as, "b", "", replace=[False])
    assert asked == ["b.longcut is there already. Replace it?"]
    assert there.read_bytes() == b"precious" and saved(qtbot, files) == tmp_path / "a.longcut"
    asked = answer(qtbot, files.save_as, "b", "c", replace=[False])
    assert len(asked) == 1 and saved(qtbot, files) == tmp_path / "c.longcut", "another name may be given"
    assert answer(qtbot, files.save_as, "b", replace=[True]) == asked
    assert saved(qtbot, files) == there and read_map(there).layouts


def test_a_whole_name_that_is_there_is_asked_about_once(qtbot, files, tmp_path):
    (tmp_path / "b.longcut").write_bytes(b"precious")
    asked = answer(qtbot, files.save_as, "b.longcut", replace=[True])
    assert len(asked) == 1 and saved(qtbot, files) == tmp_path / "b.longcut"


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
    answer(qtbot, files.save_as, typed, kind=kind)
    assert saved(qtbot, files) == tmp_path / file
    assert read_map(tmp_path / file).shape == (4, 4)


def test_points_are_exported_likewise(qtbot, files, tmp_path):
    answer(qtbot, lambda: files.export_layout(0), "here", kind="*.json")
    assert '"spawns"' in (tmp_path / "here.json").read_text()
    asked = answer(qtbot, lambda: files.export_layout(0), "here", "", kind="*.json", replace=[False])
    assert asked == ["here.json is there already. Replace it?"]


def test_the_name_that_is_offered_is_the_maps(files, monkeypatch, tmp_path):
    offered = []
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *words: offered.append(words[2]) or ("", ""))
    files.save_as()
    assert list(map(Path, offered)) == [tmp_path / "a.longcut"]
