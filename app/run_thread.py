"""A run in its own thread: snapshots go in, a mailbox comes out, commands are looked at between any two steps.

Nothing here knows Qt. torch and the engine are imported inside the thread, and tensors never leave it.
"""

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from app.problems import Wishes, adversarial_problem
from app.solving import Effort, path_costs
from maps.document import MapDocument

if TYPE_CHECKING:
    from engine.problem import Problem

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """The numbers of one step. bound and gap are NaN where the aim has none, soft where the method has none."""

    step: int
    path_cost: float
    best: float
    soft: float
    bound: float
    gap: float


@dataclass(frozen=True, eq=False)
class Frame:
    """What the canvas shows of one step: the map (H, W), the traffic (H, W) or None, cells (n, 2) per route."""

    step: int
    cost_map: Floats
    traffic: Floats | None
    paths: tuple[npt.NDArray[np.int64], ...]


@dataclass(frozen=True, eq=False)
class Ending:
    """How a run ended. best_map: (H, W), None if there is no result. failed: it broke, or could not start."""

    sentence: str
    best_map: Floats | None
    failed: bool = False


@dataclass(frozen=True, eq=False)
class Mail:
    """Everything since the mailbox was last emptied. edits: steps at which an edit was taken up."""

    figures: tuple[Figures, ...] = ()
    frame: Frame | None = None
    edits: tuple[int, ...] = ()
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
        edit: int | None = None,
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
                refusal or mail.refusal,
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
    stopped: bool = False
    single_steps: int = 0
    edited: MapDocument | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)


class Run:
    """One run on a snapshot of a document. Methods may be called from any thread and return at once."""

    def __init__(self, document: MapDocument, wishes: Wishes, effort: Effort) -> None:
        self.mailbox = Mailbox()
        self._document, self._wishes, self._effort = document, wishes, effort
        self._orders = _Orders()
        self._best: Floats | None = None
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
            self.mailbox.put(ending=Ending(_sentence(error), self._best, failed=True))

    def _iterate(self) -> None:
        from engine.device import leave_a_core_free
        from engine.objectives import score
        from engine.problem import ProblemError, check
        from engine.status import Status

        leave_a_core_free()
        sys.setswitchinterval(0.0005)  # the GUI thread gets the interpreter ten times sooner than by default
        problem = adversarial_problem(self._document, self._wishes)
        check(problem)
        drawn = score(problem, path_costs(self._document))
        self.mailbox.put(Figures(0, drawn, drawn, np.nan, np.nan, np.nan))
        steps = _steps(problem, self._effort, None)
        state: Any = None
        step = 0
        while True:
            edited = self._wait_for_turn()
            if self._orders.stopped:
                self.mailbox.put(ending=Ending(Status.CANCELLED.sentence, self._best))
                return
            if edited is not None:
                try:
                    following = adversarial_problem(edited, self._wishes)
                    check(following)
                except ProblemError as error:
                    self.mailbox.put(refusal=str(error))
                    self._order(paused=True)
                    continue
                problem, steps = following, _steps(following, self._effort, state)
                self.mailbox.put(edit=step)
            seen = next(steps, None)
            if seen is None:
                self.mailbox.put(ending=Ending(Status.STEPS_DONE.sentence, self._best))
                return
            self._best, state, step = seen.best_map, seen.state or state, seen.figures.step
            shown = seen.shown_map if seen.status is None else seen.best_map
            wanted = self.mailbox.wants_frame or seen.status is not None
            frame = _frame(problem, step, shown, seen.traffic) if wanted else None
            ending = None if seen.status is None else Ending(seen.status.sentence, seen.best_map)
            self.mailbox.put(seen.figures, frame, ending=ending)
            if ending is not None:
                return

    def _wait_for_turn(self) -> MapDocument | None:
        """Blocks while paused; returns an edit to take up, if there is one."""
        orders = self._orders
        with orders.changed:
            while orders.paused and not (orders.stopped or orders.single_steps or orders.edited):
                orders.changed.wait()
            if orders.edited is not None:
                edited, orders.edited = orders.edited, None
                return edited
            if orders.paused and orders.single_steps:
                orders.single_steps -= 1
            return None


@dataclass(frozen=True, eq=False)
class _Seen:
    """What both kinds of iterates have in common."""

    figures: Figures
    shown_map: Floats
    best_map: Floats
    traffic: Floats | None
    state: Any
    status: Any


def _steps(problem: "Problem", effort: Effort, state: Any) -> Iterator[_Seen]:
    if effort.method == "optimum":
        yield from _optimum_steps(problem, effort, state)
    else:
        yield from _design_steps(problem, effort, state)


def _design_steps(problem: "Problem", effort: Effort, state: Any) -> Iterator[_Seen]:
    from engine.design import design

    for iterate in design(problem, effort.design_settings(), state):
        yield _Seen(
            Figures(
                iterate.step,
                iterate.score,
                iterate.best_score,
                float(problem.weights @ iterate.soft_costs),
                np.nan if iterate.upper_bound is None else iterate.upper_bound,
                np.nan if iterate.gap is None else iterate.gap,
            ),
            iterate.cost_map,
            iterate.best_map,
            np.tensordot(problem.weights, iterate.loads, axes=1),
            iterate.state,
            iterate.status,
        )


def _optimum_steps(problem: "Problem", effort: Effort, state: Any) -> Iterator[_Seen]:
    from engine.optimum import optimum

    for iterate in optimum(problem, effort.optimum_settings(), state):
        yield _Seen(
            Figures(iterate.iterations, iterate.value, iterate.value, np.nan, iterate.upper_bound, iterate.gap),
            iterate.cost_map,
            iterate.cost_map,
            np.tensordot(problem.weights, iterate.loads, axes=1),
            iterate.point,
            iterate.status,
        )


def _frame(problem: "Problem", step: int, cost_map: Floats, traffic: Floats | None) -> Frame:
    from engine.paths import distances_to, shortest_path

    paths = tuple(
        shortest_path(distances_to(problem.grid, cost_map, route.goal), route.start) for route in problem.routes
    )
    return Frame(step, cost_map, traffic, paths)


def _sentence(error: Exception) -> str:
    """What a user reads: the engine's own sentences as they are, anything else as the defect that it is."""
    if isinstance(error, ValueError) and type(error).__module__.startswith("engine."):
        return str(error)
    return f"The run broke off: {type(error).__name__}: {error}. The map is unchanged; please report this."
