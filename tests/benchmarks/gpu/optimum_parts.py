"""The parts of an iteration of `optimum` in fused kernels, each by itself, beside the bytes that it moves."""

from collections.abc import Callable, Iterator

from engine.core.triton import Repeated
from engine.optimum.saddle_triton import TritonSaddle
from tests.benchmarks.gpu.bench import Bench, Row

# How often a part is done in one CUDA graph.
TIMES = 10


def part_rows(bench: Bench, saddle: TritonSaddle, size: int, bandwidth: float) -> Iterator[Row]:
    """Time the flow's step, the multigrid cycle, the projection and the distances.  bandwidth: bytes a second."""
    now, image, anchor, since = saddle._points[0], saddle._image, saddle._anchor, saddle._since[0]
    cycle, projection = saddle._cycle, saddle._projection
    scaled, load, sigma, sigma_cost = saddle._scaled, saddle._load, saddle._sigma, saddle._sigma_cost
    entries = sum(product.value.numel() for product in cycle._products)
    cells = size * size
    # Bytes: every array that a kernel reads or writes counts once, an entry of a sparse product twelve.
    parts: list[tuple[str, Callable[[], None], float]] = [
        ("flow", lambda: saddle._step_flow(now, image, 0, True), (3 * 64 + 33) * cells),
        (
            "cycle",
            lambda: cycle.step(scaled, now.potentials, sigma, image.potentials, anchor.potentials, since, True),
            92 * cells + 12 * entries,
        ),
        (
            "projection",
            lambda: projection.step(now.cost, load, sigma_cost, image.cost, anchor.cost, since, True),
            (28 + 2 * 8 + 36) * cells,
        ),
        ("distances", lambda: saddle._measure(image, now), (2 * 64 + 33) * cells),
    ]
    for name, part, count in parts:

        def times(part: Callable[[], None] = part) -> None:
            for _ in range(TIMES):
                part()

        took = bench.median(Repeated(times, bench.device), 3, 2) / TIMES
        note = f"{count / cells:.0f} bytes a cell, {count / took / 1e9:.2f} TB/s"
        yield Row(f"  {name}", f"{size}²", f"{took:.4f} ms", f"{1e3 * count / bandwidth:.4f} ms", note=note)
