"""Entropic plans against closed forms, exact plans, identities and finite differences; what is refused."""

from itertools import permutations
from typing import cast

import numpy as np
import pytest
from scipy.optimize import minimize

from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.transport.costs import MatrixCost, PointCost
from engine.transport.exact import exact_transport
from engine.transport.problem import Balanced, Partial, TransportProblem, Unbalanced
from engine.transport.result import TransportWarmStart
from engine.transport.settings import Precision, TransportSettings
from engine.transport.sinkhorn import solve_transport
from tests.engine.transport.problems import TIGHT, layouts, solve
from tests.oracles import lp_plan, sinkhorn_of_the_slides

# Against other ways to the same plan.


def test_the_plan_is_that_of_the_slides(device):
    a, b, sources, targets = layouts(1, 12, 9)
    result = solve(a, b, sources, targets, TransportSettings(0.1, 1e-12, device=device))
    plan = sinkhorn_of_the_slides(a, b, result.problem.cost.matrix(), 0.1, 2000)
    assert result.plan() == pytest.approx(plan, abs=1e-11)
    assert result.transport_cost == pytest.approx(float(np.sum(plan * result.problem.cost.matrix())), rel=1e-10)
    entropy = np.sum(plan * np.log(plan / np.outer(a, b)))
    assert result.regularised_cost == pytest.approx(result.transport_cost + 0.1 * entropy, rel=1e-10)


@pytest.mark.parametrize("size", [4, 100])
def test_entropic_and_exact_plan_side_by_side(size):
    """As on the slides: the entropic plan costs more than the exact one, and the less so the smaller ε is."""
    a, b, sources, targets = layouts(2, size, size, uniform=True)
    exact = exact_transport(TransportProblem(a, b, PointCost(sources, targets)))
    excess, distance = [], []
    for epsilon in (0.3, 0.1, 0.03, 0.01, 0.003, 0.001):
        result = solve(a, b, sources, targets, TransportSettings(epsilon, 1e-10))
        excess.append(result.transport_cost - exact.transport_cost)
        distance.append(np.abs(result.plan() - exact.plan()).sum())
        assert result.plan().sum(axis=1) == pytest.approx(a, abs=1e-9)
        assert result.plan().sum(axis=0) == pytest.approx(b, abs=1e-9)
    assert all(np.diff(excess) < 0.0)
    assert all(np.diff(distance) < 0.0)
    assert excess[-1] > -1e-9
    assert excess[-1] < 0.05 * exact.transport_cost


def test_a_small_epsilon_on_a_hundred_points():
    """Plain sweeps would need millions here."""
    a, b, sources, targets = layouts(3, 100, 100)
    settings = TransportSettings(0.001, 1e-6)
    result = solve(a, b, sources, targets, settings)
    assert result.iterations < 500
    plan = result.plan()
    assert np.abs(plan.sum(axis=0) - b).sum() + np.abs(plan.sum(axis=1) - a).sum() < 2e-6
    cost = float(np.sum(lp_plan(a, b, result.problem.cost.matrix()) * result.problem.cost.matrix()))
    assert cost < result.transport_cost < cost + 0.01 * np.ptp(result.problem.cost.matrix())


def test_the_excess_is_exponentially_small():
    """At most Δ exp(−Δ / ε + 1 + 2 log n) with Δ the gap to the second best assignment (Weed 2018)."""
    n = 4
    for seed in range(5):
        cost = np.random.default_rng(seed).random((n, n))
        totals = sorted(cost[np.arange(n), list(p)].mean() for p in permutations(range(n)))
        gap = totals[1] - totals[0]
        for share in (5.0, 8.0, 12.0):
            epsilon = gap / share
            uniform = np.full(n, 1.0 / n)
            result = solve_transport(
                TransportProblem(uniform, uniform, MatrixCost(cost)), TransportSettings(epsilon, 1e-12)
            )
            excess = result.transport_cost - totals[0]
            assert -1e-11 < excess <= gap * np.exp(-gap / epsilon + 1.0 + 2.0 * np.log(n)) + 1e-11


def test_points_on_a_line_are_sorted():
    rng = np.random.default_rng(4)
    x, y = rng.random(60), rng.random(60) * 2.0
    uniform = np.full(60, 1.0 / 60)
    result = solve(uniform, uniform, x[:, None], y[:, None], TransportSettings(1e-5, 1e-9))
    assert result.transport_cost == pytest.approx(np.mean((np.sort(x) - np.sort(y)) ** 2), rel=1e-4)


def test_gaussians_on_a_line():
    """min E|x − y|² + ε KL(P | α ⊗ β) between N(m, s²) and N(n, t²), δ = √(4 s² t² + ε² / 4):
    (m − n)² + s² + t² − δ + ε/2 (1 − log ε + log(δ + ε/2))."""
    x = np.linspace(-12.0, 12.0, 301)
    m, s, n, t, epsilon = -0.4, 1.1, 0.7, 0.6, 0.8
    a, b = np.exp(-0.5 * ((x - m) / s) ** 2), np.exp(-0.5 * ((x - n) / t) ** 2)
    settings = TransportSettings(epsilon, 1e-12)
    result = solve(a / a.sum(), b / b.sum(), x[:, None], x[:, None], settings)
    delta = np.sqrt(4.0 * s**2 * t**2 + epsilon**2 / 4.0)
    closed = (m - n) ** 2 + s**2 + t**2 - delta
    closed += epsilon / 2.0 * (1.0 - np.log(epsilon) + np.log(delta + epsilon / 2.0))
    assert result.regularised_cost == pytest.approx(closed, abs=1e-11)


# Identities.


def test_swapping_the_sides_transposes_the_plan():
    a, b, sources, targets = layouts(5, 14, 10)
    there, back = solve(a, b, sources, targets), solve(b, a, targets, sources)
    assert there.plan() == pytest.approx(back.plan().T, abs=1e-12)
    assert there.regularised_cost == pytest.approx(back.regularised_cost, rel=1e-12)
    assert there.f == pytest.approx(back.g, abs=1e-10)


def test_translation_rotation_and_scale():
    a, b, sources, targets = layouts(6, 14, 10)
    result = solve(a, b, sources, targets)
    shift = np.array([3.0, -2.0])
    moved = solve(a, b, sources + shift, targets)
    expected = shift @ shift + 2.0 * shift @ (a @ sources - b @ targets)
    assert moved.regularised_cost - result.regularised_cost == pytest.approx(expected, rel=1e-12)
    assert moved.plan() == pytest.approx(result.plan(), abs=1e-11)
    turn = np.array([[np.cos(0.7), np.sin(0.7)], [-np.sin(0.7), np.cos(0.7)]])
    turned = solve(a, b, sources @ turn, targets @ turn)
    assert turned.plan() == pytest.approx(result.plan(), abs=1e-12)
    larger = solve(a, b, 7.0 * sources, 7.0 * targets, TransportSettings(49.0 * TIGHT.epsilon, 1e-12))
    assert larger.regularised_cost == pytest.approx(49.0 * result.regularised_cost, rel=1e-12)
    heavier = solve(5.0 * a, 5.0 * b, sources, targets)
    assert heavier.regularised_cost == pytest.approx(5.0 * result.regularised_cost, rel=1e-12)


@pytest.mark.parametrize("relaxation", [Balanced(), Unbalanced(0.2), Partial(0.6)], ids=str)
def test_splitting_a_point_changes_nothing(relaxation):
    a, b, sources, targets = layouts(7, 8, 10)
    result = solve(a, b, sources, targets, relaxation=relaxation)
    split_a = np.append(a, 0.3 * a[2])
    split_a[2] *= 0.7
    split = solve(split_a, b, np.append(sources, sources[2:3], axis=0), targets, relaxation=relaxation)
    assert split.regularised_cost == pytest.approx(result.regularised_cost, rel=1e-11)
    plan = split.plan()
    assert plan[2] + plan[-1] == pytest.approx(result.plan()[2], abs=1e-12)


def test_the_cost_never_falls_as_epsilon_grows():
    a, b, sources, targets = layouts(8, 20, 20)
    costs = [solve(a, b, sources, targets, TransportSettings(e, 1e-10)).regularised_cost
             for e in np.geomspace(0.002, 2.0, 12)]  # fmt: skip
    assert all(np.diff(costs) > 0.0)


# Marginals that are not prescribed.


def test_unbalanced_transport_is_the_minimum(device):
    """All 12 entries of the plan by a general optimiser on the objective as it is written down."""
    rng = np.random.default_rng(9)
    a, b, cost = rng.random(3) + 0.2, 2.0 * rng.random(4) + 0.2, rng.random((3, 4))
    epsilon, strength = 0.2, 0.5
    reference = np.outer(a, b) / np.sqrt(a.sum() * b.sum())

    def divergence(p, q):
        return np.sum(p * np.log(p / q) - p + q)

    def objective(log_plan):
        plan = np.exp(log_plan).reshape(3, 4)
        marginals = divergence(plan.sum(axis=1), a) + divergence(plan.sum(axis=0), b)
        return np.sum(plan * cost) + epsilon * divergence(plan, reference) + strength * marginals

    best = minimize(objective, np.log(reference).ravel(), method="BFGS", options={"gtol": 1e-9})
    problem = TransportProblem(a, b, MatrixCost(cost), Unbalanced(strength))
    result = solve_transport(problem, TransportSettings(epsilon, 1e-12, device=device))
    assert result.status is Status.CONVERGED
    assert result.regularised_cost == pytest.approx(best.fun, abs=1e-10)
    assert result.plan().ravel() == pytest.approx(np.exp(best.x), abs=1e-6)
    assert result.rows == pytest.approx(result.plan().sum(axis=1), abs=1e-12)
    assert result.columns == pytest.approx(result.plan().sum(axis=0), abs=1e-12)


def test_unbalanced_transport_between_its_limits():
    a, b, sources, targets = layouts(10, 20, 15)
    balanced = solve(a, b, sources, targets)
    strong = solve(a, b, sources, targets, relaxation=Unbalanced(1e6))
    assert strong.plan() == pytest.approx(balanced.plan(), abs=1e-7)
    assert strong.regularised_cost == pytest.approx(balanced.regularised_cost, rel=1e-5)
    far = targets + 10.0
    assert solve(a, b, sources, far, relaxation=Unbalanced(1.0)).rows.sum() < 1e-10
    moved = [solve(a, b, sources, targets, relaxation=Unbalanced(s)).rows.sum() for s in (0.01, 0.1, 1.0)]
    assert all(np.diff(moved) > 0.0)


@pytest.mark.parametrize("mass", [0.3, 0.9])
def test_partial_transport_approaches_its_linear_programme(mass, device):
    a, b, sources, targets = layouts(11, 12, 15)
    b = 1.3 * b
    cost = PointCost(sources, targets).matrix()
    best = float(np.sum(lp_plan(a, b, cost, mass) * cost))
    excess = []
    for epsilon in (0.1, 0.01, 0.001):
        settings = TransportSettings(epsilon, 1e-10, device=device)
        result = solve(a, b, sources, targets, settings, Partial(mass))
        plan = result.plan()
        assert plan.sum() == pytest.approx(mass, abs=1e-9)
        assert (plan.sum(axis=1) < a + 1e-9).all()
        assert (plan.sum(axis=0) < b + 1e-9).all()
        assert result.rows == pytest.approx(plan.sum(axis=1), abs=1e-9)
        assert result.columns == pytest.approx(plan.sum(axis=0), abs=1e-9)
        assert result.transport_cost == pytest.approx(float(np.sum(plan * cost)), abs=1e-9)
        excess.append(result.transport_cost - best)
    assert all(np.diff(excess) < 0.0)
    assert -1e-8 < excess[-1] < 0.03 * best


def test_partial_transport_of_everything():
    a, b, sources, targets = layouts(12, 12, 15)
    everything = solve(a, b, sources, targets, relaxation=Partial(1.0))
    assert everything.plan() == pytest.approx(solve(a, b, sources, targets).plan(), abs=1e-11)
    one_side = solve(a, 2.0 * b, sources, targets, relaxation=Partial(1.0))
    assert one_side.plan().sum(axis=1) == pytest.approx(a, abs=1e-11)


# Derivatives.


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["squared", "distance"])
@pytest.mark.parametrize("relaxation", [Balanced(), Unbalanced(0.3), Partial(0.5)], ids=str)
def test_derivatives_are_finite_differences(relaxation, kind, device):
    a, b, sources, targets = layouts(13, 7, 9)
    if not isinstance(relaxation, Balanced):
        b = 1.4 * b
    settings = TransportSettings(0.05, 1e-12, device=device)
    values = {"a": a, "b": b, "sources": sources, "targets": targets}
    result = solve(**values, settings=settings, relaxation=relaxation, kind=kind)
    rng = np.random.default_rng(14)
    for name in values:
        direction = rng.standard_normal(values[name].shape)
        if name in "ab" and isinstance(relaxation, Balanced):
            direction -= direction.mean()

        def at(step, name=name, direction=direction):
            moved = {**values, name: values[name] + step * direction}
            return solve(**moved, settings=settings, relaxation=relaxation, kind=kind).regularised_cost

        derivative = (at(1e-5) - at(-1e-5)) / 2e-5
        assert np.sum(getattr(result, f"by_{name}") * direction) == pytest.approx(derivative, abs=2e-7), name


def test_the_derivative_by_a_cost_matrix_is_the_plan():
    rng = np.random.default_rng(15)
    a, b, _, _ = layouts(15, 6, 8)
    cost, direction = rng.random((6, 8)) - 0.5, rng.standard_normal((6, 8))

    def at(step):
        return solve_transport(TransportProblem(a, b, MatrixCost(cost + step * direction)), TIGHT)

    derivative = (at(1e-5).regularised_cost - at(-1e-5).regularised_cost) / 2e-5
    assert np.sum(at(0.0).plan() * direction) == pytest.approx(derivative, abs=1e-8)


@pytest.mark.parametrize("relaxation", [Balanced(), Unbalanced(0.3), Partial(0.7)], ids=str)
def test_points_without_weight(relaxation, device):
    """They change nothing for the others, and their derivatives are those of a very small weight."""
    a, b, sources, targets = layouts(16, 8, 8)
    a[[1, 4]] = 0.0
    b[3] = 0.0
    a, b = a / a.sum(), b / b.sum()
    settings = TransportSettings(0.05, 1e-12, device=device)
    result = solve(a, b, sources, targets, settings, relaxation)
    kept = solve(a[a > 0], b[b > 0], sources[a > 0], targets[b > 0], settings, relaxation)
    assert result.plan()[np.ix_(a > 0, b > 0)] == pytest.approx(kept.plan(), abs=1e-12)
    assert result.plan()[a == 0].sum() == 0.0
    assert result.plan()[:, b == 0].sum() == 0.0
    assert result.by_sources is not None
    assert result.by_targets is not None
    assert np.all(result.by_sources[a == 0] == 0.0)
    assert np.all(result.by_targets[b == 0] == 0.0)
    nearly = solve(
        np.where(a > 0.0, a, 1e-9) / np.where(a > 0.0, a, 1e-9).sum(),
        np.where(b > 0.0, b, 1e-9) / np.where(b > 0.0, b, 1e-9).sum(),
        sources,
        targets,
        settings,
        relaxation,
    )
    assert result.by_a == pytest.approx(nearly.by_a, abs=1e-6)
    assert result.by_b == pytest.approx(nearly.by_b, abs=1e-6)


# What is refused.


def refused(subject, message, **changes):
    a, b, sources, targets = layouts(28, 5, 6)
    parts = {"a": a, "b": b, "cost": PointCost(sources, targets), "relaxation": Balanced(), **changes}
    settings = parts.pop("settings", TIGHT)
    with pytest.raises(ProblemError, match=message) as caught:
        solve_transport(TransportProblem(**parts), settings, parts.pop("warm_start", None))
    assert caught.value.subject == subject


def test_bad_weights_are_refused():
    refused("weights", "source point 2 has weight nan", a=np.array([1.0, 1.0, np.nan, 1.0, 1.0]))
    refused("weights", "target point 1 has weight -1", b=np.array([1.0, -1.0, 1.0, 1.0, 1.0, 1.0]))
    refused("weights", "all source points have weight 0", a=np.zeros(5))
    refused("weights", "weights of shape", a=np.ones(4))
    nothing = PointCost(np.empty((0, 2)), np.ones((6, 2)))
    refused("weights", "there is no source point", a=np.empty(0), cost=nothing)
    refused("totals", "weigh 5 in all and the targets 1", a=np.ones(5))


def test_bad_costs_are_refused():
    _, _, sources, targets = layouts(28, 5, 6)
    lost = sources.copy()
    lost[3, 1] = np.nan
    refused("cost", r"source point 3 lies at \(0.* nan\)", cost=PointCost(lost, targets))
    refused("cost", "same space", cost=PointCost(sources, np.ones((6, 3))))
    refused("cost", "too far apart", cost=PointCost(sources, 1e200 * targets))
    matrix = np.ones((5, 6))
    matrix[1, 2] = np.inf
    refused("cost", "from source point 1 to target point 2 is inf", cost=MatrixCost(matrix))


def test_bad_wishes_are_refused():
    refused("mass", "a mass of 2 cannot be moved", relaxation=Partial(2.0))
    refused("mass", "a mass of nan cannot be moved", relaxation=Partial(np.nan))
    refused("strength", "strength is 0", relaxation=Unbalanced(0.0))
    refused("epsilon", "epsilon is 0", settings=TransportSettings(0.0))
    refused("epsilon", "too small beside costs", settings=TransportSettings(1e-12))
    refused("settings", "tolerance is nan", settings=TransportSettings(0.1, np.nan))
    refused("settings", "max_iterations is 0", settings=TransportSettings(0.1, max_iterations=0))
    half = cast("Precision", "half")
    refused("settings", "choose float64 or float32", settings=TransportSettings(0.1, precision=half))


def test_potentials_of_other_points_are_refused():
    a, b, sources, targets = layouts(29, 5, 6)
    problem = TransportProblem(a, b, PointCost(sources, targets))
    with pytest.raises(ProblemError, match="6 finite numbers"):
        solve_transport(problem, TIGHT, TransportWarmStart(np.zeros(5)))
