"""One entry in the table of engines is all that the command line and the window need."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog

from app.cli import main as cli
from app.files.engine_dialog import EngineDialog
from maps.document import Route, new_document
from maps.engines import TARGETS, EngineFiles, EngineTarget, Seen
from maps.engines.target import see_classes, with_ending
from maps.formats import write_map
from tests.app.cli.calling import record


def toy_files(seen: Seen, base: Path) -> EngineFiles:
    text = f"{seen.document.height} {seen.document.width}"
    return EngineFiles({with_ending(base, ".toy"): text.encode()}, ["everything but the size"])


TOY = EngineTarget("toy", "Toy engine", "The map's size.", (".toy",), see_classes, toy_files)


def test_a_new_engine_is_in_the_command_and_in_the_dialog(
    qtbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(TARGETS, "toy", TOY)
    document = new_document(3, 4).replace(routes=(Route("way", (0, 0), (2, 3)),))
    write_map(document, tmp_path / "map.longcut")
    with pytest.raises(SystemExit):
        cli.main(["export", "--help"])
    assert "toy (Toy engine)" in " ".join(capsys.readouterr().out.split())
    lines = record(monkeypatch)
    assert cli.main(["export", str(tmp_path / "map.longcut"), "--for", "toy"]) == cli.DONE
    assert (tmp_path / "map.toy").read_bytes() == b"3 4"
    assert "Not in these files: everything but the size." in "".join(lines)

    dialog = EngineDialog(document, folder=tmp_path)
    qtbot.addWidget(dialog)
    dialog.targets.setCurrentIndex(dialog.targets.model().index(len(TARGETS) - 1, 0))
    qtbot.waitUntil(lambda: not dialog.busy)
    assert "The map's size." in dialog.told.text().replace("&#x27;", "'")
    assert list(dialog.choice().files) == [tmp_path / "map.toy"]
    dialog.reject()
    assert dialog.result() == QDialog.DialogCode.Rejected
