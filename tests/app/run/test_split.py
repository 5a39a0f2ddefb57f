"""Two maps on one canvas: which they are, that each half shows its own, and the line between them."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.document.model import DocumentModel
from app.run.model import RunModel
from app.run.split import SplitView
from app.run.view import RunView
from app.scenarios.frame import Frame
from maps.document import Route, new_document
from maps.results import KeptResult
from tests.app.canvas.seen import LEFT, NONE, colour_at


class Seen:
    """A view on a canvas of its own, split, and a run whose frames a test sets."""

    def __init__(self, qtbot):
        drawn = new_document(16, 16).replace(routes=(Route("route", (8, 1), (8, 14)),))
        self.model = DocumentModel(drawn)
        self.canvas, self.run = Canvas(self.model), RunModel()
        qtbot.addWidget(self.canvas)
        self.canvas.resize(640, 480)
        self.canvas.show()
        qtbot.waitExposed(self.canvas)
        self.canvas.set_visible_layers({"cost", "path"})
        self.view = RunView(self.run, self.model, self.canvas)
        self.split = SplitView(self.view, self.model, self.canvas)

    def deliver(self, frame):
        self.run.state, self.run.frame = "ended", frame
        self.run.state_changed.emit()

    def kept(self, name, cost):
        before = self.model.document
        after = before.replace(cost=np.full((16, 16), cost, np.float32))
        result = KeptResult(name, "", "adversarial", before, after)
        self.model.keep(result)
        return result

    @property
    def sides(self):
        """The colours of a cell of the left half and one of the right half."""
        return colour_at(self.canvas, (3, 3)), colour_at(self.canvas, (3, 12))


@pytest.fixture
def seen(qtbot):
    made = Seen(qtbot)
    yield made
    made.split.shut_down()
    made.view.shut_down()


def test_a_run_is_seen_beside_the_drawn_map_with_the_path_of_either(qtbot, seen):
    drawn, _ = seen.sides
    seen.deliver(Frame(3, cost_map=np.full((16, 16), 4.0), paths=(np.array([(8, 1), (8, 14)]),)))
    dear, _ = seen.sides
    assert dear != drawn
    seen.split.toggle()
    assert seen.sides == (drawn, dear)
    assert seen.canvas._scene.sides[0] == "drawn map"
    qtbot.waitUntil(lambda: not seen.split.busy, timeout=20_000)
    (path,) = seen.canvas._scene.beside.paths
    assert path.size() == 14
    cost = seen.model.document.cost.copy()
    cost[:4] = 4.0
    seen.model.edit("Paint", seen.model.document.replace(cost=cost))
    assert seen.sides == (dear, dear), "the left half follows the drawing"
    seen.split.toggle()
    assert seen.canvas.beside is None
    assert seen.sides == (dear, dear)


def test_a_result_is_seen_beside_its_before_and_two_beside_each_other(seen):
    one, two = seen.kept("one", 2.0), seen.kept("two", 5.0)
    drawn, _ = seen.sides
    seen.split.compare([one])
    assert seen.view.shown.result is one
    assert seen.sides[0] == drawn
    single = seen.sides[1]
    seen.split.compare([one, two])
    assert seen.view.shown.result is two
    left, right = seen.sides
    assert left == single
    assert right not in (single, drawn)
    assert seen.canvas._scene.sides == ("“one”", "“two”")


def test_the_drawn_map_alone_is_whole_and_so_is_a_map_of_another_size(seen):
    seen.split.toggle()
    assert seen.canvas.beside is None, "nothing to compare"
    seen.deliver(Frame(3, cost_map=np.full((16, 16), 4.0)))
    assert seen.canvas.beside is seen.model.document
    seen.model.adopt(new_document(8, 9), None)
    assert seen.canvas.beside is None


def test_the_line_is_dragged_and_paints_nothing(seen):
    seen.deliver(Frame(3, cost_map=np.full((16, 16), 4.0)))
    seen.split.toggle()
    drawn, _ = seen.sides
    before, line = seen.model.document, round(seen.canvas.divider)
    x, _ = seen.canvas.view.centre(3, 14)
    QTest.mousePress(seen.canvas, LEFT, NONE, QPoint(line + 2, 200))
    QTest.mouseMove(seen.canvas, QPoint(round(x), 200))
    QTest.mouseRelease(seen.canvas, LEFT, NONE, QPoint(round(x), 200))
    assert seen.canvas.divider == pytest.approx(x, abs=1.0)
    assert seen.sides == (drawn, drawn)
    assert seen.model.document is before
    QTest.mouseMove(seen.canvas, QPoint(round(x) - 3, 220))
    assert seen.canvas.cursor().shape() == Qt.CursorShape.SplitHCursor
    QTest.mouseMove(seen.canvas, QPoint(round(x) - 60, 220))
    assert seen.canvas.cursor().shape() != Qt.CursorShape.SplitHCursor


def test_after_a_result_was_applied_the_map_from_before_is_on_the_left(qtbot, seen):
    told = []
    seen.split.told.connect(told.append)
    seen.split.toggle()
    assert seen.canvas.beside is None
    assert told == ["Nothing to compare yet: run something, or view a result of this map"]
    seen.split.toggle()
    drawn, _ = seen.sides
    result = seen.kept("one", 4.0)
    seen.model.edit("Apply", result.after)
    seen.split.toggle()
    left, right = seen.sides
    assert (left, right != drawn) == (drawn, True)
    assert seen.canvas._scene.sides == ("before “one”", "drawn map")
    assert len(told) == 1
