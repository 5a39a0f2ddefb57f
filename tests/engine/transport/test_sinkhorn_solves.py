"""How entropic plans are solved: warm starts, hard problems, batches, memory, endings."""

import tracemalloc

import numpy as np
import pytest

from engine.core.status import Status
from engine.transport import core, cpu
from engine.transport.costs import MatrixCost, PointCost
from engine.transport.problem import Balanced, Partial, TransportProblem, Unbalanced
from engine.transport.result import TransportWarmStart
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import sinkhorn, solve_transport, solve_transports
from tests.engine.transport.problems import layouts, solve
from tests.present import present


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
