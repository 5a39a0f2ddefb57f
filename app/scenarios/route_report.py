"""What a report tells of single routes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.scenarios.translate import path_costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.scenarios.frame import Floats
    from maps.document import Cell, MapDocument


@dataclass(frozen=True)
class RouteReport:
    """Exact path costs of one route, before and after the run.

    walker: the movement class that walks it; empty for the map's own movement.
    """

    name: str
    start: Cell
    goal: Cell
    before: float
    after: float
    walker: str = ""

    @property
    def line(self) -> str:
        """The route in a line of a summary."""
        walked = f" ({self.walker})" if self.walker else ""
        return f"  {self.name}{walked}: {self.before:.4g} → {self.after:.4g}"


def route_reports(before: MapDocument, after: MapDocument) -> tuple[RouteReport, ...]:
    """Return the exact path costs of each route of a document, and of the same route on another one."""
    return tuple(
        RouteReport(route.name, route.start, route.goal, was, now, route.movement)
        for route, was, now in zip(
            before.routes, path_costs(before).tolist(), path_costs(after).tolist(), strict=True
        )
    )


def costs_of(routes: Sequence[RouteReport]) -> tuple[Floats, Floats]:
    """Return the path costs (R,) of the routes before the run, and after it."""
    return np.array([route.before for route in routes]), np.array([route.after for route in routes])
