"""`longcut export`: what it writes where, what it tells, and what it refuses before anything is written."""

from pathlib import Path

import numpy as np
import pytest

from app.cli import main as cli
from maps.document import Route, new_document
from maps.engines import TARGETS
from maps.formats import write_map
from maps.samples import load_sample
from tests.app.cli.calling import record
from tests.maps.formats.tiled import made


def export(*arguments: object) -> int:
    return cli.main(["export", *map(str, arguments)])


@pytest.fixture
def river(tmp_path: Path) -> Path:
    write_map(load_sample("river"), tmp_path / "river.longcut")
    return tmp_path / "river.longcut"


@pytest.fixture
def rough(tmp_path: Path) -> Path:
    cost = (0.3 + np.random.default_rng(0).random((20, 30))).astype(np.float32)
    document = new_document(20, 30).replace(cost=cost, routes=(Route("way", (0, 0), (19, 29)),))
    write_map(document, tmp_path / "rough.longcut")
    return tmp_path / "rough.longcut"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "ldtk"])
def test_files_are_written_beside_the_map_and_named_as_it_is(name, river, tmp_path, monkeypatch):
    lines = record(monkeypatch)
    assert export(river, "--for", name) == cli.DONE
    new = [each for each in names(tmp_path) if each != "river.longcut"]
    assert new
    assert {each.removeprefix("river") for each in new} <= set(TARGETS[name].endings)
    told = "".join(lines)
    assert all(each in told for each in new)
    assert "mill to market" in told or name == "exr"
    assert "Not in these files:" in told
    assert ".longcut-save" not in str(names(tmp_path))


@pytest.mark.parametrize(
    ("out", "written"),
    [
        ("game/levels", "game/levels/river.tscn"),
        ("game/", "game/river.tscn"),
        ("first.tscn", "first.tscn"),
        ("first.TRES", "first.tscn"),
        ("v1.2.tiles.png", "v1.2.tscn"),
    ],
)
def test_out_is_a_folder_or_one_of_the_files(out, written, river, tmp_path):
    assert export(river, "--for", "godot", "--out", f"{tmp_path}/{out}") == cli.DONE
    assert (tmp_path / written).is_file()


def test_classes_and_what_they_do_to_paths_are_told(rough, monkeypatch):
    lines = record(monkeypatch)
    assert export(rough, "--for", "godot", "--classes", 5) == cli.DONE
    told = "".join(lines)
    assert "5 classes, greatest error 0.1" in told
    (row,) = [line for line in told.splitlines() if "way" in line]
    before, after = (float(word) for word in row.split("│")[2:4])
    assert before != after
    assert row.split("│")[4].strip().endswith("%")


def test_weights_of_a_star_are_told_with_their_scale(rough, monkeypatch):
    lines = record(monkeypatch)
    assert export(rough, "--for", "godot-astar") == cli.DONE
    assert "each cell's own, exactly; × 4 in the engine, so that none is below 1" in "".join(lines)


def test_what_is_replaced_is_named_first(rough, tmp_path, monkeypatch):
    assert export(rough, "--for", "exr") == cli.DONE
    lines = record(monkeypatch)
    assert export(rough, "--for", "exr") == cli.DONE
    assert lines[0].startswith("Replacing rough.exr")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--for", "ldtk"], "only given back"),
        (["--for", "exr", "--classes", "9"], "takes no classes"),
        (["--for", "godot", "--out", "there.txt"], "ends in .tscn or .tres or .tiles.png; or give a folder"),
        (["--for", "godot", "--out", "no/folder/there.tscn"], "does not exist"),
        (["--for", "godot", "--out", "taken.tscn"], "taken.tres is a folder"),
    ],
)
def test_refusals_are_sentences_and_nothing_is_written(arguments, why, river, tmp_path, monkeypatch):
    (tmp_path / "taken.tres").mkdir()
    monkeypatch.chdir(tmp_path)
    before = names(tmp_path)
    lines = record(monkeypatch)
    assert export(river, *arguments) == cli.BAD_INPUT
    assert why in "".join(lines).replace("\n", " ")
    assert names(tmp_path) == before


@pytest.mark.parametrize(
    "words", [["--for", "unity", "--clases", "3"], ["--for", "doom"], ["--for", "godot", "--classes", "0"], []]
)
def test_wrong_words_end_with_the_usage(words, river, capsys):
    with pytest.raises(SystemExit):
        export(river, *words)
    assert "usage:" in capsys.readouterr().err


def test_the_map_itself_is_only_replaced_where_it_goes_back_or_is_named(tmp_path, monkeypatch):
    level = tmp_path / "level.tmx"
    level.write_bytes(made.tmx())
    lines = record(monkeypatch)
    assert export(level, "--for", "bevy") == cli.BAD_INPUT
    assert "level.tmx is the map itself" in "".join(lines).replace("\n", " ")
    assert level.read_bytes() == made.tmx()
    assert export(level, "--for", "tiled") == cli.DONE
    assert b"Longcut cost" in level.read_bytes()
    assert export(level, "--for", "bevy", "--out", level) == cli.DONE
