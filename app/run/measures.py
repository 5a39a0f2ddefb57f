"""Measure the drawn map in the background: exact paths, their costs, distances to a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from app.base.jobs import NewestWins

if TYPE_CHECKING:
    from collections.abc import Callable

    from maps.document import MapDocument


@dataclass(frozen=True, eq=False)
class Measures:
    """Of one document. Routes that no way connects cost infinity and have an empty path.

    costs: (R,).  paths: cells (n, 2) per route.  distance: (H, W) to the goal of route `route`, infinite where
    no way leads; None without routes.
    """

    document: MapDocument
    route: int
    costs: npt.NDArray[np.float64]
    paths: tuple[npt.NDArray[np.int64], ...]
    distance: npt.NDArray[np.float64] | None

    @property
    def cut_off(self) -> npt.NDArray[np.bool_] | None:
        """(H, W) cells from which the goal can be reached, where the route's start is not among them."""
        if self.distance is None or np.isfinite(self.costs[self.route]):
            return None
        return np.isfinite(self.distance)


class Measurer(QObject):
    """Measures documents in the background; of several that it is given in a row, only the newest."""

    measured = Signal(object)  # Measures

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: tuple[MapDocument, int] | None = None
        self._job = NewestWins(self._prepare, self.measured.emit, self._raise, self)

    @property
    def busy(self) -> bool:
        """Whether a measurement is still to come."""
        return self._job.busy

    def measure(self, document: MapDocument, route: int) -> None:
        """Ask for the measures of a document, with distances to the goal of route number `route`."""
        self._wanted = document, route
        self._job.ask()

    def shut_down(self) -> None:
        """Wait for the measurement that is under way; it is not delivered any more."""
        self._job.shut_down()

    def _prepare(self) -> Callable[[], Measures] | None:
        if self._wanted is None:
            return None
        document, route = self._wanted
        return lambda: measures_of(document, route)

    def _raise(self, error: Exception) -> None:
        raise error  # measuring a valid map cannot fail: a defect, which is to be seen


def measures_of(document: MapDocument, route: int) -> Measures:
    """Return exact paths of every route, and distances to the goal of route number `route`."""
    from app.scenarios.translate import document_paths

    costs: list[float] = []
    cells: list[npt.NDArray[np.int64]] = []
    distance = None
    shown = min(route, len(document.routes) - 1)
    for number, path in enumerate(document_paths(document)):
        costs.append(path.cost)
        cells.append(path.cells)
        if number == shown:
            distance = path.distance
    return Measures(document, shown, np.array(costs), tuple(cells), distance)
