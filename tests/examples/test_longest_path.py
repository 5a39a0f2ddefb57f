"""How long can the shortest path be made, with the same total of cost? Adam finds a map, a bound says how good.

`optimise_costs` yields after every step, so the caller decides when to look and when to stop. Its certificate is
an upper bound on what any admissible map can reach: here the run ends once it is within two per cent of that.
`approach_optimum` closes the gap by another method, to as little as you ask.
"""

from collections import deque

import numpy as np

from engine import (
    DesignSettings,
    Grid,
    OptimumSettings,
    Problem,
    Route,
    admissible_maps,
    approach_optimum,
    distances_to,
    optimise_costs,
)


def test_a_path_becomes_longer_and_the_bound_says_how_near_to_the_longest() -> None:
    cost_map = np.ones((24, 24))
    grid = Grid(np.ones((24, 24), dtype=bool), neighbours=8)
    limits = admissible_maps(cost_map, grid.passable, lower=0.2, upper=5.0, symmetry="top_bottom")
    problem = Problem(grid, cost_map, (Route((12, 1), (12, 22)),), limits)
    drawn = distances_to(grid, cost_map, (12, 22)).distance[12, 1]

    run = optimise_costs(problem, DesignSettings(steps=150))
    good = next(iterate for iterate in run if iterate.gap is not None and iterate.gap < 0.02)
    found = good.best_map  # and good.state goes on from here, on this map or an edited one

    longer = distances_to(grid, found, (12, 22)).distance[12, 1]
    assert longer == good.best_score > 2.0 * drawn
    assert np.isclose(found.sum(), cost_map.sum())
    assert found.min() >= 0.2 - 1e-12
    assert found.max() <= 5.0 + 1e-12
    assert np.allclose(found, found[::-1])  # the symmetry was kept

    (best,) = deque(approach_optimum(problem, OptimumSettings(tolerance=1e-3)), maxlen=1)
    assert best.gap <= 1e-3
    assert longer <= best.upper_bound
    assert good.upper_bound is not None
    assert best.value <= good.upper_bound  # no map is above either bound
    assert longer > 0.98 * best.value
