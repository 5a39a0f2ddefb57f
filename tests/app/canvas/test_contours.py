"""Lines of equal distance: they lie where the distance passes their figures, and are labelled with them."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from app.canvas.contour_raster import contour_pixels
from app.canvas.contours import LEVELS, contours_of
from app.run.measures import Wanted, measures_of
from maps.document import Route, new_document
from maps.edits import set_passable
from maps.raster import rectangle
from tests.present import present


def test_lines_lie_where_the_distance_passes_a_multiple():
    distance = np.broadcast_to(np.arange(20.0, dtype=np.float32), (8, 20)).copy()
    places = np.arange(-0.5, 19.5, 0.1) + 0.05  # ten pixels a cell
    on_line = contour_pixels(distance, 4.0, np.array([2.0, 2.1]), places)
    crossed = np.flatnonzero(on_line[0])
    assert places[crossed] == pytest.approx([4.0, 8.0, 12.0, 16.0], abs=0.06)
    distance[:, 9:12] = np.inf  # a wall: no line within or at it
    on_line = contour_pixels(distance, 4.0, np.array([2.0, 2.1]), places)
    # At 12 the wall ends: nothing is crossed there.
    assert places[np.flatnonzero(on_line[0])] == pytest.approx([4.0, 8.0, 16.0], abs=0.06)
    assert not on_line[:, (places > 8.5) & (places < 11.5)].any()


def test_labels_say_the_distance_at_their_place_and_keep_apart():
    rows, cols = np.indices((60, 90))
    distance = np.hypot(rows - 30.0, cols - 20.0)
    distance[:, 80:] = np.inf
    contours = contours_of(distance)
    assert contours.step == 5.0  # the farthest is 66.2; a sixteenth of it, rounded up
    assert 0 < len({label.words for label in contours.labels}) <= LEVELS
    for label in contours.labels:
        assert np.hypot(label.row - 30.0, label.col - 20.0) == pytest.approx(float(label.words), abs=1.0)
    places = np.array([(label.row, label.col) for label in contours.labels])
    gaps = np.hypot(*(places[:, None] - places[None]).T) + np.diag(np.full(len(places), np.inf))
    assert gaps.min() >= 10.0
    nothing = contours_of(np.full((4, 4), np.inf))
    assert nothing.labels == ()


def test_a_map_is_measured_with_its_lines_which_are_drawn_when_they_are_wanted(canvas, model):
    document = new_document(12, 16).replace(routes=(Route("a", (6, 1), (6, 14)),))
    walled = set_passable(document, rectangle(document.shape, (0, 8), (9, 8)), False).document
    model.adopt(walled, None)
    measures = measures_of(Wanted(walled, walled.cost, 0))
    contours = present(measures.contours)
    assert np.isinf(contours.distance[0, 8])
    before = canvas.grab().toImage()
    canvas.show_contours(contours)
    assert canvas.grab().toImage() == before, "off at first"
    canvas.set_visible_layers(canvas.visible_layers | {"contours"})
    lined = canvas.grab().toImage()
    assert lined != before
    canvas.show_contours(contours_of(np.ones((3, 3))))
    assert canvas.grab().toImage() == lined, "a late one of another size is passed over"
    assert QColor(lined.pixel(0, 0)) == QColor(before.pixel(0, 0))
