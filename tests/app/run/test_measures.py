"""What is measured on the drawn map: exact paths, costs, distances, and in which order."""

import numpy as np
import pytest

from app.run.measures import Measurer, Wanted, measures_of
from maps.document import Route, new_document
from maps.edits import set_passable
from maps.raster import rectangle
from tests.present import present


@pytest.fixture
def document():
    routes = (Route("across", (8, 1), (8, 14)), Route("down", (1, 3), (14, 3)))
    return new_document(16, 16).replace(routes=routes)


def whole(document, route):
    """A document as it is drawn, with distances to the goal of one of its routes."""
    return Wanted(document, document.cost, route)


def test_measures_of_an_open_map_are_its_straight_lines(document):
    measures = measures_of(whole(document, 1))
    assert measures.costs == pytest.approx([13.0, 13.0])
    assert [len(path) for path in measures.paths] == [14, 14]
    assert present(measures.distance)[14, 3] == 0.0
    assert measures.cut_off is None


def test_a_route_that_is_cut_off_shows_from_where_its_goal_can_be_reached(document):
    cut = set_passable(document, rectangle(document.shape, (0, 7), (15, 7)), False).document
    measures = measures_of(whole(cut, 0))
    assert np.isinf(measures.costs[0])
    assert len(measures.paths[0]) == 0
    reached = present(measures.cut_off)
    assert reached[:, 8:].all()
    assert not reached[:, :8].any()
    assert measures_of(whole(cut, 1)).cut_off is None


def test_a_map_without_routes_has_nothing_to_measure():
    measures = measures_of(whole(new_document(4, 4), 0))
    assert len(measures.costs) == 0
    assert measures.distance is None
    assert measures.cut_off is None


def test_of_many_changes_the_last_one_is_measured(qtbot, document):
    measurer = Measurer()
    seen = []
    measurer.measured.connect(seen.append)
    last = document
    for row in range(12):
        last = set_passable(last, rectangle(last.shape, (row, 7), (row, 7)), False).document
        measurer.measure(whole(last, 0))
    qtbot.waitUntil(lambda: bool(seen) and seen[-1].of.document is last, timeout=20_000)
    assert len(seen) < 6
    measurer.shut_down()
