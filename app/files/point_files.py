"""Read points from files and write them, in the background."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.files.progress import Progress
from app.files.questions import ask_file
from maps.edits import set_layout
from maps.formats.points import reading_layout, scenario_layout, writing_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from app.base.jobs import Background
    from app.document.model import DocumentModel
    from maps.document import Layout, MapDocument

Result = TypeVar("Result")


class PointFiles(QObject):
    """Import layouts of points into the document, and export them."""

    told = Signal(str)  # a line for the status bar

    def __init__(
        self, window: QWidget, model: DocumentModel, background: Background, failed: Callable[[Exception], None]
    ) -> None:
        super().__init__(window)
        self._window, self._model, self._background, self._failed = window, model, background, failed

    def ask_import(self, folder: str) -> None:
        """Ask for a file of points and add them as a layout of their own, as one undo step."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, self.tr("Import points"), folder, self.tr("Points (*.csv *.json *.scen)")
        )
        if name:
            path, document, session = Path(name), self._model.document, self._model.session
            self._carry_out(
                self.tr("Reading {}…").format(path.name),
                _layouts_in(path, document),
                lambda found: self._add(path, found, session),
                to_the_end=False,
            )

    def ask_export(self, layout: Layout, folder: str) -> None:
        """Ask for a file and write a layout's points to it."""
        kinds = {self.tr("Points as CSV"): ".csv", self.tr("Points as JSON"): ".json"}
        path = ask_file(self._window, self.tr("Export points"), Path(folder) / layout.name, kinds)
        if path is not None:
            self._carry_out(
                self.tr("Writing {}…").format(path.name),
                writing_layout(layout, path),
                lambda warning: self.told.emit(warning or self.tr("Exported {}").format(path.name)),
                to_the_end=True,
            )

    def _carry_out(
        self,
        words: str,
        steps: Generator[float, None, Result],
        done: Callable[[Result], None],
        *,
        to_the_end: bool,
    ) -> None:
        """Take steps in the background, which the designer can follow and cancel.

        to_the_end: also where the window closes meanwhile.
        """
        progress = Progress(self._window, words)
        self.told.emit(words)

        def take(result: Result) -> None:
            progress.end()
            done(result)

        def fail(error: Exception) -> None:
            progress.end()
            self._failed(error)

        self._background.start(lambda: progress.follow(steps, to_the_end=to_the_end), take, fail)

    def _add(self, path: Path, found: tuple[list[Layout], str], session: int) -> None:
        layouts, how = found
        if session != self._model.session:
            return  # another map is open by now
        document = self._model.document
        for layout in layouts:
            document = set_layout(document, len(document.layouts), layout)
        self._model.edit(self.tr("Import points"), document)
        points = sum(len(layout.weights) for layout in layouts)
        told = self.tr("{} points from {}").format(points, path.name)
        self.told.emit(f"{told} ({how})" if how else told)


def _layouts_in(path: Path, document: MapDocument) -> Generator[float, None, tuple[list[Layout], str]]:
    """Return the layouts in a file and how it was read; a list of scenarios holds two, of starts and goals.

    Yields the share that is read.
    """
    if path.suffix == ".scen":
        return [scenario_layout(path, document, "start"), scenario_layout(path, document, "goal")], ""
    layout, how = yield from reading_layout(path, document)
    return [layout], how
