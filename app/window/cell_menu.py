"""The context menu of a cell: what it is, and what can be done there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu

from app.tools.cell_actions import CELL_ACTIONS, CellActionName, selected_cells
from app.tools.here import paste_here, pick_here, place_here, select_here
from maps.errors import MapError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.tools.routes import End
    from app.tools.tool import ToolOptions
    from app.window.status import StatusBar
    from maps.document import MapDocument

_ON_SELECTION: tuple[CellActionName, ...] = ("cut", "copy", "fill", "clear", "select_none")


class CellMenu(QObject):
    """Shows the menu where the canvas wants it."""

    def __init__(self, model: DocumentModel, canvas: Canvas, status: StatusBar) -> None:
        super().__init__(canvas)
        self._model, self._canvas, self._status = model, canvas, status
        self.menu: QMenu | None = None  # the newest one
        canvas.menu_wanted.connect(self.show)

    def show(self, row: int, col: int, at: QPoint) -> None:
        """Show the menu of a cell at a place of the screen."""
        menu = self.menu = QMenu(self._canvas)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        cell, document, options = (row, col), self._model.document, self._canvas.options
        menu.addAction(" · ".join(self._status.words_at(row, col))).setEnabled(False)
        menu.addSeparator()
        menu.addAction(
            self.tr("Paint with this"), lambda: self._canvas.set_options(pick_here(document, options, cell))
        )
        menu.addSeparator()
        ends: tuple[tuple[str, str, End], ...] = (
            (self.tr("Set the start here"), "Move start", "start"),
            (self.tr("Set the goal here"), "Move goal", "goal"),
        )
        adds = options.route >= len(document.routes)
        for text, label, end in ends:
            label = "Add route" if adds else label
            menu.addAction(text, partial(self._edit, label, partial(place_here, cell=cell, end=end)))
        paste = menu.addAction(
            self.tr("Paste here"), partial(self._edit, "Paste cells", partial(paste_here, cell=cell))
        )
        paste.setEnabled(options.piece is not None)
        menu.addSeparator()
        for text, by_cost in ((self.tr("Select same terrain"), False), (self.tr("Select same cost"), True)):
            menu.addAction(text, partial(self._select, cell, by_cost))
        if selected_cells(document, options) is not None:
            menu.addSeparator()
            for name in _ON_SELECTION:
                menu.addAction(CELL_ACTIONS[name].title, partial(self._canvas.cell_action, name))
        menu.popup(at)

    def _select(self, cell: tuple[int, int], by_cost: bool) -> None:
        chosen = select_here(self._model.document, self._canvas.options, cell, by_cost=by_cost)
        self._canvas.set_options(chosen)

    def _edit(self, label: str, change: Callable[[MapDocument, ToolOptions], MapDocument]) -> None:
        self._canvas.edit_begins.emit()
        try:
            self._model.edit(label, change(self._model.document, self._canvas.options))
        except MapError as error:
            self._canvas.problem.emit(str(error))
