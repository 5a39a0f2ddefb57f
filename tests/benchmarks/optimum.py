"""The true optimum against HiGHS: `python -m tests.benchmarks.optimum` (three to six minutes, mostly HiGHS).

Times are of one run on one machine; compare the ratios.
"""

import time
import tracemalloc

from engine.optimum import OptimumSettings, optimum
from engine.warmup import warm_up
from tests.benchmarks.adversarial import last
from tests.benchmarks.table import print_table
from tests.oracles import lp_optimum, table_problem


def main() -> None:
    warm_up()
    rows = []
    for size, tolerance in ((64, 5e-4), (128, 5e-4), (256, 5e-4)):
        for neighbours in (4, 8):
            end, seconds = last(optimum(table_problem(size, neighbours), OptimumSettings(tolerance)))
            rows.append(
                (
                    f"{size}²",
                    neighbours,
                    f"{end.value:.4f}",
                    f"{end.upper_bound:.4f}",
                    f"{100 * end.gap:.3f} %",
                    end.iterations,
                    f"{seconds:.2f}",
                )
            )
    columns = ("map", "moves", "value", "bound", "gap", "iterations, all levels", "s")
    print_table("The longest possible, with proof", columns, rows)

    rows = []
    for size, tolerance in ((64, 1e-2), (96, 5e-4)):
        problem = table_problem(size, 4)
        began = time.perf_counter()
        value, _ = lp_optimum(problem)
        theirs = time.perf_counter() - began
        end, ours = last(optimum(problem, OptimumSettings(tolerance)))
        rows.append(
            (
                f"{size}², 4",
                f"{value:.4f}",
                f"{end.value:.4f}",
                f"{100 * end.gap:.3f} %",
                f"{theirs:.2f}",
                f"{ours:.3f}",
                f"{theirs / ours:.0f}",
            )
        )
    columns = ("map, moves", "HiGHS", "optimum()", "gap", "HiGHS s", "optimum() s", "times faster")
    print_table("Against the linear programme, in one run", columns, rows)

    rows = []
    for size in (128, 256, 512):
        problem = table_problem(size, 8)
        tracemalloc.start()
        steps = optimum(problem, OptimumSettings(1e-9, max_iterations=40))
        last(steps)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        rows.append((f"{size}²", f"{peak / 2**20:.1f} MiB", f"{peak / size**2:.0f} bytes"))
    print_table("Memory of optimum(), 8 moves", ("map", "peak", "a cell"), rows)


if __name__ == "__main__":
    main()
