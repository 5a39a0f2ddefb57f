"""Pieces are put down as they were cut out; flips and turns are those of NumPy, and undo one another."""

import numpy as np
import pytest

from maps.cell_selection import CellSelection
from maps.document import new_document
from maps.pieces import cut_out, flipped, moved_selection, put_down, transposed, turned
from maps.terrain import NO_TERRAIN, Terrain

LAYERS = ("cost", "passable", "locked", "terrain")


@pytest.fixture
def document():
    rng = np.random.default_rng(0)
    made = new_document(10, 14)
    terrain = rng.integers(0, 6, made.shape).astype(np.uint8)
    return made.replace(
        cost=rng.uniform(0.5, 4.0, made.shape).astype(np.float32),
        passable=rng.random(made.shape) < 0.7,
        locked=rng.random(made.shape) < 0.3,
        terrain=terrain,
    )


@pytest.fixture
def cells(document):
    mask = np.zeros(document.shape, bool)
    mask[2:6, 3:9] = np.random.default_rng(1).random((4, 6)) < 0.7
    return CellSelection(mask)


@pytest.mark.parametrize("corner", [(4, 6), (-2, 11), (8, -3), (-9, 0), (20, 20)])
def test_a_piece_is_put_down_cell_by_cell_and_clipped(document, cells, corner):
    piece = cut_out(document, cells)
    after = put_down(document, piece, corner).document
    r0, c0 = cells.box[:2]
    covered = np.zeros(document.shape, bool)
    expected = {layer: getattr(document, layer).copy() for layer in LAYERS}
    for row, col in np.argwhere(cells.mask):
        to = row - r0 + corner[0], col - c0 + corner[1]
        if document.contains(to):
            covered[to] = True
            for layer in LAYERS:
                expected[layer][to] = getattr(document, layer)[row, col]
    for layer in LAYERS:
        assert np.array_equal(getattr(after, layer), expected[layer]), layer
    selection = moved_selection(document.shape, piece, corner)
    assert np.array_equal(covered, np.zeros_like(covered) if selection is None else selection.mask)


def test_flips_and_turns_undo_one_another(document, cells):
    piece = cut_out(document, cells)

    def same(one, other):
        return all(np.array_equal(getattr(one, layer), getattr(other, layer)) for layer in ("mask", *LAYERS))

    assert np.array_equal(turned(piece, 1).cost, np.rot90(piece.cost, -1))
    assert np.array_equal(flipped(piece, columns=True).terrain, piece.terrain[:, ::-1])
    assert same(flipped(flipped(piece, columns=False), columns=False), piece)
    assert same(turned(turned(piece, 1), 3), piece)
    assert same(turned(piece, 2), flipped(flipped(piece, columns=True), columns=False))
    assert same(transposed(piece), flipped(turned(piece, 1), columns=True))


def test_a_piece_finds_its_terrains_in_another_palette(document, cells):
    piece = cut_out(document, cells)
    palette = (Terrain("mud", 3.0, "#403020"), *document.palette[2:], document.palette[0])
    other = new_document(10, 14, palette=palette)
    after = put_down(other, piece, cells.box[:2]).document
    for cell in np.argwhere(cells.mask).tolist():
        here = tuple(cell)
        terrain = document.palette[document.terrain[here]]
        number = after.terrain[here]
        assert number == (palette.index(terrain) if terrain in palette else NO_TERRAIN)
        assert after.cost[here] == document.cost[here]
