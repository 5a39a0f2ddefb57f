"""Show how far work on a large file is, and let the designer cancel it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.core.cancel import Cancelled, check
from maps.formats.watching import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

Result = TypeVar("Result")
SHOWN_AFTER = 500  # milliseconds; shorter work shows nothing
INTERVAL = 100  # milliseconds between two looks at the work


class Progress(QObject):
    """A small window that follows work in another thread until `end`; the map can be worked on meanwhile."""

    def __init__(self, window: QWidget, words: str) -> None:
        super().__init__(window)
        self._share, self.cancelled = 0.0, False
        self.dialog = QProgressDialog(words, self.tr("Cancel"), 0, 100, window)
        self.dialog.setWindowModality(Qt.WindowModality.NonModal)
        self.dialog.setMinimumDuration(SHOWN_AFTER)
        self.dialog.setAutoClose(False)
        self.dialog.setAutoReset(False)
        self.dialog.canceled.connect(self.cancel)
        self._timer = QTimer(self, interval=INTERVAL)
        self._timer.timeout.connect(self._show)
        self._timer.start()

    def follow(self, steps: Generator[float, None, Result], *, to_the_end: bool) -> Result:
        """Carry out steps that yield the share that is done, and return their result; called in the thread.

        to_the_end: also where the window closes meanwhile, as for what is being written.
        Raises Cancelled once the designer does not want it any more, or the window has closed.
        """
        while True:
            if not to_the_end:
                check()
            if self.cancelled:
                raise Cancelled
            try:
                self._share = next(steps)
            except StopIteration as end:
                return end.value

    @contextmanager
    def following(self, path: Path) -> Generator[None]:
        """Follow the reading of a file in this thread, which ends as `follow` does."""
        size = path.stat().st_size if path.is_file() else 0
        with watched(self.counting(size)):
            yield

    def then(self, done: Callable[[Result], None]) -> Callable[[Result], None]:
        """Return what ends the progress and calls `done`."""

        def ended(result: Result) -> None:
            self.end()
            done(result)

        return ended

    def counting(self, size: int) -> Callable[[int], None]:
        """Return what takes note of bytes that were handled, of `size` in all; it raises as `follow` does."""
        done = 0

        def count(more: int) -> None:
            nonlocal done
            check()
            if self.cancelled:
                raise Cancelled
            done += more
            self._share = min(1.0, done / max(size, 1))

        return count

    def cancel(self) -> None:
        """End the work at its next step; there is no result then."""
        self.cancelled = True
        self._close()

    def end(self) -> None:
        """Show nothing any more: the work has ended."""
        if not self.cancelled:
            self._close()

    def _close(self) -> None:
        self._timer.stop()
        self.dialog.close()
        self.dialog.deleteLater()
        self.deleteLater()

    def _show(self) -> None:
        self.dialog.setValue(round(100 * self._share))
