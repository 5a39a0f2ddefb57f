"""Arranging terrain: `python -m tests.benchmarks.arrange` (ten minutes on two idle cores).

Shares are of the run's own certified bound. The peer is simulated annealing by exchanges of two tiles on exact
path costs, with as many chains as the run has searches, on as many cores, in the same time. Small maps are
compared with their optimum by HiGHS. Names of tables as arguments (`open`, `classes`, `small`) choose some.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from engine.arranging.choices import choices_of
from engine.arranging.problem import Aim, Arrangement, Limits, path_costs, score
from engine.arranging.run import ArrangeSettings, arrange
from engine.arranging.search import Search
from engine.core.arrays import Bytes, Floats, Integers
from engine.core.compiled import compiled
from engine.paths.exact import _dijkstra
from engine.warmup import warm_up
from tests.benchmarks.table import print_table
from tests.oracles_arranging import best_arrangement, blocks, open_map, three_classes

TWO, THREE = ((1.0, 5.0), (0.7, 0.3)), ((1.0, 3.0, 8.0), (0.5, 0.3, 0.2))
CORES = 2
# First and last temperature of the annealing, in mean costs of a cell; the best of several pairs at 32² and 64².
HOT, COLD = 0.3, 0.003


@dataclass(frozen=True)
class Outcome:
    """A run: its figures, seconds, what it had after two seconds, and the best relaxed score."""

    score: float
    upper_bound: float
    seconds: float
    early: float
    relaxed: float
    changed: int

    @property
    def share(self) -> float:
        return self.score / self.upper_bound


def arranged(problem: Arrangement, steps: int) -> Outcome:
    began, early, relaxed, last = time.perf_counter(), 0.0, 0.0, None
    for last in arrange(problem, ArrangeSettings(steps=steps, searches=CORES, threads=CORES)):
        if time.perf_counter() - began <= 2.0:
            early = last.score
        relaxed = max(relaxed, *(_relaxed(problem, search) for search in last.state.searches))
    assert last is not None
    assert last.upper_bound is not None
    seconds = time.perf_counter() - began
    return Outcome(last.score, last.upper_bound, seconds, early, relaxed, last.tiles_changed)


def _relaxed(problem: Arrangement, search: Search) -> float:
    return 0.0 if search.soft_lengths is None else score(problem, search.soft_lengths)


def annealed(problem: Arrangement, seconds: float) -> float:
    """The best weighted sum of path costs that simulated annealing finds; every class can go everywhere."""
    with ThreadPoolExecutor(CORES) as pool:
        return max(pool.map(lambda seed: _chain(problem, seconds, seed), range(CORES)))


def _chain(problem: Arrangement, seconds: float, seed: int) -> float:
    choices = choices_of(problem)
    chosen = choices.drawn.copy()
    costs = np.stack([walker.costs for walker in problem.classes])
    grids = [walker.grid(problem.tiles) for walker in problem.classes]
    width = problem.shape[1]
    goals, starts = (
        np.array([end[0] * width + end[1] for end in ends])
        for ends in ([r.goal for r in problem.routes], [r.start for r in problem.routes])
    )
    weights = np.array([route.weight for route in problem.routes])
    cell = np.empty(choices.size.size, dtype=np.int64)
    cell[choices.unit[choices.unit >= 0]] = np.flatnonzero(choices.unit >= 0)
    pool = np.repeat(np.arange(choices.start.size - 1), np.diff(choices.start))
    maps = np.stack([walker.costs[problem.terrain] for walker in problem.classes])
    unit = float(weights @ maps.mean(axis=(1, 2)))
    generator = np.random.default_rng(seed)
    best = now = score(problem, problem.drawn_lengths)
    began, moves = time.perf_counter(), 4
    while (done := (time.perf_counter() - began) / seconds) < 1.0:
        heat = unit * HOT * (COLD / HOT) ** done
        picks = generator.integers(0, chosen.size, (moves, 2))
        now, found = _anneal(
            maps, costs, chosen, cell, pool, picks, generator.random(moves), grids[0].legal, starts, goals,
            weights, now, heat,
        )  # fmt: skip
        best = max(best, found)
    return best


@compiled
def _anneal(
    maps: Floats,
    costs: Floats,
    chosen: Integers,
    cell: Integers,
    pool: Integers,
    picks: Integers,
    chances: Floats,
    legal: Bytes,
    starts: Integers,
    goals: Integers,
    weights: Floats,
    now: float,
    heat: float,
) -> tuple[float, float]:
    best, never = now, np.zeros(1, dtype=np.uint8)
    width = maps.shape[2]
    for n in range(len(picks)):
        u, v = picks[n]
        for _ in range(1000):
            if chosen[u] != chosen[v] and pool[u] == pool[v]:
                break
            v = np.random.randint(0, chosen.size)
        if chosen[u] == chosen[v] or pool[u] != pool[v]:
            continue  # this pool has one terrain only
        for k in range(len(costs)):
            maps[k, cell[u] // width, cell[u] % width] = costs[k, chosen[v]]
            maps[k, cell[v] // width, cell[v] % width] = costs[k, chosen[u]]
        value = 0.0
        for k in range(len(costs)):
            distance = _dijkstra(maps[k], legal, goals[k], 0.5, never)[0]
            value += weights[k] * distance[starts[k] // width, starts[k] % width]
        if value >= now or chances[n] < np.exp((value - now) / heat):
            chosen[u], chosen[v] = chosen[v], chosen[u]
            now = value
            best = max(best, now)
        else:
            for k in range(len(costs)):
                maps[k, cell[u] // width, cell[u] % width] = costs[k, chosen[u]]
                maps[k, cell[v] // width, cell[v] % width] = costs[k, chosen[v]]
    return now, best


def wooded(size: int, seed: int = 3) -> np.ndarray:
    """A wooded map of four terrains: meadow, wood, swamp, rock."""
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(size, size)), 5)
    return np.digitize(field, np.quantile(field, [0.45, 0.75, 0.92]))


def open_maps() -> None:
    rows = []
    for name, (costs, shares) in (("costs 1, 5", TWO), ("costs 1, 3, 8", THREE)):
        for size, steps in ((24, 240), (32, 240), (64, 420), (128, 300)):
            problem = open_map(size, costs, shares)
            run = arranged(problem, steps)
            peer = annealed(problem, run.seconds)
            rows.append(
                (
                    f"{name}, {size}²",
                    f"{100 * run.share:.2f} %",
                    f"{run.seconds:.1f}",
                    f"{100 * run.early / run.upper_bound:.1f} %",
                    f"{100 * run.relaxed / run.upper_bound:.2f} %",
                    f"{100 * peer / run.upper_bound:.1f} %",
                    f"{run.score / peer:.3f}",
                )
            )
    columns = ("map", "share of the bound", "s", "after 2 s", "relaxed", "annealing, same time", "times as long")
    print_table("One class, open map, 8 moves, no limits", columns, rows)


def classes() -> None:
    rows = []
    cases: list[tuple[int, int | None, Aim, int]] = [
        (32, None, "longer", 60),
        (64, None, "longer", 100),
        (64, 32, "longer", 100),
        (64, 16, "longer", 100),
        (64, None, "fair", 100),
    ]
    for size, district, aim, steps in cases:
        limits = Limits(free_zone=3.0, districts=None if district is None else blocks((size, size), district))
        problem = three_classes(wooded(size), limits, aim)
        run = arranged(problem, steps)
        peer = annealed(problem, run.seconds) if aim == "longer" else np.nan
        rows.append(
            (
                f"{size}²" + (f" in {district}²" if district else "") + (", fair" if aim == "fair" else ""),
                f"{run.score:.3f}",
                f"{100 * run.share:.2f} %",
                f"{run.seconds:.1f}",
                f"{100 * run.relaxed / run.upper_bound:.2f} %",
                f"{peer / run.upper_bound * 100:.1f} %",
                f"{run.score / peer:.2f}",
                f"{100 * run.changed / size**2:.0f} %",
            )
        )
    columns = ("map", "times as long", "share", "s", "relaxed", "annealing", "against it", "changed")
    print_table("Walker, cart and boat on a wooded map, ends kept free", columns, rows)


def small_maps() -> None:
    """Twenty maps of 6² to 8² against their optimum."""
    rows, equal, over = [], 0, 0
    kinds = [(6, TWO, 5), (7, TWO, 5), (8, TWO, 3), (6, THREE, 5), (7, THREE, 2)]
    for size, (costs, shares), count in kinds:
        for seed in range(count):
            problem = with_other_ends(open_map(size, costs, shares, seed), seed)
            best = best_arrangement(problem, 300.0)
            run = arranged(problem, 240)
            assert score(problem, path_costs(problem, problem.terrain)) <= best + 1e-6
            equal += abs(run.score - best) < 1e-6
            over += run.score > best + 1e-6 or run.upper_bound < best - 1e-6
            figures = (f"{value:.4f}" for value in (best, run.score, run.upper_bound))
            rows.append((f"{size}², {len(costs)} terrains, {seed}", *figures))
    print_table("Small maps against HiGHS", ("map", "optimum", "run", "bound"), rows)
    print(f"equal to the optimum: {equal} of {len(rows)}; over it, or the bound under it: {over}")


def with_other_ends(problem: Arrangement, seed: int) -> Arrangement:
    """The problem with the route of each seed somewhere else, so that the maps differ."""
    if seed == 0:
        return problem
    generator, size = np.random.default_rng(seed), problem.shape[0]
    while True:
        (a, b), (c, d) = generator.integers(0, size, (2, 2)).tolist()
        if abs(a - c) + abs(b - d) >= size - 2:
            break
    walker = problem.classes[0]
    route = replace(walker.routes[0], start=(a, b), goal=(c, d))
    return replace(problem, classes=(replace(walker, routes=(route,)),))


TABLES = {"open": open_maps, "classes": classes, "small": small_maps}


def main() -> None:
    warm_up()
    for name in sys.argv[1:] or TABLES:
        TABLES[name]()


if __name__ == "__main__":
    main()
