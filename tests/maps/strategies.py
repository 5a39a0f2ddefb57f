"""Random map documents, and what it means that two are the same to the last bit."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DrawFn, SearchStrategy

from maps.document import Bounds, Layout, MapDocument, Route
from maps.formats import format_of
from maps.movement import MovementClass, MovementRule
from maps.origin import Origin
from maps.terrain import NO_TERRAIN, Terrain, on_impassable_terrain

# How much an unhurried run should do; the ordinary one is quick.
EXAMPLES = int(os.environ.get("LONGCUT_EXAMPLES", "40"))
MUTATIONS = int(os.environ.get("LONGCUT_MUTATIONS", "600"))
KILLS = int(os.environ.get("LONGCUT_KILLS", "24"))

LARGEST = float(np.finfo(np.float32).max)
SMALLEST = float(np.float32(1e-45))  # subnormal costs are costs too

colours = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
costs = st.floats(SMALLEST, LARGEST, width=32)
positive = st.floats(0, exclude_min=True, allow_infinity=False)
not_negative = st.floats(0, allow_infinity=False)
texts = st.text(max_size=6)
json_values: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
rules = st.builds(
    MovementRule,
    st.sampled_from([4, 8]),
    st.sampled_from(["both_open", "one_open", "free"]),
    st.sampled_from(["mean", "entered"]),
)
terrains = st.builds(Terrain, texts, costs, colours, st.booleans(), texts)
alike = st.lists(st.tuples(texts, texts), max_size=2).map(tuple)
origins = st.none() | st.builds(Origin, texts, texts, st.binary(max_size=40), st.integers(0, 9), alike)


@st.composite
def movement_classes(draw: DrawFn, palette: list[Terrain]) -> list[MovementClass]:
    names = draw(st.lists(st.text(min_size=1, max_size=6), max_size=2, unique=True))
    prices = st.lists(positive | st.just(np.inf), min_size=len(palette), max_size=len(palette))
    neighbours = st.sampled_from([None, 4, 8])
    corners = st.sampled_from([None, "both_open", "one_open", "free"])
    sizes = st.integers(1, 16)
    made = st.builds(MovementClass, st.just("?"), prices.map(tuple), positive, sizes, neighbours, corners)
    return [replace(draw(made), name=name) for name in names]


@st.composite
def layouts(draw: DrawFn, height: int, width: int) -> Layout:
    points = draw(st.integers(0, 4))
    rows = draw(arrays(np.float64, points, elements=st.floats(-0.5, height - 0.5)))
    columns = draw(arrays(np.float64, points, elements=st.floats(-0.5, width - 0.5)))
    weights = draw(arrays(np.float64, points, elements=not_negative))
    return Layout(draw(texts), np.stack([rows, columns], axis=1), weights, draw(colours))


@st.composite
def documents(draw: DrawFn, cost: SearchStrategy[float] = costs, max_side: int = 7) -> MapDocument:
    """Any document, with few cells but everything that a document can hold."""
    height, width = draw(st.tuples(st.integers(1, max_side), st.integers(1, max_side)))
    cells = st.tuples(st.integers(0, height - 1), st.integers(0, width - 1))
    lines = st.lists(cells, max_size=3)
    decimals = st.none() | st.integers(0, 15)
    lengths = st.none() | not_negative
    palette = draw(st.lists(terrains, max_size=2))
    classes = draw(movement_classes(palette))
    movements = st.sampled_from(["", *(kind.name for kind in classes)])
    routes = st.builds(Route, texts, cells, cells, not_negative, colours, lengths, lines, decimals, movements)
    lower, upper = sorted((draw(positive), draw(positive)))
    numbers = st.sampled_from([*range(len(palette)), NO_TERRAIN])
    terrain = draw(arrays(np.uint8, (height, width), elements=numbers))
    passable = draw(arrays(np.bool_, (height, width)))
    return MapDocument(
        cost=draw(arrays(np.float32, (height, width), elements=cost)),
        passable=passable & ~on_impassable_terrain(terrain, palette),
        locked=draw(arrays(np.bool_, (height, width))),
        terrain=terrain,
        rule=draw(rules),
        bounds=Bounds(lower, upper),
        routes=tuple(draw(st.lists(routes, max_size=2))),
        layouts=tuple(draw(st.lists(layouts(height, width), max_size=2))),
        palette=tuple(palette),
        classes=tuple(classes),
        origin=draw(origins),
        cell_size=draw(positive),
        name=draw(texts),
        metadata=draw(st.dictionaries(texts, json_values, max_size=2)),
    )


def round_trip(document: MapDocument, path: Path) -> MapDocument:
    """The document as it comes back from a file of the path's format, written without the care of a save."""
    kind = format_of(path)
    assert kind is not None
    assert kind.encode is not None
    for target, data in kind.encode(document, path).items():
        target.write_bytes(data)
    return kind.read(path)


def assert_same(found: MapDocument, expected: MapDocument) -> None:
    """Every field equal, arrays bit for bit, with their types and protection."""
    for layer in ("cost", "passable", "locked", "terrain"):
        assert_same_array(getattr(found, layer), getattr(expected, layer))
    for field in ("rule", "bounds", "routes", "palette", "classes", "origin", "cell_size", "name", "metadata"):
        assert getattr(found, field) == getattr(expected, field), field
    assert len(found.layouts) == len(expected.layouts)
    for one, other in zip(found.layouts, expected.layouts, strict=True):
        assert (one.name, one.colour) == (other.name, other.colour)
        assert_same_array(one.positions, other.positions)
        assert_same_array(one.weights, other.weights)


def assert_same_array(found: np.ndarray, expected: np.ndarray) -> None:
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()
    assert not found.flags.writeable
