"""Open, save and export maps: the dialogs, and the disk's work in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.base.jobs import Background
from app.files.export_dialog import ExportDialog
from maps.document import MapDocument
from maps.edits import set_layout
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import FORMATS, format_of, losses, read_map, write_map
from maps.formats.points import read_layout, scenario_layout, write_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.base.preferences import Preferences
    from app.document.model import DocumentModel

NATIVE = ".longcut"


class Files(QObject):
    """Carry out the File menu. `told` carries a line for the status bar."""

    told = Signal(str)
    opened = Signal()
    recent_changed = Signal()

    def __init__(self, window: QWidget, model: DocumentModel, preferences: Preferences | None) -> None:
        super().__init__(window)
        self._window, self._model, self._preferences = window, model, preferences
        self._background = Background(self)
        self._accepted: set[Path] = set()  # files whose losses the designer agreed to

    @property
    def busy(self) -> bool:
        """Whether a file is being read or written."""
        return self._background.busy

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved last, newest first."""
        return self._preferences.recent_files if self._preferences else []

    def ask_open(self) -> None:
        """Ask for a map and open it."""
        if self.may_leave():
            endings = " ".join(f"*{ending}" for kind in FORMATS for ending in kind.endings)
            name, _ = QFileDialog.getOpenFileName(
                self._window, self.tr("Open a map"), self._folder(), self.tr("Maps ({})").format(endings)
            )
            if name:
                self._read(Path(name))

    def open(self, path: Path) -> None:
        """Open a map, after asking about unsaved changes."""
        if self.may_leave():
            self._read(path)

    def adopt(self, document: MapDocument) -> None:
        """Begin with a map that is in no file yet, after asking about unsaved changes."""
        if self.may_leave():
            self._model.adopt(document, None)
            self.opened.emit()

    def save(self) -> None:
        """Save to the file that was opened, or ask for one."""
        path = self._model.path
        kind = None if path is None else format_of(path)
        if path is None or kind is None or kind.encode is None:
            self.save_as()
        elif path.suffix == NATIVE or path in self._accepted or self._accepts_losses(path):
            self._write(self._model.history.current, path)

    def save_as(self) -> None:
        """Ask for a file and save; it is the document's file from then on."""
        path = self._ask_save()
        if path is not None and self._accepts_losses(path):
            self._write(self._model.history.current, path)

    def export(self, result: MapDocument | None) -> None:
        """Ask what to write where; the document keeps its file. result: the map with a run's result, or None."""
        folder = Path(self._folder())
        dialog = ExportDialog(self._model.history.current, result, self._model.path, folder, self._window)
        if dialog.exec() == ExportDialog.DialogCode.Accepted:
            path, document = dialog.choice()
            self._background.start(
                lambda: write_map(document, path),
                lambda _: self.told.emit(self.tr("Exported {}").format(path.name)),
                self._tell_not_saved,
            )

    def import_layout(self) -> None:
        """Ask for a file of points and add them as a layout of their own, as one undo step."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Import points"), self._folder(), self.tr("Points (*.csv *.json *.scen)")
        )
        if not name:
            return
        document = self._model.document
        try:
            path = Path(name)
            ends = ("start", "goal") if path.suffix == ".scen" else ()
            added = [scenario_layout(path, document, end) for end in ends] or [read_layout(path, document)[0]]
            for layout in added:
                document = set_layout(document, len(document.layouts), layout)
        except (MapFormatError, MapError) as error:
            self._tell(error)
            return
        self._model.edit(self.tr("Import points"), document)

    def export_layout(self, index: int) -> None:
        """Ask for a file and write a layout's points to it."""
        layout = self._model.document.layouts[index]
        kinds = {self.tr("Points as CSV"): ".csv", self.tr("Points as JSON"): ".json"}
        path = self._ask_file(self.tr("Export points"), layout.name, kinds)
        if path is None:
            return
        try:
            write_layout(layout, path)
        except (MapSaveError, MapError) as error:
            self._tell_not_saved(error)
            return
        self.told.emit(self.tr("Exported {}").format(path.name))

    def may_leave(self) -> bool:
        """Return whether the open map may be closed: saved, or discarded by the designer."""
        if not self._model.modified:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._window,
            self.tr("Unsaved changes"),
            self.tr("{} has unsaved changes. Save them?").format(self._model.title),
            buttons.Save | buttons.Discard | buttons.Cancel,
        )
        return answer == buttons.Discard or (answer == buttons.Save and self._save_now())

    def shut_down(self) -> None:
        """Wait for what is being written."""
        self._background.shut_down()

    def _save_now(self) -> bool:
        path = self._model.path or self._ask_save()
        if path is None or (path.suffix != NATIVE and not self._accepts_losses(path)):
            return False
        try:
            self._model.save(path)
        except (MapSaveError, MapError) as error:
            self._tell_not_saved(error)
            return False
        self._remember(path)
        return True

    def _ask_save(self) -> Path | None:
        kinds = {kind.description: kind.endings[0] for kind in FORMATS if kind.encode}
        return self._ask_file(self.tr("Save as"), Path(self._model.title).stem, kinds)

    def _ask_file(self, title: str, stem: str, kinds: Mapping[str, str]) -> Path | None:
        """Ask for a file to write, with an ending among those of `kinds`, description to ending; None for none.

        A name without one gets that of the chosen kind, the first where the dialog tells none.
        """
        filters = {f"{description} (*{ending})": ending for description, ending in kinds.items()}
        first = next(iter(kinds.values()))
        asked = Path(self._folder()) / (stem + first)
        while True:
            name, chosen = QFileDialog.getSaveFileName(self._window, title, str(asked), ";;".join(filters))
            if not name:
                return None
            typed = Path(name)
            if typed.suffix.lower() in kinds.values():
                return typed
            # The dialog has asked about the file of the name as typed, not about this one.
            asked = typed.with_name(typed.name + filters.get(chosen, first))
            if not asked.exists() or self._may_replace(title, asked):
                return asked

    def _may_replace(self, title: str, path: Path) -> bool:
        question = self.tr("{} is there already. Replace it?").format(path.name)
        return QMessageBox.question(self._window, title, question) == QMessageBox.StandardButton.Yes

    def _accepts_losses(self, path: Path) -> bool:
        try:
            lost = losses(self._model.history.current, path)
        except (MapSaveError, MapError) as error:
            self._tell_not_saved(error)
            return False
        if not lost:
            return True
        question = self.tr("{} does not keep:\n• {}\n\nSave all the same?").format(path.name, "\n• ".join(lost))
        answer = QMessageBox.question(self._window, self.tr("Save"), question)
        if answer == QMessageBox.StandardButton.Yes:
            self._accepted.add(path)
        return path in self._accepted

    def _write(self, document: MapDocument, path: Path) -> None:
        def saved(_: object) -> None:
            self._model.mark_saved(document, path)
            self._remember(path)
            self.told.emit(self.tr("Saved {}").format(path.name))

        self._start(self.tr("Saving {}…").format(path.name), lambda: write_map(document, path), saved)

    def _read(self, path: Path) -> None:
        asked_on = self._model.history.current

        def read(document: object) -> None:
            assert isinstance(document, MapDocument)
            # What was drawn while the file was being read must not be lost.
            if self._model.history.current is not asked_on and not self.may_leave():
                return
            self._model.adopt(document, path)
            self._remember(path)
            self.opened.emit()
            self.told.emit(self.tr("Opened {}").format(path.name))

        self._start(self.tr("Opening {}…").format(path.name), lambda: read_map(path), read)

    def _start(self, told: str, work: Callable[[], object], done: Callable[[object], None]) -> None:
        self.told.emit(told)
        self._background.start(work, done, self._tell)

    def _tell(self, error: Exception) -> None:
        self.told.emit("")
        if isinstance(error, MapFormatError):
            words = f"{error}.\n\n" + self.tr("Your open map is unchanged.")
            QMessageBox.warning(self._window, self.tr("Cannot open"), words)
        else:
            self._tell_not_saved(error)

    def _tell_not_saved(self, error: Exception) -> None:
        QMessageBox.critical(self._window, self.tr("Not saved"), str(error))

    def _folder(self) -> str:
        if self._model.path is not None:
            return str(self._model.path.parent)
        return str(self._preferences.last_folder if self._preferences else Path.home())

    def _remember(self, path: Path) -> None:
        if self._preferences:
            self._preferences.add_recent_file(path)
            self._preferences.last_folder = path.parent
            self.recent_changed.emit()
