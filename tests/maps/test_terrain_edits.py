"""Terrains, palettes and movement classes: who follows whom when one of them changes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from maps import edits, raster
from maps.document import MapDocument, Route, new_document
from maps.errors import MapError
from maps.movement import MovementClass, plain_class
from maps.terrain import DEFAULT_PALETTE, NO_TERRAIN, Terrain, terrains_by_cost
from maps.terrain_edits import (
    remove_class,
    remove_palette_terrain,
    set_class,
    set_palette_terrain,
    snap_to_terrains,
)
from maps.travel import travel_of

GRASS, FOREST, WATER, ROCK = 0, 1, 2, 3
PALETTE = (
    Terrain("grass", 1.0, "#88aa44"),
    Terrain("forest", 2.5, "#226633"),
    Terrain("water", 1.0, "#224488", passable=False),
    Terrain("rock", 9.0, "#555555", passable=False),
)
BOAT = MovementClass("boat", (np.inf, np.inf, 0.5, np.inf))
CART = MovementClass("cart", (1.0, 10.0, np.inf, np.inf), factor=3.0)


def strips() -> MapDocument:
    """A row each of grass, forest, water, rock and no terrain (cost 2), 3 cells wide."""
    terrain = np.repeat(np.array([[GRASS], [FOREST], [WATER], [ROCK], [NO_TERRAIN]], np.uint8), 3, axis=1)
    cost = np.repeat(np.array([[1.0], [2.5], [1.0], [9.0], [2.0]], np.float32), 3, axis=1)
    return MapDocument(
        cost=cost,
        passable=~np.isin(terrain, [WATER, ROCK]),
        locked=np.zeros(cost.shape, np.bool_),
        terrain=terrain,
        palette=PALETTE,
        classes=(BOAT, CART),
        routes=(Route("by cart", (0, 0), (1, 2), movement="cart"), Route("on foot", (0, 0), (1, 2))),
    )


def test_painting_a_terrain_sets_it_and_a_cost_brush_clears_it_where_the_cost_changes() -> None:
    document = new_document(4, 4)
    assert (document.terrain == 1).all(), "grass costs 1"
    left = raster.rectangle(document.shape, (0, 0), (3, 1))
    painted = edits.set_terrain(document, left, DEFAULT_PALETTE[3]).document
    assert painted.terrain.tolist() == [[3, 3, 1, 1]] * 4
    assert painted.cost.tolist() == [[2.5, 2.5, 1.0, 1.0]] * 4
    brushed = edits.paint(painted, raster.rectangle(document.shape, (0, 0), (0, 3)), "set", 1.0).document
    assert brushed.terrain[0].tolist() == [NO_TERRAIN, NO_TERRAIN, 1, 1], "what cost 1 before is still grass"
    assert (brushed.terrain[1:] == painted.terrain[1:]).all()


def test_a_stroke_that_is_painted_anew_clears_what_it_would_have_cleared_at_once() -> None:
    base = new_document(1, 3)
    first = raster.rectangle(base.shape, (0, 0), (0, 0))
    both = raster.rectangle(base.shape, (0, 0), (0, 1))
    once = edits.paint(base, both, "add", 1.0).document
    twice = edits.paint(edits.paint(base, first, "add", 1.0, base=base).document, both, "add", 1.0, base=base)
    assert twice.document.terrain.tolist() == once.terrain.tolist() == [[NO_TERRAIN, NO_TERRAIN, 1]]


def test_a_wall_stands_on_its_terrain_and_an_impassable_terrain_goes_with_its_wall() -> None:
    document = strips()
    whole = raster.rectangle(document.shape, (0, 0), (4, 2))
    walled = edits.set_passable(document, whole, False).document
    assert (walled.terrain == document.terrain).all()
    opened = edits.set_passable(walled, whole, True).document
    assert opened.terrain[:, 0].tolist() == [GRASS, FOREST, NO_TERRAIN, NO_TERRAIN, NO_TERRAIN]
    assert opened.passable.all()
    assert edits.apply_walls(walled, np.ones(document.shape, np.bool_)).document.terrain.tolist() == (
        opened.terrain.tolist()
    )


def test_a_terrain_that_the_palette_lacks_leaves_its_cost_alone() -> None:
    document = strips()
    patch = raster.rectangle(document.shape, (0, 0), (0, 0))
    painted = edits.set_terrain(document, patch, Terrain("mud", 4.0, "#664422")).document
    assert (painted.cost[0, 0], painted.terrain[0, 0]) == (4.0, NO_TERRAIN)


def test_an_arrangement_brings_costs_and_passability_and_leaves_walls_and_locked_cells() -> None:
    document = strips()
    document = document.replace(
        locked=np.array([[True, False, False]] * 5), passable=document.passable & [[True, True, False]]
    )
    wanted = np.full(document.shape, NO_TERRAIN, np.uint8)
    wanted[0], wanted[2] = WATER, FOREST
    arranged = edits.apply_terrain(document, wanted).document
    assert arranged.terrain[0].tolist() == [GRASS, WATER, WATER]
    assert arranged.passable[0].tolist() == [True, False, False]
    assert arranged.terrain[2].tolist() == [WATER, FOREST, FOREST]
    assert arranged.passable[2].tolist() == [False, True, True], "water that became forest can be walked on"
    assert arranged.cost[2].tolist() == [1.0, 2.5, 2.5]
    assert (arranged.terrain[[1, 3, 4]] == document.terrain[[1, 3, 4]]).all()
    walled = edits.apply_terrain(document, np.full(document.shape, FOREST, np.uint8)).document
    assert not walled.passable[0, 2], "the wall on the grass stands"


def test_a_run_s_costs_keep_the_terrain_or_clear_it() -> None:
    document = strips()
    costs = document.cost + np.array([[0.5, 0.0, 0.0]])
    assert (edits.apply_costs(document, costs).document.terrain == document.terrain).all()
    cleared = edits.apply_costs(document, costs, keep_terrain=False).document
    assert cleared.terrain[:2].tolist() == [[NO_TERRAIN, GRASS, GRASS], [NO_TERRAIN, FOREST, FOREST]]
    assert (cleared.terrain[2:] == document.terrain[2:]).all(), "walls keep their cost, so their terrain"


def test_cells_follow_their_terrain_s_cost_and_dearer_ones_in_proportion() -> None:
    document = strips()
    dear = np.array(document.cost)
    dear[1, 0] = 5.0  # twice as dense a forest
    document = set_palette_terrain(document.replace(cost=dear), FOREST, replace(PALETTE[FOREST], cost=3.0))
    assert document.cost[1].tolist() == [6.0, 3.0, 3.0]
    assert document.classes[1].costs[FOREST] == 10.0, "the cart's own price stays"
    document = set_palette_terrain(document, GRASS, replace(PALETTE[GRASS], cost=1.5))
    assert document.classes[1].costs[GRASS] == 1.5, "it paid what grass costs, and still does"


def test_cells_follow_their_terrain_s_passability() -> None:
    document = set_palette_terrain(strips(), FOREST, replace(PALETTE[FOREST], passable=False))
    assert document.passable[:, 0].tolist() == [True, False, False, False, True]
    document = set_palette_terrain(document, ROCK, replace(PALETTE[ROCK], passable=True, cost=4.0))
    assert document.passable[3].all()
    assert document.cost[3].tolist() == [4.0] * 3
    assert document.classes[1].costs[ROCK] == 4.0, "nobody could go there; now a cart pays what all pay"


def test_removing_a_terrain_moves_the_others_up() -> None:
    document = remove_palette_terrain(strips(), FOREST)
    assert document.terrain[:, 0].tolist() == [0, NO_TERRAIN, 1, 2, NO_TERRAIN]
    assert document.cost[1].tolist() == [2.5] * 3
    assert document.classes[1].costs == (1.0, np.inf, np.inf)
    assert document.palette == (PALETTE[0], *PALETTE[2:])


def test_a_new_terrain_has_a_price_for_every_class() -> None:
    document = set_palette_terrain(strips(), 4, Terrain("sand", 1.5, "#ddcc88"))
    assert [kind.costs[4] for kind in document.classes] == [1.5, 1.5]


def test_routes_follow_a_class_s_new_name_and_its_end() -> None:
    document = set_class(strips(), 1, replace(CART, name="wagon"))
    assert [route.movement for route in document.routes] == ["wagon", ""]
    document = remove_class(document, 1)
    assert [route.movement for route in document.routes] == ["", ""]
    assert document.classes == (BOAT,)
    assert set_class(document, 1, CART).classes == (BOAT, CART)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"classes": (CART, CART)}, "two movement classes"),
        ({"classes": (replace(CART, costs=(1.0,)), BOAT)}, "1 costs for 4 terrains"),
        ({"classes": (BOAT,)}, "a class that the map lacks"),
        ({"terrain": np.full((5, 3), 4, np.uint8)}, "terrain 4 is not in the palette of 4"),
        ({"terrain": np.zeros((5, 4), np.uint8)}, "all layers need the same shape"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, object], why: str) -> None:
    with pytest.raises(MapError, match=why):
        strips().replace(**changes)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: MovementClass("", ()), "has no name"),
        (lambda: MovementClass("x", (0.0,)), "cost 0"),
        (lambda: MovementClass("x", (float("nan"),)), "cost 0"),
        (lambda: MovementClass("x", (), factor=0.0), "factor"),
        (lambda: MovementClass("x", (), size=0), "size"),
        (lambda: MovementClass("x", (), neighbours=cast("Any", 6)), "neighbours"),
    ],
)
def test_a_class_that_cannot_be_is_refused(make: object, why: str) -> None:
    with pytest.raises(MapError, match=why):
        make()  # pyright: ignore[reportCallIssue]


def test_a_class_pays_its_price_of_the_terrain_as_much_dearer_as_the_cell_is() -> None:
    document = strips()
    dear = np.array(document.cost)
    dear[1, 0], dear[4, 0] = 5.0, 7.0
    document = document.replace(cost=dear)
    cart, boat = (travel_of(document, kind) for kind in (CART, BOAT))
    prices = cart.multiplier * document.cost
    assert prices[0].tolist() == [1.0] * 3
    assert prices[1].tolist() == [20.0, 10.0, 10.0]
    assert prices[4].tolist() == [21.0, 6.0, 6.0]
    assert cart.passable[:, 0].tolist() == [True, True, False, False, True]
    assert (boat.multiplier * document.cost)[2].tolist() == [0.5] * 3
    assert boat.passable[:, 0].tolist() == [False, False, True, False, True]


def test_a_plain_class_meets_the_map_as_everybody_does() -> None:
    document = strips()
    met = travel_of(document, plain_class("walker", PALETTE))
    assert (met.passable == document.passable).all()
    assert (met.multiplier[met.passable] == 1.0).all()


def test_walls_stop_every_class() -> None:
    document = edits.set_passable(strips(), raster.rectangle((5, 3), (0, 0), (0, 2)), False).document
    assert not travel_of(document, CART).passable[0].any()


def test_snapping_takes_the_nearest_terrain_and_tells_what_it_took() -> None:
    document = strips()
    costs = np.array(document.cost)
    costs[0] = [1.74, 1.75, 1.76]  # grass 1 and forest 2.5 meet at 1.75: what is grass stays grass
    costs[1] = [1.74, 1.75, 1.76]
    costs[4] = [0.1, 1.75, 80.0]
    locked = np.zeros(document.shape, np.bool_)
    locked[1, 2] = True
    snapped = snap_to_terrains(document.replace(cost=costs, locked=locked))
    found = snapped.document
    assert found.terrain[0].tolist() == [GRASS, GRASS, FOREST]
    assert found.terrain[1].tolist() == [GRASS, FOREST, FOREST]
    assert found.terrain[4].tolist() == [GRASS, GRASS, FOREST]
    assert found.cost[1].tolist() == [1.0, 2.5, np.float32(1.76)], "the locked cell keeps its cost"
    assert (found.cost[2:4] == document.cost[2:4]).all()
    assert (snapped.cells, snapped.terrains, snapped.greatest_change) == (8, 5, 77.5)
    assert snap_to_terrains(found.replace(locked=np.zeros(document.shape, np.bool_))).cells == 1


def test_snapping_needs_ground() -> None:
    with pytest.raises(MapError, match="no terrain that one can walk on"):
        snap_to_terrains(new_document(2, 2, palette=PALETTE[2:]))


def test_terrains_are_found_by_cost_and_passability() -> None:
    cost = np.array([[1.0, 2.5, 1.0, 9.0, 3.0, 2.5]], np.float32)
    passable = np.array([[True, True, False, False, True, False]])
    twice = (*PALETTE, Terrain("meadow", 1.0, "#99bb55"))
    found = terrains_by_cost(cost, passable, twice)
    assert found.tolist() == [[GRASS, FOREST, WATER, ROCK, NO_TERRAIN, FOREST]], "the last is a wall on forest"
    assert (terrains_by_cost(cost, passable, ()) == NO_TERRAIN).all()


def test_a_cell_stays_what_it_is_unless_another_terrain_is_much_nearer() -> None:
    palette = (Terrain("road", 1.0, "#aaaaaa"), Terrain("grass", 2.0, "#55aa55"))
    costs = np.array([[1.9, 1.6, 1.4, 1.1]], np.float32)
    document = new_document(1, 4, palette=palette).replace(terrain=np.ones((1, 4), np.uint8), cost=costs)
    assert snap_to_terrains(document).document.terrain.tolist() == [[1, 1, 0, 0]]
    assert snap_to_terrains(document, stay=2.0).document.terrain.tolist() == [[1, 1, 1, 0]]
    assert snap_to_terrains(document, stay=10.0).document.terrain.tolist() == [[1, 1, 1, 1]]


def test_a_cell_is_not_closed_to_those_who_could_enter_it() -> None:
    palette = (Terrain("road", 1.0, "#aaaaaa"), Terrain("reeds", 2.0, "#55aaaa"), Terrain("grass", 4.0, "#55aa55"))
    classes = (MovementClass("cart", (1.0, math.inf, 4.0)),)
    document = new_document(1, 2, palette=palette).replace(
        classes=classes, terrain=np.array([[0, 1]], np.uint8), cost=np.array([[2.2, 3.9]], np.float32)
    )
    snapped = snap_to_terrains(document).document
    # The cart's road becomes road again, not reeds; the reeds may not become grass, which carts can enter.
    assert snapped.terrain.tolist() == [[0, 1]]
