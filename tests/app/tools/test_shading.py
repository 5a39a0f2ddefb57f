"""Gradient, noise and smoothing of costs, by real mouse events: within the bounds and the selection."""

from dataclasses import replace

import numpy as np
import pytest

from maps.cell_selection import CellSelection, cells_in_box
from maps.document import Bounds
from tests.app.tools.gestures import choose, click, drag, steps


@pytest.fixture
def bounded(model):
    model.adopt(model.document.replace(bounds=Bounds(0.5, 3.0)), None)
    return model


def test_a_gradient_fades_evenly_between_its_ends_and_keeps_walls(canvas, bounded):
    choose(canvas, "gradient", cost=1.0, other_cost=2.0)
    before = bounded.document
    drag(canvas, (3, 2), (3, 5), (3, 6))
    row = bounded.document.cost[3]
    assert row[:9] == pytest.approx([1.0, 1.0, 1.0, 1.25, 1.5, 1.75, 2.0, 2.0, 2.0])
    assert (bounded.document.cost == np.where(before.passable, row, before.cost)).all(), (
        "all rows alike, but walls"
    )
    assert np.array_equal(bounded.document.passable, before.passable)
    assert steps(bounded) == 1


def test_a_gradient_slants_stays_in_the_selection_and_within_bounds(canvas, bounded):
    mask = cells_in_box(bounded.document.shape, (0, 0), (7, 7))
    choose(canvas, "gradient", cost=1.0, other_cost=9.0, cells=CellSelection(mask))
    before = bounded.document
    drag(canvas, (0, 0), (4, 4))
    cost = bounded.document.cost
    assert cost[1, 1] == cost[0, 2] == cost[2, 0] == 3.0 == bounded.document.bounds.upper
    assert cost[1, 0] == cost[0, 1] == 2.0
    assert np.array_equal(cost[~mask], before.cost[~mask])
    click(canvas, (2, 2))
    assert steps(bounded) == 1, "a click has no direction"


@pytest.mark.parametrize("tool", ["brush", "rectangle", "fill"])
def test_noise_varies_costs_within_the_bounds(canvas, bounded, tool):
    choose(canvas, tool, mode="noise", strength=3.0, size=9.0, hardness=1.0, seed=5)
    drag(canvas, (2, 2), (9, 7)) if tool != "fill" else click(canvas, (2, 2))
    now = bounded.document
    changed = now.cost != 1.0
    assert changed.sum() > 20
    assert now.cost.min() >= 0.5
    assert now.cost.max() <= 3.0
    assert (now.cost[changed] > 1.0).any()
    assert (now.cost[changed] < 1.0).any()
    assert steps(bounded) == 1


def test_a_stroke_of_noise_that_turns_back_roughens_once_and_smoothing_evens_out(canvas, bounded):
    choose(canvas, "brush", mode="noise", strength=0.3, size=5.0, hardness=1.0)
    drag(canvas, (4, 2), (4, 6))
    once = bounded.document.cost
    bounded.undo()
    drag(canvas, (4, 2), (4, 6), (4, 2), (4, 6))
    assert np.array_equal(bounded.document.cost, once)
    canvas.set_options(replace(canvas.options, mode="smooth"))
    drag(canvas, (4, 2), (4, 6))
    block = np.s_[3:6, 3:6]
    assert np.ptp(bounded.document.cost[block]) < np.ptp(once[block])
