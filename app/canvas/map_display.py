"""Show a map and the results of a run in a widget, at any zoom; repaint only what changed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QMoveEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.canvas import map_marks, path_marks
from app.canvas.colouring import SURROUND
from app.canvas.map_image import reach_image
from app.canvas.route_key import PathCosts
from app.canvas.scene import Look, Scene
from app.canvas.split import divider_at
from app.canvas.view import View, fitted, fitted_beside

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from app.canvas.contours import Contours
    from app.canvas.layers import Layer
    from app.canvas.minimap import Minimap
    from app.canvas.streaks import Streaks
    from app.canvas.underlay import Underlay
    from app.scenarios.frame import Plan
    from maps.document import Cell, Journey, MapDocument, Mask
    from maps.raster import Rectangle

LIGHT_SURROUND = QColor(206, 208, 213)
MINIMAP_INTERVAL = 150  # milliseconds
REVEALED = 24.0  # px from the edge, least distance of a cell that is brought into view
GAP = 8  # px between the map and the legend

_log = logging.getLogger(__name__)


class MapDisplay(QWidget):
    """Show a document and, over it or in place of its costs, what a run and its measures have found.

    Only what changed is drawn anew. An array (H, W) that does not have the map's size is ignored: it is a late
    frame of a run on a map that was resized since.
    """

    view_changed = Signal(float)  # px per cell

    def __init__(self, document: MapDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene = Scene(document)
        self._view = View()
        self._fitted = True  # until the designer zooms or pans
        self._painted = False  # until then the window is being arranged
        self._window_size, self._origin = QSize(), QPoint()  # of the canvas in its window
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        # The minimap follows the cells a little later: together they would be an area across the canvas.
        self._minimap_due = QTimer(self, interval=MINIMAP_INTERVAL, singleShot=True)
        self._minimap_due.timeout.connect(lambda: self.update(self.minimap.area))
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Map"))

    # What is shown

    @property
    def document(self) -> MapDocument:
        """The document that is drawn."""
        return self._scene.map.document

    def show_document(self, new: MapDocument, dirty: Rectangle | None = None) -> None:
        """Draw another document; dirty: the cells that changed, where known."""
        old = self.document
        if new.shape != old.shape:
            self._scene.show_new_map(new)
            self.fit()
            return
        image, was_empty = self._scene.map, self._scene.empty
        before = old.palette, image.shown, image.scale, image.terrains, image.free_cells > 0
        legend, key = self._scene.legend(self.height()).area, self._scene.route_key(self.height()).area
        if new.layouts is not old.layouts:
            self.update(self._scene.layouts_area(self._view))
        cells = image.show_document(new, dirty)
        if cells is not None:
            self._update_cells(cells)
        if (new.palette, image.shown, image.scale, image.terrains, image.free_cells > 0) != before:
            self.update(legend | self._scene.legend(self.height()).area)
        if new.routes != old.routes or self._scene.route_key(self.height()).area != key:
            self.update(key | self._scene.route_key(self.height()).area)
        if new.layouts is not old.layouts:
            self.update(self._scene.layouts_area(self._view))
        if self._scene.empty != was_empty:
            self.update()  # a hint appears or goes
        if new.routes != old.routes:
            if any(route.line for route in {*old.routes, *new.routes}):
                self.update()
            for route in {*old.routes, *new.routes}:
                self.update(map_marks.route_area(self._view, route.start))
                self.update(map_marks.route_area(self._view, route.goal))
            if (len(old.routes) > 1) != (len(new.routes) > 1):
                self.update()  # numbers appear or go

    def show_underlay(self, underlay: Underlay | None) -> None:
        """Lay a picture over the map, None for none."""
        self._scene.underlay = underlay
        self.update()

    def show_cost_map(self, cost_map: NDArray[Any] | None) -> None:
        """Show a run's costs (H, W) in place of the document's, None for the document's own."""
        fits = cost_map is None or cost_map.shape == self._scene.map.document.shape
        if fits and self._scene.map.show_costs(cost_map) is not None:
            self.update()

    def show_paths(self, paths: Sequence[NDArray[Any]]) -> None:
        """Show the exact path of each route, (n, 2) cells (row, col), in the route's colour; empty for no way."""
        self._scene.paths = [path_marks.path_line(path) for path in paths]
        self.update()

    def show_path_costs(self, costs: Mapping[Journey, float], *, stale: bool = False) -> None:
        """Tell in the key of the routes what their paths cost. stale: on an earlier state of the map in view."""
        before = self._scene.route_key(self.height()).area
        self._scene.path_costs = PathCosts(costs, stale)
        self.update(before | self._scene.route_key(self.height()).area)

    def show_walks(self, walks: Sequence[NDArray[Any]]) -> None:
        """Show what agents walk, (n, 2) cells each."""
        self._scene.walks = [path_marks.path_polygon(walk) for walk in walks if len(walk)]
        self.update()

    def show_streaks(self, streaks: Streaks | None) -> None:
        """Show in which streaks traffic flows; None for nothing."""
        if streaks is not self._scene.streaks:
            self._scene.streaks = streaks
            self.update()

    def show_distance(self, distance: NDArray[Any] | None, subject: str = "") -> None:
        """Set the distances (H, W) to the goal, infinite where no path leads, for the layer "distance".

        subject: on which map they are measured, for the legend; empty for the drawn one.
        """
        if distance is None or distance.shape == self._scene.map.document.shape:
            self._scene.map.show_distance(distance)
            self._scene.distance_subject = subject
            self.update()

    def show_contours(self, contours: Contours | None) -> None:
        """Set the lines of equal distance to the goal, for the layer "contours"; None for none."""
        if contours is None or contours.distance.shape == self._scene.map.document.shape:
            self._scene.contours = contours
            self.update()

    def show_reach(self, open_to_it: Mask | None, sentence: str = "") -> None:
        """Shade all but the cells (H, W) where a movement class can be; None for nothing.

        sentence: says what is shaded, over the map.
        """
        document = self._scene.map.document
        if open_to_it is None and self._scene.reach is None:
            return
        if open_to_it is None or open_to_it.shape == document.shape:
            self._scene.reach = None if open_to_it is None else reach_image(open_to_it, document.passable)
            self._scene.whose_reach = sentence
            self.update()

    def show_unreachable(self, reached: Mask | None, why: str = "") -> None:
        """Mark where a search that reached these cells (H, W) ended without the goal; None for nothing.

        why: the reason, where it is another than walls between start and goal.
        """
        if reached is None or reached.shape == self._scene.map.document.shape:
            self._scene.show_unreachable(reached, why)
            self.update()

    def show_moving(self, layouts: Mapping[str, NDArray[np.float64]] | None) -> None:
        """Show where a run has moved layouts, positions (n, 2) by name, with trails; None for as drawn."""
        self._scene.show_moving(layouts or {})
        self.update()

    def show_plan(self, plan: Plan | None) -> None:
        """Show the lines of a plan, None for none."""
        self._scene.plan = plan
        self.update()

    def highlight_row(self, row: int | None) -> None:
        """Highlight the lines of one row of the plan; None for all alike."""
        if row != self._scene.highlighted_row:
            self._scene.highlighted_row = row
            self.update()

    @property
    def beside(self) -> MapDocument | None:
        """The document in the left half; None where the canvas shows one map only."""
        return None if self._scene.beside is None else self._scene.beside.map.document

    def show_beside(self, document: MapDocument | None, sides: tuple[str, str] = ("", "")) -> None:
        """Show another document of the same shape in the left half of the canvas; None for no halves.

        sides: what the halves are, in words.
        """
        scene = self._scene
        if document is None or document.shape != self.document.shape:
            if scene.beside is None:
                return
            scene.beside = None
        elif scene.beside is None:
            scene.beside = Scene(document)
            scene.beside.show_layers(scene.layers)
            self.set_divider(self._view.left + document.width * self._view.scale / 2.0)
        elif sides == scene.sides and document.routes == scene.beside.map.document.routes:
            cells = scene.beside.map.show_document(document)
            if cells is not None:
                self._update_cells(cells)
            return
        else:
            scene.beside.map.show_document(document)
        scene.sides = sides
        self.update()

    def show_measures_beside(self, paths: Sequence[NDArray[Any]], contours: Contours | None) -> None:
        """Show of the map in the left half the path of each route, (n, 2) cells each, and its contours."""
        if self._scene.beside is not None:
            self._scene.beside.paths = [path_marks.path_line(path) for path in paths]
            self._scene.beside.contours = contours
            self.update()

    @property
    def divider(self) -> float | None:
        """X of the line between the halves, px; None without halves."""
        return None if self._scene.beside is None else divider_at(self.rect(), self._scene.divider)

    def set_divider(self, x: float) -> None:
        """Draw the line between the halves here, px, within the canvas."""
        self._scene.divider = min(max(x / max(self.width(), 1), 0.02), 0.98)
        self.update()

    @property
    def visible_layers(self) -> frozenset[Layer]:
        """Names of the layers that are drawn."""
        return self._scene.layers

    def set_visible_layers(self, layers: Iterable[Layer]) -> None:
        """Draw these of `LAYERS`. Raises ValueError for an unknown name."""
        self._scene.show_layers(frozenset(layers))
        self.update()

    # The view

    @property
    def view(self) -> View:
        """Where the cells lie, px of this widget."""
        return self._view

    @property
    def minimap(self) -> Minimap:
        """Where the whole map is drawn small."""
        return self._scene.minimap(self._view, self.rect())

    def fit(self) -> None:
        """Show the whole map, clear of the legend."""
        shape = self._scene.map.document.shape
        if "legend" in self.visible_layers:
            area = self._scene.room_of_legend(self.height())
            corner = area.right() + GAP, self.height() - area.top() + GAP
            self._set_view(fitted_beside(shape, self.width(), self.height(), corner))
        else:
            self._set_view(fitted(shape, self.width(), self.height()))
        self._fitted = True

    def fit_again(self) -> None:
        """Show the whole map unless the designer has zoomed or panned: there may be another legend beside it."""
        if self._fitted:
            self.fit()

    def zoom(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom about a point, the middle if none is given."""
        at = at or QRectF(self.rect()).center()
        self._set_view(self._view.zoomed(factor, at.x(), at.y(), self._scene.map.document.shape))

    def _reveal(self, cell: Cell) -> None:
        """Pan until a cell is in view."""
        x, y = self._view.centre(*cell)
        margin = min(REVEALED, self.width() / 4, self.height() / 4)
        right = max(margin - x, 0.0) - max(x - (self.width() - margin), 0.0)
        down = max(margin - y, 0.0) - max(y - (self.height() - margin), 0.0)
        if right or down:
            self._set_view(self._view.moved(right, down))

    def cell_at(self, point: QPointF) -> Cell:
        """Return the cell (row, col) under a point of the widget; it may lie outside the map."""
        return self._view.cell_at(point.x(), point.y())

    def _set_view(self, view: View) -> None:
        self._view, self._fitted = view, False
        self.update()
        self.view_changed.emit(view.scale)

    # Painting

    def moveEvent(self, event: QMoveEvent) -> None:
        """Keep the map where it is on the screen when a bar beside it comes or goes."""
        self._stay_put()
        super().moveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole map in view while the window changes, until the designer zooms or pans.

        When only bars and docks of the window come or go, the map stays where it is, as large as it is.
        """
        window = self.window().size()
        if self._painted and window == self._window_size:
            self._stay_put()
        else:
            self._window_size, self._origin = window, self.mapTo(self.window(), QPoint())
            self.fit_again()
        super().resizeEvent(event)

    def _stay_put(self) -> None:
        origin, fitted = self.mapTo(self.window(), QPoint()), self._fitted
        by, self._origin = self._origin - origin, origin
        if self._painted and not by.isNull():
            self._set_view(self._view.moved(by.x(), by.y()))
            self._fitted = fitted

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what lies in the area to be drawn anew."""
        self._painted = True
        # An exception that left a paint event would end the process.
        painter = QPainter(self)
        try:
            self._scene.paint(painter, event.rect(), self._look())
        except Exception:
            _log.exception("the map could not be drawn")
        finally:
            painter.end()

    def _look(self) -> Look:
        dark = self.palette().color(QPalette.ColorRole.Window).lightness() < 128
        return Look(
            view=self._view,
            window=self.rect(),
            pixel_ratio=self.devicePixelRatioF(),
            surround=QColor(*SURROUND.tolist()) if dark else LIGHT_SURROUND,
        )

    def _update_cells(self, cells: Rectangle) -> None:
        if not self._minimap_due.isActive() and not self.minimap.area.isEmpty():
            self._minimap_due.start()
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
