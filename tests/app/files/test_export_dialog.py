"""The export dialog: the format, the right ending, what is lost, and why Save is disabled."""

import os

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog

from app.files.export_dialog import ExportDialog
from maps.document import Route, new_document
from maps.formats import FORMATS, losses, read_map, write_map

LEFT, KEY = Qt.MouseButton.LeftButton, Qt.Key
WRITABLE = [kind for kind in FORMATS if kind.encode and not kind.only_back]


@pytest.fixture
def drawn():
    return new_document(8, 8, name="meadow").replace(routes=(Route("way", (1, 1), (6, 6)),))


@pytest.fixture
def show(qtbot):
    def show(*arguments, **names):
        dialog = ExportDialog(*arguments, **names)
        qtbot.addWidget(dialog)
        with qtbot.waitExposed(dialog):
            dialog.show()
        return dialog

    return show


def choose(dialog, name):
    item = dialog.formats.topLevelItem([kind.name for kind in WRITABLE].index(name))
    dialog.formats.scrollToItem(item)
    QTest.mouseClick(dialog.formats.viewport(), LEFT, pos=dialog.formats.visualItemRect(item).center())


def type_name(dialog, text):
    dialog.name.setFocus()
    dialog.name.selectAll()
    QTest.keyClicks(dialog.name, text) if text else QTest.keyClick(dialog.name, KEY.Key_Delete)


def test_every_format_is_offered_with_what_it_loses(drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    assert dialog.formats.topLevelItemCount() == len(WRITABLE)
    for kind in WRITABLE:
        choose(dialog, kind.name)
        path, document = dialog.choice()
        assert path.parent == tmp_path
        assert path.name == "meadow" + kind.endings[0]
        assert document is drawn
        lost = losses(drawn, path)
        assert all(entry in dialog.lost.text() for entry in lost)
        assert ("keeps everything" in dialog.lost.text()) == (not lost)


def test_a_typed_ending_chooses_the_format(drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    type_name(dialog, "costs.npy")
    assert dialog._kind().name == "npy"
    assert dialog.choice()[0] == tmp_path / "costs.npy"
    type_name(dialog, "level.1")
    assert dialog.choice()[0] == tmp_path / "level.1.npy"
    choose(dialog, "csv")
    assert dialog.name.text() == "level.1.csv"


def test_a_typed_ending_in_capitals_is_left_alone(drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    type_name(dialog, "COSTS.CSV")
    assert dialog.choice()[0].name == "COSTS.CSV"
    assert dialog._kind().name == "csv"


@pytest.mark.parametrize(
    ("name", "said"),
    [("", "a name"), (".longcut", "a name"), ("no/such/map", "no folder"), ("taken", "is a folder")],
)
def test_save_is_disabled_with_the_reason(drawn, show, tmp_path, name, said):
    (tmp_path / "taken.longcut").mkdir()
    dialog = show(drawn, folder=tmp_path)
    assert dialog.save.isEnabled()
    type_name(dialog, name)
    assert not dialog.save.isEnabled()
    assert said in dialog.notice.words
    assert dialog.notice.isVisible()
    QTest.keyClick(dialog.name, KEY.Key_Return)
    assert dialog.isVisible(), "Enter does not save either"
    type_name(dialog, "fine")
    assert dialog.save.isEnabled()
    assert not dialog.notice.isVisible()


def test_a_read_only_folder_is_said_before_anything_is_written(drawn, show, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    dialog = show(drawn, folder=tmp_path)
    assert not dialog.save.isEnabled()
    assert "read-only" in dialog.notice.words


def test_a_file_that_is_there_is_replaced_knowingly(drawn, show, tmp_path):
    write_map(drawn, tmp_path / "old.longcut")
    dialog = show(drawn, path=tmp_path / "old.longcut")
    assert dialog.save.text() == "Replace"
    assert "old.longcut is there already" in dialog.notice.words
    type_name(dialog, "new")
    assert dialog.save.text() == "Save"
    assert dialog.notice.words == ""


def test_the_run_result_can_be_written_instead(drawn, show, tmp_path):
    result = drawn.replace(cost=np.full((8, 8), 3.0, np.float32), routes=())
    dialog = show(drawn, result, folder=tmp_path)
    choose(dialog, "csv")
    assert "the routes" in dialog.lost.text()
    dialog.which.setFocus()
    QTest.keyClick(dialog.which, KEY.Key_Down)
    assert "the routes" not in dialog.lost.text(), "what is lost is that of the chosen map"
    path, document = dialog.choice()
    write_map(document, path)
    assert (read_map(path).cost == 3.0).all()


def test_without_a_result_the_choice_says_why_it_rests(drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    assert not dialog.which.isEnabled()
    assert "no result" in dialog.which.toolTip()


def test_browsing_takes_folder_name_and_format_over(drawn, show, tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    dialog = show(drawn, folder=tmp_path)
    chosen = tmp_path / "inner" / "picture.png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(chosen), ""))
    QTest.mouseClick(dialog.browse, LEFT)
    assert dialog.choice()[0] == chosen
    assert dialog._kind().name == "png"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: ("", ""))
    QTest.mouseClick(dialog.browse, LEFT)
    assert dialog.choice()[0] == chosen


def test_save_and_escape_end_the_dialog(drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    QTest.keyClick(dialog.name, KEY.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert not dialog.isVisible()
    dialog = show(drawn, folder=tmp_path)
    QTest.keyClick(dialog, KEY.Key_Escape)
    assert dialog.result() == QDialog.DialogCode.Rejected
