"""What `map.json` of a `.longcut` file says of a document beside its arrays: written and read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from maps.document import Bounds, MapDocument, Route
from maps.movement import MovementClass, MovementRule
from maps.origin import Origin
from maps.terrain import Terrain

if TYPE_CHECKING:
    from maps.formats.json_object import JsonObject


def described(document: MapDocument) -> dict[str, Any]:
    """Return what JSON says of a document: all but its arrays."""
    return {
        "name": document.name,
        "height": document.height,
        "width": document.width,
        "cell_size": document.cell_size,
        "rule": {
            "neighbours": document.rule.neighbours,
            "corner_rule": document.rule.corner_rule,
            "cost_rule": document.rule.cost_rule,
        },
        "bounds": {"lower": document.bounds.lower, "upper": document.bounds.upper},
        "routes": [
            {
                "name": route.name,
                "start": list(route.start),
                "goal": list(route.goal),
                "weight": route.weight,
                "colour": route.colour,
                "expected_cost": route.expected_cost,
                "expected_decimals": route.expected_decimals,
                "line": [list(cell) for cell in route.line],
                "movement": route.movement,
            }
            for route in document.routes
        ],
        "layouts": [
            {"name": layout.name, "colour": layout.colour, "points": len(layout.weights)}
            for layout in document.layouts
        ],
        "palette": [
            {
                "name": terrain.name,
                "cost": terrain.cost,
                "colour": terrain.colour,
                "passable": terrain.passable,
                "tile": terrain.tile,
            }
            for terrain in document.palette
        ],
        "classes": [
            {
                "name": kind.name,
                "costs": [None if cost == math.inf else cost for cost in kind.costs],
                "factor": kind.factor,
                "size": kind.size,
                "neighbours": kind.neighbours,
                "corner_rule": kind.corner_rule,
            }
            for kind in document.classes
        ],
        "origin": None if document.origin is None else _described(document.origin),
        "metadata": plain(document.metadata),
    }


def _described(origin: Origin) -> dict[str, Any]:
    return {
        "format": origin.format,
        "name": origin.name,
        "layer": origin.layer,
        "alike": [list(pair) for pair in origin.alike],
        "decided": origin.decided,
    }


def plain(value: Any) -> Any:
    """Frozen metadata as what `json` writes."""
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, tuple):
        return [plain(entry) for entry in cast("tuple[Any, ...]", value)]
    return value



def rule_of(header: JsonObject) -> MovementRule:
    """Return the movement rule."""
    rule = header.part("rule")
    return MovementRule(
        cast("Any", rule.whole("neighbours")),
        cast("Any", rule.text("corner_rule")),
        cast("Any", rule.text("cost_rule")),
    )


def bounds_of(header: JsonObject) -> Bounds:
    """Return the bounds of an optimised cell's cost."""
    bounds = header.part("bounds")
    return Bounds(bounds.number("lower"), bounds.number("upper"))


def routes_of(header: JsonObject) -> tuple[Route, ...]:
    """Return the routes; what files of older versions lack is as it was then."""
    return tuple(
        Route(
            name=route.text("name"),
            start=route.cell("start"),
            goal=route.cell("goal"),
            weight=route.number("weight"),
            colour=route.text("colour"),
            expected_cost=None if route.get("expected_cost") is None else route.number("expected_cost"),
            line=route.cells("line"),
            expected_decimals=(
                None if route.get("expected_decimals") is None else route.whole("expected_decimals")
            ),
            movement="" if route.get("movement") is None else route.text("movement"),
        )
        for route in header.parts("routes")
    )


def palette_of(header: JsonObject) -> tuple[Terrain, ...]:
    """Return the palette."""
    return tuple(
        Terrain(
            part.text("name"),
            part.number("cost"),
            part.text("colour"),
            part.flag("passable"),
            "" if part.get("tile") is None else part.text("tile"),
        )
        for part in header.parts("palette")
    )


def classes_of(header: JsonObject) -> tuple[MovementClass, ...]:
    """Return the movement classes; none in files of before version 1.3."""
    return tuple(
        MovementClass(
            name=part.text("name"),
            costs=part.prices("costs"),
            factor=part.number("factor"),
            size=part.whole("size"),
            neighbours=None if part.get("neighbours") is None else cast("Any", part.whole("neighbours")),
            corner_rule=None if part.get("corner_rule") is None else cast("Any", part.text("corner_rule")),
        )
        for part in (header.parts("classes") if header.get("classes") is not None else [])
    )


def origin_of(header: JsonObject, data: bytes) -> Origin:
    """Return where the map came from. data: of the file that it was read from."""
    part = header.part("origin")
    return Origin(
        format=part.text("format"),
        name=part.text("name"),
        data=data,
        layer=part.whole("layer"),
        alike=part.pairs("alike"),
        decided=part.get("decided") is not None and part.flag("decided"),
    )
