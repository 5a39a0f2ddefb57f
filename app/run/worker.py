"""A run in its own thread: snapshots go in, a mailbox comes out, commands are looked at between any two steps.

Nothing here knows Qt. torch and the engine are imported inside the thread, and tensors never leave it.
"""

import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.scenarios.frame import Frame
from app.scenarios.scenario import Scenario
from maps.document import MapDocument


@dataclass(frozen=True)
class Figures:
    """The numbers of one step, by name."""

    step: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Mend:
    """A setting and a value for it that would let the run start."""

    setting: str
    value: float | str


@dataclass(frozen=True, eq=False)
class Edit:
    """An edit that a run took up, at a step."""

    step: int
    document: MapDocument


@dataclass(frozen=True, eq=False)
class Ending:
    """How a run ended. result: for `Scenario.apply`, None if there is none. failed: it broke or did not start."""

    sentence: str
    result: Any
    failed: bool = False
    mend: Mend | None = None


@dataclass(frozen=True, eq=False)
class Mail:
    """Everything since the mailbox was last emptied. refusal: why the newest edit cannot be taken up."""

    figures: tuple[Figures, ...] = ()
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
        """Whether the last frame has been fetched, so that making another is worth while."""
        return self._mail.frame is None

    def put(
        self,
        figures: Figures | None = None,
        frame: Frame | None = None,
        edit: Edit | None = None,
        refusal: str | None = None,
        ending: Ending | None = None,
    ) -> None:
        """Add news; a frame replaces one that waits."""
        with self._lock:
            mail = self._mail
            self._mail = Mail(
                mail.figures if figures is None else (*mail.figures, figures),
                frame or mail.frame,
                mail.edits if edit is None else (*mail.edits, edit),
                refusal or (mail.refusal if edit is None else None),
                ending or mail.ending,
            )

    def fetch(self) -> Mail:
        """All mail; the box is empty afterwards."""
        with self._lock:
            mail, self._mail = self._mail, Mail()
        return mail


@dataclass
class _Orders:
    """What the GUI thread wants, read by the worker between steps."""

    paused: bool = False
    refused: bool = False  # the newest edit does not do: nothing goes on until another one does
    stopped: bool = False
    single_steps: int = 0
    edited: MapDocument | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)


class Run:
    """One run on a snapshot of a document. Methods may be called from any thread and return at once."""

    def __init__(self, document: MapDocument, scenario: Scenario, settings: Any) -> None:
        self.mailbox = Mailbox()
        self._document, self._scenario, self._settings = document, scenario, settings
        self._orders = _Orders()
        self._result: Any = None
        self._thread = threading.Thread(target=self._work, name="longcut run", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs; its ending may already be in the mailbox."""
        return self._thread.is_alive()

    @property
    def paused(self) -> bool:
        """Whether the run waits for `resume` or `single_step`."""
        return self._orders.paused

    def pause(self) -> None:
        """Wait after the step that is under way."""
        self._order(paused=True)

    def resume(self) -> None:
        """Go on after a pause."""
        self._order(paused=False)

    def single_step(self) -> None:
        """Take one step and pause."""
        with self._orders.changed:
            self._orders.paused = True
            self._orders.single_steps += 1
            self._orders.changed.notify_all()

    def stop(self) -> None:
        """End after the step that is under way; the best map so far is delivered."""
        self._order(stopped=True)

    def edit(self, document: MapDocument) -> None:
        """Go on, on this document, from where the run stands; the newest edit wins."""
        self._order(edited=document)

    def shut_down(self, patience: float = 10.0) -> bool:
        """Stop and wait for the thread; whether it has ended."""
        self.stop()
        self._thread.join(patience)
        return not self._thread.is_alive()

    def _order(self, **orders: Any) -> None:
        with self._orders.changed:
            for name, value in orders.items():
                setattr(self._orders, name, value)
            self._orders.changed.notify_all()

    def _work(self) -> None:
        try:
            self._iterate()
        except Exception as error:  # whatever breaks in here has to reach the user
            self.mailbox.put(ending=self._failure(error))

    def _iterate(self) -> None:
        from engine.core.device import leave_a_core_free
        from engine.core.errors import ProblemError
        from engine.core.status import Status

        leave_a_core_free()
        sys.setswitchinterval(0.0005)  # the GUI thread gets the interpreter ten times sooner than by default
        steps = self._scenario.steps(self._document, self._settings, None)
        state: Any = None
        step = 0
        while True:
            edited = self._wait_for_turn()
            if self._orders.stopped:
                self.mailbox.put(ending=Ending(Status.CANCELLED.sentence, self._result))
                return
            try:
                if edited is not None:
                    steps = self._scenario.steps(edited, self._settings, state)
                seen = next(steps, None)
            except ProblemError as error:
                if edited is None:
                    raise
                self.mailbox.put(refusal=str(error))
                self._order(refused=True)
                continue
            if edited is not None:
                self._order(refused=False)
                self.mailbox.put(edit=Edit(step, edited))
            if seen is None:
                self.mailbox.put(ending=Ending(Status.STEPS_DONE.sentence, self._result))
                return
            self._result, state, step = seen.result, seen.state or state, seen.step
            # An edit that came during the last step is taken up all the same: the run goes on.
            over = seen.ending is not None and self._orders.edited is None
            frame = seen.frame() if self.mailbox.wants_frame or over else None
            ending = Ending(seen.ending or "", seen.result) if over else None
            self.mailbox.put(Figures(step, seen.figures), frame, ending=ending)
            if ending is not None:
                return

    def _failure(self, error: Exception) -> Ending:
        """What a user reads: the engine's own sentences as they are, anything else as the defect that it is."""
        if not (isinstance(error, ValueError) and type(error).__module__.startswith("engine.")):
            told = f"The run broke off: {type(error).__name__}: {error}. The map is unchanged; please report this."
            return Ending(told, self._result, failed=True)
        subject, value = getattr(error, "subject", ""), getattr(error, "suggestion", None)
        mends = value is not None and hasattr(self._settings, subject)
        return Ending(str(error), self._result, failed=True, mend=Mend(subject, value) if mends else None)

    def _wait_for_turn(self) -> MapDocument | None:
        """Blocks while paused or refused; returns an edit to take up, if there is one."""
        orders = self._orders
        with orders.changed:
            while not (orders.stopped or orders.edited):
                if not orders.refused and (orders.single_steps or not orders.paused):
                    break
                orders.changed.wait()
            if orders.edited is not None:
                edited, orders.edited = orders.edited, None
                return edited
            if orders.paused and orders.single_steps:
                orders.single_steps -= 1
            return None
