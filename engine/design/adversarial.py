"""Adversarial paths: the map on which shortest paths are as long, as short, or as near a target as can be.

Adam changes a bounded cost map with a fixed total through soft shortest paths; a certificate says how much better
any admissible map could be. `optimise_costs` is a generator: it yields after every step, the caller decides what
to show and when to stop, and what it yields is a copy that no later step touches. A run can go on from the `state`
of any iterate, on the same problem or on an edited one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, islice, pairwise

import numpy as np
import torch

from engine.core.arrays import Floats
from engine.core.device import pick_device
from engine.core.status import Status
from engine.core.triton import runs_triton
from engine.cost_maps.certificate import certified_loads, relative_gap
from engine.cost_maps.change import share_kept, squared_change
from engine.cost_maps.keeping import TradeOff, trade_off
from engine.cost_maps.multiscale import levels, refine_map
from engine.cost_maps.objectives import bound_weights, design_loss, mean_cost, score
from engine.cost_maps.problem import Objective, Problem, check_problem, path_costs
from engine.design.adam_steps import AdamState, MapStep, carried_over, first_state, soft_path_steps
from engine.design.descend import descend
from engine.design.schedule import ADAM_EPSILON, Rate, rates
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.paths.soft_paths import FlowSettings, Method, SoftPaths, check_epsilon

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
# Sweeps of a step. At 128² sixty of them end 0.9 % higher than twenty, and a hundred and fifty 0.1 % higher still.
SWEEPS, MOST_SWEEPS = 20, 256
# To judge a coarse map at full size costs more than the coarse step itself: only every so many steps.
SHOWN_EVERY = 4
# The bound by Adam's own flows needs a sort of all cells: only every so many steps.
BOUND_EVERY = 10


@dataclass(frozen=True)
class DesignSettings:
    """How to run.

    method: how routes are softened.  steps: of Adam, over all levels.  learning_rate: in units of θ.
    epsilon_start, epsilon_end: regularisation at the first and last step, as shares of the mean cost; None
        takes what suits the method.
    sweeps: of `bregman` per step, which goes on from the potentials of the step before. None: 20 on the CPU; in
        fused kernels, where they are nearly free, half the map's side, so that values cross it, up to 256.
    coarse_to_fine: solve maps of more than 64 cells a side on coarser ones first.
    bound: run the primal–dual method alongside, for the certificate, where the objective is linear.
    tolerance: stop when the gap (for targets: the worst deviation) is this small; 0 never stops early.
    seed: of the noise that breaks ties in the first map.  device: "auto" or a torch device; see `pick_device`.
    """

    method: Method = "logit"
    steps: int = 400
    learning_rate: float = 0.45
    epsilon_start: float | None = None
    epsilon_end: float | None = None
    sweeps: int | None = None
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
class DesignIterate:
    """One step of a run. Arrays are copies; `best_map` stays the same object until it is beaten.

    cost_map: (H, W) of this step.  path_costs: (R,) exact.  regularised_costs: (R,) regularised with `epsilon`.
    loads: (R, H, W) of the soft paths.  score: see `objectives.score`; best_*: of the best map so far.
    upper_bound, gap: the certificate; None where the aim has none.  kept: share of the drawn cost that the best
    map leaves in its cell.  keeping_bound: on the score of all maps that change no more than the best one; None
    where the objective does not keep the map.  level: (number, of how many).
    status: None while the run may go on.
    """

    step: int
    steps: int
    cost_map: Floats
    path_costs: Floats
    regularised_costs: Floats
    loads: Floats
    epsilon: float
    score: float
    best_map: Floats
    best_path_costs: Floats
    best_score: float
    upper_bound: float | None
    gap: float | None
    kept: float
    keeping_bound: float | None
    supply_error: float
    level: tuple[int, int]
    status: Status | None
    state: DesignState


def optimise_costs(
    problem: Problem, settings: DesignSettings | None = None, state: DesignState | None = None
) -> Iterator[DesignIterate]:
    """Optimise the map of `problem` step by step; with `state`, from where another run stood.

    A state from an edited problem is carried over: cells that were painted, unlocked or opened since start
    from the drawn map, the others go on. Raises ProblemError before the first step if no run can start or the
    device is not there; later trouble is the status of the last iterate.
    """
    settings = settings or DesignSettings()
    check_problem(problem)
    for name, epsilon in (("epsilon_start", settings.epsilon_start), ("epsilon_end", settings.epsilon_end)):
        if epsilon is not None:
            check_epsilon(name, epsilon, settings.method)
    settings = replace(settings, device=pick_device(settings.device, settings.method, problem.size))
    stages = [problem]
    if state is None and settings.coarse_to_fine and max(problem.grid.shape) > ONE_LEVEL_SIDE:
        stages = levels(problem)
    begin = 0 if state is None else state.step
    ends = list(accumulate(_shares(settings.steps - begin, len(stages)), initial=begin))
    numbers = [range(first + 1, last + 1) for first, last in pairwise(ends)]
    # Penalties only make the best map worse: what is proven without them holds with them.
    with_bound = settings.bound and problem.objective.aim == "longer"
    beside = OptimumSettings(device=_device_beside(problem, settings.device))
    side_run = approach_optimum(replace(problem, objective=Objective()), beside) if with_bound else iter(())

    def judge(best: _Best, step: _FullStep) -> _Best:
        best = best.better_of(step.cost_map, step.path_costs)
        if step.finest:
            best = best.bounded_by_flows(step.taken.details, settings.method, step.stands_for)
        for iterate in islice(side_run, step.stands_for):
            best = best.bounded(iterate.upper_bound)
        return best

    steps = _steps(stages, numbers, settings, state)
    tolerance = settings.tolerance if settings.tolerance > 0.0 else None
    for turn in descend(steps, _first_best(problem), judge, ends[-1], tolerance):
        step, best = turn.step, turn.best
        taken = step.taken
        adam = taken.state if step.finest else first_state(problem.admissible, best.cost_map)
        yield DesignIterate(
            step=step.number,
            steps=settings.steps,
            cost_map=step.cost_map,
            path_costs=step.path_costs,
            regularised_costs=step.regularised_costs,
            loads=step.loads,
            epsilon=taken.rate.epsilon,
            score=score(problem, step.path_costs),
            best_map=best.cost_map,
            best_path_costs=best.path_costs,
            best_score=best.score,
            upper_bound=best.upper_bound,
            gap=best.gap,
            kept=share_kept(problem.grid.passable, problem.cost_map, best.cost_map),
            keeping_bound=best.keeping_bound,
            supply_error=float(taken.details.supply_error.max()),
            level=step.level,
            status=turn.status,
            state=DesignState(problem, step.number, adam),
        )


@dataclass(frozen=True, eq=False)
class _FullStep:
    """A step of some level, brought to the size of the whole map; it stands for those since the one before."""

    taken: MapStep[SoftPaths]
    level: tuple[int, int]
    stands_for: int
    cost_map: Floats
    path_costs: Floats
    regularised_costs: Floats
    loads: Floats

    @property
    def number(self) -> int:
        return self.taken.number

    @property
    def finite(self) -> bool:
        return self.taken.finite

    @property
    def finest(self) -> bool:
        return self.level[0] == self.level[1]


@dataclass(frozen=True, eq=False)
class _Best:
    """The best map so far and the certificate, both of the whole problem.

    loss: exact, of the map.  load: (H, W) running average, over `averaged` steps, of the load of Adam's flows.
    waited: steps since that load last gave a bound.
    """

    problem: Problem
    cost_map: Floats
    path_costs: Floats
    loss: float
    load: Floats
    averaged: int = 0
    waited: int = 0
    upper_bound: float | None = None
    trade_off: TradeOff | None = None

    @property
    def score(self) -> float:
        return score(self.problem, self.path_costs)

    @property
    def gap(self) -> float | None:
        return None if self.upper_bound is None else max(0.0, relative_gap(self.upper_bound, self.score))

    @property
    def shortfall(self) -> float | None:
        if self.problem.objective.aim == "target":
            return self.score
        bound = self.keeping_bound
        return self.gap if bound is None else max(0.0, relative_gap(bound, self.score))

    @property
    def keeping_bound(self) -> float | None:
        return None if self.trade_off is None else self.trade_off.bound(self._change)

    @property
    def _change(self) -> float:
        return squared_change(self.problem.admissible, self.problem.cost_map, self.cost_map)

    def better_of(self, cost_map: Floats, costs: Floats) -> "_Best":
        loss = _exact_loss(self.problem, costs, cost_map)
        return replace(self, cost_map=cost_map, path_costs=costs, loss=loss) if loss < self.loss else self

    def bounded(self, bound: float) -> "_Best":
        return replace(self, upper_bound=bound if self.upper_bound is None else min(self.upper_bound, bound))

    def bounded_by_flows(self, paths: SoftPaths, method: Method, steps: int) -> "_Best":
        """Bound the score by the running average of the flows of Adam's `steps`; later ones weigh more."""
        problem = self.problem
        weights = bound_weights(problem, paths.path_cost)
        if weights is None:
            return self
        loads = paths.load
        if method == "bregman":
            loads = certified_loads(problem.movements, paths.flow, problem.starts, paths.fields)
        averaged = self.averaged + 1
        share = 2.0 / (averaged + 1.0)
        load = self.load + share * (np.einsum("r,rhw->hw", weights, loads) - self.load)
        waited = self.waited + steps
        best = replace(self, load=load, averaged=averaged, waited=waited)
        if waited >= BOUND_EVERY or self.upper_bound is None:
            best = replace(best, waited=0)
            best = best.bounded(problem.admissible.largest(load)[0])
            if problem.objective.keep > 0.0:
                known = self.trade_off or trade_off(problem.admissible, problem.cost_map)
                best = replace(best, trade_off=known.with_load(load, self._change))
        return best


def _device_beside(problem: Problem, device: str) -> str:
    """Return where to run the bound of a run on `device`: there, if it gains by it, else on the CPU."""
    if device == "cpu" or not problem.moves_alike:
        return "cpu"
    return device if pick_device("auto", "optimum", problem.size) != "cpu" else "cpu"


def _first_best(problem: Problem) -> _Best:
    drawn = problem.admissible.nearest(problem.cost_map)
    costs = path_costs(problem, drawn)
    return _Best(problem, drawn, costs, _exact_loss(problem, costs, drawn), np.zeros(problem.grid.shape))


def _steps(
    stages: list[Problem], numbers: list[range], settings: DesignSettings, state: DesignState | None
) -> Iterator[_FullStep]:
    """Yield the steps with these numbers, of all levels from the coarsest on; of coarse ones only a part."""
    drawn, shown = stages[0].cost_map, numbers[0].start - 1
    flow = FlowSettings(settings.method, tolerance=1e-4, device=settings.device)
    for level, stage in enumerate(stages):
        finest = level + 1 == len(stages)
        if state is not None:
            adam = carried_over(stage, state.adam, state.problem.cost_map != stage.cost_map)
        else:
            adam = first_state(stage.admissible, drawn, settings.seed if level == 0 else None)
        schedule = _schedule(stage, settings, level, numbers[level])
        coarse_best, coarse_loss = drawn, np.inf
        for taken in soft_path_steps(stage, adam, schedule, _sweeps(stage, settings), flow):
            if not finest:
                loss = _exact_loss(stage, taken.details.path_cost, taken.cost_map)
                if loss < coarse_loss:
                    coarse_best, coarse_loss = taken.cost_map, loss
            since = taken.number - shown
            if finest or since >= SHOWN_EVERY or not taken.finite:
                shown = taken.number
                yield _full_step(taken, stages[level:], (level + 1, len(stages)), since)
        if not finest:
            drawn = refine_map(coarse_best, stages[level + 1])


def _full_step(
    taken: MapStep[SoftPaths], stages: list[Problem], level: tuple[int, int], stands_for: int
) -> _FullStep:
    """Bring a step of the first of `stages` to the size of the last."""
    paths = taken.details
    cost_map, costs, loads = taken.cost_map, paths.path_cost, paths.load
    if len(stages) > 1:
        for finer in stages[1:]:
            cost_map = refine_map(cost_map, finer)
            loads = np.stack([refine_map(load, finer) for load in loads])
        cost_map = stages[-1].admissible.nearest(cost_map)
        costs = path_costs(stages[-1], cost_map)
    regularised_costs = paths.regularised_cost * 2.0 ** (len(stages) - 1)  # distances halve from level to level
    return _FullStep(taken, level, stands_for, cost_map, costs, regularised_costs, loads)


def _shares(steps: int, stages: int) -> list[int]:
    """Return how many steps each level gets, coarsest first; they add up to `steps`."""
    growth = STEP_GROWTH ** np.arange(stages)
    shares = [max(1, int(share)) for share in steps * growth / growth.sum()]
    return [*shares[:-1], max(1, steps - sum(shares[:-1]))]


def _schedule(problem: Problem, settings: DesignSettings, level: int, numbers: range) -> Iterator[Rate]:
    """Return the schedule of one level, for the steps of the run with these numbers."""
    finer = 0.5**level
    mean = mean_cost(problem)
    start, end = EPSILONS[settings.method]
    start = mean * (start if settings.epsilon_start is None else settings.epsilon_start)
    end = mean * (end if settings.epsilon_end is None else settings.epsilon_end)
    if level > 0:
        start *= FINER_START
    return rates(numbers, settings.learning_rate * finer, start, end, adam_epsilon=ADAM_EPSILON * finer**2)


def _sweeps(problem: Problem, settings: DesignSettings) -> int:
    if settings.sweeps is not None:
        return settings.sweeps
    fused = runs_triton(settings.device)
    return min(max(SWEEPS, max(problem.grid.shape) // 2), MOST_SWEEPS) if fused else SWEEPS


def _exact_loss(problem: Problem, costs: Floats, cost_map: Floats) -> float:
    return float(design_loss(problem, torch.tensor(costs), torch.tensor(cost_map)))
