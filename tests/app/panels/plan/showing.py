"""Layouts to compare, and events on the plan panel."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.panels.plan.panel import PlanPanel
from maps.document import Layout

KEY = Qt.Key


def layout(name, count, seed, weights=None, side=31.0):
    positions = np.random.default_rng(seed).uniform(0.0, side, (count, 2))
    return Layout(name, positions, np.ones(count) if weights is None else weights)


def squared_distances(source, target):
    return ((source.positions[:, None] - target.positions) ** 2).sum(axis=2)


SPAWNS, LOOT = layout("spawns", 12, 1), layout("loot", 12, 2)
GUARDS = layout("guards", 7, 3, np.array([1.0, 2.0, 3.0, 1.0, 2.0, 1.5, 1.5]))


def following(model):
    """A panel that follows what is drawn, as in a window without a run."""
    panel = PlanPanel(model.document)
    model.changed.connect(lambda _, now: panel.show_map(now))
    return panel


def settle(qtbot, panel):
    qtbot.waitUntil(lambda: not panel.busy, timeout=30_000)


def point_at(panel, place, picture=None):
    picture = picture or panel.entropic.picture
    QTest.mouseMove(picture, QPoint(picture.width() // 2, int(picture.row_y(place))))
