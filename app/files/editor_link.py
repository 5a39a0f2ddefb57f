"""Live with the map's own editor: what it changes is offered here, and what is applied here is written for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.files.opening import open_map
from maps.carry_over import carried_over, says_all
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import format_of, keeps_results, tiles_of, write_map
from maps.open_file import OnDisk

if TYPE_CHECKING:
    from app.base.preferences import Preferences
    from app.document.model import DocumentModel
    from app.files.file_actions import Files
    from maps.document import MapDocument

INTERVAL = 1000  # milliseconds between two looks at the disk
# What else is written beside the editor's file: given the map and the file, it returns what it wrote, in words.
EngineWriter = Callable[["MapDocument", Path], Sequence[str]]


class EditorLink(QObject):
    """Watches the file of the open map, and writes it for the engine after each applied result where that is on.

    writers: what else is written then; add to it.
    """

    told = Signal(str)
    changed_on_disk = Signal(str)  # what happened and what would be lost, in sentences
    settled = Signal()  # nothing is offered any more

    def __init__(
        self, files: Files, model: DocumentModel, preferences: Preferences | None, presets: Path | None = None
    ) -> None:
        super().__init__(files)
        self._files, self._model, self._preferences, self._presets = files, model, preferences, presets
        self.writers: list[EngineWriter] = []
        self._offered = False
        self._written: dict[Path, bytes] = {}  # editors' files beside a map of the own format, as written last
        self._live: set[Path] = set()  # maps written on every apply, where there are no preferences to remember it
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self.look_at_disk)
        self._timer.start()
        files.opened.connect(self._settle)

    def shut_down(self) -> None:
        """Look at the disk no more."""
        self._timer.stop()

    # What the editor changes

    @property
    def offered(self) -> bool:
        """Whether a change on disk is offered to be taken over."""
        return self._offered

    def look_at_disk(self) -> None:
        """Offer to take over what another program has made of the open file, if it did."""
        file = self._files.open_file
        if self._offered or file is None or self._files.busy or file.state() is not OnDisk.CHANGED:
            return
        self._offered = True
        self.changed_on_disk.emit(self._question(file.path))

    def take_over(self) -> None:
        """Read the file again, and go on with what it has now; results, settings and the table of tiles stay."""
        file, before, presets = self._files.open_file, self._model.history.current, self._presets
        if file is None:
            self._settle()
            return
        path, level = file.path, self._files.level
        if keeps_results(path):
            self._settle()
            self._files.read_again(path)
            return

        def work() -> tuple[MapDocument, bool]:
            read = open_map(path, presets, level).contents.document
            made = carried_over(before, read, lambda document: tiles_of(document, path))
            return made, says_all(read, made)

        def done(found: tuple[MapDocument, bool]) -> None:
            made, saved = found
            if self._model.history.current is not before or self._model.previewing:
                self.take_over()  # drawn on meanwhile
                return
            file.note()
            self._settle()
            self._model.take_over(self.tr("Take over {}").format(path.name), made, saved=saved)
            self.told.emit(self.tr("{} taken over; undo brings your map back").format(path.name))

        self._files.background.start(work, done, self._refused)

    def keep_mine(self) -> None:
        """Leave the open map as it is; the next save replaces the other's change."""
        self._settle()
        file = self._files.open_file
        if file is not None:
            file.note()

    def _question(self, path: Path) -> str:
        words = self.tr("{} was changed by another program.").format(path.name)
        if not self._model.modified:
            return words
        steps = self._model.unsaved_steps
        if keeps_results(path):
            return words + " " + self.tr("Reading it again drops your unsaved changes.")
        if not steps:
            return words
        named = ", ".join(dict.fromkeys(reversed(steps)))
        lost = self.tr("Not saved here: {}. What the file says otherwise replaces it; undo brings it back.")
        return f"{words} {lost.format(named if len(named) <= 90 else named[:88] + '…')}"

    def _settle(self) -> None:
        self._offered = False
        self.settled.emit()

    def _refused(self, error: Exception) -> None:
        if not isinstance(error, (MapFormatError, MapError)):
            raise error
        self.told.emit(self.tr("Not taken over: {}").format(error))

    # What is written for the engine

    @property
    def editor_file(self) -> Path | None:
        """The file of the map's editor: the open one, or one beside it from which the map came; None for none."""
        path, origin = self._model.path, self._model.history.current.origin
        if path is None:
            return None
        kind = format_of(path)
        if kind is not None and kind.tiles is not None:
            return path
        beside = None if origin is None else path.with_name(origin.name)
        return beside if beside is not None and format_of(beside) is not None else None

    @property
    def saves_on_apply(self) -> bool:
        """Whether the editor's file of the open map is written after each applied result."""
        path = self._model.path
        if path is None:
            return False
        return path in self._live if self._preferences is None else self._preferences.saves_for_engine(path)

    def toggle_saving(self) -> None:
        """Write the editor's file after each applied result from now on, or no longer; remembered for this map."""
        path = self._model.path
        if path is None:
            return
        on = not self.saves_on_apply
        if self._preferences is not None:
            self._preferences.set_saves_for_engine(path, on)
        elif on:
            self._live.add(path)
        else:
            self._live.discard(path)
        if on:
            self.save_for_engine()

    def after_apply(self) -> None:
        """Write the editor's file, where that was asked for."""
        if self.saves_on_apply:
            self.save_for_engine()

    def save_for_engine(self) -> None:
        """Write the editor's file, and what else is to be written with it, without a question; losses are told."""
        target, path, document = self.editor_file, self._model.path, self._model.history.current
        file = self._files.open_file
        if target is None:
            self.told.emit(self.tr("This map came from no other editor, so there is no file to write for it"))
            return
        if target == path and file is not None and file.state() is OnDisk.CHANGED:
            self.look_at_disk()
            self.told.emit(self.tr("{} was changed by another program, so it was not written").format(target.name))
            return
        if target == path:
            self._files.write_now(lambda: self._finish(document, target))
            return

        def work() -> tuple[list[str], list[str]]:
            self._check_beside(target, document)
            lost = write_map(document, target)
            self._written[target] = target.read_bytes()
            return self._others(document, target), lost

        self._files.background.start(work, lambda done: self._tell_written(target, *done), self._not_written)

    def _check_beside(self, target: Path, document: MapDocument) -> None:
        """Refuse to replace what an editor has made of its file since this map was read from it."""
        known = self._written.get(target, None if document.origin is None else document.origin.data)
        if target.exists() and target.read_bytes() != known:
            raise MapSaveError(target, self.tr("was changed by another program; open it to take its change over"))

    def _finish(self, document: MapDocument, target: Path) -> None:
        self._files.background.start(
            lambda: self._others(document, target),
            lambda wrote: self._tell_written(target, wrote, self._model.lost),
            self._not_written,
        )

    def _others(self, document: MapDocument, target: Path) -> list[str]:
        return [name for write in self.writers for name in write(document, target)]

    def _tell_written(self, target: Path, wrote: Sequence[str], lost: Sequence[str]) -> None:
        words = self.tr("Written for the engine: {}").format(", ".join((target.name, *wrote)))
        self.told.emit(words + (self.tr("; it does not keep {}").format(", ".join(lost)) if lost else ""))

    def _not_written(self, error: Exception) -> None:
        if not isinstance(error, (MapSaveError, MapError, OSError)):
            raise error
        self.told.emit(self.tr("Not written for the engine: {}").format(error))
