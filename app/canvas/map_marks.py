"""Draw what lies over the cells at the screen's resolution: wall edges, hatch, grid, route ends, brush."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from app.canvas.view import View
    from maps.document import Cell, Mask, Route

DARK, LIGHT, WARNING = QColor(20, 20, 24), QColor(250, 250, 252), QColor(240, 84, 60)
GRID_FROM, GRID_FULL, EDGES_FROM, DOTS_FROM = 12.0, 32.0, 4.0, 5.0  # px per cell
HATCH = 8  # px between hatch lines
LABEL = 80  # px for the numbers beside a route's end
NEAR = 12.0  # px between ends whose numbers would overlap
# Premultiplied ARGB: nothing, the light and the dark line of the hatch, the edge of a wall, a dot. The edge
# makes a wall WALL_EDGE, and an impassable terrain as much lighter.
_MARKS = np.array((0, 0xC8C8C8C8, 0x96000000, 0x4D404048, 0xB0B0B0B0), np.uint32)
_DOT = 4


def cell_marks(
    passable: Mask | None, locked: Mask | None, free: Mask | None, view: View, area: QRect, pixel_ratio: float
) -> tuple[QPointF, QImage] | None:
    """Return edges of walls, the hatch of locked cells and dots in an area of the screen, and where; or None.

    passable, locked: (H, W); None where they are not to be shown. free: cells that get a dot, since their colour
    is that of a cost, where others have that of a terrain.
    Worked out per screen pixel: the time goes with the area, however ragged the walls.
    """
    shape = next((layer.shape for layer in (passable, locked, free) if layer is not None), (0, 0))
    found = _seen_cells(view, shape, area, pixel_ratio)
    if found is None:
        return None
    cells, row_of, col_of, inside = found
    show_edges = passable is not None and view.scale >= EDGES_FROM and not passable[cells].all()
    show_hatch = locked is not None and bool(locked[cells].any())
    show_dots = free is not None and view.scale >= DOTS_FROM and bool(free[cells].any())
    if not (show_edges or show_hatch or show_dots):
        return None
    (top, bottom), (left, right) = device_pixels(area, pixel_ratio)
    codes = np.zeros((bottom - top, right - left), np.uint8)  # indices of _MARKS
    part = codes[inside]
    if free is not None and show_dots:
        rows, cols = np.nonzero(free[cells])
        ys = _middles(rows + cells[0].start, view.top, view.scale, pixel_ratio) - top - inside[0].start
        xs = _middles(cols + cells[1].start, view.left, view.scale, pixel_ratio) - left - inside[1].start
        seen = (ys >= 0) & (ys < part.shape[0]) & (xs >= 0) & (xs < part.shape[1])
        part[ys[seen], xs[seen]] = _DOT
    if locked is not None and show_hatch:
        # Hung on the map, so that the hatch moves with it.
        width = max(1, round(pixel_ratio))
        first = np.array((top, left)) - np.array((view.top, view.left)) * pixel_ratio
        diagonal = int(np.floor(first).sum()) + inside[0].start + inside[1].start
        phase = (np.arange(sum(part.shape)) + diagonal) % (HATCH * width) // width
        hatch = np.where(phase == 0, 1, np.where(phase == 1, 2, 0)).astype(np.uint8)
        stripes = np.lib.stride_tricks.sliding_window_view(hatch, part.shape[1])[: part.shape[0]]
        np.multiply(stripes, locked[cells].take(col_of, axis=1)[row_of], out=part)
    if passable is not None and show_edges:
        passes = passable[cells].take(col_of, axis=1)[row_of]
        edge = np.zeros_like(passes)
        # A pixel of a wall is an edge if the next one, any way, is open.
        edge[:-1] |= passes[1:]
        edge[1:] |= passes[:-1]
        edge[:, :-1] |= passes[:, 1:]
        edge[:, 1:] |= passes[:, :-1]
        edge &= ~passes
        np.maximum(part, edge.view(np.uint8) * np.uint8(3), out=part)
    return QPointF(left / pixel_ratio, top / pixel_ratio), image_of(_MARKS.take(codes), pixel_ratio)


def _middles(of: NDArray[np.int64], origin: float, scale: float, pixel_ratio: float) -> NDArray[np.int64]:
    """Return the device pixel in the middle of each of these rows or columns of cells."""
    return np.floor((origin + (of + 0.5) * scale) * pixel_ratio).astype(np.int64)


def enlarged(image: QImage, view: View, area: QRect, pixel_ratio: float) -> tuple[QPointF, QImage] | None:
    """Return an image of one pixel a cell as seen in an area of the screen, and where; None if outside.

    Qt's own scaling puts the border between two cells now on this pixel, now on the next, as it is clipped.
    """
    seen = _seen_cells(view, (image.height(), image.width()), area, pixel_ratio)
    if seen is None:
        return None
    cells, row_of, col_of, inside = seen
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), image.width())
    (top, _), (left, _) = device_pixels(area, pixel_ratio)
    at = QPointF((left + inside[1].start) / pixel_ratio, (top + inside[0].start) / pixel_ratio)
    return at, image_of(pixels[cells].take(col_of, axis=1)[row_of], pixel_ratio, image.format())


def draw_grid(painter: QPainter, view: View, shape: tuple[int, int], area: QRect) -> None:
    """Draw lines between cells, which fade in as cells grow large."""
    strength = (view.scale - GRID_FROM) / (GRID_FULL - GRID_FROM)
    if strength <= 0.0:
        return
    r0, c0, r1, c1 = visible_cells(view, shape, area)
    painter.setPen(QPen(QColor(0, 0, 0, round(70 * min(strength, 1.0))), 1))
    xs = [round(view.left + col * view.scale) + 0.5 for col in range(c0, c1 + 1)]
    ys = [round(view.top + row * view.scale) + 0.5 for row in range(r0, r1 + 1)]
    if xs and ys:
        painter.drawLines([QLineF(x, ys[0], x, ys[-1]) for x in xs])
        painter.drawLines([QLineF(xs[0], y, xs[-1], y) for y in ys])


def visible_cells(view: View, shape: tuple[int, int], area: QRect) -> tuple[int, int, int, int]:
    """Return the half-open rectangle of cells that an area of the screen touches."""
    r0, c0 = view.cell_at(area.left(), area.top())
    r1, c1 = view.cell_at(area.right() + 1, area.bottom() + 1)
    height, width = shape
    top, left = min(max(r0, 0), height), min(max(c0, 0), width)
    return top, left, max(top, min(r1 + 1, height)), max(left, min(c1 + 1, width))


def mark_size(view: View) -> float:
    """Return the radius of a route end, px."""
    return min(max(view.scale * 0.45, 7.0), 12.0)


def route_labels(view: View, routes: Sequence[Route]) -> list[tuple[str, str]]:
    """Return what to write at each route's start and goal: its number, where there are several routes.

    Where ends are so near each other on the screen that numbers would overlap, the first of them has them all.
    """
    if len(routes) < 2:
        return [("", "")] * len(routes)
    starts, goals = np.array([route.start for route in routes]), np.array([route.goal for route in routes])
    return list(
        zip(_joint_numbers(starts, NEAR / view.scale), _joint_numbers(goals, NEAR / view.scale), strict=True)
    )


def _joint_numbers(cells: NDArray[np.int64], near: float) -> list[str]:
    labels, alone = [""] * len(cells), np.ones(len(cells), np.bool_)
    for first, cell in enumerate(cells):
        if alone[first]:
            together = alone & (np.abs(cells - cell).max(axis=1) <= near)
            alone &= ~together
            labels[first] = "·".join(str(at + 1) for at in np.flatnonzero(together).tolist())
    return labels


def draw_route(painter: QPainter, view: View, route: Route, labels: tuple[str, str]) -> None:
    """Draw a ring at the start, a flag at the goal, and a label at either."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = mark_size(view)
    start, goal = QPointF(*view.centre(*route.start)), QPointF(*view.centre(*route.goal))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((DARK, 6.5), (LIGHT, 3.0)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(start, radius - 2.0, radius - 2.0)
    painter.setPen(QPen(DARK, 1.0))
    painter.setBrush(QColor(route.colour))
    painter.drawEllipse(start, radius * 0.3, radius * 0.3)

    top = goal - QPointF(0.0, radius * 2.4)
    for colour, width in ((DARK, 5.0), (LIGHT, 2.0)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(goal, top)
    cloth = QPolygonF([top, top + QPointF(radius * 1.7, radius * 0.65), top + QPointF(0.0, radius * 1.3)])
    painter.setPen(QPen(DARK, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.drawPolygon(cloth)
    painter.setBrush(LIGHT)
    painter.drawEllipse(goal, 3.0, 3.0)
    draw_outlined(painter, start + QPointF(radius + 3.0, radius * 0.4), labels[0])
    draw_outlined(painter, goal + QPointF(5.0, radius * 0.9), labels[1])
    painter.restore()


def route_area(view: View, cell: Cell) -> QRect:
    """Return where on the screen a route end is drawn."""
    x, y = view.centre(*cell)
    reach = mark_size(view)
    return QRectF(x - reach - 6, y - 2.4 * reach - 6, 2 * reach + LABEL, 3.4 * reach + 16).toAlignedRect()


def draw_brush(painter: QPainter, view: View, cell: Cell, size: float) -> None:
    """Draw the brush's outline round the cell under the pointer."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    radius = max(size, 1.0) / 2.0 * view.scale
    for colour, width in ((QColor(20, 20, 24, 200), 3.0), (LIGHT, 1.0)):
        painter.setPen(QPen(colour, width))
        painter.drawEllipse(QPointF(*view.centre(*cell)), radius, radius)
    painter.restore()


def cut_lines(reached: Mask, passable: Mask) -> list[QLineF]:
    """Return the lines at which a search that reached these cells (H, W) ended, in cell units, x to the right.

    Only between what was reached and what shuts it off from cells that one could walk on; a wall in the middle
    of what was reached is none of it.
    """
    # Only a search without a way to its goal asks for this, and the import takes a while.
    from scipy import ndimage

    pieces, _ = ndimage.label(~reached, np.ones((3, 3)))
    beyond = np.zeros(pieces.max() + 1, np.bool_)
    beyond[pieces[passable & ~reached]] = True
    beyond[0] = False  # what was reached
    far = beyond[pieces]
    lines: list[QLineF] = []
    upright = (reached[:, :-1] & far[:, 1:]) | (far[:, :-1] & reached[:, 1:])
    level = (reached[:-1] & far[1:]) | (far[:-1] & reached[1:])
    for row, begin, end in _runs(level):
        lines.append(QLineF(begin, row + 1, end, row + 1))
    for col, begin, end in _runs(upright.T):
        lines.append(QLineF(col + 1, begin, col + 1, end))
    return lines


def draw_cut(painter: QPainter, view: View, lines: list[QLineF]) -> None:
    """Draw the lines of `cut_lines` in a colour of warning with a dark outline."""
    core = min(max(view.scale * 0.2, 1.5), 3.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(view.left, view.top)
    painter.scale(view.scale, view.scale)
    for colour, width in ((DARK, core + 2.5), (WARNING, core)):
        painter.setPen(QPen(colour, width / view.scale, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines(lines)
    painter.restore()


def _runs(mask: Mask) -> list[tuple[int, int, int]]:
    """Return (row, first, last + 1) of every unbroken stretch along the rows of a mask."""
    before = np.pad(mask, ((0, 0), (1, 1)))
    begins = np.argwhere(before[:, 1:] & ~before[:, :-1])
    ends = np.argwhere(~before[:, 1:] & before[:, :-1])
    return [(row, begin, end) for (row, begin), (_, end) in zip(begins.tolist(), ends.tolist(), strict=True)]


_Slices = tuple[slice, slice]


def _seen_cells(
    view: View, shape: tuple[int, int], area: QRect, pixel_ratio: float
) -> tuple[_Slices, NDArray[np.int64], NDArray[np.int64], _Slices] | None:
    """Find the cells that lie in an area of the screen; None if none does.

    Returns the cells' slices, the row and column of each device pixel counted from the first of them, and the
    slices of the area's device pixels that lie on the map.
    """
    cells: list[slice] = []
    inside: list[slice] = []
    of: list[NDArray[np.int64]] = []
    for (first, last), origin, side in zip(
        device_pixels(area, pixel_ratio), (view.top, view.left), shape, strict=True
    ):
        centres = (np.arange(first, last) + 0.5) / pixel_ratio
        cell = np.floor((centres - origin) / view.scale).astype(np.int64)
        begin, end = (int(at) for at in np.searchsorted(cell, (0, side)))
        if begin == end:
            return None
        cells.append(slice(int(cell[begin]), int(cell[end - 1]) + 1))
        inside.append(slice(begin, end))
        of.append(cell[begin:end] - cell[begin])
    return (cells[0], cells[1]), of[0], of[1], (inside[0], inside[1])


def device_pixels(area: QRect, pixel_ratio: float) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the half-open ranges of rows and columns of device pixels that an area of the screen touches."""
    right, bottom = area.left() + area.width(), area.top() + area.height()
    return (
        (math.floor(area.top() * pixel_ratio), math.ceil(bottom * pixel_ratio)),
        (math.floor(area.left() * pixel_ratio), math.ceil(right * pixel_ratio)),
    )


def image_of(
    pixels: NDArray[np.uint32],
    pixel_ratio: float,
    kind: QImage.Format = QImage.Format.Format_ARGB32_Premultiplied,
) -> QImage:
    """Return an image of 32-bit pixels (H, W) of the screen."""
    height, width = pixels.shape
    # copy(): the image would otherwise point into an array that goes away.
    image = QImage(pixels.data, width, height, 4 * width, kind).copy()
    image.setDevicePixelRatio(pixel_ratio)
    return image


def draw_outlined(painter: QPainter, at: QPointF, text: str, size: int = 13) -> None:
    """Write light words with a dark outline, readable on every colour. at: their foot; size: px."""
    font = painter.font()
    font.setPixelSize(size)
    font.setBold(True)
    glyphs = QPainterPath()
    glyphs.addText(at, font, text)
    painter.setPen(QPen(DARK, 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(glyphs)
    painter.fillPath(glyphs, LIGHT)
