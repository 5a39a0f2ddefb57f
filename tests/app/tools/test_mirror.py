"""What is painted and placed in a symmetry keeps it: cells, walls, stamps, routes and points, by one undo step."""

from dataclasses import replace

import pytest

from app.canvas.canvas import Canvas
from app.canvas.view import View
from app.document.model import DocumentModel
from app.tools import MIRRORS
from app.window.main_window import MainWindow
from maps.document import new_document
from maps.symmetry import images_of
from tests.app.closing import let_it_close
from tests.app.tools.gestures import RIGHT, click, drag, steps

GESTURES = {
    "brush": [(1, 1), (4, 6)],
    "line": [(1, 1), (5, 4)],
    "rectangle": [(0, 2), (3, 5)],
    "wall": [(2, 1), (2, 6)],
    "lock": [(1, 1), (3, 3)],
    "fill": [(0, 0)],
}
LAYERS = ("cost", "passable", "locked", "terrain")


def canvas_of(qtbot, height, width):
    model = DocumentModel(new_document(height, width))
    canvas = Canvas(model)
    qtbot.addWidget(canvas)
    canvas.resize(640, 480)
    canvas.show()
    qtbot.waitExposed(canvas)
    canvas.set_visible_layers(canvas.visible_layers - {"legend"})
    canvas._set_view(View(32.0, 60.0, 40.0))
    return canvas, model


def set_out(canvas, tool, symmetry, **options):
    canvas.set_tool(tool)
    canvas.set_options(replace(canvas.options, mirror=symmetry, **options))


def symmetric(document, symmetry):
    for image in images_of(symmetry, document.shape):
        for row in range(document.height):
            for col in range(document.width):
                other = image.cell((row, col), document.shape)
                if any(getattr(document, layer)[row, col] != getattr(document, layer)[other] for layer in LAYERS):
                    return False
    return True


@pytest.mark.parametrize("shape", [(8, 8), (9, 9), (8, 9)])
@pytest.mark.parametrize("symmetry", [symmetry for symmetry in MIRRORS if symmetry != "none"])
def test_everything_that_is_painted_keeps_the_symmetry(qtbot, shape, symmetry):
    canvas, model = canvas_of(qtbot, *shape)
    if not images_of(symmetry, shape):
        return
    for mode, value in (("set", 3.0), ("add", 0.7)):
        for tool, places in GESTURES.items():
            # A soft brush that adds shows every cell that is painted twice.
            set_out(canvas, tool, symmetry, size=3.0, hardness=0.3, mode=mode, cost=value, amount=value)
            drag(canvas, *places)
            assert symmetric(model.document, symmetry), (tool, mode)
        if mode == "set":
            assert steps(model) == len(GESTURES)


def test_a_brush_over_the_axis_adds_once(qtbot):
    canvas, model = canvas_of(qtbot, 8, 8)
    set_out(canvas, "brush", "left_right", size=1.0, hardness=1.0, mode="add", amount=1.0)
    drag(canvas, (4, 0), (4, 7), (4, 1))
    assert (model.document.cost[4] == 2.0).all()


def test_routes_turn_with_the_one_that_is_set(qtbot):
    canvas, model = canvas_of(qtbot, 9, 9)
    set_out(canvas, "start", "quarter_turn")
    click(canvas, (0, 1))
    set_out(canvas, "goal", "quarter_turn")
    click(canvas, (4, 3))
    ends = [(route.start, route.goal) for route in model.document.routes]
    assert ends == [((0, 1), (4, 3)), ((1, 8), (3, 4)), ((8, 7), (4, 5)), ((7, 0), (5, 4))]
    assert steps(model) == 2
    set_out(canvas, "start", "quarter_turn")
    drag(canvas, (1, 8), (2, 8))  # the second one leads, too
    assert [route.start for route in model.document.routes] == [(0, 2), (2, 8), (8, 6), (6, 0)]
    set_out(canvas, "start", "none")
    drag(canvas, (0, 2), (0, 3))
    assert [route.start for route in model.document.routes] == [(0, 3), (2, 8), (8, 6), (6, 0)]


def test_points_are_placed_dragged_and_removed_with_their_images(qtbot):
    canvas, model = canvas_of(qtbot, 8, 10)
    set_out(canvas, "points", "four_way")

    def places():
        return sorted(tuple(place) for place in model.document.layouts[0].positions.tolist())

    click(canvas, (1.0, 2.0))
    assert places() == [(1.0, 2.0), (1.0, 7.0), (6.0, 2.0), (6.0, 7.0)]
    drag(canvas, (6.0, 7.0), (5.0, 7.5))
    assert places() == [(2.0, 1.5), (2.0, 7.5), (5.0, 1.5), (5.0, 7.5)]
    click(canvas, (2.0, 1.5), button=RIGHT)
    assert places() == []
    assert steps(model) == 3


def test_the_mirror_is_a_command_and_in_the_options_bar_and_shows_its_axes(qtbot):
    window = MainWindow(new_document(8, 10), None)
    qtbot.addWidget(window, before_close_func=let_it_close)
    window.show()
    qtbot.waitExposed(window)
    commands = {action.text(): action for action in window.menus.commands()}
    assert not commands["Mirror: Quarter turns"].isEnabled(), "the map is no square"
    plain = window.canvas.grab().toImage()
    commands["Mirror: Left and right"].trigger()
    assert window.canvas.options.mirror == "left_right"
    assert window.options_bar.mirror.currentData() == "left_right"
    mirrored = window.canvas.grab().toImage()
    ratio = plain.devicePixelRatio()
    x, y = window.canvas.view.centre(2.5, 4.5)
    changed = [
        plain.pixel(round(px * ratio), round(y * ratio)) != mirrored.pixel(round(px * ratio), round(y * ratio))
        for px in (x, x - 10, x + 10)
    ]
    assert changed == [True, False, False]
    window.options_bar.mirror.setCurrentIndex(window.options_bar.mirror.findData("none"))
    assert window.canvas.options.mirror == "none"
    assert window.canvas.grab().toImage() == plain
