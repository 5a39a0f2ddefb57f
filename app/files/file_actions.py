"""Open, save and export maps: the dialogs, and the disk's work in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.base.jobs import Background
from app.files import questions
from app.files.engine_export import EngineExport
from app.files.export_dialog import ExportDialog
from app.files.grid_dialog import ask_how, can_be_asked, grids_filter
from app.files.opening import Opened, open_map
from app.files.point_files import PointFiles
from app.files.progress import Progress
from app.files.questions import Answer
from app.files.save_questions import SaveQuestions
from app.files.table_dialog import with_remedy
from maps.document import new_document
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import FORMATS, companion_of, format_of, levels_of, write_map
from maps.formats.options import UnsaidError
from maps.open_file import OpenFile
from maps.results import MapFile
from maps.safe_save import sweep_stale

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.base.preferences import Preferences
    from app.document.model import DocumentModel
    from maps.document import MapDocument
    from maps.formats.format import Level
    from maps.formats.options import ReadOptions

NEW_MAP = 64, 64  # cells
NATIVE = ".longcut"


class Files(QObject):
    """Carry out the File menu. `told` carries a line for the status bar.

    presets: the folder of presets for sets of tiles, or None.
    background: the thread that reads and writes.  open_file: behind the open map; None where it has none, or
    another window has it.  level: which of its file the open map is; empty where the file has none.
    """

    told = Signal(str)
    opened = Signal()
    tiles_unpriced = Signal(frozenset)  # the open map's sets of tiles of which nobody has said what they cost
    leaving = Signal()  # before it is found out whether the open map holds unsaved work
    recent_changed = Signal()

    def __init__(
        self,
        window: QWidget,
        model: DocumentModel,
        preferences: Preferences | None,
        presets: Path | None = None,
    ) -> None:
        super().__init__(window)
        self._window, self._model, self._preferences, self._presets = window, model, preferences, presets
        model.keeps_presets = presets is not None
        self.background = Background(self)
        self.points = PointFiles(window, model, self.background, self._tell)
        self.points.told.connect(self.told)
        self.engines = EngineExport(window, model, self.background, self._folder)
        self.engines.told.connect(self.told)
        self.engines.written.connect(self._note_written)
        self.open_file: OpenFile | None = None  # behind the open map
        self.level = ""  # of the open map, in a file of several
        self._asks = SaveQuestions(window, model, self._tell_not_saved)

    @property
    def busy(self) -> bool:
        """Whether a file is being read or written."""
        return self.background.busy

    @property
    def has_levels(self) -> bool:
        """Whether the open map's file has levels to choose from."""
        kind = None if self._model.path is None else format_of(self._model.path)
        return kind is not None and kind.levels is not None

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

    def hold(self, path: Path) -> bool:
        """Take the file of a map that was opened before there was a window, if no other window has it.

        If one has, the designer is asked: a copy without a name is open then, or a new map, which is False.
        """
        file = OpenFile(path)
        if not file.open_elsewhere:
            self._hold(file)
            self.level = self._model.document.name if self.has_levels else ""
            return True
        file.close()
        contents = self._model.contents
        copied = questions.ask_open_elsewhere(self._window, path) is Answer.YES
        contents = contents if copied else MapFile(new_document(*NEW_MAP, name=self.tr("New map")))
        self._model.adopt(contents.document, None, contents.results)
        self.opened.emit()
        return copied

    def tell_opened(self, path: Path, opened: Opened) -> None:
        """Tell what is to know of a map that is open now, and whether its tiles are to be asked about."""
        words = self.tr("Opened {}").format(path.name)
        self.told.emit(f"{words}: {'; '.join(opened.told)}" if opened.told else words)
        if opened.unpriced:
            self.tiles_unpriced.emit(opened.unpriced)

    def save(self) -> None:
        """Save to the file that was opened, or ask for one."""
        path = self._model.path
        kind = None if path is None else format_of(path)
        if path is None or kind is None or not kind.writes(self._model.document):
            self.save_as()
            return
        decided = self._asks.decide_on_changes(self.open_file, path)
        if decided is Answer.OTHERWISE:
            decided = self._asks.decide_on_losses(path)
        if decided is Answer.OTHERWISE:
            self._write(path)
        elif decided is Answer.YES:
            self.save_as()

    def write_now(self, then: Callable[[], None]) -> None:
        """Save to the open map's file, which there is, without a question; do `then` once that is done."""
        assert self._model.path is not None
        self._write(self._model.path, then)

    def save_as(self) -> None:
        """Ask for a file and save; it is the document's file from then on."""
        path = self._asks.ask_save(self._folder())
        if path is not None and self._asks.accepts_losses(path):
            self._write(path)

    def export(self, result: MapDocument | None) -> None:
        """Ask what to write where; the document keeps its file. result: the map with a run's result, or None."""
        folder = Path(self._folder())
        dialog = ExportDialog(self._model.history.current, result, self._model.path, folder, self._window)
        if dialog.exec() == ExportDialog.DialogCode.Accepted:
            path, document = dialog.choice()
            if self._asks.may_replace_companion(document, path):
                self.background.start(
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

    def open_level(self) -> None:
        """Ask for another level of the open map's file, and open it."""
        if self._model.path is not None and self.may_leave():
            self._read(self._model.path)

    def read_again(self, path: Path) -> None:
        """Open the file of the open map as it is now; what was drawn since is lost."""
        self._read_map(path, level=self.level)

    def shut_down(self) -> None:
        """Wait for what is being written, and let other windows have the file."""
        self.background.shut_down()
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
        path = path or self._asks.ask_save(self._folder())
        if path is None or not self._asks.accepts_losses(path):
            return False
        if self._asks.decide_on_changes(self.open_file, path) is not Answer.OTHERWISE:
            return False
        try:
            self._model.save(path)
        except (MapSaveError, MapError) as error:
            self._tell_not_saved(error)
            return False
        self._remember(path)
        return True

    def _write(self, path: Path, then: Callable[[], None] | None = None) -> None:
        contents, session, held = self._model.contents, self._model.session, self.open_file

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
            if then is not None:
                then()

        self.told.emit(self.tr("Saving {}…").format(path.name))
        self.background.start(work, saved, self._tell)

    def _read_as_asked(self, path: Path) -> None:
        options = ask_how(path, self._window)
        if options is not None:
            self._read_map(path, options)

    def _read(self, path: Path) -> None:
        """Open a file in the background; of several levels in it, the designer chooses one."""
        kind = format_of(path)
        if kind is None or kind.levels is None:
            self._read_map(path)
            return

        def choose(levels: tuple[Level, ...]) -> None:
            usable = [level for level in levels if level.shape is not None or level.file is not None]
            if not usable:
                self._read_map(path)  # which says what is missing
                return
            chosen = usable[0]
            if len(usable) > 1:
                chosen = questions.ask_level(self._window, path, usable, self.level)
            if chosen is None:
                self.told.emit("")
            elif chosen.file is not None:
                self._read_map(chosen.file)
            else:
                self._read_map(path, level=chosen.name)

        self.background.start(lambda: levels_of(path), choose, self._tell)

    def _read_map(self, path: Path, options: ReadOptions | None = None, level: str = "") -> None:
        """Open a file in the background. options: how to read it; None reads it as what it is.

        level: which one, of a file of several.
        """
        asked_on = self._model.history.current
        held, presets = self.open_file, self._presets

        def work() -> tuple[Opened, OpenFile]:
            with progress.following(path):
                opened = open_map(path, presets, level, options)
            sweep_stale(path.parent)
            return opened, held if held is not None and held.path == path else OpenFile(path)

        def read(found: tuple[Opened, OpenFile]) -> None:
            opened, file = found
            contents = opened.contents
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
                self.level = level
            self._model.adopt(contents.document, None if elsewhere or made else path, contents.results)
            self._remember(path)
            self.opened.emit()
            self.tell_opened(path, opened)

        def refused(error: Exception) -> None:
            asked = options is not None or can_be_asked(path, error)
            if not (asked and isinstance(error, MapFormatError)):
                self._tell(error)
            elif isinstance(error, UnsaidError) or questions.offers_table(self._window, with_remedy(error)):
                self._read_as_asked(path)

        opening = self.tr("Opening {}…").format(path.name)
        self.told.emit(opening)
        progress = Progress(self._window, opening)
        cancelled = self.tr("{} was not opened").format(path.name)
        progress.dialog.canceled.connect(lambda: self.told.emit(cancelled))
        self.background.start(work, progress.then(read), progress.then(refused))

    def _hold(self, file: OpenFile) -> None:
        if file is not self.open_file:
            self._let_go()
            self.open_file = file

    def _let_go(self) -> None:
        if self.open_file is not None:
            self.open_file.close()
            self.open_file = None

    def _note_written(self, paths: list[Path]) -> None:
        if self.open_file is not None and self.open_file.path in paths:
            self.open_file.note()  # this change on disk was no other program's

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


def _named(document: MapDocument, path: Path) -> str:
    """Return the names of the files that a save writes."""
    companion = companion_of(document, path)
    return path.name if companion is None else f"{path.name}, {companion.name}"
