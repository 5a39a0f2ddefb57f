"""One adversarial run from document to document, whatever the method: what the command line calls."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from app.problems import Wishes, adversarial_problem, movement_grid
from maps.document import MapDocument
from maps.edits import apply_costs

if TYPE_CHECKING:
    from engine.design import DesignSettings
    from engine.optimum import OptimumSettings
    from engine.problem import Problem
    from engine.status import Status

MethodName = Literal["logit", "bregman", "exact", "optimum"]
# done, of how many, path cost so far, gap so far (None: not known)
Progress = Callable[[int, int, float, float | None], None]


@dataclass(frozen=True)
class Effort:
    """How to run: the method and what it needs. tolerance: the gap at which to stop; 0 uses all steps."""

    method: MethodName = "logit"
    steps: int = 400
    seed: int = 0
    device: str = "auto"
    tolerance: float = 0.0
    learning_rate: float | None = None

    def design_settings(self) -> "DesignSettings":
        """The engine's settings for the methods that run Adam."""
        from engine.design import DesignSettings

        if self.method == "optimum":
            raise ValueError("the method 'optimum' runs without Adam")
        chosen = {} if self.learning_rate is None else {"learning_rate": self.learning_rate}
        return DesignSettings(
            method=self.method,
            steps=self.steps,
            seed=self.seed,
            device=self.device,
            tolerance=self.tolerance,
            **chosen,
        )

    def optimum_settings(self) -> "OptimumSettings":
        """The engine's settings for the method "optimum"; raises ValueError for a device that is not there."""
        from engine.device import pick_device
        from engine.optimum import OptimumSettings

        device = pick_device("cpu" if self.device == "auto" else self.device, "exact")
        default = OptimumSettings()
        return OptimumSettings(self.tolerance or default.tolerance, default.max_iterations, device=device)


@dataclass(frozen=True, eq=False)
class Solution:
    """The optimised document and the figures of the run, all of the document as it is: float32 costs.

    path_costs_*: (R,).  upper_bound, gap: the certificate, None where the aim has none.
    """

    document: MapDocument
    path_costs_before: npt.NDArray[np.float64]
    path_costs_after: npt.NDArray[np.float64]
    score_before: float
    score_after: float
    upper_bound: float | None
    gap: float | None
    budget: float
    steps: int
    seconds: float
    device: str
    status: str
    sentence: str


def solve(document: MapDocument, wishes: Wishes, effort: Effort, progress: Progress) -> Solution:
    """Run to the end. Raises ProblemError or ValueError, with a sentence for the user, if it cannot start."""
    from engine.certificate import relative_gap
    from engine.objectives import score

    problem = adversarial_problem(document, wishes)
    began = time.perf_counter()
    if effort.method == "optimum":
        best_map, upper_bound, steps, device, status = _optimum(problem, effort, progress)
    else:
        best_map, upper_bound, steps, device, status = _design(problem, effort, progress)
    seconds = time.perf_counter() - began
    optimised = apply_costs(document, best_map).document
    before, after = path_costs(document), path_costs(optimised)
    gap = None if upper_bound is None else max(0.0, relative_gap(upper_bound, score(problem, after)))
    return Solution(
        document=optimised,
        path_costs_before=before,
        path_costs_after=after,
        score_before=score(problem, before),
        score_after=score(problem, after),
        upper_bound=upper_bound,
        gap=gap,
        budget=float(optimised.cost[optimised.passable].sum(dtype=np.float64)),
        steps=steps,
        seconds=seconds,
        device=device,
        status=status.value,
        sentence=status.sentence,
    )


def _optimum(
    problem: "Problem", effort: Effort, progress: Progress
) -> tuple[npt.NDArray[np.float64], float | None, int, str, "Status"]:
    from engine.optimum import optimum
    from engine.problem import ProblemError
    from engine.status import Status

    if not problem.objective.linear:
        raise ProblemError(
            "objective",
            "the method 'optimum' solves the aim 'longer' without smoothness or closeness; choose 'logit' or "
            "'bregman' for this one",
        )
    settings = effort.optimum_settings()
    iterate = None
    for iterate in optimum(problem, settings):
        progress(iterate.iterations, 0, iterate.value, iterate.gap)
    assert iterate is not None
    status = iterate.status or Status.STEPS_DONE
    return iterate.cost_map, iterate.upper_bound, iterate.iterations, settings.device, status


def _design(
    problem: "Problem", effort: Effort, progress: Progress
) -> tuple[npt.NDArray[np.float64], float | None, int, str, "Status"]:
    from engine.design import design
    from engine.device import leave_a_core_free, pick_device
    from engine.status import Status

    leave_a_core_free()
    settings = effort.design_settings()
    device = pick_device(settings.device, settings.method)
    iterate = None
    for iterate in design(problem, settings):
        progress(iterate.step, iterate.steps, iterate.best_score, iterate.gap)
    assert iterate is not None
    status = iterate.status or Status.STEPS_DONE
    return iterate.best_map, iterate.upper_bound, iterate.step, device, status


def path_costs(document: MapDocument) -> npt.NDArray[np.float64]:
    """(R,) cost of each route's shortest path; infinite where there is no way."""
    from engine.paths import distances_to

    grid = movement_grid(document)
    return np.array(
        [distances_to(grid, document.cost, route.goal).distance[route.start] for route in document.routes]
    )


def shortest_paths(document: MapDocument) -> tuple[npt.NDArray[np.int64], ...]:
    """Cells (n, 2) of each route's shortest path; the routes must be connected."""
    from engine.paths import distances_to, shortest_path

    grid = movement_grid(document)
    return tuple(
        shortest_path(distances_to(grid, document.cost, route.goal), route.start) for route in document.routes
    )
