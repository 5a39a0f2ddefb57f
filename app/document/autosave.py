"""Keep unsaved work aside while the program runs, so that a crash costs at most a minute of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.base.jobs import Background
from maps.errors import MapError, MapSaveError
from maps.recovery import Journal, LeftBehind, discard

if TYPE_CHECKING:
    from pathlib import Path

    from app.document.model import DocumentModel
    from maps.results import MapFile

INTERVAL = 60.0  # seconds
MOST_EDITS = 200  # between two times


class Autosave(QObject):
    """Writes the map and its results to a journal: every minute, and after many edits, while they are unsaved.

    home: the folder of all journals. The designer's own file is never written to.
    """

    told = Signal(str)  # why work could not be kept aside; once until it can be again

    def __init__(
        self, model: DocumentModel, home: Path, parent: QObject | None = None, interval: float = INTERVAL
    ) -> None:
        super().__init__(parent)
        self._model, self._home = model, home
        self._background = Background(self)
        self._journal: Journal | None = None
        self._kept: MapFile | None = None
        self._kept_origin: Path | None = None
        self._edits, self._failed = 0, False
        self._inherited: list[LeftBehind] = []
        self._inherited_origin: Path | None = None  # the file of work that was taken over as a copy without one
        self._session = model.session  # of the map that was open when that was noted
        self._timer = QTimer(self, interval=round(1000 * interval))
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        model.history_changed.connect(self._count)
        model.results_changed.connect(self._take_results)
        model.title_changed.connect(self._look)

    def keep(self) -> None:
        """Keep the unsaved work aside now, if there is any that is not."""
        contents = self._model.contents
        kept = self._kept
        known = kept is not None and (contents.document, contents.results) == (kept.document, kept.results)
        known &= self._kept_origin == self._origin
        if self._background.busy or known or not self._model.modified:
            return
        self._edits = 0
        title, origin = contents.document.name, self._origin

        try:
            journal = self._journal = self._journal or Journal(self._home)
        except OSError as error:
            self._give_up(error)
            return
        self._background.start(
            lambda: journal.keep(contents, title, origin), lambda _: self._take(contents, origin), self._give_up
        )

    @property
    def _origin(self) -> Path | None:
        """The open map's file; where it has none, that from which it was once taken as recovered work."""
        inherited = self._inherited_origin if self._session == self._model.session else None
        return self._model.path or inherited

    def inherit(self, work: LeftBehind) -> None:
        """Take over work that an earlier session left behind: its copy goes once this session keeps one."""
        self._inherited.append(work)
        self._inherited_origin, self._session = work.origin, self._model.session
        self.keep()

    def shut_down(self) -> None:
        """End in good order: the work is saved, or was given up by the designer."""
        self._timer.stop()
        self._background.shut_down()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _take(self, contents: MapFile, origin: Path | None) -> None:
        self._kept, self._kept_origin, self._failed = contents, origin, False
        while self._inherited:
            discard(self._inherited.pop())
        self._look()  # it may have been saved meanwhile
        if origin != self._origin:
            self.keep()  # under the name of the file that it came from

    def _give_up(self, error: Exception) -> None:
        if not isinstance(error, (MapSaveError, MapError, OSError)):
            raise error
        if not self._failed:
            self._failed = True
            self.told.emit(self.tr("Unsaved work cannot be kept aside: {}. Save soon.").format(error))

    def _count(self) -> None:
        self._edits += 1
        if self._edits >= MOST_EDITS:
            self.keep()

    def _take_results(self) -> None:
        if self._model.modified:
            self.keep()  # a result may have taken minutes

    def _look(self) -> None:
        """Forget what is kept once the file holds it."""
        if self._journal is not None and self._kept is not None and not self._model.modified:
            self._journal.forget()
            self._kept = None
