"""Lines of equal distance to the goal, thin over the map, with what they stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QFont, QFontMetricsF

from app.canvas.colouring import round_up
from app.canvas.map_marks import device_pixels, draw_outlined, image_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtCore import QRect
    from PySide6.QtGui import QPainter

    from app.canvas.view import View

LEVELS = 16  # lines, at most
LABELS = 3  # of a line
APART = 9.0  # labels along the longer side of a map, at most
_LETTERS = 11  # px
_CANDIDATES = 300  # places that are looked at for the labels of a line
# Premultiplied: nothing, the light line, its dark shadow.
_INKS = np.array((0, 0xE6E6E6E6, 0x78000000), np.uint32)


@dataclass(frozen=True, eq=False)
class Label:
    """A distance in words, and where on its line it stands, (row, col)."""

    row: float
    col: float
    words: str


@dataclass(frozen=True, eq=False)
class Contours:
    """Lines at the multiples of step. distance: (H, W), infinite where there is none."""

    distance: NDArray[np.float32]
    step: float
    labels: tuple[Label, ...]


def contours_of(distance: NDArray[Any]) -> Contours:
    """Return the lines of equal distance (H, W), at round figures, with labels apart from each other."""
    near = np.ascontiguousarray(distance, np.float32)
    finite = np.isfinite(near)
    step = round_up(float(near.max(initial=0.0, where=finite)) / LEVELS)
    bands = np.where(finite, near / np.float32(step), -1.0).astype(np.int32)
    apart = max(near.shape) / APART
    labels, places = list[Label](), np.zeros((0, 2))
    across = (bands[:, :-1] != bands[:, 1:]) & finite[:, :-1] & finite[:, 1:]
    rows, cols = np.nonzero(across)
    levels = np.maximum(bands[rows, cols], bands[rows, cols + 1])
    for level in range(1, int(bands.max(initial=0)) + 1):
        here = np.flatnonzero(levels == level)
        here = here[:: max(1, len(here) // _CANDIDATES)]
        spots = np.column_stack([rows[here], cols[here] + 0.5])
        for _ in range(min(LABELS, len(spots))):
            gaps = np.full(len(spots), np.inf)
            for place in places:
                np.minimum(gaps, np.hypot(*(spots - place).T), out=gaps)
            best = len(spots) // 2 if not len(places) else int(gaps.argmax())
            if gaps[best] < apart:
                break
            places = np.vstack([places, spots[best]])
            row, col = spots[best].tolist()
            labels.append(Label(row, col, f"{level * step:.4g}"))
    return Contours(near, step, tuple(labels))


def draw_contours(painter: QPainter, view: View, area: QRect, pixel_ratio: float, contours: Contours) -> None:
    """Draw the lines in an area of the screen, light with a dark shadow."""
    # Here, as the import loads numba: a window without lines does not wait for it.
    from app.canvas.contour_raster import contour_pixels

    # Pixels before the area cast shadows into it, and those beyond it have lines on its last ones.
    (top, bottom), (left, right) = device_pixels(area.adjusted(-1, -1, 1, 1), pixel_ratio)
    rows = ((np.arange(top, bottom) + 0.5) / pixel_ratio - view.top) / view.scale - 0.5
    cols = ((np.arange(left, right) + 0.5) / pixel_ratio - view.left) / view.scale - 0.5
    height, width = contours.distance.shape
    first_row, last_row = np.searchsorted(rows, (-0.5, height - 0.5)).tolist()
    first_col, last_col = np.searchsorted(cols, (-0.5, width - 0.5)).tolist()
    rows = rows[first_row:last_row].astype(np.float64)
    cols = cols[first_col:last_col].astype(np.float64)
    if not (len(rows) and len(cols)):
        return
    lines = contour_pixels(contours.distance, contours.step, rows, cols)
    codes = np.zeros(lines.shape, np.uint8)
    codes[1:, 1:][lines[:-1, :-1]] = 2
    codes[lines] = 1
    at = QPointF((left + first_col) / pixel_ratio, (top + first_row) / pixel_ratio)
    painter.drawImage(at, image_of(_INKS.take(codes), pixel_ratio))


def draw_labels(painter: QPainter, view: View, area: QRect, contours: Contours) -> None:
    """Write the labels of the lines in an area of the screen."""
    font = QFont(painter.font())
    font.setPixelSize(_LETTERS)
    metrics = QFontMetricsF(font)
    for label in contours.labels:
        x, y = view.centre(label.row, label.col)
        wide = metrics.horizontalAdvance(label.words)
        if QRectF(x - wide / 2.0 - 4.0, y - 10.0, wide + 8.0, 20.0).intersects(QRectF(area)):
            foot = y + metrics.capHeight() / 2.0
            draw_outlined(painter, QPointF(x - wide / 2.0, foot), label.words, _LETTERS)
