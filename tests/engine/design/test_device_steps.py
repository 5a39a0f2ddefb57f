"""Runs wholly on the device, in Triton's interpreter, against the same runs on the CPU."""

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.core.movement import Movement
from engine.core.triton import has_triton, interpreted
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.problem import Objective, Problem
from engine.design.adam_steps import first_state, soft_path_steps
from engine.design.device_steps import device_steps
from engine.design.schedule import rates
from engine.paths import soft_paths
from engine.paths.soft_paths import FlowSettings
from tests.oracles import random_problem

pytestmark = [
    pytest.mark.skipif(not has_triton(), reason="Triton is not installed; the extra gpu-test has it"),
    pytest.mark.skipif(not interpreted(), reason="with a card, tests.benchmarks.gpu compares its kernels"),
    pytest.mark.slow,
]

SWEEPS = 2
OBJECTIVES = [
    Objective(),
    Objective("longer_minimum"),
    Objective("shorter", smoothness=0.1, closeness=0.1, keep=0.3),
    Objective("target"),
]


def small_problem(objective: Objective = OBJECTIVES[0]) -> Problem:
    problem = random_problem(5, 7, 2, walls=0.1)
    routes = tuple(replace(route, target=20.0) for route in problem.routes)
    return replace(problem, routes=routes, objective=objective)


def schedule(first: int, last: int):
    return list(rates(range(first, last + 1), 0.3, 0.2, 0.1))


def on_the_cpu(problem, steps, state=None):
    state = state or first_state(problem.admissible, problem.cost_map, seed=0)
    return list(soft_path_steps(problem, state, steps, SWEEPS, FlowSettings("bregman", tolerance=0.0)))


def on_the_device(problem, steps, state=None):
    state = state or first_state(problem.admissible, problem.cost_map, seed=0)
    return list(device_steps(problem, state, steps, SWEEPS, "cpu"))


@pytest.fixture(autouse=True)
def relaxation_stays(monkeypatch):
    """Keep ω as it begins, on both sides: it is the one thing that the two change at other times."""
    first = soft_paths.relaxations
    known: dict[str, np.ndarray] = {}

    def once(starts, fields):
        return known.setdefault(str(starts), first(starts, fields))

    monkeypatch.setattr(soft_paths, "_adapted_relaxation", lambda relaxation, *_: relaxation)
    monkeypatch.setattr(soft_paths, "relaxations", once)
    monkeypatch.setattr("engine.design.device_steps.relaxations", once)


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.aim)
def test_device_and_cpu_take_the_same_steps(objective):
    problem, steps = small_problem(objective), schedule(1, 3)
    cpu = on_the_cpu(problem, steps)
    looks = on_the_device(problem, steps)
    assert [look.number for look in looks] == [1, 3]
    for look in looks:
        other = cpu[look.number - 1]
        assert np.allclose(look.cost_map, other.cost_map, atol=2e-6)
        assert look.loss == pytest.approx(other.loss, abs=2e-6)
        assert np.allclose(look.details.path_cost, other.details.path_cost, atol=2e-5)
        assert np.allclose(look.details.load, other.details.load, atol=2e-6)
        assert np.allclose(look.state.theta, other.state.theta, atol=2e-5, equal_nan=True)
        assert np.allclose(look.state.mean, other.state.mean, atol=1e-6)
        assert look.state.updates == other.state.updates


def test_classes_of_movement_pay_their_own_prices():
    problem = small_problem()
    rng = np.random.default_rng(1)
    narrow = Grid(problem.grid.passable, 4, "both_open", problem.grid.cost_rule)
    cart = Movement(narrow, rng.uniform(0.5, 2.0, problem.grid.shape), "cart")
    first, second = problem.routes
    problem = replace(problem, routes=(first, replace(second, movement=cart)))
    cpu, looks = on_the_cpu(problem, schedule(1, 3)), on_the_device(problem, schedule(1, 3))
    assert np.allclose(looks[-1].cost_map, cpu[-1].cost_map, atol=2e-6)
    assert np.allclose(looks[-1].details.regularised_cost, cpu[-1].details.regularised_cost, atol=1e-5)


def test_a_symmetry_and_locked_cells_hold():
    problem = random_problem(6, 7, 1)
    locked = np.zeros(problem.grid.shape, dtype=bool)
    locked[2, 3] = True
    limits = admissible_maps(
        problem.cost_map, problem.grid.passable, 0.2, 5.0, locked=locked, symmetry="left_right"
    )
    problem = replace(problem, admissible=limits)
    last = on_the_device(problem, schedule(1, 3))[-1]
    assert limits.contains(last.cost_map)
    assert np.allclose(last.cost_map, on_the_cpu(problem, schedule(1, 3))[-1].cost_map, atol=2e-6)


def test_a_run_is_looked_at_first_at_intervals_and_at_its_last_step(monkeypatch):
    monkeypatch.setattr("engine.design.device_steps.LOOK_EVERY", 2)
    assert [look.number for look in on_the_device(small_problem(), schedule(1, 5))] == [1, 2, 4, 5]


def test_a_run_that_goes_on_from_a_look_takes_the_steps_of_one_that_did_not_stop():
    problem = small_problem()
    steps = schedule(1, 3)
    whole = on_the_device(problem, steps)[-1]
    begun = on_the_device(problem, steps[:2])[-1]
    rest = on_the_device(problem, steps[2:], begun.state)[-1]
    assert np.allclose(rest.cost_map, whole.cost_map, atol=1e-9)
    assert rest.state.updates == 3


def test_a_look_is_not_changed_by_later_steps():
    problem = small_problem()
    state = first_state(problem.admissible, problem.cost_map, seed=0)
    looks = device_steps(problem, state, schedule(1, 3), SWEEPS, "cpu")
    first = next(looks)
    before = [first.cost_map.copy(), first.state.theta.copy(), first.details.load.copy()]
    next(looks)
    after = [first.cost_map, first.state.theta, first.details.load]
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))


def test_a_step_that_is_no_number_ends_the_run_with_the_state_of_the_last_look():
    problem = small_problem()
    good = schedule(1, 3)
    bad = [*good[:1], replace(good[1], learning_rate=np.nan), good[2]]
    looks = on_the_device(problem, bad)
    assert [look.finite for look in looks] == [True, False]
    assert np.array_equal(looks[1].state.theta, looks[0].state.theta, equal_nan=True)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, of the interpreter
def test_a_first_map_that_is_no_number_is_refused():
    problem = small_problem()
    limits = replace(problem.admissible, upper=np.full_like(problem.admissible.upper, np.nan))
    state = first_state(problem.admissible, problem.cost_map, seed=0)
    with pytest.raises(ProblemError, match="not numbers"):
        on_the_device(replace(problem, admissible=limits), schedule(1, 2), state)
