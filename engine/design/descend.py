"""The loop of every design run: take steps, keep the best map, say when and how the run ends.

A design supplies its steps, the best map so far, and a judge that compares a step with it. `descend` yields after
each step. A run ends when a step meets something that is not a number, when the best map is within the tolerance
of what is wanted, or with the last step.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from engine.core.status import Status


class Step(Protocol):
    """One step of a run. A step that is not finite has left the parameters as they were."""

    @property
    def number(self) -> int:
        """Number of the step, from 1."""
        ...

    @property
    def finite(self) -> bool:
        """Whether all values of the step are numbers."""
        ...


class Best(Protocol):
    """The best map so far, with its figures: a value that the judge replaces and never changes."""

    @property
    def shortfall(self) -> float | None:
        """By how much the map misses what is wanted at most, as the tolerance counts it; None if unknown."""
        ...


AnyStep = TypeVar("AnyStep", bound=Step)
AnyBest = TypeVar("AnyBest", bound=Best)


@dataclass(frozen=True, eq=False)
class Descent(Generic[AnyStep, AnyBest]):
    """One turn of the loop: the step, the best map after it, and the status; None while the run may go on."""

    step: AnyStep
    best: AnyBest
    status: Status | None


def descend(
    steps: Iterable[AnyStep],
    best: AnyBest,
    judge: Callable[[AnyBest, AnyStep], AnyBest],
    last: int,
    tolerance: float | None = None,
) -> Iterator[Descent[AnyStep, AnyBest]]:
    """Take `steps` until one is the `last`, is not finite, or leaves the best within `tolerance`.

    judge: returns the better of the best so far and a step, and is not asked about steps that are not finite.
    tolerance: the largest shortfall that ends the run early; None never does.
    """
    for step in steps:
        if step.finite:
            best = judge(best, step)
        status = _status(step, best, last, tolerance)
        yield Descent(step, best, status)
        if status is not None:
            return


def numbers_from(first: int, steps: int) -> range:
    """Return the numbers of the steps that follow step `first` in a run of so many `steps`: at least one."""
    return range(first + 1, max(steps, first + 1) + 1)


def _status(step: Step, best: Best, last: int, tolerance: float | None) -> Status | None:
    if not step.finite:
        return Status.NOT_A_NUMBER
    if tolerance is not None and best.shortfall is not None and best.shortfall <= tolerance:
        return Status.CONVERGED
    return Status.STEPS_DONE if step.number == last else None
