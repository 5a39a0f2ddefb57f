"""Classes to begin with on the palettes of real maps, and what one pays in a cell."""

import math

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from maps.class_starters import starter_classes
from maps.document import MapDocument
from maps.movement import MovementClass
from maps.samples import load_sample
from maps.terrain import DEFAULT_PALETTE, Terrain
from maps.travel import price_at, travel_of
from tests.maps.strategies import documents


def prices(palette: tuple[Terrain, ...], name: str) -> dict[str, float]:
    """What a class to begin with pays, by the terrains' names."""
    kind = next(starter.kind for starter in starter_classes(palette) if starter.kind.name == name)
    return dict(zip((terrain.name for terrain in palette), kind.costs, strict=True))


def test_names_of_terrains_tell_what_carts_boats_and_flyers_pay() -> None:
    river = load_sample("river").palette
    usual = {terrain.name: terrain.cost if terrain.passable else math.inf for terrain in river}
    assert prices(river, "Walker") == usual
    cart, boat, flyer = (prices(river, name) for name in ("Cart", "Boat", "Flyer"))
    assert (cart["road"], cart["bridge"], cart["meadow"], cart["water"]) == (0.5, 0.4, 2.0, math.inf)
    assert {name for name, price in boat.items() if math.isfinite(price)} == {"water"}
    assert {name for name, price in flyer.items() if math.isinf(price)} == {"house"}
    assert set(flyer.values()) == {1.0, math.inf}


def test_where_no_name_tells_the_usual_prices_are_paid() -> None:
    assert prices(DEFAULT_PALETTE, "Boat") == prices(DEFAULT_PALETTE, "Walker")
    canyon = load_sample("canyon").palette
    assert prices(canyon, "Boat") == prices(canyon, "Cart") == prices(canyon, "Walker"), "a riverbed is dry"
    assert [starter.kind.costs for starter in starter_classes(())] == [()] * 4


@settings(max_examples=15)
@given(documents(cost=st.floats(0.125, 8.0, width=32), max_side=5), st.data())
def test_the_price_of_a_cell_is_that_of_the_whole_map_where_the_class_has_room(
    document: MapDocument, data: st.DataObject
) -> None:
    assume(all(terrain.cost > 1e-20 for terrain in document.palette))
    costs = st.sampled_from([0.5, 1.0, 3.0, math.inf])
    paid = data.draw(st.tuples(*[costs] * len(document.palette)))
    kind = MovementClass("any", paid, 2.0, data.draw(st.integers(1, 4)))
    run = np.asarray(document.cost, np.float64) * 1.5
    met = travel_of(document, kind)
    pays = met.multiplier * np.where(document.passable, run, document.cost)
    for row, col in np.ndindex(document.shape):
        top, left = row - (kind.size - 1) // 2, col - (kind.size - 1) // 2
        rows, cols = range(top, top + kind.size), range(left, left + kind.size)
        room = all(document.contains((r, c)) and met.passable[r, c] for r in rows for c in cols)
        assert price_at(document, kind, (row, col), run) == (pays[row, col] if room else math.inf)
