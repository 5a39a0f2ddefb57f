from dataclasses import replace

import numpy as np
import pytest

from engine.core.grid import Grid, divergence, load_of_flow
from engine.cost_maps.admissible import FIXED, admissible_maps
from engine.cost_maps.multiscale import coarsen, levels, refine_flow, refine_map, refine_potentials
from engine.cost_maps.problem import Problem, Route, check_problem
from engine.paths.exact import distances_to, path_flow
from engine.paths.logit import logit_flow
from tests.oracles import random_problem, table_problem
from tests.present import present


def hilly(shape: tuple[int, int], **kinds) -> Problem:
    cost_map = np.random.default_rng(2).uniform(0.5, 2.0, shape)
    passable = np.ones(shape, dtype=bool)
    route = Route((shape[0] // 2, 3), (shape[0] // 2, shape[1] - 4))
    return Problem(Grid(passable), cost_map, (route,), admissible_maps(cost_map, passable, 0.2, 5.0, **kinds))


def test_levels_end_where_a_side_would_fall_under_the_smallest():
    assert [stage.grid.shape for stage in levels(hilly((70, 133)))] == [(18, 34), (35, 67), (70, 133)]
    assert [stage.grid.shape for stage in levels(hilly((30, 200)))] == [(30, 200)]


@pytest.mark.parametrize("kind", [{}, {"symmetry": "half_turn"}, {"symmetry": "four_way"}], ids=str)
def test_an_open_map_keeps_its_total_and_its_symmetry(kind):
    fine = hilly((40, 52), **kind)
    coarse = present(coarsen(fine))
    assert coarse.cost_map.sum() * 4.0 == pytest.approx(fine.cost_map.sum(), rel=1e-12)
    assert coarse.admissible.budget * 4.0 == pytest.approx(fine.admissible.budget, rel=1e-12)
    assert coarse.admissible.size.sum() * 4.0 == fine.admissible.size.sum()
    # Fine cells of one group lie in blocks of one group, and a coarse map that is admissible refines to one.
    for member in range(0, fine.admissible.size.size, 7):
        rows, columns = np.nonzero(fine.admissible.group == member)
        assert len(set(coarse.admissible.group[rows // 2, columns // 2].tolist())) == 1
    z = np.random.default_rng(0).uniform(0.2, 5.0, coarse.admissible.size.size)
    admitted = coarse.admissible.expand(coarse.admissible.project(z))
    assert fine.admissible.contains(refine_map(admitted, fine), 1e-9)


@pytest.mark.parametrize(
    "kind", [{}, {"symmetry": "half_turn"}, {"locked": 0.2, "routes": 2}, {"cost_rule": "entered"}], ids=str
)
def test_every_level_is_a_problem_that_can_be_run(kind):
    fine = random_problem(13, 41, walls=0.02, **kind)
    coarse = present(coarsen(fine))
    check_problem(coarse)
    assert coarse.grid.shape == (21, 22)
    assert coarse.grid.cost_rule == fine.grid.cost_rule
    assert [r.weight for r in coarse.routes] == [r.weight for r in fine.routes]
    mean = fine.cost_map[fine.grid.passable].mean()
    assert coarse.cost_map[coarse.grid.passable].mean() == pytest.approx(mean, rel=0.05)
    assert (coarse.admissible.lower >= 0.2 - 1e-12).all()
    assert (coarse.admissible.upper <= 5.0 + 1e-12).all()


def test_only_blocks_with_a_free_cell_are_free():
    locked = np.zeros((40, 40), dtype=bool)
    locked[10:20, 10:21] = True
    fine = hilly((40, 40), locked=locked)
    coarse = present(coarsen(fine))
    group, fixed = coarse.admissible.group, coarse.admissible.fixed
    assert (group[5:10, 5:10] == FIXED).all()
    assert (group[5:10, 10] != FIXED).all()
    assert (group == FIXED).sum() == 25
    assert fixed[5, 5] == pytest.approx(fine.cost_map[10:12, 10:12].mean())
    # A block that is half locked is bound as the mean of its cells is.
    half = coarse.admissible.lower[group[5, 10]]
    assert half == pytest.approx(0.1 + fine.cost_map[10:12, 20].sum() / 4.0)


def test_an_odd_side_leaves_a_last_block_of_one_row():
    fine = hilly((41, 40))
    coarse = present(coarsen(fine))
    assert coarse.cost_map[20, 3] == pytest.approx(fine.cost_map[40, 6:8].mean())
    assert refine_map(coarse.cost_map, fine).shape == (41, 40)
    assert refine_map(coarse.cost_map, fine)[40, 7] == coarse.cost_map[20, 3]


def snake(side: int, corridor: int) -> Problem:
    passable = np.ones((side, side), dtype=bool)
    passable[corridor :: corridor + 1] = False
    for number, row in enumerate(range(corridor, side, corridor + 1)):
        passable[row, slice(0, corridor) if number % 2 else slice(-corridor, None)] = True
    goal = tuple(np.argwhere(passable)[-1].tolist())
    cost_map = np.ones(passable.shape)
    limits = admissible_maps(cost_map, passable, 0.2, 5.0)
    return Problem(Grid(passable), cost_map, (Route((0, 0), goal),), limits)


@pytest.mark.parametrize("corridor", [1, 3, 7])
def test_walls_that_a_coarse_map_cannot_show_stop_the_coarsening(corridor):
    assert coarsen(snake(64, corridor)) is None


def test_too_much_invented_ground_stops_the_coarsening():
    for share, coarser in ((0.03, True), (0.2, False)):
        passable = np.random.default_rng(3).random((48, 48)) >= share
        passable[24, 1] = passable[24, 46] = True
        problem = table_problem(48, 8)
        limits = admissible_maps(problem.cost_map, passable, 0.2, 5.0)
        walled = replace(problem, grid=Grid(passable), admissible=limits)
        assert (coarsen(walled) is not None) == coarser


def test_ends_that_would_meet_stop_the_coarsening():
    problem = table_problem(40, 8)
    assert coarsen(replace(problem, routes=(Route((10, 10), (11, 11)),))) is None


@pytest.mark.parametrize(
    "ends", [((12, 4), (12, 20)), ((4, 12), (20, 12)), ((3, 4), (19, 20)), ((20, 3), (4, 19))], ids=str
)
def test_a_straight_path_refines_to_lanes_that_lose_nothing(ends):
    fine = table_problem(48, 8)
    coarse = present(coarsen(fine))
    path = path_flow(coarse.grid, distances_to(coarse.grid, coarse.cost_map, ends[1]), ends[0])
    refined = refine_flow(path[None], fine)[0]
    surplus = divergence(fine.grid, refined)
    near_ends = np.zeros(surplus.shape, dtype=bool)
    for row, column in ends:
        near_ends[2 * row - 2 : 2 * row + 4, 2 * column - 2 : 2 * column + 4] = True
    assert np.abs(surplus[~near_ends]).max() < 1e-12
    row, column = ends[0]
    assert surplus[2 * row - 2 : 2 * row + 4, 2 * column - 2 : 2 * column + 4].sum() == pytest.approx(1.0)
    loads = load_of_flow(fine.grid, refined).sum(), load_of_flow(coarse.grid, path).sum()
    assert loads[0] == pytest.approx(2.0 * loads[1], rel=1e-12)


@pytest.mark.parametrize("neighbours", [4, 8])
def test_where_flow_turns_it_only_misses_inside_a_block(neighbours):
    fine = table_problem(48, neighbours)
    coarse = present(coarsen(fine))
    field = distances_to(coarse.grid, coarse.cost_map, coarse.goals[0])
    _, flow = logit_flow(coarse.grid, coarse.cost_map, field, coarse.starts[0], 0.5)
    surplus = divergence(fine.grid, refine_flow(flow[None], fine)[0])
    # Half of the map: what leaves the start's half on the coarse map does so on the fine one.
    assert surplus[:, :24].sum() == pytest.approx(divergence(coarse.grid, flow)[:, :12].sum(), abs=1e-12)
    assert np.abs(surplus).sum() < 0.5 * flow.sum()


def test_refined_flow_keeps_to_legal_moves():
    fine = random_problem(4, 40, walls=0.04)
    coarse = present(coarsen(fine))
    field = distances_to(coarse.grid, coarse.cost_map, coarse.goals[0])
    _, flow = logit_flow(coarse.grid, coarse.cost_map, field, coarse.starts[0], 0.5)
    refined = refine_flow(flow[None], fine)[0]
    for move in range(8):
        assert not refined[move][(fine.grid.legal >> move & 1) == 0].any()
    assert refined.sum() > 1.5 * flow.sum()


def test_refined_potentials_are_exact_on_a_slope_and_skip_cells_without_one():
    fine = table_problem(40, 8)
    rows, columns = np.mgrid[0:20, 0:20]
    slope = np.array([rows + 0.5 * columns]) * 1.0
    refined = refine_potentials(slope, fine)[0]
    fine_rows, fine_columns = np.mgrid[0:40, 0:40]
    expected = (fine_rows - 0.5) + 0.5 * (fine_columns - 0.5)
    assert np.allclose(refined[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-12)
    slope[0, 7, 7] = np.nan
    patched = refine_potentials(slope, fine)[0]
    assert np.isfinite(patched).all()
    assert np.abs(patched - refined).max() < 1.6
    assert np.array_equal(patched[20:], refined[20:])
