"""How long paths are for a game engine: on the map as drawn, and on the map as the engine will see it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.scenarios.translate import document_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maps.document import MapDocument
    from maps.engines import Seen


@dataclass(frozen=True)
class RouteChange:
    """One route. before, after: cost of its exact shortest path, in the map's own unit; infinite without a way."""

    name: str
    walker: str
    before: float
    after: float

    @property
    def change(self) -> str:
        """How much longer the path is for the engine, in words."""
        if math.isinf(self.before) or math.isinf(self.after):
            return "" if self.before == self.after else "a way lost" if math.isinf(self.after) else "a way found"
        if self.before == self.after or self.before == 0.0:
            return ""
        return f"{100.0 * (self.after / self.before - 1.0):+.3g} %"


def route_changes(document: MapDocument, seen: Seen) -> Iterator[RouteChange]:
    """Yield what becomes of each route that the engine sees, by whoever walks it."""
    as_drawn = document.replace(routes=seen.document.routes)
    pairs = zip(seen.document.routes, document_paths(as_drawn), document_paths(seen.document), strict=True)
    for route, before, after in pairs:
        yield RouteChange(route.name, route.movement, before.cost, after.cost)


def costs_text(seen: Seen) -> str:
    """Return in words how exactly an engine sees the costs of a map."""
    kept = "each cell's own" if not seen.classes else "1 class" if seen.classes == 1 else f"{seen.classes} classes"
    exact = "exactly" if seen.greatest_error == 0.0 else f"greatest error {seen.greatest_error:.3g}"
    scaled = "" if seen.scale == 1.0 else f"; × {seen.scale:g} in the engine, so that none is below 1"
    return f"{kept}, {exact}{scaled}"
