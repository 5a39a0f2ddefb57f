"""Ranks, sorted values, quantiles and the k largest, made differentiable by one-dimensional transport.

Everything works along the last axis, and `softness` is in the unit of the values: differences well under it
are blurred, differences well over it decide. It means the same for ten values and for ten thousand.

Top-k. Transport of n values to two anchors, "out" and "in", that receive n − k and k of them: its entropic
plan is membership_i = σ((values_i − τ) / softness) with Σ membership = k, so that a single number τ solves it.
(With the squared distance to the anchors 0 and 1 and regularisation ε, softness = ε / 2.)

Quantiles and sorted values. The mean of the values under the difference of the top-k's of two k one apart: its
weights are those of one sorted value; they add up to 1, and all sorted values together keep the sum.

Ranks. "transport" (Cuturi, Teboul and Vert 2019): entropic transport to m ordered anchors, at most 32; the rank
of a value is the mean rank of the anchors that it is sent to. Smooth, and exact as the softness goes to 0 where
m = n. "isotonic" (Blondel et al. 2020): the projection of n · values / softness onto the permutahedron of
(1, …, n). Piecewise linear, exact once all gaps exceed softness / n, O(n log n).

Gradient rules: "implicit" differentiates the solved conditions, in closed form; "unrolled" runs autograd
through plain Sinkhorn iterations and is the reference for a moderate softness.
"""

from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats, writable
from engine.core.compiled import compiled
from engine.core.tensors import apply, numpy_view, tensor_like, to_numpy
from engine.ranking import rank_kernels, sort_kernels, top_k_kernels

RankMethod = Literal["auto", "transport", "isotonic"]
RankingRule = Literal["implicit", "unrolled"]

MOST_ANCHORS = 32
UNROLLED_ITERATIONS = 100


def top_k(values: Floats, k: float, softness: float) -> Floats:
    """Return the membership in the k largest of the last axis: in [0, 1], adding up to k, 0 ≤ k ≤ n.

    Raises ValueError if k or the softness is out of range, or a value is not finite.
    """
    return _top_k(values, k, softness, logarithm=False)[1]


def log_top_k(values: Floats, k: float, softness: float) -> Floats:
    """Return the logarithm of the membership: it still falls where the membership itself has become 0."""
    return _top_k(values, k, softness, logarithm=True)[1]


def quantile(values: Floats, level: float, softness: float) -> Floats:
    """Return the soft quantile of the last axis, 0 ≤ level ≤ 1; as softness → 0, numpy's by the method "hazen"."""
    upper, lower = _quantile_sizes(values.shape[-1], level)
    if values.shape[-1] == 1:
        return values[..., 0].copy()
    outer = top_k(values, upper, softness)
    inner = top_k(values, lower, softness)
    return np.asarray(np.sum(values * (outer - inner), axis=-1), dtype=np.float64)


def sort(values: Floats, softness: float) -> Floats:
    """Return the soft sorted values along the last axis, ascending, with the sum kept."""
    rows = _rows(values, softness)
    return sort_kernels.sorted_softly(np.sort(rows, axis=-1), softness).reshape(values.shape)


def ranks(values: Floats, softness: float, method: RankMethod = "auto") -> Floats:
    """Return the soft ranks along the last axis: 1 for the smallest, n for the largest, n (n + 1) / 2 together.

    method: "auto" takes "transport" up to 32 values and "isotonic" above.
    """
    rows = _rows(values, softness)
    order = np.argsort(rows, axis=-1, kind="stable")
    if _by_transport(rows, method):
        anchors = min(rows.shape[1], MOST_ANCHORS)
        plan = rank_kernels.transport_plan(rows, order, anchors, softness)
        return (plan @ _centres(rows.shape[1], anchors)).reshape(values.shape)
    return rank_kernels.isotonic_ranks(rows, order, softness)[0].reshape(values.shape)


def soft_top_k(values: Tensor, k: float, softness: float, rule: RankingRule = "implicit") -> Tensor:
    """Return `top_k`, differentiable. Its gradient vanishes far from the threshold, unlike `soft_log_top_k`'s."""
    if rule == "unrolled":
        return _unrolled_top_k(values, k, softness).exp()
    return apply(_TopK, values, k, softness, False)


def soft_log_top_k(values: Tensor, k: float, softness: float, rule: RankingRule = "implicit") -> Tensor:
    """Return `log_top_k`, differentiable."""
    if rule == "unrolled":
        return _unrolled_top_k(values, k, softness)
    return apply(_TopK, values, k, softness, True)


def soft_quantile(values: Tensor, level: float, softness: float, rule: RankingRule = "implicit") -> Tensor:
    """Return `quantile`, differentiable."""
    upper, lower = _quantile_sizes(values.shape[-1], level)
    if values.shape[-1] == 1:
        return values[..., 0]
    weights = soft_top_k(values, upper, softness, rule) - soft_top_k(values, lower, softness, rule)
    return (values * weights).sum(dim=-1)


def soft_sort(values: Tensor, softness: float, rule: RankingRule = "implicit") -> Tensor:
    """Return `sort`, differentiable."""
    if rule == "unrolled":
        sums = [values.new_zeros(values.shape[:-1])]
        for k in range(1, values.shape[-1]):
            sums.append((values * soft_top_k(values, k, softness, rule)).sum(dim=-1))
        sums.append(values.sum(dim=-1))
        return torch.stack(sums, dim=-1).diff(dim=-1).flip(-1)
    return apply(_Sort, values, softness)


def soft_rank(
    values: Tensor, softness: float, method: RankMethod = "auto", rule: RankingRule = "implicit"
) -> Tensor:
    """Return `ranks`, differentiable. Raises ValueError for "unrolled" with "isotonic", which iterates nothing."""
    if rule == "unrolled":
        n = values.shape[-1]
        if not _by_transport(np.empty((1, n)), method):
            raise ValueError("isotonic ranks have no iterations to unroll; use the rule 'implicit'")
        anchors = min(n, MOST_ANCHORS)
        positions = torch.linspace(0.0, 1.0, anchors, dtype=values.dtype, device=values.device)
        plan = _sinkhorn(values, positions, positions.new_full((anchors,), n / anchors), softness).exp()
        return plan @ plan.new_tensor(_centres(n, anchors))
    return apply(_Rank, values, softness, method)


class _TopK(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, k: float, softness: float, logarithm: bool) -> Tensor:
        ctx.odds, members = _top_k(numpy_view(values), k, softness, logarithm)
        ctx.softness, ctx.logarithm = softness, logarithm
        return tensor_like(values, members)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None, None]:
        odds: Floats = ctx.odds
        upstream = writable(numpy_view(grads[0]).reshape(odds.shape))
        gradient = top_k_kernels.top_k_adjoint(odds, ctx.softness, upstream, ctx.logarithm)
        return tensor_like(grads[0], gradient.reshape(grads[0].shape)), None, None, None


class _Sort(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, softness: float) -> Tensor:
        ctx.softness = softness
        ctx.save_for_backward(values)
        return tensor_like(values, sort(to_numpy(values), softness))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (values,) = ctx.saved_tensors
        rows = _rows(to_numpy(values), ctx.softness)
        order = np.argsort(rows, axis=-1, kind="stable")
        ascending = np.take_along_axis(rows, order, axis=-1)
        upstream = writable(to_numpy(grads[0]).reshape(rows.shape))
        gradient = np.empty_like(rows)
        adjoint = sort_kernels.sorted_softly_adjoint(ascending, ctx.softness, upstream)
        np.put_along_axis(gradient, order, adjoint, axis=-1)
        return tensor_like(values, gradient.reshape(values.shape)), None


class _Rank(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, softness: float, method: RankMethod) -> Tensor:
        rows = _rows(to_numpy(values), softness)
        order = np.argsort(rows, axis=-1, kind="stable")
        ctx.softness, ctx.plan, ctx.isotonic = softness, None, None
        if _by_transport(rows, method):
            anchors = min(rows.shape[1], MOST_ANCHORS)
            ctx.plan = rank_kernels.transport_plan(rows, order, anchors, softness)
            result = ctx.plan @ _centres(rows.shape[1], anchors)
        else:
            result, block = rank_kernels.isotonic_ranks(rows, order, softness)
            ctx.isotonic = order, block
        return tensor_like(values, result.reshape(values.shape))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        shape = grads[0].shape
        upstream = writable(to_numpy(grads[0]).reshape(-1, shape[-1]))
        if ctx.plan is not None:
            plan: Floats = ctx.plan
            centres = _centres(plan.shape[1], plan.shape[2])
            gradient = rank_kernels.transport_rank_adjoint(plan, centres, ctx.softness, upstream)
        else:
            order, block = ctx.isotonic
            gradient = rank_kernels.isotonic_rank_adjoint(order, block, ctx.softness, upstream)
        return tensor_like(grads[0], gradient.reshape(shape)), None, None


def _rows(values: Floats, softness: float) -> Floats:
    """Return the values as (R, n), checked."""
    if not softness > 0.0:
        raise ValueError(f"the softness is {softness}; it must be above 0, in the unit of the values")
    if values.ndim == 0 or values.shape[-1] == 0:
        raise ValueError("there is nothing to rank: the last axis is empty")
    rows = writable(values.reshape(-1, values.shape[-1]))
    if not _all_finite(rows):
        raise ValueError("a value to rank is not a finite number")
    return rows


def _top_k(values: Floats, k: float, softness: float, logarithm: bool) -> tuple[Floats, Floats]:
    """Return log-odds (R, n), and memberships or their logarithms in the shape of the values."""
    rows = _rows(values, softness)
    if not 0.0 <= k <= rows.shape[1]:
        raise ValueError(f"k is {k}; it must lie between 0 and {rows.shape[1]}, the number of values")
    odds, members = top_k_kernels.top_k(rows, float(k), softness, logarithm)
    return odds, members.reshape(values.shape)


def _quantile_sizes(n: int, level: float) -> tuple[float, float]:
    """Return the two k, one apart, whose top-k's differ by the window around a quantile."""
    if not 0.0 <= level <= 1.0:
        raise ValueError(f"the level of a quantile is {level}; it must lie between 0 and 1")
    middle = min(max(n * (1.0 - level), 0.5), n - 0.5)
    return middle + 0.5, middle - 0.5


def _by_transport(rows: Floats, method: RankMethod) -> bool:
    return method == "transport" or (method == "auto" and rows.shape[1] <= MOST_ANCHORS)


def _centres(n: int, anchors: int) -> Floats:
    """Return the mean rank of what each anchor receives, (m,): 1 … n where there is one for every value."""
    return np.arange(0.5, anchors, dtype=np.float64) * (n / anchors) + 0.5


def _unrolled_top_k(values: Tensor, k: float, softness: float) -> Tensor:
    n = values.shape[-1]
    received = values.new_tensor([n - k, k])
    return _sinkhorn(values, values.new_tensor([0.0, 1.0]), received, softness)[..., 1]


def _sinkhorn(values: Tensor, positions: Tensor, received: Tensor, softness: float) -> Tensor:
    """Return the log of the entropic plan from values to anchors, (…, n, m), by plain Sinkhorn iterations."""
    scores = values[..., None] * positions / softness
    potentials = torch.zeros_like(scores[..., :1, :])
    for _ in range(UNROLLED_ITERATIONS):
        plan = torch.log_softmax(scores + potentials, dim=-1)
        potentials = potentials + received.log() - torch.logsumexp(plan, dim=-2, keepdim=True)
    return torch.log_softmax(scores + potentials, dim=-1)


@compiled
def _all_finite(values: Floats) -> bool:
    for row in range(values.shape[0]):
        for i in range(values.shape[1]):
            if not np.isfinite(values[row, i]):
                return False
    return True
