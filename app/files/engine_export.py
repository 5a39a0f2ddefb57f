"""Write the open map for a game engine: the dialog, and the disk's work in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QMessageBox, QWidget

from app.files.engine_dialog import EngineDialog
from maps.safe_set import save_set

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.base.jobs import Background
    from app.document.model import DocumentModel
    from maps.document import MapDocument


class EngineExport(QObject):
    """Carry out the command. `told` carries a line for the status bar, `written` the files.

    folder: where the dialog begins for a map without a file.
    """

    told = Signal(str)
    written = Signal(list)

    def __init__(
        self, window: QWidget, model: DocumentModel, background: Background, folder: Callable[[], str]
    ) -> None:
        super().__init__(window)
        self._window, self._model, self._background, self._folder = window, model, background, folder

    def ask(self, result: MapDocument | None) -> None:
        """Ask for which engine the map, or a run's result, is to be written, and write it."""
        drawn, path, folder = self._model.history.current, self._model.path, Path(self._folder())
        dialog = EngineDialog(drawn, result, path, folder, self._window)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        if accepted:
            files = dialog.choice().files
            self.told.emit(self.tr("Exporting …"))
            self._background.start(lambda: save_set(files), self._done(list(files)), self._tell)
        dialog.deleteLater()

    def _done(self, paths: list[Path]) -> Callable[[list[str]], None]:
        def done(warnings: list[str]) -> None:
            names = ", ".join(path.name for path in paths)
            self.told.emit("; ".join([self.tr("Exported {}").format(names), *warnings]))
            self.written.emit(paths)

        return done

    def _tell(self, error: Exception) -> None:
        self.told.emit("")
        QMessageBox.critical(self._window, self.tr("Not exported"), str(error))
