"""The canvas: the map on which the designer works. Pointer and keys go to the active tool."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QWheelEvent,
)

from app.canvas import cell_marks, map_marks
from app.canvas.split import GRIP
from app.canvas.tool_display import ToolDisplay
from app.tools import PointerEvent
from app.tools.cell_actions import CELL_ACTIONS, CellActionName
from app.tools.point_actions import POINT_ACTIONS, PointActionName
from app.tools.points import point_under

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.document.model import DocumentModel
    from maps.document import Cell

TOUCH = 9.0  # px that the pointer may be off a point

_BUTTONS: dict[Qt.MouseButton, Literal["left", "right"]] = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.RightButton: "right",
}
_HELD: dict[Qt.KeyboardModifier, Literal["shift", "control", "alt"]] = {
    Qt.KeyboardModifier.ShiftModifier: "shift",
    Qt.KeyboardModifier.ControlModifier: "control",
    Qt.KeyboardModifier.AltModifier: "alt",
}
_ACTION_OF_KEYS: dict[str, PointActionName] = {entry.shortcut: name for name, entry in POINT_ACTIONS.items()}
_ACTION_OF_KEYS["Backspace"] = "delete"
_CELL_ACTION_OF_KEYS: dict[str, CellActionName] = {entry.shortcut: name for name, entry in CELL_ACTIONS.items()}
_CELL_ACTION_OF_KEYS["Backspace"] = "clear"
_Phase = Literal["press", "move", "release"]


class Canvas(ToolDisplay):
    """Give pointer and keys to the tool in hand.

    `menu_wanted` asks for the menu of a cell, row and column, at a place of the screen.
    """

    point_hovered = Signal(int, int)  # layout and point under the pointer, -1 and -1 for none
    menu_wanted = Signal(int, int, QPoint)

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(model, parent)
        self._hovered_point: tuple[int, int] | None = None
        self._panning = False
        self._dragged_from: QPointF | None = None
        self._by_divider = False  # the pointer is
        self._on_legend = self._on_minimap = self._on_divider = False
        self._pointed_at = QPointF()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._show_cursor()

    def set_tool(self, tool: str) -> None:
        """Take up another tool and cancel a gesture under way. Raises KeyError for an unknown name."""
        super().set_tool(tool)
        self._show_cursor()

    def set_panning(self, panning: bool) -> None:
        """Let the left button drag the map, as it does while space is held."""
        self._panning = panning
        self._show_cursor()

    def _pointer(self, event: QMouseEvent, button: Literal["left", "right"], phase: _Phase) -> PointerEvent:
        held = event.modifiers()
        at, scale = event.position(), self._view.scale
        return PointerEvent(
            cell=self.cell_at(at),
            button=button,
            modifiers=frozenset(name for key, name in _HELD.items() if held & key),
            phase=phase,
            reach=int(map_marks.mark_size(self._view) / scale),
            position=self._view.position_at(at.x(), at.y()),
            touch=TOUCH / scale,
        )

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to drag the map or the divider, to pick from legend or minimap, or a gesture of the tool."""
        button = event.button()
        if button == Qt.MouseButton.MiddleButton or (self._panning and button == Qt.MouseButton.LeftButton):
            self._dragged_from = event.position()
            self._show_cursor()
        elif button == Qt.MouseButton.LeftButton and self._over_divider(event.position()):
            self._on_divider = True
        elif button == Qt.MouseButton.LeftButton and self.minimap.area.contains(event.position().toPoint()):
            self._on_minimap = True
            self._set_view(self.minimap.view_at(event.position()))
        elif button == Qt.MouseButton.LeftButton and self._over_legend(event.position()):
            self._on_legend = True
            self._pick_on_legend(event.position())
        elif button in _BUTTONS and self._dragged_from is None and self._uses(button):
            self._tools.press(self._pointer(event, _BUTTONS[button], "press"))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began; without a press, show what is under the pointer."""
        if event.globalPosition() != self._pointed_at:  # Qt may tell of a pointer at rest
            self._pointed_at = event.globalPosition()
            self._lead_by_pointer()
        if self._dragged_from is not None:
            by = event.position() - self._dragged_from
            self._dragged_from = event.position()
            self._set_view(self._view.moved(by.x(), by.y()))
            return
        if self._on_divider:
            self.set_divider(event.position().x())
            return
        if self._on_minimap:
            self._set_view(self.minimap.view_at(event.position()))
            return
        if self._on_legend:
            self._pick_on_legend(event.position())
            return
        self._hover(self.cell_at(event.position()))
        if self._tools.busy:
            self._tools.move(self._pointer(event, "left", "move"))
        else:
            if self._over_divider(event.position()) != self._by_divider:
                self._by_divider = not self._by_divider
                self._show_cursor()
            self._hover_point(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End what the press began."""
        if self._dragged_from is not None:
            self._dragged_from = None
            self._show_cursor()
        elif self._on_divider or self._on_minimap or self._on_legend:
            self._on_divider = self._on_minimap = self._on_legend = False
        elif event.button() in _BUTTONS:
            self._tools.release(self._pointer(event, _BUTTONS[event.button()], "release"))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the pointer; with Alt over a selected point, change the weights of all selected."""
        turn = event.angleDelta().y() or event.angleDelta().x()  # with Alt the wheel turns sideways
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and self._over_selection(event.position()):
            self.point_action("heavier" if turn > 0 else "lighter")
        else:
            self.zoom(1.25 ** (turn / 120.0), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Act on the canvas's own keys: Escape, space, brackets, X, and those of actions on points or cells."""
        keys = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        if keys == "Esc":
            self.escape()
        elif self._takes_cursor_key(keys):
            pass
        elif keys == "Space":
            if not event.isAutoRepeat():
                self.set_panning(True)
        elif event.text() in ("[", "]"):  # with Shift or AltGr on some keyboards
            self.change_size(1 if event.text() == "]" else -1)
        elif keys == "X":
            self.swap_costs()
        elif self._tools.entry.for_points and keys in _ACTION_OF_KEYS:
            self.point_action(_ACTION_OF_KEYS[keys])
        elif not self._tools.entry.for_points and keys in _CELL_ACTION_OF_KEYS:
            self.cell_action(_CELL_ACTION_OF_KEYS[keys])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End panning, or the keyboard's gesture, when space is released."""
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat() and not self._cursor.release():
                self.set_panning(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End panning and what repeated keys edit."""
        self.set_panning(False)
        self._lead_by_pointer()
        self._tools.finish_repeats()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Show nothing as being under the pointer."""
        self._hover(None)
        self._hover_point(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the cell under the pointer, unless its tool uses this button, or the keyboard's."""
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        if by_mouse and (self._uses(Qt.MouseButton.RightButton) or self._tools.busy):
            return
        cell = self.cell_at(QPointF(event.pos())) if by_mouse else self._cursor.cell or self._hovered
        if cell is not None and self.document.contains(cell):
            x, y = self._view.centre(*cell)
            at = event.globalPos() if by_mouse else self.mapToGlobal(QPoint(round(x), round(y)))
            self.menu_wanted.emit(*cell, at)

    def _uses(self, button: Qt.MouseButton) -> bool:
        return button == Qt.MouseButton.LeftButton or self._tools.entry.edits_right

    def _takes_cursor_key(self, keys: str) -> bool:
        """Give a key to the keyboard's cell, unless it moves selected points; return whether it took it."""
        nudges = self._tools.entry.for_points and self.options.selection and keys in _ACTION_OF_KEYS
        if nudges and self._cursor.cell is None:
            return False
        before = self._cursor.cell
        middle = self.cell_at(QRectF(self.rect()).center())
        if not self._cursor.press(keys, self.document.shape, self._hovered or middle):
            return False
        self._show_key_cursor(before)
        return True

    def _show_key_cursor(self, before: Cell | None) -> None:
        now = self._cursor.cell
        for cell in (before, now):
            if cell is not None:
                self.update(cell_marks.cursor_area(self._view, cell))
        if now is not None:
            self._reveal(now)
            self._hover(now)

    def _lead_by_pointer(self) -> None:
        before = self._cursor.cell
        self._cursor.hide()
        self._show_key_cursor(before)

    def _show_cursor(self) -> None:
        if self._dragged_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif self._panning:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._by_divider:
            self.setCursor(Qt.CursorShape.SplitHCursor)
        elif self._tools.entry.for_points and self._hovered_point is not None:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.setCursor(Qt.CursorShape.CrossCursor)

    def _hover_point(self, at: QPointF | None) -> None:
        found = None
        if at is not None and "layouts" in self.visible_layers:
            place = self._view.position_at(at.x(), at.y())
            found = point_under(self.document, self.options, place, TOUCH / self._view.scale)
        if found != self._hovered_point:
            self._hovered_point = found
            self._show_cursor()
            self.point_hovered.emit(*(found or (-1, -1)))

    def _over_selection(self, at: QPointF) -> bool:
        self._hover_point(at)
        if not self._tools.entry.for_points or self._hovered_point is None:
            return False
        layout, point = self._hovered_point
        return layout == self.options.layout and point in self.options.selection

    def _over_divider(self, point: QPointF) -> bool:
        return self.divider is not None and abs(point.x() - self.divider) <= GRIP

    def _over_legend(self, point: QPointF) -> bool:
        return self._scene.legend_picks and self._scene.legend(self.height()).area.contains(point.toPoint())

    def _pick_on_legend(self, point: QPointF) -> None:
        """Take up the terrain under the pointer for painting, or the cost on the scale."""
        legend, at = self._scene.legend(self.height()), point.toPoint()
        if entry := legend.entry_at(at):
            self.set_options(self.options.with_terrain(entry.number, entry.terrain))
        elif legend.scale_area.contains(at):
            cost = legend.cost_at(point.x(), self._scene.map.scale)
            self.set_options(self.options.with_cost(float(f"{cost:.3g}")))
