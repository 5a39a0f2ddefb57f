"""What is in a map: as values for JSON, and as rows of words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from app.scenarios.translate import movement_text
from maps.formats.told import OTHER_EDITORS, told_at_reading
from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.scenarios.report import Json
    from maps.document import Layout, MapDocument, Route
    from maps.metadata import JSON


def facts(document: MapDocument, kind: str | None) -> dict[str, Json]:
    """Return what is in a map, by name. kind: name of the format that it was read in.

    Cells are [row, col], counted from the top left one, [0, 0]. A cost that nobody can pay is null.
    """
    costs = document.cost[document.passable].astype(np.float64)
    rule = document.rule
    return {
        "name": document.name,
        "format": kind,
        "rows": document.height,
        "columns": document.width,
        "cell_size": document.cell_size,
        "layers": {
            "cost": {
                "least": float(costs.min()) if costs.size else None,
                "greatest": float(costs.max()) if costs.size else None,
                "mean": float(costs.mean()) if costs.size else None,
                "total": document.total_cost,
            },
            "passable": {"cells": int(costs.size), "walls": int(document.cost.size - costs.size)},
            "locked": {"cells": int(document.locked.sum())},
            "terrain": {"cells": int((document.terrain != NO_TERRAIN).sum())},
        },
        "bounds": [document.bounds.lower, document.bounds.upper],
        "movement": {"neighbours": rule.neighbours, "corners": rule.corner_rule, "cost_rule": rule.cost_rule},
        "terrains": [
            {
                "name": terrain.name,
                "cost": terrain.cost,
                "passable": terrain.passable,
                "colour": terrain.colour,
                "tile": terrain.tile,
                "cells": cells,
            }
            for terrain, cells in zip(document.palette, _cells_of_terrains(document), strict=False)
        ],
        "classes": [
            {
                "name": kind.name,
                "size": kind.size,
                "factor": kind.factor,
                "costs": {
                    terrain.name: price if math.isfinite(price) else None
                    for terrain, price in zip(document.palette, kind.costs, strict=True)
                },
                "movement": {
                    "neighbours": kind.rule_on(rule).neighbours,
                    "corners": kind.rule_on(rule).corner_rule,
                    "cost_rule": kind.rule_on(rule).cost_rule,
                },
            }
            for kind in document.classes
        ],
        "routes": [_route(route) for route in document.routes],
        "points": [_points(layout) for layout in document.layouts],
        "metadata": _json(document.metadata),
        "told": list(told_at_reading(document)),
    }


def _route(route: Route) -> dict[str, Json]:
    return {
        "name": route.name,
        "start": list(route.start),
        "goal": list(route.goal),
        "weight": route.weight,
        "class": route.movement or None,
        "expected_cost": route.expected_cost,
        "line": [list(cell) for cell in route.line],
    }


def _points(layout: Layout) -> dict[str, Json]:
    return {
        "name": layout.name,
        "count": len(layout.weights),
        "total_weight": float(layout.weights.sum()),
        "positions": layout.positions.tolist(),
        "weights": layout.weights.tolist(),
    }


def _json(value: JSON) -> Json:
    if isinstance(value, Mapping):
        return {key: _json(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json(entry) for entry in value]
    return cast("Json", value)


def _cells_of_terrains(document: MapDocument) -> list[int]:
    """How many cells each terrain has, (256,); the last are those without one."""
    return np.bincount(document.terrain.ravel(), minlength=NO_TERRAIN + 1).tolist()


def rows_of(document: MapDocument) -> Iterator[tuple[str, str]]:
    """Yield what is in a map as titles and words."""
    costs = document.cost[document.passable]
    rows, columns = counted(document.height, "row"), counted(document.width, "column")
    yield "size", f"{rows} × {columns}, cells of {document.cell_size:g}"
    walls = document.cost.size - costs.size
    yield "cells", f"{costs.size} passable, {counted(walls, 'wall')}, {int(document.locked.sum())} locked"
    if costs.size:
        total = float(costs.sum(dtype=np.float64))
        spread = f"{costs.min():g} to {costs.max():g}, mean {total / costs.size:.4g}"
        yield "costs", f"{spread}, total {total:.6g}"
    yield "bounds", f"{document.bounds.lower:g} to {document.bounds.upper:g}"
    yield "movement", movement_text(document.rule)
    yield from _terrains(document)
    yield from _classes(document)
    for route in document.routes:
        walker = f", walked by {route.movement}" if route.movement else ""
        expected = "" if route.expected_cost is None else f", expected cost {route.expected_cost:g}"
        drawn = f", drawn over {counted(len(route.line), 'cell')}" if route.line else ""
        ends = f"{route.start} to {route.goal}"
        yield "route", f"{route.name}: {ends}, weight {route.weight:g}{walker}{expected}{drawn}"
    for layout in document.layouts:
        points = counted(len(layout.weights), "point")
        yield "layout", f"{layout.name}: {points}, total weight {layout.weights.sum():g}"
    for key, value in document.metadata.items():
        if key not in OTHER_EDITORS:  # what these say has been told
            yield key, str(value)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 cell", "2 cells"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _terrains(document: MapDocument) -> Iterator[tuple[str, str]]:
    """Yield a title and words for every terrain on the map, and for those of the palette that are not on it."""
    counts = _cells_of_terrains(document)
    absent: list[str] = []
    for terrain, count in zip(document.palette, counts, strict=False):
        cost = f"cost {terrain.cost:g}" if terrain.passable else "impassable"
        if count:
            yield "terrain", f"{terrain.name}: {cost}, {counted(count, 'cell')}"
        else:
            absent.append(f"{terrain.name} ({cost})")
    if counts[NO_TERRAIN]:
        own = "a cost of its own" if counts[NO_TERRAIN] == 1 else "costs of their own"
        yield "no terrain", f"{counted(counts[NO_TERRAIN], 'cell')} with {own}"
    if absent:
        yield "not on the map", ", ".join(absent)


def _classes(document: MapDocument) -> Iterator[tuple[str, str]]:
    """Yield a title and words for every movement class."""
    for kind in document.classes:
        prices = [(terrain.name, price) for terrain, price in zip(document.palette, kind.costs, strict=True)]
        pays = ", ".join(f"{name} {price:g}" for name, price in prices if math.isfinite(price))
        cannot = ", ".join(name for name, price in prices if math.isinf(price))
        own_moves = kind.neighbours is not None or kind.corner_rule is not None
        words = (
            f"size {kind.size}",
            *([f"pays {pays}"] if pays else []),
            f"{kind.factor:g} × the cost of a cell without a terrain",
            *([f"cannot enter {cannot}"] if cannot else []),
            *([movement_text(kind.rule_on(document.rule))] if own_moves else []),
        )
        yield "class", f"{kind.name}: {'; '.join(words)}"
