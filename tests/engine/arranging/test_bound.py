"""No arrangement is above the bound: not the optimum by HiGHS, nor any map that a run ever makes."""

from dataclasses import replace

import numpy as np
import pytest

from engine.arranging.problem import Limits, path_costs, score
from engine.arranging.run import ArrangeSettings, arrange
from tests.oracles_arranging import best_arrangement, blocks, open_map, random_arrangement
from tests.present import present

SHORT = ArrangeSettings(steps=12, searches=1, threads=1)


def checked(problem, settings=SHORT):
    """The last iterate of a run whose every map is at or under the bound that the run proves."""
    maps, last = [], None
    for last in arrange(problem, settings):
        maps.append(last.terrain)
    last = present(last)
    bound = present(last.upper_bound)
    for terrain in maps:
        assert score(problem, path_costs(problem, terrain)) <= bound * (1.0 + 1e-9)
    return last


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_on_small_open_maps_the_run_is_at_most_the_optimum_and_the_bound_at_least(seed):
    problem = open_map(6, (1.0, 5.0), (0.7, 0.3), seed)
    best = best_arrangement(problem)
    last = checked(problem, ArrangeSettings(steps=40, searches=1, threads=1))
    assert last.score <= best + 1e-6 <= present(last.upper_bound) + 2e-6
    assert last.score == pytest.approx(best, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(districts=blocks((6, 6), 3)),
        Limits(most_changed=0.2),
        Limits(symmetry="left_right"),
        Limits(free_zone=1.0),
    ],
    ids=["none", "districts", "changes", "symmetry", "free zone"],
)
def test_with_limits_and_two_classes_the_optimum_is_between(limits):
    problem = random_arrangement(7, 6, 2, 2, limits=limits)
    last = checked(problem)
    best = best_arrangement(problem)
    assert last.score <= best + 1e-6
    assert present(last.upper_bound) >= best - 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("aim", ["longer", "fair"])
@pytest.mark.parametrize("seed", range(3))
def test_no_map_of_a_run_is_above_its_bound_where_distances_tie(seed, aim):
    # Whole costs on an open map tie everywhere.
    problem = replace(open_map(10, (1.0, 2.0, 3.0), (0.5, 0.3, 0.2), seed), aim=aim)
    checked(problem)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_random_arrangements_are_never_above_the_bound(seed):
    problem = random_arrangement(seed, 9, 3, 2)
    bound = present(checked(problem).upper_bound)
    generator = np.random.default_rng(seed)
    tiles = problem.terrain[problem.tiles]
    for _ in range(200):
        terrain = problem.terrain.copy()
        terrain[problem.tiles] = generator.permutation(tiles)
        assert score(problem, path_costs(problem, terrain)) <= bound
