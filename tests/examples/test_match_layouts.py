"""Move one layout of points onto another, with walls in the way: each point finds the place that is best for all.

The plan of optimal transport says who goes where. While its blur is large, points move towards averages of places;
as it falls, each takes one. In the end the total distance is that of the best assignment.
"""

from collections import deque

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine import Limits, MatchProblem, PointSet, match_points


def test_points_move_to_the_places_that_cost_least_together() -> None:
    random = np.random.default_rng(1)
    passable = np.ones((20, 20), dtype=bool)
    passable[8:12, 10] = False
    loot = PointSet("loot", random.uniform(1.0, 8.0, (8, 2)))
    camps = PointSet("camps", random.uniform(12.0, 19.0, (8, 2)))

    (end,) = deque(match_points(MatchProblem((loot,), (camps,), Limits(passable))), maxlen=1)

    # Every camp holds one point now.
    distance = np.linalg.norm(end.positions[0][:, None] - camps.positions[None], axis=2)
    assert sorted(distance.argmin(axis=1).tolist()) == list(range(8))
    assert distance.min(axis=1).max() < 0.05

    # And the points went where the best assignment of the start sends them.
    squared = ((loot.positions[:, None] - camps.positions[None]) ** 2).sum(axis=2)
    assert distance.argmin(axis=1).tolist() == linear_sum_assignment(squared)[1].tolist()
