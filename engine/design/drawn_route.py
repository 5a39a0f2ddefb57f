"""Draw the route: change costs as little as possible until the shortest path follows a drawn line.

    minimise  Σ (cost − drawn cost)²   over the admissible maps on which the line stays a shortest path even
                                       when every one of its cells is dearer by `margin`.

This is a convex programme. Any unit flow x from start to goal and any κ ≥ 0 give a lower bound on the change,
with w the map raised by the margin on the line:

    min over admissible maps of  ½ Σ (cost − drawn cost)² + κ <load(line) − load(x), w>.

Adam minimises the change plus κ times a loss of (map, line), in one of three ways: the Fenchel–Young loss
with soft paths, the same with perturbed ones, or the mismatch of the path through the interpolation gradient.
The traffic it meets on the way is the flow of the bound, so that a run says how near it is to the least
possible change.
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
from engine.cost_maps.admissible import FIXED
from engine.design.drawn_line import IMPOSSIBLE, REMEDY, InverseProblem, LineTest, Standing, check_inverse
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
# Adam's, in units of the mean cost; the usual 1e-8 would make full steps where hardly any traffic passes.
BETAS, ADAM_EPSILON = (0.9, 0.99), 0.1
# κ at first; factors by which it grows while the path leaves the line, and falls while it follows.
FIRST_WEIGHT, LARGEST_WEIGHT, GROWTH, DECAY = 1.0, 30.0, 1.03, 0.98
# The learning rate falls over the run to this share.
FINAL_SHARE = 0.02
# The bound is looked at every so many steps.
BOUND_EVERY = 10


@dataclass(frozen=True)
class InverseSettings:
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
class InverseState:
    """What a run goes on from. Maps are (H, W).

    cost_map, mean, square: parameters and Adam's moments.  updates: how many steps the moments have seen.
    weight: κ.  load: running average of the traffic, for the bound; averaged: over how many steps.
    """

    problem: InverseProblem
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
class Iterate:
    """One step of a run. Arrays are copies; `best_map` stays the same object until it is beaten.

    cost_map: (H, W) of this step.  load: (H, W) traffic that the gradient met.  standing: of `cost_map`.
    change: root of the sum of squared changes.  changed_total: sum of absolute changes.
    best_map: the least changed map so far that follows the line, or the drawn one before there is any;
    best_*: its figures.  least_change: no admissible map that follows the line has less change; gap: relative,
    None while no map follows.  status: None while the run may go on.
    """

    step: int
    steps: int
    cost_map: Floats
    load: Floats
    softness: float
    standing: Standing
    change: float
    changed_total: float
    best_map: Floats
    best_standing: Standing
    best_change: float
    least_change: float
    gap: float | None
    status: Status | None
    state: InverseState


def draw_route(
    problem: InverseProblem, settings: InverseSettings | None = None, state: InverseState | None = None
) -> Iterator[Iterate]:
    """Bring the shortest path onto the line of `problem`, step by step; with `state`, from where a run stood.

    A state from an edited problem is carried over: cells that were painted start from the drawn map, the
    others go on. Raises ProblemError before the first step if no run can start, and as soon as it is proven
    that no admissible map follows the line; later trouble is the status of the last iterate.
    """
    settings = settings or InverseSettings()
    check_inverse(problem)
    state = _first_state(problem) if state is None else _carried_over(problem, state)
    line = LineTest(problem)
    best = _Best(line, state)
    first, last = state.step, max(settings.steps, state.step + 1)
    for taken in _adam_steps(line, settings, state, _rates(problem, settings, first, last)):
        step = taken.state.step
        if taken.finite:
            best.look(taken, step % BOUND_EVERY == 0 or step == last)
        gap = best.gap
        status = None
        if not taken.finite:
            status = Status.NOT_A_NUMBER
        elif gap is not None and gap <= settings.tolerance and settings.tolerance > 0.0:
            status = Status.CONVERGED
        elif step == last:
            status = Status.STEPS_DONE
        yield Iterate(
            step=step,
            steps=last,
            cost_map=taken.cost_map,
            load=taken.load,
            softness=taken.softness,
            standing=line.standing(taken.cost_map, taken.excess),
            change=line.change(taken.cost_map),
            changed_total=float(np.abs(taken.cost_map - problem.cost_map)[problem.grid.passable].sum()),
            best_map=best.cost_map,
            best_standing=best.standing,
            best_change=best.change,
            least_change=best.bound,
            gap=gap,
            status=status,
            state=replace(taken.state, load=best.load, averaged=best.averaged, best_map=best.cost_map),
        )
        if status is not None:
            return


@dataclass(frozen=True)
class _Rate:
    learning_rate: float
    softness: float


@dataclass(frozen=True, eq=False)
class _Step:
    """The map (H, W) that a step looked at, its traffic and excess, and the state after the update."""

    cost_map: Floats
    load: Floats
    excess: float
    softness: float
    state: InverseState
    finite: bool


class _Best:
    """The least changed map so far that follows the line, and the bound."""

    def __init__(self, line: LineTest, state: InverseState) -> None:
        self._line = line
        self._drawn = line.problem.admitted(line.problem.cost_map)
        self.load, self.averaged, self.bound = state.load, state.averaged, 0.0
        self._take(self._drawn)
        self._offer(state.best_map, line.excess(state.best_map)[0])

    @property
    def gap(self) -> float | None:
        if not self.standing.follows:
            return None
        return max(0.0, self.change - self.bound) / max(self.bound, 1e-12)

    def look(self, step: _Step, bound: bool) -> None:
        self.averaged += 1
        share = 2.0 / (self.averaged + 1.0)
        self.load = self.load + share * (step.load - self.load)
        self._offer(step.cost_map, step.excess)
        if bound:
            least, cost_map = self._line.least_change(self.load)
            self.bound = max(self.bound, least)
            if self.bound > self._line.largest_change:
                raise ProblemError("line", f"{IMPOSSIBLE}, with other ways around it. {REMEDY}")
            self._offer(cost_map, self._line.excess(cost_map)[0])

    def _offer(self, cost_map: Floats, excess: float) -> None:
        """Take the least changed map that follows the line between this one, the best one and the drawn one."""
        if excess <= 0.0:
            nearest = self._line.nearest(cost_map, self._drawn)
        elif self.standing.follows and self._line.change(cost_map) < self.change:
            nearest = self._line.nearest(self.cost_map, cost_map)
        else:
            return
        if not self.standing.follows or self._line.change(nearest) < self.change:
            self._take(nearest)

    def _take(self, cost_map: Floats) -> None:
        self.cost_map = cost_map
        self.change = self._line.change(cost_map)
        self.standing = self._line.standing(cost_map, self._line.excess(cost_map)[0])


def _adam_steps(
    line: LineTest, settings: InverseSettings, state: InverseState, rates: Iterator[_Rate]
) -> Iterator[_Step]:
    problem, limits = line.problem, line.problem.admissible
    unit = _unit(problem)
    group = torch.tensor(np.where(limits.group == FIXED, limits.size.size, limits.group).astype(np.int64))
    fixed = torch.tensor(limits.fixed)
    drawn, passable = torch.tensor(problem.cost_map), torch.tensor(problem.grid.passable)
    z = torch.tensor(limits.reduce(state.cost_map) / unit, requires_grad=True)
    optimiser = torch.optim.Adam([z], betas=BETAS, eps=ADAM_EPSILON)
    if state.updates:
        optimiser.state[z] = {
            "step": torch.tensor(float(state.updates)),
            "exp_avg": torch.tensor(limits.reduce(state.mean)),
            "exp_avg_sq": torch.tensor(limits.reduce(state.square)),
        }
    weight, updates, step = state.weight, state.updates, state.step
    for rate in rates:
        step += 1
        optimiser.zero_grad()
        cost_map = fixed + unit * torch.cat([z, z.new_zeros(1)])[group]
        looked_at = to_numpy(cost_map)
        excess, _ = line.excess(looked_at)
        pull, load = _pull(line, settings, problem.raised(looked_at), rate.softness, step)
        change = 0.5 * ((cost_map - drawn)[passable] ** 2).sum() / unit
        (change + weight * (torch.tensor(pull) * cost_map).sum()).div(unit).backward()
        gradient = z.grad
        finite = gradient is not None and bool(torch.isfinite(gradient).all())
        if finite:
            for parameters in optimiser.param_groups:
                parameters["lr"] = rate.learning_rate
            optimiser.step()
            with torch.no_grad():
                z.copy_(torch.tensor(problem.project(to_numpy(z) * unit) / unit))
            updates += 1
            weight = min(weight * GROWTH, LARGEST_WEIGHT) if excess > 0.0 else weight * DECAY
        moments = optimiser.state[z]
        after = replace(
            state,
            step=step,
            cost_map=limits.expand(to_numpy(z) * unit),
            mean=limits.expand(to_numpy(moments["exp_avg"])) if moments else state.mean,
            square=limits.expand(to_numpy(moments["exp_avg_sq"])) if moments else state.square,
            updates=updates,
            weight=weight,
        )
        yield _Step(looked_at, load, excess, rate.softness, after, finite)
        if not finite:
            return


def _pull(
    line: LineTest, settings: InverseSettings, raised: Floats, softness: float, step: int
) -> tuple[Floats, Floats]:
    """The derivative of the loss of (map, line) by the map, and the load of the traffic behind; (H, W) each."""
    problem = line.problem
    ends = [problem.start], [problem.goal]
    match settings.gradient:
        case "fenchel_young":
            _, loads = softened_paths(problem.grid, raised[None], *ends, FlowSettings("logit", softness))
        case "perturbation":
            noise = Perturbation(softness, settings.pairs, settings.seed + step)
            _, _, sampled = perturbed_paths(problem.grid, raised[None], *ends, noise)
            loads = sampled.mean(axis=(0, 2))
        case "interpolation":
            costs = torch.tensor(raised[None], requires_grad=True)
            found = path_loads(costs, problem.grid, *ends, Interpolation(softness))
            mismatch = (found * torch.tensor(np.where(line.on_line, -1.0, 1.0))).sum()
            (slope,) = torch.autograd.grad(mismatch, costs)
            return softness * to_numpy(slope[0]), to_numpy(found[0])
    return line.load - loads[0], loads[0]


def _unit(problem: InverseProblem) -> float:
    return float(problem.cost_map[problem.grid.passable].mean())


def _rates(problem: InverseProblem, settings: InverseSettings, first: int, last: int) -> Iterator[_Rate]:
    unit = _unit(problem)
    start, end = SOFTNESS[settings.gradient]
    start = unit * (start if settings.softness_start is None else settings.softness_start)
    end = unit * (end if settings.softness_end is None else settings.softness_end)
    for step in range(last - first):
        done = step / max(1, last - first - 1)
        yield _Rate(settings.learning_rate * FINAL_SHARE**done, start * (end / start) ** done)


def _first_state(problem: InverseProblem) -> InverseState:
    drawn, empty = problem.admitted(problem.cost_map), np.zeros(problem.grid.shape)
    return InverseState(problem, 0, drawn, empty, empty, 0, FIRST_WEIGHT, empty, 0, drawn)


def _carried_over(problem: InverseProblem, state: InverseState) -> InverseState:
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
