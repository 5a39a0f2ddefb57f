"""Tools that need one cell: flood fill, picker."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from maps.edits import paint, same_terrain, set_passable
from maps.raster import flood

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from app.tools.tool import Gesture, ToolOptions


def fill(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Paint the connected cells of one cost, or a connected wall, which opens."""
    event = yield
    document = model.document
    if event.button != "left" or not document.contains(event.cell):
        return None
    patch = flood(same_terrain(document, event.cell), event.cell)
    filled = paint(document, patch, options.mode, options.value).document
    model.preview(set_passable(filled, patch, True).document)
    # The press shows the fill, and Escape before the release still takes it back.
    while event.phase != "release":
        event = yield
    model.commit("Fill")
    return None


def picker(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Take the cost of a cell for painting; dragging goes on picking."""
    event = yield
    while event.phase != "release":
        if model.document.contains(event.cell):
            options = replace(options, cost=float(model.document.cost[event.cell]), mode="set")
        event = yield
    return options
