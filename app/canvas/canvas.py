"""The canvas: the map on which the designer works. Pointer and keys go to the active tool."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QWheelEvent,
)

from app.canvas import map_marks, point_marks
from app.canvas.map_display import MapDisplay
from app.canvas.split import GRIP
from app.tools import PointerEvent, Sketch, ToolOptions
from app.tools.driver import ToolDriver
from app.tools.point_actions import POINT_ACTIONS, PointActionName, selected
from app.tools.points import point_under

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PySide6.QtWidgets import QWidget

    from app.canvas.scene import Look
    from app.document.model import DocumentModel
    from maps.document import Cell, MapDocument

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
_Phase = Literal["press", "move", "release"]


class Canvas(MapDisplay):
    """Show the model's document and let tools edit it.

    options and tool are set by whoever owns the tool bar; `options_changed` tells when a tool, such as the
    picker, set them. `problem` carries a sentence about a gesture that could not be carried out. `edit_begins`
    comes before a tool reads the model's document to edit it, `escaped` when Escape found no gesture to cancel.
    """

    cell_hovered = Signal(int, int)
    hover_left = Signal()
    point_hovered = Signal(int, int)  # layout and point under the pointer, -1 and -1 for none
    options_changed = Signal(object)
    problem = Signal(str)
    edit_begins = Signal()
    escaped = Signal()

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(model.document, parent)
        self._model = model
        self._tools = ToolDriver(model, self)
        self._hovered: Cell | None = None
        self._hovered_point: tuple[int, int] | None = None
        self._panning = False
        self._dragged_from: QPointF | None = None
        self._by_divider = False  # the pointer is
        self._on_legend = self._on_minimap = self._on_divider = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._show_cursor()
        model.changed.connect(self._show_drawn)
        self._tools.edit_begins.connect(self.edit_begins)
        self._tools.problem.connect(self.problem)
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
        self._show_cursor()

    def set_options(self, options: ToolOptions) -> None:
        """Set the options of the next gesture."""
        self._tools.set_options(options)

    def escape(self) -> None:
        """Cancel a gesture; else deselect all points and go back to the drawn map."""
        if self._tools.busy:
            self._tools.cancel()
        else:
            self._tools.finish_repeats()
            self.set_options(replace(self.options, selection=frozenset()))
            self.escaped.emit()

    def change_size(self, steps: int) -> None:
        """Take a larger brush for steps above 0, a smaller one below."""
        self._tools.change_size(steps)

    def swap_costs(self) -> None:
        """Paint with the other of the two costs."""
        self._tools.swap_costs()

    def set_panning(self, panning: bool) -> None:
        """Let the left button drag the map, as it does while space is held."""
        self._panning = panning
        self._show_cursor()

    def point_action(self, name: PointActionName) -> None:
        """Carry out an action of `POINT_ACTIONS` on the selected points. Raises KeyError for an unknown name."""
        self._tools.act(name)

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
        self.options_changed.emit(new)

    def _show_sketch(self, old: Sketch, new: Sketch) -> None:
        for sketch in (old, new):
            self.update(point_marks.outline_area(self._view, sketch.outline))
        if old.selection != new.selection:
            self.update(self._scene.layouts_area(self._view))

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
        elif button in _BUTTONS and self._dragged_from is None:
            self._tools.press(self._pointer(event, _BUTTONS[button], "press"))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what the press began; without a press, show what is under the pointer."""
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
        """Act on the canvas's own keys: Escape, space, brackets, X, and those of the point actions."""
        keys = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
        if keys == "Esc":
            self.escape()
        elif keys == "Space":
            if not event.isAutoRepeat():
                self.set_panning(True)
        elif event.text() in ("[", "]"):  # with Shift or AltGr on some keyboards
            self.change_size(1 if event.text() == "]" else -1)
        elif keys == "X":
            self.swap_costs()
        elif self._tools.entry.for_points and keys in _ACTION_OF_KEYS:
            self.point_action(_ACTION_OF_KEYS[keys])
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End panning when space is released."""
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.set_panning(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End panning and what repeated keys edit."""
        self.set_panning(False)
        self._tools.finish_repeats()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Show nothing as being under the pointer."""
        self._hover(None)
        self._hover_point(None)
        super().leaveEvent(event)

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
            sketch=sketch,
        )

    def _update_brush(self, cell: Cell | None, size: float | None = None) -> None:
        if cell is not None and self._tools.entry.has_size:
            x, y = self._view.centre(*cell)
            reach = max(size or self.options.size, 1.0) / 2.0 * self._view.scale + 3.0
            self.update(QRectF(x - reach, y - reach, 2 * reach, 2 * reach).toAlignedRect())
