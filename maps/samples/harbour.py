"""The sample map for movement classes: a bay that walkers and carts go round, and boats cross."""

from __future__ import annotations

import math

import numpy as np

from maps.document import MapDocument, Route
from maps.movement import MovementClass
from maps.samples.landscape import Sketch, from_line, from_point, noise, warped
from maps.terrain import Terrain

_PRICES = {  # what each pays; what is not named it cannot enter
    "walker": {"road": 0.5, "meadow": 1.0, "heath": 1.6, "wood": 2.4},
    "cart": {"road": 0.4, "meadow": 1.6, "heath": 3.0},
    "boat": {"water": 0.7, "reeds": 2.0},
}


def harbour() -> MapDocument:
    """A bay between two villages, and a road round it; one route on foot, one by cart, one by boat."""
    shape = (48, 48)
    sketch = Sketch(
        shape,
        (
            Terrain("meadow", 1.0, "#c0cf7e"),
            Terrain("road", 0.5, "#f0e3bd"),
            Terrain("heath", 1.6, "#a48a8c"),
            Terrain("wood", 2.4, "#47764e"),
            Terrain("reeds", 3.2, "#35564f"),
            Terrain("water", 4.4, "#1d3b61"),
            Terrain("house", 1.0, "#30262b", passable=False),
        ),
    )
    sketch.lay_bands(noise(shape, 9.0, 311), [(0.62, "heath"), (0.8, "wood")])
    inlet = from_line(shape, [(54, 22), (40, 24), (31, 25)])
    bay = warped(np.minimum(from_point(shape, (40, 24)), inlet), 1.6, 6.0, 7)
    sketch.lay("reeds", bay < 11.4)
    sketch.lay("water", bay < 10.4)
    west, east = (38, 7), (38, 41)
    road = from_line(shape, [west, (31, 7), (22, 12), (16, 20), (17, 30), (23, 38), (31, 41), east])
    sketch.lay("road", road < 0.95)
    for village in (west, east):
        sketch.lay("road", from_point(shape, village) < 2.3)
        for down, right in ((-5, -3), (-3, 2), (4, -2)):
            top, left = village[0] + down, village[1] + right
            sketch.lay("house", np.s_[top : top + 2, left : left + 2])
    sketch.close("wood", west)
    drawn = sketch.document(cell_size=5.0)
    names = [kind.name for kind in drawn.palette]
    prices = {kind: tuple(pays.get(name, math.inf) for name in names) for kind, pays in _PRICES.items()}
    classes = (
        MovementClass("walker", prices["walker"]),
        MovementClass("cart", prices["cart"], factor=1.5, neighbours=4),
        MovementClass("boat", prices["boat"]),
    )
    water = np.argwhere(sketch.find("water"))
    piers = [water[np.argmin(np.abs(water - end).sum(axis=1))].tolist() for end in (west, east)]
    (left_row, left), (right_row, right) = piers
    routes = (
        Route("on foot", west, east, movement="walker"),
        Route("by cart", (west[0] - 1, west[1]), (east[0] - 1, east[1]), colour="#56b4e9", movement="cart"),
        Route("by boat", (left_row, left), (right_row, right), colour="#cc79a7", movement="boat"),
    )
    return drawn.replace(classes=classes, routes=routes)
