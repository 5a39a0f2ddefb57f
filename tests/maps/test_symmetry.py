"""Images of shapes and pieces against whole arrays that NumPy flips and turns, of odd and even sides."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from maps.cell_selection import CellSelection
from maps.document import new_document
from maps.pieces import cut_out, put_down
from maps.raster import Patch, stroke
from maps.symmetry import Symmetry, images_of, merged, with_images

# What a symmetry's images make of a whole map.
WHOLE: dict[Symmetry, list[Callable[..., Any]]] = {
    "left_right": [np.fliplr],
    "top_bottom": [np.flipud],
    "four_way": [np.fliplr, np.flipud, lambda a: np.rot90(a, 2)],
    "half_turn": [lambda a: np.rot90(a, 2)],
    "quarter_turn": [lambda a: np.rot90(a, -1), lambda a: np.rot90(a, 2), lambda a: np.rot90(a, 1)],
    "diagonal": [np.transpose],
}
SHAPES = [(8, 8), (9, 9), (7, 10), (8, 11)]


def on_map(patch, shape):
    weights = np.zeros(shape, np.float32)
    weights[patch.slices] = patch.weights
    return weights


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("symmetry", WHOLE)
def test_images_of_shapes_cells_and_pieces_are_those_of_the_whole_map(symmetry, shape):
    if symmetry in ("quarter_turn", "diagonal") and shape[0] != shape[1]:
        assert images_of(symmetry, shape) == ()
        return
    patch = stroke(shape, (1, 2), (3, 6), 4.0, 0.3)
    document = new_document(*shape).replace(
        cost=np.random.default_rng(0).uniform(0.5, 2.0, shape).astype(np.float32)
    )
    mask = np.zeros(shape, bool)
    mask[1:4, 2:6] = np.random.default_rng(1).random((3, 4)) < 0.7
    piece = cut_out(document, CellSelection(mask))
    r0, c0, _, _ = CellSelection(mask).box
    for image, whole in zip(images_of(symmetry, shape), WHOLE[symmetry], strict=True):
        assert np.array_equal(on_map(image.patch(patch, shape), shape), whole(on_map(patch, shape)))
        spot = np.zeros(shape, bool)
        spot[2, 5] = True
        assert whole(spot)[image.cell((2, 5), shape)]
        flat = new_document(*shape, cost=9.0)
        put = put_down(flat, *image.piece(piece, (r0, c0), shape)).document
        assert np.array_equal(put.cost, np.where(whole(mask), whole(document.cost), np.float32(9.0)))


def test_images_together_keep_the_symmetry():
    for symmetry, wholes in WHOLE.items():
        patches = with_images(stroke((9, 9), (0, 1), (5, 3), 3.0, 0.5), symmetry, (9, 9))
        together = np.max([on_map(patch, (9, 9)) for patch in patches], axis=0)
        assert all(np.array_equal(whole(together), together) for whole in wholes), symmetry


def test_shapes_that_overlap_become_one_and_others_stay_small():
    rng = np.random.default_rng(2)
    shape = (30, 30)
    for _ in range(20):
        corners = rng.integers(0, 24, (5, 2)).tolist()
        patches = [Patch((r, c, r + 5, c + 6), rng.random((5, 6)).astype(np.float32)) for r, c in corners]
        apart = merged(patches)
        count = np.zeros(shape, int)
        for patch in apart:
            count[patch.slices] += 1
        assert count.max() == 1
        expected = np.max([on_map(patch, shape) for patch in patches], axis=0)
        assert np.array_equal(np.max([on_map(patch, shape) for patch in apart], axis=0), expected)
    far = [Patch((0, 0, 2, 2), np.ones((2, 2), np.float32)), Patch((28, 28, 30, 30), np.ones((2, 2), np.float32))]
    assert [patch.rectangle for patch in merged(far)] == [patch.rectangle for patch in far]
