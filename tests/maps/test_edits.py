"""Edits: what they change, what they leave, and where they say that they did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps import edits, raster
from maps.document import Bounds, Layout, MapDocument, Route, new_document
from maps.edits import Edit, PaintMode, paint
from maps.errors import MapError
from maps.raster import Patch
from maps.terrain import NO_TERRAIN, Terrain
from tests.maps.strategies import EXAMPLES, documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MUD = Terrain("mud", 3.5, "#5f6f6a")
WALL = Terrain("wall", 1.0, "#22242b", passable=False)
sensible = st.floats(0.25, 64.0, width=32)


def cells(document: MapDocument) -> dict[str, Any]:
    return {layer: getattr(document, layer) for layer in ("cost", "passable", "locked", "terrain")}


def assert_dirty_is_exact(before: MapDocument, edit: Edit) -> None:
    """The rectangle is the smallest around the cells that differ, and there is none if nothing does."""
    differs = np.zeros(before.shape, np.bool_)
    for layer, values in cells(before).items():
        differs |= cells(edit.document)[layer] != values
        if np.array_equal(cells(edit.document)[layer], values):
            assert cells(edit.document)[layer] is values, f"{layer} is equal, but copied"
    if not differs.any():
        assert edit.dirty is None
        assert edit.document is before
        return
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    assert edit.dirty == (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)


@st.composite
def patches(draw: st.DrawFn, document: MapDocument) -> Patch:
    row, column = draw(st.tuples(st.integers(-3, 10), st.integers(-3, 10)))
    return raster.disc(document.shape, (row, column), draw(st.floats(1, 7)), draw(st.floats(0, 1)))


@pytest.mark.slow
@given(documents(sensible), st.data())
@settings(max_examples=EXAMPLES // 2)
def test_every_edit_says_exactly_where_it_changed_something(document: MapDocument, data: st.DataObject) -> None:
    patch = data.draw(patches(document))
    row, column = (int(index) for index in data.draw(st.tuples(*(st.integers(0, s - 1) for s in document.shape))))
    made: list[Callable[[], Edit]] = [
        lambda: paint(document, patch, "set", 2.0),
        lambda: paint(document, patch, "add", -0.5),
        lambda: paint(document, patch, "add", 0.0),
        lambda: paint(document, patch, "scale", 1.5),
        lambda: paint(document, patch, "smooth"),
        lambda: edits.set_passable(document, patch, False),
        lambda: edits.set_locked(document, patch, True),
        lambda: edits.set_terrain(document, patch, MUD),
        lambda: edits.set_terrain(document, patch, WALL),
        lambda: edits.set_terrain(
            document, raster.flood(edits.same_terrain(document, (row, column)), (row, column)), MUD
        ),
        lambda: edits.apply_costs(document, np.full(document.shape, 1.5)),
        lambda: edits.apply_walls(document, document.cost > document.cost.mean()),
    ]
    for make in made:
        assert_dirty_is_exact(document, make())


@pytest.mark.slow
@given(documents(sensible), st.data(), st.floats(0.25, 8))
@settings(max_examples=EXAMPLES // 2)
def test_painted_costs_are_what_the_weights_say(document: MapDocument, data: st.DataObject, value: float) -> None:
    patch = data.draw(patches(document))
    weights = np.zeros(document.shape)
    weights[patch.slices] = patch.weights
    old = document.cost.astype(np.float64)
    expected: dict[PaintMode, NDArray[np.float64]] = {
        "set": (1 - weights) * old + weights * value,
        "add": old + weights * value,
        "scale": old * (1 - weights + weights * value),
        "smooth": (1 - weights) * old + weights * slow_mean(document),
    }
    for mode, costs in expected.items():
        found = paint(document, patch, mode, value).document.cost
        np.testing.assert_allclose(found, costs, rtol=1e-6, err_msg=mode)


def slow_mean(document: MapDocument) -> np.ndarray:
    mean = document.cost.astype(np.float64)
    for row, column in np.ndindex(document.shape):
        window = np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
        if document.passable[window].any():
            mean[row, column] = document.cost[window][document.passable[window]].astype(np.float64).mean()
    return mean


def test_full_weight_sets_the_very_value() -> None:
    document = new_document(5, 5, cost=1000.0)
    whole = raster.rectangle(document.shape, (0, 0), (4, 4))
    assert (paint(document, whole, "set", 0.3).document.cost == np.float32(0.3)).all()


def test_costs_stay_above_zero_and_below_infinity() -> None:
    document = new_document(5, 5)
    whole = raster.rectangle(document.shape, (0, 0), (4, 4))
    assert (paint(document, whole, "add", -9.0).document.cost == np.float32(edits.SMALLEST_COST)).all()
    for most in (1e30, 1e308):
        assert (paint(document, whole, "scale", most).document.cost == np.float32(edits.LARGEST_COST)).all()
    steep = document.replace(cost=np.full((5, 5), 3e38))
    assert (paint(steep, whole, "scale", 1e308).document.cost == np.float32(edits.LARGEST_COST)).all()


def test_limits_hold_painted_cells_and_no_others() -> None:
    document = new_document(3, 5, cost=9.0)
    left = raster.rectangle(document.shape, (0, 0), (2, 1))
    cost = paint(document, left, "add", 1.0, limits=Bounds(0.5, 4.0)).document.cost
    assert (cost[:, :2] == 4.0).all()
    assert (cost[:, 2:] == 9.0).all()


def test_a_stroke_painted_from_its_beginning_paints_every_cell_once() -> None:
    begun = document = new_document(9, 9)
    weights = np.zeros(document.shape, np.float32)
    for start, end in (((4, 1), (4, 7)), ((4, 7), (4, 1)), ((1, 4), (7, 4))):
        part = raster.stroke(document.shape, start, end, 3)
        weights[part.slices] = np.maximum(weights[part.slices], part.weights)
        so_far = Patch(part.rectangle, weights[part.slices])
        document = paint(document, so_far, "add", 1.0, base=begun).document
    assert np.array_equal(document.cost, 1.0 + weights)


def test_a_stroke_that_began_on_another_size_is_refused() -> None:
    document = new_document(4, 4)
    with pytest.raises(MapError, match="begin it anew"):
        paint(document, raster.disc(document.shape, (1, 1), 1), "add", base=new_document(5, 5))


@pytest.mark.parametrize(("mode", "value"), [("set", 0.0), ("set", np.nan), ("scale", -1.0), ("add", np.inf)])
def test_painting_with_what_is_no_cost_is_refused(mode: Any, value: float) -> None:
    document = new_document(4, 4)
    with pytest.raises(MapError, match="a finite number above 0"):
        paint(document, raster.disc(document.shape, (1, 1), 1), mode, value)


def test_a_wall_remembers_the_cost_under_it() -> None:
    document = paint(new_document(3, 3), raster.disc((3, 3), (1, 1), 1), "set", 4.0).document
    walled = edits.set_terrain(document, raster.rectangle((3, 3), (0, 0), (2, 2)), WALL).document
    assert not walled.passable.any()
    assert walled.cost is document.cost


def test_a_fill_takes_walls_as_walls_whatever_lies_under_them() -> None:
    document = paint(new_document(4, 4), raster.disc((4, 4), (0, 1), 1), "set", 4.0).document
    document = edits.set_passable(document, raster.rectangle((4, 4), (0, 0), (0, 3)), False).document
    patch = raster.flood(edits.same_terrain(document, (0, 0)), (0, 0))
    filled = edits.set_terrain(document, patch, MUD)
    assert filled.dirty == (0, 0, 1, 4)
    assert (filled.document.cost[0] == 3.5).all()
    assert filled.document.passable.all()


def test_an_optimised_map_leaves_walls_and_locked_cells() -> None:
    document = new_document(2, 3)
    document = edits.set_passable(document, raster.disc((2, 3), (0, 0), 1), False).document
    document = edits.set_locked(document, raster.disc((2, 3), (1, 1), 1), True).document
    cost = edits.apply_costs(document, np.full((2, 3), 2.0)).document.cost
    assert cost.tolist() == [[1.0, 2.0, 2.0], [2.0, 1.0, 2.0]]
    with pytest.raises(MapError, match="must agree"):
        edits.apply_costs(document, np.ones((3, 2)))


def test_walls_of_a_run_leave_locked_cells_and_costs() -> None:
    document = new_document(2, 3)
    document = edits.set_locked(document, raster.disc((2, 3), (1, 1), 1), True).document
    walled = edits.apply_walls(document, np.zeros((2, 3), np.bool_)).document
    assert walled.passable.tolist() == [[False, False, False], [False, True, False]]
    assert walled.cost is document.cost
    assert edits.apply_walls(walled, walled.passable).document is walled
    with pytest.raises(MapError, match="must agree"):
        edits.apply_walls(document, np.ones((3, 2), np.bool_))


def test_a_cost_that_is_no_number_reaches_no_map() -> None:
    for value in (np.nan, np.inf, 0.0, -1.0, 1e39, 1e-60):
        broken = np.ones((2, 3))
        broken[1, 2] = value
        with pytest.raises(MapError, match=r"cell \(row 1, col 2\): cost is .*; a cost must be a finite number"):
            edits.apply_costs(new_document(2, 3), broken)
        walled = edits.set_passable(new_document(2, 3), raster.disc((2, 3), (1, 2), 1), False).document
        assert edits.apply_costs(walled, broken).document is walled


@pytest.mark.slow
@given(documents(sensible), st.integers(1, 12), st.integers(1, 12), st.integers(-12, 12), st.integers(-12, 12))
@settings(max_examples=EXAMPLES // 2)
def test_a_resize_moves_every_cell_route_and_point(
    document: MapDocument, height: int, width: int, down: int, right: int
) -> None:
    resized, lost = edits.resize(document, height, width, (down, right), cost=7.0)
    assert resized.shape == (height, width)
    for row, column in np.ndindex(height, width):
        source = (row - down, column - right)
        kept = document.contains(source)
        assert resized.cost[row, column] == (document.cost[source] if kept else 7.0)
        assert resized.passable[row, column] == (document.passable[source] if kept else True)
        assert resized.locked[row, column] == (document.locked[source] if kept else False)

    def inside(row: float, column: float) -> bool:
        return -0.5 <= row + down <= height - 0.5 and -0.5 <= column + right <= width - 0.5

    kept_routes = [route for route in document.routes if inside(*route.start) and inside(*route.goal)]
    assert [route.name for route in resized.routes] == [route.name for route in kept_routes]
    for new, old in zip(resized.routes, kept_routes, strict=True):
        assert np.subtract(new.start, old.start).tolist() == [down, right]
        assert np.subtract(new.goal, old.goal).tolist() == [down, right]
    sentences = len(document.routes) - len(kept_routes)
    for new, old in zip(resized.routes, kept_routes, strict=True):
        stays = all(inside(*cell) for cell in old.line)
        assert new.line == (tuple((row + down, col + right) for row, col in old.line) if stays else ())
        sentences += not stays
    for new, old in zip(resized.layouts, document.layouts, strict=True):
        kept = [inside(*point) for point in old.positions]
        assert np.array_equal(new.positions, old.positions[kept] + (down, right))
        assert np.array_equal(new.weights, old.weights[kept])
        sentences += not all(kept)
    assert len(lost) == sentences


def test_a_resize_to_an_impossible_size_is_refused() -> None:
    with pytest.raises(MapError, match="is empty"):
        edits.resize(new_document(3, 3), 0, 3)
    with pytest.raises(MapError, match="a cost must be a finite number above 0"):
        edits.resize(new_document(3, 3), 4, 4, cost=1e39)


def test_what_changes_nothing_gives_the_very_same_document() -> None:
    document = new_document(3, 3).replace(routes=ROUTES, layouts=LAYOUTS)
    assert edits.resize(document, 3, 3) == (document, [])
    assert edits.set_route(document, 1, Route("b", (0, 0), (1, 1))) is document
    assert edits.set_layout(document, 1, LAYOUTS[1]) is document


@pytest.mark.parametrize("cell", [(-1, 0), (0, -1), (3, 0), (0, 3)])
def test_a_fill_outside_the_map_is_refused(cell: tuple[int, int]) -> None:
    with pytest.raises(MapError, match="is outside the map of 3 × 3 cells"):
        edits.same_terrain(new_document(3, 3), cell)


ROUTES = tuple(Route(name, (0, 0), (1, 1)) for name in "abc")
LAYOUTS = tuple(Layout(name, np.zeros((1, 2)), np.ones(1)) for name in "abc")


@pytest.mark.parametrize("what", ["route", "layout"])
def test_routes_and_layouts_are_replaced_added_and_removed_by_place(what: str) -> None:
    document = new_document(3, 3).replace(routes=ROUTES, layouts=LAYOUTS)
    put, remove = getattr(edits, f"set_{what}"), getattr(edits, f"remove_{what}")
    new = Route("x", (2, 2), (0, 0)) if what == "route" else Layout("x", np.ones((2, 2)), np.ones(2))

    def names(changed: MapDocument) -> str:
        return "".join(entry.name for entry in getattr(changed, f"{what}s"))

    assert [names(put(document, index, new)) for index in range(4)] == ["xbc", "axc", "abx", "abcx"]
    assert [names(remove(document, index)) for index in range(3)] == ["bc", "ac", "ab"]
    assert put(document, 0, new).cost is document.cost
    for misuse in (lambda: put(document, 4, new), lambda: put(document, -1, new)):
        with pytest.raises(MapError, match=f"there is no {what}"):
            misuse()
    for index in (3, -1):
        with pytest.raises(MapError, match=f"there is no {what} {index}; the map has 3"):
            remove(document, index)


def test_painted_costs_leave_an_impassable_terrain_what_it_is():
    document = new_document(3, 4)
    water = len(document.palette) - 1
    terrain = document.terrain.copy()
    terrain[1, 1] = water
    document = document.replace(terrain=terrain, passable=terrain != water)
    painted = paint(document, raster.rectangle(document.shape, (1, 0), (1, 3)), "set", 3.0).document
    assert painted.terrain[1].tolist() == [NO_TERRAIN, water, NO_TERRAIN, NO_TERRAIN]
    assert not painted.passable[1, 1]


def test_a_flood_tells_water_from_walls():
    document = new_document(2, 4)
    water = len(document.palette) - 1
    terrain, passable = document.terrain.copy(), document.passable.copy()
    terrain[:, :2] = water
    passable[:, :3] = False
    document = document.replace(terrain=terrain, passable=passable)
    assert edits.same_terrain(document, (0, 0)).tolist() == [[True, True, False, False]] * 2
    assert edits.same_terrain(document, (1, 2)).tolist() == [[False, False, True, False]] * 2
