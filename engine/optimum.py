"""The true optimum of the adversarial path, with a proof: how long the shortest path can get at all.

Maximising Σ weight · distance over the admissible maps is a linear programme. It is solved as a saddle-point
problem (`engine.saddle`) by the primal–dual hybrid gradient with reflected Halpern steps and restarts: pure
stencils, no shortest path inside. Every so often the flow is made into a certificate and the map is judged by
its exact paths, so each iterate says how far it can be from the optimum at most.
Coarse maps are solved first; each finer one starts from their flow, potentials and map.
Sources: Chambolle & Pock 2011 (the step); Lu & Yang 2024 (Halpern, reflection and the restart rules).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.arrays import Floats
from engine.certificate import certified_loads, relative_gap, upper_bound
from engine.multiscale import levels, refine_flow, refine_map, refine_potentials
from engine.paths import distances_to, path_flow
from engine.problem import Problem, check
from engine.saddle import Saddle, SaddlePoint, cold_point
from engine.saddle_cpu import CpuSaddle
from engine.status import Status

# Restart when the step has shrunk to the first share of what it was after the last restart, when it is under
# the second share and grows again, or when the last restart is so long ago.
SUFFICIENT, NECESSARY, ARTIFICIAL = 0.2, 0.8, 0.36
# Iterations between two looks at the step: 40, or fewer on large maps, so that no piece lasts long.
ROUND, CELLS_PER_PIECE = 40, 4_000_000
# Judging a point costs shortest paths and a sort: the pauses between grow by this factor.
PAUSES_GROW = 1.07
# Coarse maps only give a start; more is wasted on them.
COARSE_GAP, COARSE_ITERATIONS_PER_SIDE = 5e-3, 80


@dataclass(frozen=True)
class OptimumSettings:
    """When to stop, and where to compute.

    tolerance: relative gap between the bound and the best map.  max_iterations: on the finest level.
    device: "cpu", or a torch device.
    """

    tolerance: float = 5e-4
    max_iterations: int = 40_000
    coarse_to_fine: bool = True
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class OptimumIterate:
    """The best that is known so far; arrays are copies and stay the same objects until they are beaten.

    cost_map: (H, W), admissible.  path_costs: (R,) exact.  value: their weighted sum.
    upper_bound: no admissible map has a larger value; loads (R, H, W) of the unit flows that prove it.
    iterations: over all levels.  level: (number, of how many).
    point: where the method stands, to go on from; None on coarse levels.  status: None while it goes on.
    """

    cost_map: Floats
    path_costs: Floats
    value: float
    upper_bound: float
    gap: float
    loads: Floats
    iterations: int
    level: tuple[int, int]
    point: SaddlePoint | None
    status: Status | None


def optimum(
    problem: Problem, settings: OptimumSettings | None = None, start: SaddlePoint | None = None
) -> Iterator[OptimumIterate]:
    """Solve the linear adversarial problem, a short piece of work between any two iterates.

    start: the point of an earlier run, also of one on an edited map of the same shape and routes.
    Raises ProblemError before the first iterate if no run can start, ValueError if the aim is not linear.
    """
    settings = settings or OptimumSettings()
    if problem.objective.aim != "longer":
        raise ValueError(f"the optimum is only known for the aim 'longer', not {problem.objective.aim!r}")
    check(problem)
    warm = start is not None and start.fits(problem)
    stages = levels(problem) if settings.coarse_to_fine and not warm else [problem]
    best = _Best(problem)
    point = start if warm and start is not None else cold_point(stages[0])
    iterations = 0
    for number, stage in enumerate(stages, 1):
        finest = number == len(stages)
        judge = best if finest else _Best(stage)
        tolerance = settings.tolerance if finest else max(COARSE_GAP, settings.tolerance)
        limit = settings.max_iterations if finest else COARSE_ITERATIONS_PER_SIDE * max(stage.grid.shape)
        done = 0
        saddle = _saddle(stage, point, settings.device)
        for done, point in _rounds(saddle, judge, tolerance, limit):
            status = _status(judge.gap, tolerance, done, limit) if finest else None
            yield best.iterate(iterations + done, (number, len(stages)), point if finest else None, status)
        if finest and done == 0:
            yield best.iterate(iterations, (number, len(stages)), point, Status.CONVERGED)
        iterations += done
        if not finest:
            best.look(_lifted(point, stages[number - 1 :]))
            point = _lifted(point, stages[number - 1 : number + 1])


def _rounds(saddle: Saddle, judge: "_Best", tolerance: float, limit: int) -> Iterator[tuple[int, SaddlePoint]]:
    """Iterations with restarts, until `judge` is content or the limit is reached: (iterations, latest point)."""
    length = max(5, min(ROUND, CELLS_PER_PIECE // judge.cells))
    done, since_restart, next_look = 0, 0, ROUND
    first_step = last_step = np.inf
    while judge.gap > tolerance and done < limit:
        saddle.advance(length)
        done += length
        since_restart += length
        step = saddle.look()
        point = saddle.point()
        if done >= next_look or done >= limit:
            judge.look(point)
            next_look = max(done + ROUND, int(done * PAUSES_GROW))
        if since_restart == length:
            first_step = step
        elif (
            step <= SUFFICIENT * first_step
            or (step <= NECESSARY * first_step and step > last_step)
            or since_restart >= ARTIFICIAL * done
        ):
            saddle.restart()
            since_restart = 0
        last_step = step
        yield done, point


class _Best:
    """The best map and the best bound of one problem, from all points that were looked at."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.cells = problem.grid.passable.size * len(problem.routes)
        self.value, self.bound = -np.inf, np.inf
        self._map = self._path_costs = self._loads = np.zeros(0)
        point = cold_point(problem)
        fields = [distances_to(problem.grid, point.cost_map, goal) for goal in problem.goals]
        paths = [
            path_flow(problem.grid, field, start) for field, start in zip(fields, problem.starts, strict=True)
        ]
        self._use(point.cost_map, np.stack(paths))

    @property
    def gap(self) -> float:
        return max(0.0, relative_gap(self.bound, self.value))

    def look(self, point: SaddlePoint) -> None:
        """Judge a point: its map by exact paths, its flow by the bound that it proves."""
        admissible = self._problem.admissible
        self._use(admissible.expand(admissible.project(admissible.reduce(point.cost_map))), point.flow)

    def iterate(
        self, iterations: int, level: tuple[int, int], point: SaddlePoint | None, status: Status | None
    ) -> OptimumIterate:
        return OptimumIterate(
            self._map,
            self._path_costs,
            self.value,
            self.bound,
            self.gap,
            self._loads,
            iterations,
            level,
            point,
            status,
        )

    def _use(self, cost_map: Floats, flow: Floats) -> None:
        problem = self._problem
        fields = [distances_to(problem.grid, cost_map, goal) for goal in problem.goals]
        path_costs = np.array([f.distance[s] for f, s in zip(fields, problem.starts, strict=True)])
        value = float(problem.weights @ path_costs)
        if value > self.value:
            self.value, self._map, self._path_costs = value, cost_map, path_costs
        if np.isfinite(flow).all():
            loads = certified_loads(problem.grid, flow, problem.starts, fields)
            bound = upper_bound(problem.admissible, problem.weights, loads)
            if bound < self.bound:
                self.bound, self._loads = bound, loads


def _lifted(point: SaddlePoint, stages: list[Problem]) -> SaddlePoint:
    """A point of the first stage, brought to the last one."""
    for coarse, fine in pairwise(stages):
        admissible = fine.admissible
        cost_map = refine_map(point.cost_map, fine)
        point = SaddlePoint(
            refine_flow(point.flow, fine),
            refine_potentials(point.potentials, coarse, fine),
            admissible.expand(admissible.project(admissible.reduce(cost_map))),
            cold_point(fine).balance,
        )
    return point


def _saddle(problem: Problem, point: SaddlePoint, device: str) -> Saddle:
    if device == "cpu":
        return CpuSaddle(problem, point)
    from engine.saddle_torch import TorchSaddle  # torch takes seconds to import

    return TorchSaddle(problem, point, device)


def _status(gap: float, tolerance: float, done: int, limit: int) -> Status | None:
    if gap <= tolerance:
        return Status.CONVERGED
    return Status.STEPS_DONE if done >= limit else None
