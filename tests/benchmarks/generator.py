"""Maps for an asked path length: `python -m tests.benchmarks.generator` (a minute of computing for each map).

A generator is trained on each 32 × 32 map and then asked for twelve maps of three lengths, with noise that
training has not seen: as the network makes them, and refined. The third map has 12 % walls, 5 % of its cells
locked, and a half-turn symmetry.
"""

import time
from collections import deque

import numpy as np

from engine.core.device import use_few_threads
from engine.learning.map_generator import make_gallery, train_generator
from engine.warmup import warm_up
from tests.benchmarks.table import print_table
from tests.oracles import random_problem, table_problem

SHARES = (0.25, 0.5, 0.75)


def main() -> None:
    warm_up()
    use_few_threads()
    problems = {
        "open, 8 moves": table_problem(32, 8),
        "open, 4 moves": table_problem(32, 4),
        "walls, locks, half turn": random_problem(3, 32, 1, 0.12, symmetry="half_turn", locked=0.05),
    }
    rows, times = [], []
    for name, problem in problems.items():
        began, computed = time.perf_counter(), time.process_time()
        (end,) = deque(train_generator(problem), maxlen=1)
        lengths = end.generator.lengths
        times.append((name, f"{lengths.shortest:.1f} … {lengths.longest:.1f}", f"{lengths.upper_bound:.1f}",
                      end.steps, f"{time.process_time() - computed:.0f}",
                      f"{time.perf_counter() - began:.0f}"))  # fmt: skip
        for share in SHARES:
            asked = round(lengths.shortest + share * (lengths.longest - lengths.shortest), 1)
            for refine in (False, True):
                shown = make_gallery(end.generator, asked, refine=refine)
                deviation = np.abs(shown.deviations)
                admissible = all(problem.admissible.contains(cost_map, 1e-12) for cost_map in shown.cost_maps)
                rows.append((name, asked, "refined" if refine else "as made", f"{shown.hits} of 12",
                             f"{100 * deviation.mean():.2f} %", f"{100 * deviation.max():.2f} %",
                             f"{shown.diversity:.2f}", f"{shown.blended.mean():.4f}",
                             "yes" if admissible else "NO"))  # fmt: skip
    columns = ("map", "possible lengths", "proven bound", "steps", "CPU s", "s")
    print_table("Training", columns, times)
    columns = ("map", "asked", "maps", "within 2 %", "mean off", "worst", "diversity", "mixed in", "admissible")
    print_table("Twelve maps, noise not seen in training", columns, rows)


if __name__ == "__main__":
    main()
