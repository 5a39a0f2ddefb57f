"""What the drawn map is like, measured beside the window: exact paths, their costs, distances to a goal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from app.base.jobs import Background
from maps.document import MapDocument

QUIET = 40  # milliseconds without a change before a map is measured


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
    """Measures the newest document that it was given; those in between are passed over."""

    measured = Signal(object)  # Measures

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._wanted: tuple[MapDocument, int] | None = None
        self._quiet = QTimer(self, interval=QUIET, singleShot=True)
        self._quiet.timeout.connect(self._begin)

    @property
    def busy(self) -> bool:
        """Whether a measurement is still to come."""
        return self._background.busy or self._wanted is not None

    def measure(self, document: MapDocument, route: int) -> None:
        """Ask for the measures of a document, with distances to the goal of route number `route`."""
        self._wanted = document, route
        if not self._quiet.isActive():
            self._quiet.start()

    def shut_down(self) -> None:
        """Wait for what is under way."""
        self._quiet.stop()
        self._wanted = None
        self._background.shut_down()

    def _begin(self) -> None:
        if self._background.busy or self._wanted is None:
            return
        document, route = self._wanted
        self._wanted = None
        self._background.start(lambda: measures_of(document, route), self._tell, self._give_up)

    def _tell(self, measures: Measures) -> None:
        self.measured.emit(measures)
        self._go_on()

    def _give_up(self, error: Exception) -> None:
        self._go_on()
        raise error

    def _go_on(self) -> None:
        if self._wanted is not None:
            self._quiet.start()


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
