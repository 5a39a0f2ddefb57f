"""Tools that need one cell: flood fill, picker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tools.painting import painted_with_images, picked, terrain_in_hand, within_selection
from maps.edits import same_terrain, set_passable
from maps.raster import flood
from maps.symmetry import with_images

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from app.tools.tool import Gesture, ToolOptions


def fill(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Paint the connected cells of one terrain and cost; a connected wall opens unless it gets a terrain.

    Where cells are selected, it spreads among these only.
    """
    event = yield
    document = model.document
    if event.button != "left" or not document.contains(event.cell):
        return None
    same = same_terrain(document, event.cell)
    if options.cells is not None and options.cells.mask.shape == document.shape:
        same &= options.cells.mask
    patch = flood(same, event.cell)
    filled = painted_with_images(document, patch, options, document)
    if terrain_in_hand(document, options) is None:
        for part in with_images(patch, options.mirror, document.shape):
            filled = set_passable(filled, within_selection(part, options, document), True).document
    model.preview(filled)
    # The press shows the fill, and Escape before the release still takes it back.
    while event.phase != "release":
        event = yield
    model.commit("Fill")
    return None


def picker(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Take the terrain of a cell for painting, or its cost; dragging goes on picking."""
    event = yield
    found = options
    while event.phase != "release":
        if model.document.contains(event.cell):
            found = picked(model.document, event.cell, options)
        event = yield
    return found
