"""Keeping the drawn map: the penalty and the share in closed form, the bound against a convex programme."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.cost_maps.change import share_kept, squared_change
from engine.cost_maps.keeping import (
    SMOOTH,
    change_penalty,
    contrast,
    keep_weight,
    trade_off,
)
from engine.cost_maps.problem import Objective, check_problem, path_costs
from engine.design.adversarial import DesignSettings, optimise_costs
from tests.oracles import lp_optimum, random_problem, table_problem
from tests.present import present

CHESS = np.indices((4, 6)).sum(axis=0) % 2
OPEN = Grid(np.ones((4, 6), dtype=bool))


def penalty(drawn, changed, keep=0.5, grid=OPEN):
    return float(change_penalty(grid, drawn, torch.tensor(changed), keep))


def test_the_penalty_of_an_even_change_and_of_a_chequered_one():
    drawn = 1.0 + 4.0 * CHESS  # standard deviation 2, two thirds of the mean
    assert contrast(OPEN, drawn) == pytest.approx(2.0)
    assert penalty(drawn, drawn + 1.0) == pytest.approx(keep_weight(0.5) * 0.25)
    # Neighbours differ by 2, which is the contrast.
    chequered = drawn + 2.0 * CHESS
    assert penalty(drawn, chequered) == pytest.approx(keep_weight(0.5) * (0.5 + SMOOTH))
    assert penalty(drawn, drawn) == 0.0
    assert penalty(drawn, chequered, keep=0.0) == 0.0


def test_the_penalty_does_not_know_the_unit_of_the_costs():
    drawn, changed = 1.0 + np.random.default_rng(0).random((2, 4, 6))
    assert penalty(7.0 * drawn, 7.0 * changed) == pytest.approx(penalty(drawn, changed), rel=1e-12)
    even = np.ones((4, 6))
    assert contrast(OPEN, even) == 0.5
    assert penalty(even, even + 0.5) == pytest.approx(keep_weight(0.5))


def test_walls_do_not_count():
    passable = np.ones((4, 6), dtype=bool)
    passable[1, 2] = False
    drawn = 1.0 + CHESS.astype(float)
    changed = drawn + 0.1
    changed[1, 2] = 99.0
    grid = Grid(passable)
    assert penalty(drawn, changed, grid=grid) == pytest.approx(
        keep_weight(0.5) * 0.01 / contrast(grid, drawn) ** 2, rel=1e-9
    )
    assert share_kept(passable, drawn, changed) == pytest.approx(1.0 - 0.05 * 23 / drawn[passable].sum())


def test_the_share_kept_is_the_cost_that_did_not_move():
    drawn = np.full((4, 6), 2.0)
    moved = drawn.copy()
    moved[0, 0], moved[3, 5] = 0.5, 3.5  # 1.5 of 48 went from one corner to the other
    assert share_kept(OPEN.passable, drawn, moved) == pytest.approx(1.0 - 1.5 / 48.0)
    assert share_kept(OPEN.passable, drawn, drawn) == 1.0
    assert share_kept(OPEN.passable, drawn, 100.0 * drawn) == 0.0


def longest_within(problem, change):
    """Limits of the longest path of maps with ‖z − drawn‖² ≤ change, two per cent apart.

    Linear programmes, cut by planes that touch the ball; a solution drawn back into the ball is a map.
    """
    admissible = problem.admissible
    origin, cuts, lower = admissible.reduce(problem.cost_map), [], 0.0
    for _ in range(200):
        upper, cost_map = lp_optimum(problem, cuts)
        away = admissible.reduce(cost_map) - origin
        moved = float(np.sum(admissible.size * away**2))
        inside = admissible.expand(origin + min(1.0, np.sqrt(change / moved)) * away)
        assert admissible.contains(inside)
        lower = max(lower, float(problem.weights @ path_costs(problem, inside)))
        if upper <= 1.02 * lower:
            return lower, upper
        row = admissible.size * away
        cuts.append((row, float(row @ origin) + np.sqrt(change * moved)))
    raise AssertionError("the cuts do not end")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "kinds"), [(2, {"neighbours": 4, "locked": 0.2}), (4, {"symmetry": "half_turn"})], ids=str
)
def test_the_bound_is_never_under_the_longest_path_of_maps_that_change_as_little_and_close(seed, kinds):
    problem = replace(random_problem(seed, 5, 2, **kinds), objective=Objective(keep=0.5))
    *_, end = optimise_costs(problem, DesignSettings(steps=150))
    change = squared_change(problem.admissible, problem.cost_map, end.best_map)
    lower, upper = longest_within(replace(problem, objective=Objective()), change)
    bound = present(end.keeping_bound)
    assert end.best_score <= upper * (1.0 + 1e-9)
    assert lower * (1.0 - 1e-9) <= bound <= upper * 1.06
    assert bound < present(end.upper_bound)


def test_every_line_of_the_bound_holds_for_every_map():
    problem = random_problem(7, 7, locked=0.1)
    random = np.random.default_rng(0)
    bound = trade_off(problem.admissible, problem.cost_map)
    assert bound.bound(1.0) == np.inf
    for _ in range(5):  # loads of exact paths on random maps: unit flows all
        settings = DesignSettings("exact", steps=1, bound=False, seed=int(random.integers(99)))
        *_, step = optimise_costs(problem, settings)
        bound = bound.with_load(step.loads[0], float(random.uniform(0.1, 20.0)))
    for scale in np.geomspace(1e-3, 10.0, 60):
        noise = scale * random.normal(size=problem.grid.shape)
        cost_map = problem.admissible.nearest(problem.cost_map + noise)
        change = squared_change(problem.admissible, problem.cost_map, cost_map)
        assert path_costs(problem, cost_map)[0] <= bound.bound(change) * (1.0 + 1e-12)


@pytest.mark.slow
def test_the_stronger_the_more_is_kept_and_the_shorter_the_path():
    ends = []
    for keep in (0.0, 0.25, 0.5, 0.75, 1.0):
        problem = replace(table_problem(16, 8), objective=Objective(keep=keep))
        *_, end = optimise_costs(problem, DesignSettings(steps=80, bound=False))
        ends.append((end.kept, -end.best_score))
    assert ends == sorted(ends)
    assert ends[0][0] < 0.7
    assert 0.9 < ends[2][0] < 0.98
    assert ends[-1][0] > 0.995


@pytest.mark.parametrize(("keep", "repaired"), [(-0.1, 0.0), (1.5, 1.0), (np.nan, None)])
def test_a_strength_out_of_range_is_refused(keep, repaired):
    with pytest.raises(ProblemError, match="between 0 and 1") as refused:
        check_problem(replace(table_problem(8, 4), objective=Objective(keep=keep)))
    assert (refused.value.fix.value if refused.value.fix else None) == repaired
