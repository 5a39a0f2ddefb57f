import numpy as np
import pytest

from engine.multiscale import coarsen, levels, refine_flow, refine_map
from engine.optimum import OptimumSettings, optimum
from engine.problem import ProblemError
from engine.saddle import cold_point
from engine.saddle_cpu import CpuSaddle
from engine.saddle_torch import TorchSaddle
from engine.status import Status
from tests.oracles import LP_OPTIMA, lp_optimum, random_problem, table_problem

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
]


def last(iterates):
    iterate = None
    for iterate in iterates:
        assert iterate.upper_bound >= iterate.value * (1.0 - 1e-9)
    return iterate


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", [0, 1])
def test_it_finds_the_optimum_of_the_linear_programme(kind, seed):
    problem = random_problem(seed + 100, 9, **kind)
    value, _ = lp_optimum(problem)
    found = last(optimum(problem, OptimumSettings(1e-4)))
    assert found.status is Status.CONVERGED
    assert problem.admissible.contains(found.cost_map)
    assert value * (1.0 - 1.1e-4) <= found.value <= value * (1.0 + 1e-9)
    assert value * (1.0 - 1e-9) <= found.upper_bound <= value * (1.0 + 1.1e-4)


@pytest.mark.parametrize("size", [10, 16, 24, 32])
@pytest.mark.parametrize("neighbours", [4, 8])
def test_the_table_of_optima(size, neighbours):
    found = last(optimum(table_problem(size, neighbours), OptimumSettings(2e-4)))
    known = LP_OPTIMA[size, neighbours]
    assert known * (1.0 - 2.1e-4) <= found.value <= known + 1e-6
    assert known - 1e-6 <= found.upper_bound <= known * (1.0 + 2.1e-4)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_torch_takes_the_same_steps(kind):
    problem = random_problem(7, 8, **kind)
    point = cold_point(problem)
    cpu, torch_one = CpuSaddle(problem, point), TorchSaddle(problem, point, "cpu")
    for saddle in (cpu, torch_one):
        saddle.advance(30)
        saddle.look()
        saddle.restart()
        saddle.advance(20)
    assert cpu.look() == pytest.approx(torch_one.look(), rel=1e-6)
    for field in ("flow", "potentials", "cost_map", "balance"):
        assert np.allclose(
            getattr(cpu.point(), field), getattr(torch_one.point(), field), atol=1e-8, equal_nan=True
        ), field


def test_it_goes_on_from_a_point_on_an_edited_map():
    problem = random_problem(5, 20, walls=0.1)
    first = last(optimum(problem, OptimumSettings(5e-4, coarse_to_fine=False)))
    passable = problem.grid.passable.copy()
    free = passable.copy()
    for cell in (*problem.starts, *problem.goals):
        free[cell] = False
    passable[tuple(np.argwhere(free)[7])] = False
    from dataclasses import replace

    from engine.admissible import admissible_maps
    from engine.grid import Grid

    edited = replace(
        problem,
        grid=Grid(passable, problem.grid.neighbours),
        admissible=admissible_maps(problem.cost_map, passable, 0.2, 5.0),
    )
    settings = OptimumSettings(5e-4, coarse_to_fine=False)
    cold, warm = last(optimum(edited, settings)), last(optimum(edited, settings, first.point))
    assert warm.iterations < cold.iterations
    assert warm.value == pytest.approx(cold.value, rel=1.1e-3)


def test_the_same_problem_gives_the_same_bytes():
    maps = [last(optimum(table_problem(16, 8), OptimumSettings(1e-3))).cost_map.tobytes() for _ in range(2)]
    assert maps[0] == maps[1]


def test_what_is_not_linear_is_refused():
    with pytest.raises(ValueError, match="longer"):
        next(optimum(random_problem(0, aim="shorter")))
    problem = random_problem(0)
    from dataclasses import replace

    with pytest.raises(ProblemError, match="no route"):
        next(optimum(replace(problem, routes=())))


def test_running_out_of_iterations_is_a_status():
    found = last(optimum(table_problem(24, 8), OptimumSettings(1e-9, max_iterations=80)))
    assert found.status is Status.STEPS_DONE
    assert found.gap > 1e-9


@pytest.mark.parametrize("kind", [{}, {"symmetry": "half_turn"}, {"locked": 0.2, "routes": 2}])
def test_coarser_problems_keep_mean_cost_and_admit_their_own_map(kind):
    problem = random_problem(13, 40, walls=0.05, **kind)
    coarse = coarsen(problem)
    assert coarse is not None
    assert coarse.grid.shape == (20, 21)
    assert len(levels(problem)) == 2
    nearest = coarse.admissible.expand(coarse.admissible.project(coarse.admissible.reduce(coarse.cost_map)))
    assert coarse.admissible.contains(nearest)
    fine_mean = problem.cost_map[problem.grid.passable].mean()
    assert coarse.cost_map[coarse.grid.passable].mean() == pytest.approx(fine_mean, rel=0.05)
    assert refine_map(coarse.cost_map, problem).shape == problem.grid.shape


def test_a_refined_path_is_nearly_a_path():
    from engine.grid import divergence
    from engine.paths import distances_to, path_flow

    problem = table_problem(32, 8)
    coarse = coarsen(problem)
    field = distances_to(coarse.grid, coarse.cost_map, coarse.goals[0])
    flow = refine_flow(path_flow(coarse.grid, field, coarse.starts[0])[None], problem)[0]
    surplus = divergence(problem.grid, flow)
    assert np.abs(surplus).sum() < 6.0
    assert surplus[:, :16].sum() == pytest.approx(1.0, abs=1e-12)


def test_walls_that_a_coarse_map_cannot_show_stop_the_coarsening():
    problem = table_problem(64, 8)
    passable = np.ones((64, 64), dtype=bool)
    passable[1::2] = False
    for row in range(1, 64, 2):
        passable[row, 0 if row % 4 == 1 else -1] = True
    from dataclasses import replace

    from engine.admissible import admissible_maps
    from engine.grid import Grid
    from engine.problem import Route

    snake = replace(
        problem,
        grid=Grid(passable),
        routes=(Route((0, 0), (62, 0)),),
        admissible=admissible_maps(problem.cost_map, passable, 0.2, 5.0),
    )
    assert coarsen(snake) is None
