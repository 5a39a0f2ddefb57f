"""The parts of an iteration of `optimum` in fused kernels, each by itself, beside the bytes that it moves."""

from typing import TYPE_CHECKING

from engine.core.triton import Repeated, runs_triton
from engine.optimum.saddle_point import cold_start
from engine.optimum.saddle_triton import TritonSaddle
from tests.benchmarks.gpu.bench import Bench, Row
from tests.benchmarks.gpu.paths import BANDWIDTH, map_problem

if TYPE_CHECKING:
    from collections.abc import Callable

# How often a part is done in one CUDA graph.
TIMES = 10


def part_times(bench: Bench, size: int) -> None:
    """Time the flow's step, the multigrid cycle, the projection and the distances; nothing without Triton."""
    if not runs_triton(bench.device):
        return
    problem = map_problem(size)
    saddle = TritonSaddle(problem, cold_start(problem), bench.device)
    saddle.advance(20)
    now, image, anchor, since = saddle._points[0], saddle._image, saddle._anchor, saddle._since[0]
    cycle, projection = saddle._cycle, saddle._projection
    scaled, load, sigma, sigma_cost = saddle._scaled, saddle._load, saddle._sigma, saddle._sigma_cost
    entries = sum(product.value.numel() for product in cycle._products)
    cells = size * size
    # Bytes: every array that a kernel reads or writes counts once, a sparse entry twelve.
    parts: list[tuple[str, Callable[[], None], float]] = [
        ("flow", lambda: saddle._step_flow(now, image, 0, True), (3 * 64 + 33) * cells),
        (
            "cycle",
            lambda: cycle.step(scaled, now.potentials, sigma, image.potentials, anchor.potentials, since, True),
            92 * cells + 12 * entries,
        ),
        (
            "projection, Newton's steps idle",
            lambda: projection.step(now.cost, load, sigma_cost, image.cost, anchor.cost, since, True),
            64 * cells,
        ),
        ("distances", lambda: saddle._measure(image, now), (2 * 64 + 33) * cells),
    ]
    for name, part, count in parts:
        repeated = Repeated(lambda part=part: [part() for _ in range(TIMES)] and None, bench.device)
        took = bench.median(repeated, 3, 2) / TIMES
        note = f"{count / cells:.0f} bytes a cell, {count / took / 1e9:.2f} TB/s"
        bench.add(Row(f"  {name}", f"{size}²", f"{took:.4f} ms", f"{1e3 * count / BANDWIDTH:.4f} ms", note=note))
