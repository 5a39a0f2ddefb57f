"""Change the document in one place; everything that shows it listens here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from maps.formats import read_map, write_map
from maps.history import History, new_history

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument


class DocumentModel(QObject):
    """Hold the document that is shown, its history and its file.

    A gesture shows documents by `preview` and ends by `commit`, which makes all of it one undo step, or by
    `cancel`. Listeners compare layers by identity: a layer that is the same array did not change.
    """

    changed = Signal(object, object)  # the documents shown before and now, previews included
    history_changed = Signal()
    title_changed = Signal()  # title or modified

    def __init__(self, document: MapDocument, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = new_history(document, "New")
        self._saved = document
        self._shown = document
        self._path: Path | None = None

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
    def modified(self) -> bool:
        """Whether the present of the history is another document than the file's."""
        return self._history.current is not self._saved

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

    def open(self, path: Path) -> None:
        """Read a map from a file. Raises MapFormatError; everything is then as before."""
        self.adopt(read_map(path), path)

    def save(self, path: Path) -> list[str]:
        """Write the present of the history in the format of the path's ending; return what the file lacks.

        A gesture under way is not saved. Raises MapSaveError or MapError; the file is then as before.
        """
        document = self._history.current
        lost = write_map(document, path)
        self.mark_saved(document, path)
        return lost

    def adopt(self, document: MapDocument, path: Path | None) -> None:
        """Begin anew with a document, read from `path`, or new where that is None."""
        self._saved, self._path = document, path
        self._stand(new_history(document, self.tr("Open") if path else self.tr("New")))

    def mark_saved(self, document: MapDocument, path: Path) -> None:
        """Note that `path` holds `document`, which may have been written by another thread."""
        self._saved, self._path = document, path
        self.title_changed.emit()

    def _stand(self, history: History) -> None:
        self._history = history
        self.preview(history.current)
        self._tell_history()

    def _tell_history(self) -> None:
        self.history_changed.emit()
        self.title_changed.emit()
