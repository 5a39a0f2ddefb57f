"""Soft shortest paths of every route over mixtures of terrains, and the scores that follow from their loads."""

from dataclasses import dataclass

import numpy as np

from engine.arranging.choices import FIXED, Choices
from engine.arranging.problem import Arrangement, costs_on
from engine.core.arrays import Floats, Integers
from engine.core.grid import Cell, Grid
from engine.paths.exact import distances_to
from engine.paths.logit import logit_load


@dataclass(frozen=True, eq=False)
class Walk:
    """A route on the relaxed problem.

    number: of the class.  grid: its moves, where all tiles that may change are passable.  costs: (T,) finite.
    fixed: (H, W) cost of the cells that may not change.  mean_cost: of the drawn map.  always_open: whether the
        class can go on every terrain.
    """

    number: int
    grid: Grid
    costs: Floats
    fixed: Floats
    mean_cost: float
    always_open: bool
    start: Cell
    goal: Cell


def walks_of(problem: Arrangement, choices: Choices) -> tuple[Walk, ...]:
    """Return the routes (R) of a problem, class after class."""
    walks: list[Walk] = []
    free = (choices.unit != FIXED).reshape(problem.shape)
    for number, walker in enumerate(problem.classes):
        costs = walker.finite_costs
        fixed = np.where(free, costs[problem.terrain], costs_on(problem, walker, problem.terrain))
        grid = walker.grid(np.isfinite(fixed))
        mean_cost = float(fixed[grid.passable].mean())
        always_open = bool(np.isfinite(walker.costs).all())
        walks += [
            Walk(number, grid, costs, fixed, mean_cost, always_open, route.start, route.goal)
            for route in walker.routes
        ]
    return tuple(walks)


def soft_loads(walks: tuple[Walk, ...], choices: Choices, plan: Floats, epsilon: float) -> tuple[Floats, Floats]:
    """Return path costs (R,) and the loads (R, H, W) of the soft paths over a plan (U, T).

    epsilon: of the logit flow, as a share of each class's mean cost.
    """
    lengths, loads = np.empty(len(walks)), np.empty((len(walks), *choices.terrain.shape))
    cost_map, number = np.zeros(0), -1
    for route, walk in enumerate(walks):
        if walk.number != number:
            cost_map, number = _mixed(walk, choices, plan), walk.number
        field = distances_to(walk.grid, cost_map, walk.goal)
        lengths[route] = field.distance[walk.start]
        _, loads[route] = logit_load(walk.grid, cost_map, field, walk.start, epsilon * walk.mean_cost)
    return lengths, loads


def scores_of(walks: tuple[Walk, ...], choices: Choices, loads: Floats) -> Floats:
    """Return what each terrain on each unit adds to Σ <load, cost> over the routes' loads (R, H, W): (U, T)."""
    scores = np.zeros(choices.allowed.shape)
    for walk, load in zip(walks, loads, strict=True):
        scores += choices.gather(load)[:, None] * walk.costs
    return scores


def fixed_total(walks: tuple[Walk, ...], choices: Choices, loads: Floats) -> float:
    """Return what the cells that may not change add to Σ <load, cost>."""
    fixed = (choices.unit == FIXED).reshape(choices.terrain.shape)
    total = 0.0
    for walk, load in zip(walks, loads, strict=True):
        cells = fixed & walk.grid.passable
        total += float((load[cells] * walk.fixed[cells]).sum())
    return total


def _mixed(walk: Walk, choices: Choices, plan: Floats) -> Floats:
    """Return the mean cost (H, W) of each cell under a plan (U, T)."""
    costs = (plan * walk.costs).sum(axis=1)
    free = choices.unit != FIXED
    mixed = walk.fixed.reshape(-1).copy()
    mixed[free] = costs[choices.unit[free]]
    return mixed.reshape(walk.fixed.shape)


def plan_of_terrain(choices: Choices, chosen: Integers) -> Floats:
    """Return the plan (U, T) that is sure of the terrains (U,)."""
    return np.eye(choices.allowed.shape[1])[chosen]
