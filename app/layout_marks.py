"""Point layouts over the map: discs sized by weight, trails of moving points, the lines of a plan."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QPolygonF

from app.marks import DARK, LIGHT, device_pixels, image_of
from app.view import View
from maps.document import Layout

Positions = NDArray[np.float64]

TRAIL = 12  # frames that a trail reaches back
SMALLEST, LARGEST = 2.0, 26.0  # px, radius of a disc
RIM = 7.0  # px around a disc: its outline and the ring of a selected one
_HALO = QColor(250, 250, 252, 120)


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
    pixel_ratio: float,
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
    for index, (x, y), radius in zip(seen.tolist(), at[seen].tolist(), radii[seen].tolist(), strict=True):
        # To a quarter of a pixel, so that a few pictures serve all points and all frames.
        left, top = math.floor(4.0 * x) / 4.0, math.floor(4.0 * y) / 4.0
        picture = _disc(round(4.0 * radius), colour.rgb(), index in selected, left % 1.0, top % 1.0, pixel_ratio)
        middle = math.ceil(radius + RIM)
        painter.drawPixmap(QPointF(math.floor(left) - middle, math.floor(top) - middle), picture)


@lru_cache(maxsize=4096)
def _disc(quarters: int, colour: int, selected: bool, right: float, down: float, pixel_ratio: float) -> QPixmap:
    """A disc of a radius in quarters of a px, its centre off the middle by a part of a px."""
    radius = quarters / 4.0
    middle = math.ceil(radius + RIM)
    picture = QPixmap(math.ceil(2 * middle * pixel_ratio), math.ceil(2 * middle * pixel_ratio))
    picture.setDevicePixelRatio(pixel_ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    rings = ((DARK, 6.0), (LIGHT, 5.0), (DARK, 2.5)) if selected else ((_HALO, 2.4),)
    for ground, more in (*rings, (DARK, 1.5), (QColor(colour), 0.0)):
        painter.setBrush(ground)
        painter.drawEllipse(QPointF(middle + right, middle + down), radius + more, radius + more)
    painter.end()
    return picture


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


def draw_plan(
    painter: QPainter, view: View, area: QRect, pixel_ratio: float, plan: Plan, highlighted: int | None
) -> None:
    """Lines whose opacity goes with their mass; those of a highlighted row stand out and the others step back.

    Light with a dark rim, as the paths are. Worked out in numpy: hundreds of long lines take Qt 35 ms a frame.
    """
    (top, bottom), (left, right) = device_pixels(area, pixel_ratio)
    ends = (on_screen(view, plan.lines.reshape(-1, 2)) * pixel_ratio - (left, top)).reshape(-1, 4)
    # Square roots, so that a mass split among a few is still seen.
    strength = np.sqrt(np.clip(plan.mass / max(float(plan.mass.max(initial=0.0)), 1e-300), 0.0, 1.0))
    shape, chosen = (bottom - top, right - left), plan.rows == highlighted
    if chosen.any():
        opacity = line_opacity(shape, ends[~chosen], 0.25 * strength[~chosen])
        wide = _widened(line_opacity(shape, ends[chosen], 0.4 + 0.6 * strength[chosen]))
        opacity = np.maximum(opacity, wide)
    else:
        opacity = line_opacity(shape, ends, 0.8 * strength)
    rows, cols = np.flatnonzero(opacity.any(axis=1)), np.flatnonzero(opacity.any(axis=0))
    if len(rows) == 0:
        return
    # One pixel more all round for the rim; beyond the area it is not drawn.
    box = np.s_[max(rows[0] - 1, 0) : rows[-1] + 2, max(cols[0] - 1, 0) : cols[-1] + 2]
    core = _widened(opacity[box]) if pixel_ratio >= 1.5 else opacity[box]
    rim = _widened(core)
    rim = np.maximum(rim, _widened(core[::-1, ::-1])[::-1, ::-1])
    at = QPointF((left + box[1].start) / pixel_ratio, (top + box[0].start) / pixel_ratio)
    painter.drawImage(at, image_of(_INK.take(core | rim.astype(np.uint16) << 8), pixel_ratio))


def line_opacity(
    shape: tuple[int, int], lines: NDArray[np.float64], strength: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """Opacities 0 … 255 of thin smooth lines on an image (H, W); where lines cross the stronger one counts.

    lines: (k, 4) x, y to x, y in pixels, the centre of the first at 0.5. strength: (k,) in 0 … 1.
    Each column (row, for steep lines) that a line crosses shares its strength between two pixels (Wu 1991).
    """
    height, width = shape
    start, end = lines[:, :2] - 0.5, lines[:, 2:] - 0.5
    steep = np.abs(end - start).argmax(axis=1).astype(bool)
    # u along a line, v across; u grows.
    start[steep], end[steep] = start[steep, ::-1], end[steep, ::-1]
    back = start[:, 0] > end[:, 0]
    start[back], end[back] = end[back], start[back]
    (u0, v0), (u1, v1) = start.T, end.T
    slope = np.divide(v1 - v0, u1 - u0, out=np.zeros_like(u0), where=u1 > u0)
    wide, high = np.where(steep, height, width), np.where(steep, width, height)
    # Where v is on the image, or less than a pixel off it.
    with np.errstate(divide="ignore", invalid="ignore"):
        enters, leaves = np.sort([u0 + (-1.0 - v0) / slope, u0 + (high - v0) / slope], axis=0)
    level = slope == 0.0
    on_image = ~level | ((v0 > -1.0) & (v0 < high))
    first = np.ceil(np.maximum(np.where(level, u0, np.maximum(u0, enters)), 0.0))
    last = np.floor(np.minimum(np.where(level, u1, np.minimum(u1, leaves)), wide - 1.0))
    count = np.where(on_image & (strength > 0.0), np.maximum(last - first + 1.0, 0.0), 0.0).astype(np.int32)
    line = np.repeat(np.arange(len(lines), dtype=np.int32), count)
    u = np.arange(len(line), dtype=np.int32) + (first.astype(np.int32) - (count.cumsum() - count))[line]
    v = (v0 - u0 * slope)[line] + u * slope[line]
    below = np.floor(v)
    share = v - below
    # One more pixel all round takes what falls off the image, two more rows what rounding makes of it.
    across, along = np.where(steep, 1, width + 2), np.where(steep, width + 2, 1)
    at = below.astype(np.int32) * across.astype(np.int32)[line] + u * along.astype(np.int32)[line] + width + 3
    opacity = np.zeros((height + 4) * (width + 2), np.uint8)
    full = (255.0 * strength)[line]
    far = full * share
    np.maximum.at(opacity, at, (full - far).astype(np.uint8))
    np.maximum.at(opacity, at + across[line], far.astype(np.uint8))
    return opacity.reshape(height + 4, width + 2)[1 : height + 1, 1:-1]


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


def _widened(opacity: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every pixel as opaque as itself or the next one to the right, below or both."""
    wide = opacity.copy()
    np.maximum(wide[:, 1:], opacity[:, :-1], out=wide[:, 1:])
    np.maximum(wide[1:], wide[:-1].copy(), out=wide[1:])
    return wide


def _ink_table() -> NDArray[np.uint32]:
    """Premultiplied pixels of a light core over a dark rim, by core + 256 · rim."""
    core, rim = np.arange(256) / 255.0, 0.7 * np.arange(256)[:, None] / 255.0
    alpha = core + (1.0 - core) * rim
    grey = np.rint(255.0 * core + 12.0 * (1.0 - core) * rim).astype(np.uint32)
    return (np.rint(255.0 * alpha).astype(np.uint32) << 24 | grey << 16 | grey << 8 | grey).ravel()


def _lines(ends: NDArray[np.float64]) -> list[QLineF]:
    return [QLineF(*line) for line in ends.tolist()]


_INK = _ink_table()
