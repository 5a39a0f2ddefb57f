"""Transport and ranking: against the CPU, against peers where they are installed, and how long they take."""

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import torch

from engine.core.triton import runs_triton
from engine.ranking.operators import soft_top_k
from engine.transport.core import NormalisedProblem
from engine.transport.costs import PointCost
from engine.transport.problem import TransportProblem
from engine.transport.settings import Kernel, Precision, TransportSettings
from engine.transport.sinkhorn import solve_transport
from engine.transport.streaming_triton import Arithmetic, StreamingKernel
from tests.benchmarks.gpu.bench import Bench, Row

if TYPE_CHECKING:
    from engine.transport.result import TransportResult


def points(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return two sets of points (n, 2) in the unit square, the second drawn towards a corner."""
    generator = np.random.default_rng(0)
    return generator.random((count, 2)), generator.random((count, 2)) ** 2


def transport_agrees(
    bench: Bench, count: int, epsilon: float, precision: Precision, compare: bool = True, kernel: Kernel = "auto"
) -> None:
    """Compare the regularised cost with the CPU's; without `compare`, look at the marginals alone."""
    weights = np.full(count, 1.0 / count)
    problem = TransportProblem(weights, weights, PointCost(*points(count)))
    tolerance = 1e-6 if precision == "float64" else 3e-5
    results: dict[str, TransportResult] = {}

    def solve(device: str) -> None:
        settings = TransportSettings(epsilon, tolerance, 5000, device, precision, kernel)
        results[device] = solve_transport(problem, settings)

    if count <= 10_000:
        solve(bench.device)
    if bench.cuda:
        torch.cuda.reset_peak_memory_stats()
    milliseconds = bench.timed(lambda: solve(bench.device))
    there = results[bench.device]
    name = f"{count:,}, ε {epsilon}, {precision}" + (", stored" if kernel == "stored" else "")
    each = milliseconds / there.iterations
    note = f"{milliseconds:.1f} ms, {there.iterations} passes of {each:.3f} ms, {there.status.name}"
    if compare:
        cpu = f"{bench.timed(lambda: solve('cpu')) / 1e3:.2f} s"
        error = abs(results["cpu"].regularised_cost - there.regularised_cost) / results["cpu"].regularised_cost
        bench.agree("transport, cost (relative)", name, error, 20 * tolerance, cpu, note)
    else:
        bench.agree("transport, marginals", name, float(there.marginal_error), tolerance, note=note)
    if bench.cuda:
        gibibytes = torch.cuda.max_memory_allocated() / 2**30
        bench.add(Row("  its memory at most", name, f"{gibibytes:.3f} GiB"))


def product_times(bench: Bench, count: int, arithmetic: Arithmetic) -> None:
    """Time products with a streaming kernel of points in the plane, beside the floor of an H100's exponentials.

    That is 132 multiprocessors with 16 float32 exponentials a cycle at 1.7 GHz, whatever the entries are.
    """
    if not runs_triton(bench.device):
        bench.add(Row("streaming products", f"{count:,}", "no Triton"))
        return
    sources, targets = points(count)
    weights, nothing = np.full(count, 1.0 / count), np.empty((0, 0))
    problem = NormalisedProblem(weights, weights, sources.T.copy(), targets.T.copy(), nothing, True, np.inf, 2.0)
    kernel = StreamingKernel([problem], arithmetic, bench.device)
    kernel.form(torch.zeros_like(kernel.formed_at), kernel.shift.new_full((1, 1), 0.01))
    x = torch.rand_like(kernel.shift)
    floor = 1e3 * count**2 / 3.6e12
    size = f"{count:,}, {arithmetic}"
    for what, product in (
        ("streaming: kernel · x", lambda: kernel.times(x)),
        ("streaming: transposed, and squares", lambda: kernel.transposed_with_squares(x, x)),
        (
            "streaming: largest of the rows",
            lambda: kernel.form(kernel.formed_at, kernel.shift.new_full((1, 1), 0.01)),
        ),
        ("streaming: moments of both sides", lambda: kernel.moments(x, x)),
    ):
        milliseconds = bench.median(product, 5, 1)
        bench.add(
            Row(
                what,
                size,
                f"{milliseconds:.3f} ms",
                f"{floor:.3f} ms",
                note=f"{milliseconds / floor:.1f} × the floor",
            )
        )


def top_k_agrees(bench: Bench, count: int) -> None:
    """Compare the gradient of a soft top-k with the CPU's. It is computed on the host, wherever its values lie."""
    values = torch.rand((64, count), device=bench.device, dtype=torch.float64, requires_grad=True)
    copies = values.detach().cpu().requires_grad_()

    def gradient(of: torch.Tensor) -> torch.Tensor:
        return torch.autograd.grad(soft_top_k(of, count // 10, 0.01).square().sum(), of)[0]

    error = float((gradient(values).cpu() - gradient(copies)).abs().max())
    cpu, ours = bench.median(lambda: gradient(copies)), bench.median(lambda: gradient(values))
    bench.agree("soft top-k with gradient", f"64 × {count:,}", error, 1e-10, f"{cpu:.2f} ms", f"{ours:.2f} ms")


def peer_pot(bench: Bench, count: int) -> None:
    """Time POT's log-domain Sinkhorn on torch tensors of the device."""
    if find_spec("ot") is None:
        bench.add(Row("POT, sinkhorn_log", f"{count:,}", "not installed"))
        return
    ot = importlib.import_module("ot")
    x, y = (torch.tensor(part, device=bench.device) for part in points(count))
    weights, costs = x.new_full((count,), 1.0 / count), torch.cdist(x, y) ** 2

    def solve() -> None:
        ot.sinkhorn(weights, weights, costs, 0.01, method="sinkhorn_log", stopThr=1e-6, numItermax=5000)

    bench.add(Row("POT, sinkhorn_log", f"{count:,}, ε 0.01", f"{bench.median(solve, 1, 1):.0f} ms"))


def peer_flash_sinkhorn(bench: Bench, count: int) -> None:
    """Time a hundred iterations of FlashSinkhorn in float32."""
    if find_spec("flash_sinkhorn") is None:
        bench.add(Row("FlashSinkhorn", f"{count:,}", "not installed"))
        return
    flash = importlib.import_module("flash_sinkhorn")
    x, y = (torch.tensor(part, device=bench.device, dtype=torch.float32) for part in points(count))
    loss = flash.SamplesLoss(loss="sinkhorn", blur=0.1, debias=False, n_iters=100)
    milliseconds = bench.median(lambda: loss(x, y), 3, 1)
    bench.add(Row("FlashSinkhorn, 100 iterations", f"{count:,}", f"{milliseconds:.1f} ms"))


def peer_ott(bench: Bench, count: int) -> None:
    """Time OTT-JAX's Sinkhorn in float64, on the device that JAX chooses."""
    if find_spec("ott") is None:
        bench.add(Row("OTT-JAX", f"{count:,}", "not installed"))
        return
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    pointcloud = importlib.import_module("ott.geometry.pointcloud")
    linear_problem = importlib.import_module("ott.problems.linear.linear_problem")
    solver = importlib.import_module("ott.solvers.linear.sinkhorn").Sinkhorn(threshold=1e-6, max_iterations=5000)

    def cost(x: object, y: object) -> object:
        geometry = pointcloud.PointCloud(x, y, epsilon=0.01)
        return solver(linear_problem.LinearProblem(geometry)).reg_ot_cost

    compiled, (x, y) = jax.jit(cost), map(jax.numpy.asarray, points(count))
    milliseconds = bench.median(lambda: compiled(x, y).block_until_ready(), 1, 1)
    bench.add(Row("OTT-JAX", f"{count:,}, ε 0.01", f"{milliseconds:.0f} ms"))
