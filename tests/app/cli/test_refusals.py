"""What is wrong in a call of the command line is said before a run, in a sentence, with exit code 2."""

import sys
from pathlib import Path

import numpy as np
import pytest

from app.cli import main as cli
from maps.samples import sample_path
from tests.app.cli.calling import record, solve

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a file system of Linux where nobody can write")
BAD = [
    (["solve", "missing.npy"], "missing.npy"),
    (["solve", "PLAIN"], "has no route"),
    (["solve", "PLAIN", "--route", "1,1:1,1"], "starts at its goal"),
    (["solve", "PLAIN", "--route", "1,1:99,1"], "outside the map"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--budget", "99999"], "does not fit the bounds"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--lo", "4", "--hi", "2"], "lower 4 is above upper 2"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--out", "map.xyz"], "no format that can be written"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--out", "nowhere/map.npy"], "does not exist"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--aim", "target"], "has no target"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--aim", "shorter", "--method", "optimum"], "true optimum solves"),
    (["solve", "WIDE", "--route", "1,1:9,9", "--symmetry", "quarter_turn"], "needs a square map"),
    (["paths", "PLAIN"], "has no routes"),
    (["info", "BROKEN"], "BROKEN.npy"),
    (["convert", "PLAIN", "map.xyz"], "no format that can be written"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "says"), BAD, ids=[says for _, says in BAD])
def test_bad_input_is_exit_code_2_and_a_sentence(
    arguments: list[str], says: str, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("WIDE.npy", np.ones((12, 20)))
    Path("BROKEN.npy").write_bytes(b"\x93NUMPY\x01\x00nonsense")
    names = {"PLAIN": str(plain), "WIDE": "WIDE.npy", "BROKEN": "BROKEN.npy"}
    lines = record(monkeypatch)
    assert cli.main([names.get(argument, argument) for argument in arguments]) == 2
    assert says in " ".join("".join(lines).split())


@pytest.mark.parametrize(
    "words", [["solve"], ["fly"], ["solve", "x.npy", "--route", "1;2"], ["solve", "x", "--steps", "0"]]
)
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--picture", "no/such/p.png", "does not exist"),
        ("--picture", "p.bmp3", "has to end in .png"),
        ("--json", "no/report.json", "does not exist"),
        ("--points", "points.txt", ".csv or .json"),
        ("--gallery", "gallery", "one map only"),
        ("--json", ".", "is a folder"),
        ("--points", "points.csv", "moves no points"),
        ("--target", "30", "--target has no effect"),
        ("--out", "plain.npy report.npy plain.npy", "is the place of two outputs"),
        pytest.param("--json", "/dev/full", "is a device", marks=LINUX),
        pytest.param("--json", "/proc/report.json", "nothing can be written in the folder /proc", marks=LINUX),
        pytest.param("--out", "/proc/map.npy", "nothing can be written in the folder /proc", marks=LINUX),
    ],
)
def test_every_output_is_checked_before_the_run(
    option: str, name: str, words: str, plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [name] if option == "--target" else [tmp_path / part for part in name.split(" ")]
    arguments = (plain, "--route", "8,1:8,14", "--steps", 100_000, option, *names)
    assert solve(*arguments) == 2  # at once, not after so many steps
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_number_out_of_its_range_is_wrong_usage(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        solve(plain, "--scenario", "foresight", "--width", 100_000)
    assert "out of range; choose 1 to 64" in capsys.readouterr().err


def test_a_network_is_not_saved_where_none_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("--network", tmp_path / "a.safetensors", "--save-as", tmp_path / "b.safetensors")
    assert solve(sample_path("river"), "--scenario", "terrain", *names) == 2
    assert "--save-as has no effect" in " ".join(capsys.readouterr().err.split())


def test_a_walled_in_goal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = np.ones((8, 8))
    costs[:, 4] = np.inf
    np.save(tmp_path / "split.npy", costs)
    lines = record(monkeypatch)
    assert solve(tmp_path / "split.npy", "--route", "1,1:6,6") == 2
    assert "no way leads from (1, 1) to (6, 6)" in "".join(lines)
