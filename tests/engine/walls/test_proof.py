"""Branch and bound against every placing, and single moves against every single move."""

from dataclasses import replace

import numpy as np
import pytest

from engine.core.grid import CornerRule, CostRule, Grid
from engine.walls.board import board_of
from engine.walls.placings import on_map
from engine.walls.problem import WallProblem, WallRoute, place_walls
from engine.walls.proof import prove_longest
from engine.walls.search import Search
from engine.walls.touched import workspace_of
from tests.oracles_walls import best_after_one_move, best_value, value_with, wall_instance

NEVER = np.zeros(1, np.uint8)


def proved(problem: WallProblem, limit: int = 10**9) -> tuple[float, bool, np.ndarray]:
    board = board_of(problem)
    walls = np.zeros(problem.count, np.int64)
    value, ended = prove_longest(board, problem.count, -1.0, limit, walls, workspace_of(board), NEVER)
    return value, ended, on_map(board, walls)


def small(seed, corner_rule: CornerRule, cost_rule: CostRule, walls=2):
    """Two routes, one past a waypoint, over uneven costs."""
    generator = np.random.default_rng(seed)
    passable = np.ones((4, 5), bool)
    passable[generator.integers(4), 2] = False
    grid = Grid(passable, 8, corner_rule, cost_rule)
    routes = (WallRoute(((0, 0), (3, 3), (0, 4)), 2.0), WallRoute(((3, 0), (0, 4))))
    return place_walls(grid, generator.uniform(0.5, 2.0, (4, 5)), routes, np.ones_like(passable), walls)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("neighbours", [4, 8])
def test_the_longest_way_of_all_placings(seed, neighbours):
    problem = wall_instance(5, seed, neighbours, 3)
    value, ended, walls = proved(problem)
    assert ended
    assert value == pytest.approx(best_value(problem))
    assert value == pytest.approx(value_with(problem, walls))
    assert walls.sum() == 3


@pytest.mark.parametrize(
    ("corner_rule", "cost_rule"), [("both_open", "mean"), ("one_open", "entered"), ("free", "mean")]
)
def test_the_longest_way_past_waypoints_over_uneven_costs(corner_rule, cost_rule):
    problem = small(2, corner_rule, cost_rule)
    value, ended, walls = proved(problem)
    assert ended
    assert value == pytest.approx(best_value(problem))
    assert value == pytest.approx(value_with(problem, walls))


def test_a_corner_alone_can_lengthen_a_diagonal():
    """Both corners of the only diagonal are candidates, the cells of the path are not."""
    passable = np.ones((2, 2), bool)
    allowed = np.array([[False, True], [True, False]])
    problem = place_walls(Grid(passable), np.ones((2, 2)), (WallRoute(((0, 0), (1, 1))),), allowed, 1)
    value, ended, _ = proved(problem)
    assert ended
    assert value == pytest.approx(2.0)


def test_a_proof_that_may_not_look_at_enough_says_that_it_did_not_end():
    assert not proved(wall_instance(6, 0, 4, 4), limit=3)[1]


def test_walls_beyond_those_that_help_stand_where_they_seal_nothing():
    """The longest way through 15 cells needs fewer walls than the seven that are asked for."""
    passable = np.ones((3, 5), bool)
    problem = place_walls(Grid(passable, 4), np.ones((3, 5)), (WallRoute(((0, 0), (0, 4))),), passable, 7)
    value, ended, walls = proved(problem)
    assert ended
    assert walls.sum() == 7
    assert value == pytest.approx(value_with(problem, walls))
    assert value == pytest.approx(best_value(problem))


@pytest.mark.slow
@pytest.mark.parametrize("aim", ["longer", "shorter"])
def test_where_single_walls_were_moved_no_move_of_one_is_left(aim):
    problem = replace(wall_instance(6, 1, 8, 5), aim=aim)
    search = Search(problem, 3)
    before = search.value
    assert search.settle()
    assert value_with(problem, search.walls) == pytest.approx(search.value)
    sign = 1.0 if aim == "longer" else -1.0
    assert sign * search.value >= sign * before
    assert sign * best_after_one_move(problem, search.walls) <= sign * search.value + 1e-9
