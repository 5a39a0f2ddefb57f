"""Grids and pictures opened in the window: what they do not say is asked, and the map that follows is shown."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog, QWidget

from app.document.model import DocumentModel
from app.files import questions
from app.files.file_actions import Files
from app.files.grid_dialog import GridDialog, can_be_asked, grids_filter
from maps.document import new_document
from maps.errors import MapFormatError
from maps.formats import format_of
from maps.formats.options import NoCostError, ReadOptions
from tests.present import present

Accepted = GridDialog.DialogCode.Accepted


@pytest.fixture
def files(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    made = Files(window, DocumentModel(new_document(4, 4)), None)
    yield made
    made.shut_down()


@pytest.fixture
def land(tmp_path):
    path = tmp_path / "land.r16"
    (np.arange(32).reshape(4, 8) * 100).astype(">u2").tofile(path)
    return path


def dialog_of(qtbot, path):
    dialog = GridDialog(path, present(format_of(path)).takes)
    qtbot.addWidget(dialog)
    return dialog


def shown(dialog):
    """The words of the rows that can be seen."""
    form = dialog._form
    rows = range(form.rowCount())
    labels = [form.itemAt(row, form.ItemRole.LabelRole) for row in rows if form.isRowVisible(row)]
    return [label.widget().text() for label in labels if label is not None]


def test_heights_are_proposed_as_they_are_likely_to_be(qtbot, land):
    dialog = dialog_of(qtbot, land)
    assert dialog.options() == ReadOptions(scale=(1.0, 5.0), byte_order="big", size=(4, 8))
    assert "likely" in dialog.order.currentText()
    assert dialog.told.text().startswith("4 rows × 8 columns; costs 1 to 1.189; ")
    assert not dialog.picture.pixmap().isNull()
    dialog.meaning.setCurrentIndex(2)
    dialog.slope.setValue(0.01)
    dialog.flip.setChecked(True)
    assert dialog.options() == ReadOptions(slope=0.01, byte_order="big", size=(4, 8), flip=True)
    assert "heights: cost = 1 + 0.01 · slope" in dialog.told.text()
    assert "The least costs" not in shown(dialog)
    dialog.rows.setValue(5)
    assert "not the 5 × 8 that were said" in dialog.told.text()
    assert not dialog.open_button.isEnabled()
    assert dialog.picture.pixmap().isNull()


def test_only_what_a_file_leaves_open_is_asked(qtbot, land, tmp_path):
    assert shown(dialog_of(qtbot, land))[:3] == ["The numbers are", "The least costs", "The greatest costs"]
    Image.new("RGB", (3, 2), "#3f8f5f").save(tmp_path / "p.png")
    picture = dialog_of(qtbot, tmp_path / "p.png")
    assert shown(picture) == ["A pixel's cost is said by"]
    assert picture.options() == ReadOptions(colours="terrains")
    picture.colours.setCurrentIndex(1)
    assert shown(picture)[1:4] == ["The numbers are", "The least costs", "The greatest costs"]
    assert picture.options() == ReadOptions(colours="brightness", scale=(1.0, 5.0))
    (tmp_path / "g.asc").write_text("ncols 2\nnrows 1\ncellsize 1\n0 3\n")
    grid = dialog_of(qtbot, tmp_path / "g.asc")
    assert shown(grid) == ["The numbers are", "Values that mean a wall"]
    assert "cost is 0.0" in grid.told.text()
    grid.walls.setText("0")
    assert "1 cells of 0 are walls" in grid.told.text()
    grid.walls.setText("x")
    assert "Walls are numbers" in grid.told.text()
    assert not grid.open_button.isEnabled()


def test_a_file_that_does_not_say_all_asks_when_it_is_opened(qtbot, files, land, monkeypatch):
    told = []
    files.told.connect(told.append)
    monkeypatch.setattr(GridDialog, "exec", lambda _: Accepted)
    with qtbot.waitSignal(files.opened):
        files.open(land)
    assert files._model.document.shape == (4, 8)
    assert "numbers are scaled to costs from 1 to 5" in told[-1]
    assert files._model.path is None, "a save must not put costs in the place of heights"


def test_a_number_that_is_no_cost_offers_the_dialog(qtbot, files, tmp_path, monkeypatch):
    (tmp_path / "g.asc").write_text("ncols 2\nnrows 1\ncellsize 1\n0 3\n")
    asked = []
    monkeypatch.setattr(questions, "offers_table", lambda _, refusal: asked.append(refusal) or True)

    def say(dialog):
        dialog.walls.setText("0")
        return Accepted

    monkeypatch.setattr(GridDialog, "exec", say)
    with qtbot.waitSignal(files.opened):
        files.open(tmp_path / "g.asc")
    assert "If 0 means a wall" in asked[0]
    assert files._model.document.passable.tolist() == [[False, True]]


def test_the_command_asks_for_any_of_them(qtbot, files, land, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *words: (str(land), ""))
    monkeypatch.setattr(GridDialog, "exec", lambda _: Accepted)
    with qtbot.waitSignal(files.opened):
        files.ask_open_table()
    assert all(f"*{ending}" in grids_filter() for ending in (".csv", ".asc", ".r16", ".raw", ".jpg", ".npz"))


def test_a_damaged_file_is_not_asked_about(tmp_path):
    damaged = MapFormatError(tmp_path / "p.png", "", "is damaged")
    assert not can_be_asked(tmp_path / "p.png", damaged)
    assert can_be_asked(tmp_path / "p.csv", damaged)
    assert can_be_asked(tmp_path / "p.npy", NoCostError(tmp_path / "p.npy", "", "", 0.0))
    assert not can_be_asked(tmp_path / "p.map", NoCostError(tmp_path / "p.map", "", "", 0.0))
