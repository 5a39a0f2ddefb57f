"""Differentiable transport for torch, with the gradient rule as a named argument.

`envelope`  of the regularised cost: its derivatives are the potentials and the plan (envelope theorem), and the
            solver itself is not differentiated.
`implicit`  of the plan, from the optimality conditions: one linear system with the Hessian of the semi-dual, by
            conjugate gradients.
`unrolled`  autograd through every sweep. The reference, for small problems: slow, and all sweeps stay in memory.

Weights, positions and cost matrix may be outputs of any module. A leading axis holds a batch of problems.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.tensors import apply, to_numpy
from engine.transport.batched import conjugate_gradients, times, transposed
from engine.transport.costs import Kind, MatrixCost, PointCost
from engine.transport.gradients_unrolled import sweeps
from engine.transport.problem import Balanced, Partial, Relaxation, TransportProblem, Unbalanced
from engine.transport.result import TransportResult, TransportWarmStart
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transports

Rule = Literal["envelope", "implicit", "unrolled"]

# The adjoint is solved to this share of its right-hand side.
ADJOINT_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class PointTensors:
    """Positions (n, d) and (m, d), or (B, n, d) and (B, m, d), whose distance is the ground cost."""

    sources: Tensor
    targets: Tensor
    kind: Kind = "squared"

    def matrix(self) -> Tensor:
        """Return the ground cost (…, n, m); the distance of coinciding points has derivative 0."""
        squared = (self.sources[..., :, None, :] - self.targets[..., None, :, :]).square().sum(dim=-1)
        if self.kind == "squared":
            return squared
        apart = squared > 0.0
        return torch.where(apart, torch.sqrt(torch.where(apart, squared, 1.0)), 0.0)


def transport_cost(
    a: Tensor,
    b: Tensor,
    cost: Tensor | PointTensors,
    settings: TransportSettings,
    relaxation: Relaxation | None = None,
    rule: Rule = "envelope",
    warm_starts: Sequence[TransportWarmStart] | None = None,
) -> tuple[Tensor, tuple[TransportResult, ...]]:
    """Return the regularised cost (), differentiable by a, b and cost, and the solution.

    a, b: (n,), (m,); cost: (n, m), or positions. With a leading axis B on the cost, and on a and b if they
    differ, the costs are (B,) and there are B solutions. relaxation: `Balanced` if left out; then derivatives
    by weights are those for changes that keep the totals equal. rule: "envelope" or "unrolled". warm_starts: one
    for each solution. Raises ProblemError as `engine.transport.settings.check` does, and ValueError for the rule
    "implicit", which the envelope theorem makes needless.
    """
    if rule == "implicit":
        raise ValueError("the cost is differentiated by the rule 'envelope', or 'unrolled' as a reference")
    relaxation = relaxation or Balanced()
    batched, a, b, cost = _batch(a, b, cost)
    results = _solve(a, b, cost, settings, relaxation, warm_starts)
    if rule == "unrolled":
        values, _ = _unrolled(a, b, cost, settings, relaxation)
    else:
        parts = (cost.sources, cost.targets) if isinstance(cost, PointTensors) else (cost,)
        values = apply(_Envelope, results, a, b, *parts)
    return values if batched else values[0], results


def transport_plan(
    a: Tensor,
    b: Tensor,
    cost: Tensor | PointTensors,
    settings: TransportSettings,
    relaxation: Relaxation | None = None,
    rule: Rule = "implicit",
    warm_starts: Sequence[TransportWarmStart] | None = None,
) -> tuple[Tensor, tuple[TransportResult, ...]]:
    """Return the plan (n, m), or (B, n, m), differentiable by a, b and cost, and the solution.

    Arguments as those of `transport_cost`; rule: "implicit" or "unrolled". Raises ValueError for "envelope",
    which is a rule for the cost only.
    """
    if rule == "envelope":
        raise ValueError("the plan is differentiated by the rule 'implicit', or 'unrolled' as a reference")
    relaxation = relaxation or Balanced()
    batched, a, b, cost = _batch(a, b, cost)
    results = _solve(a, b, cost, settings, relaxation, warm_starts)
    if rule == "unrolled":
        _, plans = _unrolled(a, b, cost, settings, relaxation)
    else:
        matrix = cost.matrix() if isinstance(cost, PointTensors) else cost
        n, m = matrix.shape[1:]
        potentials = _potentials(results, relaxation)
        strength = relaxation.strength if isinstance(relaxation, Unbalanced) else math.inf
        whole = _with_slack(a, b, matrix, relaxation)
        plans = apply(_Implicit, *whole, *potentials, settings.epsilon, strength)[:, :n, :m]
    return plans if batched else plans[0], results


def _batch(
    a: Tensor, b: Tensor, cost: Tensor | PointTensors
) -> tuple[bool, Tensor, Tensor, Tensor | PointTensors]:
    """Return whether there was a leading axis, and the arguments with one."""
    if isinstance(cost, PointTensors):
        batched = cost.sources.dim() == 3 or cost.targets.dim() == 3
        size = max(cost.sources.shape[0] if cost.sources.dim() == 3 else 1,
                   cost.targets.shape[0] if cost.targets.dim() == 3 else 1)  # fmt: skip
        cost = PointTensors(
            cost.sources.expand(size, *cost.sources.shape[-2:]),
            cost.targets.expand(size, *cost.targets.shape[-2:]),
            cost.kind,
        )
    else:
        batched = cost.dim() == 3
        cost = cost if batched else cost[None]
        size = cost.shape[0]
    return batched, a.expand(size, a.shape[-1]), b.expand(size, b.shape[-1]), cost


def _solve(
    a: Tensor,
    b: Tensor,
    cost: Tensor | PointTensors,
    settings: TransportSettings,
    relaxation: Relaxation,
    warm_starts: Sequence[TransportWarmStart] | None,
) -> tuple[TransportResult, ...]:
    weights = zip(to_numpy(a), to_numpy(b), strict=True)
    if isinstance(cost, PointTensors):
        places = zip(to_numpy(cost.sources), to_numpy(cost.targets), strict=True)
        costs = [PointCost(sources, targets, cost.kind) for sources, targets in places]
    else:
        costs = [MatrixCost(values) for values in to_numpy(cost)]
    problems = [TransportProblem(*pair, one, relaxation) for pair, one in zip(weights, costs, strict=True)]
    return solve_transports(problems, settings, warm_starts)


def _with_slack(a: Tensor, b: Tensor, cost: Tensor, relaxation: Relaxation) -> tuple[Tensor, Tensor, Tensor]:
    """Add the slack points of `Partial`, see `engine.transport.problem`; return any other problem as it is."""
    if not isinstance(relaxation, Partial):
        return a, b, cost
    stays_a = (a.sum(dim=1, keepdim=True) - relaxation.mass).clamp(min=0.0)
    stays_b = (b.sum(dim=1, keepdim=True) - relaxation.mass).clamp(min=0.0)
    cost = torch.nn.functional.pad(cost, (0, 1, 0, 1))
    never = torch.zeros_like(cost, dtype=torch.bool)
    never[:, -1, -1] = True
    return torch.cat([a, stays_b], dim=1), torch.cat([b, stays_a], dim=1), cost.masked_fill(never, math.inf)


def _unrolled(
    a: Tensor, b: Tensor, cost: Tensor | PointTensors, settings: TransportSettings, relaxation: Relaxation
) -> tuple[Tensor, Tensor]:
    matrix = cost.matrix() if isinstance(cost, PointTensors) else cost
    n, m = matrix.shape[1:]
    strength = relaxation.strength if isinstance(relaxation, Unbalanced) else math.inf
    whole = _with_slack(a, b, matrix, relaxation)
    values, plans = sweeps(
        *whole, settings.epsilon, strength, settings.reachable_tolerance, settings.max_iterations
    )
    return values, plans[:, :n, :m]


def _potentials(results: Sequence[TransportResult], relaxation: Relaxation) -> tuple[Floats, Floats]:
    """Return f (B, n) and g (B, m), with those of the slack points of `Partial`."""
    f, g = np.stack([result.f for result in results]), np.stack([result.g for result in results])
    if isinstance(relaxation, Partial):
        # by_a = f + (g of the slack point), and likewise by_b.
        slack_f = np.array([[result.by_b[0] - result.g[0]] for result in results])
        slack_g = np.array([[result.by_a[0] - result.f[0]] for result in results])
        f, g = np.concatenate([f, slack_f], axis=1), np.concatenate([g, slack_g], axis=1)
    return f, g


class _Envelope(torch.autograd.Function):
    """Regularised costs of solved problems; `tensors` are the weights, and the positions or the cost matrix."""

    @staticmethod
    def forward(ctx: Any, results: tuple[TransportResult, ...], *tensors: Tensor) -> Tensor:
        ctx.results, ctx.of_points = results, len(tensors) == 4
        return tensors[0].new_tensor([result.regularised_cost for result in results])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        results: tuple[TransportResult, ...] = ctx.results
        derivatives = [[result.by_a for result in results], [result.by_b for result in results]]
        if ctx.of_points:
            derivatives.append([result.by_sources for result in results if result.by_sources is not None])
            derivatives.append([result.by_targets for result in results if result.by_targets is not None])
        else:
            derivatives.append([result.plan() for result in results])
        stacked = [grads[0].new_tensor(np.stack(arrays)) for arrays in derivatives]
        return None, *(grads[0].reshape(-1, *[1] * (d.dim() - 1)) * d for d in stacked)


class _Implicit(torch.autograd.Function):
    """The plan P = a R, R = b / s · exp((f + g − C) / ε), at potentials that solve the problem.

    R stays finite where a weight is zero, and with it every derivative. For strength ρ let κ = ρ / (ρ + ε),
    1 without; then differentiating P together with the conditions on its marginals p, q gives

        [diag(p) / κ    P      ] [α]   [W 1 ]
        [Pᵀ       diag(q) / κ  ] [β] = [Wᵀ 1],      W = P ∘ upstream,

    and the derivatives P ∘ (α + β − upstream) / ε by C, and α p / (a κ), β q / (b κ) by a and b, less the
    share of s, which only an unbalanced plan depends on.
    """

    @staticmethod
    def forward(
        ctx: Any, a: Tensor, b: Tensor, cost: Tensor, f: Floats, g: Floats, epsilon: float, strength: float
    ) -> Tensor:
        scale = torch.sqrt(a.sum(dim=1) * b.sum(dim=1))[:, None, None]
        exponents = (a.new_tensor(f)[:, :, None] + a.new_tensor(g)[:, None, :] - cost) / epsilon - torch.log(scale)
        # Weights join the exponents: between points without weight, the exponential alone might overflow.
        from_a = torch.exp(exponents + torch.log(b)[:, None, :])  # plan / a
        from_b = torch.exp(exponents + torch.log(a)[:, :, None])  # plan / b
        ctx.save_for_backward(a, b, from_a, from_b)
        ctx.epsilon, ctx.strength = epsilon, strength
        return a[:, :, None] * from_a

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        a, b, from_a, from_b = ctx.saved_tensors
        (upstream,) = grads
        epsilon, ratio = ctx.epsilon, ctx.strength / ctx.epsilon
        inverse_kappa = 1.0 if math.isinf(ratio) else 1.0 + 1.0 / ratio

        kept_a, kept_b = from_a.sum(dim=2), from_b.sum(dim=1)
        mean_a = (from_a * upstream).sum(dim=2) / (inverse_kappa * kept_a)
        weights = a / (inverse_kappa * kept_a)
        diagonal = inverse_kappa * b * kept_b

        def hessian(x: Tensor) -> Tensor:
            return diagonal * x - transposed(from_a, weights * times(from_a, x))

        plan = a[:, :, None] * from_a
        right = (plan * upstream).sum(dim=1) - transposed(plan, mean_a)
        exact = diagonal - (weights[:, :, None] * from_a * from_a).sum(dim=1)
        preconditioner = torch.where(b > 0.0, exact.clamp(min=1e-9 * diagonal), 1.0)
        wanted = ADJOINT_TOLERANCE**2 * (right * (right / preconditioner)).sum(dim=1, keepdim=True)

        def unsolved(_residual: Tensor, rho: Tensor) -> Tensor:
            return rho > wanted

        beta, _ = conjugate_gradients(hessian, right, preconditioner, unsolved, 10 * right.shape[1])
        alpha = mean_a - times(from_a, beta) / (inverse_kappa * kept_a)
        mean_b = ((upstream - alpha[:, :, None]) * from_b).sum(dim=1) / (inverse_kappa * kept_b)
        beta = torch.where(b > 0.0, beta, mean_b)

        by_cost = plan * (alpha[:, :, None] + beta[:, None, :] - upstream) / epsilon
        by_a, by_b = inverse_kappa * alpha * kept_a, inverse_kappa * beta * kept_b
        if math.isinf(ratio):
            shift = ((a * by_a).sum(dim=1) - (b * by_b).sum(dim=1)) / (a.sum(dim=1) + b.sum(dim=1))
            by_a, by_b = by_a - shift[:, None], by_b + shift[:, None]
        else:
            share = (alpha * a * kept_a).sum(dim=1, keepdim=True) / (2.0 * ratio)
            by_a = by_a - share / a.sum(dim=1, keepdim=True)
            by_b = by_b - share / b.sum(dim=1, keepdim=True)
        return by_a, by_b, by_cost, None, None, None, None
