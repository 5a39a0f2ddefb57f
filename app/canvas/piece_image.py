"""Draw a piece of a map that hangs under the pointer, in the colours of the map."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from app.canvas.cell_marks import outline
from app.canvas.map_image import MapImage
from app.canvas.map_marks import DARK, LIGHT
from maps.document import Bounds, MapDocument

if TYPE_CHECKING:
    from app.canvas.layers import Layer
    from app.canvas.view import View
    from maps.document import Cell
    from maps.pieces import Piece

OPACITY = 0.85
MARGIN = 3  # px, of the outline


def draw_piece(
    painter: QPainter, view: View, piece: Piece, corner: Cell, bounds: Bounds, layers: frozenset[Layer]
) -> None:
    """Draw a piece, its first cell at `corner`, and its outline. bounds: of the map's costs."""
    image, lines = _drawn(piece, bounds, layers)
    height, width = piece.shape
    x, y, scale = view.left + corner[1] * view.scale, view.top + corner[0] * view.scale, view.scale
    painter.save()
    painter.setOpacity(OPACITY)
    painter.drawImage(QRectF(x, y, width * scale, height * scale), image)
    painter.setOpacity(1.0)
    at = [QLineF(x + c0 * scale, y + r0 * scale, x + c1 * scale, y + r1 * scale) for r0, c0, r1, c1 in lines]
    for pen in (QPen(DARK, 3.0), QPen(LIGHT, 1.2, Qt.PenStyle.DashLine)):
        painter.setPen(pen)
        painter.drawLines(at)
    painter.restore()


def piece_area(view: View, piece: Piece, corner: Cell) -> QRect:
    """Return where on the screen `draw_piece` draws."""
    x, y = view.left + corner[1] * view.scale - MARGIN, view.top + corner[0] * view.scale - MARGIN
    height, width = (side * view.scale + 2 * MARGIN for side in piece.shape)
    return QRectF(x, y, width, height).toAlignedRect()


@lru_cache(maxsize=2)
def _drawn(
    piece: Piece, bounds: Bounds, layers: frozenset[Layer]
) -> tuple[QImage, list[tuple[int, int, int, int]]]:
    """The cells in colour, transparent where none belongs to the piece, and the lines round them."""
    document = MapDocument(
        piece.cost, piece.passable, piece.locked, piece.terrain, bounds=bounds, palette=piece.palette
    )
    coloured = MapImage(document)
    coloured.show_layers(layers)
    image = coloured.image.convertToFormat(QImage.Format.Format_ARGB32)
    height, width = piece.shape
    alpha = np.ascontiguousarray(piece.mask * np.uint8(255))
    image.setAlphaChannel(QImage(alpha.data, width, height, width, QImage.Format.Format_Alpha8))
    lines = outline(piece.mask, (0, 0, height, width)).tolist()
    return image, [(r0, c0, r1, c1) for r0, c0, r1, c1 in lines]
