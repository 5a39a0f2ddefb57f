"""Bounded foresight: the map on which agents that plan by beam search do well or badly.

What bounded foresight costs an agent is a sum over its plans: with D the exact distance to the goal, a plan
from v that walks to u at cost g loses  g + D_u − D_v ≥ 0,  and these losses add up to walk − shortest path, for
D telescopes. So the loss of a map is the expected loss of the soft plans, made where the agent stands when it
plans (see `engine.paths.soft_beam`), plus a penalty that keeps the cost of the shortest paths as drawn.

`foresee` is a generator; every step is judged by the hard agent and by Dijkstra.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from torch import Tensor, tensor

from engine.core.arrays import Floats
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Grid
from engine.core.status import Status
from engine.core.tensors import class_costs, to_numpy
from engine.cost_maps.admissible import Admissible
from engine.cost_maps.change import share_kept
from engine.cost_maps.keeping import change_penalty
from engine.cost_maps.objectives import mean_cost
from engine.cost_maps.problem import (
    Problem,
    Route,
    check_admissible,
    check_costs,
    check_keep,
    check_routes,
    path_costs,
)
from engine.design.adam_steps import AdamState, MapStep, carried_over, first_state, map_steps
from engine.design.descend import descend, numbers_from
from engine.design.schedule import Rate, rates
from engine.paths.beam_search import Agent, Walk, guess_field, walk
from engine.paths.soft_beam import SoftLayer, soft_losses
from engine.paths.soft_distances import soft_distances

ForesightAim = Literal["well", "badly"]

# A map counts as keeping the shortest paths within the tolerance; the penalty begins at this share of it.
PENALTY_FROM, PENALTY = 0.5, 30.0
DEFAULT_TOLERANCE = 0.02


@dataclass(frozen=True, eq=False)
class ForesightProblem:
    """A drawn map, agents on it, whether they shall do well or badly, and the admissible maps.

    tolerance: share by which the shortest path cost of each agent may differ from the drawn map's.
    keep: see `engine.cost_maps.keeping`.
    """

    grid: Grid
    cost_map: Floats
    agents: tuple[Agent, ...]
    aim: ForesightAim
    admissible: Admissible
    tolerance: float = DEFAULT_TOLERANCE
    keep: float = 0.0

    @property
    def ground(self) -> Problem:
        """The routes of the agents, on the same map."""
        routes = tuple(Route(agent.start, agent.goal, movement=agent.movement) for agent in self.agents)
        return Problem(self.grid, self.cost_map, routes, self.admissible)


@dataclass(frozen=True)
class ForesightSettings:
    """How to run.

    steps: of Adam.  learning_rate: in units of θ.  epsilon_start, epsilon_end: softness of the plans at the
    first and last step, as shares of the mean cost.  seed: of the noise that breaks ties in the first map.
    """

    steps: int = 200
    learning_rate: float = 0.1
    epsilon_start: float = 0.3
    epsilon_end: float = 0.03
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Verdict:
    """How the agents do on one map, exactly.

    walks: of each agent.  path_costs: (A,) of their shortest paths.  excess: (A,) share by which the walk costs
    more than the shortest path; infinite if the agent gets lost.  drift: (A,) relative change of the
    shortest path cost against the drawn map.
    """

    walks: tuple[Walk, ...]
    path_costs: Floats
    excess: Floats
    drift: Floats


@dataclass(frozen=True, eq=False)
class ForesightState:
    """What a run goes on from."""

    problem: ForesightProblem
    step: int
    adam: AdamState
    best_map: Floats


@dataclass(frozen=True, eq=False)
class ForesightIterate:
    """One step of a run. Arrays are copies; `best_map` stays the same object until it is beaten.

    cost_map: (H, W) of this step.  verdict: on this step's map, exactly; best_verdict: on the best map so
    far, of those that keep the shortest paths within the tolerance and on which every agent arrives.
    kept: share of the drawn cost that the best map leaves in place.
    beams: for each agent, for each plan, the layers of the soft beam.  status: None while the run may go on.
    """

    step: int
    steps: int
    cost_map: Floats
    loss: float
    epsilon: float
    verdict: Verdict
    beams: tuple[tuple[tuple[SoftLayer, ...], ...], ...]
    best_map: Floats
    best_verdict: Verdict
    kept: float
    status: Status | None
    state: ForesightState


def foresee(
    problem: ForesightProblem, settings: ForesightSettings | None = None, state: ForesightState | None = None
) -> Iterator[ForesightIterate]:
    """Change the map until the agents of `problem` do as asked; with `state`, from where another run stood.

    A state from an edited problem is carried over: cells that were painted start from the drawn map, the
    others go on. Raises ProblemError before the first step if no run can start; later trouble is the status
    of the last iterate.
    """
    settings = settings or ForesightSettings()
    check_foresight(problem)
    ground, admissible = problem.ground, problem.admissible
    mean = mean_cost(ground)
    judge = _Judge(problem)
    best_map = admissible.nearest(problem.cost_map)
    if state is None:
        adam, first = first_state(admissible, problem.cost_map, settings.seed), 0
    else:
        adam = carried_over(ground, state.adam, state.problem.cost_map != problem.cost_map)
        first = state.step
        if admissible.contains(state.best_map):
            best_map = state.best_map
    numbers = numbers_from(first, settings.steps)
    epsilons = mean * settings.epsilon_start, mean * settings.epsilon_end

    def loss(cost_map: Tensor, rate: Rate) -> tuple[Tensor, _Details]:
        verdict = judge.verdict(to_numpy(cost_map))
        value, beams = foresight_loss(problem, cost_map, verdict, rate.epsilon)
        return value, _Details(verdict, beams)

    steps = map_steps(admissible, adam, rates(numbers, settings.learning_rate, *epsilons), loss)
    for turn in descend(steps, _Best(best_map, judge.verdict(best_map)), judge.better, numbers[-1]):
        taken, best = turn.step, turn.best
        yield ForesightIterate(
            step=taken.number,
            steps=numbers[-1],
            cost_map=taken.cost_map,
            loss=taken.loss,
            epsilon=taken.rate.epsilon,
            verdict=taken.details.verdict,
            beams=taken.details.beams,
            best_map=best.cost_map,
            best_verdict=best.verdict,
            kept=share_kept(problem.grid.passable, problem.cost_map, best.cost_map),
            status=turn.status,
            state=ForesightState(problem, taken.number, taken.state, best.cost_map),
        )


def check_foresight(problem: ForesightProblem) -> None:
    """Raise ProblemError, with a sentence that says what to change, if no run can start."""
    check_costs(problem.grid, problem.cost_map)
    if not problem.agents:
        raise ProblemError("route", "there is no agent; give one a start and a goal on the map")
    check_routes(problem.ground)
    check_admissible(problem.admissible)
    for number, agent in enumerate(problem.agents, 1):
        if agent.width < 1 or agent.horizon < 1:
            raise ProblemError(
                "objective",
                f"agent {number} looks {agent.horizon} moves ahead with a beam of {agent.width} cells; both "
                f"must be at least 1",
            )
    check_keep(problem.keep)
    if not (np.isfinite(problem.tolerance) and problem.tolerance > 0.0):
        raise ProblemError(
            "objective",
            f"the tolerance is {problem.tolerance}; it must be a number above 0",
            SuggestedFix("tolerance", DEFAULT_TOLERANCE),
        )


def foresight_loss(
    problem: ForesightProblem, cost_map: Tensor, verdict: Verdict, epsilon: float
) -> tuple[Tensor, tuple[tuple[tuple[SoftLayer, ...], ...], ...]]:
    """Return the loss () of a cost map (H, W) in units of the mean cost, and the soft beams; lower is better.

    verdict: on that map, for where the agents stand when they plan. Shortest paths that drift beyond the
    tolerance are penalised; the penalty's value comes from their exact cost, its slope from soft paths.
    """
    ground = problem.ground
    mean = mean_cost(ground)
    sign = 1.0 if problem.aim == "well" else -1.0
    loss = cost_map.new_zeros(())
    way = 0.0
    beams: list[tuple[tuple[SoftLayer, ...], ...]] = []
    for number, (agent, movement) in enumerate(zip(problem.agents, ground.movements, strict=True)):
        grid, costs, scale = movement.grid, class_costs(movement, cost_map), movement.scale
        price, softness = mean * scale, epsilon * scale
        plans = verdict.walks[number].plans
        guess = guess_field(grid, agent.goal, price)
        losses, soft = soft_losses(costs, grid, agent, plans, guess, softness)
        beams.append(tuple(plan.layers for plan in soft))
        loss = loss + sign * losses.sum() / price
        shortest = soft_distances(costs, grid, [agent.start], [agent.goal], softness)[0, 0]
        exact = float(verdict.path_costs[number])
        drawn = exact / (1.0 + float(verdict.drift[number]))
        drift = (shortest - shortest.detach() + exact) / drawn - 1.0
        over = (drift.abs() - PENALTY_FROM * problem.tolerance).clamp_min(0.0)
        loss = loss + PENALTY * over**2 / problem.tolerance * drawn / price
        way += drawn / scale
    if problem.keep > 0.0:
        penalty = change_penalty(problem.grid, problem.cost_map, cost_map, problem.keep)
        loss = loss + penalty * way / mean
    return loss, tuple(beams)


def verdict_on(problem: ForesightProblem, cost_map: Floats) -> Verdict:
    """Return how the problem's agents do on a map (H, W); drift is against the problem's drawn map."""
    return _Judge(problem).verdict(cost_map)


@dataclass(frozen=True, eq=False)
class _Details:
    """What the loss of a map was made of."""

    verdict: Verdict
    beams: tuple[tuple[tuple[SoftLayer, ...], ...], ...]


@dataclass(frozen=True, eq=False)
class _Best:
    """The best map so far."""

    cost_map: Floats
    verdict: Verdict

    @property
    def shortfall(self) -> None:
        """Unknown: nothing bounds how well or badly agents could do."""


class _Judge:
    """Exact verdicts on maps of one problem."""

    def __init__(self, problem: ForesightProblem) -> None:
        self._problem, self._ground = problem, problem.ground
        mean = mean_cost(self._ground)
        self._guesses = [
            guess_field(movement.grid, agent.goal, mean * movement.scale)
            for agent, movement in zip(problem.agents, self._ground.movements, strict=True)
        ]
        self._drawn = path_costs(self._ground, problem.cost_map)

    def verdict(self, cost_map: Floats) -> Verdict:
        """Return how the agents do on a map (H, W), exactly."""
        agents = zip(self._problem.agents, self._ground.movements, self._guesses, strict=True)
        walks = tuple(
            walk(movement.grid, movement.costs(cost_map), agent, guess) for agent, movement, guess in agents
        )
        shortest = path_costs(self._ground, cost_map)
        walked = np.array([one.cost if one.arrives else np.inf for one in walks])
        excess = np.maximum(walked / shortest - 1.0, 0.0)
        return Verdict(walks, shortest, excess, shortest / self._drawn - 1.0)

    def better(self, best: _Best, step: MapStep[_Details]) -> _Best:
        """Return the better of the best map so far and that of a step."""
        here = _Best(step.cost_map, step.details.verdict)
        return min(best, here, key=self._value)

    def _value(self, best: _Best) -> tuple[float, float]:
        """Return what the best map has least of: lost agents, drift beyond the tolerance; then aim and change."""
        verdict = best.verdict
        lost = float(np.isinf(verdict.excess).sum())
        drift = max(0.0, float(np.abs(verdict.drift).max()) - self._problem.tolerance)
        mean = float(np.mean(np.where(np.isinf(verdict.excess), 0.0, verdict.excess)))
        aim = mean if self._problem.aim == "well" else -mean
        return lost + drift, aim + self._penalty(best.cost_map)

    def _penalty(self, cost_map: Floats) -> float:
        problem = self._problem
        return float(change_penalty(problem.grid, problem.cost_map, tensor(cost_map), problem.keep))
