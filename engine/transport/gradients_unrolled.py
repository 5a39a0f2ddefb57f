"""Sinkhorn sweeps in the log domain in plain torch, for autograd to unroll: the reference for gradients.

Every sweep stays in memory, so this is for small problems only.
"""

import math

import torch
from torch import Tensor


def sweeps(
    a: Tensor, b: Tensor, cost: Tensor, epsilon: float, strength: float, tolerance: float, max_iterations: int
) -> tuple[Tensor, Tensor]:
    """Return the regularised cost (B,) and the plan (B, n, m), after as many sweeps as the tolerance needs.

    a, b: (B, n), (B, m) ≥ 0; cost: (B, n, m), infinite where no mass may go. strength: of the marginals' KL
    divergence, infinite if they are prescribed. tolerance: L1 error of the marginals as a share of √(Σa · Σb).
    """
    scale = torch.sqrt(a.sum(dim=1) * b.sum(dim=1))
    damping = 1.0 if math.isinf(strength) else strength / (strength + epsilon)
    mass_a, mass_b = a / scale[:, None], b / scale[:, None]
    f, g = torch.zeros_like(a), torch.zeros_like(b)
    for _ in range(max_iterations):
        f = -damping * epsilon * _log_sum((g[:, None, :] - cost) / epsilon, mass_b[:, None, :])
        previous = g
        g = -damping * epsilon * _log_sum((f[:, :, None] - cost).transpose(1, 2) / epsilon, mass_a[:, None, :])
        with torch.no_grad():
            # With the previous g the columns were off by this factor; the rows were right.
            factor = torch.exp((previous - g) / (damping * epsilon))
            error = (mass_b * _kept(g, strength) * (factor - 1.0).abs()).sum(dim=1).max()
        if float(error) <= tolerance:
            break
    exponent = (f[:, :, None] + g[:, None, :] - cost) / epsilon
    density = torch.exp(exponent) / scale[:, None, None]
    plan = a[:, :, None] * b[:, None, :] * density
    # <P, C> + ε KL(P | a b / s), with log (P s / a b) = (f + g − C) / ε.
    value = (plan * (f[:, :, None] + g[:, None, :])).sum(dim=(1, 2)) + epsilon * (scale - plan.sum(dim=(1, 2)))
    if not math.isinf(strength):
        kept_a, kept_b = (density * b[:, None, :]).sum(dim=2), (density * a[:, :, None]).sum(dim=1)
        for weight, kept in ((a, kept_a), (b, kept_b)):
            value = value + strength * (weight * (torch.xlogy(kept, kept) - kept + 1.0)).sum(dim=1)
    return value, plan


def _kept(potential: Tensor, strength: float) -> Tensor:
    return torch.ones_like(potential) if math.isinf(strength) else torch.exp(-potential / strength)


def _log_sum(exponents: Tensor, weights: Tensor) -> Tensor:
    """Return log Σ weights · exp(exponents) over the last axis; its derivative by a weight of 0 is finite."""
    largest = exponents.detach().amax(dim=-1, keepdim=True)
    return largest.squeeze(-1) + torch.log((weights * torch.exp(exponents - largest)).sum(dim=-1))
