"""Draw which cells are selected, by an outline or, where that is too fine, a tint; and the keyboard's cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from app.canvas.map_marks import DARK, LIGHT, visible_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.canvas.view import View
    from maps.cell_selection import CellSelection
    from maps.document import Cell, Mask

MOST_LINES = 4000  # of an outline; drawing takes milliseconds
_TINT = np.uint32(0x60585858)  # premultiplied white


def draw_selection(painter: QPainter, view: View, area: QRect, cells: CellSelection) -> None:
    """Draw the outline of the selected cells that lie in an area: dark below, light dashes over it."""
    r0, c0, r1, c1 = visible_cells(view, cells.mask.shape, area.adjusted(-3, -3, 3, 3))
    top, left, bottom, right = cells.box
    r0, r1, c0, c1 = max(r0, top), min(r1, bottom), max(c0, left), min(c1, right)
    if r0 >= r1 or c0 >= c1:
        return
    seen: Mask = cells.mask[r0:r1, c0:c1]
    lines = outline(cells.mask, (r0, c0, r1, c1))
    painter.save()
    if len(lines) > MOST_LINES:
        pixels: NDArray[np.uint32] = np.where(seen, _TINT, np.uint32(0))
        height, width = pixels.shape
        image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        x, y = view.left + c0 * view.scale, view.top + r0 * view.scale
        painter.drawImage(QRectF(x, y, width * view.scale, height * view.scale), image)
    else:
        at = lines[:, [1, 0, 3, 2]] * view.scale + np.tile((view.left, view.top), 2)
        drawn = [QLineF(*line) for line in at.tolist()]
        painter.setPen(QPen(DARK, 3.0))
        painter.drawLines(drawn)
        painter.setPen(QPen(LIGHT, 1.2, Qt.PenStyle.DashLine))
        painter.drawLines(drawn)
    painter.restore()


def draw_cursor(painter: QPainter, view: View, cell: Cell) -> None:
    """Draw the keyboard's cell: an outline that is seen even where cells are tiny."""
    area = cursor_area(view, cell).adjusted(2, 2, -3, -3)
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((DARK, 4.0), (LIGHT, 2.0)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(area)
    painter.restore()


def cursor_area(view: View, cell: Cell) -> QRect:
    """Return where on the screen `draw_cursor` draws."""
    x, y = view.centre(*cell)
    reach = max(view.scale / 2, 4.0) + 4.0
    return QRectF(x - reach, y - reach, 2 * reach, 2 * reach).toAlignedRect()


def selection_area(view: View, cells: CellSelection | None) -> QRect:
    """Return where on the screen a selection is drawn; empty for none."""
    if cells is None:
        return QRect()
    r0, c0, r1, c1 = cells.box
    x, y, scale = view.left + c0 * view.scale, view.top + r0 * view.scale, view.scale
    return QRectF(x - 3, y - 3, (c1 - c0) * scale + 6, (r1 - r0) * scale + 6).toAlignedRect()


def outline(mask: Mask, box: tuple[int, int, int, int]) -> NDArray[np.int64]:
    """Return (n, 4) the lines, from (row, col) to (row, col) corners of cells, round the mask's cells in a box.

    Sides of neighbours on one straight line are one line. What lies beside the box counts: a cell that goes on
    there has no side at the edge of the box.
    """
    r0, c0, r1, c1 = box
    around = np.zeros((r1 - r0 + 2, c1 - c0 + 2), np.bool_)
    top, left = max(r0 - 1, 0), max(c0 - 1, 0)
    block = mask[top : r1 + 1, left : c1 + 1]
    down, across = top - r0 + 1, left - c0 + 1
    around[down : down + block.shape[0], across : across + block.shape[1]] = block
    level = _runs(around[1:, 1:-1] != around[:-1, 1:-1])
    upright = _runs((around[1:-1, 1:] != around[1:-1, :-1]).T)
    rows, columns = np.array((r0, c0, r0, c0)), np.array((c0, r0, c0, r0))
    return np.concatenate([level[:, [0, 1, 0, 2]] + rows, (upright[:, [0, 1, 0, 2]] + columns)[:, [1, 0, 3, 2]]])


def _runs(mask: Mask) -> NDArray[np.int64]:
    """(n, 3) row, first and end of each run of True along the rows."""
    steps = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    begins, ends = np.argwhere(steps == 1), np.argwhere(steps == -1)
    return np.column_stack([begins, ends[:, 1]])
