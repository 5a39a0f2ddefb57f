"""The table of a map's tiles in the window: asked for where nobody has said what they cost, kept as a preset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.base.jobs import Background
from app.panels.tiles.dialog import TilesDialog
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import tiles_of
from maps.presets import presets_of, save_presets

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QMainWindow

    from app.document.model import DocumentModel
    from app.files.file_actions import Files
    from maps.document import MapDocument
    from maps.tiles import MapTiles


class TileCosts(QObject):
    """Opens the table, and applies it as one undo step. presets: the folder that keeps it; None for none."""

    told = Signal(str)

    def __init__(self, window: QMainWindow, model: DocumentModel, files: Files, presets: Path | None) -> None:
        super().__init__(window)
        self._window, self._model, self._presets = window, model, presets
        self._background = Background(self)
        self._asked: set[frozenset[str]] = set()  # sets of tiles that were asked about in this session
        self.dialog: TilesDialog | None = None
        files.tiles_unpriced.connect(self._ask)
        files.opened.connect(self._leave)

    def open(self) -> None:
        """Show the table of the map as it is."""
        self._open(suggest=False)

    def shut_down(self) -> None:
        """Wait for what is under way."""
        self._leave()
        self._background.shut_down()

    def _ask(self, families: frozenset[str]) -> None:
        """Show the table with suggestions, once for each set of tiles: who cancels is not asked again."""
        if families not in self._asked:
            self._asked.add(families)
            self._open(suggest=True)

    def _open(self, *, suggest: bool) -> None:
        document, path = self._model.history.current, self._model.path

        def show(tiles: MapTiles) -> None:
            if self._model.history.current is document:
                self._show(document, tiles, suggest=suggest)

        self._background.start(lambda: tiles_of(document, path), show, self._refused)

    def _show(self, document: MapDocument, tiles: MapTiles, *, suggest: bool) -> None:
        self._leave()
        dialog = TilesDialog(document, tiles, suggest=suggest, parent=self._window)

        def apply(made: MapDocument) -> None:
            self._apply(document, made)

        dialog.applied.connect(apply)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.open()  # not exec: nothing else of the program waits for it

    def _apply(self, before: MapDocument, made: MapDocument) -> None:
        if made is not before:
            self._model.edit(self.tr("Tiles and their costs"), made)
        path, folder = self._model.path, self._presets

        def work() -> int:
            presets = presets_of(made, tiles_of(made, path))
            if folder is not None and presets:
                save_presets(folder, presets)
                return len(presets)
            return 0

        def tell(kept: int) -> None:
            count = len(made.palette)
            words = self.tr("{} terrains as you said").format(count)
            self.told.emit(words + (self.tr(", kept for the next map with these tiles") if kept else ""))

        self._background.start(work, tell, self._refused)

    def _leave(self) -> None:
        if self.dialog is not None:
            self.dialog.reject()

    def _forget(self) -> None:
        self.dialog = None

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, (MapFormatError, MapError, MapSaveError, OSError)):
            raise error
        self.told.emit(str(error))
