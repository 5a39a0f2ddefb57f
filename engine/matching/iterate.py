"""Settings of a matching run, and the iterate that it yields at every step."""

from dataclasses import dataclass

import numpy as np

from engine.core.arrays import Floats, Integers
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.matching.state import MatchState
from engine.transport.couplings import largest_couplings
from engine.transport.result import TransportResult


@dataclass(frozen=True)
class MatchSettings:
    """Settings of a run.

    steps: of Adam, counted from the start; a run that goes on after its last step needs a larger number.
    learning_rate: the farthest that a point moves in a step, in cells; None derives it from the farthest distance.
    blur_start, blur_end: blur of the plan at first and at the end, in cells; epsilon is its square for squared
        distance, and larger where the solver does not converge. None starts from a share of the farthest distance.
    tolerance: the run ends when no point has farther than this to go, in cells.
    moving_tolerance, final_tolerance: marginal errors of the plans at the start and at the end; they fall from
        one to the other together with the blur.
    iterations: of the transport solver in a step, at most; at the start and the end there may be more.
    seed: of the noise that separates coinciding points.  device: as in `TransportSettings`.
    """

    steps: int = 200
    learning_rate: float | None = None
    blur_start: float | None = None
    blur_end: float = 0.25
    tolerance: float = 1e-3
    moving_tolerance: float = 1e-3
    final_tolerance: float = 1e-6
    iterations: int = 300
    seed: int = 0
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class PlanLines:
    """The largest couplings of a step's plans, the largest first; (k,) each.

    `mass` goes from point `points` of layout `layouts` to point `target_points` of target `targets`.
    """

    layouts: Integers
    points: Integers
    targets: Integers
    target_points: Integers
    mass: Floats


@dataclass(frozen=True, eq=False)
class MatchIterate:
    """The start (step 0), or a step. Its arrays are not written to again.

    positions, weights: of each layout, (n, 2) and (n,).  target_positions: of each target, (m, 2).
    transport_cost, regularised_cost: of the plans at `blur`, summed over the targets.  exact_cost: of the exact
        plans, at the start and the end of problems where they are quick to compute; None elsewhere.
    marginal_error: the largest of the plans.
    to_go: the largest distance that a point has still to move, in cells, or the largest relative change of a
        weight; points that limits hold back are left out.
    results: solved transport problems, one per target; their rows are the points of all its layouts.
    crowded, unsnapped, held: (layout, point) pairs nearer to another than the spacing, or without a cell centre of
        their own, or kept from moving by a wall or the border of their region.
    status: None while the run goes on.
    """

    step: int
    steps: int
    positions: tuple[Floats, ...]
    weights: tuple[Floats, ...]
    target_positions: tuple[Floats, ...]
    transport_cost: float
    regularised_cost: float
    exact_cost: float | None
    marginal_error: float
    blur: float
    epsilon: float
    to_go: float
    results: tuple[TransportResult, ...]
    crowded: tuple[tuple[int, int], ...]
    unsnapped: tuple[tuple[int, int], ...]
    held: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]
    status: Status | None
    state: MatchState

    @property
    def message(self) -> str:
        """Tell the user how the run stands or ended, and what can be done about it."""
        opening = "Running." if self.status is None else _MESSAGES[self.status]
        if self.status is Status.CONVERGED and (self.crowded or self.unsnapped or self.held):
            opening = "No point moves any more, but not all is as asked."
        return " ".join((opening, *self.notes))

    def plan_lines(self, count: int) -> PlanLines:
        """Return the `count` largest couplings of all plans."""
        size = [len(positions) for positions in self.positions]
        groups = self.state.problem.groups()
        owner = [np.repeat(numbers, [size[k] for k in numbers]) for numbers, _ in groups]
        index = [np.concatenate([np.arange(size[k]) for k in numbers]) for numbers, _ in groups]
        parts: list[tuple[Integers, Integers, Integers, Integers, Floats]] = []
        for number, result in enumerate(self.results):
            rows, columns, mass = largest_couplings(result.plan(), count)
            parts.append((owner[number][rows], index[number][rows], np.full(len(rows), number), columns, mass))
        layouts, points, targets, target_points, mass = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(-mass, kind="stable")[:count]
        return PlanLines(layouts[order], points[order], targets[order], target_points[order], mass[order])


def check_settings(settings: MatchSettings) -> None:
    """Refuse, by ProblemError with the subject "settings", a number that no run can use."""
    for name, value in (
        ("steps", settings.steps),
        ("learning_rate", settings.learning_rate),
        ("blur_start", settings.blur_start),
        ("blur_end", settings.blur_end),
        ("moving_tolerance", settings.moving_tolerance),
        ("final_tolerance", settings.final_tolerance),
        ("iterations", settings.iterations),
    ):
        if value is not None and not (np.isfinite(value) and value > 0):
            raise ProblemError("settings", f"{name} is {value}; it must be a number above 0")


_MESSAGES = {
    Status.CONVERGED: "Done: no point moves by more than the tolerance.",
    Status.STEPS_DONE: "All steps done. More steps may bring the layouts closer.",
    Status.NOT_A_NUMBER: (
        "A step produced something that is not a finite number, so the run stopped and the last good layout is "
        "kept. Use a smaller learning rate or a larger blur."
    ),
}
