"""Shapes against their definitions, written out cell by cell."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from scipy.ndimage import label

from maps.raster import Patch, disc, flood, line, rectangle, stroke
from tests.maps.strategies import EXAMPLES

SHAPE = (24, 30)
cells = st.tuples(st.integers(-6, 29), st.integers(-6, 35))


def on_map(patch: Patch, shape: tuple[int, int] = SHAPE) -> NDArray[np.float32]:
    """The weights on the whole map."""
    whole = np.zeros(shape, np.float32)
    whole[patch.slices] = patch.weights
    assert whole[patch.slices].shape == patch.weights.shape, "the rectangle reaches outside the map"
    return whole


def flooded(same: NDArray[np.bool_], seed: tuple[int, int]) -> NDArray[np.bool_]:
    """The cells of the seed's 4-connected part, as scipy numbers the parts; 0 is no part."""
    parts = np.zeros(same.shape, np.int32)
    label(same, output=parts)
    return same & (parts == parts[seed])


@pytest.mark.slow
@given(arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=16)), st.data())
@settings(max_examples=3 * EXAMPLES)
def test_flood_finds_the_part_that_scipy_finds(same: NDArray[np.bool_], data: st.DataObject) -> None:
    seed = data.draw(st.tuples(st.integers(0, same.shape[0] - 1), st.integers(0, same.shape[1] - 1)))
    patch = flood(same, seed)
    assert np.array_equal(on_map(patch, same.shape) > 0, flooded(same, seed))
    if patch.weights.size:  # no empty border
        for line in (patch.weights[0], patch.weights[-1], patch.weights[:, 0], patch.weights[:, -1]):
            assert line.any()


@pytest.mark.parametrize("share", [0.55, 0.6, 0.65])
def test_flood_finds_ragged_parts_of_larger_maps(share: float) -> None:
    same = np.random.default_rng(1).random((120, 90)) < share
    seed = (60, int(np.flatnonzero(same[60])[0]))
    assert np.array_equal(on_map(flood(same, seed), same.shape) > 0, flooded(same, seed))


@pytest.mark.parametrize("turned", [False, True])
def test_flood_follows_a_snake_to_its_end(turned: bool) -> None:
    same = np.zeros((63, 63), np.bool_)
    same[::2] = True
    same[1::4, -1] = True
    same[3::4, 0] = True
    same = np.ascontiguousarray(same.T) if turned else same
    assert np.array_equal(on_map(flood(same, (0, 0)), same.shape) > 0, same)


@given(cells, cells)
@example((0, 0), (15, 22))  # its middle lies exactly between two cells
@settings(max_examples=EXAMPLES)
def test_a_line_keeps_within_half_a_cell_of_the_straight_one(start: tuple[int, int], end: tuple[int, int]) -> None:
    drawn = on_map(line(SHAPE, start, end))
    assert np.array_equal(drawn, on_map(line(SHAPE, end, start)))
    along = int(np.argmax(np.abs(np.subtract(end, start))))  # the axis with one cell a step
    steps = abs(end[along] - start[along])
    expected = 0
    for step in range(steps + 1):
        share = step / steps if steps else 0.0
        exact = np.array(start) + share * np.subtract(end, start)
        near = [
            cell
            for cell in np.argwhere(drawn)
            if cell[along] == round(exact[along]) and abs(cell[1 - along] - exact[1 - along]) <= 0.5 + 1e-9
        ]
        candidates = {int(np.floor(exact[1 - along] + 0.5)), int(np.ceil(exact[1 - along] - 0.5))}
        inside = 0 <= exact[along] < SHAPE[along] and all(0 <= c < SHAPE[1 - along] for c in candidates)
        if inside:
            assert len(near) == 1
        expected += len(near)
    assert drawn.sum() == expected, "there are cells that belong to no step"


def test_a_brush_of_one_cell_draws_a_line_of_one_cell() -> None:
    drawn = on_map(stroke(SHAPE, (2, 3), (12, 13), 1.0))
    assert np.array_equal(np.argwhere(drawn), [(2 + i, 3 + i) for i in range(11)])


@pytest.mark.slow
@given(cells, cells, st.floats(1, 12), st.floats(0, 1))
@settings(max_examples=EXAMPLES)
def test_a_stroke_is_the_disc_swept_over_the_line(
    start: tuple[int, int], end: tuple[int, int], size: float, hardness: float
) -> None:
    margin = 50
    large = (SHAPE[0] + 2 * margin, SHAPE[1] + 2 * margin)

    def moved(cell: tuple[int, int]) -> tuple[int, int]:
        return cell[0] + margin, cell[1] + margin

    swept = np.zeros(large, np.float32)
    for cell in np.argwhere(on_map(line(large, moved(start), moved(end)), large)):
        swept = np.maximum(swept, on_map(disc(large, (int(cell[0]), int(cell[1])), size, hardness), large))
    found = on_map(stroke(SHAPE, start, end, size, hardness))
    assert np.array_equal(found, swept[margin:-margin, margin:-margin])


@pytest.mark.parametrize(("size", "across"), [(1, 1), (3, 3), (5, 5), (9, 9)])
def test_a_disc_is_as_wide_as_it_says_and_alike_on_all_sides(size: int, across: int) -> None:
    weights = disc((40, 40), (20, 20), size).weights
    assert weights.shape == (across, across)
    offset = np.arange(across) - across // 2
    assert np.array_equal(weights, np.hypot(offset[:, None], offset) <= size / 2 + 0.25)
    for turned in (weights.T, weights[::-1], weights[:, ::-1]):
        assert np.array_equal(weights, turned)


@given(st.floats(1, 20), st.floats(0, 1))
@settings(max_examples=EXAMPLES)
def test_a_soft_disc_falls_from_the_middle_to_the_rim(size: float, hardness: float) -> None:
    weights = disc((60, 60), (30, 30), size, hardness).weights
    middle = weights.shape[0] // 2
    ray = weights[middle, middle:]
    assert (np.diff(ray) <= 0).all()
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert ray[0] == 1 or (hardness < 1 and ray[0] > 0.8)
    full = np.arange(len(ray)) <= hardness * max(size, 1) / 2
    assert (ray[full] == 1).all()


@given(cells, cells, st.booleans())
@settings(max_examples=EXAMPLES)
def test_a_rectangle_is_the_cells_between_its_corners(
    corner: tuple[int, int], opposite: tuple[int, int], filled: bool
) -> None:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    top, bottom = sorted((corner[0], opposite[0]))
    left, right = sorted((corner[1], opposite[1]))
    expected = (rows >= top) & (rows <= bottom) & (columns >= left) & (columns <= right)
    if not filled:
        expected &= (rows == top) | (rows == bottom) | (columns == left) | (columns == right)
    assert np.array_equal(on_map(rectangle(SHAPE, corner, opposite, filled)) > 0, expected)


def test_shapes_far_outside_the_map_are_empty() -> None:
    for patch in (
        disc(SHAPE, (-50, 400), 9),
        line(SHAPE, (100, 100), (120, 90)),
        rectangle(SHAPE, (-9, -9), (-2, 50)),
        rectangle(SHAPE, (300, 2), (310, 5)),
    ):
        assert not on_map(patch).any()
