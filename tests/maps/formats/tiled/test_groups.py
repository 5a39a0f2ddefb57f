"""Tiles that nothing is said of: one terrain for those that look alike, or that lie in the midst of each other."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maps.formats import read_map, write_map
from maps.formats.tiled.groups import groups_by_colour, groups_by_place, oklab
from tests.maps.formats.tiled import made

REAL = os.environ.get("LONGCUT_REAL_MAPS")


def test_oklab_has_its_published_values():
    # White and pure red, to the digits that the source gives.
    assert oklab("#ffffff") == pytest.approx([1.0, 0.0, 0.0], abs=1e-3)
    assert oklab("#ff0000") == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)


def test_tiles_of_about_one_colour_follow_the_commonest():
    colours = {1: "#b9cf6a", 2: "#b4cc66", 3: "#3050a0", 4: "#3452a8", 5: "#222222"}
    assert groups_by_colour([1, 2, 3, 4, 5], {1: 5, 2: 9, 3: 7, 4: 1, 5: 1}, colours) == {
        1: 2,
        2: 2,
        3: 3,
        4: 3,
        5: 5,
    }


def test_rare_tiles_join_the_common_one_that_they_lie_in():
    number = np.zeros((20, 20), np.int64)
    number[:, 10:] = 1
    number[3:6, 2:5] = 2  # a patch within 0 with an inner tile that touches nothing else
    number[4, 3] = 3
    number[9, 15] = 4
    assert groups_by_place([0, 1, 2, 3, 4], number) == {0: 0, 1: 1, 2: 2, 3: 2, 4: 1}
    # What says something itself takes no part; rare tiles that then lie beside none of the others are one terrain.
    assert groups_by_place([0, 3, 4], number) == {0: 0, 3: 3, 4: 3}


def test_a_map_with_a_picture_has_a_terrain_for_each_colour(tmp_path):
    gids = np.array([[5, 6, 7, 8], [9, 5, 6, 1]], np.uint32)
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx(made.data_text(gids, "csv", ""), objects=""))
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[16:32, :32], picture[16:32, 32:], picture[32:48, :16] = (20, 160, 60), (40, 80, 200), (24, 158, 66)
    Image.fromarray(picture).save(tmp_path / "ground.png")
    document = read_map(target)
    assert [kind.name for kind in document.palette] == ["grass", "ground 4", "ground 6"] or len(
        document.palette
    ) == 3
    same = document.terrain
    assert same[0, 0] == same[0, 1] == same[1, 0] == same[1, 1]
    assert same[0, 2] == same[0, 3] != same[0, 0]
    before = target.read_bytes()
    assert write_map(document, target) == []
    assert target.read_bytes() == before


def test_a_tile_between_two_terrains_is_what_most_of_it_is(tmp_path):
    wang = """<wangsets><wangset name="w" type="corner" tile="-1"><wangcolor name="sand"/><wangcolor name="sea"/>
  <wangtile tileid="8" wangid="0,2,0,1,0,2,0,2"/><wangtile tileid="9" wangid="0,1,0,2,0,2,0,1"/>
  </wangset></wangsets>
 </tileset>"""
    text = made.tmx(made.data_text(np.array([[9, 10]], np.uint32), "csv", ""), width=2, height=1, objects="")
    target = tmp_path / "level.tmx"
    target.write_bytes(text.replace(b"</tileset>", wang.encode()))
    document = read_map(target)
    assert [document.palette[number].name for number in document.terrain[0]] == ["sea", "sand"]


def test_terrains_of_old_files_are_read_in_both_formats(tmp_path):
    types = '<terraintypes><terrain name="sand" tile="0"/><terrain name="sea" tile="1"/></terraintypes>'
    tiles = '<tile id="8" terrain="1,1,,0"/><tile id="9" terrain=",,,"/></tileset>'
    text = made.tmx(made.data_text(np.array([[9, 10]], np.uint32), "csv", ""), width=2, height=1, objects="")
    target = tmp_path / "level.tmx"
    target.write_bytes(text.replace(b"</tileset>", (types + tiles).encode()))
    as_json = {
        "type": "map", "orientation": "orthogonal", "width": 2, "height": 1, "tilewidth": 16, "tileheight": 16,
        "layers": [{"name": "a", "type": "tilelayer", "width": 2, "height": 1, "data": [9, 10]}],
        "tilesets": [{
            "firstgid": 1, "name": "ground", "terrains": [{"name": "sand"}, {"name": "sea"}],
            "tiles": [{"id": 8, "terrain": [1, 1, -1, 0]}, {"id": 9, "terrain": [-1, -1, -1, -1]}],
        }],
    }  # fmt: skip
    other = tmp_path / "level.tmj"
    other.write_text(json.dumps(as_json))
    for path in (target, other):
        document = read_map(path)
        assert [document.palette[number].name for number in document.terrain[0]] == ["sea", "ground 9"], path


@pytest.mark.skipif(not REAL, reason="LONGCUT_REAL_MAPS names no folder with real map files")
@pytest.mark.parametrize(
    ("name", "most"),
    [("desert", 4), ("rpg/island", 8), ("sewers", 8), ("more/examples__isometric_grass_and_water", 2)],
)
def test_real_maps_open_with_few_terrains_and_go_back_as_they_were(tmp_path, name, most):
    original = Path(REAL or ".") / "tiled" / f"{name}.tmx"
    source = tmp_path / original.name  # saved where it lies: elsewhere the ways to its tilesets would be others
    shutil.copytree(original.parent, tmp_path, dirs_exist_ok=True)
    document = read_map(source)
    assert 1 < len(document.palette) <= most, "before there were up to 62"
    # Patches, not confetti: most neighbours are of one terrain.
    terrain = document.terrain
    assert (terrain[:, 1:] == terrain[:, :-1]).mean() > 0.85
    write_map(document, source)
    assert source.read_bytes() == original.read_bytes()
