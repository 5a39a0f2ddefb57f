"""From a map file to a game engine's grid: read, run, apply, export.

Documents live in `maps`, arrays in `engine`; a few lines in between take one to the other. What a format cannot
keep is said when it is written, so that nothing is lost in silence.
"""

from collections import deque
from pathlib import Path

import numpy as np

from app.scenarios.translate import movement_grid
from engine import DesignSettings, Problem, Route, admissible_maps, optimise_costs
from engine.cost_maps.problem import path_costs
from maps.edits import apply_costs
from maps.formats import read_map, write_map
from maps.samples import sample_path


def test_a_sample_map_is_optimised_and_exported(tmp_path: Path) -> None:
    document = read_map(sample_path("pass"))
    costs = document.cost.astype(float)
    limits = admissible_maps(
        costs, document.passable, document.bounds.lower, document.bounds.upper, locked=document.locked
    )
    routes = tuple(Route(route.start, route.goal, route.weight) for route in document.routes)
    problem = Problem(movement_grid(document), costs, routes, limits)

    (end,) = deque(optimise_costs(problem, DesignSettings(steps=15, bound=False)), maxlen=1)
    edit = apply_costs(document, end.best_map)
    lost = write_map(edit.document, tmp_path / "pass.csv")

    assert end.best_score > path_costs(problem, costs).sum()  # one route of weight 1
    assert "the routes" in lost
    grid = np.loadtxt(tmp_path / "pass.csv", delimiter=",")
    assert np.array_equal(np.isinf(grid), ~document.passable)  # walls are infinite
    assert np.isclose(grid[document.passable].sum(), costs[document.passable].sum(), rtol=1e-5)
    assert np.array_equal(grid[document.locked], document.cost[document.locked])
