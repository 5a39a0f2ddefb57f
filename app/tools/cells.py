"""The tool that selects cells, and drags what is selected elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.tools.tool import Gesture, PointerEvent, Sketch, ToolOptions
from maps.cell_selection import Combine, cells_alike, cells_in_box, cells_in_polygon, combined

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from maps.document import Cell, Mask

Outline = tuple[tuple[float, float], ...]


def select_cells(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Select cells by a rectangle, a lasso or likeness; Shift adds, Alt takes away, both keep what is in both.

    A click with a rectangle or a lasso and without these keys selects nothing.
    """
    event = yield
    if event.button != "left":
        return None
    document, how = model.document, _combine(event)
    if options.select_by in ("terrain", "cost"):
        return (yield from _by_likeness(model, options, event, how))
    shape, pressed, line = document.shape, event, [event.position]
    while event.phase != "release":
        lasso = options.select_by == "lasso"
        event = yield Sketch(tuple(line) if lasso else _box_outline(pressed.cell, event.cell))
        line.append(event.position)
    if event.cell == pressed.cell and len(set(line)) < 3 and how == "replace":
        return replace(options, cells=None)
    box = options.select_by == "rectangle"
    mask: Mask = cells_in_box(shape, pressed.cell, event.cell) if box else cells_in_polygon(shape, line)
    return replace(options, cells=combined(options.cells, mask, how))


def _by_likeness(model: DocumentModel, options: ToolOptions, event: PointerEvent, how: Combine) -> Gesture:
    document, cell = model.document, event.cell
    while event.phase != "release":
        event = yield
    if not document.contains(cell):
        return replace(options, cells=None) if how == "replace" else None
    by_cost = options.select_by == "cost"
    mask = cells_alike(document, cell, by_cost=by_cost, tolerance=options.tolerance, connected=options.connected)
    return replace(options, cells=combined(options.cells, mask, how))


def _combine(event: PointerEvent) -> Combine:
    shift, alt = "shift" in event.modifiers, "alt" in event.modifiers
    return "intersect" if shift and alt else "add" if shift else "subtract" if alt else "replace"


def _box_outline(corner: Cell, opposite: Cell) -> Outline:
    """The edge, in (row, col) positions, of the cells between two corners, both included."""
    top, bottom = min(corner[0], opposite[0]) - 0.5, max(corner[0], opposite[0]) + 0.5
    left, right = min(corner[1], opposite[1]) - 0.5, max(corner[1], opposite[1]) + 0.5
    return (top, left), (top, right), (bottom, right), (bottom, left)
