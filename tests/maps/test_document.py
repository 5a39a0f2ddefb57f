"""The document: what it accepts, what it refuses and in which words, and that nobody can change it."""

import copy
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from maps.document import MAX_CELLS, MAX_SIDE, Bounds, Layout, MapDocument, Route, check_size, new_document
from maps.errors import MapError
from maps.movement import MovementRule
from maps.terrain import DEFAULT_PALETTE, NO_TERRAIN, Terrain
from tests.maps.strategies import EXAMPLES, assert_same, documents


def wrong(value: Any) -> Any:
    """Return the value, for a place where the type checker knows that it is wrong."""
    return value


def small(**changes: Any) -> MapDocument:
    return new_document(4, 6).replace(**changes)


def test_a_new_map_is_open_unlocked_and_of_one_cost() -> None:
    document = new_document(3, 5, cost=2.5, name="meadow")
    assert document.shape == (3, 5)
    assert (document.height, document.width) == (3, 5)
    assert document.cost.dtype == np.float32
    assert (document.cost == 2.5).all()
    assert document.passable.all()
    assert not document.locked.any()
    assert document.name == "meadow"
    assert document.palette == DEFAULT_PALETTE


def test_no_array_of_a_document_can_be_written_to() -> None:
    layout = Layout("camps", np.zeros((2, 2)), np.ones(2))
    document = small(layouts=(layout,))
    for array in (document.cost, document.passable, document.locked, layout.positions, layout.weights):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_what_the_caller_does_to_its_own_array_later_changes_nothing() -> None:
    cost = np.ones((2, 2), np.float32)
    window = cost[:]
    window.setflags(write=False)  # read-only itself, but a view of an array that is not
    sealed = np.ones((2, 2), np.float32)
    door = sealed[:]  # stays open when the array itself is closed
    sealed.setflags(write=False)
    documents = [MapDocument(each, cost > 0, cost < 0) for each in (cost, window, door)]
    cost[0, 0] = door[0, 0] = 9.0
    assert [document.cost[0, 0] for document in documents] == [1.0, 1.0, 1.0]


def test_an_array_that_nobody_can_write_to_is_shared() -> None:
    cost = np.ones((2, 2), np.float32)
    cost.setflags(write=False)
    assert MapDocument(cost, cost > 0, cost < 0).cost is cost


def test_a_change_shares_every_array_that_it_leaves_alone() -> None:
    document = small()
    changed = document.replace(name="other", passable=np.zeros((4, 6), np.bool_))
    assert changed.cost is document.cost
    assert changed.locked is document.locked
    assert changed.metadata is document.metadata
    assert changed.passable is not document.passable


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf, -np.inf, 1e-60, 1e39])
def test_a_cost_that_cannot_be_is_refused_with_its_cell(value: float) -> None:
    cost = np.ones((4, 8))
    cost[3, 7] = value
    with pytest.raises(
        MapError, match=r"cell \(row 3, col 7\): cost is .*; a cost must be a finite number above 0"
    ):
        MapDocument(wrong(cost), np.ones((4, 8), np.bool_), np.zeros((4, 8), np.bool_))


def test_the_least_and_greatest_float32_are_costs() -> None:
    cost = np.array([[1e-45, np.finfo(np.float32).max]], np.float32)
    assert small(cost=np.ones((4, 6))).replace(cost=cost, passable=cost > 0, locked=cost < 0).shape == (1, 2)


def test_a_map_of_another_shape_has_no_terrain_unless_one_is_given() -> None:
    cost = np.ones((2, 2), np.float32)
    wider = new_document(3, 3).replace(cost=cost, passable=cost > 0, locked=cost < 0)
    assert (wider.terrain == NO_TERRAIN).all()
    assert (new_document(2, 2).replace(cost=cost).terrain == 1).all()


@pytest.mark.parametrize("layer", ["passable", "locked", "terrain"])
def test_layers_of_another_shape_are_refused(layer: str) -> None:
    with pytest.raises(MapError, match=rf"{layer} has shape \(6, 4\), cost has \(4, 6\)"):
        small(**{layer: np.ones((6, 4), np.bool_)})


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((0, 5), "is empty"),
        ((5, -1), "is empty"),
        ((MAX_SIDE + 1, 1), f"a side may have {MAX_SIDE}"),
        ((MAX_SIDE, MAX_SIDE), f"may have {MAX_CELLS} cells in all"),
    ],
)
def test_sizes_beyond_the_limits_are_refused_before_anything_is_allocated(
    size: tuple[int, int], words: str
) -> None:
    with pytest.raises(MapError, match=words):
        new_document(*size)


def test_the_largest_maps_are_within_the_limits() -> None:
    check_size(MAX_SIDE, MAX_CELLS // MAX_SIDE)
    check_size(8192, 8192)


@pytest.mark.parametrize(("start", "goal"), [((-1, 0), (0, 0)), ((0, 0), (4, 0)), ((0, 6), (0, 0))])
def test_a_route_may_not_end_outside_the_map(start: tuple[int, int], goal: tuple[int, int]) -> None:
    with pytest.raises(MapError, match=r"route 'patrol': .* is outside the map of 4 × 6 cells"):
        small(routes=(Route("patrol", start, goal),))


def test_a_route_may_end_on_a_wall() -> None:
    walls = np.zeros((4, 6), np.bool_)
    assert small(passable=walls, routes=(Route("patrol", (0, 0), (3, 5)),)).routes[0].goal == (3, 5)


@pytest.mark.parametrize("position", [(-0.51, 0.0), (0.0, 5.51), (3.51, 0.0)])
def test_a_point_outside_the_map_is_refused_with_its_number(position: tuple[float, float]) -> None:
    layout = Layout("camps", np.array([(3.5, -0.5), position]), np.ones(2))
    with pytest.raises(MapError, match="layout 'camps': point 1 at row"):
        small(layouts=(layout,))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MovementRule(wrong(6)), "neighbours is 6; choose one of 4, 8"),
        (lambda: MovementRule(corner_rule=wrong("never")), "corner_rule is 'never'"),
        (lambda: MovementRule(cost_rule=wrong("max")), "cost_rule is 'max'"),
        (lambda: Bounds(0.0, 1.0), "lower is 0; a number above 0"),
        (lambda: Bounds(1.0, float("inf")), "upper is inf"),
        (lambda: Bounds(2.0, 1.0), "lower 2 is above upper 1"),
        (lambda: Route("a", wrong((0.5, 0)), (1, 1)), "two whole numbers"),
        (lambda: Route("a", (True, 0), (1, 1)), "two whole numbers"),
        (lambda: Route("a", wrong((0, 0, 0)), (1, 1)), "two whole numbers"),
        (lambda: Route("a", (0, 0), (1, 1), weight=-1.0), "weight is -1"),
        (lambda: Route("a", (0, 0), (1, 1), colour="red"), "colour is 'red'"),
        (lambda: Route("a", (0, 0), (1, 1), expected_cost=float("nan")), "expected_cost is nan"),
        (lambda: Route(wrong(7), (0, 0), (1, 1)), "name is 7; a text"),
        (lambda: Route("\ud800", (0, 0), (1, 1)), "half a character"),
        (lambda: Terrain("mud", 0.0, "#000000"), "terrain 'mud': cost is 0"),
        (lambda: Terrain("mud", wrong("deep"), "#000000"), "is 'deep'; a number"),
        (lambda: Layout("a", np.zeros(3), np.ones(3)), r"shape \(3,\); \(n, 2\)"),
        (lambda: Layout("a", np.zeros((3, 2)), np.ones(2)), "3 positions need as many weights"),
        (lambda: Layout("a", np.array([[0.0, np.nan]]), np.ones(1)), "point 0 lies at"),
        (lambda: Layout("a", np.zeros((2, 2)), np.array([1.0, -1.0])), "point 1 weighs -1"),
        (lambda: small(cell_size=0), "cell_size is 0"),
        (lambda: small(cost=np.ones(4)), "cost has 1 dimensions"),
        (lambda: small(metadata={"a": {"b": [1, float("inf")]}}), r"metadata\.a\.b\[1\]: inf"),
        (lambda: small(metadata={"a": object()}), "metadata.a: object"),
        (lambda: small(metadata={1: "a"}), "the name 1 is not a text"),
        (lambda: small(metadata={"a": "\udfff"}), "half a character"),
        (lambda: small(metadata=[1]), "names with values"),
        (lambda: small(metadata=MappingProxyType({"a": float("nan")})), "metadata.a: nan"),
    ],
)
def test_misuse_is_refused_in_words(make: Any, words: str) -> None:
    with pytest.raises(MapError, match=words):
        make()


def test_metadata_nested_without_end_are_refused() -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless
    with pytest.raises(MapError, match="nested more than 64 deep"):
        small(metadata=endless)


def test_metadata_do_not_follow_what_they_were_made_from() -> None:
    source: dict[str, Any] = {"tags": ["old"], "deep": {"list": [1]}}
    document = small(metadata=source)
    source["tags"].append("new")
    source["deep"]["list"].append(2)
    assert document.metadata == {"tags": ("old",), "deep": {"list": (1,)}}


def test_numbers_of_numpy_become_plain_ones() -> None:
    row, column = np.int64(1), np.int32(2)
    route = Route("a", wrong((row, column)), (0, 0), weight=wrong(np.float32(0.5)), colour="#ABCDEF")
    assert (type(route.start[0]), type(route.start[1]), type(route.weight)) == (int, int, float)
    assert route.colour == "#abcdef"


@given(documents())
@settings(max_examples=EXAMPLES // 3)
def test_a_replace_without_changes_gives_the_same_document(document: MapDocument) -> None:
    again = document.replace()
    assert_same(again, document)
    assert again.cost is document.cost
    assert copy.deepcopy(document).metadata == document.metadata
