"""Change the document in one place; everything that shows it listens here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from maps.formats import keeps_results, read_file, work_lost, write_map
from maps.history import History, new_history
from maps.results import KeptResult, MapFile, newest_results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from maps.document import MapDocument


class DocumentModel(QObject):
    """Hold the document that is shown, its history, the results kept with it, and its file.

    A gesture shows documents by `preview` and ends by `commit`, which makes all of it one undo step, or by
    `cancel`. Listeners compare layers by identity: a layer that is the same array did not change.
    """

    changed = Signal(object, object)  # the documents shown before and now, previews included
    history_changed = Signal()
    title_changed = Signal()  # title or modified
    results_changed = Signal()
    jumped = Signal()  # to another entry of the history, or to another map

    def __init__(self, document: MapDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = new_history(document, "New")
        self._results: tuple[KeptResult, ...] = ()
        self._saved: MapFile | None = MapFile(document)
        self._lost: tuple[str, ...] = ()
        self._shown = document
        self._path: Path | None = None
        self.keeps_presets = False  # whether what tiles cost is kept for the next map with them
        self.session = 0  # another number for every map that is opened

    @property
    def document(self) -> MapDocument:
        """What is shown: the preview of a gesture, or the present of the history."""
        return self._shown

    @property
    def history(self) -> History:
        """Committed documents with their labels."""
        return self._history

    @property
    def path(self) -> Path | None:
        """The file that the document was read from or saved to last."""
        return self._path

    @property
    def results(self) -> tuple[KeptResult, ...]:
        """The results kept with the map, oldest first."""
        return self._results

    @property
    def contents(self) -> MapFile:
        """What a save writes: the present of the history and the results."""
        return MapFile(self._history.current, self._results)

    @property
    def modified(self) -> bool:
        """Whether there is anything that the file does not hold."""
        saved = self._saved
        if saved is None or self._lost:
            return True
        return self._history.current is not saved.document or self._results != saved.results

    @property
    def lost(self) -> tuple[str, ...]:
        """What of the map the last save lost, in sentences, as its format cannot hold it."""
        return self._lost

    @property
    def unsaved_steps(self) -> tuple[str, ...]:
        """What was done since the file was read or written last, oldest first, as far back as is known."""
        entries = self._history.entries[: self._history.position + 1]
        held = None if self._saved is None else self._saved.document
        since = next((at for at in range(len(entries) - 1, -1, -1) if entries[at][1] is held), 0)
        return tuple(label for label, _ in entries[since + 1 :])

    @property
    def unsaved_results(self) -> int:
        """How many of the results the file does not hold."""
        return sum(not self.in_file(result) for result in self._results)

    def in_file(self, result: KeptResult) -> bool:
        """Return whether the file holds a result, under the name that it has now."""
        return self._saved is not None and any(result is held for held in self._saved.results)

    @property
    def title(self) -> str:
        """The file's name, else the map's."""
        return self._path.name if self._path else self.document.name or self.tr("Untitled map")

    @property
    def previewing(self) -> bool:
        """Whether a gesture is showing a document that is not committed."""
        return self._shown is not self._history.current

    def preview(self, document: MapDocument) -> None:
        """Show a document without committing it."""
        old, self._shown = self._shown, document
        if document is not old:
            self.changed.emit(old, document)

    def commit(self, label: str) -> None:
        """Make what is shown one undo step; nothing if it is the present already."""
        if self.previewing:
            self._history = self._history.push(label, self._shown)
            self._tell_history()

    def cancel(self) -> None:
        """Go back to the present of the history, as before the gesture."""
        self.preview(self._history.current)

    def edit(self, label: str, document: MapDocument) -> None:
        """Show a document and make it one undo step."""
        self.preview(document)
        self.commit(label)

    def undo(self) -> None:
        """Go one step back, or only cancel the gesture under way if there is one."""
        self._stand(self._history if self.previewing else self._history.undo())

    def redo(self) -> None:
        """Go one step forward; a gesture under way is cancelled."""
        self._stand(self._history.redo())

    def jump(self, position: int) -> None:
        """Go to any entry of the history. Raises IndexError if there is none."""
        self._stand(self._history.jump(position))

    def keep(self, result: KeptResult) -> tuple[KeptResult, ...]:
        """Keep a result with the map. Where they are too many or too large, the oldest go, and are returned."""
        results = (*self._results, result)
        kept = newest_results(results)
        self._keep(kept)
        return results[: len(results) - len(kept)]

    def exchange(self, old: KeptResult, new: KeptResult) -> None:
        """Put a result, such as a renamed one, in the place of another."""
        self._keep(tuple(new if entry is old else entry for entry in self._results))

    def drop(self, result: KeptResult) -> None:
        """Keep a result no longer."""
        self._keep(tuple(entry for entry in self._results if entry is not result))

    def open(self, path: Path) -> None:
        """Read a map from a file. Raises MapFormatError; everything is then as before."""
        contents = read_file(path)
        self.adopt(contents.document, path, contents.results)

    def save(self, path: Path) -> list[str]:
        """Write map and results in the format of the path's ending; returns what the file lacks.

        A gesture under way is not saved. Raises MapSaveError or MapError; the file is then as before.
        """
        contents = self.contents
        lost = write_map(contents.document, path, contents.results)
        self.mark_saved(contents, path, self.session)
        return lost

    def adopt(
        self,
        document: MapDocument,
        path: Path | None,
        results: Sequence[KeptResult] = (),
        *,
        unsaved: bool = False,
    ) -> None:
        """Begin anew with a document, read from `path`, or new where that is None.

        unsaved: the document holds work that no file has, such as a map that a run made.
        """
        self.session += 1
        self._results = tuple(results)
        self._saved, self._path = None if unsaved else MapFile(document, self._results), path
        self._lost = ()
        self._stand(new_history(document, self.tr("Open") if path else self.tr("New")))
        self.results_changed.emit()

    def take_over(self, label: str, document: MapDocument, *, saved: bool) -> None:
        """Go on with what another program has made of the file, as one undo step; results stay.

        saved: whether the file holds all of the document.
        """
        self.edit(label, document)
        self._saved, self._lost = MapFile(document) if saved else None, ()
        self.title_changed.emit()

    def mark_saved(self, contents: MapFile, path: Path, session: int) -> None:
        """Note that `path` holds these contents, as far as its format can; another thread may have written them.

        session: of the map that was written; where another one is open by now, its file is another, too.
        """
        if session == self.session:
            self._saved = contents if keeps_results(path) else MapFile(contents.document)
            lost = work_lost(contents.document, path, contents.results, presets=self.keeps_presets)
            self._lost, self._path = lost, path
            self.title_changed.emit()

    def _keep(self, results: tuple[KeptResult, ...]) -> None:
        self._results = results
        self.results_changed.emit()
        self.title_changed.emit()

    def _stand(self, history: History) -> None:
        self._history = history
        self.preview(history.current)
        self.jumped.emit()
        self._tell_history()

    def _tell_history(self) -> None:
        self.history_changed.emit()
        self.title_changed.emit()
