"""The engine on a GPU: `python -m tests.benchmarks.gpu` (at most eight minutes; needs no Qt).

Results are compared with the CPU's first, then times are taken, small maps before large ones. `--device cpu:0
--small` runs the same code with torch on the CPU, so that the benchmark itself can be tried without a card.
Rows are printed as they are made; $OUT/gpu.json has them too where OUT names a folder.
"""

import argparse
import sys

import torch

from tests.benchmarks.gpu import calibrate, device, paths, transport
from tests.benchmarks.gpu.bench import Bench


def main(arguments: list[str]) -> int:
    """Run all checks; return 1 if a row is bad, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda", help="a torch device; cpu:0 tries the checks without a card")
    parser.add_argument("--minutes", type=float, default=7.0, help="no check begins later")
    parser.add_argument("--small", action="store_true", help="only small maps and few points")
    parser.add_argument(
        "--calibrate", action="store_true", help="print from which size on `auto` should choose it"
    )
    parser.add_argument("--only", default="", help="names of checks, with commas between; all others are left out")
    options = parser.parse_args(arguments)
    only = frozenset(name for name in options.only.split(",") if name)
    bench = Bench(options.device, options.minutes, options.small, only)
    if not bench.cuda:
        torch.set_num_threads(1)
    if options.calibrate:
        bench.run(device.card)
        bench.run(calibrate.break_evens)
        return bench.finish()
    for check in (device.card, device.copy_bandwidth, device.launches, device.copy_to_host, paths.first_calls):
        bench.run(check)
    compare(bench)
    measure(bench)
    return bench.finish()


def compare(bench: Bench) -> None:
    """Compare every method with the CPU."""
    for size, neighbours, walls, routes in ((16, 4, False, 1), (33, 8, True, 2), (64, 8, True, 2)):
        bench.run(paths.soft_paths_agree, size, neighbours, walls, routes)
    bench.run(paths.saddle_agrees, 48)
    for precision in ("float64", "float32"):
        bench.run(transport.transport_agrees, 300, 0.01, precision)
    bench.run(paths.unrolled_gradient_agrees)
    bench.run(transport.top_k_agrees, 1000)
    bench.run(paths.design_agrees, 48)
    bench.run(paths.optimum_agrees, 64)
    bench.run(paths.repeats, 48)


def measure(bench: Bench) -> None:
    """Take times, small before large; what may not fit into memory comes last."""
    small = bench.small
    for size in (64,) if small else (64, 256, 1024, 4096):
        bench.run(paths.sweep_times, size)
    bench.run(paths.sweep_times, 64, 64)
    for size in (64,) if small else (64, 256, 1024):
        bench.run(paths.adam_step_times, size)
    for size in (64,) if small else (64, 256, 1024):
        bench.run(paths.optimum_iteration_times, size)
    for size in (48,) if small else (128, 256):
        bench.run(paths.design_times, size)
    if small:
        bench.run(transport.transport_agrees, 500, 0.01, "float64")
        return
    bench.run(transport.transport_agrees, 2000, 0.01, "float64")
    for precision in ("float64", "float32"):
        for kernel in ("auto", "stored"):
            bench.run(transport.transport_agrees, 10_000, 0.01, precision, False, kernel)
    for count in (1_000, 10_000, 100_000):
        bench.run(transport.product_times, count, "single")
    for arithmetic in ("mixed", "double"):
        bench.run(transport.product_times, 10_000, arithmetic)
    bench.run(transport.transport_agrees, 100_000, 0.01, "float64", False)
    for peer in (transport.peer_pot, transport.peer_flash_sinkhorn, transport.peer_ott):
        bench.run(peer, 10_000)
    bench.run(paths.optimum_agrees, 256)
    bench.run(paths.optimum_iteration_times, 4096)
    bench.run(paths.adam_step_times, 4096)
    bench.run(transport.transport_agrees, 50_000, 0.01, "float32", False, "stored")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
