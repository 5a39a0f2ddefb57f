"""Units and pools: what may change, and how many tiles of each terrain every pool keeps."""

import numpy as np
import pytest

from engine.arranging.choices import FIXED, choices_of
from engine.arranging.problem import Arrangement, Limits, TravelClass
from engine.cost_maps.admissible import orbit_labels
from engine.cost_maps.problem import Route
from tests.oracles_arranging import blocks

WALKER = TravelClass("walker", np.array([1.0, 2.0, 4.0]), (Route((0, 0), (7, 7)),))


def drawn(shape=(8, 8), seed=0):
    return np.random.default_rng(seed).integers(0, 3, shape)


def test_without_limits_every_tile_is_a_unit_of_one_pool():
    terrain = drawn()
    terrain[2, 3] = -1
    choices = choices_of(Arrangement(terrain, (WALKER,)))
    assert choices.size.size == 63
    assert choices.unit[2 * 8 + 3] == FIXED
    np.testing.assert_array_equal(choices.least, [np.bincount(terrain[terrain >= 0], minlength=3)])
    np.testing.assert_array_equal(choices.expand(choices.drawn), terrain)


def test_locked_tiles_and_the_free_zone_stay():
    locked = np.zeros((8, 8), dtype=bool)
    locked[4] = True
    choices = choices_of(Arrangement(drawn(), (WALKER,), Limits(locked=locked, free_zone=2.0)))
    fixed = (choices.unit == FIXED).reshape(8, 8)
    rows, columns = np.indices((8, 8))
    near = np.minimum(np.hypot(rows, columns), np.hypot(rows - 7, columns - 7)) <= 2.0
    np.testing.assert_array_equal(fixed, locked | near)


def test_districts_keep_their_own_numbers():
    terrain, districts = drawn(), blocks((8, 8), 4)
    choices = choices_of(Arrangement(terrain, (WALKER,), Limits(districts=districts)))
    for pool, number in enumerate(np.unique(districts)):
        np.testing.assert_array_equal(choices.most[pool], np.bincount(terrain[districts == number], minlength=3))


@pytest.mark.parametrize(
    "symmetry", ["left_right", "top_bottom", "four_way", "half_turn", "quarter_turn", "diagonal"]
)
def test_images_share_a_unit_and_a_symmetric_map_keeps_its_numbers(symmetry):
    shape = (7, 7)
    labels = orbit_labels(shape, symmetry)
    terrain = drawn(shape)[labels // 7, labels % 7]
    choices = choices_of(Arrangement(terrain, (WALKER,), Limits(symmetry=symmetry)))
    for unit in range(choices.size.size):
        cells = np.flatnonzero(choices.unit == unit)
        assert len(cells) == choices.size[unit]
        assert len(np.unique(labels.reshape(-1)[cells])) == 1
    counts = sum(choices.size[first] * choices.most[pool] for pool, first in enumerate(choices.start[:-1]))
    np.testing.assert_array_equal(counts, np.bincount(terrain.reshape(-1), minlength=3))
    assert choices.tiles_changed(choices.drawn) == 0


def test_a_map_without_the_symmetry_keeps_its_numbers_to_a_unit():
    terrain = drawn((8, 8), 3)
    choices = choices_of(Arrangement(terrain, (WALKER,), Limits(symmetry="left_right")))
    kept = 2 * choices.most[0]
    assert kept.sum() == 64
    assert (np.abs(kept - np.bincount(terrain.reshape(-1), minlength=3)) < 2).all()


def test_ranges_count_the_whole_map():
    terrain = drawn()
    locked = np.zeros((8, 8), dtype=bool)
    locked[:2] = True
    numbers = np.bincount(terrain.reshape(-1), minlength=3)
    counts = np.stack([numbers - 3, numbers + 2], axis=1)
    choices = choices_of(Arrangement(terrain, (WALKER,), Limits(locked=locked, counts=counts)))
    fixed = np.bincount(terrain[locked], minlength=3)
    np.testing.assert_array_equal(choices.least, [numbers - 3 - fixed])
    np.testing.assert_array_equal(choices.most, [numbers + 2 - fixed])


def test_ranges_are_shared_out_among_districts():
    terrain, districts = drawn((16, 16)), blocks((16, 16), 8)
    numbers = np.bincount(terrain.reshape(-1), minlength=3)
    counts = np.stack([numbers - 20, numbers + 20], axis=1)
    choices = choices_of(Arrangement(terrain, (WALKER,), Limits(districts=districts, counts=counts)))
    assert (choices.least.sum(axis=0) >= counts[:, 0]).all()
    assert (choices.most.sum(axis=0) <= counts[:, 1]).all()
    for pool, number in enumerate(np.unique(districts)):
        own = np.bincount(terrain[districts == number], minlength=3)
        assert (choices.least[pool] < own).all()
        assert (own < choices.most[pool]).all()


def test_areas_forbid_a_terrain_to_a_unit_with_any_cell_outside():
    allowed = np.ones((3, 8, 8), dtype=bool)
    allowed[1, :, :2] = False
    limits = Limits(allowed=allowed, symmetry="left_right")
    choices = choices_of(Arrangement(drawn(), (WALKER,), limits))
    for unit in range(choices.size.size):
        columns = np.flatnonzero(choices.unit == unit) % 8
        assert choices.allowed[unit, 1] == (columns.min() >= 2)
