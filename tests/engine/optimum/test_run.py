from collections import deque
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.core.status import Status
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.certificate import upper_bound
from engine.cost_maps.problem import Objective, Problem, Route
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.optimum.saddle_cpu import CpuSaddle
from engine.optimum.saddle_point import adapted_start, cold_start
from engine.optimum.saddle_torch import TorchSaddle
from engine.paths.exact import distances_to
from tests.oracles import LP_OPTIMA, lp_optimum, random_problem, table_problem
from tests.present import present

KINDS = [
    {"neighbours": 4},
    {"neighbours": 8},
    {"neighbours": 4, "cost_rule": "entered"},
    {"neighbours": 8, "cost_rule": "entered"},
    {"neighbours": 8, "routes": 3},
    {"neighbours": 4, "routes": 2, "locked": 0.2},
    {"neighbours": 8, "symmetry": "half_turn"},
    {"neighbours": 8, "symmetry": "quarter_turn", "locked": 0.1},
    {"neighbours": 8, "corner_rule": "free", "symmetry": "left_right", "routes": 2},
    {"neighbours": 8, "corner_rule": "one_open", "walls": 0.35},
]


def last(iterates):
    (end,) = deque(iterates, maxlen=1)
    return end


def with_limits(problem: Problem, **limits) -> Problem:
    """The problem with other admissible maps."""
    return replace(problem, admissible=admissible_maps(problem.cost_map, problem.grid.passable, **limits))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", [100, 101, 102])
def test_every_iterate_encloses_the_optimum_and_the_last_one_finds_it(kind, seed):
    problem = random_problem(seed, 9, **kind)
    known, _ = lp_optimum(problem)
    iterates = list(approach_optimum(problem, OptimumSettings(1e-4)))
    for found in iterates:
        assert found.value <= known * (1.0 + 1e-9)
        assert found.upper_bound >= known * (1.0 - 1e-9)
        assert found.gap == pytest.approx(found.upper_bound / found.value - 1.0, abs=1e-12)
    found = iterates[-1]
    assert found.status is Status.CONVERGED
    assert found.gap <= 1e-4
    assert problem.admissible.contains(found.cost_map)
    exact = [distances_to(problem.grid, found.cost_map, r.goal).distance[r.start] for r in problem.routes]
    assert np.array_equal(found.path_costs, exact)
    assert found.value == pytest.approx(problem.weights @ found.path_costs, rel=1e-14)
    proof = upper_bound(problem.admissible, problem.weights, found.loads)
    assert found.upper_bound == pytest.approx(proof, rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("size", [10, 16, 24, 32])
@pytest.mark.parametrize("neighbours", [4, 8])
def test_the_table_of_optima(size, neighbours):
    found = last(approach_optimum(table_problem(size, neighbours), OptimumSettings(2e-4)))
    known = LP_OPTIMA[size, neighbours]
    assert known * (1.0 - 2.1e-4) <= found.value <= known + 1e-6
    assert known - 1e-6 <= found.upper_bound <= known * (1.0 + 2.1e-4)
    assert found.iterations <= 3000


@pytest.mark.parametrize("limits", [(1.0, 1000.0), (0.9, 1.15), (1e-3, 1e3)], ids=str)
def test_wide_and_narrow_bounds(limits):
    problem = random_problem(3, 10, walls=0.1)
    problem = with_limits(
        replace(problem, cost_map=np.full(problem.grid.shape, 1.05)), lower=limits[0], upper=limits[1]
    )
    known, _ = lp_optimum(problem)
    found = last(approach_optimum(problem, OptimumSettings(1e-3)))
    assert found.status is Status.CONVERGED
    assert known * (1.0 - 1e-3) <= found.value <= known * (1.0 + 1e-9)


def test_costs_of_any_scale_take_the_same_iterations():
    plain = table_problem(20, 8)
    scaled = with_limits(replace(plain, cost_map=plain.cost_map * 1e6), lower=0.2e6, upper=5e6)
    one, other = (last(approach_optimum(problem, OptimumSettings(1e-3))) for problem in (plain, scaled))
    assert one.iterations == other.iterations
    assert other.value == pytest.approx(1e6 * one.value, rel=1e-6)


def test_a_long_winding_corridor_takes_no_more_iterations_than_an_open_map():
    passable = np.ones((47, 48), dtype=bool)
    passable[1::2] = False
    passable[1::4, -1] = passable[3::4, 0] = True
    cost_map = np.ones(passable.shape)
    corridor = Problem(
        Grid(passable), cost_map, (Route((0, 0), (46, 0)),), admissible_maps(cost_map, passable, 0.2, 5.0)
    )
    found = last(approach_optimum(corridor, OptimumSettings(1e-6)))
    # There is one path, through every cell. Only its ends count half, so they get the lowest cost.
    assert found.value == pytest.approx(passable.sum() - 0.2, rel=1e-6)
    assert found.iterations <= 200


def test_maps_without_any_freedom_are_done_at_once():
    problem = with_limits(table_problem(20, 8), lower=1.0, upper=1.0)
    (found,) = approach_optimum(problem)
    assert found.status is Status.CONVERGED
    assert found.value == found.upper_bound == 17.0
    problem = with_limits(table_problem(20, 8), lower=0.2, upper=5.0, budget=0.2 * 400)
    found = last(approach_optimum(problem, OptimumSettings(1e-9)))
    assert found.status is Status.CONVERGED
    assert found.value == pytest.approx(0.2 * 17.0, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_torch_takes_the_same_steps(kind):
    problem = random_problem(7, 12, **kind)
    point = cold_start(problem)
    cpu, other = CpuSaddle(problem, point), TorchSaddle(problem, point, "cpu")
    for saddle in (cpu, other):
        saddle.advance(30)
        saddle.step_length()
        saddle.restart()
        saddle.advance(20)
    assert cpu.step_length() == pytest.approx(other.step_length(), rel=1e-6)
    for field in ("flow", "potentials", "cost_map", "balance"):
        ours, theirs = getattr(cpu.point(), field), getattr(other.point(), field)
        assert np.allclose(ours, theirs, rtol=1e-6, atol=1e-8, equal_nan=True), field


@pytest.mark.slow
def test_torch_finds_the_same_approach_optimum(monkeypatch):
    monkeypatch.setattr("engine.core.triton.has_triton", lambda: False)
    problem = table_problem(16, 4)
    ours = last(approach_optimum(problem, OptimumSettings(1e-3)))
    theirs = last(approach_optimum(problem, OptimumSettings(1e-3, device="cpu:0")))
    assert theirs.iterations == ours.iterations
    assert theirs.value == pytest.approx(ours.value, rel=1e-6)
    assert theirs.upper_bound == pytest.approx(ours.upper_bound, rel=1e-6)


def edits(problem: Problem) -> dict[str, Problem]:
    middle = tuple(side // 2 for side in problem.grid.shape)
    one_wall, long_wall = problem.grid.passable.copy(), problem.grid.passable.copy()
    one_wall[middle] = False
    long_wall[4:, middle[1]] = False
    goal = problem.routes[0].goal
    return {
        "one wall": with_limits(replace(problem, grid=Grid(one_wall)), lower=0.2, upper=5.0),
        "long wall": with_limits(replace(problem, grid=Grid(long_wall)), lower=0.2, upper=5.0),
        "bounds": with_limits(problem, lower=0.2, upper=4.5),
        "goal": replace(problem, routes=(replace(problem.routes[0], goal=(goal[0] + 2, goal[1])),)),
    }


@pytest.mark.slow
@pytest.mark.parametrize("edit", ["one wall", "long wall", "bounds", "goal"])
def test_it_goes_on_from_an_earlier_point_on_an_edited_map(edit):
    problem = table_problem(32, 8)
    settings = OptimumSettings(1e-3, coarse_to_fine=False)
    first = last(approach_optimum(problem, settings))
    edited = edits(problem)[edit]
    cold = last(approach_optimum(edited, settings))
    iterates = list(approach_optimum(edited, settings, first.warm_start))
    warm = iterates[-1]
    assert warm.status is Status.CONVERGED
    assert warm.value == pytest.approx(cold.value, rel=2e-3)
    assert edit == "long wall" or warm.iterations < cold.iterations
    assert iterates[0].gap < 0.5 * next(approach_optimum(edited, settings)).gap
    assert edited.admissible.contains(warm.cost_map)


@pytest.mark.slow
def test_a_wall_that_is_opened_again_and_a_part_that_is_cut_off():
    problem = table_problem(24, 8)
    settings = OptimumSettings(1e-3, coarse_to_fine=False)
    apart = problem.grid.passable.copy()
    apart[:14, 16] = apart[14, 16:] = False
    walled = with_limits(
        replace(problem, grid=Grid(apart), routes=(Route((12, 1), (20, 22)),)), lower=0.2, upper=5.0
    )
    first = last(approach_optimum(replace(problem, routes=walled.routes), settings))
    cut = last(approach_optimum(walled, settings, first.warm_start))
    assert cut.status is Status.CONVERGED
    assert cut.value == pytest.approx(lp_optimum(walled)[0], rel=1e-3)
    opened = last(approach_optimum(replace(problem, routes=walled.routes), settings, cut.warm_start))
    assert opened.status is Status.CONVERGED
    assert opened.value == pytest.approx(first.value, rel=1.1e-3)


@pytest.mark.parametrize("device", ["cpu", "torch"])
def test_flow_where_no_route_goes_is_dropped(device):
    problem = table_problem(12, 8)
    apart = problem.grid.passable.copy()
    apart[3] = False
    walled = replace(problem, grid=Grid(apart))
    everywhere = replace(cold_start(problem), flow=np.ones((1, 8, 12, 12)))
    saddle = CpuSaddle(walled, everywhere) if device == "cpu" else TorchSaddle(walled, everywhere, "cpu")
    saddle.step_length()
    point = saddle.point()
    assert not point.flow[0, :, :4].any()
    assert point.flow[0, :, 6, 5].all()
    assert np.array_equal(np.isfinite(point.potentials[0]), np.arange(12)[:, None].repeat(12, 1) > 3)


def test_an_earlier_point_is_fitted_to_the_new_problem():
    problem = random_problem(6, 14, walls=0.1)
    earlier = cold_start(problem)
    potentials = np.where(problem.grid.passable, 7.0, np.nan)[None]
    opened = with_limits(replace(problem, grid=Grid(np.ones_like(problem.grid.passable))), lower=0.4, upper=2.0)
    point = adapted_start(replace(earlier, potentials=potentials, cost_map=10.0 * earlier.cost_map), opened)
    assert opened.admissible.contains(point.cost_map)
    distance = distances_to(opened.grid, point.cost_map, opened.goals[0]).distance
    assert np.array_equal(point.potentials[0], np.where(problem.grid.passable, 0.0, distance))


def test_a_point_of_another_shape_is_not_used():
    point = present(last(approach_optimum(table_problem(12, 8), OptimumSettings(1e-2))).warm_start)
    assert point.fits(table_problem(12, 8))
    assert not point.fits(table_problem(12, 4))
    settings = OptimumSettings(1e-2)
    fresh, other = (last(approach_optimum(table_problem(14, 8), settings, start)) for start in (None, point))
    assert np.array_equal(fresh.cost_map, other.cost_map)


@pytest.mark.parametrize("field", ["flow", "cost_map", "balance"])
def test_a_number_that_fails_ends_the_run_and_keeps_the_last_good_map(field):
    problem = table_problem(16, 8)
    point = present(last(approach_optimum(problem, OptimumSettings(1e-2))).warm_start)
    spoilt = getattr(point, field).copy()
    spoilt.flat[0] = np.nan
    found = last(approach_optimum(problem, OptimumSettings(1e-6), replace(point, **{field: spoilt})))
    assert found.status is Status.NOT_A_NUMBER
    assert problem.admissible.contains(found.cost_map)
    assert LP_OPTIMA[16, 8] - 1e-6 <= found.upper_bound


def test_the_same_problem_gives_the_same_bytes():
    runs = [last(approach_optimum(table_problem(34, 8), OptimumSettings(1e-3))) for _ in range(2)]
    for field in ("cost_map", "loads", "path_costs"):
        assert getattr(runs[0], field).tobytes() == getattr(runs[1], field).tobytes()


def test_what_was_yielded_does_not_change_any_more():
    kept = []
    for found in approach_optimum(table_problem(24, 4), OptimumSettings(2e-4)):
        arrays = [found.cost_map, found.loads, found.path_costs]
        if found.warm_start is not None:
            start = found.warm_start
            arrays += [start.flow, start.potentials, start.cost_map, start.balance]
        kept.append([(array, array.copy()) for array in arrays])
    assert len(kept) > 5
    assert all(np.array_equal(array, copy, equal_nan=True) for arrays in kept for array, copy in arrays)


def test_figures_only_get_better_on_the_way_through_the_levels():
    problem = table_problem(66, 8)
    iterates = list(approach_optimum(problem, OptimumSettings(1e-2)))
    assert iterates[0].level == (1, 3)
    assert iterates[-1].level == (3, 3)
    for before, after in pairwise(iterates):
        assert after.value >= before.value
        assert after.upper_bound <= before.upper_bound
        assert after.iterations >= before.iterations
        assert after.level >= before.level
    assert all(found.cost_map.shape == problem.grid.shape for found in iterates)
    assert [found.status for found in iterates[:-1]] == [None] * (len(iterates) - 1)


def test_running_out_of_iterations_is_a_status():
    found = last(approach_optimum(table_problem(24, 8), OptimumSettings(1e-9, max_iterations=70)))
    assert found.status is Status.STEPS_DONE
    assert found.gap > 1e-9
    assert found.iterations == 70


def test_what_cannot_be_solved_is_refused():
    for objective in (Objective("shorter"), Objective("longer_minimum"), Objective(smoothness=0.1)):
        with pytest.raises(ProblemError, match="longer"):
            next(approach_optimum(replace(random_problem(0), objective=objective)))
    with pytest.raises(ProblemError, match="no route"):
        next(approach_optimum(replace(random_problem(0), routes=())))
