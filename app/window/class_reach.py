"""The movement class that is chosen in its panel, on the map in view: where it can go, and what it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.base.jobs import NewestWins
from engine.core.clearance import open_to
from maps.travel import passable_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.canvas.canvas import Canvas
    from app.panels.classes import ClassesPanel
    from app.run.view import RunView
    from app.window.status import StatusBar
    from maps.document import MapDocument, Mask
    from maps.movement import MovementClass


class ClassReach(QObject):
    """Shades the cells where the chosen class cannot be, while the panel's switch is on; tells the status bar."""

    def __init__(self, panel: ClassesPanel, view: RunView, canvas: Canvas, status: StatusBar) -> None:
        super().__init__(canvas)
        self._panel, self._view, self._canvas, self._status = panel, view, canvas, status
        self._shaded: tuple[MapDocument, MovementClass] | None = None  # of what the shade is, or will be
        self._job = NewestWins(self._prepare, self._shade, self._raise, self)
        panel.changed.connect(self._follow)
        view.shown_changed.connect(self._follow)
        self._follow()

    @property
    def busy(self) -> bool:
        """Whether a shade is still to come."""
        return self._job.busy

    def shut_down(self) -> None:
        """Wait for the work that is under way; it is not delivered any more."""
        self._job.shut_down()

    def _follow(self) -> None:
        chosen, document = self._panel.chosen, self._view.shown.document
        self._status.show_class("" if chosen is None else chosen.name)
        # A kept result has the classes that the map had then.
        kind = None if chosen is None else document.class_called(chosen.name)
        if kind is None or not self._panel.shows_reach:
            self._shaded = None
            self._job.cancel()
            self._canvas.show_reach(None)
        elif self._shaded is None or not _meets_the_same(self._shaded, (document, kind)):
            self._shaded = document, kind
            self._job.ask()

    def _prepare(self) -> Callable[[], tuple[MapDocument, MovementClass, Mask]] | None:
        if self._shaded is None:
            return None
        document, kind = self._shaded
        return lambda: (document, kind, open_cells(document, kind))

    def _shade(self, found: tuple[MapDocument, MovementClass, Mask]) -> None:
        document, kind, cells = found
        if self._shaded == (document, kind):
            self._canvas.show_reach(cells, self.tr("Shaded: where {} cannot go").format(kind.name))

    def _raise(self, error: Exception) -> None:
        raise error  # a valid map has a reach: a defect, which is to be seen


def open_cells(document: MapDocument, kind: MovementClass) -> Mask:
    """Return the cells (H, W) where a class can be, its size included."""
    return open_to(passable_to(document, kind), kind.size)


def _meets_the_same(one: tuple[MapDocument, MovementClass], other: tuple[MapDocument, MovementClass]) -> bool:
    (before, was), (now, kind) = one, other
    same_cells = before.terrain is now.terrain and before.passable is now.passable
    return same_cells and before.palette is now.palette and was is kind
