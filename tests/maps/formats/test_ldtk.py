"""LDtk levels: the IntGrid as terrains, entities as routes and points, and back with nothing else changed."""

import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maps import edits
from maps.errors import MapError, MapFormatError
from maps.formats import format_of, losses, read_map, write_map
from maps.samples import load_sample
from maps.terrain_edits import set_palette_terrain
from tests.maps.formats.test_hostile import assert_survives, mutated
from tests.maps.strategies import MUTATIONS

GRID = [0, 0, 1, 2, 0, 7]


def entity(kind: str, px: list[int], pivot: list[float]) -> dict[str, Any]:
    return {"__identifier": kind, "px": px, "__pivot": pivot, "width": 16, "height": 16, "fieldInstances": []}


def project(**changes: Any) -> dict[str, Any]:
    """A project of one level, 2 rows × 3 columns of 16 px."""
    definition = {
        "uid": 5,
        "identifier": "Ground",
        "autoRuleGroups": [{"rules": []}],
        "intGridValues": [
            {"value": 1, "identifier": "forest", "color": "#00FF00"},
            {"value": 2, "identifier": "Walls", "color": "#000000"},
        ],
    }
    grid = {
        "__identifier": "Ground",
        "__type": "IntGrid",
        "__cWid": 3,
        "__cHei": 2,
        "__gridSize": 16,
        "layerDefUid": 5,
        "intGridCsv": GRID,
        "autoLayerTiles": [{"px": [0, 0]}],
    }
    things = {
        "__type": "Entities",
        "entityInstances": [
            entity("Player", [0, 0], [0, 0]),
            entity("Exit", [24, 24], [0.5, 0.5]),
            entity("Chest", [16, 16], [0, 1]),
        ],
    }
    level = {"identifier": "First", "layerInstances": [things, grid]}
    other = {"identifier": "Second", "layerInstances": []}
    made = {"jsonVersion": "1.5.3", "mood": 1.50, "defs": {"layers": [definition]}, "levels": [level, other]}
    return {**made, **changes}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "game.ldtk"
    # As the editor writes it: a line break after every few values.
    text = json.dumps(project(), indent="\t").replace("0,\n\t\t\t\t\t\t0,", "0,0,", 1)
    target.write_text(text)
    return target


def test_the_grid_s_values_are_terrains(path):
    document = read_map(path)
    names = np.array([kind.name for kind in document.palette])[document.terrain]
    assert names.tolist() == [["empty", "empty", "forest"], ["Walls", "empty", "value 7"]]
    assert document.passable.tolist() == [[True] * 3, [False, True, True]]
    assert {kind.name: kind.colour for kind in document.palette}["forest"] == "#00ff00"
    assert document.name == "First"
    assert "2 levels" in document.metadata["ldtk"]["told"][0]  # pyright: ignore[reportIndexIssue,reportCallIssue,reportArgumentType,reportOperatorIssue,reportOptionalSubscript]


def test_entities_are_routes_and_points(path):
    document = read_map(path)
    assert [(route.start, route.goal) for route in document.routes] == [((0, 0), (1, 1))]
    assert {layout.name: layout.positions.tolist() for layout in document.layouts} == {
        "Player": [[0.0, 0.0]],
        "Exit": [[1.0, 1.0]],
        "Chest": [[0.0, 1.0]],
    }


def test_it_is_given_back_byte_for_byte_and_only_the_grid_changes(path):
    before = path.read_bytes()
    document = read_map(path)
    assert losses(document, path) == []
    write_map(document, path)
    assert path.read_bytes() == before
    turned = edits.apply_terrain(document, document.terrain[::-1, ::-1]).document
    told = write_map(turned, path)
    assert any("drawn by rules" in sentence for sentence in told)
    after = path.read_bytes()
    assert json.loads(after) == {**project(), **json.loads(after), "defs": project()["defs"]}
    assert json.loads(after)["levels"][0]["layerInstances"][1]["intGridCsv"] == GRID[::-1]
    assert after.translate(None, b"0127") == before.translate(None, b"0127"), "all but digits stays"


def test_costs_have_no_place_there_and_that_is_told(path):
    document = read_map(path)
    dear = set_palette_terrain(document, 0, replace(document.palette[0], cost=2.0))
    assert any(sentence.startswith("costs") for sentence in losses(dear, path))


def test_only_what_came_from_such_a_file_can_be_given_back(tmp_path, path):
    kind = format_of(path)
    assert kind is not None
    assert kind.writes(read_map(path))
    assert not kind.writes(load_sample("river"))
    with pytest.raises(MapError, match="only a map that came from"):
        write_map(load_sample("river"), tmp_path / "new.ldtk")
    bigger, _ = edits.resize(read_map(path), 3, 3)
    with pytest.raises(MapError, match="save it as"):
        write_map(bigger, path)


def test_worlds_and_levels_in_files_of_their_own(tmp_path):
    made = project()
    inside = tmp_path / "worlds.ldtk"
    inside.write_text(json.dumps(project(levels=[], worlds=[{"levels": made["levels"]}])))
    assert read_map(inside).shape == (2, 3)
    (tmp_path / "split").mkdir()
    alone = tmp_path / "split" / "First.ldtkl"
    alone.write_text(json.dumps(made["levels"][0]))
    whole = tmp_path / "split.ldtk"
    level = {"identifier": "First", "layerInstances": None, "externalRelPath": "split/First.ldtkl"}
    whole.write_text(json.dumps(project(externalLevels=True, levels=[level])))
    with pytest.raises(MapFormatError, match=r"open one of them, such as split/First\.ldtkl"):
        read_map(whole)
    assert "forest" in {kind.name for kind in read_map(alone).palette}, "the project beside names the values"
    write_map(read_map(alone), alone)
    assert json.loads(alone.read_text()) == made["levels"][0]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda p: p.update(levels=[]), "has no levels"),
        (lambda p: p["levels"][0].update(layerInstances=[]), "has no IntGrid"),
        (lambda p: p["levels"][0]["layerInstances"][1].update(intGridCsv=[0] * 5), "should have 6 values"),
        (lambda p: p["levels"][0]["layerInstances"][1].update(intGridCsv=[0, 0, 0, 0, 0, -1]), "'-1'"),
        (lambda p: p["levels"][0]["layerInstances"][1].update(__cWid=10**9), "too large"),
        (lambda p: p["levels"][0]["layerInstances"][0]["entityInstances"][0].update(px=["a"]), "without a place"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, change, why):
    made = project()
    change(made)
    target = tmp_path / "game.ldtk"
    target.write_text(json.dumps(made))
    with pytest.raises(MapFormatError, match=why):
        read_map(target)


@pytest.mark.slow
def test_damaged_projects_are_read_or_refused(tmp_path):
    text = json.dumps(project()).encode()
    generator = random.Random(MUTATIONS)
    for _ in range(MUTATIONS // 3):
        target = tmp_path / "game.ldtk"
        target.write_bytes(mutated(text, generator))
        assert_survives(target, read_map)


REAL = Path(os.environ.get("LONGCUT_REAL_MAPS", "nowhere")) / "ldtk"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="LONGCUT_REAL_MAPS names no folder of real maps")


@needs_real
def test_real_projects_have_their_known_values(tmp_path):
    document = read_map(REAL / "tile-based-game.ldtk")
    assert document.shape == (11, 17)
    assert (int(document.passable.sum()), int((~document.passable).sum())) == (55, 132)
    assert sum(len(layout.positions) for layout in document.layouts) == 2
    for name in ("tile-based-game.ldtk", "Typical_TopDown_example.ldtk", "SeparateLevelFiles/World_Level_1.ldtkl"):
        there = Path(shutil.copytree((REAL / name).parent, tmp_path / Path(name).stem))
        target = there / f"back{Path(name).suffix}"
        write_map(read_map(there / Path(name).name), target)
        assert target.read_bytes() == (REAL / name).read_bytes()
    with pytest.raises(MapFormatError, match="has no IntGrid"):
        read_map(REAL / "my_project.ldtk")
