"""`longcut import`: the table of a map's tiles, and the map with the costs that it says."""

import pytest

from app.cli.main import BAD_INPUT, DONE, main
from maps.formats import read_map
from tests.maps.formats.tiled import made


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx())
    return target


def test_a_table_goes_out_and_comes_back(path, tmp_path, capsys):
    assert main(["import", str(path)]) == DONE
    told = capsys.readouterr()
    assert told.out.splitlines()[:2] == ["tile,name,cells,cost,passable", "0:0,grass,2,1,yes"]
    table = tmp_path / "costs.csv"
    table.write_text(told.out.replace("0:0,grass,2,1,yes", "0:0,grass,2,1.25,yes"))
    assert main(["import", str(path), "--costs", str(table)]) == DONE
    assert read_map(path).cost[0, 0] == 1.25
    other = tmp_path / "level.longcut"
    assert main(["import", str(path), "--costs", str(table), "--out", str(other)]) == DONE
    assert read_map(other).cost[0, 0] == 1.25


def test_what_cannot_be_done_is_said(path, tmp_path, capsys):
    assert main(["import", str(path), "--out", str(tmp_path / "x.longcut")]) == BAD_INPUT
    assert main(["import", str(path), "--costs", str(tmp_path / "none.csv")]) == BAD_INPUT
    assert main(["import", str(path), "--costs", str(path), "--out", str(tmp_path / "no" / "x.tmx")]) == BAD_INPUT
    told = " ".join(capsys.readouterr().err.split())  # lines are wrapped
    assert "give that with --costs" in told
    assert "none.csv: cannot be read" in told
    assert "does not exist; make it first" in told
