"""The exact optimum of one route and four moves: against linear programmes, and proved by its own flow."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from engine.core.grid import CostRule, Grid, divergence, load_of_flow
from engine.core.status import Status
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.certificate import upper_bound
from engine.cost_maps.problem import Objective, Problem, Route, path_costs
from engine.optimum.interdiction import applies, interdict
from engine.optimum.run import OptimumSettings, approach_optimum
from tests.oracles import lp_optimum, random_problem
from tests.present import present

RULES = ["mean", "entered"]


def solved(problem: Problem):
    """The last of what is found; everything that is claimed on the way is checked."""
    assert applies(problem)
    steps = list(interdict(problem))
    bounds = [step.bound for step in steps]
    assert bounds == sorted(bounds, reverse=True)
    assert [step.cost_map is None for step in steps] == [True] * (len(steps) - 1) + [False]
    end = steps[-1]
    cost_map = present(end.cost_map)
    # The map attains the bound, and the flow proves it, each by code that knows nothing of the method.
    assert problem.admissible.contains(cost_map, 1e-9)
    assert path_costs(problem, cost_map)[0] == pytest.approx(end.bound, rel=1e-9)
    for step in steps:
        if step.flow is None:
            continue
        supply = divergence(problem.grid, step.flow)
        supply[problem.starts[0]] -= 1.0
        supply[problem.goals[0]] += 1.0
        assert np.abs(supply).max() < 1e-12
        proven = upper_bound(problem.admissible, np.ones(1), load_of_flow(problem.grid, step.flow)[None])
        assert end.bound * (1.0 - 1e-9) <= proven <= step.bound * (1.0 + 1e-9)
    return end


@pytest.mark.parametrize("cost_rule", RULES)
@pytest.mark.parametrize("seed", range(8))
def test_the_optimum_is_that_of_the_linear_programme(seed, cost_rule):
    problem = random_problem(seed, 9, neighbours=4, cost_rule=cost_rule, walls=0.2, locked=0.1 * (seed % 3))
    known, _ = lp_optimum(problem)
    assert solved(problem).bound == pytest.approx(known, rel=1e-8)


@pytest.mark.parametrize("cost_rule", RULES)
@pytest.mark.parametrize("seed", range(4))
def test_every_cell_may_have_bounds_of_its_own(seed, cost_rule):
    problem = random_problem(seed, 8, neighbours=4, cost_rule=cost_rule, walls=0.1)
    limits, generator = problem.admissible, np.random.default_rng(seed)
    lower = limits.lower * generator.uniform(0.2, 1.0, limits.lower.size)
    upper = limits.upper * generator.uniform(0.5, 2.0, limits.upper.size)
    problem = replace(problem, admissible=replace(limits, lower=lower, upper=upper))
    known, _ = lp_optimum(problem)
    assert solved(problem).bound == pytest.approx(known, rel=1e-8)


def open_problem(size: int, start, goal, budget: float, cost_rule: CostRule) -> Problem:
    passable, cost_map = np.ones((size, size), dtype=bool), np.ones((size, size))
    limits = admissible_maps(cost_map, passable, 0.5, 4.0, budget=budget)
    return Problem(Grid(passable, 4, cost_rule=cost_rule), cost_map, (Route(start, goal),), limits)


@pytest.mark.parametrize("cost_rule", RULES)
def test_a_budget_that_is_more_than_can_be_used_gives_the_path_over_upper_bounds(cost_rule):
    problem = open_problem(7, (3, 0), (3, 6), 0.95 * 4.0 * 49, cost_rule)
    assert solved(problem).bound == pytest.approx(6 * 4.0, rel=1e-12)


@pytest.mark.parametrize("cost_rule", RULES)
@pytest.mark.parametrize("budget", [0.5 * 49, 4.0 * 49])
def test_a_budget_that_leaves_no_choice_gives_the_only_map(budget, cost_rule):
    problem = open_problem(7, (3, 0), (3, 6), budget, cost_rule)
    assert solved(problem).bound == pytest.approx(6 * budget / 49, rel=1e-9)


@pytest.mark.parametrize("cost_rule", RULES)
def test_neighbours_and_a_corridor_have_closed_forms(cost_rule):
    beside = open_problem(2, (0, 0), (0, 1), 6.0, cost_rule)
    known, _ = lp_optimum(beside)
    assert solved(beside).bound == pytest.approx(known, rel=1e-9)
    passable, cost_map = np.ones((1, 6), dtype=bool), np.ones((1, 6))
    limits = admissible_maps(cost_map, passable, 0.5, 4.0)
    corridor = Problem(Grid(passable, 4, cost_rule=cost_rule), cost_map, (Route((0, 0), (0, 5)),), limits)
    # All but the start ("entered"), or all with the ends for a half ("mean"), which then are as cheap as can be.
    expected = 6.0 - 0.5 if cost_rule == "entered" else 6.0 - 2 * 0.5 + 0.5
    assert solved(corridor).bound == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "kind", [{"neighbours": 8}, {"neighbours": 4, "routes": 2}, {"neighbours": 4, "symmetry": "half_turn"}]
)
def test_other_problems_are_left_to_the_primal_dual_method(kind):
    problem = random_problem(100, 9, **kind)
    assert not applies(problem)
    assert not applies(replace(random_problem(100, 9, neighbours=4), objective=Objective(smoothness=1.0)))


def test_the_true_optimum_is_solved_exactly_where_that_applies():
    problem = random_problem(5, 12, neighbours=4, walls=0.1)
    (end,) = deque(approach_optimum(problem, OptimumSettings(1e-2)), maxlen=1)
    assert end.status is Status.CONVERGED
    assert end.gap < 1e-9
    assert end.value == pytest.approx(lp_optimum(problem)[0], rel=1e-8)
    iterates = list(approach_optimum(problem))
    assert all(step.upper_bound >= end.value * (1.0 - 1e-9) and step.value <= end.value for step in iterates)


@pytest.mark.slow
def test_a_larger_map_with_many_equal_paths_is_proved():
    passable, cost_map = np.ones((48, 48), dtype=bool), np.ones((48, 48))
    limits = admissible_maps(cost_map, passable, 0.2, 5.0)
    problem = Problem(Grid(passable, 4), cost_map, (Route((24, 1), (24, 46)),), limits)
    assert solved(problem).units > 10
