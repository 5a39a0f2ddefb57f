"""Costs that were written into a Tiled map, and tiles that its editor has changed since."""

import re

import numpy as np
import pytest

from maps import edits, raster
from maps.formats import read_map, write_map
from maps.formats.tiled.own_ground import ground_text, unchanged_ground
from tests.maps.formats.tiled import made


def test_what_changed_is_found_also_where_a_map_grew():
    generator = np.random.default_rng(3)
    gids = generator.integers(0, 9, (5, 7)).astype(np.uint32) | np.uint32(0x80000000)
    walls = generator.random((5, 7)) < 0.2
    text = ground_text(gids, walls, (-2, 4))
    same = unchanged_ground(text, gids, walls, (-2, 4))
    assert same is not None
    assert same.all()
    changed, closed = gids.copy(), walls.copy()
    changed[1, 2] += 1
    closed[3, 4] ^= True
    same = unchanged_ground(text, changed, closed, (-2, 4))
    assert same is not None
    assert np.argwhere(~same).tolist() == [[1, 2], [3, 4]]
    # One more row above, one less column at the left.
    grown = np.vstack([np.zeros((1, 7), np.uint32), gids])[:, 1:]
    same = unchanged_ground(text, grown, np.vstack([walls[:1], walls])[:, 1:], (-3, 5))
    assert same is not None
    assert not same[0].any()
    assert same[1:].all()


@pytest.mark.parametrize(
    "text", ["", "x", "0,0,2,2 ", "0,0,2,2 !!", "0,0,99999,99999 AAAA", "0,0,1,1 eJxjYGBgAAAABAAB"]
)
def test_another_text_says_nothing(text):
    assert unchanged_ground(text, np.zeros((2, 2), np.uint32), np.zeros((2, 2), np.bool_), (0, 0)) is None


def test_tiles_painted_in_the_editor_cost_what_their_terrain_does(tmp_path):
    path = tmp_path / "level.tmx"
    path.write_bytes(made.tmx())
    document = read_map(path)
    patch = raster.rectangle(document.shape, (0, 0), (0, 3))
    write_map(edits.paint(document, patch, "set", 3.25).document, path)
    text = path.read_text()
    # In the editor: the second cell becomes mud, the third water.
    path.write_text(re.sub(r"1,1,2147483650,0,", "1,4,3,0,", text))
    found = read_map(path)
    assert found.cost[0].tolist()[:2] == [3.25, 4.0]
    assert found.cost[0, 3] == 3.25
    assert found.passable[0].tolist() == [True, True, False, True]
    told = found.metadata["tiled"]["told"]  # pyright: ignore
    assert any("2 cells have other tiles" in sentence for sentence in told)  # pyright: ignore
    # A wall that is drawn in the editor is one here.
    wall = made.data_text(np.array([[0, 0, 0, 9], [0, 0, 0, 0]], np.uint32), "csv", "")
    closing = f'<layer id="30" name="Collision" width="4" height="2">{wall}</layer>'
    path.write_text(text.replace("<objectgroup", f"{closing}\n <objectgroup", 1))
    assert read_map(path).passable[0].tolist() == [True, True, True, False]
