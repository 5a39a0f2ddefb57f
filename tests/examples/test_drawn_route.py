"""Draw a route, and let the costs follow: the least change of the map that makes the drawn line the shortest path.

The straight way costs less, of course. `draw_route` raises it and lowers the line until the line wins, and bounds
from below how little change any map would need.
"""

from collections import deque

import numpy as np

from engine import DrawnRouteProblem, Grid, admissible_maps, distances_to, draw_route, shortest_path
from engine.design.drawn_line import legal_chain
from engine.design.drawn_route import DrawnRouteSettings


def test_the_shortest_path_takes_the_drawn_line() -> None:
    grid = Grid(np.ones((12, 16), dtype=bool))
    drawn = np.ones((12, 16))
    line = legal_chain(grid, [(6, 1), (2, 5), (2, 10), (6, 14)])  # a detour through the north, by its corners
    limits = admissible_maps(drawn, grid.passable, lower=0.2, upper=5.0)

    problem = DrawnRouteProblem(grid, drawn, line, limits)
    (end,) = deque(draw_route(problem, DrawnRouteSettings(steps=60)), maxlen=1)

    field = distances_to(grid, end.best_map, (6, 14))
    assert shortest_path(field, (6, 1)).tolist() == line.tolist()
    assert end.gap is not None
    assert end.gap < 0.02  # the change is within two per cent of the least possible one
    assert end.least_change <= np.linalg.norm(end.best_map - drawn) <= 1.02 * end.least_change
