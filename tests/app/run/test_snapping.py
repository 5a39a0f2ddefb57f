"""Maps and results snapped to the terrains of their palette, with the loss stated."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.document.model import DocumentModel
from app.run.model import RunModel
from app.run.snap import snap
from app.run.snapping import Snapping
from app.run.view import RunView
from app.scenarios.translate import path_costs
from app.window.main_window import MainWindow
from maps.document import Route, new_document
from maps.results import KeptResult
from maps.terrain import Terrain
from tests.app.closing import let_it_close

PALETTE = (Terrain("grass", 1.0, "#b9cf6a"), Terrain("rock", 5.0, "#6b5a55"))


def changed(document, value=1.8):
    """A strip that a run made dearer, across the way."""
    cost = document.cost.copy()
    cost[:, 3] = value
    return document.replace(cost=cost)


@pytest.fixture
def drawn():
    return new_document(6, 8, palette=PALETTE).replace(routes=(Route("road", (3, 0), (3, 7), weight=2.0),))


class Desk:
    def __init__(self, document):
        self.model = DocumentModel(document)
        self.canvas = Canvas(self.model)
        self.run = RunModel()
        self.view = RunView(self.run, self.model, self.canvas)
        self.snapping = Snapping(self.model, self.view)
        self.told = []
        self.snapping.told.connect(self.told.append)


@pytest.fixture
def desk(qtbot, drawn):
    made = Desk(changed(drawn))
    qtbot.addWidget(made.canvas)
    yield made
    made.snapping.shut_down()
    made.view.shut_down()


def settled(qtbot, desk):
    qtbot.waitUntil(lambda: not desk.snapping.busy, timeout=10_000)


def test_what_is_lost_is_what_the_paths_lost(drawn):
    made = snap(changed(drawn))
    before, after = (float(path_costs(each)[0]) for each in (changed(drawn), made.document))
    assert (made.path_before, made.path_after) == (2.0 * before, 2.0 * after), "summed by weight"
    assert (before, after) == (pytest.approx(7.8), 7.0)
    assert (made.cells, made.greatest_change) == (6, pytest.approx(0.8))
    assert made.sentence == "Path 15.6 → 14 (10.3 % less), 6 cells changed by at most 0.8"
    assert snap(made.document).sentence == "Every cell costs what its terrain does"
    assert snap(changed(drawn).replace(routes=())).sentence == "6 cells changed by at most 0.8"
    dearer = snap(changed(drawn, 3.5)).sentence
    assert dearer == "Path 19 → 22 (15.8 % more), 6 cells changed by at most 1.5, 6 of them to another terrain"


def test_a_route_without_a_way_is_not_compared(drawn):
    passable = drawn.passable.copy()
    passable[:, 4] = False
    assert snap(changed(drawn).replace(passable=passable)).sentence == "6 cells changed by at most 0.8"


def test_the_map_is_snapped_in_one_undo_step(qtbot, desk, drawn):
    before = desk.model.document
    desk.snapping.snap_map()
    settled(qtbot, desk)
    assert np.array_equal(desk.model.document.cost, drawn.cost)
    assert (desk.model.document.terrain == 0).all()
    assert desk.told == ["Path 15.6 → 14 (10.3 % less), 6 cells changed by at most 0.8"]
    desk.snapping.snap_map()
    settled(qtbot, desk)
    assert desk.told[1:] == ["Every cell costs what its terrain does"]
    assert [label for label, _ in desk.model.history.entries][1:] == ["Snap to terrains"]
    desk.model.undo()
    assert desk.model.document is before


def test_a_map_that_is_edited_meanwhile_is_left_alone(qtbot, desk, drawn):
    desk.snapping.snap_map()
    edited = changed(drawn, 2.0)
    desk.model.edit("Edit", edited)
    settled(qtbot, desk)
    assert desk.model.document is edited
    assert "edited meanwhile" in desk.told[0]


def test_a_palette_of_walls_only_is_refused_in_words(qtbot, desk):
    walls = (Terrain("wall", 1.0, "#000000", passable=False),)
    desk.model.adopt(new_document(3, 3, palette=walls), None)
    desk.snapping.snap_map()
    settled(qtbot, desk)
    assert "no terrain that one can walk on" in desk.told[0]


def test_a_snapped_copy_of_a_result_is_kept_and_shown(qtbot, desk, drawn):
    result = KeptResult("Longer", "2 × longer", "adversarial", drawn, changed(drawn))
    desk.model.adopt(drawn, None, (result,))
    for name in ("Longer, snapped", "Longer, snapped 1"):
        desk.snapping.snap_result(result)
        settled(qtbot, desk)
        copy = desk.model.results[-1]
        assert (copy.name, copy.before, copy.scenario) == (name, drawn, "adversarial")
        assert np.array_equal(copy.after.cost, drawn.cost)
        assert copy.headline == "Path 15.6 → 14 (10.3 % less), 6 cells changed by at most 0.8"
        assert desk.view.shown.result is copy
        assert desk.told[-1] == f"Kept as “{name}”: {copy.headline}"
    assert desk.model.results[0] is result
    desk.snapping.snap_result(copy)
    settled(qtbot, desk)
    assert len(desk.model.results) == 3, "nothing is left to snap"
    desk.view.show_result(result, 0.5)
    desk.snapping.snap_result(result)
    settled(qtbot, desk)
    assert desk.model.results[-1].headline == "Path 14.8 → 14 (5.4 % less), 6 cells changed by at most 0.4"


def test_the_window_snaps_by_a_button_for_results_and_a_command_for_the_map(qtbot, drawn):
    result = KeptResult("Longer", "2 × longer", "adversarial", drawn, changed(drawn))
    window = MainWindow(changed(drawn, 2.0), None, results=(result,))
    qtbot.addWidget(window)
    window.docks.bring_to_front(window.panels.results)
    with qtbot.waitExposed(window):
        window.show()
    panel = window.panels.results
    QTest.mouseClick(panel.snap_button, Qt.MouseButton.LeftButton)
    settled(qtbot, window)
    assert [entry.name for entry in window.model.results] == ["Longer", "Longer, snapped"]
    snap_map = next(entry for entry in window.menus.commands() if entry.text() == "S&nap to my terrains")
    snap_map.trigger()
    settled(qtbot, window)
    assert np.array_equal(window.model.document.cost, drawn.cost)
    assert window.status.currentMessage() == "Path 16 → 14 (12.5 % less), 6 cells changed by at most 1"
    let_it_close(window)
