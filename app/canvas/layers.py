"""The layers of the canvas, which can be shown and hidden one by one."""

from __future__ import annotations

from typing import Literal, get_args

Layer = Literal[
    "terrain",
    "cost",
    "difference",
    "distance",
    "walls",
    "locked",
    "grid",
    "path",
    "flow",
    "plan",
    "trails",
    "layouts",
    "routes",
    "legend",
]
LAYERS: tuple[Layer, ...] = get_args(Layer)  # in the order in which they are drawn
# Differences and distances hide what the map looks like, so they are off at first.
FIRST_LAYERS: frozenset[Layer] = frozenset(LAYERS) - {"difference", "distance"}
