"""The active tool and its options: canvas, options bar and panels agree."""

from dataclasses import replace

import numpy as np
import pytest

from app.canvas.canvas import Canvas
from app.document.model import DocumentModel
from app.panels.tool_options import OptionsBar
from app.tools import TOOLS
from app.window.docks import Panels
from app.window.tool_choice import ToolChoice
from maps.document import Layout, MapDocument, Route, new_document
from maps.terrain_edits import remove_palette_terrain, set_palette_terrain


class Desk:
    def __init__(self):
        routes = (Route("one", (8, 1), (8, 14)), Route("two", (1, 1), (14, 1)))
        layouts = tuple(Layout(name, np.array([[2.0, 2.0], [5.0, 5.0]]), np.ones(2)) for name in ("a", "b"))
        self.model = DocumentModel(new_document(16, 16).replace(routes=routes, layouts=layouts))
        self.canvas = Canvas(self.model)
        self.bar = OptionsBar(self.canvas.options)
        self.panels = Panels(self.model)
        self.tools = ToolChoice(self.model, self.canvas, self.bar, self.panels)
        self.told = []
        self.tools.told.connect(lambda text, _: self.told.append(text))

    def number(self, name):
        return [terrain.name for terrain in self.model.document.palette].index(name)


@pytest.fixture
def desk(qtbot):
    made = Desk()
    panels = made.panels
    for widget in (made.canvas, made.bar, *(entry.panel for entry in panels.table())):
        qtbot.addWidget(widget)
    yield made
    panels.plan.shut_down()


def test_choosing_a_tool_says_what_it_does(qtbot, desk):
    with qtbot.waitSignal(desk.tools.chosen):
        desk.tools.choose("lasso")
    assert desk.canvas.tool == "lasso"
    assert desk.told == [f"{TOOLS['lasso'].title}: {TOOLS['lasso'].hint}"]
    with pytest.raises(KeyError):
        desk.tools.choose("hammer")
    assert desk.canvas.tool == "lasso"


@pytest.mark.parametrize(("before", "after"), [("line", "line"), ("fill", "fill"), ("lasso", "brush")])
def test_a_terrain_is_painted_with_a_tool_that_paints(desk, before, after):
    desk.tools.choose(before)
    rock = desk.number("rock")
    desk.panels.terrain.terrain_chosen.emit(rock)
    options = desk.canvas.options
    assert (options.painted_terrain, options.cost, options.mode) == (rock, 5.0, "set")
    assert desk.canvas.tool == after
    assert desk.panels.terrain.active == rock
    assert desk.bar.terrain.text() == "rock"


def test_a_terrain_that_cannot_be_passed_is_painted_with_the_brush_and_has_no_cost(desk):
    before = desk.canvas.options.cost
    desk.panels.terrain.terrain_chosen.emit(desk.number("wall"))
    assert (desk.canvas.tool, desk.canvas.options.cost) == ("brush", before)
    assert desk.bar.terrain.text() == "wall"
    assert not desk.bar.hardness.isEnabled(), "a terrain has a hard edge"


def test_a_cost_chosen_otherwise_lets_go_of_the_terrain(desk):
    desk.tools.take_terrain(3)
    desk.bar.value.setValue(3.25)
    assert desk.canvas.options.painted_terrain is None
    assert desk.panels.terrain.active == len(desk.model.document.palette), "no row of the palette is active"
    assert desk.bar.terrain.text() == ""
    assert desk.bar.swap.text() == "⇄ forest"


def test_x_swaps_what_is_painted_with_what_was_before_terrain_and_all(desk):
    desk.tools.begin()
    assert desk.canvas.options.other_terrain == desk.number("grass"), "the other cost, 1, is its"
    desk.tools.take_terrain(desk.number("rock"))
    desk.tools.take_terrain(desk.number("sand"))
    for expected in ("rock", "sand", "rock"):
        desk.canvas.swap_costs()
        assert desk.canvas.options.painted_terrain == desk.number(expected)
    desk.bar.value.setValue(3.25)
    desk.bar.value.setValue(3.5)
    desk.canvas.swap_costs()
    assert desk.canvas.options.painted_terrain == desk.number("rock")
    desk.canvas.swap_costs()
    assert (desk.canvas.options.cost, desk.canvas.options.painted_terrain) == (3.5, None)


def test_a_map_of_terrains_begins_with_one_of_them_in_hand_and_another_map_with_a_cost(desk):
    desk.tools.begin()
    assert desk.canvas.options.painted_terrain == desk.number("forest"), "the brush's cost, 2.5, is its"
    grid = np.ones((4, 4), np.float32)
    desk.model.adopt(MapDocument(grid, grid > 0, grid < 0), None)
    desk.tools.begin()
    assert desk.canvas.options.painted_terrain is None
    assert desk.canvas.options.cost == 2.5


def test_the_terrain_in_hand_is_followed_through_edits_of_the_palette(desk):
    forest = desk.number("forest")
    desk.tools.take_terrain(forest)
    now = desk.model.document
    dearer = replace(now.palette[forest], cost=2.75)
    desk.model.edit("Cost", set_palette_terrain(now, forest, dearer))
    assert (desk.canvas.options.painted_terrain, desk.canvas.options.cost) == (forest, 2.75)
    desk.model.edit("Remove", remove_palette_terrain(desk.model.document, 0))
    assert desk.canvas.options.painted_terrain == forest - 1 == desk.number("forest")
    desk.model.edit("Remove", remove_palette_terrain(desk.model.document, forest - 1))
    assert desk.canvas.options.painted_terrain is None


def test_a_cost_out_of_bounds_is_warned_of_once(desk):
    for cost in (7.0, 7.0, 2.0, 7.0):
        desk.canvas.set_options(replace(desk.canvas.options, cost=cost))
    warnings = [text for text in desk.told if "outside this map's bounds, 0.2 to 5" in text]
    assert len(warnings) == 2


def test_routes_and_layouts_are_chosen_in_their_panels_and_on_the_canvas(desk):
    desk.panels.routes.route_chosen.emit(1)
    assert desk.canvas.options.route == 1
    assert desk.panels.routes.active == 1
    desk.panels.layouts.layout_chosen.emit(1)
    assert desk.canvas.options.layout == 1
    assert desk.panels.layouts.active == 1


def test_another_layout_lets_go_of_the_selected_points(desk):
    desk.canvas.point_action("select_all")
    assert desk.canvas.options.selection == {0, 1}
    desk.panels.layouts.layout_chosen.emit(0)
    assert desk.canvas.options.selection == {0, 1}, "it is the same layout"
    desk.panels.layouts.layout_chosen.emit(1)
    assert desk.canvas.options.selection == frozenset()
