"""Tools that span a shape between press and release: line, rectangle. Shift keeps it straight or square."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.tools.painting import painted_with_images
from maps.raster import Patch, rectangle, stroke

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document.model import DocumentModel
    from app.tools.tool import Gesture, PointerEvent, ToolOptions
    from maps.document import Cell


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
