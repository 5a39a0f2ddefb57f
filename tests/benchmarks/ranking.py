"""Soft top-k and soft ranks beside others, in one run: `python -m tests.benchmarks.ranking` (some minutes).

The value, and its gradient for a given upstream gradient; one vector, float64. `pip install ott-jax torchsort` for
the whole table; what is not installed is left out by name. All get the same problem: OTT and the plain Sinkhorn
iteration (in the log domain, 200 iterations through autograd) transport to the anchors 0 and 1 by squared distance
with ε = 2 · softness; torchsort's regularisation is softness / n. OTT stops at a marginal error of 1e-3 and takes
ε = 0.01, a softness of 0.005, unless told otherwise. Times are medians of interleaved repeats.
"""

import importlib
import time
from typing import Any

import numpy as np
import torch

from engine.core.device import use_few_threads
from engine.ranking import operators as ranking
from tests.benchmarks.table import print_table
from tests.present import present

SIZES = (10, 100, 1000, 10_000)
SOFTNESS = (0.1, 0.005, 0.0001)
SINKHORN_ITERATIONS = 200
LARGEST_SQUARE = 100  # transport to as many anchors as values takes OTT seconds a step at 1,000


def module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def with_gradient(function, values):
    """The value, and the gradient of its sum by weights."""
    weights = torch.linspace(-1.0, 1.0, values.size, dtype=torch.float64)

    def step():
        tensor = torch.tensor(values, requires_grad=True)
        result = function(tensor)
        result.backward(weights)
        return result.detach().numpy(), present(tensor.grad).numpy()

    return step


def sinkhorn(values, positions, received, epsilon):
    cost = (values[:, None] - positions) ** 2 / epsilon
    g = torch.zeros_like(positions)
    for _ in range(SINKHORN_ITERATIONS):
        f = -torch.logsumexp(g - cost, dim=1)
        g = received.log() - torch.logsumexp(f[:, None] - cost, dim=0)
    f = -torch.logsumexp(g - cost, dim=1)
    return (f[:, None] + g - cost).exp()


def sinkhorn_top_k(k, softness):
    def function(values):
        received = values.new_tensor([len(values) - k, k])
        return sinkhorn(values, values.new_tensor([0.0, 1.0]), received, 2 * softness)[:, 1]

    return function


def sinkhorn_ranks(softness):
    def function(values):
        positions = torch.linspace(0.0, 1.0, len(values), dtype=values.dtype)
        plan = sinkhorn(values, positions, torch.ones_like(positions), 2 * softness)
        return plan @ torch.arange(1.0, len(values) + 1, dtype=values.dtype)

    return function


def ott_step(function, values):
    jax = module("jax")
    jax.config.update("jax_enable_x64", True)
    weights = jax.numpy.linspace(-1.0, 1.0, values.size)

    @jax.jit
    def compiled(x):
        result, back = jax.vjp(function, x)
        return result, back(weights)[0]

    def step():
        result, gradient = compiled(jax.numpy.asarray(values))
        return np.asarray(result), np.asarray(gradient)

    return step


def times(steps, seconds=0.3):
    """Median seconds of each step, run in turns; and what each returned last."""
    results = {name: step() for name, step in steps.items()}
    spent = {name: [] for name in steps}
    while sum(map(sum, spent.values())) < seconds * len(steps) and len(next(iter(spent.values()))) < 200:
        for name, step in steps.items():
            if len(spent[name]) == 0 or spent[name][-1] < 0.1:
                step()  # warm again after the others; it is the next call that counts
            began = time.perf_counter()
            results[name] = step()
            spent[name].append(time.perf_counter() - began)
    return {name: (float(np.median(spent[name])), *results[name]) for name in steps}


def rows_of(n, softness, steps, wanted, answer):
    measured = times(steps)
    ours = measured["engine"][0]
    for name, (seconds, result, gradient) in measured.items():
        finite = np.isfinite(result).all() and np.isfinite(gradient).all()
        yield (
            f"{n:,}",
            f"{softness:g}",
            name,
            f"{1e3 * seconds:.3f}",
            f"{seconds / ours:.1f}",
            f"{abs(result.sum() - wanted) / wanted:.0e}" if finite else "NaN",
            f"{np.abs(result - answer).max():.2f}" if finite else "NaN",
        )


def main() -> None:
    use_few_threads()
    torchsort, ott = module("torchsort"), module("ott.tools.soft_sort")
    for name, found in (("torchsort", torchsort), ("ott-jax", ott)):
        if found is None:
            print(f"{name} is not installed: left out")

    rows = []
    for n in SIZES:
        values = np.random.default_rng(n).random(n)
        k = max(1, n // 10)
        hard = (values >= np.sort(values)[-k]).astype(float)
        for softness in SOFTNESS:
            steps = {
                "engine": with_gradient(lambda v, k=k, s=softness: ranking.soft_top_k(v, k, s), values),
                "Sinkhorn": with_gradient(sinkhorn_top_k(k, softness), values),
            }
            if ott:
                for name, error in (("OTT", 1e-3), ("OTT, 1e-9", 1e-9)):
                    if n > 1000 and error < 1e-3:
                        continue  # the default alone takes a second a step

                    def mask(x, k=k, s=softness, error=error):
                        return ott.topk_mask(x, k=k, squashing_fun=lambda y: y, epsilon=2 * s, threshold=error)

                    steps[name] = ott_step(mask, values)
            rows += rows_of(n, softness, steps, k, hard)
    columns = ("n", "softness", "top-k by", "ms", "× engine", "error of the sum", "off the hard answer by")
    print_table("Soft top-k, k = n / 10, value and gradient", columns, rows)

    rows = []
    for n in SIZES:
        values = np.random.default_rng(n).random(n)
        hard = np.argsort(np.argsort(values)) + 1.0
        for softness in SOFTNESS:
            steps = {
                "engine": with_gradient(lambda v, s=softness: ranking.soft_rank(v, s), values),
                "engine, transport": with_gradient(
                    lambda v, s=softness: ranking.soft_rank(v, s, "transport"), values
                ),
            }
            if torchsort:
                steps["torchsort"] = with_gradient(
                    lambda v, s=softness / n: torchsort.soft_rank(v[None], regularization_strength=s)[0], values
                )
            if n <= LARGEST_SQUARE:
                steps["Sinkhorn"] = with_gradient(sinkhorn_ranks(softness), values)
            if ott and n <= LARGEST_SQUARE:

                def rank(x, s=softness):
                    return ott.ranks(x, squashing_fun=lambda y: y, epsilon=2 * s) + 1.0

                steps["OTT"] = ott_step(rank, values)
            rows += rows_of(n, softness, steps, n * (n + 1) / 2, hard)
    columns = ("n", "softness", "ranks by", "ms", "× engine", "error of the sum", "off the hard answer by")
    print_table("Soft ranks, value and gradient", columns, rows)


if __name__ == "__main__":
    main()
