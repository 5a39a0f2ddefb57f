"""Classes of costs: the least squared error, against every way to part the costs and against a table of all."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from maps.cost_classes import EXACT, cost_classes, with_cost_classes
from maps.document import new_document


def loss(costs, passable, most):
    classes = cost_classes(costs, passable, most)
    return float(((classes.costs.astype(np.float64)[classes.number] - costs) ** 2)[passable].sum()), classes


def of_parts(values, counts, ends):
    """Squared error of the classes values[begin:end], each its mean."""
    total = 0.0
    for begin, end in pairwise(ends):
        part, weight = values[begin:end], counts[begin:end]
        mean = (part * weight).sum() / weight.sum()
        total += (weight * (part - mean) ** 2).sum()
    return total


def by_table(values, counts, most):
    """The least squared error by the plain table of dynamic programming, n² sums for each class."""
    cells, costs, squares = (np.append(0.0, np.cumsum(x)) for x in (counts, counts * values, counts * values**2))
    begin, end = np.arange(len(values))[:, None], np.arange(1, len(values) + 1)[None]
    with np.errstate(divide="ignore", invalid="ignore"):
        one = squares[end] - squares[begin] - (costs[end] - costs[begin]) ** 2 / (cells[end] - cells[begin])
    one = np.where(begin < end, one, np.inf)
    best = one[0]
    for _ in range(most - 1):
        best = (np.append(np.inf, best[:-1])[:, None] + one).min(axis=0)
    return best[-1]


@pytest.mark.parametrize("seed", range(6))
def test_no_other_way_to_part_the_costs_has_a_smaller_error(seed):
    random = np.random.default_rng(seed)
    costs = random.choice(random.lognormal(0.0, 1.5, 9), (6, 7)).astype(np.float32)
    passable = random.random((6, 7)) < 0.8
    values, counts = np.unique(costs[passable].astype(np.float64), return_counts=True)
    for most in (1, 2, 3, 5):
        found, classes = loss(costs, passable, most)
        inner = combinations(range(1, len(values)), most - 1)
        least = min(of_parts(values, counts, (0, *ends, len(values))) for ends in inner)
        assert found == pytest.approx(least, rel=1e-5, abs=1e-9)
        assert len(classes.costs) == most


@pytest.mark.parametrize(("count", "most"), [(600, 12), (EXACT + 200, 15)])
def test_many_costs_have_the_error_of_the_whole_table_or_nearly(count, most):
    costs = np.random.default_rng(1).lognormal(0.0, 1.5, (1, count)).astype(np.float32)
    found, _ = loss(costs, np.ones_like(costs, bool), most)
    values, counts = np.unique(costs.astype(np.float64), return_counts=True)
    least = by_table(values, counts, most)
    assert found <= least * (1.0 + (1e-5 if count <= EXACT else 2e-3))


def test_the_total_stays_and_the_greatest_error_is_that_of_a_passable_cell():
    random = np.random.default_rng(2)
    costs = (0.2 + 4.8 * random.random((80, 90)) ** 2).astype(np.float32)
    document = new_document(80, 90).replace(cost=costs, passable=random.random((80, 90)) < 0.7)
    coarse, classes = with_cost_classes(document, 20)
    passable = document.passable
    assert coarse.total_cost == pytest.approx(document.total_cost, rel=1e-7)
    assert classes.greatest_error == np.abs(coarse.cost.astype(np.float64) - costs)[passable].max()
    assert len(np.unique(coarse.cost[passable])) == len(classes.costs) == 20
    assert np.array_equal(coarse.cost[~passable], costs[~passable])


def test_rare_dear_cells_have_classes_of_their_own():
    random = np.random.default_rng(3)
    costs = 1.0 + random.random((100, 100))
    costs.flat[:40] = 1e5 * (1.0 + random.random(40))
    _, classes = loss(costs.astype(np.float32), np.ones((100, 100), bool), 255)
    assert len(classes.costs) == 255
    assert (classes.costs > 1e5).sum() >= 36  # two that lie within a thousandth of the range may share one


def test_few_costs_are_kept_as_they_are():
    document = new_document(4, 4).replace(cost=np.arange(1, 17, dtype=np.float32).reshape(4, 4))
    same, classes = with_cost_classes(document, 16)
    assert same is document
    assert classes.greatest_error == 0.0
    walled = document.replace(passable=np.zeros((4, 4), bool))
    assert with_cost_classes(walled, 3)[0] is walled
