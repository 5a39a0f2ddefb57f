"""Entropic transport against closed forms, identities, linear programmes and brute force."""

import tracemalloc
from itertools import permutations
from typing import cast

import numpy as np
import pytest
from scipy.optimize import minimize

from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.transport import core, cpu
from engine.transport.costs import Kind, MatrixCost, PointCost
from engine.transport.exact import exact_transport
from engine.transport.problem import Balanced, Partial, TransportProblem, Unbalanced
from engine.transport.result import TransportWarmStart
from engine.transport.settings import Precision, TransportSettings
from engine.transport.sinkhorn import sinkhorn, solve_transport, solve_transports
from tests.oracles import lp_plan, sinkhorn_of_the_slides
from tests.present import present

DEVICES = ["cpu", "cpu:0"]  # compiled loops, and torch
TIGHT = TransportSettings(0.05, 1e-12)


def layouts(seed: int, n: int, m: int, dimensions: int = 2, uniform: bool = False):
    """Weights a, b of total 1 and positions."""
    rng = np.random.default_rng(seed)
    a, b = (np.ones(n), np.ones(m)) if uniform else (rng.random(n) + 0.1, rng.random(m) + 0.1)
    return a / a.sum(), b / b.sum(), rng.random((n, dimensions)), rng.random((m, dimensions)) * 0.7 + 0.3


def solve(a, b, sources, targets, settings=TIGHT, relaxation=None, kind: Kind = "squared"):
    problem = TransportProblem(a, b, PointCost(sources, targets, kind), relaxation or Balanced())
    result = solve_transport(problem, settings)
    assert result.status is Status.CONVERGED
    return result


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


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


# How it is solved.


def test_a_warm_start_is_used(device):
    a, b, sources, targets = layouts(17, 80, 80)
    settings = TransportSettings(0.005, device=device)
    velocity = np.random.default_rng(18).standard_normal(sources.shape) * 1e-3

    def problem(step):
        return TransportProblem(a, b, PointCost(sources + step * velocity, targets))

    cold = solve_transport(problem(0), settings)
    assert solve_transport(problem(0), settings, cold.warm_start).iterations == 2  # one kernel, one look at it
    first = solve_transport(problem(1), settings, cold.warm_start)
    extrapolated = next(iter(sinkhorn(problem(2), settings, first.warm_start)))
    plain = next(iter(sinkhorn(problem(2), settings, TransportWarmStart(first.warm_start.latest))))
    from_nothing = solve_transport(problem(2), settings)
    assert extrapolated.marginal_error < 0.3 * plain.marginal_error
    warm = solve_transport(problem(2), settings, first.warm_start)
    assert warm.iterations < 0.6 * from_nothing.iterations
    assert warm.by_sources == pytest.approx(from_nothing.by_sources, abs=1e-6)


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_a_warm_start_goes_on_along_the_polynomial_of_the_last_potentials(degree):
    coefficients = np.random.default_rng(degree).standard_normal((degree + 1, 30))
    series = [(time ** np.arange(degree + 1.0)) @ coefficients for time in range(7)]
    warm_start = TransportWarmStart(series[0])
    for potentials in series[1:-1]:
        warm_start = warm_start.followed_by(potentials)
    assert warm_start.extrapolated() == pytest.approx(series[-1], abs=1e-9)


def test_after_a_jump_a_warm_start_trusts_no_polynomial():
    rng = np.random.default_rng(5)
    warm_start = TransportWarmStart(np.zeros(30))
    for _ in range(5):
        warm_start = warm_start.followed_by(rng.standard_normal(30))
    assert np.array_equal(warm_start.extrapolated(), warm_start.latest)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1.0, 1e3, 1e7])
def test_a_bad_warm_start_only_costs_time(scale, device):
    a, b, sources, targets = layouts(19, 40, 40)
    settings = TransportSettings(0.002, device=device)
    problem = TransportProblem(a, b, PointCost(sources, targets))
    nonsense = TransportWarmStart(scale * np.random.default_rng(20).standard_normal(40))
    result = solve_transport(problem, settings, nonsense)
    assert result.status is Status.CONVERGED
    assert result.regularised_cost == pytest.approx(solve_transport(problem, settings).regularised_cost, rel=1e-5)


def hard_problems():
    """Where plain sweeps and unguarded Newton steps come to a standstill, and what makes it hard."""
    rng = np.random.default_rng(30)
    a, b, sources, targets = layouts(31, 38, 60)
    groups = rng.integers(0, 2, 38)[:, None] * 50.0, rng.integers(0, 2, 60)[:, None] * 50.0
    far_apart = PointCost(sources + groups[0], targets + groups[1])
    yield "groups that exchange next to nothing", a, b, far_apart, Balanced(), 1e-3
    lattice = PointCost(np.round(4.0 * sources), np.round(4.0 * targets), "distance")
    yield "ties", a, b, lattice, Balanced(), 5e-4
    tiny_a, tiny_b = 10.0 ** (-12.0 * rng.random(38)), 10.0 ** (-12.0 * rng.random(60))
    here = PointCost(sources, targets)
    yield "weights of all sizes", tiny_a, tiny_b * tiny_a.sum() / tiny_b.sum(), here, Balanced(), 5e-4
    yield "a thousandth of the mass", a, 3.0 * b, here, Partial(1e-3), 5e-4
    yield "all of the smaller total", a, 30.0 * b, here, Partial(1.0), 5e-4
    yield "strong wishes that contradict", a, 30.0 * b, here, Unbalanced(5e4), 5e-4
    yield "weak wishes", a, 30.0 * b, far_apart, Unbalanced(0.1), 1e-3
    few = np.random.default_rng(84)
    few_a, few_b = 10.0 ** (-12.0 * few.random(9)), 10.0 ** (-12.0 * few.random(42))
    few_b *= few_a.sum() / few_b.sum()
    yield "few large weights", few_a, few_b, MatrixCost(few.random((9, 42))), Balanced(), 5e-4
    yield "any matrix", a, b, MatrixCost(rng.random((38, 60)) - 0.5), Balanced(), 2e-4
    yield "one point", np.ones(1), b, PointCost(sources[:1], targets), Balanced(), 1e-4
    yield "all in one place", a, b, PointCost(0.0 * sources, 0.0 * targets), Balanced(), 1e-4


@pytest.mark.slow
@pytest.mark.parametrize(("a", "b", "cost", "relaxation", "share"), [
    pytest.param(*parts, id=name) for name, *parts in hard_problems()
])  # fmt: skip
def test_hard_problems_are_solved(a, b, cost, relaxation, share, device):
    epsilon = share * (cost.largest() or 1.0)
    problem = TransportProblem(a, b, cost, relaxation)
    result = solve_transport(problem, TransportSettings(epsilon, 1e-7, device=device))
    assert result.status is Status.CONVERGED
    assert result.iterations < 1000
    plan = result.plan()
    rows, columns = plan.sum(axis=1), plan.sum(axis=0)
    if isinstance(relaxation, Unbalanced):
        wanted_rows = a * np.exp(-result.f / relaxation.strength)
        wanted_columns = b * np.exp(-result.g / relaxation.strength)
    else:
        wanted_rows, wanted_columns = (a, b) if isinstance(relaxation, Balanced) else (result.rows, result.columns)
    share_of = relaxation.mass if isinstance(relaxation, Partial) else np.sqrt(a.sum() * b.sum())
    assert np.abs(rows - wanted_rows).sum() < 1e-6 * share_of
    assert np.abs(columns - wanted_columns).sum() < 1e-6 * share_of


def test_no_step_takes_long(monkeypatch):
    """Whoever stops a solve waits for one step at most."""
    monkeypatch.setattr(core, "UNINTERRUPTED", 0.0)
    monkeypatch.setattr(core, "FEWEST", 10)
    a, b, sources, targets = layouts(32, 120, 120)
    problem = TransportProblem(a, b, PointCost(np.round(4.0 * sources), targets))
    passes = [iterate.iterations for iterate in sinkhorn(problem, TransportSettings(2e-4, 1e-10))]
    assert max(np.diff(passes)) <= 35


def test_points_without_weight_do_not_overflow():
    """f + g between two of them may be far above their cost."""
    a, b, sources, targets = layouts(33, 20, 20)
    a[:5], b[:5] = 0.0, 0.0
    sources[:5] += 300.0
    targets[:5] -= 300.0
    problem = TransportProblem(a, b, PointCost(sources, targets), Unbalanced(1e6))
    result = solve_transport(problem, TransportSettings(0.1))
    assert np.isfinite(result.plan()).all()
    assert np.isfinite(result.by_a).all()


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_batches_give_what_single_solves_give(precision):
    problems = []
    for seed in range(4):
        a, b, sources, targets = layouts(seed, 30, 25)
        problems.append(TransportProblem(a, b, PointCost(sources, targets * (seed + 1.0))))
    settings = TransportSettings(0.01, 1e-9, device="cpu:0", precision=precision)
    together = solve_transports(problems, settings)
    again = solve_transports(problems, settings, [result.warm_start for result in together])
    close = 1e-9 if precision == "float64" else 1e-4
    for problem, result, warm in zip(problems, together, again, strict=True):
        alone = solve_transport(problem, TransportSettings(0.01, 1e-9))
        assert result.status is Status.CONVERGED
        assert warm.status is Status.CONVERGED
        assert result.regularised_cost == pytest.approx(alone.regularised_cost, rel=close)
        assert result.by_sources == pytest.approx(alone.by_sources, abs=close)
        assert warm.iterations <= 10 < result.iterations


def test_single_precision_says_what_it_reaches():
    settings = TransportSettings(0.01, 1e-9, precision="float32")
    assert settings.reachable_tolerance == 3e-5
    a, b, sources, targets = layouts(21, 30, 25)
    result = solve(a, b, sources, targets, settings)
    assert 1e-9 < result.marginal_error <= 3e-5


def test_iterates_come_down_to_the_wanted_epsilon():
    a, b, sources, targets = layouts(22, 30, 25)
    iterates = list(sinkhorn(TransportProblem(a, b, PointCost(sources, targets)), TransportSettings(0.002)))
    epsilons = [iterate.epsilon for iterate in iterates]
    assert epsilons[0] > 100 * epsilons[-1]
    assert epsilons[-1] == pytest.approx(0.002)
    assert all(np.diff(epsilons) <= 0.0)
    assert [iterate.status for iterate in iterates[:-1]] == [None] * (len(iterates) - 1)
    assert iterates[-1].status is Status.CONVERGED


def test_a_solve_may_be_stopped_and_read_at_any_time():
    a, b, sources, targets = layouts(23, 30, 25)
    for iterate in sinkhorn(TransportProblem(a, b, PointCost(sources, targets)), TransportSettings(0.01)):
        result = iterate.result()
        assert result.plan().sum(axis=1) == pytest.approx(a, abs=1e-6)
        assert np.abs(result.plan().sum(axis=0) - b).sum() == pytest.approx(iterate.marginal_error, abs=1e-6)


def test_too_few_iterations_are_said(device):
    a, b, sources, targets = layouts(24, 30, 25)
    settings = TransportSettings(0.001, max_iterations=20, device=device)
    result = solve_transport(TransportProblem(a, b, PointCost(sources, targets)), settings)
    assert result.status is Status.STEPS_DONE
    assert result.marginal_error > 1e-6
    assert "more iterations" in result.message
    assert "larger epsilon" in result.message


def test_what_is_not_a_number_is_never_converged(monkeypatch):
    evaluate, calls = cpu.evaluate, []

    def failing(*arguments):
        evaluate(*arguments)
        calls.append(0)
        if len(calls) == 6:
            arguments[-2][0] = np.nan

    monkeypatch.setattr(cpu, "evaluate", failing)
    a, b, sources, targets = layouts(25, 30, 25)
    result = solve_transport(TransportProblem(a, b, PointCost(sources, targets)), TransportSettings(0.01))
    assert result.status is Status.NOT_A_NUMBER
    assert "not a finite number" in result.message
    assert np.isfinite(result.f).all()
    assert np.isfinite(present(result.by_sources)).all()


def test_memory_stays_within_one_and_a_half_matrices():
    n = 700
    a, b, sources, targets = layouts(26, n, n)
    problem = TransportProblem(a, b, PointCost(sources, targets))
    for tolerance in (1e-6, 1e-9):
        tracemalloc.start()
        solve_transport(problem, TransportSettings(0.01, tolerance))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1.5 * 8 * n * n


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
