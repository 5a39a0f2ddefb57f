"""A scenario of one file and one line in the table is in the form, the run, the gallery and the command line."""

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.cli import main as cli
from app.scenarios import SCENARIOS
from app.window.main_window import MainWindow
from maps.document import new_document
from maps.formats import read_map, write_map
from tests.app.closing import let_it_close
from tests.app.scenarios.toy import Toy


@pytest.fixture(autouse=True)
def table(monkeypatch):
    monkeypatch.setitem(SCENARIOS, "toy", Toy())


@pytest.fixture
def document():
    costs = np.linspace(0.5, 1.5, 64, dtype=np.float32).reshape(8, 8)
    return new_document(8, 8, name="slope").replace(cost=costs)


@pytest.fixture
def window(qtbot, document):
    made = MainWindow(document)
    qtbot.addWidget(made, before_close_func=let_it_close)
    made.show()
    made.panels.run.choose("toy")
    return made


def click(window, button, qtbot, state):
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.run.state == state, timeout=30_000)


def test_it_runs_in_the_window_and_fills_the_gallery(qtbot, window, document):
    panel = window.panels.run
    assert [panel.scenario_box.itemText(at) for at in range(panel.scenario_box.count())][-1] == "Even costs"
    assert set(panel.form.controls) == {"share", "steps", "seed"}
    share = panel.form.controls["share"].widget
    share.setFocus()
    share.selectAll()
    QTest.keyClicks(share, "0.8")
    click(window, panel.run, qtbot, "ended")
    assert panel.headline.text() == "Deviation 0.235 → 0.0586"
    assert panel.message.text() == "As even as asked."
    curves = window.run.curves()
    assert curves["deviation"] == pytest.approx([0.2932 * (1.0 - 0.2 * step) for step in range(1, 5)], rel=1e-3)
    assert "eviation over steps" in window.panels.progress.curves._title.text()
    assert [window.panels.gallery.list.item(at).text() for at in range(4)] == [f"step {n}" for n in range(1, 5)]
    QTest.mouseClick(panel.apply, Qt.MouseButton.LeftButton)
    assert window.model.document.cost.std() == pytest.approx(0.2 * document.cost.std(), rel=1e-5)
    assert window.model.history.labels[-1] == "Even costs"


def test_a_refusal_of_its_own_is_mended_by_the_button(qtbot, window):
    panel = window.panels.run
    panel.form.controls["share"].set_value(0.0)
    click(window, panel.run, qtbot, "failed")
    assert panel.fix.isVisible()
    assert panel.fix.text() == "Set “Evenness” to 1"
    click(window, panel.fix, qtbot, "ended")
    assert panel.settings().share == 1.0


def test_it_runs_from_the_command_line(tmp_path, document, capsys):
    write_map(document, tmp_path / "m.longcut")
    out, report, picture, gallery = (tmp_path / name for name in ("o.longcut", "r.json", "p.png", "all"))
    words = ["solve", str(tmp_path / "m.longcut"), "--scenario", "toy", "--share", "1", "--steps", "3"]
    words += ["--out", str(out), "--json", str(report), "--picture", str(picture), "--gallery", str(gallery)]
    assert cli.main(words) == 0
    assert "Deviation 0.293 → 0" in capsys.readouterr().out
    figures = json.loads(report.read_text())
    assert figures["deviation_before"] == pytest.approx(0.2932, rel=1e-3)
    assert figures["deviation_after"] == 0.0
    assert figures["ratio"] is None, "what is not finite is null"
    assert {name: figures[name] for name in ("scenario", "seed", "steps", "status")} == {
        "scenario": "toy",
        "seed": 0,
        "steps": 3,
        "status": "steps_done",
    }
    assert np.allclose(read_map(out).cost, 1.0)
    assert [path.name for path in sorted(gallery.iterdir())] == [f"map-0{n}.longcut" for n in (1, 2, 3)]
    with Image.open(picture) as image:
        assert image.width > image.height


def help_of(capsys, *words):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["solve", *words, "--help"])
    return " ".join(capsys.readouterr().out.split())


def test_help_lists_its_settings_and_no_others(capsys):
    shown = help_of(capsys, "--scenario", "toy")
    assert "--share VALUE How near to their mean costs come, as a share (0.5)" in shown
    assert "--smoothness" not in shown
    assert "--share" not in help_of(capsys)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--smoothness", "1"], "--smoothness is a setting of adversarial, generate, not of the scenario toy"),
        (["--no-snap"], "--no-snap is a setting of matching, not of the scenario toy"),
        (["--fly"], "unrecognized arguments: --fly"),
        (["--share", "3"], "argument --share: 3 is out of range; choose 0 to 1"),
        (["--share", "much"], "argument --share: 'much' is not a number"),
        (["--step", "3"], "unrecognized arguments: --step 3"),
    ],
)
def test_an_option_that_it_does_not_have_is_refused_by_name(words, says, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["solve", "m.longcut", "--scenario", "toy", *words])
    assert says in " ".join(capsys.readouterr().err.split())


def test_a_refusal_says_which_option_to_type(tmp_path, document, capsys):
    write_map(document, tmp_path / "m.longcut")
    assert cli.main(["solve", str(tmp_path / "m.longcut"), "--scenario", "toy", "--share", "0"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("costs that come no nearer need no run. Try --share 1.0")
