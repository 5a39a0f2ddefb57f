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

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument
    from maps.movement import MovementRule

# Of AStarGrid2D, without the DIAGONAL_MODE_ that they begin with.
_MODES = {"free": "ALWAYS", "one_open": "AT_LEAST_ONE_WALKABLE", "both_open": "ONLY_IF_NO_OBSTACLES"}
_GREATEST = float(np.finfo(np.float32).max)


def diagonal_mode(rule: MovementRule) -> str:
    """Return the diagonal mode of a rule of movement."""
    return "NEVER" if rule.neighbours == 4 else _MODES[rule.corner_rule]


def _see(document: MapDocument, _: int) -> Seen:
    least = float(document.cost.min(where=document.passable, initial=np.inf))
    scale = 2.0 ** max(0, math.ceil(-math.log2(least))) if math.isfinite(least) else 1.0
    if float(document.cost.max(where=document.passable, initial=0.0)) * scale > _GREATEST:
        raise MapError("the costs lie so far apart that the dearest, scaled so that none is below 1, is no float")
    plain = tuple(route for route in document.routes if not route.movement)
    entered = document.replace(rule=replace(document.rule, cost_rule="entered"), routes=plain)
    return Seen(entered, 0, 0.0, scale)


def _files(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document
    head = {
        "width": document.width,
        "height": document.height,
        "cell_size": tile_size_of(document) or TILE_SIZE,
        "diagonal_mode": diagonal_mode(document.rule),
        "scale": seen.scale,
        "routes": [
            {"name": route.name, "start": route.start[::-1], "goal": route.goal[::-1]} for route in document.routes
        ],
        "points": [
            {"name": layout.name, "weights": layout.weights.tolist(), "cells": layout.positions[:, ::-1].tolist()}
            for layout in document.layouts
        ],
    }
    weights = np.where(document.passable, document.cost * np.float64(seen.scale), 0.0).astype(np.float32)
    # A float's shortest text, and 0 for a wall; a row of the map on each line.
    rows = ",\n".join(",".join("0" if w == "0.0" else w for w in map(str, row)) for row in weights)
    text = f'{json.dumps(head, ensure_ascii=False)[:-1]}, "weights": [\n{rows}\n]}}\n'
    loader = files("maps.engines").joinpath("astar_loader.gd").read_text("utf-8")
    script = loader.replace("NAME", base.name.replace('"', "_").replace("\n", "_"))
    data = {with_ending(base, ".astar.json"): text.encode(), with_ending(base, ".astar.gd"): script.encode()}
    return EngineFiles(data, losses_of(document, places=True, rule=True))


GODOT_ASTAR = EngineTarget(
    "godot-astar",
    "Godot 4, AStarGrid2D",
    "The cost of every cell, exactly, as JSON, and a script (.gd) that makes a grid for path finding of it.",
    (".astar.gd", ".astar.json"),
    _see,
    _files,
    classes=False,
)
