"""Tools that are dragged over cells: brush, eraser, wall, lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from app.tools.painting import painted, within_selection
from maps.document import MapDocument
from maps.edits import Edit, set_locked, set_passable, set_terrain
from maps.raster import Patch, stroke
from maps.symmetry import with_images
from maps.terrain import Terrain

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from app.tools.tool import Gesture, ToolOptions


def brush(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Paint a terrain or costs; a cell that the stroke crosses twice is painted once."""
    event = yield
    if event.button != "left":
        return None
    base = document = model.document
    weights = np.zeros(base.shape, np.float32)  # of the whole stroke so far
    last = event.cell
    while event.phase != "release":
        part = stroke(base.shape, last, event.cell, options.size, options.hardness)
        parts = with_images(part, options.mirror, base.shape)
        for image in parts:
            under = weights[image.slices]
            np.maximum(under, image.weights, out=under)
        for image in parts:
            document = painted(document, Patch(image.rectangle, weights[image.slices]), options, base)
        model.preview(document)
        last = event.cell
        event = yield
    model.commit("Brush")
    return None


def eraser(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Restore the base terrain; walls open."""
    terrain = base_terrain(model.document)
    return _sweep(model, options, lambda document, patch: set_terrain(document, patch, terrain), "Erase")


def wall(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Build walls with the left button, clear them with the right one."""
    return _sweep(
        model,
        options,
        lambda document, patch: set_passable(document, patch, False),
        "Build walls",
        lambda document, patch: set_passable(document, patch, True),
        "Clear walls",
    )


def lock(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Lock cells against runs with the left button, unlock them with the right one."""
    return _sweep(
        model,
        options,
        lambda document, patch: set_locked(document, patch, True),
        "Lock cells",
        lambda document, patch: set_locked(document, patch, False),
        "Unlock cells",
    )


def base_terrain(document: MapDocument) -> Terrain:
    """Return the first passable terrain of the palette whose cost is nearest 1."""
    passable = (terrain for terrain in document.palette if terrain.passable)
    return min(passable, key=lambda terrain: abs(terrain.cost - 1.0), default=Terrain("open", 1.0, "#b9cf6a"))


_Apply = Callable[[MapDocument, Patch], Edit]


def _sweep(
    model: DocumentModel,
    options: ToolOptions,
    left: _Apply,
    left_label: str,
    right: _Apply | None = None,
    right_label: str = "",
) -> Gesture:
    """Apply an edit that may be repeated to every stretch of the stroke, by the button that was pressed."""
    event = yield
    apply, label = (left, left_label) if event.button == "left" else (right, right_label)
    if apply is None:
        return None
    document = model.document
    last = event.cell
    while event.phase != "release":
        part = stroke(document.shape, last, event.cell, options.size)
        for image in with_images(part, options.mirror, document.shape):
            document = apply(document, within_selection(image, options, document)).document
        model.preview(document)
        last = event.cell
        event = yield
    model.commit(label)
    return None
