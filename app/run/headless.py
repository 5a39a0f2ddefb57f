"""Run a scenario from document to document without a window, for the command line."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.scenarios.report import Json, Report, RunFacts
from app.scenarios.translate import walking_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from app.run.snap import Snap
    from app.scenarios.scenario import AnyScenario, AnyStep, ScenarioSettings
    from maps.document import MapDocument


@dataclass(frozen=True, eq=False)
class Solved:
    """The outcome of a run.

    document: with the result in it.  last: the last step, with its message and result.
    stopped: whether Ctrl+C ended the run; the result is then the best so far.
    snap: what it took to snap the document to terrains, where that was asked for; the report is of the run.
    """

    document: MapDocument
    report: Report
    last: AnyStep
    stopped: bool = False
    snap: Snap | None = None

    def as_json(self) -> dict[str, Json]:
        """Return the report, and what the snapping took."""
        return {**self.report.as_json(), **({} if self.snap is None else self.snap.as_json())}

    def snapped(self) -> Solved:
        """Return the same with the document snapped to the terrains of its palette."""
        from app.run.snap import snap

        made = snap(self.document)
        return replace(self, document=made.document, snap=made)


def solve(
    document: MapDocument,
    scenario: AnyScenario,
    settings: ScenarioSettings,
    progress: Callable[[AnyStep], None],
    threads: int | None = None,
) -> Solved:
    """Run a scenario to its end, telling `progress` every step. threads: see `use_few_threads`.

    Raises ProblemError, with a sentence for the user, if it cannot start; KeyboardInterrupt if Ctrl+C comes
    before there is a result.
    """
    from engine.core.cancel import Cancelled, StopFlag, check, stoppable_by
    from engine.core.device import use_few_threads

    threads = use_few_threads(threads)
    began = time.perf_counter()
    last, stopped, flag = None, False, StopFlag()
    try:
        with _ctrl_c_calls(flag.set), stoppable_by(flag):
            for last in scenario.steps(document, settings):
                progress(last)
                check()
    except (Cancelled, KeyboardInterrupt):
        if last is None or last.result is None:
            raise KeyboardInterrupt from None
        stopped = True
    assert last is not None, "a run has at least one step"
    seconds = round(time.perf_counter() - began, 3)
    after = document if last.result is None else scenario.apply(document, last.result)
    movement = walking_text(document)
    facts = RunFacts(scenario.name, movement, settings.seed, last.step, seconds, last.status, threads)
    return Solved(after, scenario.report(document, after, settings, last, facts), last, stopped)


@contextmanager
def _ctrl_c_calls(stop: Callable[[], None]) -> Generator[None]:
    """Let the first Ctrl+C call `stop`, and the next one interrupt as usual.

    An interrupt in the midst of compiled code is lost, or becomes an error that nobody understands.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def first(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        stop()

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
