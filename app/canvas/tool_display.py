"""Show a map and what the tool in hand adds to it: brush, selection, what hangs under the pointer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, Signal

from app.canvas import cell_marks, point_marks
from app.canvas.key_cursor import KeyCursor
from app.canvas.map_display import MapDisplay
from app.canvas.piece_image import piece_area
from app.tools.driver import ToolDriver
from app.tools.point_actions import PointActionName, selected

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget

    from app.canvas.scene import Look
    from app.document.model import DocumentModel
    from app.tools import Sketch, ToolOptions
    from app.tools.cell_actions import CellActionName
    from maps.document import Cell, MapDocument
    from maps.pieces import Piece


class ToolDisplay(MapDisplay):
    """Show the model's document, and hold the tool with which it is edited.

    options and tool are set by whoever owns the tool bar; `options_changed` tells when a tool, such as the
    picker, set them. `problem` carries a sentence about a gesture that could not be carried out. `edit_begins`
    comes before a tool reads the model's document to edit it, `escaped` when Escape found no gesture to cancel.
    `tool_wanted` names the tool with which an action goes on; empty: the one before this one.
    """

    cell_hovered = Signal(int, int)
    hover_left = Signal()
    options_changed = Signal(object)
    problem = Signal(str)
    tool_wanted = Signal(str)
    edit_begins = Signal()
    escaped = Signal()

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(model.document, parent)
        self._model = model
        self._tools = ToolDriver(model, self)
        self._hovered: Cell | None = None
        self._cursor = KeyCursor(self._tools)
        model.changed.connect(self._show_drawn)
        self._tools.edit_begins.connect(self.edit_begins)
        self._tools.problem.connect(self.problem)
        self._tools.tool_wanted.connect(self.tool_wanted)
        self._tools.options_changed.connect(self._show_options)
        self._tools.sketch_changed.connect(self._show_sketch)

    # The tool

    @property
    def tool(self) -> str:
        """Id of the active tool, of `TOOLS`."""
        return self._tools.tool

    @property
    def options(self) -> ToolOptions:
        """What the tools work with."""
        return self._tools.options

    def set_tool(self, tool: str) -> None:
        """Take up another tool and cancel a gesture under way. Raises KeyError for an unknown name."""
        self._update_brush(self._hovered)
        self._tools.set_tool(tool)
        self._update_brush(self._hovered)
        if self.options.mirror != "none":
            self.update()  # axes appear or go

    def set_options(self, options: ToolOptions) -> None:
        """Set the options of the next gesture."""
        self._tools.set_options(options)

    def escape(self) -> None:
        """Cancel a gesture, or else lay a stamp aside.

        Where there is neither, deselect all points, or cells with their tool, and go back to the drawn map.
        """
        if self._tools.busy:
            self._tools.cancel()
        elif self.tool == "stamp":
            self.tool_wanted.emit("")
        else:
            self._tools.finish_repeats()
            cells = None if self.tool == "cells" else self.options.cells
            self.set_options(replace(self.options, selection=frozenset(), cells=cells))
            self.escaped.emit()

    def change_size(self, steps: int) -> None:
        """Take a larger brush for steps above 0, a smaller one below."""
        self._tools.change_size(steps)

    def swap_costs(self) -> None:
        """Paint with the other of the two costs."""
        self._tools.swap_costs()

    def point_action(self, name: PointActionName) -> None:
        """Carry out an action of `POINT_ACTIONS` on the selected points. Raises KeyError for an unknown name."""
        self._tools.act(name)

    def cell_action(self, name: CellActionName) -> None:
        """Carry out an action of `CELL_ACTIONS` on the selected cells. Raises KeyError for an unknown name."""
        self._tools.act_on_cells(name)

    def set_selected_weight(self, weight: float) -> None:
        """Give each selected point this weight, as one undo step."""
        self._tools.set_weight(weight)

    @property
    def selected_weights(self) -> NDArray[np.float64]:
        """(k,) weights of the selected points."""
        points = selected(self._model.document, self.options)
        return np.zeros(0) if points is None else points.weights

    def _show_drawn(self, old: MapDocument, new: MapDocument) -> None:
        self.show_document(new)

    def _show_options(self, old: ToolOptions, new: ToolOptions) -> None:
        self._update_brush(self._hovered, old.size)
        self._update_brush(self._hovered, new.size)
        if (old.cost, old.painted_terrain) != (new.cost, new.painted_terrain):
            self.update(self._scene.legend(self.height()).area)
        if (old.layout, old.selection) != (new.layout, new.selection):
            self.update(self._scene.layouts_area(self._view))
        if old.piece is not new.piece and self._hovered is not None:
            for piece in (old.piece, new.piece):
                if piece is not None:
                    self.update(piece_area(self._view, piece, piece.corner_at(self._hovered)))
        if old.mirror != new.mirror:
            self.update()
        if old.cells is not new.cells:
            for cells in (old.cells, new.cells):
                self.update(cell_marks.selection_area(self._view, cells))
        self.options_changed.emit(new)

    def _show_sketch(self, old: Sketch, new: Sketch) -> None:
        for sketch in (old, new):
            self.update(point_marks.outline_area(self._view, sketch.outline))
            self.update(cell_marks.selection_area(self._view, sketch.cells))
        if old.selection != new.selection:
            self.update(self._scene.layouts_area(self._view))

    def _hover(self, cell: Cell | None) -> None:
        if cell is not None and not self._scene.map.document.contains(cell):
            cell = None
        if cell == self._hovered:
            return
        self._update_brush(self._hovered)
        self._hovered = cell
        self._update_brush(cell)
        if cell is None:
            self.hover_left.emit()
        else:
            self.cell_hovered.emit(*cell)

    # What is drawn of the tool

    def _look(self) -> Look:
        sketch = self._tools.sketch
        return replace(
            super()._look(),
            brush=self._hovered if self._tools.entry.has_size else None,
            brush_size=self.options.size,
            chosen_cost=self.options.cost,
            chosen_terrain=self.options.painted_terrain,
            layout=self.options.layout,
            selected=self.options.selection if sketch.selection is None else sketch.selection,
            cells=sketch.cells or self.options.cells,
            cursor=self._cursor.cell,
            piece=self._hanging(self._hovered),
            mirror=self.options.mirror if "mirror" in self._tools.entry.options else "none",
            sketch=sketch,
        )

    def _hanging(self, cell: Cell | None) -> tuple[Piece, Cell] | None:
        """The stamp's piece and where it hangs over a cell; while it is put down, the map shows it."""
        piece = self.options.piece
        if cell is None or piece is None or self.tool != "stamp" or self._tools.busy:
            return None
        return piece, piece.corner_at(cell)

    def _update_brush(self, cell: Cell | None, size: float | None = None) -> None:
        if (hanging := self._hanging(cell)) is not None:
            self.update(piece_area(self._view, *hanging))
        if cell is not None and self._tools.entry.has_size:
            x, y = self._view.centre(*cell)
            reach = max(size or self.options.size, 1.0) / 2.0 * self._view.scale + 3.0
            self.update(QRectF(x - reach, y - reach, 2 * reach, 2 * reach).toAlignedRect())
