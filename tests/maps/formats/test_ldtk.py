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
from PIL import Image

from maps import edits
from maps.errors import MapError, MapFormatError
from maps.formats import format_of, levels_of, losses, read_map, tiles_of, write_map
from maps.samples import load_sample
from maps.terrain_edits import set_palette_terrain
from maps.tile_table import table_of, with_cost, with_passable, with_table, with_terrain
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


def test_a_moved_start_moves_its_entity_and_nothing_else(path):
    made = project()
    player = made["levels"][0]["layerInstances"][0]["entityInstances"][0]
    player.update({"__grid": [0, 0], "__worldX": 100, "__worldY": -40})
    made["levels"][0].update({"worldX": 100, "worldY": -40})
    path.write_text(json.dumps(made, indent="\t"))
    document = read_map(path)
    moved = document.replace(routes=(replace(document.routes[0], start=(1, 2)),))
    assert losses(moved, path) == []
    write_map(moved, path)
    player.update({"px": [32, 16], "__grid": [2, 1], "__worldX": 132, "__worldY": -24})
    assert path.read_text() == json.dumps(made, indent="\t")
    assert read_map(path).routes == moved.routes


def test_a_moved_point_moves_its_entity_to_a_whole_pixel(path):
    document = read_map(path)
    at = [layout.name for layout in document.layouts].index("Chest")
    chest = replace(document.layouts[at], positions=np.array([[0.26, 2.0]]))
    layouts = (*document.layouts[:at], chest, *document.layouts[at + 1 :])
    assert losses(document.replace(layouts=layouts), path) == []
    write_map(document.replace(layouts=layouts), path)
    found = {layout.name: layout.positions.tolist() for layout in read_map(path).layouts}
    assert found["Chest"] == [[0.25, 2.0]]
    assert found["Player"] == [[0.0, 0.0]]


def two_levels():
    made = project()
    second = json.loads(json.dumps(made["levels"][0]).replace("[0, 0, 1, 2, 0, 7]", "[2, 2, 2, 1, 1, 1]"))
    return {**made, "levels": [made["levels"][0], {**second, "identifier": "Second"}]}


def test_a_level_is_chosen_by_its_name_and_goes_back_to_its_place(path):
    path.write_text(json.dumps(two_levels(), indent="\t"))
    assert [(level.name, level.shape) for level in levels_of(path)] == [("First", (2, 3)), ("Second", (2, 3))]
    document = read_map(path, "Second")
    assert document.name == "Second"
    before = json.loads(path.read_text())
    turned = edits.apply_terrain(document, document.terrain[::-1]).document
    write_map(turned, path)
    after = json.loads(path.read_text())
    assert after["levels"][0] == before["levels"][0]
    assert after["levels"][1]["layerInstances"][1]["intGridCsv"] == [1, 1, 1, 2, 2, 2]
    # The document keeps which level it is.
    other = path.with_name("kept.longcut")
    write_map(document, other)
    write_map(read_map(other), path)
    assert json.loads(path.read_text()) == before
    with pytest.raises(MapFormatError, match=r"no level 'Third'; there are First, Second"):
        read_map(path, "Third")
    with pytest.raises(MapFormatError, match="without levels to choose from"):
        read_map(other, "Second")


def test_levels_of_one_name_in_two_worlds_are_told_apart(path):
    worlds = [{"identifier": name, "levels": two_levels()["levels"][:1]} for name in ("Over", "Under")]
    path.write_text(json.dumps(project(levels=[], worlds=worlds)))
    assert [level.name for level in levels_of(path)] == ["Over/First", "Under/First"]
    assert read_map(path, "Under/First").origin.layer == 1  # pyright: ignore[reportOptionalMemberAccess]


def test_a_level_without_an_intgrid_is_refused_by_name(path):
    with pytest.raises(MapFormatError, match="level Second: has no IntGrid"):
        read_map(path, "Second")
    assert [level.shape for level in levels_of(path)] == [(2, 3), None]


def test_levels_in_files_of_their_own_are_chosen_by_name(tmp_path):
    outer = {**project(), "externalLevels": True}
    (tmp_path / "game").mkdir()
    (tmp_path / "game" / "First.ldtkl").write_text(json.dumps(project()["levels"][0]))
    outer["levels"] = [{"identifier": "First", "externalRelPath": "game/First.ldtkl", "layerInstances": None}]
    target = tmp_path / "game.ldtk"
    target.write_text(json.dumps(outer))
    with pytest.raises(MapFormatError, match=r"open one of them, such as game/First.ldtkl, or name a level"):
        read_map(target)
    document = read_map(target, "First")
    assert document.origin is not None
    assert (document.origin.format, document.shape) == ("ldtkl", (2, 3))
    assert "forest" in {kind.name for kind in document.palette}, "named by the project"


def test_values_are_listed_with_names_and_pictures_and_grouped(path):
    made = project()
    made["defs"]["tilesets"] = [{"uid": 3, "relPath": "sheet.png"}]
    made["defs"]["layers"][0]["intGridValues"][0]["tile"] = {"tilesetUid": 3, "x": 2, "y": 0, "w": 2, "h": 2}
    path.write_text(json.dumps(made))
    Image.fromarray(np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)).save(path.with_name("sheet.png"))
    document = read_map(path)
    tiles = tiles_of(document, path)
    assert [(kind.key, kind.name, count) for kind, count in zip(tiles.kinds, tiles.cells, strict=True)] == [
        ("0", "", 3), ("1", "forest", 1), ("2", "Walls", 1), ("7", "", 1),
    ]  # fmt: skip
    picture = tiles.kinds[1].picture
    assert picture is not None
    assert picture[:, :, 0].tolist() == [[6, 9], [18, 21]]
    assert not tiles.priced
    before = path.read_bytes()
    grouped = with_table(document, tiles, with_terrain(table_of(document, tiles), {1, 3}, "green"))
    assert len(grouped.palette) == 3
    write_map(grouped, path)
    assert path.read_bytes() == before, "values of one terrain keep their own"
    assert grouped.terrain[0, 2] == grouped.terrain[1, 2]
    painted = np.array(grouped.terrain)
    painted[0, 0] = grouped.terrain[0, 2]
    write_map(edits.apply_terrain(grouped, painted).document, path)
    assert json.loads(path.read_text())["levels"][0]["layerInstances"][1]["intGridCsv"] in (
        [1, 0, 1, 2, 0, 7],
        [7, 0, 1, 2, 0, 7],
    )


@pytest.mark.skipif(not os.environ.get("LONGCUT_REAL_MAPS"), reason="LONGCUT_REAL_MAPS names no folder")
def test_every_level_of_a_real_project_goes_back_as_it_was(tmp_path):
    original = Path(os.environ["LONGCUT_REAL_MAPS"]) / "ldtk" / "tile-based-game.ldtk"
    source = tmp_path / original.name  # saved where it lies: elsewhere the ways to its tilesets would be others
    levels = levels_of(original)
    assert [level.name for level in levels] == ["Level_0", "Level_1", "Level_2", "Level_3"]
    for level in levels:
        shutil.copy(original, source)
        document = read_map(source, level.name)
        assert document.shape == level.shape
        write_map(document, source)
        assert source.read_bytes() == original.read_bytes()
        if document.routes:
            route = document.routes[0]
            goal = (route.goal[0], route.goal[1] - 1)
            write_map(document.replace(routes=(replace(route, goal=goal),)), source)
            before, after = original.read_text().splitlines(), source.read_text().splitlines()
            assert 1 <= sum(a != b for a, b in zip(before, after, strict=True)) <= 3, "px, __grid, __worldX"


def test_what_values_cost_is_no_loss_where_a_preset_keeps_it(path):
    document = read_map(path)
    tiles = tiles_of(document, path)
    priced = with_table(document, tiles, with_cost(table_of(document, tiles), 1, 2.5))
    priced = with_table(
        priced, tiles_of(priced, path), with_passable(table_of(priced, tiles_of(priced, path)), 2, False)
    )
    assert losses(priced, path)
    assert losses(priced, path, presets=True) == []
    cost = np.array(priced.cost)
    cost[0, 0] = 9.0
    assert losses(priced.replace(cost=cost), path, presets=True)[0].startswith("costs")
