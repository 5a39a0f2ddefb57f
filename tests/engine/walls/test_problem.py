"""What is refused before a run, and that the suggested repair is enough."""

import numpy as np
import pytest

from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.walls.problem import WallRoute, kept_open, place_walls, remove_walls, route_lengths
from tests.oracles_walls import value_with

SHAPE = (4, 5)
COSTS = np.ones(SHAPE)
ANYWHERE = np.ones(SHAPE, bool)
ROUTE = WallRoute(((0, 0), (3, 4)))


def refusal(*arguments, make=place_walls, **more) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        make(*arguments, **more)
    return caught.value


def test_more_walls_than_a_way_leaves_room_for():
    grid = Grid(ANYWHERE, 4)
    error = refusal(grid, COSTS, (ROUTE,), ANYWHERE, 13)
    assert error.fix is not None
    assert (error.fix.setting, error.fix.value) == ("walls", 12), "20 cells, 8 of them on the way"
    problem = place_walls(grid, COSTS, (ROUTE,), ANYWHERE, 12)
    assert np.isfinite(value_with(problem, problem.candidates & ~kept_open(problem)))
    assert "choose 1 to 12" in str(error)


def test_no_walls_at_all():
    error = refusal(Grid(ANYWHERE), COSTS, (ROUTE,), ANYWHERE, 0)
    assert error.fix is not None
    assert error.fix.value == 1


def test_nothing_that_may_change():
    locked = np.zeros(SHAPE, bool)
    assert "no cell where a wall may stand" in str(refusal(Grid(ANYWHERE), COSTS, (ROUTE,), locked, 2))
    assert "no wall that may be removed" in str(
        refusal(Grid(ANYWHERE), COSTS, (ROUTE,), ANYWHERE, 2, "shorter", make=remove_walls)
    )


def test_a_wall_across_the_map_needs_an_opening_for_every_route():
    passable = ANYWHERE.copy()
    passable[:, 1:3] = False  # two walls thick
    error = refusal(Grid(passable, 4), COSTS, (ROUTE,), ANYWHERE, 1, "shorter", make=remove_walls)
    assert error.fix is not None
    assert (error.fix.setting, error.fix.value) == ("walls", 2)
    problem = remove_walls(Grid(passable, 4), COSTS, (ROUTE,), ANYWHERE, 2, "shorter")
    assert problem.count == 6
    too_many = refusal(Grid(passable), COSTS, (ROUTE,), ANYWHERE, 9, "longer", make=remove_walls)
    assert too_many.fix is not None
    assert too_many.fix.value == 8


@pytest.mark.parametrize(
    ("routes", "says"),
    [
        ((), "there is no route"),
        ((WallRoute(((0, 0), (9, 9))),), "outside the map"),
        ((WallRoute(((0, 0), (2, 2), (3, 4))),), "stops at cell (2, 2), a wall"),
        ((WallRoute(((0, 0), (0, 0))),), "leads from cell (0, 0) to itself"),
        ((WallRoute(((0, 0), (3, 4)), 0.0),), "has weight 0.0"),
        ((WallRoute(((0, 0), (1, 4))),), "no way leads from (0, 0) to (1, 4)"),
    ],
)
def test_routes_that_cannot_be(routes, says):
    passable = ANYWHERE.copy()
    passable[2, 2] = passable[0, 3] = passable[1, 3] = passable[2, 4] = passable[2, 3] = False
    assert says in str(refusal(Grid(passable), COSTS, routes, ANYWHERE, 1))


def test_costs_that_are_not_positive():
    costs = COSTS.copy()
    costs[1, 1] = 0.0
    assert refusal(Grid(ANYWHERE), costs, (ROUTE,), ANYWHERE, 1).subject == "cost"


def test_stops_never_become_walls_and_locked_cells_stay():
    allowed = ANYWHERE.copy()
    allowed[1] = False
    route = WallRoute(((0, 0), (2, 2), (3, 4)))
    problem = place_walls(Grid(ANYWHERE), COSTS, (route,), allowed, 1)
    assert problem.free == 20 - 5 - 3
    assert not any(problem.candidates[stop] for stop in route.stops)


def test_a_route_is_as_long_as_its_legs_together():
    problem = place_walls(Grid(ANYWHERE, 4), COSTS, (WallRoute(((0, 0), (3, 0), (3, 4))), ROUTE), ANYWHERE, 1)
    assert route_lengths(problem, ~ANYWHERE).tolist() == [7.0, 7.0]
    assert route_lengths(problem, ~np.eye(4, 5, dtype=bool)).tolist() == [np.inf, np.inf]
