"""Kernels of transport that are never stored: their entries are computed from the positions by every product.

So memory grows with n + m, and a product costs n · m exponentials and no traffic. See the formula and the loop in
`engine.transport.streaming_kernels`.

Entries are float32 where that is enough, and so are exponents (`arithmetic_for`); sums of more than a few dozen
entries are float64. A solve that makes little progress with that goes on with float64 entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.transport.core import NormalisedProblem
from engine.transport.settings import TransportSettings

LOG2_E = 1.4426950408889634
# Points of a tile, here and there: nothing spills, with half as many here where they take more. Powers of two, and
# no more here than there, as arrays are padded to whole tiles there.
HERE, THERE = 16, 128
# Programs that fill a large card, and tiles that one of them may sum in the precision of the entries.
PROGRAMS, TILES = 2048, 32
WARPS = 4
# Coordinates that the kernels are made for.
LARGEST_DIMENSION = 8
Arithmetic = Literal["single", "mixed", "double"]
# The tolerance from which on float32 entries do.
SINGLE_TOLERANCE_FROM = 5e-7
# Values of ε, as a share of the largest cost, from which on they do, and float32 exponents too. With 64 points
# true marginal errors are 4e-7 there, and 2e-6 with float32 exponents at 1e-3; with float32 entries at 3e-4 there
# are twice as many passes.
MIXED_EPSILON_FROM, SINGLE_EPSILON_FROM = 1e-3, {"squared": 5e-3, "distance": 1e-2}


def arithmetic_for(problems: Sequence[NormalisedProblem], settings: TransportSettings) -> Arithmetic:
    """Return the quickest arithmetic with which a solve reaches its tolerance.

    "double": float64 exponents and entries.  "mixed": float32 entries, which leave marginal errors of 1e-7.
    "single": float32 exponents, which err by 1e-7 of the costs as a multiple of ε.
    """
    share = settings.epsilon / max(max(problem.largest for problem in problems), 1e-300)
    tolerance = settings.tolerance * min(problem.moved for problem in problems)
    if settings.precision == "float32":
        return "single"
    if tolerance < SINGLE_TOLERANCE_FROM or share < MIXED_EPSILON_FROM:
        return "double"
    return "single" if share >= SINGLE_EPSILON_FROM["squared" if problems[0].squared else "distance"] else "mixed"


@dataclass(eq=False)
class _Side:
    """The sources or the targets.

    positions: (B, d, real) float64.  size: with the slack point.  scaled: (B, d, stride) for the kernels.
    exponents: (B, stride) −shift or γ + log b, times log2 e; −∞ from `size` on.
    """

    positions: Tensor
    size: int
    scaled: Tensor
    exponents: Tensor

    @property
    def real(self) -> int:
        return self.positions.shape[2]

    @property
    def stride(self) -> int:
        return self.exponents.shape[1]

    def scale(self, unit: Tensor) -> None:
        """Express the positions in other units, given what one of theirs is in them (B, 1)."""
        self.scaled[:, :, : self.real] = self.positions * unit[:, :, None]

    def widen(self) -> None:
        """Let the kernels compute in float64 from the next time on that they are formed."""
        self.scaled, self.exponents = self.scaled.double(), self.exponents.double()


class StreamingKernel:
    """A `GibbsKernel` of points that keeps nothing of size n · m."""

    dtype = torch.float64

    def __init__(self, problems: Sequence[NormalisedProblem], arithmetic: Arithmetic, device: str) -> None:
        """Prepare problems of one size between points."""
        first = problems[0]
        self._squared = first.squared
        self._wide = arithmetic == "double"
        exponents = torch.float32 if arithmetic == "single" else torch.float64
        self._dimension = first.sources.shape[0]
        # Roundings are smallest around the middle.
        middles = [np.hstack([p.sources, p.targets]).mean(axis=1, keepdims=True) for p in problems]

        def side(positions: Sequence[Floats], size: int) -> _Side:
            stride = -(-size // THERE) * THERE
            centred = np.stack([x - middle for x, middle in zip(positions, middles, strict=True)])
            lanes = (len(problems), self._dimension, stride)
            return _Side(
                torch.tensor(centred, dtype=torch.float64, device=device),
                size,
                torch.zeros(lanes, dtype=exponents, device=device),
                torch.full((len(problems), stride), -torch.inf, dtype=exponents, device=device),
            )

        self._rows = side([problem.sources for problem in problems], first.a.size)
        self._columns = side([problem.targets for problem in problems], first.b.size)
        weights = np.stack([problem.b for problem in problems])
        self._log_b = torch.log(torch.tensor(weights, dtype=torch.float64, device=device))
        self._weighted = self._log_b > -torch.inf
        self._unit = torch.ones((len(problems), 1), dtype=torch.float64, device=device)
        self.formed_at = torch.zeros_like(self._log_b)
        self.shift = torch.zeros((len(problems), first.a.size), dtype=torch.float64, device=device)

    def refine(self) -> bool:
        """Compute float64 entries from the next time on that the kernel is formed; return whether that is new."""
        if self._wide:
            return False
        self._wide = True
        self._rows.widen()
        self._columns.widen()
        return True

    def form(self, gamma: Tensor, epsilon: Tensor) -> None:
        """Remember γ (B, m), as rounded, and ε (B, 1), and find the largest entries of the rows."""
        self._unit = LOG2_E / epsilon
        for side in (self._rows, self._columns):
            side.scale(torch.sqrt(self._unit) if self._squared else self._unit)
        exponents = self._columns.exponents[:, : self._columns.size]
        exponents.copy_(LOG2_E * (gamma + self._log_b))
        self.formed_at = torch.where(self._weighted, exponents.to(self.dtype) / LOG2_E - self._log_b, gamma)
        largest = self._maxima(self._rows, self._columns, self._columns.exponents)
        self._rows.exponents[:, : self._rows.size] = -largest
        self.shift = largest.to(self.dtype) / LOG2_E

    def times(self, x: Tensor) -> Tensor:
        """Multiply by vectors (B, m): (B, n)."""
        return self._sums(self._rows, self._columns, self._rows.exponents, self._columns.exponents, x)[0]

    def transposed(self, x: Tensor) -> Tensor:
        """Multiply the transpose by vectors (B, n): (B, m)."""
        return self._sums(self._columns, self._rows, self._columns.exponents, self._rows.exponents, x)[0]

    def transposed_with_squares(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the transpose times x, and that of the squared entries times `weights`: (B, m) each."""
        columns, rows = self._columns, self._rows
        first, second = self._sums(columns, rows, columns.exponents, rows.exponents, x, weights)
        return first, second

    def soft_columns(self, log_scale: Tensor) -> Tensor:
        """Return log Σ_i exp(log_scale_i − C_ij / ε) (B, m)."""
        exact = LOG2_E * log_scale
        exponents = torch.full_like(self._rows.exponents, -torch.inf)
        exponents[:, : self._rows.size] = exact
        rounded = exponents[:, : self._rows.size]
        # What float32 loses; of potentials that make no sense, it is too much to be a number.
        rest = torch.exp2((exact - rounded).clamp(-64.0, 64.0))
        rest = torch.where(rounded > -torch.inf, rest, 0.0)
        largest = self._maxima(self._columns, self._rows, exponents)
        shift = torch.full_like(self._columns.exponents, -torch.inf)
        shift[:, : self._columns.size] = -largest
        total = self._sums(self._columns, self._rows, shift, exponents, rest)[0]
        return (largest + torch.log2(total)) / LOG2_E

    def moments(self, scale: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return <plan, C> (B,) of the plan scale · kernel · v and its derivatives (B, d, n), (B, d, m)."""
        d, rows, columns = self._dimension, self._rows, self._columns
        by_sources = self._moments(rows, columns, v) * scale[:, : rows.real, None]
        by_targets = self._moments(columns, rows, scale) * v[:, : columns.real, None]
        cost = by_sources[:, :, d].sum(dim=1) / self._unit[:, 0]
        to_positions = 2.0 / torch.sqrt(self._unit)[:, :, None] if self._squared else 1.0
        gradients = [to_positions * by[:, :, :d].transpose(1, 2) for by in (by_sources, by_targets)]
        return cost, gradients[0], gradients[1]

    def _maxima(self, here: _Side, there: _Side, exponents: Tensor) -> Tensor:
        """Return the largest exponents − cost (B, h), of `there` (B, stride)."""
        from engine.transport.streaming_kernels import maxima

        grid, sizes, constants = self._tiling(here, there)
        partial = here.exponents.new_empty((grid[1], grid[2], here.size))
        maxima[grid](here.scaled, there.scaled, exponents, partial, *sizes, **constants)
        return partial.amax(dim=0)

    def _sums(
        self, here: _Side, there: _Side, p: Tensor, q: Tensor, x: Tensor, weights: Tensor | None = None
    ) -> Tensor:
        """Return products (1, B, h) with the matrix here × there; with `weights`, in [1] those of its squares."""
        from engine.transport.streaming_kernels import sums

        grid, sizes, constants = self._tiling(here, there)
        squares = weights is not None
        partial = x.new_empty((2 if squares else 1, grid[1], grid[2], here.size))
        factors = x.contiguous(), x if weights is None else weights.contiguous()
        arrays = here.scaled, there.scaled, p, q, *factors, partial[0], partial[-1]
        sums[grid](*arrays, *sizes, SQUARES=squares, WIDE=self._wide, **constants)
        return partial.sum(dim=1)

    def _moments(self, here: _Side, there: _Side, factors: Tensor) -> Tensor:
        """Return moments (B, real h, d + 1) of the kernel times `factors`, by `streaming_kernels.moments`."""
        from engine.transport.streaming_kernels import moments

        grid, sizes, constants = self._tiling(here, there)
        lanes = 1 << self._dimension.bit_length()  # a power of two above d
        partial = factors.new_zeros((grid[1], grid[2], here.size, lanes))
        arrays = here.scaled, there.scaled, here.exponents, there.exponents, factors.contiguous(), partial
        moments[grid](*arrays, *sizes, LANES=lanes, WIDE=self._wide, **constants)
        return partial.sum(dim=0)[:, : here.real, : self._dimension + 1]

    def _tiling(
        self, here: _Side, there: _Side
    ) -> tuple[tuple[int, int, int], tuple[int, ...], dict[str, int | bool]]:
        """Return the programs – blocks of points here, chunks of those there, problems –, sizes and constants."""
        per_block = HERE if self._dimension <= 2 and not self._wide else HERE // 2
        blocks, tiles, batch = -(-here.size // per_block), there.stride // THERE, here.exponents.shape[0]
        chunks = max(-(-PROGRAMS // (blocks * batch)), -(-tiles // TILES))
        length = max(1, tiles // chunks)
        sizes = here.stride, there.stride, here.size, there.size, here.real, there.real, length * THERE
        constants = {
            "D": self._dimension,
            "SQUARED": self._squared,
            "SLACK": here.size > here.real,
            "HERE": per_block,
            "THERE": THERE,
            "num_warps": WARPS,
        }
        return (blocks, -(-tiles // length), batch), sizes, constants
