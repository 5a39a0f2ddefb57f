"""Point layouts over the map: discs sized by weight, trails of moving points, the lines of a plan."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.marks import DARK, LIGHT
from app.view import View
from maps.document import Layout

Positions = NDArray[np.float64]

TRAIL = 14  # frames that a trail reaches back
SMALLEST, LARGEST = 2.0, 26.0  # px, radius of a disc
RIM = 7.0  # px around a disc: its outline and the ring of a selected one
SHADES = 8  # of plan lines
_HALO, _PLAN, _SHADOW = QColor(250, 250, 252, 120), QColor(255, 255, 255), QColor(10, 10, 14)


@dataclass(frozen=True, eq=False)
class Plan:
    """Which point goes where. lines: (k, 4) row, col to row, col; mass: (k,); rows: (k,) of the plan."""

    lines: NDArray[np.float64]
    mass: NDArray[np.float64]
    rows: NDArray[np.int64]


def disc_radii(layouts: Sequence[Layout], view: View) -> list[NDArray[np.float64]]:
    """(n,) px for each layout: areas go with weights, a point of mean weight is as large as suits the cells.

    Only what would be too small to see, or would hide the map, is held back.
    """
    everything = np.concatenate([np.zeros(0), *(layout.weights for layout in layouts)])
    heavy = everything[everything > 0.0]
    mean = float(heavy.mean()) if len(heavy) else 1.0
    usual = min(max(view.scale * 0.32, 4.5), 10.0)
    return [np.clip(usual * np.sqrt(layout.weights / mean), SMALLEST, LARGEST) for layout in layouts]


def on_screen(view: View, positions: Positions) -> NDArray[np.float64]:
    """(n, 2) x, y in px."""
    return (positions[:, ::-1] + 0.5) * view.scale + (view.left, view.top)


def points_area(view: View, positions: Positions, radius: float) -> QRect:
    """Where on the screen discs up to this radius are drawn; empty without points."""
    if len(positions) == 0:
        return QRect()
    at = on_screen(view, positions)
    (left, top), (right, bottom) = at.min(axis=0), at.max(axis=0)
    reach = radius + RIM
    return QRectF(left - reach, top - reach, right - left + 2 * reach, bottom - top + 2 * reach).toAlignedRect()


def draw_points(
    painter: QPainter,
    view: View,
    area: QRect,
    positions: Positions,
    radii: NDArray[np.float64],
    colour: QColor,
    selected: frozenset[int] = frozenset(),
) -> None:
    """The discs that touch an area: light halo, dark outline, the layout's colour; rings round the selected."""
    at = on_screen(view, positions)
    reach = (radii + RIM)[:, None]
    low, high = (area.left(), area.top()), (area.right() + 1, area.bottom() + 1)
    seen = np.flatnonzero(((at >= low - reach) & (at <= high + reach)).all(axis=1))
    if len(seen) == 0:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for index, (x, y), radius in zip(seen.tolist(), at[seen].tolist(), radii[seen].tolist(), strict=True):
        centre = QPointF(x, y)
        rings = ((DARK, 6.0), (LIGHT, 5.0), (DARK, 2.5)) if index in selected else ((_HALO, 2.4),)
        for ground, more in (*rings, (DARK, 1.5), (colour, 0.0)):
            painter.setBrush(ground)
            painter.drawEllipse(centre, radius + more, radius + more)
    painter.restore()


class Trails:
    """Where moving points were in the last frames."""

    def __init__(self) -> None:
        self._past: dict[str, deque[Positions]] = {}

    def follow(self, moving: Mapping[str, Positions]) -> None:
        """Take the next frame; a layout that is not in it, or has other points, leaves its trail behind."""
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

    def draw(self, painter: QPainter, view: View, colours: Mapping[str, QColor]) -> None:
        """Lines from frame to frame, the older the fainter."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for name, past in self._past.items():
            colour = QColor(colours.get(name, LIGHT)).lighter(125)
            frames = [on_screen(view, positions) for positions in past]
            for age, (before, after) in enumerate(zip(frames[-2::-1], frames[:0:-1], strict=True)):
                moved = np.abs(after - before).max(axis=1) > 0.2
                colour.setAlphaF(0.85 * (1.0 - age / TRAIL))
                painter.setPen(QPen(colour, 1.6))
                painter.drawLines(_lines(np.hstack([before, after])[moved]))
        painter.restore()


def draw_plan(painter: QPainter, view: View, area: QRect, plan: Plan, highlighted: int | None) -> None:
    """Lines whose opacity goes with their mass; those of a highlighted row stand out and the others step back."""
    if len(plan.lines) == 0:
        return
    ends = on_screen(view, plan.lines.reshape(-1, 2)).reshape(-1, 2, 2)
    low, high = (area.left(), area.top()), (area.right() + 1, area.bottom() + 1)
    seen = ((ends.min(axis=1) <= high) & (ends.max(axis=1) >= low)).all(axis=1)
    lines, mass, rows = ends.reshape(-1, 4)[seen], plan.mass[seen], plan.rows[seen]
    if len(lines) == 0:
        return
    # Square roots, so that a mass split among a few is still seen.
    strength = np.sqrt(np.clip(mass / max(float(plan.mass.max()), 1e-300), 0.0, 1.0))
    shade = np.ceil(strength * SHADES).astype(int)
    chosen = rows == highlighted
    faint = 0.25 if chosen.any() else 1.0
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for level in range(1, SHADES + 1):
        batch = _lines(lines[(shade == level) & ~chosen])
        if batch:
            opacity = 0.75 * faint * level / SHADES
            _draw_lines(painter, batch, 1.0, opacity)
    if chosen.any():
        for level in range(1, SHADES + 1):
            _draw_lines(painter, _lines(lines[(shade == level) & chosen]), 2.0, 0.3 + 0.7 * level / SHADES)
    painter.restore()


def draw_outline(painter: QPainter, view: View, outline: Sequence[tuple[float, float]]) -> None:
    """The box or the lasso of a selection under way, (row, col) corners."""
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
    """Where on the screen `draw_outline` draws."""
    return points_area(view, np.array(outline, np.float64).reshape(-1, 2), 0.0)


def _draw_lines(painter: QPainter, lines: list[QLineF], width: float, opacity: float) -> None:
    for colour, share, shift in ((_SHADOW, 0.8, 1.0), (_PLAN, 1.0, 0.0)):
        ink = QColor(colour)
        ink.setAlphaF(min(opacity * share, 1.0))
        painter.setPen(QPen(ink, width))
        painter.drawLines([line.translated(shift, shift) for line in lines] if shift else lines)


def _lines(ends: NDArray[np.float64]) -> list[QLineF]:
    return [QLineF(*line) for line in ends.tolist()]
