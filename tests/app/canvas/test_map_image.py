"""The map's pixels: the colours of its costs, before and after edits."""

import numpy as np

from app.canvas.colouring import cost_pixels
from app.canvas.map_image import MapImage, changed_cells
from maps.document import new_document
from tests.app.canvas.seen import pixels_of, random_document


def test_pixels_are_the_colours_of_the_costs(qapp):
    document = random_document()
    image = MapImage(document)
    expected = cost_pixels(document.cost, document.passable, *image.scale).astype(int)
    assert abs(pixels_of(image.image).astype(int) - expected).max() <= 2  # one shade off by rounding


def test_after_many_edits_the_pixels_are_those_of_a_new_image(qapp):
    rng = np.random.default_rng(3)
    document = random_document()
    image = MapImage(document)
    for _ in range(60):
        row, col = int(rng.integers(0, 10)), int(rng.integers(0, 14))
        layer = str(rng.choice(["cost", "passable", "locked"]))
        values = getattr(document, layer).copy()
        values[row : row + 3, col : col + 3] = rng.uniform(0.1, 9.0) if layer == "cost" else rng.random() > 0.5
        document = document.replace(**{layer: values})
        image.show_document(document)
        fresh = MapImage(document)
        assert image.scale == fresh.scale
        np.testing.assert_array_equal(pixels_of(image.image), pixels_of(fresh.image))


def test_changed_cells_is_the_smallest_rectangle(qapp):
    old = new_document(9, 9)
    cost, locked = old.cost.copy(), old.locked.copy()
    cost[2, 3], locked[6, 5] = 2.0, True
    assert changed_cells(old, old.replace(cost=cost)) == (2, 3, 3, 4)
    assert changed_cells(old, old.replace(cost=cost, locked=locked)) == (2, 3, 7, 6)
    assert changed_cells(old, old.replace(cost=old.cost.copy())) is None


def test_an_edit_redraws_only_its_rectangle(qapp):
    document = random_document()
    image = MapImage(document)
    cost = document.cost.copy()
    cost[4, 5:8] = 2.0
    assert image.show_document(document.replace(cost=cost)) == (4, 5, 5, 8)
    cost = cost.copy()
    cost[0, 0] = 50.0  # stretches the scale: everything has another colour
    assert image.show_document(document.replace(cost=cost)) == (0, 0, 12, 16)
    assert image.scale[1] == 50.0


def test_paint_during_a_run_shows_over_the_run(qapp):
    document = random_document()
    image = MapImage(document)
    run = np.full(document.shape, 2.0)
    image.show_costs(run)
    cost = document.cost.copy()
    cost[4, 4] = 1.25
    image.show_document(document.replace(cost=cost))
    assert image.costs[4, 4] == 1.25
    assert image.costs[4, 5] == 2.0
    assert run[4, 4] == 2.0
    image.show_costs(None)
    np.testing.assert_array_equal(image.costs, cost)
