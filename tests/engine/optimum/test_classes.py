"""The longest paths of routes of several classes, against the linear programme."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from engine.core.movement import Movement
from engine.core.status import Status
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.problem import Route, path_costs
from engine.optimum.run import OptimumSettings, approach_optimum
from tests.oracles import class_problem, lp_optimum, table_problem

KINDS = [
    {},
    {"neighbours": 4},
    {"cost_rule": "entered"},
    {"neighbours": 4, "cost_rule": "entered"},
    {"symmetry": "half_turn"},
    {"locked": 0.2, "corner_rule": "free"},
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_iterate_encloses_the_optimum_of_several_classes(kind, seed):
    problem = class_problem(seed, 9, 4, **kind)
    known, _ = lp_optimum(problem)
    iterates = list(approach_optimum(problem, OptimumSettings(1e-3)))
    for found in iterates:
        assert found.value <= known * (1.0 + 1e-9)
        assert found.upper_bound >= known * (1.0 - 1e-9)
    found = iterates[-1]
    assert found.status is Status.CONVERGED
    assert problem.admissible.contains(found.cost_map)
    assert np.array_equal(found.path_costs, path_costs(problem, found.cost_map))


def test_a_class_that_pays_the_same_share_everywhere_finds_the_same_map():
    plain = table_problem(20, 8)
    (route,) = plain.routes
    cart = Movement(plain.grid, np.full(plain.grid.shape, 4.0), "cart")
    dear = replace(plain, routes=(replace(route, movement=cart),))
    ends = [deque(approach_optimum(problem, OptimumSettings(5e-4)), maxlen=1)[0] for problem in (plain, dear)]
    assert ends[1].value == pytest.approx(4.0 * ends[0].value, rel=1e-3)
    assert ends[1].iterations < 1.5 * ends[0].iterations + 100


@pytest.mark.slow
def test_a_larger_map_goes_by_coarser_ones_and_on_from_an_edited_one():
    plain = table_problem(48, 8)
    shape = plain.grid.shape
    factor = np.where(np.arange(shape[1]) < 24, 1.0, 2.5) * np.ones(shape)
    routes = (Route((24, 1), (24, 46)), Route((2, 2), (45, 30), movement=Movement(plain.grid, factor, "cart")))
    problem = replace(plain, routes=routes)
    found = deque(approach_optimum(problem, OptimumSettings(2e-3)), maxlen=1)[0]
    assert found.status is Status.CONVERGED
    assert found.level == (2, 2)
    assert found.warm_start is not None
    edited = plain.cost_map.copy()
    edited[20:24, 20:24] = 2.0
    again = replace(problem, cost_map=edited, admissible=admissible_maps(edited, plain.grid.passable, 0.2, 5.0))
    after = deque(approach_optimum(again, OptimumSettings(2e-3), found.warm_start), maxlen=1)[0]
    assert after.status is Status.CONVERGED
    assert after.iterations < found.iterations
