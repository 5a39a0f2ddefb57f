"""Routes in their own colours, and the key that says which is which."""

import math

import numpy as np
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication

from app.canvas.legend import letters
from app.canvas.path_marks import beside, path_line
from app.canvas.route_key import MOST_ROWS, PathCosts, RouteKey
from app.canvas.view import View
from app.tools.routes import ROUTE_COLOURS, new_route
from maps.document import Route, new_document
from maps.movement import MovementClass

LONG = "From the harbour over the old bridge to the keep"
ROUTES = (Route(LONG, (2, 2), (2, 13), colour="#56b4e9"), Route("b", (9, 2), (9, 13), movement="wagon"))


def test_the_key_names_each_route_who_walks_it_and_what_it_costs(qapp):
    key = RouteKey(400, ROUTES, PathCosts({ROUTES[0].journey: 12.345, ROUTES[1].journey: math.inf}))
    assert key.words == [(f"1  {LONG}", "12.3"), ("2  b · wagon", "no way")]
    metrics = QFontMetrics(letters(QGuiApplication.font()))
    assert key.area.width() > metrics.horizontalAdvance(f"1  {LONG}12.3")  # not clipped
    assert key.area.bottom() < 400
    unknown = RouteKey(400, ROUTES[:1], PathCosts({}))
    assert unknown.words == [(LONG, "…")]
    assert RouteKey(400, (), PathCosts({})).area.isEmpty()
    many = RouteKey(400, [Route(str(n), (0, 0), (1, 1)) for n in range(30)], PathCosts({}))
    assert len(many.shown) == MOST_ROWS - 1


def test_a_path_has_the_colour_of_its_route_and_the_key_is_drawn_and_hidden(canvas, model):
    document = new_document(12, 16)
    kind = MovementClass("wagon", (1.0,) * len(document.palette))
    model.adopt(document.replace(routes=ROUTES, classes=(kind,)), None)
    canvas.show_paths([np.array([(2, 2), (2, 13)]), np.zeros((0, 2), np.int64)])
    assert canvas.view.scale > 12
    off = beside(canvas.view, 0, 2)
    x, y = canvas.view.centre(2, 6)
    assert canvas.grab().toImage().pixelColor(round(x + off), round(y + off)) == QColor("#56b4e9")
    area = canvas._scene.route_key(canvas.height()).area
    shown = canvas.grab(area).toImage()
    canvas.show_path_costs({ROUTES[0].journey: 11.0})
    told = canvas.grab(area).toImage()
    assert told != shown
    canvas.show_path_costs({ROUTES[0].journey: 11.0}, stale=True)
    assert canvas.grab(area).toImage() != told
    canvas.set_visible_layers(canvas.visible_layers - {"legend"})
    assert canvas.grab(area).toImage() != shown


def test_paths_that_share_cells_lie_side_by_side_within_them():
    for scale in (2.0, 10.0, 40.0):
        offs = [beside(View(scale), number, 3) for number in range(3)]
        assert offs[1] == 0.0
        assert offs[2] == -offs[0] > 0.0
        assert max(offs) <= 0.3 * scale
    assert beside(View(10.0), 0, 1) == 0.0


def test_a_new_route_has_a_colour_that_no_other_has_while_there_is_one(qapp):
    document = new_document(8, 8)
    for number in range(len(ROUTE_COLOURS)):
        document = document.replace(routes=(*document.routes, new_route(document, (0, number), (7, number))))
    assert {route.colour for route in document.routes} == set(ROUTE_COLOURS)
    fewer = document.replace(routes=document.routes[1:])
    assert new_route(fewer, (0, 0), (7, 7)).colour == document.routes[0].colour


def test_a_long_path_has_no_gaps_where_its_pieces_meet(canvas, model):
    model.adopt(new_document(4, 100), None)
    canvas.set_visible_layers({"cost", "path"})
    canvas._set_view(View(6.0, 20.0, 100.0))
    line = np.array([(2, col) for col in range(100)])
    canvas.show_paths([line])
    image = canvas.grab().toImage()
    y = round(canvas.view.centre(2, 0)[1])
    first, last = (round(canvas.view.centre(2, col)[0]) for col in (0, 99))
    assert {image.pixelColor(x, y).name() for x in range(first, last)} == {"#fafafc"}
    for cells, pieces in (([(0, 0)], 1), ([], 0), ([(0, 0), (0, 1)], 1)):
        path = path_line(np.array(cells, np.int64).reshape(-1, 2))
        assert (path.size(), len(path.pieces)) == (len(cells), pieces)
