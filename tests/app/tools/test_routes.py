"""Routes that are dropped on the map."""

from maps.document import Route
from maps.movement import plain_class
from tests.app.tools.gestures import choose, click


def test_a_new_route_is_walked_by_the_class_that_walks_the_one_before(model, canvas):
    boat = plain_class("Boat", model.document.palette)
    first = Route("Route 1", (1, 1), (10, 5), movement="Boat")
    model.adopt(model.document.replace(routes=(first,), classes=(boat,)), None)
    choose(canvas, "start", route=1)
    click(canvas, (5, 5))
    assert model.document.routes[0] == first
    second = model.document.routes[1]
    assert (second.name, second.movement, second.start) == ("Route 2", "Boat", (5, 5))
    assert second.colour != first.colour
