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
    "numbers",
    "contours",
    "path",
    "flow",
    "plan",
    "trails",
    "layouts",
    "routes",
    "legend",
    "minimap",
    "rulers",
]
LAYERS: tuple[Layer, ...] = get_args(Layer)  # in the order in which they are drawn
# Differences and distances hide what the map looks like, and contours draw the eye, so they are off at first.
FIRST_LAYERS: frozenset[Layer] = frozenset(LAYERS) - {"difference", "distance", "contours"}
