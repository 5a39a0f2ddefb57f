"""Exact plans against scipy's assignment, sorting and one linear programme over all pairs."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from engine.core.errors import ProblemError
from engine.transport import exact
from engine.transport.costs import MatrixCost, PointCost
from engine.transport.exact import exact_is_quick, exact_transport
from engine.transport.problem import Balanced, Partial, TransportProblem, Unbalanced
from tests.oracles import lp_plan


def test_uniform_layouts_are_assigned():
    rng = np.random.default_rng(1)
    sources, targets = rng.random((50, 2)), rng.random((50, 2))
    problem = TransportProblem(np.full(50, 0.5), np.full(50, 0.5), PointCost(sources, targets))
    exact = exact_transport(problem)
    rows, columns = linear_sum_assignment(problem.cost.matrix())
    assert np.array_equal(exact.targets[np.argsort(exact.sources)], columns[np.argsort(rows)])
    assert exact.transport_cost == pytest.approx(0.5 * problem.cost.matrix()[rows, columns].sum())


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 7), (6, 1), (5, 9), (40, 25), (100, 100)])
@pytest.mark.parametrize("share", [None, 0.2, 0.99, 1.0])
def test_any_weights_against_one_programme(n, m, share):
    rng = np.random.default_rng(n + m)
    a, b, cost = rng.random(n) + 0.01, rng.random(m) + 0.01, rng.random((n, m)) - 0.3
    if n > 1:
        a[0] = 0.0
    if share is None:
        b *= a.sum() / b.sum()
    mass = None if share is None else share * min(a.sum(), b.sum())
    relaxation = Balanced() if mass is None else Partial(mass)
    exact = exact_transport(TransportProblem(a, b, MatrixCost(cost), relaxation))
    plan = exact.plan()
    best = float(np.sum(lp_plan(a, b, cost, mass) * cost))
    assert exact.transport_cost == pytest.approx(best, abs=1e-9)
    assert exact.transport_cost == pytest.approx(float(np.sum(plan * cost)), abs=1e-12)
    assert np.count_nonzero(plan) <= n + m + 1
    assert plan.sum() == pytest.approx(a.sum() if mass is None else mass)
    assert (plan.sum(axis=1) <= a + 1e-8).all()
    assert (plan.sum(axis=0) <= b + 1e-8).all()


def test_pairs_that_were_left_out_at_first_are_priced_in(monkeypatch):
    monkeypatch.setattr(exact, "PAIRS", 2)
    rng = np.random.default_rng(2)
    a, b, cost = rng.random(60), rng.random(70), rng.random((60, 70))
    b *= a.sum() / b.sum()
    best = float(np.sum(lp_plan(a, b, cost) * cost))
    assert exact_transport(TransportProblem(a, b, MatrixCost(cost))).transport_cost == pytest.approx(
        best, abs=1e-9
    )


def test_many_equal_prices():
    """On a lattice most plans are tied; the cost is still the least."""
    rows, columns = np.mgrid[0:8, 0:8]
    lattice = np.stack([rows.ravel(), columns.ravel()], axis=1).astype(float)
    rng = np.random.default_rng(3)
    a, b = rng.integers(1, 5, 64).astype(float), np.ones(64)
    b *= a.sum() / b.sum()
    problem = TransportProblem(a, b, PointCost(lattice, lattice, "distance"))
    best = float(np.sum(lp_plan(a, b, problem.cost.matrix()) * problem.cost.matrix()))
    assert exact_transport(problem).transport_cost == pytest.approx(best, abs=1e-8)


def test_points_on_a_line_are_sorted():
    rng = np.random.default_rng(4)
    x, y = rng.random(30), rng.random(30)
    a = np.ones(30)
    exact = exact_transport(TransportProblem(a, a, PointCost(x[:, None], y[:, None])))
    assert exact.transport_cost == pytest.approx(float(np.sum((np.sort(x) - np.sort(y)) ** 2)))


def test_what_has_no_exact_plan_is_refused():
    a = np.ones(3)
    with pytest.raises(ProblemError, match="no exact plan"):
        exact_transport(TransportProblem(a, a, MatrixCost(np.ones((3, 3))), Unbalanced(1.0)))
    with pytest.raises(ProblemError, match="weigh 3 in all and the targets 6"):
        exact_transport(TransportProblem(a, 2.0 * a, MatrixCost(np.ones((3, 3)))))


@pytest.mark.parametrize(
    ("n", "m", "weights", "relaxation", "quick"),
    [
        (1_000, 1_000, "uniform", Balanced(), True),
        (1_001, 1_001, "uniform", Balanced(), False),
        (400, 400, "any", Balanced(), True),
        (200, 800, "any", Balanced(), True),  # as many pairs
        (401, 401, "any", Balanced(), False),
        (500, 500, "uniform", Partial(250.0), False),  # slack points make it a programme
        (400, 400, "uniform", Partial(250.0), True),
        (5, 5, "uniform", Unbalanced(1.0), False),  # which has no exact plan
    ],
)
def test_an_exact_plan_is_quick_up_to_a_number_of_pairs(n, m, weights, relaxation, quick):
    rng = np.random.default_rng(5)
    a, b = (np.ones(n), np.ones(m)) if weights == "uniform" else (rng.random(n), rng.random(m))
    problem = TransportProblem(a, b, PointCost(np.zeros((n, 2)), np.zeros((m, 2))), relaxation)
    assert exact_is_quick(problem) is quick
