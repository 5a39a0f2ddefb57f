"""Slow work, such as disks, off the GUI thread: one job after the other, results delivered on the GUI thread."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal


class Background(QObject):
    """One worker thread. `failed` of a job takes the exception, `done` the result."""

    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="longcut disk")
        self._pending = 0
        self._ended.connect(lambda deliver: deliver(), Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a result is still to be delivered."""
        return self._pending > 0

    def start(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Do `work` in the thread, then call `done` or `failed` on this one."""
        self._pending += 1
        future = self._pool.submit(work)
        future.add_done_callback(lambda ended: self._ended.emit(lambda: self._deliver(ended, done, failed)))

    def shut_down(self) -> None:
        """Wait for what is under way; results that nobody fetched are dropped."""
        self._pool.shutdown(wait=True)

    def _deliver(
        self, future: "Future[Any]", done: Callable[[Any], None], failed: Callable[[Exception], None]
    ) -> None:
        self._pending -= 1
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, Exception):
            failed(error)
