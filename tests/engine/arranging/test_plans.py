"""Plans keep every pool's numbers of tiles, and are the entropic optimum."""

import numpy as np
import pytest

from engine.arranging.plans import even_plan, plan_of, plan_within
from tests.engine.arranging.instances import pools_of


@pytest.mark.parametrize("seed", range(20))
def test_plans_have_the_asked_marginals(seed):
    generator = np.random.default_rng(seed)
    units, terrains = generator.integers(3, 40), generator.integers(2, 5)
    counts = generator.multinomial(units, np.ones(terrains) / terrains)
    slack = generator.integers(0, 3, (2, terrains)) * (seed % 3 > 0)
    least, most = np.maximum(counts - slack[0], 0), counts + slack[1]
    values = generator.normal(size=(units, terrains)) * (1, 5, 20)[seed % 3]
    plan, prices = plan_of(pools_of([least], [most], sizes=[units]), values, np.zeros((1, terrains)))
    np.testing.assert_allclose(plan.sum(axis=1), 1.0, atol=1e-12)
    assert (plan.sum(axis=0) >= least - 2e-5 * units).all()
    assert (plan.sum(axis=0) <= most + 2e-5 * units).all()
    if (least == most).all():  # rows are softmax of values less prices
        odds = np.exp(values - prices) * (counts > 0)
        np.testing.assert_allclose(plan, odds / odds.sum(axis=1, keepdims=True), atol=1e-9)


def test_two_terrains_in_two_cells_in_closed_form():
    # One tile of each: the plan is [[p, 1 − p], [1 − p, p]] with log-odds of half the difference of the values.
    values = np.array([[1.0, 0.0], [0.0, 0.5]])
    plan, _ = plan_of(pools_of([[1, 1]], [[1, 1]]), values, np.zeros((1, 2)))
    assert plan[0, 0] == pytest.approx(1.0 / (1.0 + np.exp(-0.5 * (1.0 + 0.5))), abs=1e-5)


def test_forbidden_and_absent_terrains_have_no_share():
    allowed = np.ones((6, 3), dtype=bool)
    allowed[:2, 0] = False
    choices = pools_of([[2, 4, 0]], [[2, 4, 0]], allowed=allowed)
    plan, _ = plan_of(choices, np.random.default_rng(0).normal(size=(6, 3)), np.zeros((1, 3)))
    assert not plan[:2, 0].any()
    assert not plan[:, 2].any()
    np.testing.assert_allclose(plan.sum(axis=0), [2, 4, 0], atol=1e-4)


def test_the_even_plan_is_the_same_for_all_units_of_a_pool():
    plan = even_plan(pools_of([[3, 1], [1, 4]], [[3, 1], [1, 4]]))
    np.testing.assert_allclose(plan, [[0.75, 0.25]] * 4 + [[0.2, 0.8]] * 5, atol=1e-5)


def test_a_plan_changes_no_more_tiles_than_it_may():
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, 3, 60)
    counts = np.bincount(drawn, minlength=3)
    choices = pools_of([counts], [counts], drawn=drawn)
    values = 3.0 * generator.normal(size=(60, 3))
    free, _ = plan_of(choices, values, np.zeros((1, 3)))
    assert (free * choices.changes).sum() > 20.0
    for most_changed in (6.0, 15.0):
        plan, _ = plan_within(choices, values, np.zeros((1, 3)), most_changed)
        changed = (plan * choices.changes).sum()
        assert changed <= most_changed + 1e-9
        assert changed >= 0.95 * most_changed  # and no fewer than it has to
        np.testing.assert_allclose(plan.sum(axis=0), counts, atol=1e-3)
