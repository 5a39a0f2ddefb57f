"""Edit the selected points by key or menu: pure functions, and the table that names them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.tools.points import active_layout
from maps.errors import MapError, MapFormatError
from maps.formats.points import encode_csv, parse_points
from maps.layout_edits import align_points, move_points, paste_points, remove_points, set_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.tools.tool import ToolOptions
    from maps.document import Layout, MapDocument

HEAVIER = 1.1  # by one notch of the wheel
PointActionName = Literal[
    "select_all", "cut", "copy", "paste", "delete", "align", "up", "down", "left", "right", "heavier", "lighter"
]
PASTED_BY = (1.0, 1.0)  # rows and columns, so that a copy does not hide what it was copied from


@dataclass(frozen=True)
class Outcome:
    """Hold what an action made of document and options.

    clipboard: a text to put on it, None to leave it. sentence: what could not be done, or empty.
    """

    document: MapDocument
    options: ToolOptions
    clipboard: str | None = None
    sentence: str = ""


@dataclass(frozen=True)
class PointAction:
    """An action on the selected points, given the clipboard's text.

    label: of the undo step. repeats: several in a row are one step. needs_points: it does nothing without any.
    """

    title: str
    shortcut: str
    label: str
    run: Callable[[MapDocument, ToolOptions, str], Outcome]
    repeats: bool = False
    needs_points: bool = True


def selected(document: MapDocument, options: ToolOptions) -> Layout | None:
    """Return the selected points as a layout of their own, None if there are none."""
    chosen = _chosen(document, options)
    if not chosen:
        return None
    layout = document.layouts[options.layout]
    return replace(layout, positions=layout.positions[chosen], weights=layout.weights[chosen])


def with_weight(document: MapDocument, options: ToolOptions, weight: float) -> MapDocument:
    """Give each selected point this weight. Raises MapError for a weight that cannot be."""
    chosen = _chosen(document, options)
    return set_weights(document, options.layout, chosen, weight) if chosen else document


def _select_all(document: MapDocument, options: ToolOptions, _: str) -> Outcome:
    index = active_layout(document, options)
    count = len(document.layouts[index].positions) if index < len(document.layouts) else 0
    return Outcome(document, replace(options, selection=frozenset(range(count))))


def _delete(document: MapDocument, options: ToolOptions, _: str) -> Outcome:
    chosen = _chosen(document, options)
    after = remove_points(document, options.layout, chosen) if chosen else document
    return Outcome(after, replace(options, selection=frozenset()))


def _copy(document: MapDocument, options: ToolOptions, _: str) -> Outcome:
    points = selected(document, options)
    return Outcome(document, options, None if points is None else encode_csv(points).decode())


def _cut(document: MapDocument, options: ToolOptions, _: str) -> Outcome:
    return replace(_delete(document, options, _), clipboard=_copy(document, options, _).clipboard)


def _paste(document: MapDocument, options: ToolOptions, clipboard: str) -> Outcome:
    if not clipboard.strip():
        return Outcome(document, options, sentence="There are no points to paste; copy some first")
    try:
        rows = parse_points("clipboard", clipboard).rows
    except MapFormatError as error:
        return Outcome(document, options, sentence=f"The clipboard holds no points: {error.where} {error.why}")
    index = active_layout(document, options)
    before = len(document.layouts[index].positions) if index < len(document.layouts) else 0
    after, lost = paste_points(document, index, rows[:, :2] + PASTED_BY, rows[:, 2])
    came = len(rows) - lost
    sentence = f"{lost} of {len(rows)} points fell into walls or outside the map and were left out" if lost else ""
    if came:
        options = replace(options, layout=index, selection=frozenset(range(before, before + came)))
    return Outcome(after, options, sentence=sentence)


def _align(document: MapDocument, options: ToolOptions, _: str) -> Outcome:
    return Outcome(align_points(document, options.layout, _chosen(document, options)), options)


def _nudge(rows: float, cols: float) -> Callable[[MapDocument, ToolOptions, str], Outcome]:
    def run(document: MapDocument, options: ToolOptions, _: str) -> Outcome:
        return Outcome(move_points(document, options.layout, _chosen(document, options), (rows, cols)), options)

    return run


def _weigh(factor: float) -> Callable[[MapDocument, ToolOptions, str], Outcome]:
    def run(document: MapDocument, options: ToolOptions, _: str) -> Outcome:
        chosen = _chosen(document, options)
        weights = document.layouts[options.layout].weights[chosen]
        # A point without weight has to begin somewhere.
        grown = np.where(weights > 0.0, weights * factor, 0.1 if factor > 1.0 else 0.0)
        rounded = [float(f"{weight:.6g}") for weight in grown.tolist()]
        return Outcome(set_weights(document, options.layout, chosen, rounded), options)

    return run


def _chosen(document: MapDocument, options: ToolOptions) -> list[int]:
    """Return the indices of the selected points that still exist."""
    index = options.layout
    count = len(document.layouts[index].positions) if index < len(document.layouts) else 0
    return sorted(point for point in options.selection if point < count)


def run_action(name: PointActionName, document: MapDocument, options: ToolOptions, clipboard: str) -> Outcome:
    """Carry out an action of `POINT_ACTIONS`; if that is impossible, keep the document and say why."""
    action = POINT_ACTIONS[name]
    if action.needs_points and not _chosen(document, options):
        return Outcome(document, options)
    try:
        return action.run(document, options, clipboard)
    except MapError as error:
        return Outcome(document, options, sentence=str(error))


POINT_ACTIONS: dict[PointActionName, PointAction] = {
    "select_all": PointAction("Select all points", "Ctrl+A", "", _select_all, needs_points=False),
    "cut": PointAction("Cut points", "Ctrl+X", "Cut points", _cut),
    "copy": PointAction("Copy points", "Ctrl+C", "", _copy),
    "paste": PointAction("Paste points", "Ctrl+V", "Paste points", _paste, needs_points=False),
    "delete": PointAction("Delete points", "Del", "Remove points", _delete),
    "align": PointAction("Align points to the grid", "Ctrl+G", "Align points", _align),
    "up": PointAction("Move up", "Up", "Move points", _nudge(-1.0, 0.0), True),
    "down": PointAction("Move down", "Down", "Move points", _nudge(1.0, 0.0), True),
    "left": PointAction("Move left", "Left", "Move points", _nudge(0.0, -1.0), True),
    "right": PointAction("Move right", "Right", "Move points", _nudge(0.0, 1.0), True),
    "heavier": PointAction("Heavier", "Alt+Up", "Change weights", _weigh(HEAVIER), True),
    "lighter": PointAction("Lighter", "Alt+Down", "Change weights", _weigh(1.0 / HEAVIER), True),
}
