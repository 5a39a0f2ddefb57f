"""Draw point layouts over the map: discs sized by weight, trails of moving points, the lines of a plan."""

from __future__ import annotations

import math
from collections import deque
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from app.canvas.line_layer import Raster, inks
from app.canvas.map_marks import DARK, LIGHT
from app.canvas.point_dots import MANY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.canvas.view import View
    from app.scenarios.frame import Plan
    from maps.document import Layout

Positions = NDArray[np.float64]
Quarters = TypeVar("Quarters", int, NDArray[np.int64])

TRAIL = 12  # frames that a trail reaches back
SMALLEST, LARGEST = 2.0, 26.0  # px, radius of a disc
RIM = 7  # px around a disc: its outline and the ring of a selected one
_HALO = QColor(250, 250, 252, 120)


def disc_radii(layouts: Sequence[Layout], view: View) -> list[NDArray[np.float64]]:
    """Return radii (n,) in px for each layout: areas are proportional to weights; the mean weight suits the cells.

    Only what would be too small to see, or would hide the map, is held back. Layouts of more than `MANY` points,
    which are drawn as dots, count as having none.
    """
    weights = [layout.weights if len(layout.weights) <= MANY else np.zeros(0) for layout in layouts]
    everything = np.concatenate([np.zeros(0), *weights])
    heavy = everything[everything > 0.0]
    mean = float(heavy.mean()) if len(heavy) else 1.0
    usual = min(max(view.scale * 0.32, 4.5), 10.0)
    return [np.clip(usual * np.sqrt(each / mean), SMALLEST, LARGEST) for each in weights]


def on_screen(view: View, positions: Positions) -> NDArray[np.float64]:
    """Return (n, 2) x, y in px."""
    return (positions[:, ::-1] + 0.5) * view.scale + (view.left, view.top)


def points_area(view: View, positions: Positions, radius: float) -> QRect:
    """Return where on the screen discs up to this radius are drawn; empty without points."""
    if len(positions) == 0:
        return QRect()
    rows, cols = positions.T
    corners = np.array([(rows.min(), cols.min()), (rows.max(), cols.max())])
    (left, top), (right, bottom) = on_screen(view, corners).tolist()
    reach = radius + RIM
    return QRectF(left - reach, top - reach, right - left + 2 * reach, bottom - top + 2 * reach).toAlignedRect()


def draw_points(
    painter: QPainter,
    view: View,
    area: QRect,
    positions: Positions,
    radii: NDArray[np.float64],
    pixel_ratio: float,
    colour: QColor,
    selected: frozenset[int] = frozenset(),
) -> None:
    """Draw the discs that touch an area: light halo, dark outline, the layout's colour, rings round selected."""
    at = on_screen(view, positions)
    reach = (radii + RIM)[:, None]
    low, high = (area.left(), area.top()), (area.right() + 1, area.bottom() + 1)
    seen = np.flatnonzero(((at >= low - reach) & (at <= high + reach)).all(axis=1))
    if len(seen) == 0:
        return
    # To a quarter of a pixel, so that a few pictures serve all points and all frames.
    quarters = np.floor(4.0 * at[seen]).astype(np.int64)
    sizes = np.rint(4.0 * radii[seen]).astype(np.int64)
    corner = quarters // 4 - _middle(sizes)[:, None]
    rows = np.column_stack([seen, sizes, quarters % 4, corner]).tolist()
    rgb = colour.rgb()
    for index, size, right, down, x, y in rows:
        painter.drawPixmap(x, y, _disc(size, rgb, index in selected, right, down, pixel_ratio))


def _middle(quarters: Quarters) -> Quarters:
    """Return how far the middle of a disc's picture is from its corner, px; quarters: its radius in px / 4."""
    return -(-quarters // 4) + RIM


@lru_cache(maxsize=4096)
def _disc(quarters: int, colour: int, selected: bool, right: int, down: int, pixel_ratio: float) -> QPixmap:
    """Draw a disc, its radius and how far its centre is off the middle in quarters of a px."""
    radius, middle = quarters / 4.0, _middle(quarters)
    picture = QPixmap(math.ceil(2 * middle * pixel_ratio), math.ceil(2 * middle * pixel_ratio))
    picture.setDevicePixelRatio(pixel_ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    rings = ((DARK, 6.0), (LIGHT, 5.0), (DARK, 2.5)) if selected else ((_HALO, 2.4),)
    for ground, more in (*rings, (DARK, 1.5), (QColor(colour), 0.0)):
        painter.setBrush(ground)
        painter.drawEllipse(QPointF(middle + right / 4.0, middle + down / 4.0), radius + more, radius + more)
    painter.end()
    return picture


class Trails:
    """Keep and draw where moving points were in the last frames."""

    def __init__(self) -> None:
        self._past: dict[str, deque[Positions]] = {}

    def follow(self, moving: Mapping[str, Positions]) -> None:
        """Take the next frame; a layout that is not in it, or has other points, begins a new trail."""
        for name in [name for name in self._past if name not in moving]:
            del self._past[name]
        for name, positions in moving.items():
            past = self._past.setdefault(name, deque(maxlen=TRAIL))
            if past and past[-1].shape != positions.shape:
                past.clear()
            past.append(positions)

    def clear(self) -> None:
        """Forget everything."""
        self._past.clear()

    def draw(
        self, painter: QPainter, view: View, area: QRect, pixel_ratio: float, colours: Mapping[str, QColor]
    ) -> None:
        """Draw lines from frame to frame, the older the fainter."""
        for name, past in self._past.items():
            frames = [on_screen(view, positions) for positions in past]
            lines = [np.hstack(pair) for pair in pairwise(frames)]
            if not lines:
                continue
            age = np.arange(len(lines))[::-1].repeat(len(frames[0]))
            colour = QColor(colours.get(name, LIGHT)).lighter(125)
            raster = Raster(area, pixel_ratio, np.concatenate(lines), 1.6)
            core = raster.opacity(0.85 * (1.0 - age / TRAIL), 1.6)
            raster.draw(painter, core, core, inks(colour.rgb(), 0.0))


def draw_plan(
    painter: QPainter, view: View, area: QRect, pixel_ratio: float, plan: Plan, highlighted: int | None
) -> None:
    """Draw lines whose opacity grows with their mass; a highlighted row stands out and the others fade.

    Light with a dark rim, as the paths are.
    """
    # A root, so that a mass split among many is still seen.
    strength = np.clip(plan.mass / max(float(plan.mass.max(initial=0.0)), 1e-300), 0.0, 1.0) ** 0.35
    chosen = plan.rows == highlighted
    ends = on_screen(view, plan.lines.reshape(-1, 2)).reshape(-1, 4)
    groups = [(chosen, 0.4 + 0.6 * strength, 2.2), (~chosen, 0.25 * strength, 1.2)]
    if not chosen.any():
        groups = [(~chosen, 0.9 * strength, 1.2)]
    for lines, opaque, width in reversed(groups):
        raster = Raster(area, pixel_ratio, ends[lines], width + 2.0)
        core, rim = raster.opacity(opaque[lines], width), raster.opacity(opaque[lines], width + 2.0)
        raster.draw(painter, core, rim, inks(LIGHT.rgb(), 0.7))


def draw_outline(painter: QPainter, view: View, outline: Sequence[tuple[float, float]]) -> None:
    """Draw the box or the lasso of a selection under way, (row, col) corners."""
    if len(outline) < 2:
        return
    corners = on_screen(view, np.array(outline, np.float64))
    polygon = QPolygonF([QPointF(x, y) for x, y in corners.tolist()])
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(QColor(255, 255, 255, 18))
    painter.setPen(QPen(DARK, 3.0))
    painter.drawPolygon(polygon)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(LIGHT, 1.2, Qt.PenStyle.DashLine))
    painter.drawPolygon(polygon)
    painter.restore()


def outline_area(view: View, outline: Sequence[tuple[float, float]]) -> QRect:
    """Return where on the screen `draw_outline` draws."""
    return points_area(view, np.array(outline, np.float64).reshape(-1, 2), 0.0)
