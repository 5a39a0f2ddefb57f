"""The true optimum against HiGHS: `python -m tests.benchmarks.optimum` (one to two minutes, mostly HiGHS).

Times are of one run on one machine; compare the ratios.
"""

import time
import tracemalloc
from unittest import mock

from engine.cost_maps.problem import Problem
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.warmup import warm_up
from tests.benchmarks.adversarial import last
from tests.benchmarks.table import print_table
from tests.oracles import lp_optimum, random_problem, table_problem


def problems() -> dict[str, Problem]:
    """Open maps as in the table of optima, and a few of every other kind."""
    named = {f"{size}², {moves} moves": table_problem(size, moves) for size in (64, 128, 256) for moves in (4, 8)}
    named["96², entered cost"] = table_problem(96, 8, "entered")
    named["96², half turn"] = table_problem(96, 8, symmetry="half_turn")
    named["96², 3 routes, locks"] = random_problem(2, 96, routes=3, walls=0.1, locked=0.1)
    named["128², 30 % walls"] = random_problem(1, 128, walls=0.3)
    return named


def main() -> None:
    warm_up()
    rows = []
    for name, problem in problems().items():
        end, seconds = last(approach_optimum(problem, OptimumSettings(5e-4)))
        rows.append(
            (
                name,
                f"{end.value:.4f}",
                f"{end.upper_bound:.4f}",
                f"{100 * end.gap:.3f} %",
                end.iterations,
                f"{seconds:.2f}",
            )
        )
    columns = ("map", "value", "bound", "gap", "iterations, all levels", "s")
    print_table("The longest possible, with proof", columns, rows)

    rows = []
    for size, tolerance in ((64, 1e-2), (96, 5e-4)):
        problem = table_problem(size, 4)
        began = time.perf_counter()
        value, _ = lp_optimum(problem)
        theirs = time.perf_counter() - began
        end, ours = last(approach_optimum(problem, OptimumSettings(tolerance)))
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
    columns = ("map, moves", "HiGHS", "Longcut", "gap", "HiGHS s", "Longcut s", "times faster")
    print_table("Against the linear programme, in one run", columns, rows)

    rows = []
    for size in (64, 128, 256):
        for name, problem in (
            ("open", table_problem(size, 4)),
            ("walls", random_problem(1, size, neighbours=4, walls=0.1)),
        ):
            exact, ours = last(approach_optimum(problem))
            # The same problem for the primal-dual method alone.
            with mock.patch("engine.optimum.interdiction.applies", return_value=False):
                other, theirs = last(approach_optimum(problem, OptimumSettings(5e-4)))
            told = f"{exact.value:.6f}", f"{exact.gap:.0e}", f"{ours:.3f}"
            rows.append((f"{size}², {name}", *told, f"{theirs:.3f}", f"{other.gap:.0e}", f"{theirs / ours:.1f}"))
    columns = ("map, 4 moves", "exact", "gap", "s", "primal-dual s", "its gap", "times faster")
    print_table("One route and four moves, by min-cost flow", columns, rows)

    rows = []
    for size in (128, 256, 512):
        problem = table_problem(size, 8)
        tracemalloc.start()
        last(approach_optimum(problem, OptimumSettings(1e-9, max_iterations=40)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        rows.append((f"{size}²", f"{peak / 2**20:.1f} MiB", f"{peak / size**2:.0f} bytes"))
    print_table("Memory of approach_optimum(), 8 moves", ("map", "peak", "a cell"), rows)


if __name__ == "__main__":
    main()
