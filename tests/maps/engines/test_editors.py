"""Maps that come from an editor: what goes back into its file, what engines get of it, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.scenarios.engine_paths import route_changes
from maps.document import MapDocument
from maps.engines import TARGETS
from maps.formats import read_map
from maps.samples import load_sample
from tests.maps.engines import reading
from tests.maps.engines.test_targets import costs_of, written
from tests.maps.formats.test_ldtk import GRID, project
from tests.maps.formats.tiled import made


@pytest.fixture
def tiled(tmp_path: Path) -> MapDocument:
    (tmp_path / "map.tmx").write_bytes(made.tmx())
    Image.new("RGB", (64, 64)).save(tmp_path / "ground.png")
    return read_map(tmp_path / "map.tmx")


@pytest.fixture
def ldtk(tmp_path: Path) -> MapDocument:
    (tmp_path / "map.ldtk").write_text(json.dumps(project()), "utf-8")
    return read_map(tmp_path / "map.ldtk")


@pytest.mark.parametrize("name", ["tiled", "bevy", "unity"])
def test_a_tiled_map_keeps_all_that_it_has(name: str, tiled: MapDocument, tmp_path: Path) -> None:
    before = (tmp_path / "map.tmx").read_bytes()
    _, made_files = written(name, tiled, tmp_path)
    after = (tmp_path / "map.tmx").read_bytes()
    kept = [line for line in before.splitlines() if line not in after.splitlines()]
    assert len(kept) == 1, "only the line with the next free numbers differs"
    assert kept[0].startswith(b"<map ")
    assert "pictures" not in " ".join(made_files.lost)
    assert "not found" not in " ".join(made_files.lost)


def test_files_that_a_map_names_and_that_are_not_there_are_told(tiled: MapDocument, tmp_path: Path) -> None:
    (tmp_path / "ground.png").unlink()
    _, made_files = written("bevy", tiled, tmp_path)
    assert any("ground.png" in sentence and "not found" in sentence for sentence in made_files.lost)


def test_phaser_gets_the_map_s_own_tiles_and_its_tilesets_within(tiled: MapDocument, tmp_path: Path) -> None:
    seen, made_files = written("phaser", tiled, tmp_path)
    root = json.loads((tmp_path / "map.json").read_text("utf-8"))
    ground = next(layer for layer in root["layers"] if layer["name"] == "Ground")
    assert ground["data"] == made.GIDS.ravel().tolist(), "turned tiles stay turned"
    drawn = root["tilesets"][0]
    assert (drawn["image"], drawn["imagewidth"], drawn["imageheight"]) == ("ground.png", 64, 64)
    forest = next(tile for tile in drawn["tiles"] if tile["id"] == 1)
    assert (forest["type"], forest["properties"][0]["value"]) == ("forest", 2.5)
    names = [thing["name"] for layer in root["layers"] for thing in layer.get("objects", [])]
    assert {"start 1", "Goal 1", "chest"} <= set(names)
    assert any("1 objects that cover an area" in sentence for sentence in made_files.lost)
    assert np.array_equal(reading.phaser(tmp_path, "map"), costs_of(seen.document))


def test_without_its_tilesets_phaser_gets_a_map_of_the_terrains(tmp_path: Path) -> None:
    outside = made.tmx().replace(made.TILESET.encode(), b'<tileset firstgid="1" source="away.tsx"/>')
    (tmp_path / "map.tmx").write_bytes(outside)
    document = read_map(tmp_path / "map.tmx")
    _, made_files = written("phaser", document, tmp_path)
    root = json.loads((tmp_path / "map.json").read_text("utf-8"))
    (tile_set,) = root["tilesets"]
    names = {each["id"] + tile_set["firstgid"]: each["type"] for each in tile_set["tiles"]}
    ground = np.array(root["layers"][0]["data"]).reshape(document.shape)
    terrains = [[document.palette[number].name for number in row] for row in document.terrain]
    assert [[names[gid] for gid in row] for row in ground.tolist()] == terrains
    assert any("its tilesets are not found" in sentence for sentence in made_files.lost)


def test_what_is_packed_by_zstandard_is_refused_for_unity(tmp_path: Path) -> None:
    data = made.data_text(made.GIDS, "base64", "zstd")
    (tmp_path / "map.tmx").write_bytes(made.tmx(data))
    packed = read_map(tmp_path / "map.tmx")
    assert "Zstandard" in TARGETS["unity"].refuses(packed)
    assert TARGETS["bevy"].refuses(packed) == ""


def test_an_ldtk_map_goes_back_and_values_cost_what_their_terrains_do(ldtk: MapDocument, tmp_path: Path) -> None:
    forest = next(number for number, kind in enumerate(ldtk.palette) if kind.name == "forest")
    terrain = ldtk.terrain.copy()
    terrain[0, 0] = forest
    cost = ldtk.cost.copy()
    cost[0, 1] = 3.0
    changed = ldtk.replace(terrain=terrain, cost=cost)
    seen, made_files = written("ldtk", changed, tmp_path)
    grid = json.loads((tmp_path / "map.ldtk").read_text("utf-8"))["levels"][0]["layerInstances"][1]["intGridCsv"]
    assert grid == [1, *GRID[1:]]
    assert seen.document.cost[0, 1] == 1.0, "a value has the cost of its terrain, whatever a run made of the cell"
    assert seen.greatest_error == 2.0
    assert any("values cost" in sentence for sentence in made_files.lost)
    assert list(route_changes(changed, seen))


def test_other_maps_are_no_ldtk_projects() -> None:
    assert "only given back" in TARGETS["ldtk"].refuses(load_sample("river"))


def test_costs_of_an_ldtk_map_go_to_engines_as_a_tiled_map(ldtk: MapDocument, tmp_path: Path) -> None:
    seen, _ = written("bevy", ldtk, tmp_path)
    assert np.array_equal(reading.tmx(tmp_path, "map"), costs_of(seen.document))
