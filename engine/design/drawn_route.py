"""Draw the route: change costs as little as possible until the shortest path follows a drawn line.

    minimise  Σ (cost − drawn cost)²   over the admissible maps on which the line stays a shortest path even
                                       when every one of its cells costs more by `margin`.

This is a convex programme. Any unit flow x from start to goal and any κ ≥ 0 give a lower bound on the change,
with w the map raised by the margin on the line:

    min over admissible maps of  ½ Σ (cost − drawn cost)² + κ <load(line) − load(x), w>.

Adam minimises the change plus κ times a loss of (map, line), in one of three ways: the Fenchel–Young loss
with soft paths, the same with perturbed ones, or the mismatch of the path through the interpolation gradient.
The average of the flows behind these gradients is the x of the bound, so that a run says how near it is to the
least possible change.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from engine.core.arrays import Floats
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.core.tensors import to_numpy
from engine.cost_maps.cell_groups import cell_groups
from engine.design.adam_steps import Adam
from engine.design.descend import descend, numbers_from
from engine.design.drawn_line import (
    IMPOSSIBLE,
    REMEDY,
    DrawnRouteProblem,
    LineStanding,
    LineTest,
    check_drawn_route,
)
from engine.design.schedule import Rate, rates
from engine.paths.fenchel_young import softened_paths
from engine.paths.gradients_blackbox import Interpolation, Perturbation, path_loads, perturbed_paths
from engine.paths.soft_paths import FlowSettings

Gradient = Literal["fenchel_young", "interpolation", "perturbation"]

# First and last softness of each gradient, as shares of the mean cost: the entropic ε, the noise's σ, and λ.
SOFTNESS: dict[Gradient, tuple[float, float]] = {
    "fenchel_young": (0.1, 0.003),
    "perturbation": (0.1, 0.005),
    "interpolation": (4.0, 1.0),
}
# Adam's, in units of the mean cost; the usual 1e-8 would make full steps where the load is nearly 0.
BETAS, ADAM_EPSILON = (0.9, 0.99), 0.1
# κ at first; factors by which it grows while the path leaves the line, and falls while it follows.
FIRST_WEIGHT, LARGEST_WEIGHT, GROWTH, DECAY = 1.0, 30.0, 1.03, 0.98
# The learning rate falls over the run to this share.
FINAL_SHARE = 0.02
# The bound is computed every so many steps.
BOUND_EVERY = 10


@dataclass(frozen=True)
class DrawnRouteSettings:
    """How to run.

    gradient: how a map that leaves the line is judged and improved; see the module.  steps: of Adam.
    learning_rate: in units of the mean cost.  softness_start, softness_end: ε, σ or λ of the gradient at the
    first and last step, as shares of the mean cost; None takes what suits it.  pairs: noises of a perturbed
    step.  tolerance: stop when the change is within this share of the least possible one; 0 never stops early.
    seed: of the noise.
    """

    gradient: Gradient = "fenchel_young"
    steps: int = 300
    learning_rate: float = 0.1
    softness_start: float | None = None
    softness_end: float | None = None
    pairs: int = 4
    tolerance: float = 0.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class DrawnRouteState:
    """What a run goes on from. Maps are (H, W).

    cost_map, mean, square: parameters, and Adam's moments after so many `updates`.  weight: κ.
    load: running average of the softened paths' load, for the bound; averaged: over how many steps.
    """

    problem: DrawnRouteProblem
    step: int
    cost_map: Floats
    mean: Floats
    square: Floats
    updates: int
    weight: float
    load: Floats
    averaged: int
    best_map: Floats


@dataclass(frozen=True, eq=False)
class DrawnRouteIterate:
    """One step of a run. Arrays are copies; `best_map` stays the same object until it is beaten.

    cost_map: (H, W) of this step.  load: (H, W) of the softened path behind the gradient.
    standing: of `cost_map`.  change: root of the sum of squared changes.  changed_total: of absolute ones.
    best_map: the least changed map so far that follows the line, or the drawn one before there is any;
    best_*: its figures.  least_change: no admissible map that follows the line has less change; gap: relative,
    None while no map follows.  status: None while the run may go on.
    """

    step: int
    steps: int
    cost_map: Floats
    load: Floats
    softness: float
    standing: LineStanding
    change: float
    changed_total: float
    best_map: Floats
    best_standing: LineStanding
    best_change: float
    least_change: float
    gap: float | None
    status: Status | None
    state: DrawnRouteState


def draw_route(
    problem: DrawnRouteProblem, settings: DrawnRouteSettings | None = None, state: DrawnRouteState | None = None
) -> Iterator[DrawnRouteIterate]:
    """Bring the shortest path onto the line of `problem`, step by step; with `state`, from where a run stood.

    A state from an edited problem is carried over: cells that were painted start from the drawn map, the
    others go on. Raises ProblemError before the first step if no run can start, and as soon as it is proven
    that no admissible map follows the line; later trouble is the status of the last iterate.
    """
    settings = settings or DrawnRouteSettings()
    check_drawn_route(problem)
    state = _first_state(problem) if state is None else _carried_over(problem, state)
    line = LineTest(problem)
    numbers = numbers_from(state.step, settings.steps)

    def judge(best: _Best, step: _Step) -> _Best:
        best = best.with_load(step.load).better_of(step.cost_map, step.excess)
        return best.bounded() if step.number % BOUND_EVERY == 0 or step.number == numbers[-1] else best

    steps = _adam_steps(line, settings, state, _rates(problem, settings, numbers))
    tolerance = settings.tolerance if settings.tolerance > 0.0 else None
    for turn in descend(steps, _first_best(line, state), judge, numbers[-1], tolerance):
        taken, best = turn.step, turn.best
        yield DrawnRouteIterate(
            step=taken.number,
            steps=numbers[-1],
            cost_map=taken.cost_map,
            load=taken.load,
            softness=taken.softness,
            standing=line.standing(taken.cost_map, taken.excess),
            change=line.change(taken.cost_map),
            changed_total=float(np.abs(taken.cost_map - problem.cost_map)[problem.grid.passable].sum()),
            best_map=best.cost_map,
            best_standing=best.standing,
            best_change=best.change,
            least_change=best.least_change,
            gap=best.shortfall,
            status=turn.status,
            state=replace(taken.state, load=best.load, averaged=best.averaged, best_map=best.cost_map),
        )


@dataclass(frozen=True, eq=False)
class _Step:
    """The map (H, W) that a step evaluated, its soft path's load, its excess, and the state after the update."""

    cost_map: Floats
    load: Floats
    excess: float
    softness: float
    state: DrawnRouteState
    finite: bool

    @property
    def number(self) -> int:
        return self.state.step


@dataclass(frozen=True, eq=False)
class _Best:
    """The least changed map so far that follows the line, or the drawn one before there is any; and the bound.

    load: (H, W) running average, over `averaged` steps, of the soft paths' load.
    """

    line: LineTest
    drawn: Floats
    cost_map: Floats
    change: float
    standing: LineStanding
    load: Floats
    averaged: int
    least_change: float = 0.0

    @property
    def shortfall(self) -> float | None:
        if not self.standing.follows:
            return None
        return max(0.0, self.change - self.least_change) / max(self.least_change, 1e-12)

    def with_load(self, load: Floats) -> "_Best":
        averaged = self.averaged + 1
        share = 2.0 / (averaged + 1.0)
        return replace(self, load=self.load + share * (load - self.load), averaged=averaged)

    def better_of(self, cost_map: Floats, excess: float) -> "_Best":
        """Take the least changed map that follows the line between this one, the best one and the drawn one."""
        if excess <= 0.0:
            nearest = self.line.nearest(cost_map, self.drawn)
        elif self.standing.follows and self.line.change(cost_map) < self.change:
            nearest = self.line.nearest(self.cost_map, cost_map)
        else:
            return self
        change = self.line.change(nearest)
        if self.standing.follows and change >= self.change:
            return self
        return replace(self, cost_map=nearest, change=change, standing=_standing(self.line, nearest))

    def bounded(self) -> "_Best":
        """Tighten the bound by the average load; raise ProblemError if it proves that no map follows the line."""
        least_change, cost_map = self.line.least_change(self.load)
        best = replace(self, least_change=max(self.least_change, least_change))
        if best.least_change > self.line.largest_change:
            raise ProblemError("line", f"{IMPOSSIBLE}, with other ways around it. {REMEDY}")
        return best.better_of(cost_map, self.line.excess(cost_map)[0])


def _first_best(line: LineTest, state: DrawnRouteState) -> _Best:
    drawn = line.problem.admitted(line.problem.cost_map)
    best = _Best(line, drawn, drawn, line.change(drawn), _standing(line, drawn), state.load, state.averaged)
    return best.better_of(state.best_map, line.excess(state.best_map)[0])


def _standing(line: LineTest, cost_map: Floats) -> LineStanding:
    return line.standing(cost_map, line.excess(cost_map)[0])


def _adam_steps(
    line: LineTest, settings: DrawnRouteSettings, state: DrawnRouteState, rates: Iterator[Rate]
) -> Iterator[_Step]:
    """Yield steps of Adam on the group costs themselves, each projected onto the admissible maps."""
    problem, limits, walking = line.problem, line.problem.admissible, line.problem.walking
    unit = _unit(problem)
    groups = cell_groups(limits, "cpu", torch.float64)
    drawn, passable = torch.tensor(problem.cost_map), torch.tensor(problem.grid.passable)
    z = torch.tensor(limits.reduce(state.cost_map) / unit, requires_grad=True)
    adam = Adam(z, BETAS, limits.reduce(state.mean), limits.reduce(state.square), state.updates)
    weight = state.weight
    for rate in rates:
        cost_map = groups.expand(unit * z)
        evaluated = to_numpy(cost_map)
        excess, _ = line.excess(evaluated)
        slope, load = _slope_and_load(line, settings, problem.raised(evaluated), rate.epsilon, rate.number)
        slope = walking.load(slope) / walking.scale
        change = 0.5 * ((cost_map - drawn)[passable] ** 2).sum() / unit
        finite = adam.step((change + weight * (torch.tensor(slope) * cost_map).sum()).div(unit), rate)
        if finite:
            with torch.no_grad():
                z.copy_(torch.tensor(problem.project(to_numpy(z) * unit) / unit))
            weight = min(weight * GROWTH, LARGEST_WEIGHT) if excess > 0.0 else weight * DECAY
        mean, square = (limits.expand(moment) for moment in adam.moments)
        after = replace(
            state,
            step=rate.number,
            cost_map=limits.expand(to_numpy(z) * unit),
            mean=mean,
            square=square,
            updates=adam.updates,
            weight=weight,
        )
        yield _Step(evaluated, load, excess, rate.epsilon, after, finite)
        if not finite:
            return


def _slope_and_load(
    line: LineTest, settings: DrawnRouteSettings, raised: Floats, softness: float, step: int
) -> tuple[Floats, Floats]:
    """Return the derivative (H, W) of the loss of (map, line) by what is paid, and the softened path's load."""
    problem, grid = line.problem, line.problem.walking.grid
    ends = [problem.start], [problem.goal]
    match settings.gradient:
        case "fenchel_young":
            _, loads = softened_paths(grid, raised[None], *ends, FlowSettings("logit", softness))
        case "perturbation":
            noise = Perturbation(softness, settings.pairs, settings.seed + step)
            _, _, sampled = perturbed_paths(grid, raised[None], *ends, noise)
            loads = sampled.mean(axis=(0, 2))
        case "interpolation":
            costs = torch.tensor(raised[None], requires_grad=True)
            found = path_loads(costs, grid, *ends, Interpolation(softness))
            mismatch = (found * torch.tensor(np.where(line.on_line, -1.0, 1.0))).sum()
            (slope,) = torch.autograd.grad(mismatch, costs)
            return softness * to_numpy(slope[0]), to_numpy(found[0])
    return line.load - loads[0], loads[0]


def _unit(problem: DrawnRouteProblem) -> float:
    return float(problem.cost_map[problem.grid.passable].mean())


def _rates(problem: DrawnRouteProblem, settings: DrawnRouteSettings, numbers: range) -> Iterator[Rate]:
    unit = _unit(problem) * problem.walking.scale
    start, end = SOFTNESS[settings.gradient]
    start = unit * (start if settings.softness_start is None else settings.softness_start)
    end = unit * (end if settings.softness_end is None else settings.softness_end)
    adam = {"adam_epsilon": ADAM_EPSILON, "falls_after": 0.0, "final_share": FINAL_SHARE}
    return rates(numbers, settings.learning_rate, start, end, **adam)


def _first_state(problem: DrawnRouteProblem) -> DrawnRouteState:
    drawn, empty = problem.admitted(problem.cost_map), np.zeros(problem.grid.shape)
    return DrawnRouteState(problem, 0, drawn, empty, empty, 0, FIRST_WEIGHT, empty, 0, drawn)


def _carried_over(problem: DrawnRouteProblem, state: DrawnRouteState) -> DrawnRouteState:
    if state.problem is problem:
        return state
    changed = state.problem.cost_map != problem.cost_map
    changed |= state.problem.grid.passable != problem.grid.passable
    return replace(
        state,
        problem=problem,
        cost_map=problem.admitted(np.where(changed, problem.cost_map, state.cost_map)),
        mean=np.where(changed, 0.0, state.mean),
        square=np.where(changed, 0.0, state.square),
        load=np.zeros(problem.grid.shape),
        averaged=0,
        best_map=problem.admitted(np.where(changed, problem.cost_map, state.best_map)),
    )
