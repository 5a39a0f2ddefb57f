"""The exact assignment against linear programming and against scipy's assignment."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment, linprog

from engine.arranging.assignment import assign, assign_within
from tests.engine.arranging.instances import pools_of
from tests.present import present


def linear_programme(scores, least, most, allowed, kept=None):
    """The largest total of scores, None where there is none; `kept`: (unchanged (U, T), least of them)."""
    units, terrains = scores.shape
    one_each: Any = sp.kron(sp.eye(units), np.ones((1, terrains)))  # scipy's stubs know no sparse constraints
    number = sp.kron(np.ones((1, units)), sp.eye(terrains))
    upper: Any
    upper, right = sp.vstack([number, -number]), np.concatenate([most, -np.array(least)])
    if kept is not None:
        upper = sp.vstack([upper, sp.csr_matrix(-kept[0].reshape(1, -1))])
        right = np.append(right, -kept[1])
    found = linprog(
        -scores.reshape(-1),
        A_ub=upper,
        b_ub=right,
        A_eq=one_each,
        b_eq=np.ones(units),
        bounds=[(0.0, float(most)) for most in allowed.reshape(-1)],
    )
    return -float(present(found.fun)) if found.status == 0 else None


@pytest.mark.parametrize("seed", range(40))
def test_assignment_and_bound_equal_the_linear_programme(seed):
    generator = np.random.default_rng(seed)
    units, terrains = generator.integers(1, 14), generator.integers(2, 5)
    tied = seed % 2 == 0
    scores = (
        generator.integers(0, 3, (units, terrains)).astype(float)
        if tied
        else generator.normal(size=(units, terrains))
    )
    drawn = generator.multinomial(units, np.ones(terrains) / terrains)
    slack = generator.integers(0, 3, (2, terrains)) * (seed % 3 > 0)
    least, most = np.maximum(drawn - slack[0], 0), drawn + slack[1]
    allowed = generator.random((units, terrains)) < (0.7 if seed % 5 == 0 else 1.1)
    prices = generator.normal(size=(1, terrains)) * (seed % 4 == 1)
    found = assign(pools_of([least], [most], allowed, [units]), scores, prices)
    best = linear_programme(scores, least, most, allowed)
    if best is None:
        assert found is None
        return
    found = present(found)
    number = np.bincount(found.chosen, minlength=terrains)
    assert ((least <= number) & (number <= most)).all()
    assert allowed[np.arange(units), found.chosen].all()
    assert scores[np.arange(units), found.chosen].sum() == pytest.approx(best, abs=1e-9)
    assert found.upper_bound == pytest.approx(best, abs=1e-9)


def test_exact_counts_equal_scipys_assignment():
    generator = np.random.default_rng(0)
    counts = np.array([20, 7, 13])
    scores = generator.normal(size=(40, 3))
    found = present(assign(pools_of([counts], [counts]), scores))
    units, tiles = linear_sum_assignment(np.repeat(scores, counts, axis=1), maximize=True)
    best = np.repeat(scores, counts, axis=1)[units, tiles].sum()
    assert scores[np.arange(40), found.chosen].sum() == pytest.approx(best, abs=1e-10)


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-18, 1e-12])
def test_scores_that_vanish_beside_the_prices_of_an_earlier_problem_end(scale):
    # score − price rounds to the price alone, so that the first choice is not the best one.
    for seed in range(20):
        generator = np.random.default_rng(seed)
        counts = generator.multinomial(60, np.ones(5) / 5)
        scores = scale * generator.normal(size=(60, 5))
        found = present(assign(pools_of([counts], [counts]), scores, generator.normal(size=(1, 5))))
        np.testing.assert_array_equal(np.bincount(found.chosen, minlength=5), counts)
        total = scores[np.arange(60), found.chosen].sum()
        assert found.upper_bound == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_loads_of_many_sizes_leave_no_circle_to_follow_for_ever(seed):
    # Loads fall by many powers of ten away from a path; prices are those of slightly different loads.
    generator = np.random.default_rng(seed)
    counts = generator.multinomial(200, np.ones(7) / 7)
    costs = np.array([0.5, 0.8, 1.0, 1.6, 2.4, 3.5, 4.5])
    prices = None
    for _ in range(5):
        loads = 10.0 ** generator.uniform(-16.0, 0.0, 200)
        scores = loads[:, None] * costs
        found = present(assign(pools_of([counts], [counts]), scores, prices))
        prices = found.prices
        np.testing.assert_array_equal(np.bincount(found.chosen, minlength=7), counts)
        best = np.sort(loads) @ np.repeat(costs, counts)  # the rearrangement inequality
        assert scores[np.arange(200), found.chosen].sum() == pytest.approx(best, rel=1e-9)
        assert found.upper_bound == pytest.approx(best, rel=1e-9)


def test_each_pool_keeps_its_own_numbers():
    generator = np.random.default_rng(1)
    pools = np.array([[3, 4, 0], [5, 1, 2], [0, 0, 6]])
    found = present(assign(pools_of(pools, pools), generator.normal(size=(21, 3))))
    start = np.concatenate([[0], np.cumsum(pools.sum(axis=1))])
    for pool, (first, last) in enumerate(pairwise(start)):
        np.testing.assert_array_equal(np.bincount(found.chosen[first:last], minlength=3), pools[pool])


@pytest.mark.parametrize("seed", range(12))
def test_a_limit_on_changes_is_kept_and_the_bound_holds(seed):
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, 3, 24)
    counts = np.bincount(drawn, minlength=3)
    scores = generator.normal(size=(24, 3))
    given = pools_of([counts], [counts], drawn=drawn)
    for most_changed in (0, 5, 11, 24):
        found = present(assign_within(given, scores, most_changed))
        assert given.tiles_changed(found.chosen) <= most_changed
        unchanged = (1.0 - given.changes, 24 - most_changed)
        best = present(linear_programme(scores, counts, counts, given.allowed, unchanged))
        assert found.upper_bound >= best - 1e-6
        assert found.upper_bound <= best + 1e-3 * abs(best) + 1e-3
        # For as many changes as it makes, there is no better one.
        kept = (1.0 - given.changes, 24 - given.tiles_changed(found.chosen))
        best = present(linear_programme(scores, counts, counts, given.allowed, kept))
        assert scores[np.arange(24), found.chosen].sum() == pytest.approx(best, abs=1e-4)
