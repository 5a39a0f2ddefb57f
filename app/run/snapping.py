"""Snap the drawn map and kept results to the palette's terrains, in the background."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.base.jobs import PATIENCE, Background
from app.run.keeping import same_map
from app.run.snap import Snap, snap
from app.widgets.parts import free_name
from maps.errors import MapError
from maps.results import with_amount

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document.model import DocumentModel
    from app.run.view import RunView
    from maps.document import MapDocument
    from maps.results import KeptResult

QUICK_CELLS = 100_000  # whose paths are measured in no time


class Snapping(QObject):
    """Gives each cell the terrain with the nearest cost, in the drawn map or in a copy of a result."""

    told = Signal(str)  # a sentence for the status bar

    def __init__(self, model: DocumentModel, view: RunView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._view = model, view
        self._background = Background(self)

    @property
    def busy(self) -> bool:
        """Whether a map is still being measured."""
        return self._background.busy

    def snap_map(self) -> None:
        """Snap the drawn map."""
        document = self._model.history.current

        def done(made: Snap) -> None:
            if self._model.document is not document:
                self.told.emit(self.tr("The map was edited meanwhile, and is not snapped; snap it again"))
                return
            if not same_map(document, made.document):
                self._model.edit(self.tr("Snap to terrains"), made.document)
            self.told.emit(made.sentence)

        self._start(document, done)

    def snap_result(self, result: KeptResult) -> None:
        """Keep a snapped copy of a result, with as much of its change as is in view, and show it."""
        shown = self._view.shown
        document = with_amount(result, shown.amount if shown.result is result else 1.0)

        def done(made: Snap) -> None:
            if result not in self._model.results:
                return  # it was deleted meanwhile, or another map is open
            if same_map(document, made.document):
                self.told.emit(made.sentence)
                return
            taken = {entry.name for entry in self._model.results}
            name = self.tr("{}, snapped").format(result.name)
            kept = replace(
                result,
                name=name if name not in taken else free_name(name, taken),
                headline=made.sentence,
                after=made.document,
                made=datetime.now().astimezone().isoformat(timespec="seconds"),
            )
            self._model.keep(kept)
            self._view.show_result(kept)
            self.told.emit(self.tr("Kept as “{}”: {}").format(kept.name, made.sentence))

        self._start(document, done)

    def shut_down(self) -> None:
        """Cancel what is being measured."""
        self._background.shut_down(PATIENCE)

    def _start(self, document: MapDocument, done: Callable[[Snap], None]) -> None:
        def failed(error: Exception) -> None:
            if not isinstance(error, MapError):
                raise error
            self.told.emit(str(error))

        if document.cost.size > QUICK_CELLS:
            self.told.emit(self.tr("Snapping to terrains …"))
        self._background.start(lambda: snap(document), done, failed)
