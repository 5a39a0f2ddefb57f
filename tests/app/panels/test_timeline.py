"""The time line: scrubbing by mouse and keys, edits, comparing, forking."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from app.base import style
from app.panels.timeline import TimelinePanel
from app.run.model import RunModel
from app.scenarios.frame import Frame

LEFT, KEY = Qt.MouseButton.LeftButton, Qt.Key


def run_with(*steps, newest=None, edits=()):
    """A run as the model has it after frames at these steps."""
    run = RunModel()
    run.kept = [Frame(step) for step in steps]
    run.frame = run.kept[-1] if newest is None and steps else None if newest is None else Frame(newest)
    run.edits = list(edits)
    return run


@pytest.fixture
def panel(qtbot):
    made = TimelinePanel()
    qtbot.addWidget(made)
    made.resize(900, made.sizeHint().height())
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def told(panel):
    """The frames that were chosen, in order."""
    frames: list[object] = []
    panel.frame_chosen.connect(frames.append)
    return frames


def at(panel, step):
    return QPoint(round(panel.strip.x_of(step)), panel.strip.height() // 2)


def click(panel, step):
    QTest.mouseClick(panel.strip, LEFT, pos=at(panel, step))


def pixels(panel, colour):
    """x of every column of the strip in which a colour is seen."""
    image = panel.strip.grab().toImage()
    wanted = QColor(colour).rgb()
    return [x for x in range(image.width()) if any(image.pixel(x, y) == wanted for y in range(image.height()))]


def test_without_a_run_nothing_can_be_chosen(panel, told):
    QTest.mouseClick(panel.strip, LEFT)
    QTest.keyClick(panel.strip, KEY.Key_Left)
    assert told == []
    assert panel.frame is None
    assert not panel.fork.isEnabled()
    assert "no run" in panel.fork.toolTip()
    assert not panel.compare.isEnabled()


def test_in_a_narrow_place_fewer_words_say_that_there_are_no_steps(panel):
    whole = panel.strip.fontMetrics().horizontalAdvance("The steps of a run appear here")
    assert panel.strip.width() > whole
    panel.resize(panel.minimumSizeHint().width(), panel.height())
    assert panel.strip.width() < whole
    image, middle = panel.strip.grab().toImage(), panel.strip.height() // 2
    ground = image.pixel(5, middle)
    inked = [
        x
        for x in range(5, image.width() - 5)
        if any(image.pixel(x, y) != ground for y in range(middle - 5, middle + 5))
    ]
    assert inked
    assert min(inked) > 10, "no letter is cut at the edge"
    assert max(inked) < image.width() - 10


def test_while_a_run_goes_on_its_total_stands_beside_the_step(panel, monkeypatch):
    run = run_with(0, 10)
    monkeypatch.setattr(RunModel, "total", 400)
    panel.show_run(run)
    assert panel.step.text() == "10 / 400"


def test_a_click_chooses_the_nearest_kept_frame(panel, told):
    run = run_with(0, 10, 20, 30, newest=40)
    panel.show_run(run)
    click(panel, 12)
    assert told == [run.kept[1]]
    assert panel.frame is run.kept[1]
    assert panel.step.text() == "10 / 40"
    click(panel, 13)
    assert len(told) == 1, "the same frame is not announced again"


def test_dragging_scrubs_and_the_right_end_is_live(panel, told):
    run = run_with(0, 10, 20, 30, newest=40)
    panel.show_run(run)
    QTest.mousePress(panel.strip, LEFT, pos=at(panel, 30))
    for step in (20, 10, 40):
        QTest.mouseMove(panel.strip, at(panel, step))
    QTest.mouseRelease(panel.strip, LEFT, pos=at(panel, 40))
    assert told == [run.kept[3], run.kept[2], run.kept[1], None]
    assert panel.frame is None
    assert panel.step.text() == "40 / 40"


def test_moving_without_a_button_chooses_nothing(panel, told):
    panel.show_run(run_with(0, 10, 20))
    QTest.mouseMove(panel.strip, at(panel, 10))
    QTest.mouseMove(panel.strip, at(panel, 0))
    assert told == []


def test_arrow_keys_go_from_frame_to_frame(panel, told):
    run = run_with(0, 10, 20, 30)
    panel.show_run(run)
    for key in (KEY.Key_Left, KEY.Key_Left, KEY.Key_Right, KEY.Key_Home, KEY.Key_Left, KEY.Key_End):
        QTest.keyClick(panel.strip, key)
    kept = run.kept
    assert told == [kept[2], kept[1], kept[2], kept[0], None]
    QTest.keyClick(panel.strip, KEY.Key_Home)
    QTest.keyClick(panel.strip, KEY.Key_Escape)
    assert told[5:] == [kept[0], None]


def test_a_chosen_frame_stays_while_the_run_goes_on_and_thins_what_it_keeps(panel):
    run = run_with(0, 10, 20, 30, newest=40)
    panel.show_run(run)
    click(panel, 10)
    chosen = panel.frame
    run.kept, run.frame = run.kept[::2], Frame(80)  # step 10 is no longer kept
    panel.show_run(run)
    assert panel.frame is chosen
    assert panel.step.text() == "10 / 80"
    QTest.keyClick(panel.strip, KEY.Key_Right)
    assert panel.frame is run.kept[1]


def test_live_follows_the_newest_frame(panel, told):
    run = run_with(0, newest=5)
    panel.show_run(run)
    assert panel.step.text() == "5 / 5"
    run.frame = Frame(9)
    panel.show_run(run)
    assert panel.step.text() == "9 / 9"
    assert told == []


def test_another_run_is_shown_live(panel, told):
    panel.show_run(run_with(0, 10, 20))
    click(panel, 10)
    panel.show_run(run_with(0, 4))
    assert told[-1] is None
    assert panel.frame is None
    click(panel, 0)
    panel.show_run(RunModel())
    assert told[-1] is None
    assert panel.step.text() == "–"
    assert not panel.fork.isEnabled()


def test_forking_takes_the_frame_in_view(qtbot, panel):
    run = run_with(0, 10, newest=20)
    panel.show_run(run)
    with qtbot.waitSignal(panel.fork_requested) as told:
        QTest.mouseClick(panel.fork, LEFT)
    assert told.args == [run.frame]
    click(panel, 10)
    with qtbot.waitSignal(panel.fork_requested) as told:
        QTest.mouseClick(panel.fork, LEFT)
    assert told.args == [run.kept[1]]


def test_comparing_is_a_switch_that_goes_off_with_the_run(panel):
    told = []
    panel.compare_toggled.connect(told.append)
    panel.show_run(run_with(0, 10))
    QTest.mouseClick(panel.compare, LEFT)
    panel.show_run(RunModel())
    assert told == [True, False]


def test_there_is_nothing_to_compare_with_while_the_run_is_left_for_the_drawn_map(panel):
    panel.show_run(run_with(0, 10))
    chosen = []
    panel.frame_chosen.connect(chosen.append)
    panel.show_left(True)
    assert not panel.compare.isEnabled()
    assert not panel.compare.isChecked()
    assert "choose a step" in panel.compare.toolTip()
    click(panel, 10)  # the newest step, which was chosen before
    assert chosen == [None]
    panel.show_left(False)
    assert panel.compare.isEnabled()


def test_edits_are_marked_where_they_were_taken_up(qtbot, panel):
    panel.show_run(run_with(0, 50, newest=100))
    assert pixels(panel, style.BEST) == []
    run = run_with(0, 50, newest=100)
    panel.show_run(run)
    run.edits = [25]
    panel.show_run(run)
    qtbot.waitUntil(lambda: panel.strip._pulse.state() == panel.strip._pulse.State.Stopped, timeout=3000)
    seen = pixels(panel, style.BEST)
    assert seen
    assert abs(sum(seen) / len(seen) - panel.strip.x_of(25)) <= 1.5


def test_the_line_is_filled_up_to_the_frame_in_view(panel):
    run = run_with(0, 50, newest=100)
    panel.show_run(run)
    panel.strip.clearFocus()
    assert max(pixels(panel, style.ACCENT)) > panel.strip.x_of(95)
    click(panel, 50)
    panel.strip.clearFocus()
    assert abs(max(pixels(panel, style.ACCENT)) - panel.strip.x_of(50)) < 12


def test_a_thousand_frames_are_drawn_without_becoming_a_bar(panel):
    panel.show_run(run_with(*range(1000)))
    places = panel.strip._tick_places()
    assert len(places) > 50
    assert min(right - left for left, right in pairwise(places)) >= 3.0
    panel.grab()


def test_before_the_first_step_the_line_says_what_is_prepared(panel):
    panel.show_run(run_with(0))
    assert pixels(panel, style.ACCENT), "the handle at the drawn map"
    panel.strip.show_preparing("Preparing: compiling, 3 s")
    assert not pixels(panel, style.ACCENT), "words in place of the line"
    panel.strip.show_preparing("")
    assert pixels(panel, style.ACCENT)
