"""Tables opened in the window: how they are read is shown, told, and can be said."""

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.document.model import DocumentModel
from app.files import questions
from app.files.file_actions import Files
from app.files.table_dialog import TableDialog
from maps.document import new_document
from tests.present import present

WRITTEN = "a;b;c\n1,5;2;3\n4;-9999;2,5\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(WRITTEN)
    return path


@pytest.fixture
def files(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    made = Files(window, DocumentModel(new_document(4, 4)), None)
    yield made
    made.shut_down()


def shown(dialog):
    """The preview as texts."""
    preview = dialog.preview
    rows = [
        [preview.item(row, column) for column in range(preview.columnCount())] for row in range(preview.rowCount())
    ]
    return [["" if item is None else item.text() for item in row] for row in rows]


def test_the_preview_follows_what_is_said(qtbot, table):
    dialog = TableDialog(table)
    qtbot.addWidget(dialog)
    assert shown(dialog) == [["1.5", "2", "3"], ["4", "-9999", "2.5"]]
    assert [present(dialog.preview.horizontalHeaderItem(n)).text() for n in range(3)] == ["a", "b", "c"]
    assert "semicolons, decimal commas, the first line names the columns" in dialog.dialect.text()
    dialog.walls.setText("-9999")
    assert shown(dialog)[1] == ["4", "wall", "2.5"]
    dialog.walls.setText("-9999 x")
    assert "Walls are numbers" in dialog.dialect.text()
    assert not dialog._open.isEnabled()
    dialog.walls.setText("")
    dialog.header.setCurrentIndex(2)
    assert shown(dialog)[0] == ["a", "b", "c"]
    dialog.separator.setCurrentIndex(1)
    assert shown(dialog) == [["a;b;c", ""], ["1", "5;2;3"], ["4;-9999;2", "5"]]
    assert "commas" in dialog.dialect.text()


def test_a_refused_table_offers_the_dialog_and_the_way_it_was_read_is_told(qtbot, files, table, monkeypatch):
    asked, told = [], []
    files.told.connect(told.append)
    monkeypatch.setattr(questions, "offers_table", lambda _, refusal: asked.append(refusal) or True)

    def say(dialog):
        dialog.walls.setText("-9999")
        return TableDialog.DialogCode.Accepted

    monkeypatch.setattr(TableDialog, "exec", say)
    with qtbot.waitSignal(files.opened):
        files.open(table)
    assert len(asked) == 1
    assert "t.csv" in asked[0]
    assert np.array_equal(files._model.document.passable, [[True, True, True], [True, False, True]])
    assert "columns parted by semicolons" in told[-1]
    assert "1 cells of -9999 are walls" in told[-1]


def test_the_command_asks_for_a_table(qtbot, files, table, monkeypatch):
    table.write_text("1\t2\n3\t4\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(table), ""))
    monkeypatch.setattr(TableDialog, "exec", lambda _: TableDialog.DialogCode.Accepted)
    with qtbot.waitSignal(files.opened):
        files.ask_open_table()
    assert np.array_equal(files._model.document.cost, [[1.0, 2.0], [3.0, 4.0]])
