"""Flow as streaks: where they lie, which way they point, how far apart they are."""

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QPainter

from app.canvas.streaks import CORNERS, draw_streaks
from app.canvas.view import View
from app.canvas.walkers import BLOCKS, Stream, flow_streaks, stream_of
from engine.core.grid import Grid
from engine.core.movement import Movement
from engine.paths.exact import distances_to
from maps.document import Route
from maps.raster import line_cells


def stream(passable, start, goal):
    grid, costs = Grid(passable), np.ones(passable.shape)
    return stream_of(Movement(grid), costs, Route("a", start, goal), distances_to(grid, costs, goal).distance)


def test_streaks_follow_the_traffic_towards_the_goal():
    traffic = np.zeros((60, 120))
    for turn in (20, 40):  # two ways from left to right, each with half of the traffic
        for corner in ((30, 2), (turn, 12)), ((turn, 12), (turn, 107)), ((turn, 107), (30, 117)):
            traffic[tuple(line_cells(*corner).T)] = 1.0
    streaks = flow_streaks(traffic, [stream(np.ones((60, 120), bool), (30, 2), (30, 117))])
    assert streaks.shape[1:] == (CORNERS, 2)
    along = streaks[(streaks[:, -1, 1] > 40) & (streaks[:, -1, 1] < 80)]
    assert (along[:, -1, 1] > along[:, 0, 1]).all()

    rows = along[:, -1, 0]
    assert ((rows > 18) & (rows < 46)).all()
    assert (rows < 26).any()
    assert (rows > 38).any()
    heads = streaks[:, -1]
    far = np.hypot(*(heads[:, None] - heads[None]).T) + np.diag(np.full(len(heads), np.inf))
    assert far.min() > 0.8 * 120 / BLOCKS  # sparse
    back = flow_streaks(traffic, [stream(np.ones((60, 120), bool), (30, 117), (30, 2))])
    assert np.median(back[:, -1, 1] - back[:, 0, 1]) < 0.0
    again = flow_streaks(traffic, [stream(np.ones((60, 120), bool), (30, 2), (30, 117))])
    assert again.tobytes() == streaks.tobytes()


def test_streaks_go_round_walls_and_there_are_none_without_a_way():
    passable = np.ones((30, 30), bool)
    passable[:25, 15] = False
    streaks = flow_streaks(passable.astype(float), [stream(passable, (2, 2), (2, 27))])
    cells = np.rint(streaks[:, -1]).astype(int)
    assert passable[tuple(cells.T)].all()
    assert (streaks[..., 0] > 23).any()
    passable[:, 15] = False
    assert flow_streaks(passable.astype(float), [stream(passable, (2, 2), (2, 27))]).shape == (0, CORNERS, 2)


def test_a_streak_is_brightest_at_its_head(qapp):
    image = QImage(200, 60, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    streak = np.linspace((2.0, 1.0), (2.0, 16.0), CORNERS)[None]
    draw_streaks(painter, View(10.0), QRect(0, 0, 200, 60), 1.0, streak)
    painter.end()
    tail, head = (image.pixelColor(x, 24).lightness() for x in (22, 160))
    assert head > tail + 100
    assert image.pixelColor(100, 50).lightness() == 0


def test_whoever_loses_the_way_leaves_no_streak():
    grid, (rows, cols) = Grid(np.ones((30, 60), bool)), np.indices((30, 60))
    # It falls to the right, where the goal is, and into a pit on the left.
    height = np.where(cols > 30, 60.0 - cols, cols - 0.0) + 0.01 * np.abs(rows - 15)
    streaks = flow_streaks(np.ones((30, 60)), [Stream(grid, (15, 30), (15, 59), height)])
    assert len(streaks) == 0 or (streaks[:, -1, 1] > 30).all()
    height = 60.0 - cols + 0.01 * np.abs(rows - 15)
    assert len(flow_streaks(np.ones((30, 60)), [Stream(grid, (15, 2), (15, 59), height)])) > 3
