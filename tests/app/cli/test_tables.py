"""Tables on the command line: read as the options say, which are refused by name where there is no table."""

import os
from pathlib import Path

import numpy as np
import pytest

from app.cli import main as cli
from maps.formats import read_map
from maps.samples import sample_path

COSTS = np.array([[1.5, 2.0, 3.0], [4.0, np.inf, 2.5]])
WRITTEN = "a;b;c\n1,5;2;3\n4;-9999;2,5\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(WRITTEN)
    return path


def convert(*words: object) -> int:
    return cli.main(["convert", *map(str, words)])


def test_a_value_that_means_a_wall_is_one(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(table, tmp_path / "m.npy") == 2
    assert "If this value means a wall, add --wall -9999" in " ".join(capsys.readouterr().err.split())
    assert convert(table, tmp_path / "m.npy", "--wall", -9999) == 0
    assert np.array_equal(np.load(tmp_path / "m.npy"), COSTS)
    told = " ".join(capsys.readouterr().err.split())
    assert "columns parted by semicolons, decimal commas, the first line names the columns" in told
    assert "1 cells of -9999 are walls" in told


def test_a_wall_in_words_is_refused_with_an_example(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["info", str(table), "--wall", "zero"])
    assert "'zero' is no number; a wall is a value of the table, as in --wall 0" in capsys.readouterr().err


def test_a_dialect_can_be_said(table: Path, tmp_path: Path) -> None:
    table.write_text("7,8\n1,5\n")
    assert convert(table, tmp_path / "m.npy", "--separator", "semicolon", "--decimal-comma") == 0
    assert np.array_equal(np.load(tmp_path / "m.npy"), np.array([[7.8], [1.5]], np.float32))
    assert convert(table, tmp_path / "m.npy", "--header") == 0
    assert np.array_equal(np.load(tmp_path / "m.npy"), [[1.0, 5.0]])
    assert convert(table, tmp_path / "m.npy", "--index") == 0
    assert np.array_equal(np.load(tmp_path / "m.npy"), [[8.0], [5.0]])


@pytest.mark.parametrize("command", ["info", "paths", "solve", "convert"])
@pytest.mark.parametrize("option", [["--wall", "3"], ["--no-header"], ["--separator", "tab"], ["--index"]])
def test_an_option_of_tables_is_refused_for_other_files(
    command: str, option: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = [str(tmp_path / "m.npy")] if command == "convert" else []
    assert cli.main([command, str(sample_path("plain")), *target, *option]) == 2
    assert f"{option[0].replace('--no-', '--')} says how a table is read" in " ".join(
        capsys.readouterr().err.split()
    )


REAL = os.environ.get("LONGCUT_REAL_MAPS")


@pytest.mark.skipif(REAL is None, reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_a_real_table_opens_with_its_walls_named(tmp_path: Path) -> None:
    assert convert(Path(str(REAL)) / "csv" / "conscape.csv", tmp_path / "m.longcut", "--wall", 0) == 0
    document = read_map(tmp_path / "m.longcut")
    assert (~document.passable).any()
    assert document.cost[document.passable].min() > 0.0
