"""How runs end, in words."""

from enum import StrEnum


class Status(StrEnum):
    """Expected endings. Misuse and problems that cannot start raise instead."""

    CONVERGED = "converged"
    STEPS_DONE = "steps_done"
    CANCELLED = "cancelled"
    NOT_A_NUMBER = "not_a_number"
    STALLED = "stalled"

    @property
    def message(self) -> str:
        """Tell the user what happened and what to do about it."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.CONVERGED: "Done: no admissible map is better by more than the tolerance.",
    Status.STEPS_DONE: (
        "All steps done. More steps may improve the map, by no more than what is possible, where that is known."
    ),
    Status.CANCELLED: "Stopped on request; the best map so far is kept.",
    Status.NOT_A_NUMBER: (
        "A step produced something that is not a finite number, so the run stopped and the last good map is "
        "kept. Use a smaller learning rate or a larger epsilon, and look at the costs for extreme values."
    ),
    Status.STALLED: (
        "The inner solver no longer improves at this precision, so its last state is used. A larger epsilon "
        "makes it converge; the bound shown is still valid."
    ),
}
