"""A card beside the pointer: all that is known of the cell under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QLabel

from app.widgets.parts import tabular

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.run.view import RunView
    from app.window.status import StatusBar

AWAY = 10  # px from the cell


class HoverCard(QLabel):
    """Lies over the canvas beside the cell under the pointer, while it is switched on; never in its way."""

    def __init__(self, canvas: Canvas, view: RunView, status: StatusBar) -> None:
        super().__init__(canvas)
        self._canvas, self._view, self._status = canvas, view, status
        self._cell: tuple[int, int] | None = None
        self.on = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFont(tabular(self.font()))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setBackgroundRole(QPalette.ColorRole.ToolTipBase)
        self.setForegroundRole(QPalette.ColorRole.ToolTipText)
        self.setAutoFillBackground(True)
        self.setMargin(6)
        self.hide()
        canvas.cell_hovered.connect(self._hover)
        canvas.hover_left.connect(self._leave)
        canvas.view_changed.connect(self._leave)
        view.shown_changed.connect(self._tell)

    def toggle(self) -> None:
        """Switch it on or off."""
        self.on = not self.on
        self._tell()

    def _hover(self, row: int, col: int) -> None:
        self._cell = row, col
        self._tell()

    def _leave(self) -> None:
        self._cell = None
        self._tell()

    def _tell(self) -> None:
        """Say what is at the pointer; it may change under a pointer at rest."""
        shown, cell = self._view.shown, self._cell
        if not self.on or cell is None or not shown.document.contains(cell):
            self.hide()
            return
        self.setText("\n".join([*self._status.words_at(*cell), *self._paths_through(cell)]))
        self.adjustSize()
        view, room = self._canvas.view, self._canvas.rect()
        x, y = view.centre(*cell)
        off = view.scale / 2.0 + AWAY
        right, down = round(x + off), round(y + off)
        if right + self.width() > room.right():
            right = round(x - off) - self.width()
        if down + self.height() > room.bottom():
            down = round(y - off) - self.height()
        self.move(QPoint(max(0, right), max(0, down)))
        self.show()

    def _paths_through(self, cell: tuple[int, int]) -> list[str]:
        """Name the routes whose paths cross a cell, as far as the map in view is measured."""
        shown = self._view.shown
        measures = shown.measures
        if measures is None or not shown.measured:
            return []
        routes = measures.of.document.routes
        crossing = [
            route.name
            for route, path in zip(routes, measures.paths, strict=True)
            if bool((path == cell).all(axis=1).any())
        ]
        return [self.tr("on the path of {}").format(", ".join(crossing))] if crossing else []
