"""The tools: generators over pointer events, and the table that names them."""

from __future__ import annotations

from dataclasses import dataclass

from app.tools import fill, points, routes, shapes, strokes
from app.tools.tool import Gesture, PointerEvent, Sketch, Tool, ToolOptions

__all__ = ["TOOLS", "Gesture", "PointerEvent", "Sketch", "Tool", "ToolEntry", "ToolOptions"]


@dataclass(frozen=True)
class ToolEntry:
    """A tool in the tool bar. has_size: whether the brush's size counts for it. for_points: of layouts."""

    title: str
    shortcut: str
    hint: str
    has_size: bool
    begin: Tool
    for_points: bool = False


TOOLS: dict[str, ToolEntry] = {
    "brush": ToolEntry("Brush", "B", "Paint costs", True, strokes.brush),
    "eraser": ToolEntry("Eraser", "E", "Back to the base terrain", True, strokes.eraser),
    "line": ToolEntry("Line", "L", "Drag a straight line; Shift: 45°", True, shapes.line),
    "rectangle": ToolEntry("Rectangle", "R", "Drag a rectangle; Shift: square", False, shapes.box),
    "fill": ToolEntry("Fill", "F", "Fill connected cells of one cost", False, fill.fill),
    "picker": ToolEntry("Picker", "I", "Take a cell's cost for painting", False, fill.picker),
    "wall": ToolEntry("Wall", "W", "Left builds, right clears", True, strokes.wall),
    "lock": ToolEntry("Lock", "K", "Left locks against runs, right unlocks", True, strokes.lock),
    "start": ToolEntry("Start", "S", "Set or drag a route's start", False, routes.start),
    "goal": ToolEntry("Goal", "G", "Set or drag a route's goal", False, routes.goal),
    "trace": ToolEntry("Trace", "T", "Draw the way that the path should take", False, routes.trace),
    "points": ToolEntry("Points", "P", "Add or drag a point, right removes", False, points.points, True),
    "select": ToolEntry("Select", "V", "Select or drag points; Shift adds", False, points.select, True),
    "lasso": ToolEntry("Lasso", "O", "Draw a line round points; Shift adds", False, points.lasso, True),
    "scatter": ToolEntry("Scatter", "D", "Scatter points, right brushes away", True, points.scatter, True),
}
