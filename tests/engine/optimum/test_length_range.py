"""The range of possible path lengths: its ends are had by admissible maps, and refusals name it."""

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import ProblemError, SuggestedFix
from engine.cost_maps.problem import path_costs
from engine.optimum.length_range import length_range
from engine.paths.exact import distances_to
from tests.oracles import LP_OPTIMA, lp_optimum, random_problem, shortest_length, table_problem

KINDS = [{}, {"locked": 0.2}, {"symmetry": "half_turn"}, {"cost_rule": "entered", "neighbours": 4}]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("seed", [2, 3])
def test_the_ends_are_lengths_of_admissible_maps(kind, seed):
    problem = random_problem(seed, 8, **kind)
    lengths = length_range(problem)
    for length, cost_map in (
        (lengths.shortest, lengths.shortest_map),
        (lengths.longest, lengths.longest_map),
    ):
        assert problem.admissible.contains(cost_map)
        assert path_costs(problem, cost_map)[0] == pytest.approx(length, rel=1e-12)
    known, _ = lp_optimum(problem)
    assert known * (1.0 - 2.5e-3) <= lengths.longest <= known * (1.0 + 1e-9) <= lengths.upper_bound * (1.0 + 1e-8)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_no_random_map_is_outside(kind):
    problem = random_problem(5, 7, **kind)
    lengths, generator = length_range(problem), np.random.default_rng(0)
    for _ in range(50):
        spread = generator.choice([0.5, 2.0, 10.0])
        drawn = problem.admissible.project(generator.normal(1.0, spread, problem.admissible.size.size))
        cost = path_costs(problem, problem.admissible.expand(drawn))[0]
        assert lengths.shortest * (1.0 - 1e-12) <= cost <= lengths.upper_bound * (1.0 + 1e-12)


def test_with_room_for_the_total_the_shortest_path_costs_the_least_everywhere():
    problem = table_problem(16, 8)
    lengths = length_range(problem)
    least = distances_to(problem.grid, np.full((16, 16), 0.2), problem.goals[0]).distance[problem.starts[0]]
    assert lengths.shortest == pytest.approx(least, rel=1e-12)
    assert lengths.longest == pytest.approx(LP_OPTIMA[16, 8], rel=2.5e-3)


def test_without_room_the_total_has_to_go_somewhere():
    problem = table_problem(8, 8, budget=0.98 * 5.0 * 64)
    lengths = length_range(problem)
    assert (
        lengths.shortest
        > 1.5 * distances_to(problem.grid, np.full((8, 8), 0.2), problem.goals[0]).distance[problem.starts[0]]
    )
    assert problem.admissible.contains(lengths.shortest_map)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "size", "neighbours", "share"),
    [(1, 3, 8, 0.97), (3, 3, 8, 0.9), (45, 3, 8, 0.9), (47, 4, 4, 0.9), (50, 4, 4, 0.9), (15, 4, 4, 0.9)],
)
def test_with_little_room_the_shortest_is_that_of_all_ways_tried(seed, size, neighbours, share):
    # Locked cells, and a total near the largest: the way across the cheapest map is not the best in the end.
    problem = random_problem(seed, size, walls=0.1, locked=0.3 if size == 3 else 0.4, neighbours=neighbours)
    limits = problem.admissible
    budget = share * limits.size @ limits.upper + (1.0 - share) * limits.size @ limits.lower
    problem = replace(problem, admissible=replace(limits, budget=float(budget)))
    assert length_range(problem).shortest == pytest.approx(shortest_length(problem), rel=1e-12)


def test_a_length_out_of_range_is_refused_with_the_range():
    lengths = length_range(table_problem(10, 8))
    assert lengths.share(lengths.shortest) == 0.0
    assert lengths.share(lengths.longest) == 1.0
    with pytest.raises(ProblemError, match=r"path 30 long.*between 1\.40 and 18\.5\d long.*Ask for") as refusal:
        lengths.share(30.0)
    assert refusal.value.fix == SuggestedFix("length", lengths.longest)
    with pytest.raises(ProblemError) as refusal:
        lengths.share(0.5)
    assert refusal.value.fix == SuggestedFix("length", lengths.shortest)
    with pytest.raises(ProblemError, match="nan"):
        lengths.share(float("nan"))


def test_several_routes_are_refused():
    with pytest.raises(ProblemError, match="there are 2; keep one"):
        length_range(random_problem(4, 8, routes=2))


def test_the_weight_of_the_route_and_the_aim_do_not_matter():
    plain = length_range(random_problem(6, 8))
    other = length_range(random_problem(6, 8, aim="longer_minimum"))
    assert plain.longest == other.longest
    assert plain.shortest == other.shortest
