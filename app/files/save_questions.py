"""What is asked before a map is saved: where to, what is lost, whose change counts, a file that goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.files import questions
from app.files.questions import Answer
from maps.errors import MapError, MapSaveError
from maps.formats import FORMATS, companion_of, losses
from maps.open_file import OnDisk

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from app.document.model import DocumentModel
    from maps.document import MapDocument
    from maps.open_file import OpenFile


class SaveQuestions:
    """Asks the designer; what was agreed to about a file is not asked again.

    refuse: tells why a map cannot be written.
    """

    def __init__(self, window: QWidget, model: DocumentModel, refuse: Callable[[Exception], None]) -> None:
        self._window, self._model, self._refuse = window, model, refuse
        self._accepted: set[Path] = set()  # files whose losses the designer agreed to

    def ask_save(self, folder: str) -> Path | None:
        """Ask for a file to save to, from a folder on; None for none."""
        model = self._model
        writable = [kind for kind in FORMATS if kind.writes(model.document)]
        kinds = {kind.description: kind.endings[0] for kind in writable}
        path = questions.ask_file(self._window, model.tr("Save as"), Path(folder) / Path(model.title).stem, kinds)
        return path if path is not None and self.may_replace_companion(model.history.current, path) else None

    def decide_on_changes(self, file: OpenFile | None, path: Path) -> Answer:
        """Return OTHERWISE to save, YES to ask for another name, NO to leave it. file: behind the open map."""
        changed = file is not None and file.path == path and file.state() is OnDisk.CHANGED
        return questions.ask_changed_on_disk(self._window, path) if changed else Answer.OTHERWISE

    def may_replace_companion(self, document: MapDocument, path: Path) -> bool:
        """Ask about the file that goes with another one, which a dialog for names knows nothing of."""
        companion = companion_of(document, path)
        if companion is None or not companion.exists() or path == self._model.path:
            return True
        return questions.may_replace(self._window, self._model.tr("Save"), companion)

    def decide_on_losses(self, path: Path) -> Answer:
        """Return OTHERWISE to save in this format, YES to ask for a name in the own one, NO to leave it."""
        lost = self._losses(path)
        if lost is None:
            return Answer.NO
        if not lost or path in self._accepted:
            return Answer.OTHERWISE
        answer = questions.ask_lossy_save(self._window, path, lost)
        if answer is Answer.OTHERWISE:
            self._accepted.add(path)
        return answer

    def accepts_losses(self, path: Path) -> bool:
        """Ask whether a file may be written that does not keep all of the map; return whether it may."""
        lost = self._losses(path)
        if lost is None:
            return False
        if lost and path not in self._accepted:
            if not questions.accepts_losses(self._window, path, lost):
                return False
            self._accepted.add(path)
        return True

    def _losses(self, path: Path) -> list[str] | None:
        """Return what a file would not keep; None, and tell why, where it cannot be written."""
        try:
            model = self._model
            return losses(model.history.current, path, model.results, presets=model.keeps_presets)
        except (MapSaveError, MapError) as error:
            self._refuse(error)
            return None
