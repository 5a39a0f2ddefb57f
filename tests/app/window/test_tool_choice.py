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
from maps.document import Layout, Route, new_document


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

    def terrain(self, passable):
        return next(terrain for terrain in self.model.document.palette if terrain.passable == passable)


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
    terrain = desk.terrain(passable=True)
    desk.panels.terrain.terrain_chosen.emit(terrain)
    assert (desk.canvas.options.cost, desk.canvas.options.mode) == (terrain.cost, "set")
    assert desk.canvas.tool == after


def test_a_terrain_that_cannot_be_passed_is_painted_with_the_wall_tool(desk):
    before = desk.canvas.options
    desk.panels.terrain.terrain_chosen.emit(desk.terrain(passable=False))
    assert desk.canvas.tool == "wall"
    assert desk.canvas.options == before


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
