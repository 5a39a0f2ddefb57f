"""Open, save and export maps: the dialogs, and the disk's work in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.base.jobs import Background
from app.files import questions
from app.files.engine_export import EngineExport
from app.files.export_dialog import ExportDialog
from app.files.grid_dialog import ask_how, can_be_asked, grids_filter
from app.files.point_files import PointFiles
from app.files.progress import Progress
from app.files.questions import Answer
from app.files.table_dialog import walls_label
from maps.document import new_document
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import FORMATS, companion_of, format_of, losses, read_as, read_file, write_map
from maps.formats.options import NoCostError, UnsaidError
from maps.formats.told import told_at_reading
from maps.open_file import OnDisk, OpenFile
from maps.results import MapFile
from maps.safe_save import sweep_stale

if TYPE_CHECKING:
    from app.base.preferences import Preferences
    from app.document.model import DocumentModel
    from maps.document import MapDocument
    from maps.formats.options import ReadOptions

NEW_MAP = 64, 64  # cells
NATIVE = ".longcut"


class Files(QObject):
    """Carry out the File menu. `told` carries a line for the status bar."""

    told = Signal(str)
    opened = Signal()
    leaving = Signal()  # before it is found out whether the open map holds unsaved work
    recent_changed = Signal()

    def __init__(self, window: QWidget, model: DocumentModel, preferences: Preferences | None) -> None:
        super().__init__(window)
        self._window, self._model, self._preferences = window, model, preferences
        self._background = Background(self)
        self.points = PointFiles(window, model, self._background, self._tell)
        self.points.told.connect(self.told)
        self.engines = EngineExport(window, model, self._background, self._folder)
        self.engines.told.connect(self.told)
        self.engines.written.connect(self._note_written)
        self._file: OpenFile | None = None  # behind the open map
        self._asking = False  # a question about a change on disk is on the screen
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

    def ask_open_table(self) -> None:
        """Ask for a table, grid or picture and how it is to be read, and open it."""
        if self.may_leave():
            title = self.tr("Open a table or grid")
            name, _ = QFileDialog.getOpenFileName(self._window, title, self._folder(), grids_filter())
            if name:
                self._read_as_asked(Path(name))

    def open(self, path: Path) -> None:
        """Open a map, after asking about unsaved changes."""
        if self.may_leave():
            self._read(path)

    def adopt(self, document: MapDocument) -> None:
        """Begin with a map that holds no work yet, after asking about unsaved changes."""
        self._begin(MapFile(document), unsaved=False)

    def adopt_made(self, document: MapDocument) -> None:
        """Begin with a map that a run made and no file holds, after asking about unsaved changes."""
        self._begin(MapFile(document), unsaved=True)

    def take_over(self, contents: MapFile) -> bool:
        """Begin with recovered work, after asking about unsaved changes; return whether it is open now."""
        return self._begin(contents, unsaved=True)

    def hold(self, path: Path) -> None:
        """Take the file of a map that was opened before there was a window, if no other window has it.

        If one has, the designer is asked as when opening: a copy without a name is open then, or a new map.
        """
        file = OpenFile(path)
        if not file.open_elsewhere:
            self._hold(file)
            return
        file.close()
        contents = self._model.contents
        if questions.ask_open_elsewhere(self._window, path) is not Answer.YES:
            contents = MapFile(new_document(*NEW_MAP, name=self.tr("New map")))
        self._model.adopt(contents.document, None, contents.results)
        self.opened.emit()

    def save(self) -> None:
        """Save to the file that was opened, or ask for one."""
        path = self._model.path
        kind = None if path is None else format_of(path)
        if path is None or kind is None or not kind.writes(self._model.document):
            self.save_as()
            return
        decided = self._decide_on_changes(path)
        if decided is Answer.OTHERWISE:
            decided = self._decide_on_losses(path)
        if decided is Answer.OTHERWISE:
            self._write(path)
        elif decided is Answer.YES:
            self.save_as()

    def save_as(self) -> None:
        """Ask for a file and save; it is the document's file from then on."""
        path = self._ask_save()
        if path is not None and self._accepts_losses(path):
            self._write(path)

    def export(self, result: MapDocument | None) -> None:
        """Ask what to write where; the document keeps its file. result: the map with a run's result, or None."""
        folder = Path(self._folder())
        dialog = ExportDialog(self._model.history.current, result, self._model.path, folder, self._window)
        if dialog.exec() == ExportDialog.DialogCode.Accepted:
            path, document = dialog.choice()
            if self._may_replace_companion(document, path):
                self._background.start(
                    lambda: write_map(document, path),
                    lambda _: self.told.emit(self.tr("Exported {}").format(_named(document, path))),
                    self._tell_not_saved,
                )

    def import_layout(self) -> None:
        """Ask for a file of points and add them as a layout of their own, as one undo step."""
        self.points.ask_import(self._folder())

    def export_layout(self, index: int) -> None:
        """Ask for a file and write a layout's points to it."""
        self.points.ask_export(self._model.document.layouts[index], self._folder())

    def may_leave(self) -> bool:
        """Return whether the open map may be closed: saved, or discarded by the designer."""
        self.leaving.emit()
        if not self._model.modified:
            return True
        model = self._model
        answer = questions.ask_unsaved(self._window, model.title, model.unsaved_results, model.lost)
        return answer is Answer.OTHERWISE or (answer is Answer.YES and self._save_now())

    def look_at_disk(self) -> None:
        """Ask what to do if another program has changed the open file; for when the window comes to the front."""
        file = self._file
        if file is None or self._asking or self.busy or file.state() is not OnDisk.CHANGED:
            return
        self._asking = True
        answer = questions.ask_reload(self._window, file.path, self._model.modified)
        self._asking = False
        if answer is Answer.YES:
            self._read(file.path)
        else:
            file.note()

    def shut_down(self) -> None:
        """Wait for what is being written, and let other windows have the file."""
        self._background.shut_down()
        self._let_go()

    def _begin(self, contents: MapFile, *, unsaved: bool) -> bool:
        if not self.may_leave():
            return False
        self._let_go()
        self._model.adopt(contents.document, None, contents.results, unsaved=unsaved)
        self.opened.emit()
        return True

    def _save_now(self) -> bool:
        path = None if self._model.lost else self._model.path
        path = path or self._ask_save()
        if path is None or not self._accepts_losses(path):
            return False
        if self._decide_on_changes(path) is not Answer.OTHERWISE:
            return False
        try:
            self._model.save(path)
        except (MapSaveError, MapError) as error:
            self._tell_not_saved(error)
            return False
        self._remember(path)
        return True

    def _ask_save(self) -> Path | None:
        writable = [kind for kind in FORMATS if kind.writes(self._model.document)]
        kinds = {kind.description: kind.endings[0] for kind in writable}
        proposed = Path(self._folder()) / Path(self._model.title).stem
        path = questions.ask_file(self._window, self.tr("Save as"), proposed, kinds)
        if path is None or not self._may_replace_companion(self._model.history.current, path):
            return None
        return path

    def _may_replace_companion(self, document: MapDocument, path: Path) -> bool:
        """Ask about the file that goes with another one, which a dialog for names knows nothing of."""
        companion = companion_of(document, path)
        if companion is None or not companion.exists() or path == self._model.path:
            return True
        return questions.may_replace(self._window, self.tr("Save"), companion)

    def _decide_on_changes(self, path: Path) -> Answer:
        """Return OTHERWISE to save, YES to ask for another name, NO to leave it."""
        changed = self._file is not None and self._file.path == path and self._file.state() is OnDisk.CHANGED
        return questions.ask_changed_on_disk(self._window, path) if changed else Answer.OTHERWISE

    def _decide_on_losses(self, path: Path) -> Answer:
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

    def _accepts_losses(self, path: Path) -> bool:
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
            return losses(self._model.history.current, path, self._model.results)
        except (MapSaveError, MapError) as error:
            self._tell_not_saved(error)
            return None

    def _write(self, path: Path) -> None:
        contents, session, held = self._model.contents, self._model.session, self._file

        def work() -> OpenFile:
            file = held if held is not None and held.path == path else OpenFile(path)
            try:
                if file.open_elsewhere:
                    why = self.tr("is open in another window of Longcut; choose another name. Nothing was written")
                    raise MapSaveError(path, why)
                write_map(contents.document, path, contents.results)
            except BaseException:
                if file is not held:
                    file.close()
                raise
            file.note()
            return file

        def saved(file: OpenFile) -> None:
            self._model.mark_saved(contents, path, session)
            if session == self._model.session:
                self._hold(file)
            elif file is not held:
                file.close()
            self._remember(path)
            words = self.tr("Saved {}").format(_named(contents.document, path))
            lost = self._model.lost if session == self._model.session else ()
            self.told.emit(words + (self.tr("; no file holds {}").format(", ".join(lost)) if lost else ""))

        self.told.emit(self.tr("Saving {}…").format(path.name))
        self._background.start(work, saved, self._tell)

    def _read_as_asked(self, path: Path) -> None:
        options = ask_how(path, self._window)
        if options is not None:
            self._read(path, options)

    def _read(self, path: Path, options: ReadOptions | None = None) -> None:
        """Open a file in the background. options: how to read it; None reads it as what it is."""
        asked_on = self._model.history.current
        held = self._file

        def work() -> tuple[MapFile, OpenFile]:
            with progress.following(path):
                contents = read_file(path) if options is None else MapFile(read_as(path, options))
            sweep_stale(path.parent)
            return contents, held if held is not None and held.path == path else OpenFile(path)

        def read(found: tuple[MapFile, OpenFile]) -> None:
            contents, file = found
            # What was drawn while the file was being read must not be lost.
            if self._model.history.current is not asked_on and not self.may_leave():
                if file is not held:
                    file.close()
                return
            elsewhere, made = file.open_elsewhere, options is not None and options.makes_costs
            if elsewhere or made:
                if file is not held:
                    file.close()
                if not made and questions.ask_open_elsewhere(self._window, path) is not Answer.YES:
                    return
                self._let_go()  # and without a name: costs must not be saved over heights or colours
            else:
                file.note()
                self._hold(file)
            self._model.adopt(contents.document, None if elsewhere or made else path, contents.results)
            self._remember(path)
            self.opened.emit()
            opened, told = self.tr("Opened {}").format(path.name), told_at_reading(contents.document)
            self.told.emit(f"{opened}: {'; '.join(told)}" if told else opened)

        def refused(error: Exception) -> None:
            asked = options is not None or can_be_asked(path, error)
            if not (asked and isinstance(error, MapFormatError)):
                self._tell(error)
            elif isinstance(error, UnsaidError) or questions.offers_table(self._window, _with_remedy(error)):
                self._read_as_asked(path)

        opening = self.tr("Opening {}…").format(path.name)
        self.told.emit(opening)
        progress = Progress(self._window, opening)
        cancelled = self.tr("{} was not opened").format(path.name)
        progress.dialog.canceled.connect(lambda: self.told.emit(cancelled))
        self._background.start(work, progress.then(read), progress.then(refused))

    def _hold(self, file: OpenFile) -> None:
        if file is not self._file:
            self._let_go()
            self._file = file

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _note_written(self, paths: list[Path]) -> None:
        if self._file is not None and self._file.path in paths:
            self._file.note()  # this change on disk was no other program's

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


def _with_remedy(error: MapFormatError) -> str:
    """Return why a table was refused, and what in the dialog for tables may help."""
    if not isinstance(error, NoCostError):
        return str(error)
    remedy = QCoreApplication.translate("Files", "If {:g} means a wall, write it under “{}”")
    return f"{error}. {remedy.format(error.value, walls_label())}"


def _named(document: MapDocument, path: Path) -> str:
    """Return the names of the files that a save writes."""
    companion = companion_of(document, path)
    return path.name if companion is None else f"{path.name}, {companion.name}"
