"""The dialog for game engines: what each writes, the figures beforehand, and why Export is disabled."""

import os

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from app.base.jobs import Background
from app.document.model import DocumentModel
from app.files.engine_dialog import EngineDialog
from app.files.engine_export import EngineExport
from maps.document import Route, new_document
from maps.engines import TARGETS
from maps.errors import MapSaveError
from maps.formats import read_map
from tests.maps.formats.tiled import made

LEFT, KEY = Qt.MouseButton.LeftButton, Qt.Key


@pytest.fixture
def drawn():
    cost = (0.4 + np.random.default_rng(0).random((20, 24))).astype(np.float32)
    return new_document(20, 24, name="meadow").replace(cost=cost, routes=(Route("way <1>", (1, 1), (18, 22)),))


@pytest.fixture
def show(qtbot):
    dialogs = []

    def show(*arguments, **names):
        dialog = EngineDialog(*arguments, **names)
        dialogs.append(dialog)
        qtbot.addWidget(dialog)
        with qtbot.waitExposed(dialog):
            dialog.show()
        return dialog

    yield show
    for dialog in dialogs:
        dialog.reject()


def settle(qtbot, dialog):
    qtbot.waitUntil(lambda: not dialog.busy, timeout=20_000)


def choose(qtbot, dialog, name):
    item = dialog.targets.topLevelItem(list(TARGETS).index(name))
    QTest.mouseClick(dialog.targets.viewport(), LEFT, pos=dialog.targets.visualItemRect(item).center())
    settle(qtbot, dialog)


def type_name(qtbot, dialog, text):
    dialog.name.setFocus()
    dialog.name.selectAll()
    QTest.keyClicks(dialog.name, text) if text else QTest.keyClick(dialog.name, KEY.Key_Delete)
    settle(qtbot, dialog)


def test_every_engine_is_offered_with_what_it_writes_and_loses(qtbot, drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    for name, target in TARGETS.items():
        choose(qtbot, dialog, name)
        assert target.writes.replace("'", "&#x27;") in dialog.told.text()
        assert dialog.classes.isEnabled() == target.classes
        assert dialog.export.isEnabled() == (name != "ldtk")
        if name == "ldtk":
            assert dialog.notice.words.startswith("A project of LDtk holds far more")
            continue
        files = dialog.choice()
        assert all(path.name in dialog.told.text() for path in files.files)
        assert all(sentence.replace("'", "&#x27;") in dialog.told.text() for sentence in files.lost)
        assert {path.parent for path in files.files} == {tmp_path}
    assert not list(tmp_path.iterdir()), "nothing is written by looking"


def test_figures_are_there_before_anything_is_written(qtbot, drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    assert not dialog.export.isEnabled(), "while it reckons"
    settle(qtbot, dialog)
    assert "255 classes, greatest error 0.00" in dialog.told.text()
    assert "way &lt;1&gt;" in dialog.told.text()
    before = dialog.told.text()
    dialog.classes.setValue(3)
    assert not dialog.export.isEnabled()
    settle(qtbot, dialog)
    assert "3 classes, greatest error 0.1" in dialog.told.text() != before
    assert dialog.export.isEnabled()


def test_the_run_s_result_can_be_exported_instead(qtbot, drawn, show, tmp_path):
    result = drawn.replace(cost=np.full(drawn.shape, 2.0, np.float32))
    dialog = show(drawn, result, folder=tmp_path)
    dialog.which.setCurrentIndex(1)
    settle(qtbot, dialog)
    assert "1 class, exactly" in dialog.told.text()


@pytest.mark.parametrize(("name", "said"), [("", "a name"), ("no/such/map", "no folder")])
def test_export_is_disabled_with_the_reason(qtbot, drawn, show, tmp_path, name, said):
    dialog = show(drawn, folder=tmp_path)
    type_name(qtbot, dialog, name)
    assert not dialog.export.isEnabled()
    assert said in dialog.notice.words
    type_name(qtbot, dialog, "fine")
    assert dialog.export.isEnabled()
    assert not dialog.notice.isVisible()


def test_a_read_only_folder_is_said(qtbot, drawn, show, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    dialog = show(drawn, folder=tmp_path)
    assert "read-only" in dialog.notice.words


def test_files_that_are_there_are_replaced_knowingly_but_not_the_map_itself(qtbot, show, tmp_path):
    (tmp_path / "level.tmx").write_bytes(made.tmx())
    (tmp_path / "level.tres").write_bytes(b"old")
    dialog = show(read_map(tmp_path / "level.tmx"), path=tmp_path / "level.tmx")
    settle(qtbot, dialog)
    assert dialog.export.text() == "Replace"
    assert dialog.notice.words.endswith("will be replaced: level.tres")
    choose(qtbot, dialog, "bevy")
    assert "level.tmx is the map itself" in dialog.notice.words
    assert not dialog.export.isEnabled()
    choose(qtbot, dialog, "tiled")
    assert dialog.export.isEnabled()


def test_the_newest_form_counts(qtbot, drawn, show, tmp_path):
    dialog = show(drawn, folder=tmp_path)
    for name in ("unity", "ldtk", "exr"):
        dialog.targets.setCurrentItem(dialog.targets.topLevelItem(list(TARGETS).index(name)))
    settle(qtbot, dialog)
    assert [path.name for path in dialog.choice().files] == ["meadow.exr"]


def test_browsing_changes_the_folder(qtbot, drawn, show, tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    dialog = show(drawn, folder=tmp_path)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "inner"))
    QTest.mouseClick(dialog.browse, LEFT)
    settle(qtbot, dialog)
    assert {path.parent.name for path in dialog.choice().files} == {"inner"}


@pytest.fixture
def exporting(qtbot, drawn):
    """Export the drawn map: answers the dialog with its button once it can be pressed; returns what is told."""
    window = QWidget()
    qtbot.addWidget(window)
    model = DocumentModel(drawn)
    background = Background(window)

    def export(folder, monkeypatch) -> list[str]:
        told: list[str] = []
        exporter = EngineExport(window, model, background, lambda: str(folder))
        exporter.told.connect(told.append)

        def answer(dialog):
            settle(qtbot, dialog)
            dialog.accept()
            return QDialog.DialogCode.Accepted

        monkeypatch.setattr(EngineDialog, "exec", answer)
        exporter.ask(None)
        qtbot.waitUntil(lambda: not background.busy)
        return told

    yield export
    background.shut_down()


def test_the_files_are_written_in_the_background_and_told(exporting, tmp_path, monkeypatch):
    told = exporting(tmp_path, monkeypatch)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["meadow.tiles.png", "meadow.tres", "meadow.tscn"]
    assert told[-1] == "Exported meadow.tiles.png, meadow.tres, meadow.tscn"


def test_what_cannot_be_written_is_said(exporting, tmp_path, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "critical", lambda _, title, words: said.append(words))

    def fail(files):
        raise MapSaveError(next(iter(files)), "the disk is full")

    monkeypatch.setattr("app.files.engine_export.save_set", fail)
    assert exporting(tmp_path, monkeypatch)[-1] == ""
    assert said == ["meadow.tiles.png: the disk is full"]
