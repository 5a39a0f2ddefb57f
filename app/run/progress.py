"""How far a run is, in words: what it prepares, its steps of all steps, and the time that is left."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from app.run.warm_up import warming_up
from app.scenarios.words import duration, pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.run.worker import StepFigures
    from app.scenarios.scenario import AnyScenario

# The pace is that of the newest steps: of so many at most, or of those within so many seconds.
NEWEST_STEPS, NEWEST_SECONDS = 1000, 60.0
# It is known after so many steps and seconds.
LEAST_STEPS, LEAST_SECONDS = 3, 1.0
# What is shown counts down with the clock, until it is off by more than this share and so many seconds.
SHARE_OFF, SECONDS_OFF = 0.2, 2.0


class Progress:
    """Counts the steps of one run.

    total: its steps in all, None where that is not known.  clock: seconds, as `time.monotonic`.
    """

    def __init__(
        self, scenario: AnyScenario, total: int | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.total, self.step = total, 0
        self._scenario, self._clock = scenario, clock
        self._phase = "loading the solver"
        self._since = self._began = clock()  # the phase, the run
        self._seconds: deque[float] = deque(maxlen=NEWEST_STEPS)
        self._stepped = False
        self._shown: tuple[float, float] | None = None  # seconds left, and at what time

    def enter(self, phase: str) -> None:
        """Note what the run prepares from now on."""
        self._phase, self._since = phase, self._clock()

    def take(self, row: StepFigures) -> None:
        """Count a step that the run has made."""
        if row.total is not None:
            self.total = row.total
        if self._stepped:  # the first one has the imports and the compiling in it
            self._seconds.append(row.seconds)
        self._stepped, self.step = True, row.step
        if row.step:  # step 0 is the drawn map, and the first step is still prepared
            self._since = self._clock()

    def pause(self) -> None:
        """Let the time that is left stand still: it is worked out anew when the run goes on."""
        self._shown = None

    @property
    def left(self) -> float | None:
        """Seconds that are left, at the pace of the newest steps; None until that is known."""
        newest = self._newest()
        if self.total is None or len(newest) < LEAST_STEPS or sum(newest) < LEAST_SECONDS:
            return None
        # The longest step counts as the next longest: the machine may have been busy. Long steps that come again
        # count, such as those that judge held-out maps.
        *others, second, _ = sorted(newest)
        worked_out = (sum(others) + 2.0 * second) / len(newest) * max(self.total - self.step, 0)
        now = self._clock()
        if self._shown is not None:
            counted = self._shown[0] - (now - self._shown[1])
            if abs(counted - worked_out) <= max(SECONDS_OFF, SHARE_OFF * worked_out):
                return max(counted, 0.0)
        self._shown = worked_out, now
        return worked_out

    @property
    def preparing(self) -> str:
        """What the run prepares and for how long; empty once it has made one step."""
        if self.step:
            return ""
        phase = "compiling" if warming_up() else self._phase
        return f"Preparing: {phase}, {duration(self._clock() - self._since)}"

    def words(self, *, paused: bool = False) -> str:
        """Return how far the run is: "Preparing: compiling, 8 s", then "120 / 400 · 20 s left"."""
        now = self._clock()
        if not (paused and self._stepped) and (preparing := self.preparing):
            return preparing
        if self.step == self.total and self._scenario.finishing:
            return f"{self._scenario.finishing}, {duration(now - self._since)}"
        left = None if paused or not self.step else self.left
        if paused or not self.step or (left is None and self.total is not None):
            return f"{self.step}" if self.total is None else f"{self.step} / {self.total}"
        return pace(self.step, self.total, now - self._began, left)

    def _newest(self) -> list[float]:
        """Return how long the newest steps took, s."""
        newest, together = list[float](), 0.0
        for seconds in reversed(self._seconds):
            newest.append(seconds)
            together += seconds
            if together > NEWEST_SECONDS and len(newest) >= LEAST_STEPS:
                break
        return newest
