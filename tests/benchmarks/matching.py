"""Steps of a matching run on one thread: `python -m tests.benchmarks.matching` (about a minute)."""

import time

import numpy as np
import torch

from engine.core.grid import Grid
from engine.matching.ground_cost import Straight, Walking
from engine.matching.iterate import MatchSettings
from engine.matching.limits import Limits
from engine.matching.problem import Density, MatchProblem, PointSet
from engine.matching.run import match_points
from tests.benchmarks.table import print_table


def layout_of(name: str, rng: np.random.Generator, count: int, passable: np.ndarray) -> PointSet:
    free = np.argwhere(passable).astype(float)
    return PointSet(name, free[rng.choice(len(free), count, replace=False)])


def problems() -> list[tuple[str, MatchProblem, int]]:
    rng = np.random.default_rng(0)
    small, large = np.ones((100, 100), dtype=bool), np.ones((200, 200), dtype=bool)
    walls = small.copy()
    walls[10:90:16, 5:60] = walls[18:90:16, 40:95] = False
    heat = np.exp(-np.hypot(*np.indices((64, 64)) - 20.0) / 15.0)
    few, open_small = layout_of("a", rng, 200, small), Limits(small)
    return [
        ("warm-up", MatchProblem((few,), (layout_of("b", rng, 200, small),), open_small), 10),
        ("200 to 200", MatchProblem((few,), (layout_of("b", rng, 200, small),), open_small), 200),
        (
            "200 to 200, plain distance",
            MatchProblem((few,), (layout_of("b", rng, 200, small),), open_small, Straight(1)),
            200,
        ),
        (
            "200 to 200, spacing, mirrored",
            MatchProblem(
                (few,), (layout_of("b", rng, 200, small),), Limits(small, symmetry="left_right", spacing=2.0)
            ),
            200,
        ),
        (
            "200 to 200, walking",
            MatchProblem(
                (layout_of("a", rng, 200, walls),),
                (layout_of("b", rng, 200, walls),),
                Limits(walls),
                Walking(Grid(walls), np.ones((100, 100))),
                totals="scale",
            ),
            200,
        ),
        (
            "200 over a density of 64²",
            MatchProblem(
                (layout_of("a", rng, 200, heat > 0),),
                (Density("heat", heat),),
                Limits(np.ones((64, 64), dtype=bool)),
            ),
            100,
        ),
        (
            "1,000 to 1,000",
            MatchProblem(
                (layout_of("a", rng, 1_000, large),), (layout_of("b", rng, 1_000, large),), Limits(large)
            ),
            100,
        ),
    ]


def main() -> None:
    torch.set_num_threads(1)
    rows = []
    for name, problem, steps in problems():
        iterates = match_points(problem, MatchSettings(steps=steps))
        began = time.perf_counter()
        first = last = next(iterates)
        seconds, passes = [time.perf_counter() - began], []
        while True:
            began = time.perf_counter()
            iterate = next(iterates, None)
            if iterate is None:
                break
            seconds.append(time.perf_counter() - began)
            passes.append(sum(result.iterations for result in iterate.results))
            last = iterate
        middle = np.array(seconds[1:-1]) * 1e3
        rows.append(
            (
                name,
                len(middle),
                f"{np.median(middle):.1f}",
                f"{np.percentile(middle, 95):.1f}",
                f"{seconds[0] * 1e3:.0f}",
                f"{seconds[-1] * 1e3:.0f}",
                f"{np.median(passes[:-1]):.0f}",
                f"{first.transport_cost:.4g}",
                f"{last.transport_cost:.4g}",
                last.status or "",
            )
        )
    print_table(
        "One step of a matching run, in milliseconds",
        ("run", "steps", "median", "95 %", "start", "end", "passes", "cost before", "after", "status"),
        rows[1:],
    )


if __name__ == "__main__":
    main()
