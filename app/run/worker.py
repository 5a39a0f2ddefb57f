"""Run a scenario in its own thread, which reads orders between two steps and writes to a mailbox.

Only the order to stop is also read within a step: the engine looks up the thread's stop flag.

Nothing here knows Qt. torch and the engine's solvers are imported in the thread, and tensors never leave it.
"""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from app.base.loading import wait_for_loading
from app.scenarios.frame import Frame
from app.scenarios.scenario import AnyScenario, AnyStep, ScenarioSettings
from engine.core.cancel import Cancelled, StopFlag, check, stoppable_by
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status
from maps.document import MapDocument

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class StepFigures:
    """The numbers of one step: a value of the scenario's figures class.

    seconds: since the step before, without the time for which the run was paused.
    total: the last step, where only the run itself knows it.
    """

    step: int
    figures: "DataclassInstance"
    seconds: float = 0.0
    total: int | None = None


@dataclass(frozen=True, eq=False)
class Edit:
    """An edit that a run took up, at a step."""

    step: int
    document: MapDocument


@dataclass(frozen=True, eq=False)
class Ending:
    """How a run ended.

    result: for `Scenario.apply`, None if there is none.  failed: it broke or did not start.
    cut: it was stopped in between, so that its newest frame is that of a step, not of the result.
    fix: a change of one setting with which it would start, where there is one.
    """

    message: str
    result: object
    failed: bool = False
    cut: bool = False
    fix: SuggestedFix | None = None


def stopped(result: object) -> Ending:
    """Return the ending of a run that was told to stop, with the result that it had by then."""
    if result is None:
        return Ending("Stopped on request, before there was a first result.", None)
    return Ending(Status.CANCELLED.message, result, cut=True)


@dataclass(frozen=True, eq=False)
class Mail:
    """Everything since the mailbox was last emptied.

    phase: what the run prepares now, if that is news.  refusal: why the newest edit cannot be taken up.
    """

    phase: str | None = None
    figures: tuple[StepFigures, ...] = ()
    frame: Frame | None = None
    edits: tuple[Edit, ...] = ()
    refusal: str | None = None
    ending: Ending | None = None


class Mailbox:
    """One slot for a frame, the newest wins; figures of every step are kept until they are fetched."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mail = Mail()

    @property
    def wants_frame(self) -> bool:
        """Return whether the last frame has been fetched, so that making another is worth while."""
        return self._mail.frame is None

    def put_phase(self, phase: str) -> None:
        """Say what the run prepares from now on."""
        with self._lock:
            self._mail = replace(self._mail, phase=phase)

    def put_step(self, figures: StepFigures, frame: Frame | None) -> None:
        """Add the figures of a step and its frame, if there is one; it replaces a frame that waits."""
        with self._lock:
            mail = self._mail
            self._mail = replace(mail, figures=(*mail.figures, figures), frame=frame or mail.frame)

    def put_edit(self, edit: Edit) -> None:
        """Add an edit that was taken up; a refusal of an earlier one no longer counts."""
        with self._lock:
            self._mail = replace(self._mail, edits=(*self._mail.edits, edit), refusal=None)

    def put_refusal(self, refusal: str) -> None:
        """Say why the newest edit cannot be taken up."""
        with self._lock:
            self._mail = replace(self._mail, refusal=refusal)

    def put_ending(self, ending: Ending) -> None:
        """Say how the run ended."""
        with self._lock:
            self._mail = replace(self._mail, ending=ending)

    def fetch(self) -> Mail:
        """Return all mail; the box is empty afterwards."""
        with self._lock:
            mail, self._mail = self._mail, Mail()
        return mail


@dataclass
class _Orders:
    """What the GUI thread wants, read by the worker between steps."""

    paused: bool = False
    refused: bool = False  # the newest edit does not do: nothing goes on until another one does
    stop: StopFlag = field(default_factory=StopFlag)
    single_steps: int = 0
    edited: MapDocument | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)


class Run:
    """One run on a snapshot of a document. Methods may be called from any thread and return at once."""

    def __init__(self, document: MapDocument, scenario: AnyScenario, settings: ScenarioSettings) -> None:
        self.mailbox = Mailbox()
        self._document, self._scenario, self._settings = document, scenario, settings
        self._orders = _Orders()
        self._result: object = None
        self._thread = threading.Thread(target=self._work, name="longcut run", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Return whether the thread still runs; its ending may already be in the mailbox."""
        return self._thread.is_alive()

    @property
    def result(self) -> object:
        """Return the best result so far; None where there is none yet."""
        return self._result

    @property
    def paused(self) -> bool:
        """Return whether the run waits for `resume` or `single_step`."""
        return self._orders.paused

    def pause(self) -> None:
        """Wait after the step that is under way."""
        with self._changing() as orders:
            orders.paused = True

    def resume(self) -> None:
        """Go on after a pause."""
        with self._changing() as orders:
            orders.paused = False

    def single_step(self) -> None:
        """Take one step and pause."""
        with self._changing() as orders:
            orders.paused = True
            orders.single_steps += 1

    def stop(self) -> None:
        """End as soon as the engine looks up its stop flag, within a step; the best map so far is delivered."""
        with self._changing() as orders:
            orders.stop.set()

    def edit(self, document: MapDocument) -> None:
        """Go on, on this document, from where the run stands; the newest edit wins."""
        with self._changing() as orders:
            orders.edited = document

    def shut_down(self, patience: float = 10.0) -> bool:
        """Stop, wait at most `patience` seconds for the thread, and return whether it has ended."""
        self.stop()
        self._thread.join(patience)
        return not self._thread.is_alive()

    @contextmanager
    def _changing(self) -> Generator[_Orders]:
        with self._orders.changed:
            yield self._orders
            self._orders.changed.notify_all()

    def _work(self) -> None:
        try:
            with stoppable_by(self._orders.stop):
                self._iterate()
        except Cancelled:
            self.mailbox.put_ending(stopped(self._result))
        except ProblemError as error:
            self.mailbox.put_ending(Ending(str(error), self._result, failed=True, fix=error.fix))
        except Exception as error:  # whatever breaks in here has to reach the user
            defect = f"The run broke off: {type(error).__name__}: {error}."
            message = f"{defect} The map is unchanged; please report this."
            self.mailbox.put_ending(Ending(message, self._result, failed=True))

    def _iterate(self) -> None:
        wait_for_loading()
        from engine.core.device import use_few_threads

        use_few_threads()
        self.mailbox.put_phase(self._scenario.preparing)
        steps = self._scenario.steps(self._document, self._settings)
        self.mailbox.put_phase("the first step")
        state: object = None
        number = 0
        since = time.perf_counter()
        while True:
            waits = time.perf_counter()
            edited = self._wait_for_turn()
            since += time.perf_counter() - waits
            check()
            try:
                if edited is not None:
                    steps = self._scenario.steps(edited, self._settings, state)
                step = next(steps, None)
            except ProblemError as error:
                if edited is None:
                    raise
                self.mailbox.put_refusal(str(error))
                with self._changing() as orders:
                    orders.refused = True
                continue
            if edited is not None:
                with self._changing() as orders:
                    orders.refused = False
                self.mailbox.put_edit(Edit(number, edited))
            if step is None:
                self.mailbox.put_ending(Ending(Status.STEPS_DONE.message, self._result))
                return
            self._result, state, number = step.result, step.state or state, step.step
            now = time.perf_counter()
            if self._deliver(step, now - since):
                return
            since = now
            self._show_for(step.seconds_shown)

    def _deliver(self, step: AnyStep, seconds: float) -> bool:
        """Put a step, which took so long, into the mailbox and return whether it was the last one.

        An edit that came during the last step is taken up all the same: the run goes on.
        """
        over = step.status is not None and self._orders.edited is None
        frame = step.frame() if self.mailbox.wants_frame or over else None
        self.mailbox.put_step(StepFigures(step.step, step.figures, seconds, step.total), frame)
        if over:
            self.mailbox.put_ending(Ending(step.message, step.result))
        return over

    def _show_for(self, seconds: float) -> None:
        """Wait so long that a step can be seen, unless there is something else to do."""
        if seconds > 0.0:
            orders = self._orders
            with orders.changed:
                orders.changed.wait_for(
                    lambda: orders.stop.raised or orders.edited or orders.single_steps, timeout=seconds
                )

    def _wait_for_turn(self) -> MapDocument | None:
        """Block while paused or refused; return an edit to take up, if there is one."""
        orders = self._orders
        with orders.changed:
            while not (orders.stop.raised or orders.edited):
                if not orders.refused and (orders.single_steps or not orders.paused):
                    break
                orders.changed.wait()
            if orders.edited is not None:
                edited, orders.edited = orders.edited, None
                return edited
            if orders.paused and orders.single_steps:
                orders.single_steps -= 1
            return None
