"""Selections of cells against slow and simple definitions."""

import numpy as np
import pytest

from maps.cell_selection import (
    CellSelection,
    Combine,
    cells_alike,
    cells_in_box,
    cells_in_polygon,
    combined,
    grown,
    shrunk,
)
from maps.document import Mask, new_document
from maps.errors import MapError
from maps.layout_edits import points_in_polygon

SHAPE = (9, 13)


def random_mask(seed, share=0.4):
    return np.random.default_rng(seed).random(SHAPE) < share


@pytest.mark.parametrize("seed", range(6))
def test_a_lasso_holds_the_cells_whose_centres_lie_in_its_polygon(seed):
    rng = np.random.default_rng(seed)
    corners = [(float(r), float(c)) for r, c in rng.uniform((-4, -4), (13, 17), (7, 2))]
    centres = np.argwhere(np.ones(SHAPE, bool)).astype(float)
    expected = np.zeros(SHAPE, bool)
    expected.flat[points_in_polygon(centres, corners)] = True
    assert np.array_equal(cells_in_polygon(SHAPE, corners), expected)


def test_growing_is_every_cell_within_one_step_and_shrinking_is_its_mirror():
    mask = random_mask(1)
    for row in range(SHAPE[0]):
        for col in range(SHAPE[1]):
            steps = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
            near = [(row + down, col + right) for down, right in steps]
            inside = [mask[r, c] for r, c in near if 0 <= r < SHAPE[0] and 0 <= c < SHAPE[1]]
            assert grown(mask)[row, col] == any(inside)
            assert shrunk(mask)[row, col] == all(inside)


def test_selections_are_combined_as_sets():
    old, mask = CellSelection(random_mask(2)), random_mask(3)
    ways: dict[Combine, Mask] = {
        "replace": mask,
        "add": old.mask | mask,
        "subtract": old.mask & ~mask,
        "intersect": old.mask & mask,
    }
    for how, expected in ways.items():
        made = combined(old, mask, how)
        assert made is not None
        assert np.array_equal(made.mask, expected), how
    assert combined(old, old.mask, "subtract") is None
    box = cells_in_box(SHAPE, (7, 20), (5, 9))
    assert np.array_equal(np.argwhere(box), [(r, c) for r in (5, 6, 7) for c in (9, 10, 11, 12)])


def test_the_wand_goes_by_terrain_or_by_cost_and_may_jump():
    document = new_document(5, 7)
    cost, passable = document.cost.copy(), document.passable.copy()
    cost[:, 2], cost[:, 4], passable[:, 5] = 1.25, 1.5, False
    document = document.replace(cost=cost, passable=passable)

    def columns(**options):
        return np.flatnonzero(cells_alike(document, (1, 0), **options).all(axis=0)).tolist()

    assert columns(by_cost=False) == [0, 1]
    assert columns(by_cost=False, connected=False) == [0, 1, 3, 6]
    assert columns(by_cost=True, tolerance=0.25) == [0, 1, 2, 3]
    assert columns(by_cost=True, tolerance=0.5) == [0, 1, 2, 3, 4], "walls are of no cost"
    with pytest.raises(MapError, match="outside"):
        cells_alike(document, (5, 0), by_cost=True)


def test_an_empty_selection_is_none():
    with pytest.raises(MapError, match="at least one cell"):
        CellSelection(np.zeros(SHAPE, bool))
