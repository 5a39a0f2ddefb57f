"""Draw the route by three gradients: `python -m tests.benchmarks.inverse` (about a minute)."""

import time
from typing import get_args

import numpy as np
from scipy.ndimage import gaussian_filter

from engine.core.device import use_few_threads
from engine.core.grid import Grid
from engine.cost_maps.admissible import admissible_maps
from engine.design.drawn_line import DrawnRouteProblem, legal_chain
from engine.design.drawn_route import DrawnRouteSettings, Gradient, draw_route
from tests.benchmarks.table import print_table

SIZES = (32, 64, 128)


def wave_problem(size: int) -> DrawnRouteProblem:
    """Hills of cost 0.3 to 4 on an open map, and a line that waves across it."""
    hills = gaussian_filter(np.random.default_rng(0).normal(size=(size, size)), 2.0)
    cost_map = np.clip(np.exp(3.2 * hills), 0.3, 4.0)
    grid = Grid(np.ones((size, size), dtype=bool))
    along = np.linspace(0.0, 1.0, 6 * size)
    rows = size / 2.0 + 0.3 * size * np.sin(2.0 * np.pi * along)
    columns = 1.0 + (size - 3.0) * along
    line = legal_chain(grid, np.rint(np.stack([rows, columns], axis=1)).astype(np.int64))
    return DrawnRouteProblem(grid, cost_map, line, admissible_maps(cost_map, grid.passable, 0.2, 5.0))


def main() -> None:
    use_few_threads()
    gradients: tuple[Gradient, ...] = get_args(Gradient)
    for gradient in gradients:  # compile
        list(draw_route(wave_problem(16), DrawnRouteSettings(gradient, steps=20)))
    rows = []
    for size in SIZES:
        problem = wave_problem(size)
        for gradient in gradients:
            first, until, seconds = None, 0.0, 0.0
            iterates = draw_route(problem, DrawnRouteSettings(gradient))
            while True:
                began = time.perf_counter()
                iterate = next(iterates)
                seconds += time.perf_counter() - began
                if first is None and iterate.best_standing.follows:
                    first, until = iterate.step, seconds
                if iterate.status is not None:
                    break
            total = float(np.abs(iterate.best_map - problem.cost_map).sum())
            rows.append(
                (
                    f"{size}²",
                    gradient,
                    "never" if first is None else first,
                    f"{until:.2f}",
                    f"{seconds:.1f}",
                    f"{iterate.best_change:.3f}",
                    "" if iterate.gap is None else f"{100.0 * iterate.gap:.2f}",
                    f"{total:.1f}",
                    f"{iterate.best_standing.certificate:.3f}",
                )
            )
    print_table(
        "Draw the route: 8 moves, bounds 0.2 to 5, margin 0.05, 300 steps",
        (
            "map",
            "gradient",
            "follows at step",
            "s",
            "s in all",
            "change",
            "over least ≤ %",
            "total",
            "certificate",
        ),
        rows,
    )
    print("change: root of the summed squares. over least: certified by the run's own lower bound. total: sum of")
    print("absolute changes. certificate: every other way is dearer by at least this.")


if __name__ == "__main__":
    main()
