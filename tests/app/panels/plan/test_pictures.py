"""The pictures of plans: colours, blocks, keys, and their room in the dock."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea

from app.document.model import DocumentModel
from app.panels.plan.comparison import CannotCompare, pair_of
from app.panels.plan.pixels import binned, plan_pixels
from app.widgets.parts import MARGIN
from maps.document import Layout, new_document
from tests.app.panels.plan.showing import LOOT, SPAWNS, layout, settle
from tests.present import present

DARK, LIGHT = (33, 35, 41), (255, 255, 255)


# Pictures


@pytest.mark.parametrize("source", [SPAWNS, layout("line", 12, 9, side=1.0)])
def test_the_exact_plan_of_an_assignment_lies_on_the_diagonal(source):
    pair = pair_of(source, LOOT, False)
    assert np.array_equal(present(pair.exact)[np.ix_(pair.rows, pair.columns)], np.eye(12))
    assert sorted(pair.rows) == sorted(pair.columns) == list(range(12))


def test_blocks_are_means():
    values = np.arange(35.0).reshape(5, 7)
    small = binned(values, (2, 3))
    assert small.shape == (3, 3)
    assert small[0, 0] == values[:2, :3].mean()
    assert small[2, 2] == values[4:, 6:].mean()
    assert binned(values, (1, 1)) is values


@pytest.mark.parametrize("ground", [DARK, LIGHT])
def test_colours_begin_at_the_ground_and_their_lightness_tells_their_order(ground):
    ramp = np.linspace(0.0, 3.0, 400)[None] ** 2
    pixels = plan_pixels(ramp, ground)[0].astype(float)
    lightness = pixels @ (0.2126, 0.7152, 0.0722)
    steps = np.diff(lightness) * (1.0 if ground == DARK else -1.0)
    assert tuple(pixels[0]) == ground
    assert np.all(steps >= 0.0)
    assert np.count_nonzero(steps) > 200
    assert abs(lightness[-1] - lightness[0]) > 150.0
    assert np.all(plan_pixels(np.zeros((2, 3)), ground) == ground)


@pytest.mark.parametrize("ground", [DARK, LIGHT])
def test_a_picture_is_crisp_and_has_the_ground_where_nothing_goes(qtbot, shown, ground):
    corners = np.array([[2.0, 2.0], [2.0, 28.0], [28.0, 2.0], [28.0, 28.0]])
    layouts = Layout("a", corners, np.ones(4)), Layout("b", corners[::-1] + 1.0, np.ones(4))
    panel = shown(DocumentModel(new_document(32, 32).replace(layouts=layouts)))
    palette = QPalette(panel.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor(*ground))
    panel.setPalette(palette)
    strongest = plan_pixels(np.ones((1, 1)), ground)[0, 0].tolist()
    for view in (panel.entropic, panel.exact):
        image, side = view.picture.grab().toImage(), view.picture.square.height()
        for row in range(4):
            for column in range(4):
                seen = {
                    image.pixelColor(int((column + x) * side / 4), int((row + y) * side / 4)).getRgb()[:3]
                    for x in (0.1, 0.5, 0.9)
                    for y in (0.1, 0.5, 0.9)
                }
                assert seen == {tuple(strongest) if row == column else ground}


def test_a_picture_is_drawn_anew_where_there_is_more_room(qtbot, shown):
    model = DocumentModel(new_document(32, 32).replace(layouts=(layout("a", 200, 1), layout("b", 200, 2))))
    grown, large = shown(model, 300, 420), shown(model, 640, 640)
    assert grown.entropic.picture.points_per_pixel == (2, 2)
    grown.grab()
    grown.resize(640, 640)
    qtbot.waitUntil(lambda: grown.entropic.picture.points_per_pixel == (1, 1))
    assert grown.entropic.picture.grab().toImage() == large.entropic.picture.grab().toImage()


# Room


def test_a_narrow_dock_has_both_pictures_in_view(model, shown):
    panel = shown(model, 300, 420)
    for view in (panel.entropic, panel.exact):
        square = view.picture.square
        assert 130.0 <= square.width() <= 150.0
        at = view.picture.mapTo(panel, QPoint(0, 0))
        assert at.x() >= 0
        assert at.x() + square.width() <= panel.width()
        assert view.cost.mapTo(panel, QPoint(0, 0)).y() >= at.y() + square.height()
    assert panel.words.mapTo(panel, QPoint(0, panel.words.height())).y() <= panel.height()


def test_a_low_wide_dock_has_everything_side_by_side_and_narrows_again(model, shown):
    panel = shown(model, 900, 190)
    for view in (panel.entropic, panel.exact):
        square = view.picture.square
        top_left = view.picture.mapTo(panel, QPoint(0, 0))
        assert square.height() >= 150.0
        assert top_left.y() + square.height() <= panel.height()
        assert view.cost.mapTo(panel, QPoint(0, 0)).x() >= top_left.x() + square.width()
        for label in (view.cost, view.remark):
            assert label.mapTo(panel, QPoint(0, 0)).x() + label.sizeHint().width() <= panel.width()
    panel.resize(300, 420)
    assert panel.entropic.picture.square.width() <= 150.0
    assert panel.words.mapTo(panel, QPoint(0, 0)).y() > panel.entropic.cost.mapTo(panel, QPoint(0, 0)).y()


@pytest.mark.parametrize("size", [(927, 174), (1567, 174), (900, 190)])
def test_nothing_is_clipped_and_no_scroll_bar_shows_where_everything_fits(qtbot, model, shown, size):
    doubled = replace(LOOT, weights=2.0 * LOOT.weights)
    panel = shown(DocumentModel(model.document.replace(layouts=(SPAWNS, doubled))), *size)
    QTest.mouseClick(panel.mend, Qt.MouseButton.LeftButton)
    settle(qtbot, panel)
    qtbot.waitUntil(lambda: not panel.findChild(QScrollArea).verticalScrollBar().isVisible(), timeout=2000)
    assert panel.notice.isVisible(), "there is a lot to say"
    assert panel.words.isVisible()
    assert panel.words.mapTo(panel, QPoint(0, panel.words.height())).y() <= panel.height()
    for view in (panel.entropic, panel.exact):
        for label in (view.cost, view.remark):
            assert label.sizeHint().width() <= label.width()
    right = panel.exact.mapTo(panel, QPoint(panel.exact.width(), 0)).x()
    assert right >= panel.width() - 2 * MARGIN, "the words have the room that is left"


@pytest.mark.parametrize("ground", [DARK, LIGHT])
def test_a_key_tells_what_the_colours_mean(model, shown, ground):
    panel = shown(model, 927, 174)
    palette = QPalette(panel.palette())
    palette.setColor(QPalette.ColorRole.Base, QColor(*ground))
    panel.setPalette(palette)
    for view, values in (
        (panel.entropic, present(panel.comparison).picture),
        (panel.exact, panel.comparison.exact_picture),
    ):
        assert view.key.most == f"{values.max():.3g}"
        image = view.key.grab().toImage()
        row = [image.pixelColor(x, image.height() // 2).getRgb()[:3] for x in range(image.width())]
        for mass in (0.05, 0.5, 1.0):
            wanted = plan_pixels(np.array([[mass, 1.0]]), ground)[0, 0].astype(int)
            assert min(np.abs(wanted - np.array(colour)).max() for colour in row) <= 8


def test_no_zero_has_a_minus(qtbot, model, shown):
    panel = shown(model)
    for excess, words in ((-4e-5, "+0.00 %"), (4e-5, "+0.00 %"), (-0.0031, "−0.31 %"), (0.5, "+50.0 %")):
        cost = present(panel.comparison).pair.exact_cost * (1.0 + excess)
        panel._show_figures(replace(panel.comparison, cost=cost))
        assert panel.entropic.remark.text() == f"{words} over exact"


def test_refusals_carry_their_reason():
    with pytest.raises(CannotCompare) as refused:
        pair_of(SPAWNS, replace(LOOT, weights=2.0 * LOOT.weights), False)
    assert refused.value.totals_differ
