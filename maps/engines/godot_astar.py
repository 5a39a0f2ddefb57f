"""Godot's AStarGrid2D: weights of every cell as JSON, and the script that makes a grid of them.

By Godot's source: a step costs its length times the weight of the cell that is entered, whatever the map's own
rule is; the diagonal modes are the corner rules here. A weight below 1 makes the estimate of the way that is left
too large, and paths longer than they need be, so weights are scaled: by a power of two, which keeps every digit.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from maps.engines.target import EngineFiles, EngineTarget, Seen, losses_of, with_ending
from maps.errors import MapError
from maps.formats.tiled.format import tile_size_of
from maps.formats.tiled.fresh import TILE_SIZE
from maps.travel import travel_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.document import MapDocument, Mask
    from maps.movement import MovementClass, MovementRule

# Of AStarGrid2D, without the DIAGONAL_MODE_ that they begin with.
_MODES = {"free": "ALWAYS", "one_open": "AT_LEAST_ONE_WALKABLE", "both_open": "ONLY_IF_NO_OBSTACLES"}
_LEAST, _GREATEST = 2.0**-149, float(np.finfo(np.float32).max)


def diagonal_mode(rule: MovementRule) -> str:
    """Return the diagonal mode of a rule of movement."""
    return "NEVER" if rule.neighbours == 4 else _MODES[rule.corner_rule]


def _walkers(document: MapDocument) -> list[MovementClass]:
    """Return the movement classes that a grid can stand for: those who stand on one cell."""
    return [kind for kind in document.classes if kind.size == 1]


def _travel(document: MapDocument, kind: MovementClass | None) -> tuple[NDArray[np.float64], Mask]:
    """Return what a class, None for the plain movement, pays in each cell (H, W), and where it can be."""
    cost = document.cost.astype(np.float64)
    if kind is None:
        return cost, document.passable
    with np.errstate(over="ignore", under="ignore"):  # what leaves the range of floats is refused by `_see`
        travel = travel_of(document, kind)
        return travel.multiplier * cost, travel.passable


def _see(document: MapDocument, _: int) -> Seen:
    least, dearest = 1.0, 1.0
    walkers = _walkers(document)
    for kind in (None, *walkers):
        prices, passable = _travel(document, kind)
        least = float(prices.min(where=passable, initial=least))
        dearest = float(prices.max(where=passable, initial=dearest))
    if least < _LEAST or dearest / least > _GREATEST / 2.0:
        raise MapError("the costs lie so far apart that the dearest, scaled so that none is below 1, is no float")
    scale = 2.0 ** math.ceil(-math.log2(least))
    names = {"", *(kind.name for kind in walkers)}
    routes = tuple(route for route in document.routes if route.movement in names)
    entered = document.replace(rule=replace(document.rule, cost_rule="entered"), routes=routes)
    return Seen(entered, 0, 0.0, scale)


def _movement(document: MapDocument, scale: float, kind: MovementClass | None) -> str:
    """Return the JSON of how the plain movement or a class moves; weights a row of the map on each line."""
    rule = document.rule if kind is None else kind.rule_on(document.rule)
    prices, passable = _travel(document, kind)
    weights = np.where(passable, prices * scale, 0.0).astype(np.float32)
    # A float's shortest text, and 0 for a wall.
    rows = ",\n".join(",".join("0" if w == "0.0" else w for w in map(str, row)) for row in weights)
    return f'{{"diagonal_mode": "{diagonal_mode(rule)}", "weights": [\n{rows}\n]}}'


def _files(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document
    head = {
        "width": document.width,
        "height": document.height,
        "cell_size": tile_size_of(document) or TILE_SIZE,
        "scale": seen.scale,
        "routes": [
            {"name": route.name, "walker": route.movement, "start": route.start[::-1], "goal": route.goal[::-1]}
            for route in document.routes
        ],
        "points": [
            {"name": layout.name, "weights": layout.weights.tolist(), "cells": layout.positions[:, ::-1].tolist()}
            for layout in document.layouts
        ],
    }
    movements = ", ".join(
        f"{json.dumps(kind.name if kind else '', ensure_ascii=False)}: {_movement(document, seen.scale, kind)}"
        for kind in (None, *_walkers(document))
    )
    text = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "movements": {{{movements}}}}}\n'
    loader = files("maps.engines").joinpath("astar_loader.gd").read_text("utf-8")
    script = loader.replace("NAME", base.name.replace('"', "_").replace("\n", "_"))
    data = {with_ending(base, ".astar.json"): text.encode(), with_ending(base, ".astar.gd"): script.encode()}
    wide = [kind.name for kind in document.classes if kind.size > 1]
    lost = [f"those wider than a cell and their routes: {', '.join(wide)}"] if wide else []
    return EngineFiles(data, [*lost, *losses_of(document, places=True, rule=True, classes=True)])


GODOT_ASTAR = EngineTarget(
    "godot-astar",
    "Godot 4, AStarGrid2D",
    "The cost of every cell, exactly, as JSON, for every movement class too, and a script (.gd) that makes a grid "
    "for path finding of it.",
    (".astar.gd", ".astar.json"),
    _see,
    _files,
    classes=False,
)
