"""The longest shortest path that the admissible maps allow, with an upper bound that says how close it is.

Maximising Σ weight · distance over the admissible maps is a linear programme. It is solved as a saddle-point
problem (`engine.optimum.saddle_point`) by the preconditioned primal–dual hybrid gradient with reflected Halpern
steps and restarts; an iteration is a pass over the map and a multigrid cycle, without any shortest path. At
intervals the flow is turned into an upper bound and the map is evaluated by its exact paths, so that each iterate
bounds its distance from the optimum. Coarse maps are solved first; each finer one starts from their flow,
potentials and map. One route with four moves is a min-cost flow instead, and solved exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.cost_maps.certificate import certified_loads, relative_gap, upper_bound
from engine.cost_maps.multiscale import levels, refine_flow, refine_map, refine_potentials
from engine.cost_maps.problem import Problem, check_problem, distance_fields
from engine.optimum import interdiction
from engine.optimum.saddle_cpu import CpuSaddle
from engine.optimum.saddle_point import Saddle, SaddlePoint, adapted_start, cold_start
from engine.paths.exact import path_flow

# Iterations between two measurements of the step. On large maps they are done in pieces of so many cells times
# moves times routes, so that a caller never waits long.
ROUND, PIECE = 20, 10_000_000
# Restart when the step has shrunk to the first share of what it was after the last restart, when it is under
# the second share and grows again, or when the last restart is so long ago (as in cuPDLPx).
SUFFICIENT, NECESSARY, ARTIFICIAL = 0.2, 0.8, 0.36
# Judging a point takes shortest paths and a sort, so the pauses between grow by this factor; beside a CUDA device
# it takes as long as some thousand iterations.
PAUSES_GROW, CUDA_PAUSES_GROW = 1.2, 3.0
# Up to so many cells the exact solution of one route and four moves takes no longer than iterations on a device.
EXACT_BESIDE_DEVICE = 65_536
# Coarse maps only give a start; more would be wasted on them.
COARSE_GAP, COARSE_ITERATIONS = 2e-3, 1_000


@dataclass(frozen=True)
class OptimumSettings:
    """When to stop, and where to compute.

    tolerance: relative gap between the bound and the best map.  max_iterations: on the finest level.
    coarse_to_fine: solve coarser maps first.  device: "cpu" for the compiled loops, or a torch device for
        problems without classes of movement.
    """

    tolerance: float = 5e-4
    max_iterations: int = 40_000
    coarse_to_fine: bool = True
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class OptimumIterate:
    """The best that is known so far. Arrays are copies, and stay the same objects until they are beaten.

    cost_map: (H, W), admissible.  path_costs: (R,) exact.  value: their weighted sum.
    upper_bound: no admissible map has a larger value; loads (R, H, W) of the unit flows that prove it.
    iterations: over all levels.  level: (number, of how many); the figures are always those of the whole map.
    warm_start: the iterations' variables on the whole map when it was last judged; None before that.
    status: None while the run goes on.
    """

    cost_map: Floats
    path_costs: Floats
    value: float
    upper_bound: float
    gap: float
    loads: Floats
    iterations: int
    level: tuple[int, int]
    warm_start: SaddlePoint | None
    status: Status | None


def approach_optimum(
    problem: Problem, settings: OptimumSettings | None = None, warm_start: SaddlePoint | None = None
) -> Iterator[OptimumIterate]:
    """Solve the linear adversarial problem, with little work between any two iterates.

    warm_start: of an earlier run, also of one on an edited map; it is not used where its shape is not that of
        the problem.
    Raises ProblemError before the first iterate if no run can start.
    """
    settings = settings or OptimumSettings()
    if not problem.objective.linear:
        raise ProblemError(
            "objective",
            "the optimum is only known for the aim 'longer' without smoothness and closeness; choose that aim, "
            "or another method",
        )
    check_problem(problem)
    best = _Best(problem)
    if interdiction.applies(problem) and (settings.device == "cpu" or problem.size <= EXACT_BESIDE_DEVICE):
        yield from _exactly(problem, best)
        return
    if warm_start is not None and warm_start.fits(problem):
        stages = [problem]
        point = adapted_start(warm_start, problem)
        best.judge(point)
    else:
        stages = levels(problem) if settings.coarse_to_fine else [problem]
        point = cold_start(stages[0])
    iterations = 0
    for number, stage in enumerate(stages, 1):
        finest = number == len(stages)
        device = settings.device if finest else _coarse_device(settings.device, stage)
        best_here = best if finest else _Best(stage)
        tolerance = settings.tolerance if finest else max(COARSE_GAP, settings.tolerance)
        limit = settings.max_iterations if finest else COARSE_ITERATIONS
        done = 0
        for done, step in _rounds(stage, point, device, best_here, tolerance, limit):
            status = _status(best_here.gap, step, tolerance, done, limit) if finest else None
            yield best.iterate(iterations + done, (number, len(stages)), status)
        iterations += done
        if not finest:
            reached = best_here.point or point
            best.judge(_lifted(reached, stages[number - 1 :]))
            yield best.iterate(iterations, (number, len(stages)), None)
            point = _lifted(reached, stages[number - 1 : number + 1])


def _exactly(problem: Problem, best: "_Best") -> Iterator[OptimumIterate]:
    """Solve a problem of one route and four moves to the last digit; see `engine.optimum.interdiction`."""
    for found in interdiction.interdict(problem):
        cost_map = best.cost_map if found.cost_map is None else found.cost_map
        if found.flow is not None:
            point = replace(cold_start(problem), cost_map=cost_map, flow=found.flow[None])
            best.judge(point)
        done = found.cost_map is not None
        yield best.iterate(found.units, (1, 1), Status.CONVERGED if done else None)


def _rounds(
    problem: Problem, point: SaddlePoint, device: str, best: "_Best", tolerance: float, limit: int
) -> Iterator[tuple[int, float]]:
    """Iterate from `point`, with restarts, until the gap of `best` is small, the limit is reached or numbers fail.

    Yields how many iterations are done, and the length of the latest step that was measured.
    """
    done, since_restart, judge_at = 0, 0, ROUND
    step = first_step = np.inf
    saddle = saddle_on(problem, point, device)
    piece = max(1, PIECE // point.flow.size)
    grow = CUDA_PAUSES_GROW if device.startswith("cuda") else PAUSES_GROW
    yield done, 0.0
    while best.gap > tolerance and done < limit and not np.isnan(step):
        count = min(piece, ROUND - since_restart % ROUND, limit - done)
        saddle.advance(count)
        done += count
        since_restart += count
        if since_restart % ROUND == 0 or done == limit:
            last_step, step = step, saddle.step_length()
            if done >= judge_at or done == limit:
                best.judge(saddle.point())
                judge_at = max(done + ROUND, int(done * grow))
            if since_restart <= ROUND:
                first_step = step
            elif (
                step <= SUFFICIENT * first_step
                or last_step < step <= NECESSARY * first_step
                or since_restart >= ARTIFICIAL * done
            ):
                saddle.restart()
                since_restart = 0
        yield done, step


class _Best:
    """The best map and the best bound of one problem, from all points that were judged."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.point: SaddlePoint | None = None
        self.value, self.upper_bound = -np.inf, np.inf
        self._map = self._path_costs = self._loads = np.zeros(0)
        point = cold_start(problem)
        fields = distance_fields(problem, point.cost_map)
        flow = np.zeros_like(point.flow)
        for route, (movement, field) in enumerate(zip(problem.movements, fields, strict=True)):
            flow[route, : movement.grid.neighbours] = path_flow(movement.grid, field, problem.starts[route])
        self._use(point.cost_map, flow)

    @property
    def cost_map(self) -> Floats:
        """The best map (H, W)."""
        return self._map

    @property
    def gap(self) -> float:
        """Share by which the optimum can be above the best map at most."""
        return max(0.0, relative_gap(self.upper_bound, self.value))

    def judge(self, point: SaddlePoint) -> None:
        """Judge a point, unless its numbers fail: its map by exact paths, its flow by the bound that it proves."""
        if not (np.isfinite(point.cost_map).all() and np.isfinite(point.flow).all()):
            return
        self.point = point
        check()
        self._use(self._problem.admissible.nearest(point.cost_map), point.flow)

    def iterate(self, iterations: int, level: tuple[int, int], status: Status | None) -> OptimumIterate:
        """Return the best so far as an iterate."""
        return OptimumIterate(
            self._map,
            self._path_costs,
            self.value,
            self.upper_bound,
            self.gap,
            self._loads,
            iterations,
            level,
            self.point,
            status,
        )

    def _use(self, cost_map: Floats, flow: Floats) -> None:
        problem = self._problem
        fields = distance_fields(problem, cost_map)
        path_costs = np.array([f.distance[s] for f, s in zip(fields, problem.starts, strict=True)])
        value = float(problem.weights @ path_costs)
        if value > self.value:
            self.value, self._map, self._path_costs = value, cost_map, path_costs
        loads = certified_loads(problem.movements, flow, problem.starts, fields)
        bound = upper_bound(problem.admissible, problem.weights, loads)
        if bound < self.upper_bound:
            self.upper_bound, self._loads = bound, loads


def _lifted(point: SaddlePoint, stages: list[Problem]) -> SaddlePoint:
    """Refine a point of the first stage until it fits the last one."""
    for fine in stages[1:]:
        point = SaddlePoint(
            refine_flow(point.flow, fine),
            refine_potentials(point.potentials, fine),
            fine.admissible.nearest(refine_map(point.cost_map, fine)),
            point.balance / 2.0,  # costs are the same, distances twice as long
        )
    return point


def _coarse_device(device: str, problem: Problem) -> str:
    """Return where to solve a coarser map: a CUDA device has to be worth its launches and its recording."""
    if not device.startswith("cuda"):
        return device
    from engine.core.device import pick_device

    return device if pick_device("auto", "optimum", problem.size) != "cpu" else "cpu"


def saddle_on(problem: Problem, point: SaddlePoint, device: str) -> Saddle:
    """Return the iterations of a problem from a point on, in what is fastest on a device."""
    if device == "cpu" or not problem.moves_alike:
        return CpuSaddle(problem, point)
    from engine.core.triton import runs_triton  # torch takes seconds to import

    if runs_triton(device):
        from engine.optimum.saddle_triton import TritonSaddle

        return TritonSaddle(problem, point, device)
    from engine.optimum.saddle_torch import TorchSaddle

    return TorchSaddle(problem, point, device)


def _status(gap: float, step: float, tolerance: float, done: int, limit: int) -> Status | None:
    if gap <= tolerance:
        return Status.CONVERGED
    if np.isnan(step):
        return Status.NOT_A_NUMBER
    return Status.STEPS_DONE if done >= limit else None
