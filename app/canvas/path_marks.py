"""Draw paths, drawn lines and walks over the cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from app.canvas.map_marks import DARK, LIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.canvas.view import View

PIECE = 32  # cells of a path that are drawn at once


def path_polygon(cells: NDArray[np.generic]) -> QPolygonF:
    """Return a path of (n, 2) cells as a line in cell units, x to the right."""
    # Here, as canvases without a path need not wait for it.
    from pyqtgraph.functions import (
        arrayToQPolygonF,  # pyright: ignore[reportUnknownVariableType]  # pyqtgraph has no types
    )

    if not len(cells):
        return QPolygonF()
    y, x = np.asarray(cells, np.float64).T + 0.5
    return arrayToQPolygonF(x, y)


def path_area(view: View, polygon: QPolygonF) -> QRect:
    """Return where on the screen a path is drawn."""
    box = polygon.boundingRect()
    left, top = view.left + box.left() * view.scale, view.top + box.top() * view.scale
    area = QRectF(left, top, box.width() * view.scale, box.height() * view.scale)
    return area.adjusted(-6, -6, 6, 6).toAlignedRect()


def beside(view: View, number: int, of: int) -> float:
    """Return how far to the right of the centres of its cells, and down, a path is drawn, px.

    Paths that share cells lie beside each other, within these cells.
    """
    return (number - (of - 1) / 2.0) * min(_core(view) + 1.5, 0.6 * view.scale / of)


@dataclass(frozen=True, eq=False)
class PathLine:
    """A path in pieces that meet, of which only those in the area that is drawn anew need be drawn.

    A whole line through a large map would take milliseconds at every brush event.
    """

    pieces: tuple[QPolygonF, ...]
    cells: int

    def size(self) -> int:
        """Return how many cells the path has."""
        return self.cells


def path_line(cells: NDArray[np.generic]) -> PathLine:
    """Return a path of (n, 2) cells for `draw_path`."""
    starts = range(0, max(len(cells) - 1, min(len(cells), 1)), PIECE)
    return PathLine(tuple(path_polygon(cells[at : at + PIECE + 1]) for at in starts), len(cells))


def draw_path(
    painter: QPainter, view: View, area: QRect, line: PathLine, colour: QColor = LIGHT, off: float = 0.0
) -> None:
    """Draw what of a path lies in an area, with a dark outline, readable on every colour. off: see `beside`."""
    core, by = _core(view), round(off)
    seen = [piece for piece in line.pieces if path_area(view, piece).translated(by, by).intersects(area)]
    if not seen:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(view.left + off, view.top + off)
    painter.scale(view.scale, view.scale)
    for ink, width in ((DARK, core + 3.0), (colour, core)):
        pen = QPen(ink, width / view.scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        for piece in seen:
            painter.drawPolyline(piece)
    painter.restore()


def _core(view: View) -> float:
    return min(max(view.scale * 0.3, 2.5), 6.0)


def draw_dashes(painter: QPainter, view: View, polygon: QPolygonF, colour: QColor) -> None:
    """Draw a dashed line with a dark outline: a line drawn for a path to take, or what an agent walks."""
    core = min(max(view.scale * 0.2, 2.0), 4.0)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(view.left, view.top)
    painter.scale(view.scale, view.scale)
    outline = QPen(DARK, (core + 2.5) / view.scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    dashes = QPen(colour, core / view.scale)
    dashes.setDashPattern([2.4, 2.0])
    for pen in (outline, dashes):
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPolyline(polygon)
    painter.restore()
