"""Two teams, one gold mine each: change the costs a little until both have the way that they were promised.

What counts is an order: the mine must be the nearest site of its own team. The drawn map breaks that for the
second team. The result keeps bounds and total, and the run ends as soon as both teams have theirs.
"""

from collections import deque

import numpy as np

from engine import BalanceProblem, Grid, admissible_maps, balance, distances_to
from engine.design.balance import BalanceSettings
from engine.design.balance_problem import Nearest

SPAWNS = ((6, 0), (6, 12))
MINES = ((2, 3), (10, 9))


def test_each_team_gets_its_own_mine() -> None:
    grid = Grid(np.ones((13, 13), dtype=bool))
    drawn = np.ones((13, 13))
    drawn[7:, 7:] = 4.0  # a bog between the second team and its mine
    limits = admissible_maps(drawn, grid.passable, lower=0.2, upper=5.0)
    aims = (Nearest(spawn=0, site=0, k=1), Nearest(spawn=1, site=1, k=1))
    problem = BalanceProblem(grid, drawn, SPAWNS, (0, 1), MINES, aims, limits)

    def ways(cost_map: np.ndarray) -> np.ndarray:
        fields = [distances_to(grid, cost_map, mine) for mine in MINES]
        return np.array([[field.distance[spawn] for field in fields] for spawn in SPAWNS])

    assert ways(drawn)[1].argmin() == 0  # the other team's mine is nearer
    (end,) = deque(balance(problem, BalanceSettings(stop=True)), maxlen=1)

    assert end.best_standing.met == 2
    assert ways(end.best_map).argmin(axis=1).tolist() == [0, 1]
    assert np.isclose(end.best_map.sum(), drawn.sum())
    assert end.best_map.min() >= 0.2 - 1e-12
