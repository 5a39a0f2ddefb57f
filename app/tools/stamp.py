"""The tool that puts down the piece in hand, as often as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tools.tool import Sketch
from maps.pieces import put_down
from maps.symmetry import images_of

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from app.tools.tool import Gesture, ToolOptions
    from maps.document import Cell, MapDocument
    from maps.pieces import Piece


def stamp(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Put the piece in hand down, its middle under the pointer, where the button is released."""
    event = yield
    piece, base = options.piece, model.document
    if event.button != "left":
        return None
    while True:
        if piece is not None:
            model.preview(stamped(base, piece, event.cell, options))
        if event.phase == "release":
            break
        nothing = "There is nothing to put down; select cells with M and copy them first"
        event = yield Sketch(sentence="" if piece is not None else nothing)
    model.commit("Stamp")
    return None


def stamped(document: MapDocument, piece: Piece, cell: Cell, options: ToolOptions) -> MapDocument:
    """Return the document with a piece put down, its middle at a cell, and its images in the symmetry."""
    corner, shape = piece.corner_at(cell), document.shape
    after = put_down(document, piece, corner).document
    for image in images_of(options.mirror, shape):
        after = put_down(after, *image.piece(piece, corner, shape)).document
    return after
