"""Measure the map in view in the background: exact paths, their costs, distances to a goal."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QCoreApplication, QObject, Signal

from app.base.jobs import NewestWins
from maps.travel import price_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.canvas.contours import Contours
    from app.canvas.streaks import Streaks
    from maps.document import Journey, MapDocument


@dataclass(frozen=True, eq=False)
class Wanted:
    """A map to measure: a document's walls and routes, and costs (H, W), its own or those of a step of a run.

    route: to whose goal distances are wanted.  subject: what the map is, in words; empty for the drawn map.
    traffic: (H, W) of a step of a run, whose streaks are wanted.
    """

    document: MapDocument
    cost_map: npt.NDArray[Any]
    route: int
    subject: str = ""
    traffic: npt.NDArray[np.float64] | None = None

    def same_as(self, other: Wanted | None) -> bool:
        """Return whether another one would give the same measures."""
        return (
            other is not None
            and (self.document is other.document and self.cost_map is other.cost_map)
            and (self.route == other.route and self.traffic is other.traffic)
        )


@dataclass(frozen=True, eq=False)
class Measures:
    """Of one map. Routes that no way connects cost infinity and have an empty path.

    of: the map.  costs: (R,).  paths: cells (n, 2) per route.  distance: (H, W) to the goal of route `route`,
    infinite where no way leads; None without routes.  seconds: that it took to measure them.
    streaks: in which the traffic flows; None without traffic.  contours: of the distance; None without one.
    """

    of: Wanted
    route: int
    costs: npt.NDArray[np.float64]
    paths: tuple[npt.NDArray[np.int64], ...]
    distance: npt.NDArray[np.float64] | None
    seconds: float = 0.0
    streaks: Streaks | None = None
    contours: Contours | None = None

    @property
    def route_costs(self) -> dict[Journey, float]:
        """What paths cost by the ends of their routes and who walks them, so that a cost stays with its route."""
        return dict(zip((route.journey for route in self.of.document.routes), self.costs.tolist(), strict=True))

    def leads(self, route: int) -> bool:
        """Return whether a way leads from a route's start to its goal."""
        return bool(np.isfinite(self.costs[route]))

    @property
    def why_cut_off(self) -> str:
        """Why no way leads to the goal of route `route`, where an end of it is a wall; else empty."""
        return "" if self.cut_off is None else walled_end(self.of.document, self.route)

    @property
    def cut_off(self) -> npt.NDArray[np.bool_] | None:
        """(H, W) cells from which the goal can be reached, where the route's start is not among them."""
        if self.distance is None or np.isfinite(self.costs[self.route]):
            return None
        return np.isfinite(self.distance)


def walled_end(document: MapDocument, route: int) -> str:
    """Say which end of a route, by its index, is a wall or no place for its class; empty where none is."""
    ends = document.routes[route]
    number = route + 1
    kind = document.class_of(ends)
    if kind is not None:
        if not np.isfinite(price_at(document, kind, ends.start, document.cost)):
            told = QCoreApplication.translate("Measures", "The start of route {} is no place for {}")
            return told.format(number, kind.name)
        if not np.isfinite(price_at(document, kind, ends.goal, document.cost)):
            told = QCoreApplication.translate("Measures", "The goal of route {} is no place for {}")
            return told.format(number, kind.name)
        return ""
    if not document.passable[ends.start]:
        return QCoreApplication.translate("Measures", "The start of route {} is a wall").format(number)
    if not document.passable[ends.goal]:
        return QCoreApplication.translate("Measures", "The goal of route {} is a wall").format(number)
    return ""


class Measurer(QObject):
    """Measures maps in the background; of several that it is given in a row, only the newest."""

    measured = Signal(object)  # Measures

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: Wanted | None = None
        self._job = NewestWins(self._prepare, self.measured.emit, self._raise, self)

    @property
    def busy(self) -> bool:
        """Whether a measurement is still to come."""
        return self._job.busy

    def measure(self, wanted: Wanted) -> None:
        """Ask for the measures of a map."""
        self._wanted = wanted
        self._job.ask()

    def shut_down(self) -> None:
        """Cancel the measurement that is under way; it is not delivered any more."""
        self._job.shut_down()

    def _prepare(self) -> Callable[[], Measures] | None:
        wanted = self._wanted
        return None if wanted is None else lambda: measures_of(wanted)

    def _raise(self, error: Exception) -> None:
        raise error  # measuring a valid map cannot fail: a defect, which is to be seen


def measures_of(wanted: Wanted) -> Measures:
    """Return exact paths of every route, and distances to the goal of one of them."""
    from app.canvas.contours import contours_of
    from app.canvas.walkers import Stream, flow_streaks, stream_of
    from app.scenarios.translate import exact_paths, route_movements

    began = time.perf_counter()
    document, costs, cells, distance = wanted.document, list[float](), list[npt.NDArray[np.int64]](), None
    shown = min(wanted.route, len(document.routes) - 1)
    cost_map = wanted.cost_map.astype(np.float64, copy=False)
    movements, streams = route_movements(document), list[Stream]()
    for number, path in enumerate(exact_paths(movements, cost_map, document.routes)):
        costs.append(path.cost)
        cells.append(path.cells)
        if number == shown:
            distance = path.distance
        if wanted.traffic is not None:
            streams.append(stream_of(movements[number], cost_map, document.routes[number], path.distance))
    streaks = None if wanted.traffic is None else flow_streaks(wanted.traffic, streams)
    contours = None if distance is None else contours_of(distance)
    seconds = time.perf_counter() - began
    return Measures(wanted, shown, np.array(costs), tuple(cells), distance, seconds, streaks, contours)
