"""What the canvas draws, from the map up to the legend."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

from app import marks
from app.map_image import MapImage
from app.view import View
from maps.document import Cell, MapDocument

LAYERS = ("cost", "walls", "locked", "grid", "flow", "path", "routes", "legend")


@dataclass(frozen=True)
class Look:
    """How the canvas looks at the scene.

    window: the whole canvas, px. brush: the cell under the pointer, None where no brush is shown.
    brush_size: in cells. chosen_cost: what the legend points at.
    """

    view: View
    window: QRect
    pixel_ratio: float
    surround: QColor
    brush: Cell | None
    brush_size: float
    chosen_cost: float


class Scene:
    """The map's pixels, and the paths and the glow of a run over them."""

    def __init__(self, document: MapDocument) -> None:
        self.map = MapImage(document)
        self.paths: list[QPolygonF] = []
        self.glow: QImage | None = None
        self.layers = frozenset(LAYERS)

    def show_new_map(self, document: MapDocument) -> None:
        """Begin anew with a document of another size; what a run showed is gone."""
        self.map = MapImage(document)
        self.paths, self.glow = [], None
        self.show_layers(self.layers)

    def show_layers(self, layers: frozenset[str]) -> None:
        """Draw these of `LAYERS`. Raises ValueError for a name that is none."""
        if unknown := layers - set(LAYERS):
            raise ValueError(f"no layers of the canvas: {sorted(unknown)}; there are {', '.join(LAYERS)}")
        self.layers = layers
        self.map.show_layers("cost" in layers, "walls" in layers)

    def paint(self, painter: QPainter, area: QRect, look: Look) -> None:
        """Draw what lies in an area of the canvas; the painter clips to it."""
        painter.fillRect(area, look.surround)
        self._paint_cells(painter, area, look)
        self._paint_marks(painter, area, look)
        legend = marks.legend_area(look.window.height())
        if {"legend", "cost"} <= self.layers and legend.intersects(area):
            title = QCoreApplication.translate("Scene", "cost to cross")
            marks.draw_legend(painter, legend, self.map.scale, title, look.chosen_cost)

    def _paint_cells(self, painter: QPainter, area: QRect, look: Look) -> None:
        document, view = self.map.document, look.view
        layers = [self.map.image]
        if self.glow is not None and "flow" in self.layers:
            layers.append(self.glow)
        for image in layers:
            if view.scale < 1.0:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                height, width = (side * view.scale for side in document.shape)
                painter.drawImage(QRectF(view.left, view.top, width, height), image)
            elif seen := marks.enlarged(image, view, area, look.pixel_ratio):
                painter.drawImage(*seen)
        passable = document.passable if "walls" in self.layers else None
        locked = document.locked if "locked" in self.layers else None
        # One pixel more all round, so that the edges at the border of the area know what lies beyond.
        around = area.adjusted(-1, -1, 1, 1)
        if image := marks.cell_marks(passable, locked, view, around, look.pixel_ratio):
            painter.drawImage(around.topLeft(), image)
        if "grid" in self.layers:
            marks.draw_grid(painter, view, document.shape, area)

    def _paint_marks(self, painter: QPainter, area: QRect, look: Look) -> None:
        view, routes = look.view, self.map.document.routes
        if "path" in self.layers:
            for polygon in self.paths:
                if marks.path_area(view, polygon).intersects(area):
                    marks.draw_path(painter, view, polygon)
        if "routes" in self.layers:
            for number, route in enumerate(routes, 1):
                ends = (marks.route_area(view, route.start), marks.route_area(view, route.goal))
                if any(end.intersects(area) for end in ends):
                    marks.draw_route(painter, view, route, number if len(routes) > 1 else None)
        if look.brush is not None:
            marks.draw_brush(painter, view, look.brush, look.brush_size)
