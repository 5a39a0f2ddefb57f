"""Tidying and districts: fewer unlike neighbours, no worse paths; blocks of about the asked size."""

import numpy as np
import pytest

from engine.arranging.districts import winding_blocks
from engine.arranging.found import judged
from engine.arranging.prepared import prepare
from engine.arranging.problem import Arrangement, Limits, TravelClass
from engine.arranging.tidying import tidied
from engine.cost_maps.problem import Route


def unlike(terrain):
    """Neighbours by four moves that differ."""
    return np.count_nonzero(np.diff(terrain, axis=0)) + np.count_nonzero(np.diff(terrain, axis=1))


@pytest.mark.parametrize("symmetry", ["none", "left_right"])
def test_tidying_makes_neighbours_alike_and_no_path_worse(symmetry):
    # A corridor of cheap tiles along the top; salt and pepper below, where no path goes.
    terrain = np.zeros((16, 16), dtype=np.int64)
    terrain[2:] = np.random.default_rng(0).integers(1, 3, (14, 16))
    terrain[:, 8:] = terrain[:, 7::-1]
    walker = TravelClass("w", np.array([1.0, 4.0, 5.0]), (Route((0, 0), (0, 15)),))
    prepared = prepare(Arrangement(terrain, (walker,), Limits(symmetry=symmetry)))
    found = judged(prepared, prepared.nearest)
    generator = np.random.default_rng(0)
    for _ in range(6):
        tidier = tidied(prepared, found, generator)
        assert tidier.loss <= found.loss
        np.testing.assert_array_equal(np.bincount(tidier.terrain.reshape(-1)), np.bincount(terrain.reshape(-1)))
        found = tidier
    assert unlike(found.terrain) < 0.7 * unlike(terrain)
    if symmetry == "left_right":
        np.testing.assert_array_equal(found.terrain, found.terrain[:, ::-1])


@pytest.mark.parametrize("side", [8, 16, 32])
def test_winding_blocks_have_about_the_asked_size_and_no_straight_borders(side):
    districts = winding_blocks((64, 64), side)
    sizes = np.unique(districts, return_counts=True)[1]
    assert len(sizes) == (64 // side) ** 2
    assert sizes.min() > 0.4 * side**2
    assert sizes.max() < 2.0 * side**2
    border = districts[:, 1:] != districts[:, :-1]
    assert border.mean(axis=0).max() < 0.7  # a straight border would fill its column
