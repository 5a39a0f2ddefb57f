"""How a matching run is asked for and what it shows: settings, and the iterate of a step."""

from dataclasses import dataclass

import numpy as np

from engine.core.arrays import Floats, Integers
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.matching.state import MatchState
from engine.transport.sinkhorn import TransportResult


@dataclass(frozen=True)
class MatchSettings:
    """How to run.

    steps: of Adam, counted from the start, so that a run that goes on after its last one needs more of them.
    learning_rate: the farthest a point moves in a step, in cells; None takes what the farthest way needs.
    blur_start, blur_end: length over which the plan is blurred, in cells, where the solver copes with so little:
        epsilon is its square for squared distance. None starts from a share of the farthest way.
    tolerance: the run ends when no point has farther than this to go, in cells.
    moving_tolerance, final_tolerance: marginal errors of the plans at the start and at the end; they fall from
        one to the other together with the blur.
    iterations: of the transport solver in a step, at most; at the start and the end there may be more.
    seed: of the noise that parts points in one place.  device: for `engine.transport.sinkhorn`.
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
    """The largest couplings, largest first: from point `points` of layout `layouts` to point `target_points` of
    target `targets`, with `mass`; (k,) each."""

    layouts: Integers
    points: Integers
    targets: Integers
    target_points: Integers
    mass: Floats


@dataclass(frozen=True, eq=False)
class MatchIterate:
    """The start (step 0), or a step. Arrays are not written to again.

    positions, weights: of each layout, (n, 2) and (n,).  target_positions: of each target, (m, 2).
    transport_cost, regularised_cost: of the plans at `blur`, summed over the targets.  exact_cost: of plans
        without blur, at the start and the end of small problems; None elsewhere.
    marginal_error: the largest of the plans'.
    to_go: how far the farthest point still wants to go, in cells, or by what share a weight wants to change;
        points that limits hold back are left out.
    results: of `engine.transport.sinkhorn`, one per target; their rows are the points of all its layouts.
    crowded, unsnapped, held: (layout, point) pairs that have not the spacing, or no cell centre of their own, or
        that a wall or the end of their region keeps from going on.
    status: None while the run may go on.
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
    def sentence(self) -> str:
        """How the run stands or ended, and what to do about it."""
        opening = "Running." if self.status is None else _SENTENCES[self.status]
        if self.status is Status.CONVERGED and (self.crowded or self.unsnapped or self.held):
            opening = "No point moves any more, but not all is as asked."
        return " ".join((opening, *self.notes))

    def plan_lines(self, count: int) -> PlanLines:
        """The `count` largest couplings of all plans."""
        size = [len(positions) for positions in self.positions]
        groups = self.state.problem.groups()
        owner = [np.repeat(numbers, [size[k] for k in numbers]) for numbers, _ in groups]
        index = [np.concatenate([np.arange(size[k]) for k in numbers]) for numbers, _ in groups]
        parts: list[tuple[Integers, Integers, Integers, Integers, Floats]] = []
        for number, result in enumerate(self.results):
            plan = result.plan()
            flat = plan.reshape(-1)
            largest = np.argpartition(-flat, min(count, flat.size) - 1)[:count]
            rows, cols = np.unravel_index(largest, plan.shape)
            target = np.full(largest.size, number)
            parts.append((owner[number][rows], index[number][rows], target, cols.astype(np.int64), flat[largest]))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.argsort(-columns[4], kind="stable")[:count]
        order = order[columns[4][order] > 0.0]
        layouts, points, targets, target_points, mass = (column[order] for column in columns)
        return PlanLines(layouts, points, targets, target_points, mass)


def check_settings(settings: MatchSettings) -> None:
    """Raises ProblemError for a number that no run can use."""
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


_SENTENCES = {
    Status.CONVERGED: "Done: no point moves by more than the tolerance.",
    Status.STEPS_DONE: "All steps done. More steps may bring the layouts closer.",
    Status.NOT_A_NUMBER: (
        "A step produced something that is not a finite number, so the run stopped and the last good layout is "
        "kept. Use a smaller learning rate or a larger blur."
    ),
}
