"""The canvas: draws the map and what lies over it, and hands the pointer to the active tool."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app import marks
from app.colouring import SURROUND
from app.document_model import DocumentModel
from app.map_image import glow_image
from app.scene import LAYERS, Look, Scene
from app.tools import TOOLS, Gesture, PointerEvent, ToolOptions
from app.view import View, fitted
from maps.document import Cell, MapDocument
from maps.raster import Rectangle

LIGHT_SURROUND = QColor(206, 208, 213)

__all__ = ["LAYERS", "Canvas"]

_log = logging.getLogger(__name__)
_BUTTONS: dict[Qt.MouseButton, Literal["left", "right"]] = {
    Qt.MouseButton.LeftButton: "left",
    Qt.MouseButton.RightButton: "right",
}


class Canvas(QWidget):
    """A view on the model's document.

    options and tool are set by whoever owns the tool bar; `options_changed` tells when a tool, such as the
    picker, set them. `problem` carries a sentence about a gesture that could not be carried out.
    """

    cell_hovered = Signal(int, int)
    hover_left = Signal()
    options_changed = Signal(object)
    view_changed = Signal(float)  # px per cell
    problem = Signal(str)

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._scene = Scene(model.document)
        self._view = View()
        self._fitted = True  # until the designer zooms or pans
        self._tool = "brush"
        self._options = ToolOptions()
        self._gesture: Gesture | None = None
        self._last: tuple[Cell, Literal["left", "right"]] | None = None
        self._hovered: Cell | None = None
        self._space = False
        self._dragged_from: QPointF | None = None
        self._on_legend = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Map"))
        self._show_cursor()
        model.changed.connect(self.show_document)
        model.history_changed.connect(self._drop_gesture)

    # What is shown

    def show_document(self, old: MapDocument, new: MapDocument, dirty: Rectangle | None = None) -> None:
        """Draw a new document; dirty: the cells that changed, where known."""
        if new.shape != self._scene.map.document.shape:
            self._scene.show_new_map(new)
            self.fit()
            return
        scale = self._scene.map.scale
        cells = self._scene.map.show_document(new, dirty)
        if cells is not None:
            self._update_cells(cells)
        if self._scene.map.scale != scale:
            self.update(marks.legend_area(self.height()))
        if new.routes != old.routes:
            for route in {*old.routes, *new.routes}:
                self.update(marks.route_area(self._view, route.start))
                self.update(marks.route_area(self._view, route.goal))
            if (len(old.routes) > 1) != (len(new.routes) > 1):
                self.update()  # numbers appear or go

    def show_cost_map(self, cost_map: NDArray[Any] | None) -> None:
        """A run's costs (H, W) in place of the drawn ones, None for the drawn ones again.

        A late frame of a map that has another size by now is passed over.
        """
        if cost_map is None or cost_map.shape == self._scene.map.document.shape:
            self._scene.map.show_costs(cost_map)
            self.update()

    def show_paths(self, paths: list[NDArray[Any]]) -> None:
        """Exact paths, (n, 2) cells (row, col) each."""
        self._scene.paths = [marks.path_polygon(path) for path in paths if len(path)]
        self.update()

    def show_flow(self, load: NDArray[Any] | None) -> None:
        """How much of the path crosses each cell, (H, W); None for nothing. Late frames as for costs."""
        if load is None or load.shape == self._scene.map.document.shape:
            self._scene.glow = None if load is None else glow_image(load)
            self.update()

    @property
    def visible_layers(self) -> frozenset[str]:
        """Names of the layers that are drawn."""
        return self._scene.layers

    def set_visible_layers(self, layers: Iterable[str]) -> None:
        """Draw these of `LAYERS`. Raises ValueError for a name that is none."""
        self._scene.show_layers(frozenset(layers))
        self.update()

    # The view

    @property
    def view(self) -> View:
        """Where the cells lie, px of this widget."""
        return self._view

    def fit(self) -> None:
        """Show the whole map, clear of the legend."""
        shape = self._scene.map.document.shape
        view = fitted(shape, self.width(), self.height())
        legend = marks.legend_area(self.height())
        left, bottom = view.left, view.top + shape[0] * view.scale
        if "legend" in self.visible_layers and left < legend.right() and bottom > legend.top():
            view = fitted(shape, self.width(), legend.top())
        self._set_view(view)
        self._fitted = True

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Enlarge about a point, the middle if none is given."""
        at = at or QRectF(self.rect()).center()
        self._set_view(self._view.zoomed(factor, at.x(), at.y(), self._scene.map.document.shape))

    def cell_at(self, point: QPointF) -> Cell:
        """(row, col) under a point of the widget; it may lie outside the map."""
        return self._view.cell_at(point.x(), point.y())

    def _set_view(self, view: View) -> None:
        self._view, self._fitted = view, False
        self.update()
        self.view_changed.emit(view.scale)

    # The tool

    @property
    def tool(self) -> str:
        """Id of the active tool, of `TOOLS`."""
        return self._tool

    @property
    def options(self) -> ToolOptions:
        """What the tools work with."""
        return self._options

    def set_tool(self, tool: str) -> None:
        """Take up another tool; a gesture under way is cancelled. Raises KeyError for a name that is none."""
        if tool not in TOOLS:
            raise KeyError(f"there is no tool {tool!r}; there are {', '.join(TOOLS)}")
        self.cancel_gesture()
        self._update_brush(self._hovered)
        self._tool = tool
        self._update_brush(self._hovered)

    def set_options(self, options: ToolOptions) -> None:
        """Set what the next gesture works with."""
        if options != self._options:
            self._update_brush(self._hovered)
            self._options = options
            self._update_brush(self._hovered)
            self.update(marks.legend_area(self.height()))
            self.options_changed.emit(options)

    def cancel_gesture(self) -> None:
        """Break a gesture off; the document is as before it."""
        if self._gesture is not None:
            self._drop_gesture()
            self._model.cancel()

    def _drop_gesture(self) -> None:
        # Whoever else changes the history ends the gesture; a tool that commits is running just now.
        if self._gesture is not None and not self._gesture.gi_running:
            self._gesture.close()
            self._gesture = None

    def _send(self, event: PointerEvent) -> None:
        if self._gesture is None:
            return
        self._last = event.cell, event.button
        try:
            self._gesture.send(event)
        except StopIteration as end:
            self._gesture = None
            if end.value is not None:
                self.set_options(end.value)
        except Exception as error:
            self._gesture = None
            self._model.cancel()
            _log.exception("the tool %s failed", self._tool)
            self.problem.emit(str(error))

    def _pointer(
        self, event: QMouseEvent, button: Literal["left", "right"], phase: Literal["press", "move", "release"]
    ) -> PointerEvent:
        held = event.modifiers()
        names: dict[Qt.KeyboardModifier, Literal["shift", "control", "alt"]] = {
            Qt.KeyboardModifier.ShiftModifier: "shift",
            Qt.KeyboardModifier.ControlModifier: "control",
            Qt.KeyboardModifier.AltModifier: "alt",
        }
        modifiers = frozenset(name for key, name in names.items() if held & key)
        reach = int(marks.mark_size(self._view) / self._view.scale)
        return PointerEvent(self.cell_at(event.position()), button, modifiers, phase, reach)

    # Pointer and keys

    def mousePressEvent(self, event: QMouseEvent) -> None:
        button = event.button()
        if button == Qt.MouseButton.MiddleButton or (self._space and button == Qt.MouseButton.LeftButton):
            self._dragged_from = event.position()
            self._show_cursor()
        elif button == Qt.MouseButton.LeftButton and self._over_legend(event.position()):
            self._on_legend = True
            self._pick_on_legend(event.position())
        elif button in _BUTTONS and self._gesture is None and self._dragged_from is None:
            gesture = TOOLS[self._tool].begin(self._model, self._options)
            next(gesture)
            self._gesture = gesture
            self._send(self._pointer(event, _BUTTONS[button], "press"))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            by = event.position() - self._dragged_from
            self._dragged_from = event.position()
            self._set_view(self._view.moved(by.x(), by.y()))
            return
        if self._on_legend:
            self._pick_on_legend(event.position())
            return
        cell = self.cell_at(event.position())
        self._hover(cell)
        if self._gesture is not None and self._last is not None and cell != self._last[0]:
            self._send(self._pointer(event, self._last[1], "move"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged_from is not None:
            self._dragged_from = None
            self._show_cursor()
        elif self._on_legend:
            self._on_legend = False
        elif self._last is not None and self._last[1] == _BUTTONS.get(event.button()):
            # Qt may fold the last move into the release.
            if self.cell_at(event.position()) != self._last[0]:
                self._send(self._pointer(event, self._last[1], "move"))
            self._send(self._pointer(event, self._last[1], "release"))

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        self.zoom(1.25 ** (turn / 120.0), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._gesture is not None:
            self.cancel_gesture()
        elif event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(True)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold_space(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._hold_space(False)
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def _hold_space(self, held: bool) -> None:
        self._space = held
        self._show_cursor()

    def _show_cursor(self) -> None:
        if self._dragged_from is not None:
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.CrossCursor)

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

    def _over_legend(self, point: QPointF) -> bool:
        return "legend" in self._scene.layers and marks.legend_area(self.height()).contains(point.toPoint())

    def _pick_on_legend(self, point: QPointF) -> None:
        cost = marks.legend_cost(marks.legend_area(self.height()), point.x(), self._scene.map.scale)
        self.set_options(replace(self._options, cost=float(f"{cost:.3g}"), mode="set"))

    # Painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._fitted:
            self.fit()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        # An exception that left a paint event would end the process.
        painter = QPainter(self)
        try:
            self._scene.paint(painter, event.rect(), self._look())
        except Exception:
            _log.exception("the canvas could not be drawn")
        finally:
            painter.end()

    def _look(self) -> Look:
        dark = self.palette().color(QPalette.ColorRole.Window).lightness() < 128
        has_brush = self._hovered is not None and TOOLS[self._tool].has_size
        return Look(
            view=self._view,
            window=self.rect(),
            pixel_ratio=self.devicePixelRatioF(),
            surround=QColor(*SURROUND.tolist()) if dark else LIGHT_SURROUND,
            brush=self._hovered if has_brush else None,
            brush_size=self._options.size,
            chosen_cost=self._options.cost,
        )

    def _update_cells(self, cells: Rectangle) -> None:
        r0, c0, r1, c1 = cells
        scale = self._view.scale
        # Neighbours too: their wall edges may come or go.
        rect = QRectF(
            self._view.left + (c0 - 1) * scale,
            self._view.top + (r0 - 1) * scale,
            (c1 - c0 + 2) * scale,
            (r1 - r0 + 2) * scale,
        )
        self.update(rect.toAlignedRect())

    def _update_brush(self, cell: Cell | None) -> None:
        if cell is not None and TOOLS[self._tool].has_size:
            x, y = self._view.centre(*cell)
            reach = max(self._options.size, 1.0) / 2.0 * self._view.scale + 3.0
            self.update(QRectF(x - reach, y - reach, 2 * reach, 2 * reach).toAlignedRect())
