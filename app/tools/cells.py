"""The tool that selects cells, and drags what is selected elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.tools.cell_actions import selected_cells
from app.tools.moving import cleared
from app.tools.tool import Gesture, PointerEvent, Sketch, ToolOptions
from maps.cell_selection import Combine, cells_alike, cells_in_box, cells_in_polygon, combined
from maps.pieces import cut_out, moved_selection, put_down

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from maps.cell_selection import CellSelection
    from maps.document import Cell, MapDocument, Mask

Outline = tuple[tuple[float, float], ...]


def select_cells(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Select cells by a rectangle, a lasso or likeness; Shift adds, Alt takes away, both keep what is in both.

    Selected cells can be dragged elsewhere, with Control a copy of them. A click with a rectangle or a lasso and
    without these keys selects nothing.
    """
    event = yield
    if event.button != "left":
        return None
    document, how = model.document, _combine(event)
    cells = selected_cells(document, options)
    if how == "replace" and cells is not None and cells.contains(event.cell):
        pressed = event
        event = yield
        while event.phase != "release" and event.cell == pressed.cell:
            event = yield
        if event.cell != pressed.cell:
            return (yield from _move(model, options, cells, pressed, event))
        if options.select_by in ("rectangle", "lasso"):
            return replace(options, cells=None)
        return _of_likeness(document, options, event.cell, how)
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
    cell = event.cell
    while event.phase != "release":
        event = yield
    return _of_likeness(model.document, options, cell, how)


def _of_likeness(document: MapDocument, options: ToolOptions, cell: Cell, how: Combine) -> ToolOptions | None:
    if not document.contains(cell):
        return replace(options, cells=None) if how == "replace" else None
    by_cost = options.select_by == "cost"
    mask = cells_alike(document, cell, by_cost=by_cost, tolerance=options.tolerance, connected=options.connected)
    return replace(options, cells=combined(options.cells, mask, how))


def _move(
    model: DocumentModel, options: ToolOptions, cells: CellSelection, pressed: PointerEvent, event: PointerEvent
) -> Gesture:
    """Drag the selected cells; what they leave is of the base terrain, unless a copy is dragged."""
    base, piece = model.document, cut_out(model.document, cells)
    copies = "control" in pressed.modifiers
    ground = base if copies else cleared(base, cells)
    while True:
        by = event.cell[0] - pressed.cell[0], event.cell[1] - pressed.cell[1]
        corner = cells.box[0] + by[0], cells.box[1] + by[1]
        now = moved_selection(base.shape, piece, corner)
        model.preview(base if by == (0, 0) else put_down(ground, piece, corner).document)
        if event.phase == "release":
            break
        event = yield Sketch(cells=now)
    model.commit("Copy cells" if copies else "Move cells")
    return replace(options, cells=now)


def _combine(event: PointerEvent) -> Combine:
    shift, alt = "shift" in event.modifiers, "alt" in event.modifiers
    return "intersect" if shift and alt else "add" if shift else "subtract" if alt else "replace"


def _box_outline(corner: Cell, opposite: Cell) -> Outline:
    """The edge, in (row, col) positions, of the cells between two corners, both included."""
    top, bottom = min(corner[0], opposite[0]) - 0.5, max(corner[0], opposite[0]) + 0.5
    left, right = min(corner[1], opposite[1]) - 0.5, max(corner[1], opposite[1]) + 0.5
    return (top, left), (top, right), (bottom, right), (bottom, left)
