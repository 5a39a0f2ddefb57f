"""`longcut import`: the table of a map's tiles, and the map with the costs that it says."""

import json

import pytest

from app.cli.main import BAD_INPUT, DONE, main
from maps.formats import read_map
from tests.maps.formats.test_ldtk import two_levels
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


def test_a_level_is_listed_and_chosen(tmp_path, capsys):
    project = tmp_path / "game.ldtk"
    project.write_text(json.dumps(two_levels()))
    assert main(["info", str(project)]) == DONE
    told = capsys.readouterr().out
    assert "2 levels of game.ldtk" in told
    assert "Second" in told
    assert main(["info", str(project), "--level", "Second"]) == DONE
    assert "levels of" not in capsys.readouterr().out
    assert main(["import", str(project), "--level", "Second"]) == DONE
    assert "2,Walls,3,1,no" in capsys.readouterr().out
    out = tmp_path / "second.longcut"
    assert main(["convert", str(project), str(out), "--level", "Second"]) == DONE
    assert read_map(out).name == "Second"
    assert main(["paths", str(project), "--level", "Third"]) == BAD_INPUT
    assert "no level 'Third'; there are First, Second" in " ".join(capsys.readouterr().err.split())
    assert main(["info", str(out), "--level", "Second"]) == BAD_INPUT
    assert "leave the level out" in " ".join(capsys.readouterr().err.split())


def test_a_project_whose_levels_are_files_lists_them(tmp_path, capsys):
    project = {**two_levels(), "externalLevels": True}
    for level in project["levels"]:
        level.update({"layerInstances": None, "externalRelPath": f"game/{level['identifier']}.ldtkl"})
    path = tmp_path / "game.ldtk"
    path.write_text(json.dumps(project))
    assert main(["info", str(path)]) == DONE
    assert "in Second.ldtkl" in capsys.readouterr().out
    assert main(["paths", str(path)]) == BAD_INPUT
