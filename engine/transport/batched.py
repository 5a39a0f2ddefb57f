"""Batched linear algebra in torch: products with matrices, and conjugate gradients."""

from collections.abc import Callable

import torch
from torch import Tensor


def times(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiply matrices (B, n, m) by vectors (B, m): (B, n)."""
    return torch.bmm(matrix, x[:, :, None])[:, :, 0]


def transposed(matrix: Tensor, x: Tensor) -> Tensor:
    """Multiply transposed matrices (B, n, m) by vectors (B, n): (B, m)."""
    return torch.bmm(x[:, None, :], matrix)[:, 0]


def conjugate_gradients(
    operator: Callable[[Tensor], Tensor],
    right: Tensor,
    preconditioner: Tensor,
    unsolved: Callable[[Tensor, Tensor], Tensor],
    limit: int,
    check_every: int = 1,
) -> tuple[Tensor, int]:
    """Solve a batch of positive semidefinite systems `operator(x) = right`, from x = 0.

    right, preconditioner: (B, m), the latter the diagonal to divide by.  unsolved: from the residual r (B, m) and
    <r, r / preconditioner> (B, 1), which systems (B, 1) go on; one also ends where there is no curvature.
    limit: steps at most.  check_every: steps between two checks that any goes on, each of which waits for the
    device. Returns x (B, m) and the number of steps.
    """
    x = torch.zeros_like(right)
    residual = right
    scaled = residual / preconditioner
    search = scaled
    rho = (residual * scaled).sum(dim=1, keepdim=True)
    going = torch.ones_like(rho, dtype=torch.bool)
    for done in range(limit):
        going = going & unsolved(residual, rho)
        if done % check_every == 0 and not bool(going.any()):
            return x, done
        product = operator(search)
        curvature = (search * product).sum(dim=1, keepdim=True)
        going = going & (curvature > 0.0)
        length = torch.where(going, rho / torch.where(going, curvature, 1.0), 0.0)
        x = x + length * search
        residual = residual - length * product
        scaled = residual / preconditioner
        newer = (residual * scaled).sum(dim=1, keepdim=True)
        search = scaled + torch.where(going, newer / torch.where(going, rho, 1.0), 0.0) * search
        rho = newer
    return x, limit
