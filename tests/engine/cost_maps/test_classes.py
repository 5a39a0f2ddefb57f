"""Routes of several classes: path costs, loads, bounds and levels are those of each one's own moves."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.core.movement import Movement
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.certificate import certified_loads, upper_bound
from engine.cost_maps.multiscale import coarsen
from engine.cost_maps.objectives import design_loss, mean_cost
from engine.cost_maps.problem import Aim, Objective, Problem, Route, check_problem, path_costs
from engine.paths.gradients import costs_of_paths
from engine.paths.soft_classes import soft_paths_of_classes
from engine.paths.soft_paths import FlowSettings, Method, soft_paths
from tests.oracles import class_problem, distances, lp_optimum, random_problem
from tests.present import present

RULES = st.fixed_dictionaries(
    {"neighbours": st.sampled_from([4, 8]), "cost_rule": st.sampled_from(["mean", "entered"])}
)
METHODS: tuple[tuple[Method, float], ...] = (("bregman", 0.2), ("logit", 0.3), ("exact", 1.0))


@pytest.mark.slow
@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), rules=RULES)
def test_path_costs_are_those_of_each_class_by_itself(seed, rules):
    problem = class_problem(seed, 8, 4, **rules)
    check_problem(problem)
    expected = [
        distances(movement.grid, movement.costs(problem.cost_map), route.goal)[route.start]
        for route, movement in zip(problem.routes, problem.movements, strict=True)
    ]
    assert path_costs(problem, problem.cost_map) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("method", "epsilon"), METHODS)
def test_soft_paths_of_classes_are_each_route_solved_alone(method, epsilon):
    problem = class_problem(4, 9, 5)
    how = FlowSettings(method, epsilon, tolerance=1e-9)
    together = soft_paths_of_classes(problem.movements, problem.cost_map, problem.starts, problem.goals, how)
    assert together.flow.shape == (5, 8, *problem.grid.shape)
    for number, (route, movement) in enumerate(zip(problem.routes, problem.movements, strict=True)):
        own = replace(how, epsilon=epsilon * movement.scale)
        alone = soft_paths(movement.grid, movement.costs(problem.cost_map), [route.start], [route.goal], own)
        assert together.path_cost[number] == alone.path_cost[0]
        assert together.regularised_cost[number] == pytest.approx(alone.regularised_cost[0], rel=1e-9)
        assert together.load[number] == pytest.approx(movement.load(alone.load[0]), abs=1e-7)
        assert together.flow[number, : movement.grid.neighbours] == pytest.approx(alone.flow[0], abs=1e-7)
        assert together.fields[number].goal == route.goal
    warm = soft_paths_of_classes(
        problem.movements, problem.cost_map, problem.starts, problem.goals, how, together.warm_start
    )
    assert warm.load == pytest.approx(together.load, abs=1e-7)
    assert method != "bregman" or warm.iterations < together.iterations


@pytest.mark.parametrize("aim", ["longer", "shorter", "longer_minimum", "target"])
def test_the_gradient_of_the_loss_with_two_classes_is_that_of_finite_differences(aim: Aim):
    problem = class_problem(7, 7, 3)
    costs = zip(problem.routes, path_costs(problem, problem.cost_map).tolist(), strict=True)
    problem = replace(
        problem,
        routes=tuple(replace(route, target=1.3 * cost) for route, cost in costs),
        objective=Objective(aim, smoothness=0.3, closeness=0.2, keep=0.4),
    )
    # `logit` follows the order of distances, so that a small step leaves its paths as they are.
    how = FlowSettings("logit", 0.2)
    cost_map = problem.cost_map * np.random.default_rng(0).uniform(0.9, 1.1, problem.grid.shape)

    def loss(values: np.ndarray) -> tuple[float, np.ndarray]:
        tensor = torch.tensor(values, requires_grad=True)
        paths = soft_paths_of_classes(problem.movements, values, problem.starts, problem.goals, how)
        value = design_loss(problem, costs_of_paths(tensor, paths), tensor)
        value.backward()
        return float(value.detach()), present(tensor.grad).numpy()

    _, gradient = loss(cost_map)
    generator = np.random.default_rng(1)
    for row, column in generator.permutation(np.argwhere(problem.grid.passable))[:20].tolist():
        step = np.zeros_like(cost_map)
        step[row, column] = 1e-6
        difference = (loss(cost_map + step)[0] - loss(cost_map - step)[0]) / 2e-6
        assert gradient[row, column] == pytest.approx(difference, rel=1e-5, abs=1e-7)


@pytest.mark.slow
@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), rules=RULES, sweeps=st.sampled_from([1, 5, 50]))
def test_no_flows_of_classes_ever_prove_less_than_the_optimum(seed, rules, sweeps):
    problem = class_problem(seed, 6, 2, **rules)
    value, best = lp_optimum(problem)
    assert problem.weights @ path_costs(problem, best) == pytest.approx(value, rel=1e-7)
    for method, epsilon in METHODS:
        how = FlowSettings(method, epsilon, max_iterations=sweeps)
        paths = soft_paths_of_classes(problem.movements, problem.cost_map, problem.starts, problem.goals, how)
        loads = certified_loads(problem.movements, paths.flow, problem.starts, paths.fields)
        assert upper_bound(problem.admissible, problem.weights, loads) >= value * (1.0 - 1e-9)


def test_a_coarser_map_has_the_classes_at_half_the_distance():
    shape = (48, 64)
    generator = np.random.default_rng(3)
    cost_map, water = generator.uniform(0.5, 2.0, shape), np.zeros(shape, dtype=bool)
    water[:, :20] = True
    classes = Movement(Grid(~water), np.full(shape, 3.0), "cart"), Movement(Grid(water, 4), None, "boat")
    problem = Problem(
        Grid(~water),
        cost_map,
        (
            Route((8, 24), (40, 60)),
            Route((8, 25), (40, 60), movement=classes[0]),
            Route((8, 3), (40, 15), movement=classes[1]),
            Route((8, 3), (20, 15), movement=classes[1]),
        ),
        admissible_maps(cost_map, ~water, 0.2, 5.0, crossed=water),
    )
    check_problem(problem)
    coarse = present(coarsen(problem))
    check_problem(coarse)
    assert mean_cost(coarse) == pytest.approx(mean_cost(problem), rel=1e-12)
    assert mean_cost(problem) == pytest.approx(cost_map[~water].mean(), rel=1e-12)
    assert coarse.routes[2].movement is coarse.routes[3].movement
    assert present(coarse.routes[1].movement).name == "cart"
    assert present(coarse.routes[2].movement).grid.neighbours == 4
    fine_costs, coarse_costs = path_costs(problem, cost_map), path_costs(coarse, coarse.cost_map)
    assert 2.0 * coarse_costs == pytest.approx(fine_costs, rel=0.3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"factor": np.zeros((6, 8))}, "the class “cart” pays 0 times the cost of cell"),
        ({"factor": np.full((6, 8), np.nan)}, "has a price that is no number, at cell"),
        ({"factor": np.ones((8, 6))}, "moves on another map"),
        ({"grid": Grid(np.ones((6, 8), dtype=bool), cost_rule="entered")}, "give them the same"),
        ({"grid": Grid(np.ones((6, 8), dtype=bool))}, "a wall that has no cost"),
    ],
    ids=["free", "no number", "shape", "rule", "walls"],
)
def test_a_class_that_cannot_be_is_refused(change, told):
    ground = np.ones((6, 8), dtype=bool)
    ground[3, 3] = False
    cart = replace(Movement(Grid(ground), None, "cart"), **change)
    problem = _one_class(ground, cart, Route((0, 0), (5, 7)))
    with pytest.raises(ProblemError, match=told):
        check_problem(problem)


def test_a_route_whose_class_cannot_go_there_is_refused_with_its_name():
    ground = np.ones((6, 8), dtype=bool)
    dry = ground.copy()
    dry[:, 4] = False
    cart = Movement(Grid(dry), None, "cart")
    with pytest.raises(ProblemError, match=r"the goal of route 1, cell .* is no place for the class “cart”"):
        check_problem(_one_class(ground, cart, Route((0, 0), (5, 4))))
    with pytest.raises(ProblemError, match="route 1: no way leads the class “cart” from"):
        check_problem(_one_class(ground, cart, Route((0, 0), (5, 7))))
    check_problem(_one_class(ground, cart, Route((0, 0), (5, 3))))


def _one_class(ground: np.ndarray, movement: Movement, route: Route) -> Problem:
    plain = random_problem(0, 6, walls=0.0)
    cost_map = np.ones(ground.shape)
    return replace(
        plain,
        grid=Grid(ground),
        cost_map=cost_map,
        routes=(replace(route, movement=movement),),
        admissible=admissible_maps(cost_map, ground, 0.2, 5.0),
    )
