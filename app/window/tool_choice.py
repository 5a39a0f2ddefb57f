"""The active tool and its options, on which canvas, options bar and panels agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.tools import TOOLS, ToolOptions

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.panels.tool_options import OptionsBar
    from app.window.docks import Panels
    from maps.terrain import Terrain


class ToolChoice(QObject):
    """Takes a choice made in one of these places over to the others; the canvas holds the tool and its options."""

    chosen = Signal()  # another tool
    told = Signal(str, int)  # a sentence for the status bar, and for how many milliseconds

    def __init__(self, model: DocumentModel, canvas: Canvas, bar: OptionsBar, panels: Panels) -> None:
        super().__init__(canvas)
        self._model, self._canvas, self._bar = model, canvas, bar
        self._routes, self._layouts = panels.routes, panels.layouts
        self._warned_of = 0.0  # cost of the brush
        canvas.options_changed.connect(self._take_options)
        bar.options_changed.connect(canvas.set_options)
        panels.terrain.terrain_chosen.connect(self._take_terrain)
        panels.routes.route_chosen.connect(self._choose_route)
        panels.layouts.layout_chosen.connect(self._choose_layout)
        panels.layouts.weight_changed.connect(canvas.set_selected_weight)

    def choose(self, tool: str) -> None:
        """Make a tool of `TOOLS` the active one. Raises KeyError for a name that is none."""
        self._canvas.set_tool(tool)
        self._bar.show_tool(tool)
        entry = TOOLS[tool]
        self.told.emit(f"{entry.title}: {entry.hint}", 4000)
        self.chosen.emit()

    def _set_options(self, options: ToolOptions) -> None:
        self._canvas.set_options(options)
        self._bar.show_options(options)

    def _take_terrain(self, terrain: Terrain) -> None:
        if not terrain.passable:
            self.choose("wall")
            return
        self._set_options(replace(self._canvas.options, cost=terrain.cost, mode="set"))
        if not TOOLS[self._canvas.tool].paints:
            self.choose("brush")

    def _choose_route(self, route: int) -> None:
        self._set_options(replace(self._canvas.options, route=route))

    def _choose_layout(self, layout: int) -> None:
        if layout != self._canvas.options.layout:
            self._set_options(replace(self._canvas.options, layout=layout, selection=frozenset()))

    def _take_options(self, options: ToolOptions) -> None:
        self._bar.show_options(options)
        self._warn_of_cost(options)
        if options.route < len(self._model.document.routes):
            self._routes.set_active(options.route)
        if options.layout < len(self._model.document.layouts):
            self._layouts.set_active(options.layout)
        self._layouts.show_selection(self._canvas.selected_weights)

    def _warn_of_cost(self, options: ToolOptions) -> None:
        bounds, cost = self._model.document.bounds, options.cost
        if options.mode == "set" and cost != self._warned_of and not bounds.lower <= cost <= bounds.upper:
            outside = self.tr("A cost of {:g} lies outside this map's bounds, {:g} to {:g}: a run would refuse it")
            self.told.emit(outside.format(cost, bounds.lower, bounds.upper), 8000)
        self._warned_of = cost
