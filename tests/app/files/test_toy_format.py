"""A format of one file and one entry in `FORMATS` is read, written, converted, offered and exported."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.cli.main import main
from app.document.model import DocumentModel
from app.files.export_dialog import ExportDialog
from app.files.file_actions import Files
from maps.document import new_document
from maps.formats import FORMATS, format_of, losses, read_map, write_map
from tests.maps.formats.toy import DIGITS

DOCUMENT = new_document(3, 4, name="slope").replace(cost=np.array([[1, 2, 3, 4]] * 3, dtype=np.float32))


@pytest.fixture(autouse=True)
def table(monkeypatch: pytest.MonkeyPatch) -> None:
    """`FORMATS` with one more entry, wherever it has been imported."""
    table, longer = FORMATS, (*FORMATS, DIGITS)
    for module in list(sys.modules.values()):
        if vars(module).get("FORMATS") is table:
            monkeypatch.setattr(module, "FORMATS", longer)


def test_it_is_written_by_its_ending_and_read_by_its_first_bytes(tmp_path: Path) -> None:
    lost = write_map(DOCUMENT, tmp_path / "slope.digits")
    assert lost == losses(DOCUMENT, tmp_path / "slope.digits") == DIGITS.losses(DOCUMENT)
    (tmp_path / "slope.digits").rename(tmp_path / "slope.csv")
    assert np.array_equal(read_map(tmp_path / "slope.csv").cost, DOCUMENT.cost)
    assert format_of("any.digits") is DIGITS


def test_the_command_line_converts_and_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_map(DOCUMENT, tmp_path / "slope.npy")
    assert main(["convert", str(tmp_path / "slope.npy"), str(tmp_path / "slope.digits")]) == 0
    assert (tmp_path / "slope.digits").read_bytes() == b"digits\n1234\n1234\n1234"
    with pytest.raises(SystemExit):
        main(["--help"])
    assert ".digits (rows of digits)" in " ".join(capsys.readouterr().out.split())


def test_the_dialogs_for_opening_and_saving_offer_it(qtbot, tmp_path: Path, monkeypatch) -> None:
    offered: list[str] = []

    def choose(parent: QWidget, title: str, start: str, kinds: str) -> tuple[str, str]:
        offered.append(kinds)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", choose)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    window = QWidget()
    qtbot.addWidget(window)
    model = DocumentModel(DOCUMENT)
    model.adopt(DOCUMENT, None)
    files = Files(window, model, None)
    files.ask_open()
    files.save_as()
    files.shut_down()
    assert "*.digits" in offered[0]
    assert "rows of digits (*.digits)" in offered[1].split(";;")


def test_the_export_dialog_lists_it(qtbot) -> None:
    dialog = ExportDialog(DOCUMENT)
    qtbot.addWidget(dialog)
    rows = [dialog.formats.topLevelItem(row) for row in range(dialog.formats.topLevelItemCount())]
    assert [row.text(1) for row in rows if row is not None][-1] == ".digits"
