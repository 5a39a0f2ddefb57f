"""What the canvas shows of a run: live, scrubbed, compared with the drawn map, and with a refused edit."""

import numpy as np
import pytest

from app.canvas.canvas import Canvas
from app.document.model import DocumentModel
from app.run.model import RunModel
from app.run.shown import with_frame
from app.run.view import RunView
from app.scenarios.frame import Frame, Plan
from maps.document import Route, new_document
from maps.edits import set_passable
from maps.raster import rectangle

PATH = np.array([[8, 1], [7, 2], [8, 3]])
LINE = np.array([[1.0, 1.0, 5.0, 5.0]])


class Seen:
    """A view on a canvas of its own, and a run whose state a test sets."""

    def __init__(self):
        self.model = DocumentModel(new_document(16, 16).replace(routes=(Route("route", (8, 1), (8, 14)),)))
        self.canvas = Canvas(self.model)
        self.run = RunModel()
        self.view = RunView(self.run, self.model, self.canvas)
        self.compared, self.costs = [], []
        self.view.compare_changed.connect(self.compared.append)
        self.view.measurer.measured.connect(self.take)

    def take(self, measures):
        if not measures.of.subject:  # of the drawn map
            self.costs.append(measures.costs.tolist())

    def become(self, state, **attributes):
        """Bring the run into a state and let it announce it."""
        self.run.state = state
        for name, value in attributes.items():
            setattr(self.run, name, value)
        self.run.state_changed.emit()

    def deliver(self, frame):
        self.run.frame = frame
        self.run.frame_changed.emit()

    @property
    def scene(self):
        return self.canvas._scene

    @property
    def run_costs(self):
        """The costs of the run on the canvas; None where the drawn ones are shown."""
        return self.scene.map.costs if self.scene.map.has_run else None

    def wall(self, *corners):
        document = self.model.document
        self.model.edit("Wall", set_passable(document, rectangle(document.shape, *corners), False).document)


@pytest.fixture
def seen(qtbot):
    made = Seen()
    qtbot.addWidget(made.canvas)
    yield made
    made.view.shut_down()


def frame(step, cost=2.0, **parts):
    return Frame(step, cost_map=np.full((16, 16), cost), paths=(PATH,), **parts)


def measured(qtbot, seen):
    qtbot.waitUntil(lambda: not seen.view.measurer.busy, timeout=20_000)


def drawn_lines(seen):
    return [polygon.size() for polygon in seen.scene.paths]


def test_without_a_run_the_drawn_map_has_its_own_path(qtbot, seen):
    seen.view.refresh()
    measured(qtbot, seen)
    assert seen.run_costs is None
    assert seen.costs == [[pytest.approx(13.0)]]
    assert drawn_lines(seen) == [14]


def test_live_frames_follow_the_run(seen):
    seen.become("running")
    for step in (0, 1):
        seen.deliver(frame(step, 2.0 + step))
        assert seen.view.shown.frame is seen.run.frame
        assert (seen.run_costs == 2.0 + step).all()
    assert drawn_lines(seen) == [len(PATH)], "the path on the run's costs"


def test_an_earlier_frame_stays_in_view_until_the_newest_is_wanted(seen):
    early, late = frame(0, 2.0), frame(5, 3.0)
    seen.become("running", frame=early, kept=[early])
    seen.view.scrub(early)
    seen.deliver(late)
    assert seen.view.shown.frame is early
    assert (seen.run_costs == 2.0).all()
    seen.view.scrub(None)
    assert seen.view.shown.frame is late
    assert (seen.run_costs == 3.0).all()


def test_terrains_of_a_frame_are_seen_in_place_of_the_drawn_ones(seen):
    arranged = seen.model.document.terrain.copy()
    arranged[5, 4:9] = 3
    shown = frame(3, cost=1.0, terrain=arranged)
    seen.become("running")
    seen.deliver(shown)
    assert seen.canvas.document.terrain is not seen.model.document.terrain
    assert seen.scene.map.cells_of[3] == 5
    made = with_frame(seen.model.document, shown)
    assert np.array_equal(made.terrain, arranged)
    assert (made.cost == 1.0).all(), "the frame's costs, on the terrains"
    seen.deliver(frame(4))
    assert seen.scene.map.cells_of[3] == 0


def test_walls_of_a_frame_stand_in_place_of_the_drawn_ones_and_go_with_it(seen):
    seen.wall((0, 0), (3, 3))
    passable = np.ones((16, 16), bool)
    passable[5, 4:9] = False
    shown = frame(3, passable=passable)
    seen.become("running")
    seen.deliver(shown)
    ground = seen.canvas.document
    assert np.array_equal(ground.passable, passable)
    assert (seen.run_costs[passable] == 2.0).all()
    assert drawn_lines(seen) == [len(PATH)]
    seen.view.refresh()
    assert seen.canvas.document is ground, "nothing is drawn anew for a frame that is in view already"
    seen.wall((10, 10), (12, 12))
    assert (seen.run_costs[passable] == 2.0).all(), "costs stay when the ground below them is another"
    seen.view.compare(True)
    assert seen.canvas.document is seen.model.document


def test_comparing_shows_the_drawn_map_and_its_path_and_scrubbing_ends_it(qtbot, seen):
    seen.become("ended", frame=frame(5))
    seen.view.compare(True)
    measured(qtbot, seen)
    assert seen.run_costs is None
    assert drawn_lines(seen) == [14]
    seen.deliver(frame(6))
    assert seen.run_costs is None, "a late frame does not come into view"
    early = frame(0)
    seen.view.scrub(early)
    assert seen.view.shown.frame is early
    assert seen.compared == [True, False]


def test_a_run_that_was_left_for_the_drawn_map_comes_back_with_a_step_and_nobody_compares(seen):
    seen.become("ended", frame=frame(5))
    seen.view.leave_run()
    assert seen.view.run_left
    assert seen.run_costs is None
    assert seen.compared == []
    seen.view.scrub(None)
    assert not seen.view.run_left
    assert seen.view.shown.frame is seen.run.frame
    seen.view.leave_run()
    seen.become("idle", frame=None)
    seen.become("running", frame=frame(0))
    assert seen.view.shown.frame is seen.run.frame


def test_a_refused_edit_is_seen_but_earlier_frames_can_be_too(qtbot, seen):
    early = frame(0)
    seen.become("running", frame=frame(5))
    seen.wall((0, 7), (15, 7))
    assert seen.run_costs is not None
    seen.become("paused", refused=True)
    measured(qtbot, seen)
    assert seen.run_costs is None
    assert seen.scene.cut is not None, "where the goal cannot be reached is marked"
    seen.view.scrub(early)
    assert seen.view.shown.frame is early
    assert seen.scene.cut is None
    seen.view.scrub(None)
    seen.become("running", refused=False)
    assert seen.view.shown.frame is seen.run.frame
    assert seen.scene.cut is None


def test_a_cleared_run_leaves_the_drawn_map(qtbot, seen):
    early = frame(0)
    seen.become("ended", frame=frame(5))
    seen.view.scrub(early)
    seen.view.compare(True)
    seen.become("idle", frame=None)
    measured(qtbot, seen)
    assert seen.view.shown.frame is None
    assert seen.run_costs is None
    assert drawn_lines(seen) == [14]
    assert seen.compared == [True, False], "the next run is not compared from the start"
    seen.become("running", frame=frame(0))
    assert seen.view.shown.frame is seen.run.frame, "nor scrubbed"


def test_a_frame_that_leaves_the_costs_alone_keeps_the_drawn_path(qtbot, seen):
    seen.view.refresh()
    measured(qtbot, seen)
    seen.become("running")
    seen.deliver(Frame(3, walks=(PATH,), layouts={"camps": np.array([[3.0, 4.0]])}))
    assert seen.run_costs is None
    assert drawn_lines(seen) == [14]
    assert [walk.size() for walk in seen.scene.walks] == [len(PATH)]
    assert seen.scene.moving["camps"].tolist() == [[3.0, 4.0]]


def test_a_frame_of_another_size_is_passed_over(seen):
    seen.become("ended", frame=Frame(1, cost_map=np.full((9, 9), 2.0)))
    assert seen.view.shown.frame is None
    assert seen.run_costs is None


def test_on_a_map_of_another_size_everything_is_drawn_anew(qtbot, seen):
    seen.view.refresh()
    measured(qtbot, seen)
    plan = Plan(LINE, np.ones(1), np.zeros(1, np.int64))
    seen.view.show_plan(plan)
    seen.model.adopt(new_document(9, 9).replace(routes=(Route("r", (4, 0), (4, 8)),)), None)
    assert drawn_lines(seen) == [], "the old map's path is gone at once"
    assert seen.scene.plan is not None
    measured(qtbot, seen)
    assert drawn_lines(seen) == [9]


def test_the_plan_of_the_run_goes_before_the_compared_one(seen):
    compared = Plan(LINE, np.ones(1), np.zeros(1, np.int64))
    seen.view.show_plan(compared)
    assert seen.scene.plan.lines.tolist() == LINE.tolist()
    seen.become("running", frame=Frame(0, plan=Plan(LINE + 1.0, np.ones(1), np.zeros(1, np.int64))))
    assert seen.scene.plan.lines.tolist() == (LINE + 1.0).tolist()
    seen.become("idle", frame=None)
    assert seen.scene.plan.lines.tolist() == LINE.tolist()
    seen.view.show_plan(None)
    assert seen.scene.plan is None


def test_the_drawn_map_is_not_measured_while_a_run_covers_it_but_afterwards(qtbot, seen):
    seen.view.refresh()
    measured(qtbot, seen)
    seen.become("running", frame=frame(0))
    seen.wall((3, 7), (12, 7))
    qtbot.wait(100)
    assert len(seen.costs) == 1
    seen.become("ended")
    measured(qtbot, seen)
    assert len(seen.costs) == 2
    assert seen.costs[1][0] > 13.0
    seen.view.refresh()
    assert not seen.view.measurer.busy, "a map that is measured already is not measured again"


def test_figures_are_drawn_at_most_ten_times_a_second_and_a_change_of_state_at_once(qtbot, seen):
    drawn = []
    seen.view.progress_changed.connect(lambda: drawn.append(1))
    for _ in range(200):
        seen.run.figures_changed.emit()
    assert drawn == []
    qtbot.waitUntil(lambda: drawn == [1], timeout=2000)
    seen.become("running")
    assert drawn == [1, 1]


def test_a_frame_is_announced_once_when_it_comes_into_view(seen):
    announced = []
    seen.view.frame_shown.connect(announced.append)
    only = frame(0)
    seen.become("running", frame=only)
    seen.view.refresh()
    seen.view.compare(True)
    seen.view.compare(False)
    assert announced == [only, only]
