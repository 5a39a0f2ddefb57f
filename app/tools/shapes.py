"""Tools that span a shape between press and release: line, rectangle, gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.tools.cell_actions import selected_cells
from app.tools.painting import painted_with_images
from app.tools.tool import Sketch
from maps.edits import paint
from maps.raster import Patch, rectangle, stroke

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from app.document.model import DocumentModel
    from app.tools.tool import Gesture, PointerEvent, ToolOptions
    from maps.document import Cell
    from maps.raster import Rectangle


def line(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Draw a straight stroke of the brush; with Shift horizontal, vertical or at 45°."""
    shape = model.document.shape

    def between(start: Cell, event: PointerEvent) -> Patch:
        end = _straight(start, event.cell) if "shift" in event.modifiers else event.cell
        return stroke(shape, start, end, options.size, options.hardness)

    return _span(model, options, between, "Line")


def box(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Draw a rectangle, filled or only its border; with Shift a square."""
    shape = model.document.shape

    def between(start: Cell, event: PointerEvent) -> Patch:
        end = _square(start, event.cell) if "shift" in event.modifiers else event.cell
        return rectangle(shape, start, end, options.filled)

    return _span(model, options, between, "Rectangle")


def gradient(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Fade, from press to release, from the cost in hand to the other one, in the selected cells or all.

    Walls keep what they are, and costs stay within the map's bounds.
    """
    event = yield
    if event.button != "left" or not model.document.contains(event.cell):
        return None
    base, pressed = model.document, event.cell
    cells = selected_cells(base, options)
    area = Patch((0, 0, *base.shape), np.ones(base.shape, np.float32)) if cells is None else cells.patch
    patch = Patch(area.rectangle, area.weights * base.passable[area.slices])
    while True:
        if event.cell != pressed:
            costs = faded(patch.rectangle, pressed, event.cell, options.cost, options.other_cost)
            model.preview(paint(base, patch, "set", costs, limits=base.bounds).document)
        if event.phase == "release":
            break
        event = yield Sketch((pressed, event.cell))
    model.commit("Gradient")
    return None


def faded(rectangle: Rectangle, start: Cell, end: Cell, first: float, last: float) -> NDArray[np.float64]:
    """Return a cost for each cell of a rectangle: `first` up to the start, `last` from the end on, even between.

    Lines of one cost are at right angles to the line from start to end, which are two cells.
    """
    r0, c0, r1, c1 = rectangle
    down, right = end[0] - start[0], end[1] - start[1]
    rows, columns = np.arange(r0, r1)[:, None] - start[0], np.arange(c0, c1) - start[1]
    share = np.clip((rows * down + columns * right) / (down * down + right * right), 0.0, 1.0)
    return first + share * (last - first)


def _span(
    model: DocumentModel, options: ToolOptions, between: Callable[[Cell, PointerEvent], Patch], label: str
) -> Gesture:
    event = yield
    if event.button != "left":
        return None
    base, start = model.document, event.cell
    while True:
        model.preview(painted_with_images(base, between(start, event), options, base))
        if event.phase == "release":
            break
        event = yield
    model.commit(label)
    return None


def _straight(start: Cell, end: Cell) -> Cell:
    down, right = end[0] - start[0], end[1] - start[1]
    if abs(down) > 2 * abs(right):
        return end[0], start[1]
    if abs(right) > 2 * abs(down):
        return start[0], end[1]
    return _square(start, end)


def _square(start: Cell, end: Cell) -> Cell:
    down, right = end[0] - start[0], end[1] - start[1]
    side = max(abs(down), abs(right))
    return start[0] + (side if down >= 0 else -side), start[1] + (side if right >= 0 else -side)
