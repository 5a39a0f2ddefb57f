"""Soft ranks, sorted values, quantiles and top-k: exact limits, exact sums, and every gradient rule."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import isotonic_regression
from scipy.stats import rankdata

from engine.ranking import operators as ranking
from tests.present import present

SOFTNESS = [0.01, 0.1, 1.0, 10.0]
FORMS = {
    "top_k": (lambda x, s: ranking.top_k(x, 3, s), lambda x, s, r: ranking.soft_top_k(x, 3, s, r)),
    "top_k of a share": (lambda x, s: ranking.top_k(x, 2.3, s), lambda x, s, r: ranking.soft_top_k(x, 2.3, s, r)),
    "log_top_k": (lambda x, s: ranking.log_top_k(x, 3, s), lambda x, s, r: ranking.soft_log_top_k(x, 3, s, r)),
    "quantile": (
        lambda x, s: ranking.quantile(x, 0.4, s)[..., None],
        lambda x, s, r: ranking.soft_quantile(x, 0.4, s, r)[..., None],
    ),
    "sort": (ranking.sort, ranking.soft_sort),
    "transport": (
        lambda x, s: ranking.ranks(x, s, "transport"),
        lambda x, s, r: ranking.soft_rank(x, s, "transport", r),
    ),
    "isotonic": (
        lambda x, s: ranking.ranks(x, s, "isotonic"),
        lambda x, s, r: ranking.soft_rank(x, s, "isotonic", r),
    ),
}
VALUES = np.random.default_rng(3).normal(size=(2, 7))
MIX = np.random.default_rng(4).normal(size=(2, 7))

some_values = arrays(
    np.float64, st.integers(2, 40), elements=st.floats(-1e6, 1e6, allow_nan=False, allow_subnormal=False)
)

some_softness = st.floats(-9.0, 5.0).map(lambda power: 10.0**power)


def finite_differences(function, values, step):
    gradient = np.zeros_like(values)
    for index in np.ndindex(values.shape):
        up, down = values.copy(), values.copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (function(up) - function(down)) / (2.0 * step)
    return gradient


def gradient_of(form, softness, rule):
    values = torch.tensor(VALUES, requires_grad=True)
    result = form(values, softness, rule)
    (result * torch.tensor(MIX[:, : result.shape[-1]])).sum().backward()
    return result.detach().numpy(), present(values.grad).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("softness", SOFTNESS)
@pytest.mark.parametrize("name", FORMS)
def test_implicit_gradients_are_finite_differences(name, softness):
    value, soft = FORMS[name]
    found_value, found = gradient_of(soft, softness, "implicit")
    assert np.abs(found_value - value(VALUES, softness)).max() <= 1e-14 * max(1.0, np.abs(found_value).max())

    def mixed(values):
        result = value(values, softness)
        return float((result * MIX[:, : result.shape[-1]]).sum())

    expected = finite_differences(mixed, VALUES, 1e-4 * min(softness, 1.0))
    assert np.abs(found - expected).max() <= 1e-6 * max(1.0, np.abs(expected).max())


@pytest.mark.parametrize("name", [name for name in FORMS if name != "isotonic"])
def test_implicit_gradients_are_those_of_unrolled_sinkhorn_iterations(name):
    soft = FORMS[name][1]
    value, gradient = gradient_of(soft, 1.0, "implicit")
    unrolled_value, unrolled = gradient_of(soft, 1.0, "unrolled")
    assert np.abs(value - unrolled_value).max() < 1e-9
    assert np.abs(gradient).max() > 1e-2
    assert np.abs(gradient - unrolled).max() < 1e-9


def test_top_k_is_entropic_transport_to_two_anchors_by_squared_distance():
    x, k, epsilon = np.array([0.1, 0.9, 0.4, 0.75, 0.3]), 2, 0.3
    kernel = np.exp(-((x[:, None] - np.array([0.0, 1.0])) ** 2) / epsilon)
    row, column = np.ones(5), np.ones(2)
    for _ in range(2000):
        row = (1.0 / x.size) / (kernel @ column)
        column = np.array([1 - k / x.size, k / x.size]) / (kernel.T @ row)
    plan = row[:, None] * kernel * column
    assert np.abs(ranking.top_k(x, k, epsilon / 2) - x.size * plan[:, 1]).max() < 1e-12


@pytest.mark.parametrize("softness", [1e-3, 0.1, 2.0])
def test_isotonic_ranks_are_blondels_projection(softness):
    x = np.random.default_rng(8).normal(size=60)
    z = x * x.size / softness
    order = np.argsort(-z)
    weights = np.arange(x.size, 0, -1.0)
    projected = z[order] - isotonic_regression(z[order] - weights, increasing=False).x
    expected = np.empty_like(x)
    expected[order] = projected
    assert np.abs(ranking.ranks(x, softness, "isotonic") - expected).max() < 1e-10


@pytest.mark.parametrize("n", [2, 9, 32, 33, 500])
def test_exact_as_the_softness_goes_to_zero(n):
    x = np.random.default_rng(n).permutation(n).astype(np.float64) * 0.7 - 3.0
    k = max(1, n // 3)
    tiny = 1e-12
    assert np.array_equal(ranking.ranks(x, tiny), rankdata(x))
    assert np.array_equal(ranking.ranks(x, tiny, "isotonic"), rankdata(x))
    assert np.array_equal(ranking.top_k(x, k, tiny), (x >= np.sort(x)[-k]).astype(float))
    assert np.abs(ranking.sort(x, tiny) - np.sort(x)).max() < 1e-11
    for level in (0.0, 0.1, 0.5, 0.77, 1.0):
        expected = np.quantile(x, level, method="hazen")
        assert ranking.quantile(x, level, tiny) == pytest.approx(expected, abs=1e-9)


def test_transport_to_fewer_anchors_than_values_is_off_by_half_an_anchor_at_most():
    x = np.random.default_rng(1).normal(size=1000)
    error = np.abs(ranking.ranks(x, 1e-9, "transport") - rankdata(x))
    assert error.max() <= 0.5 * 1000 / ranking.MOST_ANCHORS + 0.5


def test_ties_share_their_rank_and_their_place():
    x = np.array([3.0, 1.0, 2.0, 2.0, 2.0])
    for softness in (1e-300, 1e-9, 0.01):
        for method in ("transport", "isotonic"):
            assert ranking.ranks(x, softness, method)[2:] == pytest.approx(3.0)
        assert ranking.top_k(x, 2, softness)[2:] == pytest.approx(1 / 3, abs=1e-12)


@given(some_values, some_softness, st.floats(0.0, 1.0))
def test_sums_are_exact(values, softness, share):
    n = values.size
    k = share * n
    assert ranking.top_k(values, k, softness).sum() == pytest.approx(k, abs=1e-12 * n)
    scale = np.abs(values).max() + 1.0
    assert ranking.sort(values, softness).sum() == pytest.approx(values.sum(), abs=1e-13 * n * scale)
    for method in ("transport", "isotonic"):
        assert ranking.ranks(values, softness, method).sum() == pytest.approx(n * (n + 1) / 2, rel=1e-10)


@given(some_values, some_softness, st.randoms(use_true_random=False))
def test_equivariant_to_order(values, softness, random):
    order = list(range(values.size))
    random.shuffle(order)
    for name, (form, _) in FORMS.items():
        if values.size < 3 or name in ("sort", "quantile"):
            continue
        mixed = form(values[order], softness)
        straight = form(values, softness)[order]
        assert np.abs(mixed - straight).max() <= 1e-8 * max(1.0, np.abs(straight).max()), name
    assert np.array_equal(ranking.sort(values[order], softness), ranking.sort(values, softness))


@given(some_values, some_softness)
def test_order_is_kept(values, softness):
    order = np.argsort(values, kind="stable")
    for method in ("transport", "isotonic"):
        assert (np.diff(ranking.ranks(values, softness, method)[order]) >= -1e-9).all()
    assert (np.diff(ranking.sort(values, softness)) >= -1e-9 * np.abs(values).max()).all()


def test_softness_means_the_same_for_any_number_of_values():
    """Twice the same values, blurred twice the same: ranks double, the share of undecided members stays."""
    x = np.random.default_rng(2).normal(size=400)
    both = np.repeat(x, 2)
    for method in ("transport", "isotonic"):
        once, twice = ranking.ranks(x, 0.5, method), ranking.ranks(both, 0.5, method)
        assert np.abs((once - 0.5) / 400 - (twice[::2] - 0.5) / 800).max() < 1e-9, method
    assert np.abs(ranking.top_k(x, 50, 0.2) - ranking.top_k(both, 100, 0.2)[::2]).max() < 1e-12


def test_log_membership_has_a_gradient_where_membership_has_none():
    values = torch.tensor([5.0, 4.0, -100.0], dtype=torch.float64, requires_grad=True)
    (plain,) = torch.autograd.grad(ranking.soft_top_k(values, 1, 0.01)[2], values)
    (logarithm,) = torch.autograd.grad(ranking.soft_log_top_k(values, 1, 0.01)[2], values)
    assert np.array_equal(plain.numpy(), np.zeros(3))
    assert logarithm.numpy() == pytest.approx([-50.0, -50.0, 100.0])


def test_all_and_none():
    values = torch.tensor([[1.0, 2.0]], requires_grad=True)
    everybody = ranking.soft_log_top_k(values, 2, 0.1)
    assert torch.equal(everybody, torch.zeros(1, 2))
    everybody.sum().backward()
    assert torch.equal(present(values.grad), torch.zeros(1, 2))
    assert np.array_equal(ranking.top_k(np.ones(3), 0, 0.1), np.zeros(3))
    assert ranking.quantile(np.array([4.0]), 0.3, 1.0) == 4.0


def test_single_precision_stays_single_and_a_batch_is_its_rows():
    values = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    for form in (ranking.soft_sort, ranking.soft_rank, lambda v, s: ranking.soft_top_k(v, 2, s)):
        together = form(values, 0.3)
        assert together.dtype == torch.float32
        assert torch.equal(together[1, 2], form(values[1, 2], 0.3))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ranking.ranks(np.ones(3), 0.0), "softness is 0.0"),
        (lambda: ranking.top_k(np.ones(3), 4, 0.1), "between 0 and 3"),
        (lambda: ranking.sort(np.array([1.0, np.nan]), 0.1), "not a finite number"),
        (lambda: ranking.quantile(np.ones(3), 1.5, 0.1), "between 0 and 1"),
        (lambda: ranking.ranks(np.empty(0), 0.1), "nothing to rank"),
        (lambda: ranking.soft_rank(torch.ones(3), 0.1, "isotonic", "unrolled"), "implicit"),
    ],
)
def test_misuse_is_refused_in_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()
