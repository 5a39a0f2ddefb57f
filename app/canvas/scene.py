"""Draw the canvas's contents, from the map up to the legend and the sentences over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QLineF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

from app.canvas import cell_marks, map_marks, path_marks, point_marks
from app.canvas.axis_marks import draw_axes
from app.canvas.cell_numbers import draw_cell_numbers
from app.canvas.colouring import change_table, colour_table, distance_table
from app.canvas.contours import Contours, draw_contours, draw_labels
from app.canvas.layers import FIRST_LAYERS, LAYERS, Layer
from app.canvas.legend import Entry, Legend, Scale, draw_legend, draw_sentence, place_of_cost, terrain_rows
from app.canvas.map_image import COLOURING, MapImage
from app.canvas.minimap import Minimap, draw_minimap
from app.canvas.piece_image import draw_piece
from app.canvas.point_dots import MANY, Dots
from app.canvas.point_marks import Trails
from app.canvas.route_key import PathCosts, RouteKey, draw_route_key
from app.canvas.rulers import draw_rulers
from app.canvas.split import draw_divider, halves
from app.canvas.streaks import Streaks, draw_streaks
from app.tools.tool import Sketch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from app.canvas.underlay import Underlay
    from app.canvas.view import View
    from app.scenarios.frame import Plan
    from maps.cell_selection import CellSelection
    from maps.document import Cell, Layout, MapDocument, Mask
    from maps.pieces import Piece
    from maps.symmetry import Symmetry

_COST_TABLE = colour_table()
WALK = QColor("#ff8ad8")  # of an agent; no cost has this colour


@dataclass(frozen=True)
class Look:
    """From where the scene is seen, and what the tool in hand adds to it.

    window: the whole canvas, px.
    brush: the cell under the pointer, None where no brush is shown; brush_size: in cells.
    chosen_cost: the cost at which the legend has a notch, None for no notch.
    chosen_terrain: number of the terrain that stands out in the legend, None for none.
    layout: index of the active layout; selected: its selected points.
    cells: the selected cells, None for no selection.
    piece: what would be put down, and where its first cell would be; None for nothing.
    cursor: the keyboard's cell, None where it has none. mirror: the symmetry in which is painted.
    sketch: what the gesture under way draws.
    """

    view: View
    window: QRect
    pixel_ratio: float
    surround: QColor
    brush: Cell | None = None
    brush_size: float = 1.0
    chosen_cost: float | None = None
    chosen_terrain: int | None = None
    layout: int = 0
    selected: frozenset[int] = frozenset()
    cells: CellSelection | None = None
    piece: tuple[Piece, Cell] | None = None
    cursor: Cell | None = None
    mirror: Symmetry = "none"
    sketch: Sketch = field(default_factory=Sketch)


class Scene:
    """Hold and draw the map's image and, over it, what a run shows: paths, flow, moving points, a plan."""

    def __init__(self, document: MapDocument) -> None:
        self.map = MapImage(document)
        self.layers = FIRST_LAYERS
        self.divider = 0.5  # where the right half begins, as a share of the canvas's width
        self.underlay: Underlay | None = None
        self._forget()

    def _forget(self) -> None:
        self.beside: Scene | None = None  # another map, in the left half; None for no halves
        self.sides: tuple[str, str] = ("", "")  # what the halves are, in words
        self.paths: list[path_marks.PathLine] = []  # one for each route, empty without a way
        self.path_costs = PathCosts({})
        self.walks: list[QPolygonF] = []
        self.streaks: Streaks | None = None  # of flow
        self.contours: Contours | None = None  # of the distance to the goal
        self.reach: QImage | None = None  # of a movement class
        self.whose_reach = ""
        self.cut: list[QLineF] | None = None  # None: nothing is unreachable
        self.why_cut = ""
        self.moving: dict[str, NDArray[np.float64]] = {}
        self.trails = Trails()
        self.dots = Dots()
        self.plan: Plan | None = None
        self.highlighted_row: int | None = None
        self.distance_subject = ""  # on which map distances are measured; empty for the drawn one

    def show_new_map(self, document: MapDocument) -> None:
        """Begin anew with a document of another size; a run's results are dropped."""
        self.map = MapImage(document)
        self._forget()
        self.show_layers(self.layers)

    def show_layers(self, layers: frozenset[Layer]) -> None:
        """Draw these of `LAYERS`. Raises ValueError for an unknown name."""
        if unknown := layers - set(LAYERS):
            raise ValueError(f"no layers of the canvas: {sorted(unknown)}; there are {', '.join(LAYERS)}")
        self.layers = layers
        if self.beside is not None:
            self.beside.show_layers(layers)
        self.map.show_layers(layers & COLOURING)

    def show_unreachable(self, reached: Mask | None, why: str = "") -> None:
        """Mark where a search that reached these cells (H, W) ended; None for nothing. why: if it is known."""
        self.why_cut = why
        self.cut = None if reached is None else map_marks.cut_lines(reached, self.map.document.passable)

    def show_moving(self, layouts: Mapping[str, NDArray[np.float64]]) -> None:
        """Show the newest positions (n, 2) by layout's name in place of the drawn ones."""
        self.moving = dict(layouts)
        if layouts:
            self.trails.follow(layouts)
        else:
            self.trails.clear()

    def positions(self, layout: Layout) -> NDArray[np.float64]:
        """Return (n, 2) where the points of a layout are drawn."""
        moving = self.moving.get(layout.name)
        return layout.positions if moving is None or moving.shape != layout.positions.shape else moving

    def layouts_area(self, view: View) -> QRect:
        """Return where on the screen the points of all layouts are drawn."""
        area, layouts = QRect(), self.map.document.layouts
        for layout, radii in zip(layouts, point_marks.disc_radii(layouts, view), strict=True):
            area |= point_marks.points_area(view, self.positions(layout), float(radii.max(initial=0.0)))
        return area

    @property
    def empty(self) -> bool:
        """Whether there is neither a route nor a point nor anything of a run."""
        document = self.map.document
        has_points = any(len(layout.positions) for layout in document.layouts)
        return not (document.routes or has_points or any(path.size() for path in self.paths) or self.map.has_run)

    @property
    def legend_picks(self) -> bool:
        """Whether the legend is in view and shows terrains or costs to pick."""
        return "legend" in self.layers and self.map.shown in ("terrain", "cost")

    def paint(self, painter: QPainter, area: QRect, look: Look) -> None:
        """Draw what lies in an area of the canvas; the painter clips to it."""
        left, right = halves(look.window, self.divider) if self.beside else (QRect(), look.window)
        for scene, half in ((self.beside, left), (self, right)):
            part = half & area
            if scene is not None and not part.isEmpty():
                painter.save()
                painter.setClipRect(part, Qt.ClipOperation.IntersectClip)
                scene._paint_map(painter, part, look)
                painter.restore()
        if look.piece is not None:
            piece, corner = look.piece
            draw_piece(painter, look.view, piece, corner, self.map.document.bounds, self.layers & COLOURING)
        if look.brush is not None:
            map_marks.draw_brush(painter, look.view, look.brush, look.brush_size)
        if look.cursor is not None:
            cell_marks.draw_cursor(painter, look.view, look.cursor)
        point_marks.draw_outline(painter, look.view, look.sketch.outline)
        if "rulers" in self.layers:
            draw_rulers(painter, look.view, look.window, area, self.map.document.shape)
        if "legend" in self.layers and self.map.shown != "nothing":
            legend = self.legend(look.window.height(), look.chosen_cost, look.chosen_terrain)
            if legend.area.intersects(area):
                draw_legend(painter, legend, area)
        if "legend" in self.layers:
            key = self.route_key(look.window.height())
            if key.area.intersects(area):
                draw_route_key(painter, key)
        if self.beside is not None:
            draw_divider(painter, look.window, self.divider, self.sides)
        minimap = self.minimap(look.view, look.window)
        if minimap.area.intersects(area):
            draw_minimap(painter, minimap, self.map.image, look.pixel_ratio)
        self._paint_sentence(painter, look.window)

    def _paint_map(self, painter: QPainter, area: QRect, look: Look) -> None:
        painter.fillRect(area, look.surround)
        self._paint_cells(painter, area, look)
        self._paint_marks(painter, area, look)
        draw_axes(painter, look.view, self.map.document.shape, look.mirror)
        if look.cells is not None:
            cell_marks.draw_selection(painter, look.view, area, look.cells)
        self._paint_layouts(painter, area, look)
        self._paint_routes(painter, area, look)

    def _paint_cells(self, painter: QPainter, area: QRect, look: Look) -> None:
        document, view = self.map.document, look.view
        layers = [self.map.image]
        if self.reach is not None:
            layers.append(self.reach)
        for image in layers:
            if view.scale < 1.0:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                height, width = (side * view.scale for side in document.shape)
                painter.drawImage(QRectF(view.left, view.top, width, height), image)
            elif seen := map_marks.enlarged(image, view, area, look.pixel_ratio):
                painter.drawImage(*seen)
        if self.underlay is not None:
            self.underlay.draw(painter, view, area)
        passable = document.passable if "walls" in self.layers else None
        locked = document.locked if "locked" in self.layers else None
        # One pixel more all round, so that the edges at the border of the area know what lies beyond.
        around = area.adjusted(-1, -1, 1, 1)
        free = self.map.dotted
        if drawn := map_marks.cell_marks(passable, locked, free, view, around, look.pixel_ratio):
            painter.drawImage(*drawn)
        if "grid" in self.layers:
            map_marks.draw_grid(painter, view, document.shape, area)
        if "numbers" in self.layers:
            draw_cell_numbers(painter, view, area, self.map)
        if self.contours is not None and "contours" in self.layers:
            draw_contours(painter, view, area, look.pixel_ratio, self.contours)

    def _paint_marks(self, painter: QPainter, area: QRect, look: Look) -> None:
        view = look.view
        if self.cut:
            map_marks.draw_cut(painter, view, self.cut)
        if "routes" in self.layers:
            for route in self.map.document.routes:
                line = path_marks.path_polygon(np.array(route.line)) if route.line else QPolygonF()
                if path_marks.path_area(view, line).intersects(area) and route.line:
                    path_marks.draw_dashes(painter, view, line, QColor(route.colour))
        if "path" in self.layers:
            routes = self.map.document.routes
            for number, line in enumerate(self.paths):
                colour = QColor(routes[number].colour) if number < len(routes) else map_marks.LIGHT
                off = path_marks.beside(view, number, len(self.paths))
                path_marks.draw_path(painter, view, area, line, colour, off)
            for polygon in self.walks:
                if path_marks.path_area(view, polygon).intersects(area):
                    path_marks.draw_dashes(painter, view, polygon, WALK)
        if self.contours is not None and "contours" in self.layers:
            draw_labels(painter, view, area, self.contours)
        if self.streaks is not None and "flow" in self.layers:
            draw_streaks(painter, view, area, look.pixel_ratio, self.streaks)

    def _paint_layouts(self, painter: QPainter, area: QRect, look: Look) -> None:
        view, layouts = look.view, self.map.document.layouts
        if self.plan is not None and "plan" in self.layers:
            point_marks.draw_plan(painter, view, area, look.pixel_ratio, self.plan, self.highlighted_row)
        if self.moving and "trails" in self.layers:
            colours = {layout.name: QColor(layout.colour) for layout in layouts}
            self.trails.draw(painter, view, area, look.pixel_ratio, colours)
        if "layouts" not in self.layers:
            return
        many = [layout for layout in layouts if len(layout.weights) > MANY]
        dots = [(self.positions(layout), QColor(layout.colour)) for layout in many]
        self.dots.draw(painter, view, look.window, look.pixel_ratio, dots)
        for index, (layout, radii) in enumerate(zip(layouts, point_marks.disc_radii(layouts, view), strict=True)):
            selected = look.selected if index == look.layout else frozenset[int]()
            positions = self.positions(layout)
            if len(positions) > MANY:
                chosen = np.array(sorted(selected), np.int64)[:MANY]
                positions, radii = positions[chosen], np.full(len(chosen), point_marks.SMALLEST)
                selected = frozenset(range(len(chosen)))
            colour = QColor(layout.colour)
            point_marks.draw_points(painter, view, area, positions, radii, look.pixel_ratio, colour, selected)

    def _paint_routes(self, painter: QPainter, area: QRect, look: Look) -> None:
        view, routes = look.view, self.map.document.routes
        if "routes" in self.layers:
            for route, labels in zip(routes, map_marks.route_labels(view, routes), strict=True):
                ends = (map_marks.route_area(view, route.start), map_marks.route_area(view, route.goal))
                if any(end.intersects(area) for end in ends):
                    map_marks.draw_route(painter, view, route, labels)

    def _paint_sentence(self, painter: QPainter, window: QRect) -> None:
        tr = QCoreApplication.translate
        if self.cut is not None:
            text = tr("Scene", "No way to the goal: the search ended at the red line")
            if self.why_cut:
                text = tr("Scene", "No way to the goal. {}").format(self.why_cut)
            draw_sentence(painter, window, text, map_marks.WARNING)
        elif self.reach is not None:
            draw_sentence(painter, window, self.whose_reach)
        elif self.empty and "routes" in self.layers:  # who hides routes knows what they are
            draw_sentence(painter, window, tr("Scene", "Drop a start and a goal (S, G)"))

    def legend(self, height: int, chosen_cost: float | None = None, chosen_terrain: int | None = None) -> Legend:
        """Return what explains the colours of the map, for a canvas of this height, px."""
        tr = QCoreApplication.translate
        match self.map.shown:
            case "distance":
                title = tr("Scene", "distance to the goal")
                if self.distance_subject:
                    title = tr("Scene", "distance, {}").format(self.distance_subject)
                elif self.map.has_run:
                    title = tr("Scene", "distance to the goal, as drawn")
                farthest = self.map.bands * self.map.band
                return Legend(height, Scale(title, distance_table(self.map.bands), ("0", f"{farthest:.4g}")))
            case "difference":
                title, most = tr("Scene", "cheaper · dearer than drawn"), f"{self.map.greatest_change:.3g}"
                return Legend(height, Scale(title, change_table(), (f"−{most}", f"+{most}")))
            case "terrain":
                return self._legend_of_terrains(height, chosen_cost, chosen_terrain)
            case _:
                return Legend(height, self._scale_of_costs(tr("Scene", "cost to cross"), chosen_cost))

    def minimap(self, view: View, window: QRect) -> Minimap:
        """Return where the whole map is drawn small; nowhere if it is not to be, or if all of it is in view."""
        return Minimap(self.map.document.shape, window if "minimap" in self.layers else QRect(), view)

    def route_key(self, height: int) -> RouteKey:
        """Return what explains the routes' colours, above the legend on a canvas of this height."""
        bottom = height - 12 if self.map.shown == "nothing" else self.legend(height).area.top() - 8
        return RouteKey(bottom, self.map.document.routes, self.path_costs)

    def room_of_legend(self, height: int) -> QRect:
        """Return the area of the legends of terrains and of costs and of the key, for the map to be clear of."""
        scale = self._scale_of_costs("", None)
        legends = Legend(height, scale).area | self._legend_of_terrains(height, None, None).area
        return legends | RouteKey(legends.top() - 8, self.map.document.routes, self.path_costs).area

    def _legend_of_terrains(self, height: int, chosen_cost: float | None, chosen_terrain: int | None) -> Legend:
        palette = self.map.document.palette
        scale = None
        if self.map.free_cells:
            free = QCoreApplication.translate("Scene", "free cost")
            scale = self._scale_of_costs(free, chosen_cost if chosen_terrain is None else None)
        numbers = self.map.terrains
        room = terrain_rows(height)
        shown = numbers if len(numbers) <= room else numbers[: room - 1]
        entries = tuple(Entry(number, palette[number], number == chosen_terrain) for number in shown)
        return Legend(height, scale, entries, len(numbers) - len(shown))

    def _scale_of_costs(self, title: str, chosen_cost: float | None) -> Scale:
        lo, hi = self.map.scale
        place = None if chosen_cost is None else place_of_cost(chosen_cost, self.map.scale)
        return Scale(title, _COST_TABLE, (f"{lo:.3g}", f"{hi:.3g}"), place)
