"""The loops of `engine.transport.cpu` over costs and kernel, compiled and without the interpreter lock.

A pass handles four rows of the kernel while they are in the cache: their products with a vector, and their part of
the column sums. So a sweep reads the kernel once, where two products would read it twice. Costs are never stored:
`costs_from` computes one row of them from the positions.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from numba import njit  # pyright: ignore[reportUnknownVariableType]

from engine.core.arrays import Floats

# The kernel's entries: float32 or float64.
Entries = npt.NDArray[np.floating[Any]]
Loop = TypeVar("Loop", bound=Callable[..., Any])

CHUNK = 512
LOG2_E, LN_2 = 1.4426950408889634, 0.6931471805599453
LN_2_HIGH, LN_2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# Added to a float64, this leaves the nearest integer in its lowest bits; the exponent of 1.0 is 1023.
ROUNDING = 6755399441055744.0
# Where float32 becomes imprecise and slow, as a power of 2.
SMALLEST_SINGLE = -125.0
EXPONENT_BITS = np.int64(52)
EXPONENT_OF_ONE = np.int64(1023 << 52)


def vectorised(*freedoms: str) -> Callable[[Loop], Loop]:
    """Return a decorator that compiles a loop over rows with some of LLVM's fast-math flags.

    "contract" allows fused multiply-add; "reassoc" sums in as many lanes as the processor has, without which a
    sum takes twice the time. The same machine gives the same bytes. "nnan" and "nsz" let a maximum be computed
    in lanes; only for numbers that are known to be finite.
    """

    def decorate(function: Loop) -> Loop:
        compile_it = njit(cache=True, nogil=True, error_model="numpy", fastmath=set(freedoms))
        return cast("Loop", compile_it(function))

    return decorate


@vectorised("reassoc", "contract", "nnan", "nsz")
def _exponents(log_weight: Floats, inverse_epsilon: float, cost: Floats) -> float:
    """Replace `cost` by log_weight − cost / ε, and return the largest."""
    largest = -np.inf
    for j in range(cost.size):
        exponent = log_weight[j] - inverse_epsilon * cost[j]
        cost[j] = exponent
        largest = max(largest, exponent)
    return largest


@vectorised("contract")
def _exponentials(exponents: Floats, shift: float, single: bool, values: Entries) -> None:
    """Write exp(exponents − shift), differences ≤ 0, to `values`: 2^k by its bits, the rest by a Taylor series."""
    power, rest = np.empty(CHUNK), np.empty(CHUNK)
    bits = power.view(np.int64)
    for begin in range(0, exponents.size, CHUNK):
        end = min(begin + CHUNK, exponents.size)
        width = end - begin
        exponent, value = exponents[begin:end], values[begin:end]
        if single:  # to 6e-9, of which float32 keeps 6e-8
            for j in range(width):
                x = (exponent[j] - shift) * LOG2_E
                x = x if x > SMALLEST_SINGLE else -1023.0  # whose exponent bits are those of 0
                shifted = x + ROUNDING
                power[j] = shifted
                r = (x - (shifted - ROUNDING)) * LN_2
                rest[j] = 1.0 + r * (1.0 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (
                    1 / 120 + r * (1 / 720 + r / 5040))))))  # fmt: skip
        else:
            for j in range(width):
                x = max(exponent[j] - shift, -1023.0 * LN_2)
                shifted = x * LOG2_E + ROUNDING
                power[j] = shifted
                k = shifted - ROUNDING
                r = (x - k * LN_2_HIGH) - k * LN_2_LOW
                rest[j] = 1.0 + r * (1.0 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (
                    1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r * (1 / 3628800 + r * (
                        1 / 39916800 + r / 479001600)))))))))))  # fmt: skip
        for j in range(width):
            bits[j] = (bits[j] << EXPONENT_BITS) + EXPONENT_OF_ONE
        for j in range(width):
            value[j] = rest[j] * power[j]


@vectorised("contract")
def costs_from(sources: Floats, targets: Floats, matrix: Floats, squared: bool, source: int, cost: Floats) -> None:
    """Write to `cost` the costs from one source to all targets; either side may end with its slack point."""
    if matrix.size > 0:
        sources_count, size = matrix.shape
    else:
        sources_count, size = sources.shape[1], targets.shape[1]
    if source == sources_count:
        cost[:] = 0.0
        cost[size:] = np.inf
        return
    cost[size:] = 0.0
    if matrix.size > 0:
        for j in range(size):
            cost[j] = matrix[source, j]
        return
    for k in range(targets.shape[0]):
        x, y = sources[k, source], targets[k]
        if k == 0:
            for j in range(size):
                cost[j] = (x - y[j]) * (x - y[j])
        else:
            for j in range(size):
                cost[j] += (x - y[j]) * (x - y[j])
    if not squared:
        for j in range(size):
            cost[j] = np.sqrt(cost[j])


@vectorised("contract")
def form(
    sources: Floats,
    targets: Floats,
    matrix: Floats,
    squared: bool,
    inverse_epsilon: float,
    log_weight: Floats,
    kernel: Entries,
    shift: Floats,
) -> None:
    """Write the kernel (n, m) and the shifts (n,), as `engine.transport.cpu` defines them."""
    n, m = kernel.shape
    row = np.empty(m)
    single = kernel.itemsize == 4
    for i in range(n):
        costs_from(sources, targets, matrix, squared, i, row)
        shift[i] = _exponents(log_weight, inverse_epsilon, row)
        _exponentials(row, shift[i], single, kernel[i])


@vectorised("reassoc", "contract")
def _products(a: Entries, b: Entries, c: Entries, d: Entries, x: Floats) -> tuple[float, float, float, float]:
    """Return the scalar products of four rows with x."""
    first, second, third, fourth = 0.0, 0.0, 0.0, 0.0
    for j in range(x.size):
        first += a[j] * x[j]
        second += b[j] * x[j]
        third += c[j] * x[j]
        fourth += d[j] * x[j]
    return first, second, third, fourth


@vectorised("reassoc", "contract")
def _product(a: Entries, x: Floats) -> float:
    total = 0.0
    for j in range(x.size):
        total += a[j] * x[j]
    return total


@vectorised("contract")
def _sent(total: float, a: float, shift: float, kappa: float) -> float:
    """Return the total mass from a source, at its optimal potential for Σ kernel · v = total."""
    return a if kappa == 1.0 else a * np.exp((1.0 - kappa) * (shift + np.log(total)))


@vectorised("contract")
def evaluate(
    kernel: Entries,
    v: Floats,
    a: Floats,
    shift: Floats,
    kappa: float,
    sums: Floats,
    scale: Floats,
    rows: Floats,
    columns: Floats,
    squares: Floats,
) -> None:
    """Write the arrays after `kappa`, see `cpu.Evaluation`; columns and squares lack their factors v and v²."""
    n, m = kernel.shape
    columns[:] = 0.0
    squares[:] = 0.0
    whole = n - n % 4
    for i in range(0, whole, 4):
        k0, k1, k2, k3 = kernel[i], kernel[i + 1], kernel[i + 2], kernel[i + 3]
        sums[i], sums[i + 1], sums[i + 2], sums[i + 3] = _products(k0, k1, k2, k3, v)
        for j in range(i, i + 4):
            rows[j] = _sent(sums[j], a[j], shift[j], kappa)
            scale[j] = rows[j] / sums[j]
        u0, u1, u2, u3 = scale[i], scale[i + 1], scale[i + 2], scale[i + 3]
        w0, w1 = kappa * u0 / sums[i], kappa * u1 / sums[i + 1]
        w2, w3 = kappa * u2 / sums[i + 2], kappa * u3 / sums[i + 3]
        for j in range(m):
            x0, x1, x2, x3 = k0[j], k1[j], k2[j], k3[j]
            columns[j] += u0 * x0 + u1 * x1 + u2 * x2 + u3 * x3
            squares[j] += w0 * x0 * x0 + w1 * x1 * x1 + w2 * x2 * x2 + w3 * x3 * x3
    for i in range(whole, n):
        row = kernel[i]
        sums[i] = _product(row, v)
        rows[i] = _sent(sums[i], a[i], shift[i], kappa)
        scale[i] = rows[i] / sums[i]
        w = kappa * scale[i] / sums[i]
        for j in range(m):
            columns[j] += scale[i] * row[j]
            squares[j] += w * row[j] * row[j]


@vectorised("contract")
def _there_and_back(kernel: Entries, weights: Floats, x: Floats, result: Floats) -> None:
    """Write kernelᵀ (weights · (kernel x)) to `result`, reading the kernel once."""
    n, m = kernel.shape
    result[:] = 0.0
    whole = n - n % 4
    for i in range(0, whole, 4):
        k0, k1, k2, k3 = kernel[i], kernel[i + 1], kernel[i + 2], kernel[i + 3]
        t0, t1, t2, t3 = _products(k0, k1, k2, k3, x)
        t0, t1 = t0 * weights[i], t1 * weights[i + 1]
        t2, t3 = t2 * weights[i + 2], t3 * weights[i + 3]
        for j in range(m):
            result[j] += t0 * k0[j] + t1 * k1[j] + t2 * k2[j] + t3 * k3[j]
    for i in range(whole, n):
        row = kernel[i]
        t0 = weights[i] * _product(row, x)
        for j in range(m):
            result[j] += t0 * row[j]


@vectorised("contract")
def direction(
    kernel: Entries,
    v: Floats,
    weights: Floats,
    diagonal: Floats,
    preconditioner: Floats,
    right: Floats,
    tolerance: float,
    limit: int,
    step: Floats,
) -> int:
    """Solve (diagonal − v Kᵀ weights K v) step = right by conjugate gradients, and return how many were made.

    `step` is 0 at first. They end when the L1 norm of the residual, the marginal error that the linear model
    predicts, is at most `tolerance`.
    """
    residual = right.copy()
    scaled = residual / preconditioner
    search = scaled.copy()
    product = np.empty_like(right)
    rho = _product(residual, scaled)
    for done in range(limit):
        _there_and_back(kernel, weights, v * search, product)
        product = diagonal * search - v * product
        curvature = _product(search, product)
        if not curvature > 0.0:
            return done + 1
        length = rho / curvature
        left = 0.0
        for j in range(step.size):
            step[j] += length * search[j]
            residual[j] -= length * product[j]
            left += abs(residual[j])
        if left <= tolerance:
            return done + 1
        scaled = residual / preconditioner
        newer = _product(residual, scaled)
        search = scaled + (newer / rho) * search
        rho = newer
    return limit


@vectorised("contract")
def soft_columns(
    sources: Floats,
    targets: Floats,
    matrix: Floats,
    squared: bool,
    inverse_epsilon: float,
    log_scale: Floats,
    m: int,
) -> Floats:
    """Return log Σ_i exp(log_scale_i − C_ij / ε), (m,), in one pass with a running maximum."""
    row, largest, total = np.empty(m), np.full(m, -np.inf), np.zeros(m)
    for i in range(log_scale.size):
        costs_from(sources, targets, matrix, squared, i, row)
        for j in range(m):
            exponent = log_scale[i] - inverse_epsilon * row[j]
            if exponent > largest[j]:
                total[j] = total[j] * np.exp(largest[j] - exponent) + 1.0
                largest[j] = exponent
            elif exponent > -np.inf:
                total[j] += np.exp(exponent - largest[j])
    return largest + np.log(total)


@vectorised("contract", "reassoc")
def moments(
    sources: Floats,
    targets: Floats,
    matrix: Floats,
    squared: bool,
    kernel: Entries,
    scale: Floats,
    v: Floats,
    by_sources: Floats,
    by_targets: Floats,
) -> float:
    """Return <plan, C>, and add its derivatives by the positions to `by_sources` and `by_targets`."""
    if matrix.size > 0:
        n, m = matrix.shape
    else:
        n, m = sources.shape[1], targets.shape[1]
    cost = 0.0
    row, mass = np.empty(m), np.empty(m)
    for i in range(n):
        for j in range(m):
            mass[j] = scale[i] * kernel[i, j] * v[j]
        if matrix.size > 0:
            cost += _product(matrix[i], mass)
            continue
        costs_from(sources, targets, matrix, squared, i, row)
        cost += _product(row, mass)
        for j in range(m):
            # Points that lie on each other have no direction; 0 is a subgradient of their distance.
            slope = 2.0 if squared else (1.0 / row[j] if row[j] > 0.0 else 0.0)
            mass[j] *= slope
        for k in range(sources.shape[0]):
            x, y, by_target = sources[k, i], targets[k], by_targets[k]
            total = 0.0
            for j in range(m):
                change = mass[j] * (x - y[j])
                total += change
                by_target[j] -= change
            by_sources[k, i] += total
    return cost
