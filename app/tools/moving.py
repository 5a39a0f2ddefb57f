"""What is left where cells are taken away, and how a piece takes the place of selected cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tools.strokes import base_terrain
from maps.edits import set_terrain
from maps.pieces import moved_selection, put_down

if TYPE_CHECKING:
    from maps.cell_selection import CellSelection
    from maps.document import MapDocument
    from maps.pieces import Piece


def cleared(document: MapDocument, cells: CellSelection) -> MapDocument:
    """Return the document with the base terrain in the selected cells; walls open."""
    return set_terrain(document, cells.patch, base_terrain(document)).document


def put_in_place(
    document: MapDocument, cells: CellSelection, piece: Piece
) -> tuple[MapDocument, CellSelection | None]:
    """Return the document with a piece in place of selected cells, about the same middle, and what it covers."""
    r0, c0, r1, c1 = cells.box
    height, width = piece.shape
    corner = r0 + (r1 - r0 - height) // 2, c0 + (c1 - c0 - width) // 2
    after = put_down(cleared(document, cells), piece, corner).document
    return after, moved_selection(document.shape, piece, corner)
