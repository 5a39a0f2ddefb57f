"""The debiased divergence: zero at equal layouts, never below, and its derivatives by finite differences."""

import numpy as np
import pytest

from engine.core.status import Status
from engine.transport.divergence import sinkhorn_divergence
from engine.transport.settings import TransportSettings

SETTINGS = TransportSettings(0.1, 1e-11)


def layouts(seed, n=8, m=11):
    rng = np.random.default_rng(seed)
    a, b = rng.random(n) + 0.1, rng.random(m) + 0.1
    return a / a.sum(), b / b.sum(), rng.random((n, 2)), rng.random((m, 2)) + 0.2


@pytest.mark.parametrize("kind", ["squared", "distance"])
def test_equal_layouts_do_not_diverge(kind):
    a, _, sources, _ = layouts(1)
    order = np.random.default_rng(2).permutation(a.size)
    divergence = sinkhorn_divergence(a, a[order], sources, sources[order], SETTINGS, kind)
    assert divergence.value == pytest.approx(0.0, abs=1e-12)
    assert divergence.by_sources == pytest.approx(np.zeros_like(sources), abs=1e-9)
    assert divergence.by_a == pytest.approx(np.zeros_like(a), abs=1e-9)


@pytest.mark.parametrize("epsilon", [0.02, 0.2, 2.0])
def test_different_layouts_diverge_and_the_cost_alone_is_biased(epsilon):
    settings = TransportSettings(epsilon, 1e-11)
    a, b, sources, targets = layouts(3)
    assert sinkhorn_divergence(a, b, sources, targets, settings).value > 1e-3
    # The regularised cost prefers a layout that is shrunk to its mean; the divergence does not.
    shrunk = sources.mean(axis=0) + 0.5 * (sources - sources.mean(axis=0))
    to_itself = sinkhorn_divergence(a, a, sources, sources, settings)
    to_shrunk = sinkhorn_divergence(a, a, shrunk, sources, settings)
    assert to_shrunk.value > to_itself.value
    if epsilon == 2.0:
        assert to_shrunk.between.regularised_cost < to_itself.between.regularised_cost


def test_translation_is_seen_exactly():
    """S(α, α + t) = |t|² for squared distances, whatever ε is."""
    a, _, sources, _ = layouts(4)
    shift = np.array([0.3, -0.7])
    assert sinkhorn_divergence(a, a, sources, sources + shift, SETTINGS).value == pytest.approx(shift @ shift)


@pytest.mark.parametrize("kind", ["squared", "distance"])
def test_derivatives_are_finite_differences(kind):
    a, b, sources, targets = layouts(5)
    values = {"a": a, "b": b, "sources": sources, "targets": targets}
    divergence = sinkhorn_divergence(**values, settings=SETTINGS, kind=kind)
    assert divergence.status is Status.CONVERGED
    rng = np.random.default_rng(6)
    for name, parts in values.items():
        direction = rng.standard_normal(parts.shape)
        if name in "ab":
            direction -= direction.mean()
        up, down = (
            sinkhorn_divergence(**{**values, name: parts + step * direction}, settings=SETTINGS, kind=kind).value
            for step in (1e-5, -1e-5)
        )
        derivative = float(np.sum(getattr(divergence, f"by_{name}") * direction))
        assert derivative == pytest.approx((up - down) / 2e-5, abs=1e-7), name


def test_what_has_not_changed_is_not_solved_again():
    a, b, sources, targets = layouts(7)
    first = sinkhorn_divergence(a, b, sources, targets, SETTINGS)
    second = sinkhorn_divergence(a, b, sources + 0.001, targets, SETTINGS, warm_start=first)
    assert second.of_targets is first.of_targets
    assert second.of_sources is not first.of_sources
    assert second.between.iterations < first.between.iterations
    fresh = sinkhorn_divergence(a, b, sources + 0.001, targets, SETTINGS)
    assert second.value == pytest.approx(fresh.value, abs=1e-11)
