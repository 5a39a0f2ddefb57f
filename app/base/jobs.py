"""Slow work off the GUI thread: one job after the other, results delivered on the GUI thread."""

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.base.loading import wait_for_loading
from engine.core.cancel import Cancelled, StopFlag, stoppable_by

Result = TypeVar("Result")
QUIET = 40  # milliseconds from a request to the work that answers it
GIVE_WAY = 0.0005  # seconds; Python's default is ten times as long
PATIENCE = 1.0  # seconds that cancelled work is waited for


def put_window_first() -> None:
    """Let a thread that computes in Python give way to the GUI thread within half a millisecond.

    The GUI thread asks for the interpreter many times during an event: after each wait, each call
    of Qt, each operation on a large array.
    """
    sys.setswitchinterval(GIVE_WAY)


class Background(QObject):
    """One worker thread that carries out jobs in the order in which they are given to it."""

    _ended = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="longcut background")
        self._pending = 0
        self._stop = StopFlag()
        self._newest: Future[Any] | None = None
        self._ended.connect(_call, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a result is still to be delivered."""
        return self._pending > 0

    def start(
        self,
        work: Callable[[], Result],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Do `work` in the thread; on this one, give its result to `done` or its exception to `failed`."""
        self._pending += 1
        future = self._pool.submit(self._carry_out, work)
        self._newest = future
        future.add_done_callback(lambda ended: self._ended.emit(lambda: self._deliver(ended, done, failed)))

    def shut_down(self, patience: float | None = None) -> None:
        """Wait for the jobs that were given; results that nobody fetched are dropped.

        What the engine computes is cancelled; reading and writing is not. patience: wait at most so many seconds.
        """
        self._stop.set()
        # The newest job is the last of the one thread.
        ended = self._newest is None or bool(wait_for([self._newest], patience).done)
        self._pool.shutdown(wait=ended)

    def _carry_out(self, work: Callable[[], Result]) -> Result:
        wait_for_loading()
        with stoppable_by(self._stop):
            return work()

    def _deliver(
        self, future: "Future[Result]", done: Callable[[Result], None], failed: Callable[[Exception], None]
    ) -> None:
        self._pending -= 1
        error = future.exception()
        if error is None:
            done(future.result())
        elif isinstance(error, Exception) and not isinstance(error, Cancelled):
            failed(error)


class NewestWins(Generic[Result]):
    """Work that is repeated in the background whenever what it depends on changes; only the newest state counts.

    However often `ask` is called, one job runs at a time and at most one more waits. A job begins `QUIET`
    milliseconds after the first request, or after the job before it: then `prepare` reads the present state on the
    GUI thread and returns the work to do in the thread, or None if there is nothing to do. Its result goes to
    `done`, an exception to `failed`, both on the GUI thread.
    """

    def __init__(
        self,
        prepare: Callable[[], Callable[[], Result] | None],
        done: Callable[[Result], None],
        failed: Callable[[Exception], None],
        parent: QObject | None = None,
    ) -> None:
        self._prepare, self._done, self._failed = prepare, done, failed
        self._asked = self._over = False
        self._background = Background(parent)
        self._quiet = QTimer(parent, interval=QUIET, singleShot=True)
        self._quiet.timeout.connect(self._begin)

    @property
    def busy(self) -> bool:
        """Whether a result is still to come."""
        return self._asked or self._background.busy

    def ask(self) -> None:
        """Ask for a result on the present state; nothing once it is shut down."""
        if self._over:
            return
        self._asked = True
        if not self._quiet.isActive():
            self._quiet.start()

    def cancel(self) -> None:
        """Drop the request that waits; a job under way goes on and delivers its result."""
        self._asked = False

    def shut_down(self) -> None:
        """Cancel the job that is under way and wait for it a little; nothing is delivered any more."""
        self._quiet.stop()
        self._asked, self._over = False, True
        self._background.shut_down(PATIENCE)

    def _begin(self) -> None:
        if self._background.busy or not self._asked:
            return
        self._asked = False
        work = self._prepare()
        if work is not None:
            self._background.start(work, self._take_result, self._take_failure)

    def _take_result(self, result: Result) -> None:
        self._go_on()
        self._done(result)

    def _take_failure(self, error: Exception) -> None:
        self._go_on()
        self._failed(error)

    def _go_on(self) -> None:
        if self._asked:
            self._quiet.start()


def _call(deliver: Callable[[], None]) -> None:
    deliver()
