"""What a call of the command line writes and prints, also where a disk, a folder or an encoding fails it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.cli import main as cli
from app.scenarios import SCENARIOS
from app.scenarios.translate import path_costs
from maps.document import Layout, Route, new_document
from maps.errors import MapSaveError
from maps.formats import read_map, write_map
from maps.samples import sample_path
from tests.app.cli.calling import record, solve

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a file system of Linux where nobody can write")
ROOT = Path(__file__).parents[3]
CALL = "import sys; from app.cli.main import main; sys.exit(main(sys.argv[1:]))"


def test_a_failing_output_does_not_lose_the_others(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.name == "b.npy":
            raise MapSaveError(path, "No space left on device; nothing was saved")
        path.write_bytes(data)

    monkeypatch.setattr("maps.formats.save_bytes", full)
    names = [tmp_path / name for name in ("a.npy", "b.npy", "c.csv")]
    others = ("--picture", tmp_path / "p.png", "--json", tmp_path / "r.json")
    assert solve(plain, "--route", "8,1:8,14", "--steps", 3, "--out", *names, *others) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "b.npy: No space left on device" in said
    assert "all other outputs are written" in said
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"plain.npy", "a.npy", "c.csv", "p.png", "r.json"}


def test_a_snapped_result_consists_of_terrains_and_the_report_says_what_it_lost(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, out, report = record(monkeypatch), tmp_path / "out.longcut", tmp_path / "report.json"
    asked = ("--route", "8,1:8,14", "--steps", 3, "--keep", 0, "--snap-terrain")
    assert solve(plain, *asked, "--out", out, "--json", report) == 0
    made, said = read_map(out), json.loads(report.read_text())
    assert set(np.unique(made.cost)) <= {np.float32(terrain.cost) for terrain in made.palette}
    assert said["snapped_path_cost"] == pytest.approx(float(path_costs(made)[0]))
    assert said["snap_greatest_change"] > 0.0
    sentence = next(line for line in lines if line.startswith("Snapped to terrains: Path "))
    assert f"{said['snap_cells']} cells changed" in sentence


def interrupt(monkeypatch: pytest.MonkeyPatch, name: str, at: int) -> None:
    """Let Ctrl+C come while the headline of so many steps of a scenario is being made."""
    scenario = SCENARIOS[name]
    headline, steps = scenario.headline, []

    def interrupted(*figures):
        steps.append(figures)
        if len(steps) == at:
            signal.raise_signal(signal.SIGINT)
        return headline(*figures)

    monkeypatch.setattr(scenario, "headline", interrupted)


def test_ctrl_c_writes_the_best_so_far(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt(monkeypatch, "adversarial", at=12)
    outputs = ("--out", tmp_path / "m.npy", tmp_path / "m.longcut", "--json", tmp_path / "r.json")
    assert solve(plain, "--route", "8,1:8,14", "--steps", 100_000, *outputs) == 130
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["status"] is None
    assert report["path_cost_after"] > report["path_cost_before"]
    assert np.array_equal(read_map(tmp_path / "m.longcut").cost, np.load(tmp_path / "m.npy"))
    assert f"Stopped at step {report['steps']}; its best result so far is written." in capsys.readouterr().err


@pytest.mark.slow
def test_a_training_that_is_stopped_says_that_there_are_no_maps_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_map(new_document(8, 8).replace(routes=(Route("r", (4, 0), (4, 7)),)), tmp_path / "m.longcut")
    interrupt(monkeypatch, "generate", at=3)
    gallery = tmp_path / "gallery"
    asked = ("--scenario", "generate", "--steps", 300, "--gallery", gallery)
    assert solve(tmp_path / "m.longcut", *asked) == 130
    told = capsys.readouterr()
    assert "Stopped while training, at step 3 of 300: no maps yet" in told.out
    assert "0 of 0" not in told.out
    assert "so nothing is written" in " ".join(told.err.split())
    assert "Stopped at step 3." in told.err, "nothing is said to be written"
    assert not gallery.exists()


@LINUX
def test_a_folder_where_nothing_can_be_written_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--map", "plain", "--out", "/proc/out"]) == 2
    assert "the folder /proc/out cannot be made" in " ".join(capsys.readouterr().err.split())
    generate = ("--scenario", "generate", "--steps", 100_000, "--gallery", "/proc/gallery")
    assert solve(sample_path("plain"), *generate) == 2
    assert "nothing can be written in the folder /proc" in " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp1251", "cp932", "ascii"])
def test_every_encoding_can_be_printed(encoding: str, tmp_path: Path) -> None:
    name = "→ · ε × ² √ é ж 日"
    write_map(new_document(3, 4, name=name), tmp_path / "m.longcut")
    words = [sys.executable, "-c", CALL, "info", str(tmp_path / "m.longcut")]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(words, capture_output=True, env=environment, cwd=ROOT, check=True)
    shown = done.stdout.decode(encoding)
    assert not done.stderr
    spelled = {
        "utf-8": name,
        "cp1252": "-> · epsilon × ² sqrt  é ? ?",
        "cp1251": "-> · epsilon x 2 sqrt  e ж ?",
        "cp932": "→ - ε × 2 √ e ж 日",
        "ascii": "-> - epsilon x 2 sqrt  e ? ?",
    }
    assert spelled[encoding] in shown


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("words", [["info", "MAP"], ["--help"], ["paths", "MAP"], ["--version"]])
def test_a_full_disk_behind_the_output_is_a_sentence(words: list[str]) -> None:
    named = [str(sample_path("plain")) if text == "MAP" else text for text in words]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}  # argparse tells nobody what fails at once
    with open("/dev/full", "wb") as full:
        call = [sys.executable, "-c", CALL, *named]
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, env=environment, cwd=ROOT, check=False)
    said = done.stderr.decode()
    assert done.returncode == 2
    assert said == "longcut: the output cannot be written: No space left on device\n"


def test_names_with_markup_and_slashes_are_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layouts = [
        Layout(name, np.array([[row, 2.0], [row, 5.0]]), np.ones(2), "#56b4e9")
        for name, row in (("[/nope]", 1.0), ("a/b", 3.0), ("[red]c", 9.0))
    ]
    write_map(new_document(12, 12).replace(layouts=tuple(layouts)), tmp_path / "m.longcut")
    assert cli.main(["info", str(tmp_path / "m.longcut")]) == 0
    matching = ("--scenario", "matching", "--from", "*", "--to", "[red]c", "--totals", "partial", "--steps", 3)
    assert solve(tmp_path / "m.longcut", *matching, "--points", tmp_path / "p.csv") == 0
    shown = capsys.readouterr().out
    assert "[/nope]" in shown
    assert "[red]c" in shown
    assert {path.name for path in tmp_path.glob("p-*.csv")} == {"p-__nope_.csv", "p-a_b.csv"}
