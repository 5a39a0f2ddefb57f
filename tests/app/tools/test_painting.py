"""Tools that paint terrains, and the picker that takes them up; costs chosen otherwise clear them."""

from dataclasses import replace

import numpy as np
import pytest

from maps.terrain import NO_TERRAIN, Terrain
from tests.app.tools.gestures import choose, click, drag, steps

GRASS, FOREST, WATER = 1, 3, 7


@pytest.fixture
def painted(model):
    """The map with a palette that has water, a wall in column 9, grass elsewhere."""
    palette = (*model.document.palette, Terrain("water", 1.0, "#1f3a5c", passable=False))
    model.adopt(model.document.replace(palette=palette), None)
    return model


def terrain_tool(canvas, model, tool, number, **options):
    terrain = model.document.palette[number]
    choose(canvas, tool, **options)
    canvas.set_options(canvas.options.with_terrain(number, terrain))


@pytest.mark.parametrize(
    ("tool", "places"),
    [("brush", [(3, 2), (3, 6)]), ("line", [(3, 2), (3, 6)]), ("rectangle", [(2, 2), (4, 6)]), ("fill", [(3, 2)])],
)
@pytest.mark.parametrize("number", [FOREST, WATER])
def test_a_terrain_is_painted_whole_in_one_undo_step(painted, canvas, tool, places, number):
    model = painted
    terrain_tool(canvas, model, tool, number, size=3.0, hardness=0.2)
    before = model.document
    drag(canvas, *places)
    now, terrain = model.document, model.document.palette[number]
    cells = now.terrain == number
    assert cells[3, 2:7].all()
    assert (now.passable[cells] == terrain.passable).all()
    if terrain.passable:
        assert (now.cost[cells] == np.float32(terrain.cost)).all()
    assert np.array_equal(now.terrain[~cells], before.terrain[~cells])
    assert np.array_equal(now.cost[~cells], before.cost[~cells]), "a hard edge"
    assert steps(model) == 1
    model.undo()
    assert model.document is before


def test_a_terrain_opens_walls_that_it_covers_and_a_cost_does_not(painted, canvas):
    terrain_tool(canvas, painted, "brush", FOREST, size=1.0)
    drag(canvas, (4, 8), (4, 10))
    assert painted.document.passable[4, 9]
    canvas.set_options(canvas.options.with_cost(2.0))
    drag(canvas, (6, 8), (6, 10))
    assert not painted.document.passable[6, 9]


def test_a_cost_clears_the_terrain_but_not_that_of_water(painted, canvas):
    terrain_tool(canvas, painted, "rectangle", WATER)
    drag(canvas, (0, 0), (5, 3))
    choose(canvas, "brush", size=1.0)
    canvas.set_options(canvas.options.with_cost(3.5))
    drag(canvas, (2, 1), (2, 6))
    assert painted.document.terrain[2, :7].tolist() == [WATER] * 4 + [NO_TERRAIN] * 3
    assert painted.document.cost[2, 4:7].tolist() == [3.5] * 3


def test_fill_keeps_within_one_kind_of_what_cannot_be_passed(painted, canvas):
    terrain_tool(canvas, painted, "rectangle", WATER)
    drag(canvas, (0, 5), (11, 8))  # beside the wall in column 9
    terrain_tool(canvas, painted, "fill", FOREST)
    click(canvas, (3, 6))
    assert (painted.document.terrain[:, 5:9] == FOREST).all()
    assert painted.document.passable[:, 5:9].all()
    assert not painted.document.passable[:, 9].any()
    canvas.set_options(canvas.options.with_cost(2.0))
    click(canvas, (3, 9))
    assert painted.document.passable.all(), "with a cost it opens the wall"


def test_the_picker_takes_up_terrains_and_costs_of_cells_without(painted, canvas):
    terrain_tool(canvas, painted, "rectangle", WATER)
    drag(canvas, (0, 0), (1, 1))
    cost = painted.document.cost.copy()
    cost[5, 5], cost[6, 6] = 1.5, 4.0  # a run made grass dearer there
    terrain = painted.document.terrain.copy()
    terrain[6, 6] = NO_TERRAIN
    painted.edit("Costs", painted.document.replace(cost=cost, terrain=terrain))
    canvas.set_options(replace(canvas.options, cost=2.25, terrain=None))
    canvas.set_tool("picker")
    taken = []
    for cell in ((3, 3), (0, 0), (5, 5), (3, 3), (6, 6)):
        click(canvas, cell)
        taken.append((canvas.options.painted_terrain, canvas.options.cost))
    assert taken == [(GRASS, 1.0), (WATER, 1.0), (None, 1.5), (GRASS, 1.0), (None, 4.0)]
    assert steps(painted) == 2, "picking edits nothing"
