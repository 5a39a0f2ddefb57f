"""Adam against the optimum: `python -m tests.benchmarks.adversarial` (two to three minutes).

Shares are of the LP optimum (HiGHS); the bound is that of the whole run, with the primal–dual flow beside.
"""

import time
from collections import deque

from engine.core.device import use_few_threads
from engine.design.adversarial import DesignSettings, optimise_costs
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.warmup import warm_up
from tests.benchmarks.table import print_table
from tests.oracles import LP_OPTIMA, table_problem
from tests.present import present

SIZES = (16, 24, 32, 64)


def last(iterates):
    """The last of an iterator, and the seconds it took."""
    began = time.perf_counter()
    (end,) = deque(iterates, maxlen=1)
    return end, time.perf_counter() - began


def main() -> None:
    warm_up()
    use_few_threads()
    last(optimise_costs(table_problem(16, 4), DesignSettings(steps=2)))
    rows = []
    for method in ("logit", "bregman"):
        for size in SIZES:
            for neighbours in (4, 8):
                known = LP_OPTIMA[size, neighbours]
                end, seconds = last(optimise_costs(table_problem(size, neighbours), DesignSettings(method)))
                bound = present(end.upper_bound)
                rows.append(
                    (
                        method,
                        f"{size}²",
                        neighbours,
                        f"{end.best_score:.4f}",
                        f"{known:.4f}",
                        f"{100 * end.best_score / known:.2f} %",
                        f"{bound:.4f}",
                        "yes" if bound >= known - 1e-6 else "NO",
                        f"{100 * present(end.gap):.2f} %",
                        f"{seconds:.1f}",
                    )
                )
    columns = ("method", "map", "moves", "Adam", "optimum", "share", "bound", "bound ≥ optimum", "gap", "s")
    print_table("Within 400 Adam steps", columns, rows)

    rows = []
    for neighbours in (4, 8):
        problem = table_problem(256, neighbours)
        best, _ = last(approach_optimum(problem, OptimumSettings(5e-4)))
        end, seconds = last(optimise_costs(problem, DesignSettings("logit", steps=600, bound=False)))
        # Both ends of the optimum are known to the gap: the share is at least this.
        share = end.best_score / best.upper_bound
        rows.append((f"256², {neighbours}", f"{end.best_score:.2f}", f"{best.value:.2f} … {best.upper_bound:.2f}",
                     f"at least {100 * share:.2f} %", f"{seconds:.1f}"))  # fmt: skip
    columns = ("map, moves", "Adam", "optimum lies in", "share of the optimum", "s")
    print_table("Adam with logit, coarse to fine, 600 steps", columns, rows)


if __name__ == "__main__":
    main()
