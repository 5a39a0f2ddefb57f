"""The design loop: Adam on a bounded, budgeted cost map, through soft shortest paths, with a certificate.

`design` is a generator: it yields after every step, the caller decides when to look and when to stop, and
what it yields is a copy that no later step touches. From any iterate's `state` a run goes on, on the same
problem or on an edited one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch

from engine.core.arrays import Floats
from engine.core.device import pick_device
from engine.core.status import Status
from engine.cost_maps.certificate import certified_loads, relative_gap
from engine.cost_maps.multiscale import levels, refine_map
from engine.cost_maps.objectives import bound_weights, design_loss, mean_cost, score
from engine.cost_maps.problem import Problem, check, path_costs
from engine.design.adam_steps import AdamState, Rate, Step, adam_steps, carried_over, first_state, rates
from engine.optimum.run import OptimumSettings, optimum
from engine.paths.soft_paths import FlowSettings, Method, SoftPaths

# First and last regularisation of each method, as shares of the mean cost; `exact` has none.
EPSILONS: dict[Method, tuple[float, float]] = {
    "logit": (0.3, 0.01),
    "bregman": (0.1, 0.005),
    "exact": (1.0, 1.0),
}
# A finer level starts from a good map: half the step, a quarter of Adam's epsilon, and this share of the first ε.
FINER_START = 0.6
# Maps up to this side are solved on one level; a finer level gets that many times the steps of the coarser.
ONE_LEVEL_SIDE, STEP_GROWTH = 64, 1.4
# A look at a coarse map in full size costs more than the coarse step itself: only every so many steps.
LOOK_EVERY = 4
# A sort of all cells: the certificate of Adam's own flows is looked at every so many steps.
BOUND_EVERY = 10
# Standard deviation of the noise that breaks ties in the first map, in units of θ.
NOISE = 0.01


@dataclass(frozen=True)
class DesignSettings:
    """How to run.

    method: how routes are softened.  steps: of Adam, over all levels.  learning_rate: in units of θ.
    epsilon_start, epsilon_end: regularisation at the first and last step, as shares of the mean cost; None
        takes what suits the method.
    sweeps: of `bregman` per step, which goes on from the potentials of the step before.
    coarse_to_fine: solve maps of more than 64 cells a side on coarser ones first.
    bound: run the primal–dual method beside, for the certificate, where the objective is linear.
    tolerance: stop when the gap (for targets: the worst deviation) is this small; 0 never stops early.
    seed: of the noise that breaks ties in the first map.  device: "auto", "cpu", "cuda" or "mps".
    """

    method: Method = "logit"
    steps: int = 400
    learning_rate: float = 0.45
    epsilon_start: float | None = None
    epsilon_end: float | None = None
    sweeps: int = 20
    coarse_to_fine: bool = True
    bound: bool = True
    tolerance: float = 0.0
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True, eq=False)
class DesignState:
    """What a run goes on from."""

    problem: Problem
    step: int
    adam: AdamState


@dataclass(frozen=True, eq=False)
class Iterate:
    """One step of a run. Arrays are copies; `best_map` stays the same object until it is beaten.

    cost_map: (H, W) of this step.  path_costs: (R,) exact.  soft_costs: (R,) regularised with `epsilon`.
    loads: (R, H, W) soft traffic.  score: see `objectives.score`; best_*: of the best map so far.
    upper_bound, gap: the certificate; None where the aim has none.  level: (number, of how many).
    status: None while the run may go on.
    """

    step: int
    steps: int
    cost_map: Floats
    path_costs: Floats
    soft_costs: Floats
    loads: Floats
    epsilon: float
    score: float
    best_map: Floats
    best_path_costs: Floats
    best_score: float
    upper_bound: float | None
    gap: float | None
    supply_error: float
    level: tuple[int, int]
    status: Status | None
    state: DesignState


def design(
    problem: Problem, settings: DesignSettings | None = None, state: DesignState | None = None
) -> Iterator[Iterate]:
    """Optimise the map of `problem` step by step; with `state`, from where another run stood.

    A state from an edited problem is carried over: cells that were painted, unlocked or opened since start
    from the drawn map, the others go on. Raises ProblemError before the first step if no run can start, and
    ValueError for a device that is not there; later trouble is the status of the last iterate.
    """
    settings = settings or DesignSettings()
    check(problem)
    settings = replace(settings, device=pick_device(settings.device, settings.method))
    best = _Best(problem, settings)
    stages = [problem]
    if state is None and settings.coarse_to_fine and max(problem.grid.shape) > ONE_LEVEL_SIDE:
        stages = levels(problem)
    first_step = 0 if state is None else state.step
    ends = first_step + np.cumsum(_shares(settings.steps - first_step, len(stages)))
    drawn = stages[0].cost_map
    step = first_step
    for number, (stage, end) in enumerate(zip(stages, ends, strict=True)):
        if state is not None:
            painted = state.problem.cost_map != stage.cost_map
            adam = carried_over(stage, state.adam, painted)
        else:
            noise = np.random.default_rng(settings.seed).normal(0.0, NOISE, stage.admissible.size.size)
            adam = first_state(stage.admissible, drawn, noise if number == 0 else None)
        schedule = _schedule(stage, settings, number, step, int(end))
        flow = FlowSettings(settings.method, tolerance=1e-4, device=settings.device)
        coarse_best, coarse_loss = drawn, np.inf
        for taken in adam_steps(stage, adam, schedule, settings.sweeps, flow):
            step += 1
            finest = number + 1 == len(stages)
            if not finest:
                loss = _exact_loss(stage, taken.paths.path_cost, taken.cost_map)
                if loss < coarse_loss:
                    coarse_best, coarse_loss = taken.cost_map, loss
            over = step == end and finest
            if finest or step % LOOK_EVERY == 0 or not taken.finite:
                iterate = best.look(taken, stages[number:], step, over)
                yield replace(iterate, level=(number + 1, len(stages)))
                if iterate.status is not None:
                    return
        if number + 1 < len(stages):
            drawn = refine_map(coarse_best, stages[number + 1])


class _Best:
    """The best map so far and the certificate, both of the whole problem at full size."""

    def __init__(self, problem: Problem, settings: DesignSettings) -> None:
        self._problem, self._settings = problem, settings
        self._map = problem.admissible.nearest(problem.cost_map)
        self._costs = path_costs(problem, self._map)
        self._loss = _exact_loss(problem, self._costs, self._map)
        self._load = np.zeros(problem.grid.shape)
        self._averaged = 0
        self._bound: float | None = None
        beside = settings.bound and problem.objective.linear
        self._beside = optimum(problem, OptimumSettings()) if beside else iter(())

    def look(self, step: Step, stages: list[Problem], number: int, over: bool) -> Iterate:
        """Judge a step of the first of `stages`, brought to full size through the others."""
        problem, full_size = self._problem, len(stages) == 1
        cost_map, costs, loads = step.cost_map, step.paths.path_cost, step.paths.load
        if not full_size:
            for finer in stages[1:]:
                cost_map = refine_map(cost_map, finer)
                loads = np.stack([refine_map(load, finer) for load in loads])
            cost_map = problem.admissible.nearest(cost_map)
            costs = path_costs(problem, cost_map)
        if step.finite:
            loss = _exact_loss(problem, costs, cost_map)
            if loss < self._loss:
                self._map, self._costs, self._loss = cost_map, costs, loss
            if full_size:
                self._use_flows(step.paths)
        # A look at a coarse map stands for several steps.
        for beside in islice(self._beside, 1 if full_size else LOOK_EVERY):
            self._tighten(beside.upper_bound)
        best_score = score(problem, self._costs)
        gap = None if self._bound is None else max(0.0, relative_gap(self._bound, best_score))
        adam = step.state if full_size else first_state(problem.admissible, self._map)
        return Iterate(
            step=number,
            steps=self._settings.steps,
            cost_map=cost_map,
            path_costs=costs,
            soft_costs=step.paths.value * 2.0 ** (len(stages) - 1),  # distances halve from level to level
            loads=loads,
            epsilon=step.epsilon,
            score=score(problem, costs),
            best_map=self._map,
            best_path_costs=self._costs,
            best_score=best_score,
            upper_bound=self._bound,
            gap=gap,
            supply_error=float(step.paths.supply_error.max()),
            level=(1, 1),
            status=self._status(step, gap, best_score, over),
            state=DesignState(problem, number, adam),
        )

    def _use_flows(self, paths: SoftPaths) -> None:
        """Bound the score by the running average of Adam's own flows; later, better ones weigh more."""
        problem = self._problem
        weights = bound_weights(problem, paths.path_cost)
        if weights is None:
            return
        loads = paths.load
        if self._settings.method == "bregman":
            loads = certified_loads(problem.grid, paths.flow, problem.starts, list(paths.fields))
        self._averaged += 1
        share = 2.0 / (self._averaged + 1.0)
        self._load += share * (np.einsum("r,rhw->hw", weights, loads) - self._load)
        if self._averaged % BOUND_EVERY == 0 or self._bound is None:
            self._tighten(problem.admissible.largest(self._load)[0])

    def _tighten(self, bound: float) -> None:
        self._bound = bound if self._bound is None else min(self._bound, bound)

    def _status(self, step: Step, gap: float | None, best_score: float, over: bool) -> Status | None:
        if not step.finite:
            return Status.NOT_A_NUMBER
        missing = best_score if self._problem.objective.aim == "target" else gap
        if missing is not None and missing <= self._settings.tolerance and self._settings.tolerance > 0.0:
            return Status.CONVERGED
        return Status.STEPS_DONE if over else None


def _shares(steps: int, stages: int) -> list[int]:
    """Steps of each level, coarsest first; they add up to `steps`."""
    growth = STEP_GROWTH ** np.arange(stages)
    shares = [max(1, int(share)) for share in steps * growth / growth.sum()]
    return [*shares[:-1], max(1, steps - sum(shares[:-1]))]


def _schedule(problem: Problem, settings: DesignSettings, level: int, first: int, last: int) -> Iterator[Rate]:
    """The schedule of one level, from step `first` to `last` of the run."""
    finer = 0.5**level
    mean = mean_cost(problem)
    start, end = EPSILONS[settings.method]
    start = mean * (start if settings.epsilon_start is None else settings.epsilon_start)
    end = mean * (end if settings.epsilon_end is None else settings.epsilon_end)
    if level > 0:
        start *= FINER_START
    return rates(first, last, settings.learning_rate * finer, start, end, finer**2)


def _exact_loss(problem: Problem, costs: Floats, cost_map: Floats) -> float:
    return float(design_loss(problem, torch.tensor(costs), torch.tensor(cost_map)))
