"""The project's own tiles and example maps: lines without gaps, tiles in place, paths that are the cheapest."""

import numpy as np
import pytest

from engine.core.grid import MOVES, Grid
from engine.learning.tilesets import COSTS, GRAIN, LIGHT, TERRAINS, TILE, TILESETS, examples, picture, terrain_maps
from tests.oracles import distances


def test_examples_hold_the_cheapest_paths_of_their_costs():
    found = examples(20, 9, 11, 3)
    assert len(found) == 20
    price = np.array([COSTS[name] for name in TERRAINS])
    for terrain, cost_map, load, cost in zip(
        found.terrain, found.cost_maps, found.loads, found.costs, strict=True
    ):
        assert np.array_equal(cost_map, price[terrain])
        assert cost == pytest.approx(distances(Grid(np.ones((9, 11), dtype=bool)), cost_map, (8, 10))[0, 0])
        assert np.sum(load * cost_map) == pytest.approx(cost)
        assert load[0, 0] > 0.0 < load[8, 10]


def test_the_same_seed_gives_the_same_maps():
    assert np.array_equal(terrain_maps(5, 12, 12, 7), terrain_maps(5, 12, 12, 7))
    assert not np.array_equal(terrain_maps(5, 12, 12, 7), terrain_maps(5, 12, 12, 8))


def test_every_terrain_has_its_share():
    shares = np.bincount(terrain_maps(300, 20, 20, 0).ravel(), minlength=len(TERRAINS)) / (300 * 400)
    assert (shares > 0.05).all()
    assert shares[TERRAINS.index("meadow")] < 0.5


def test_roads_and_rivers_have_no_gaps():
    """A road never ends inside a map: each of its pieces is closed, or meets the edge, or is a lone bend."""
    road = TERRAINS.index("road")
    ends = 0
    for terrain in terrain_maps(40, 24, 24, 1):
        padded = np.pad(terrain == road, 1, constant_values=True)
        inside = padded[1:-1, 1:-1]
        neighbours = sum(
            np.roll(padded, (-int(dr), -int(dc)), (0, 1))[1:-1, 1:-1].astype(int) for dr, dc in MOVES[:4]
        )
        ends += int((inside & (neighbours < 1)).sum())
    assert ends == 0


@pytest.mark.parametrize("name", TILESETS)
def test_a_picture_is_made_of_its_tiles(name):
    terrain = terrain_maps(1, 6, 7, 2)[0]
    drawn = picture(TILESETS[name], terrain, 5)
    assert drawn.shape == (6 * TILE, 7 * TILE, 3)
    assert drawn.dtype == np.uint8
    other = terrain.copy()
    other[2, 3] = (other[2, 3] + 1) % len(TERRAINS)
    changed = np.argwhere((picture(TILESETS[name], other, 5) != drawn).any(axis=2)) // TILE
    assert (changed == (2, 3)).all()
    assert len(changed) > TILE


@pytest.mark.parametrize("name", TILESETS)
@pytest.mark.parametrize("terrain", TERRAINS)
def test_a_tile_has_the_colours_of_its_palette(name, terrain):
    number = TERRAINS.index(terrain)
    drawn = picture(TILESETS[name], np.full((8, 8), number, dtype=np.uint8), 0).reshape(-1, 3).mean(axis=0)
    colours = np.array(TILESETS[name].palette[number])
    assert (drawn >= colours.min(axis=0) * LIGHT[0] - GRAIN / 4).all()
    assert (drawn <= colours.max(axis=0) * LIGHT[1] + GRAIN / 4).all()


def test_light_and_grain_differ_from_picture_to_picture():
    terrain = np.zeros((4, 4), dtype=np.uint8)
    first, again, other = (picture(TILESETS["meadow"], terrain, seed) for seed in ((1, 0), (1, 0), (1, 1)))
    assert np.array_equal(first, again)
    assert (first != other).mean() > 0.5
