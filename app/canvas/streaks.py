"""Draw flow as sparse streaks, brighter towards the head; `app.canvas.walkers` finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.canvas.line_layer import Raster, inks
from app.canvas.map_marks import LIGHT
from app.canvas.point_marks import on_screen

if TYPE_CHECKING:
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter

    from app.canvas.view import View

CORNERS = 8  # of a streak
HEAD = 5.5  # px, length of the two strokes of a head
LEAST_LENGTH = 9.0  # px on the screen of a streak that gets a head

Streaks = NDArray[np.float64]  # (k, CORNERS, 2) positions (row, col) from tail to head


def draw_streaks(painter: QPainter, view: View, area: QRect, pixel_ratio: float, streaks: Streaks) -> None:
    """Draw them light with a dark rim, fading towards the tail, with a head where they are long enough for one."""
    at = on_screen(view, streaks.reshape(-1, 2)).reshape(streaks.shape)
    low, high = at.min(axis=1), at.max(axis=1)
    first, last = (area.left() - 8, area.top() - 8), (area.right() + 8, area.bottom() + 8)
    at = at[((high >= first) & (low <= last)).all(axis=1)]
    if not len(at):
        return
    lines = np.concatenate([at[:, :-1], at[:, 1:]], axis=2).reshape(-1, 4)
    strength = np.tile(np.linspace(0.15, 0.95, CORNERS - 1), len(at))
    ahead = at[:, -1] - at[:, -3]
    long = np.abs(at[:, -1] - at[:, 0]).max(axis=1) >= LEAST_LENGTH
    angle = np.arctan2(ahead[:, 1], ahead[:, 0])[long]
    for turn in (2.6, -2.6):
        arm = at[long, -1] + HEAD * np.column_stack([np.cos(angle + turn), np.sin(angle + turn)])
        lines = np.concatenate([lines, np.hstack([at[long, -1], arm])])
        strength = np.concatenate([strength, np.full(len(arm), 0.95)])
    raster = Raster(area, pixel_ratio, lines, 4.2)
    core, rim = raster.opacity(strength, 1.8), raster.opacity(strength, 4.2)
    raster.draw(painter, core, rim, inks(LIGHT.rgb(), 0.75))
