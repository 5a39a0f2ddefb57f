"""Tools for point layouts: place points, select and move them, scatter them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.tools.tool import Gesture, PointerEvent, Sketch, ToolOptions
from maps.layout_edits import (
    add_points,
    move_points,
    nearest_point,
    place_points,
    points_in_box,
    points_in_polygon,
    remove_points,
    scatter_points,
    why_blocked,
)
from maps.symmetry import Image, images_of

if TYPE_CHECKING:
    from app.document.model import DocumentModel
    from maps.document import MapDocument

NO_DISTANCE = 1e-6  # cells; between a point and where the image of another lies
Place = tuple[float, float]
Shape = tuple[Place, ...]


def points(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Add a point to the active layout, or drag the one under the pointer; the right button removes it."""
    event = yield
    base, index = model.document, active_layout(model.document, options)
    positions = _positions(base, index)
    held = nearest_point(positions, event.position, event.touch)
    if event.button == "right":
        if held is None:
            return None
        model.preview(remove_points(base, index, [held, *_counterparts(base, index, held, options)]))
        while event.phase != "release":
            event = yield
        model.commit("Remove point")
        return replace(options, layout=index, selection=frozenset())
    if held is None:
        label, held, grip = "Add point", len(positions), (0.0, 0.0)
        place = _snapped(event.position, options)
        images = {image.place(place, base.shape) for image in images_of(options.mirror, base.shape)} - {place}
        base = add_points(base, index, [place], options.weight)
        base = add_points(base, index, sorted(_free(base, images)), options.weight) if images else base
        model.preview(base)
    else:
        label, grip = "Move point", _minus(tuple(positions[held]), event.position)
    pressed, sentence = event, ""
    partners = _counterparts(base, index, held, options)
    while event.phase != "release":
        event = yield Sketch(selection=frozenset({held}), sentence=sentence)
        place = _snapped(_plus(event.position, grip), options)
        places = [place, *(image.place(place, base.shape) for image in partners.values())]
        sentence = why_blocked(base, places)
        if event.position != pressed.position and not sentence:
            model.preview(place_points(base, index, [held, *partners], places))
    model.commit(label)
    return replace(options, layout=index, selection=frozenset({held}))


def select(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Select the points in a box, or drag the selected ones; Shift adds to the selection."""
    return _select(model, options, _box, points_in_box_shape)


def lasso(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Select the points in a line drawn round them, or drag the selected ones; Shift adds to the selection."""
    return _select(model, options, _trace, points_in_polygon)


def scatter(model: DocumentModel, options: ToolOptions) -> Gesture:
    """Fill the brush with random points that keep their distance; the right button brushes points away."""
    event = yield
    document, index = model.document, active_layout(model.document, options)
    # Another number of points, another start: strokes differ, and the same strokes give the same points.
    rng = np.random.default_rng((options.seed, len(_positions(document, index))))
    adds = event.button == "left"
    while event.phase != "release":
        positions = _positions(document, index)
        if adds:
            found = scatter_points(document, positions, event.position, options.size, options.spacing, rng)
            if len(found):
                document = add_points(document, index, found, options.weight)
        elif len(positions):
            away = np.hypot(*(positions - event.position).T)
            document = remove_points(document, index, np.flatnonzero(away <= max(options.size, 1.0) / 2.0))
        model.preview(document)
        event = yield
    model.commit("Scatter points" if adds else "Remove points")
    return replace(options, layout=index, selection=frozenset())


def active_layout(document: MapDocument, options: ToolOptions) -> int:
    """Return the index of the layout that new points go to; the number of layouts for a new one."""
    return min(options.layout, len(document.layouts))


def point_under(document: MapDocument, options: ToolOptions, place: Place, touch: float) -> tuple[int, int] | None:
    """Return (layout, point) nearest to a place within touch, one of the active layout first; None for none."""
    others = [index for index in range(len(document.layouts)) if index != options.layout]
    for index in (options.layout, *others):
        if (point := nearest_point(_positions(document, index), place, touch)) is not None:
            return index, point
    return None


def points_in_box_shape(positions: NDArray[np.float64], corners: Shape) -> NDArray[np.int64]:
    """Return the indices of the positions in a box given by its corners."""
    return points_in_box(positions, corners[0], corners[2])


_Inside = Callable[[NDArray[np.float64], Shape], NDArray[np.int64]]


def _select(
    model: DocumentModel, options: ToolOptions, draw: Callable[[Shape, Place], Shape], inside: _Inside
) -> Gesture:
    event = yield
    if event.button != "left":
        return None
    adds = "shift" in event.modifiers
    hit = point_under(model.document, options, event.position, event.touch)
    if hit is not None:
        return (yield from _take_hold(model, options, event, *hit, adds))
    index = active_layout(model.document, options)
    positions = _positions(model.document, index)
    kept = options.selection if adds else frozenset[int]()
    outline: Shape = ()
    selection = kept
    while event.phase != "release":
        outline = draw(outline, event.position)
        if len(outline) > 2:
            selection = kept | frozenset(inside(positions, outline).tolist())
        event = yield Sketch(outline, selection)
    return replace(options, layout=index, selection=selection)


def _take_hold(
    model: DocumentModel, options: ToolOptions, event: PointerEvent, index: int, point: int, adds: bool
) -> Gesture:
    """Select the pressed point, unless it is selected already, and drag the selection."""
    before = options.selection if index == options.layout else frozenset[int]()
    taken = before if point in before else frozenset({point})
    selection = before ^ {point} if adds else taken
    base, pressed = model.document, event
    chosen = _positions(base, index)[sorted(selection)]
    held = _positions(base, index)[point]
    sentence = ""
    while event.phase != "release":
        event = yield Sketch(selection=selection, sentence=sentence)
        if event.position == pressed.position or point not in selection:
            continue
        by = _minus(event.position, pressed.position)
        if options.snap:
            by = _minus(_snapped(_plus(tuple(held), by), options), tuple(held))
        # What would put any point into a wall leaves all of them where they were last.
        sentence = why_blocked(base, chosen + by)
        if not sentence:
            model.preview(move_points(base, index, selection, by))
    if event.position == pressed.position and not adds:
        selection = frozenset({point})
    model.commit("Move points")
    return replace(options, layout=index, selection=selection)


def _box(outline: Shape, place: Place) -> Shape:
    corner = outline[0] if outline else place
    return corner, (corner[0], place[1]), place, (place[0], corner[1])


def _trace(outline: Shape, place: Place) -> Shape:
    return (*outline, place)


def _free(document: MapDocument, places: Iterable[Place]) -> list[Place]:
    return [place for place in places if not why_blocked(document, place)]


def _counterparts(document: MapDocument, index: int, point: int, options: ToolOptions) -> dict[int, Image]:
    """The points where a point's images in the symmetry of the options lie, and which image each is."""
    positions = _positions(document, index)
    found: dict[int, Image] = {}
    for image in images_of(options.mirror, document.shape):
        place = image.place((float(positions[point, 0]), float(positions[point, 1])), document.shape)
        other = nearest_point(positions, place, NO_DISTANCE)
        if other is not None and other != point:
            found.setdefault(other, image)
    return found


def _positions(document: MapDocument, index: int) -> NDArray[np.float64]:
    return document.layouts[index].positions if index < len(document.layouts) else np.zeros((0, 2))


def _snapped(place: Place, options: ToolOptions) -> Place:
    return (float(round(place[0])), float(round(place[1]))) if options.snap else place


def _plus(one: Place, other: Place) -> Place:
    return one[0] + other[0], one[1] + other[1]


def _minus(one: Place, other: Place) -> Place:
    return one[0] - other[0], one[1] - other[1]
