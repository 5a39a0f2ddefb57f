"""Soft paths: optimality conditions, limits, equality of the implementations."""

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import ProblemError
from engine.core.grid import Grid, divergence, edge_costs, net_flow
from engine.core.status import Status
from engine.paths.bregman_cpu import CpuProjections
from engine.paths.bregman_torch import TorchProjections
from engine.paths.exact import distances_to
from engine.paths.soft_paths import FlowSettings, bregman, soft_paths
from tests.oracles import random_problem
from tests.present import present

KINDS = [(n, c) for n in (4, 8) for c in ("mean", "entered")]


def solve(problem, method, epsilon, **settings):
    options = FlowSettings(method, epsilon, **{"tolerance": 1e-11, **settings})
    return soft_paths(problem.grid, problem.cost_map, problem.starts, problem.goals, options)


@pytest.mark.parametrize(("neighbours", "cost_rule"), KINDS)
def test_bregman_meets_the_optimality_conditions(neighbours, cost_rule):
    problem = random_problem(4, 9, 2, neighbours=neighbours, cost_rule=cost_rule)
    epsilon = 0.3
    paths = solve(problem, "bregman", epsilon)
    assert paths.status is Status.CONVERGED
    costs = edge_costs(problem.grid, problem.cost_map)
    for route in range(2):
        supply = divergence(problem.grid, paths.flow[route])
        supply[problem.starts[route]] -= 1.0
        supply[problem.goals[route]] += 1.0
        assert np.abs(supply).sum() <= 1e-11
        # Primal equals dual objective: that is optimality.
        flow = paths.flow[route]
        used = flow > 0.0
        primal = np.sum(flow[used] * (costs[used] + epsilon * (np.log(flow[used]) - 1.0)))
        assert primal == pytest.approx(paths.regularised_cost[route], rel=1e-9)


@pytest.mark.parametrize("method", ["bregman", "logit"])
@pytest.mark.parametrize("neighbours", [4, 8])
def test_small_epsilon_gives_the_exact_path(method, neighbours):
    problem = random_problem(7, 9, 1, neighbours=neighbours)
    exact = solve(problem, "exact", 1.0)
    soft = solve(problem, method, 0.005, max_iterations=100_000)
    assert np.abs(net_flow(soft.flow[0]) - exact.flow[0]).max() < 1e-3
    assert soft.regularised_cost[0] == pytest.approx(exact.path_cost[0], abs=0.2)
    errors = [
        abs(solve(problem, method, e, max_iterations=100_000).regularised_cost[0] - exact.path_cost[0])
        for e in (0.2, 0.05)
    ]
    assert errors[1] < errors[0]


@pytest.mark.parametrize(("neighbours", "cost_rule"), KINDS)
def test_torch_and_numba_take_the_same_steps(neighbours, cost_rule):
    problem = random_problem(11, 8, 2, neighbours=neighbours, cost_rule=cost_rule)
    fields = [distances_to(problem.grid, problem.cost_map, goal) for goal in problem.goals]
    reachable = np.stack([np.isfinite(field.distance) for field in fields])
    first = np.stack([np.minimum(f.distance, f.distance[s]) for f, s in zip(fields, problem.starts, strict=True)])
    both = TorchProjections(
        problem.grid, problem.cost_map, problem.starts, problem.goals, reachable, first, 0.1, "cpu"
    )
    omega, active = np.array([1.5, 1.7]), np.array([True, True])
    both.sweep(omega, active, 25)
    cpu = CpuProjections(problem.grid, problem.cost_map, problem.starts, problem.goals, reachable, first, 0.1)
    cpu.sweep(omega, active, 25)
    assert np.allclose(both.flow(), cpu.flow(), atol=1e-9)
    assert np.allclose(both.supply_error(), cpu.supply_error(), rtol=1e-6, atol=1e-9)
    assert np.allclose(both.potentials(), cpu.potentials(), rtol=1e-7, equal_nan=True)


def test_over_relaxation_needs_many_times_fewer_sweeps_than_plain_projections():
    grid = Grid(np.ones((24, 24), dtype=bool), 4)
    cost_map, start, goal = np.ones((24, 24)), (12, 1), (12, 22)
    relaxed = soft_paths(grid, cost_map, [start], [goal], FlowSettings("bregman", 0.05)).iterations
    field = distances_to(grid, cost_map, goal)
    reachable = np.ones((1, 24, 24), dtype=bool)
    first = np.minimum(field.distance, field.distance[start])[None]
    plain = CpuProjections(grid, cost_map, [start], [goal], reachable, first, 0.05)
    plain.sweep(np.ones(1), np.array([True]), 4 * relaxed)
    assert plain.supply_error()[0] > 1e-6


def test_over_relaxation_is_adapted_where_the_first_guess_is_poor():
    # ω is guessed from the moves between start and goal, here two, but the soft flow spreads over the whole map.
    grid = Grid(np.ones((24, 24), dtype=bool), 4)
    cost_map, start, goal = np.ones((24, 24)), (12, 11), (12, 13)
    adapted = soft_paths(grid, cost_map, [start], [goal], FlowSettings("bregman", 0.2, 1e-8))
    assert adapted.status is Status.CONVERGED
    field = distances_to(grid, cost_map, goal)
    first = np.minimum(field.distance, field.distance[start])[None]
    guess = CpuProjections(grid, cost_map, [start], [goal], np.ones((1, 24, 24), dtype=bool), first, 0.2)
    omega = np.array([2.0 / (1.0 + np.sin(np.pi / 4.0))])
    guess.sweep(omega, np.array([True]), 3 * adapted.iterations)
    assert guess.supply_error()[0] > 1e-8
    assert present(adapted.warm_start).relaxation[0] > omega[0]


def test_warm_start_needs_fewer_sweeps_and_gives_the_same():
    problem = random_problem(3, 14, 1, walls=0.1)
    settings = FlowSettings("bregman", 0.1, 1e-8)
    cold = soft_paths(problem.grid, problem.cost_map, problem.starts, problem.goals, settings)
    nearby = problem.cost_map * np.random.default_rng(0).uniform(0.999, 1.001, problem.cost_map.shape)
    again = soft_paths(problem.grid, nearby, problem.starts, problem.goals, settings)
    warm = soft_paths(problem.grid, nearby, problem.starts, problem.goals, settings, cold.warm_start)
    assert warm.iterations < again.iterations
    assert np.allclose(warm.flow, again.flow, atol=1e-7)


def test_potentials_of_another_map_do_no_harm():
    problem = random_problem(3, 12, 1, walls=0.1)
    other = random_problem(3, 12, 1, walls=0.1)
    settings = FlowSettings("bregman", 0.02, 1e-6, 50_000)
    first = soft_paths(problem.grid, problem.cost_map, problem.starts, problem.goals, settings)
    warm_start = present(first.warm_start)
    strange = replace(warm_start, potentials=-40.0 * warm_start.potentials)
    paths = soft_paths(other.grid, other.cost_map, other.starts, other.goals, settings, strange)
    assert paths.status is Status.CONVERGED
    assert np.isfinite(paths.load).all()


def test_a_limit_on_sweeps_is_a_status_not_an_error():
    problem = random_problem(5, 12)
    paths = solve(problem, "bregman", 0.1, max_iterations=3)
    assert paths.status is Status.STEPS_DONE
    assert paths.iterations == 3
    assert paths.supply_error[0] > 1e-11


def test_iterates_are_copies():
    problem = random_problem(5, 8)
    fields = [distances_to(problem.grid, problem.cost_map, goal) for goal in problem.goals]
    iterates = bregman(problem.grid, problem.cost_map, problem.starts, fields, FlowSettings("bregman", 0.2, 1e-10))
    first = next(iterates)
    kept = first.flow.copy(), first.warm_start.potentials.copy()
    next(iterates)
    assert np.array_equal(first.flow, kept[0])
    assert np.array_equal(first.warm_start.potentials, kept[1], equal_nan=True)


def test_logit_flow_is_a_unit_flow_of_gibbs_probabilities():
    grid = Grid(np.ones((2, 3), dtype=bool), 4)
    cost_map = np.array([[1.0, 2.0, 1.0], [1.0, 1.5, 1.0]])
    epsilon = 0.7
    paths = soft_paths(grid, cost_map, [(1, 0)], [(0, 2)], FlowSettings("logit", epsilon))
    # Up, over the top: 1 + 1.5 + 1.5. Along the bottom, up: 1.25 + 1.25 + 1. Up in the middle: 1.25 + 1.75 + 1.5.
    by_hand = np.array([4.0, 3.5, 4.5])
    expected = -epsilon * np.log(np.exp(-by_hand / epsilon).sum())
    assert paths.regularised_cost[0] == pytest.approx(expected, rel=1e-12)
    supply = divergence(grid, paths.flow[0])
    chances = np.exp(-by_hand / epsilon) / np.exp(-by_hand / epsilon).sum()
    assert paths.flow[0, 3, 1, 0] == pytest.approx(chances[0], rel=1e-12)
    assert paths.flow[0, 0, 1, 1] == pytest.approx(chances[1], rel=1e-12)
    assert supply[1, 0] == pytest.approx(1.0, abs=1e-12)
    assert supply[0, 2] == pytest.approx(-1.0, abs=1e-12)
    assert np.abs(supply).sum() == pytest.approx(2.0, abs=1e-12)


def test_unreachable_goals_are_refused():
    passable = np.ones((3, 3), dtype=bool)
    passable[:, 1] = False
    with pytest.raises(ValueError, match="no way leads"):
        soft_paths(Grid(passable), np.ones((3, 3)), [(0, 0)], [(0, 2)], FlowSettings("logit"))


@pytest.mark.parametrize("epsilon", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("method", ["logit", "bregman"])
def test_an_epsilon_that_is_no_number_above_0_is_refused(method, epsilon):
    grid = Grid(np.ones((4, 4), dtype=bool))
    with pytest.raises(ProblemError, match=r"epsilon is .* above 0"):
        soft_paths(grid, np.ones((4, 4)), [(0, 0)], [(3, 3)], FlowSettings(method, epsilon))


@pytest.mark.parametrize("method", ["logit", "bregman", "exact"])
def test_a_cost_that_is_not_a_number_is_named_and_not_called_a_missing_way(method):
    cost_map = np.full((4, 4), np.nan)
    cost_map[0] = 1.0
    with pytest.raises(ValueError, match=r"the cost of cell \(1, 0\) is nan"):
        soft_paths(Grid(np.ones((4, 4), dtype=bool)), cost_map, [(0, 0)], [(3, 3)], FlowSettings(method, 0.1))
