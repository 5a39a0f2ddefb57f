"""Walls against the proved optimum and against plain annealing: `python -m tests.benchmarks.walls` (ten minutes).

Small maps: the search alone, without its proof, against branch and bound, and that against every placing. Larger
ones: medians of three maps, and at 64² simulated annealing with unguided moves on the same evaluation, given the
same CPU seconds. Times are of one machine, and of the CPU where it says so: a run uses two cores or more.
"""

import time
from itertools import product
from statistics import median
from typing import Literal

import numpy as np

from engine.core.compiled import compiled
from engine.walls import run
from engine.walls.board import Board, board_of
from engine.walls.chain import BEST, VALUE, Chain, chain_of, take_changed, try_changed
from engine.walls.placings import valid_placing
from engine.walls.problem import WallProblem
from engine.walls.proof import prove_longest
from engine.walls.run import WallIterate, WallSettings, improve_walls
from engine.walls.touched import workspace_of
from engine.warmup import warm_up
from tests.benchmarks.table import print_table
from tests.oracles_walls import SIDE_COUNTS, best_value, value_with, wall_instance

NEVER = np.zeros(1, np.uint8)
# Steps that take about 2, 5 and 15 seconds on two cores that have nothing else to do.
STEPS: dict[tuple[int, Literal[4, 8]], int] = {
    (20, 4): 150,
    (20, 8): 110,
    (32, 4): 250,
    (32, 8): 180,
    (64, 4): 220,
    (64, 8): 150,
}
ROUNDS = 100


def ended(problem: WallProblem, steps: int, seed: int) -> tuple[WallIterate, float, float]:
    """The last iterate of a run, its seconds, and its CPU seconds."""
    began, cpu = time.perf_counter(), time.process_time()
    *_, end = improve_walls(problem, WallSettings(steps, seed))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    assert end.walls.sum() == problem.count
    assert abs(value_with(problem, end.walls) - end.value) < 1e-6
    return end, seconds, cpu


@compiled
def unguided(board: Board, chain: Chain, moves: int, temperature: float, seed: int) -> None:
    """Try moves of single walls, half of them by one cell and half of them to anywhere."""
    np.random.seed(seed)
    changed = np.empty(2, np.int64)
    for _ in range(moves):
        number = np.random.randint(chain.walls.size)
        changed[0] = chain.walls[number]
        changed[1] = board.candidates[np.random.randint(board.candidates.size)]
        if np.random.random() < 0.5:
            changed[1] = changed[0] + board.around[np.random.randint(8)]
        if chain.closed[changed[1]] or not board.is_candidate[changed[1]]:
            continue
        chain.closed[changed[0]], chain.closed[changed[1]] = 0, 1
        value, log_ways = try_changed(board, chain, changed, 2)
        gain = value - chain.figures[VALUE]
        if value < np.inf and (gain >= 0.0 or np.random.random() < np.exp(gain / temperature)):
            chain.walls[number] = changed[1]
            take_changed(board, chain, changed, 2, value, log_ways)
            chain.figures[BEST] = max(chain.figures[BEST], value)
        else:
            chain.closed[changed[0]], chain.closed[changed[1]] = 1, 0


def plain_annealing(problem: WallProblem, seconds: float, seed: int) -> float:
    """The best value of one chain that cools within so many CPU seconds."""
    board, random = board_of(problem), np.random.default_rng(seed)
    start = valid_placing(problem, board, workspace_of(board), np.zeros(0, np.int64), random)
    chain = chain_of(board, start)
    unguided(board, chain, 1, 1.0, 0)
    began, used, number = time.process_time(), 0.0, 0
    while used < seconds:
        unguided(board, chain, 200, 2.0 * (0.15 / 2.0) ** (used / seconds), number)
        used, number = time.process_time() - began, number + 1
    return float(chain.figures[BEST])


def proved(problem: WallProblem) -> float:
    """The longest way, by branch and bound from nothing."""
    board, walls = board_of(problem), np.zeros(problem.count, np.int64)
    value, over = prove_longest(board, problem.count, -1.0, 10**9, walls, workspace_of(board), NEVER)
    assert over
    return value


def small_maps() -> None:
    """Print how often the search finds the optimum of forty maps, and the run proves it."""
    first, last = run.FIRST_LOOK, run.LAST_LOOK
    agree = found = said = tried = 0
    slowest = 0.0
    kinds: list[Literal[4, 8]] = [4, 8]
    cases = list(product(range(20), kinds))
    for seed, moves in cases:
        side, walls = 6 + seed % 3, 3 + seed % 4
        problem = wall_instance(side, seed, moves, walls)
        began = time.perf_counter()
        optimum = proved(problem)
        slowest = max(slowest, time.perf_counter() - began)
        run.FIRST_LOOK = run.LAST_LOOK = 0
        end, _, _ = ended(problem, ROUNDS, seed)
        run.FIRST_LOOK, run.LAST_LOOK = first, last
        found += abs(end.value - optimum) < 1e-6
        said += ended(problem, ROUNDS, seed)[0].proved
        if side == 6 and walls == 3:
            tried += 1
            agree += abs(best_value(problem) - optimum) < 1e-6
    rows = [
        ("branch and bound ended, slowest", f"{len(cases)} of {len(cases)}, {slowest:.2f} s"),
        ("branch and bound equals every placing (6², 3 walls)", f"{agree} of {tried}"),
        ("the search alone reaches the optimum", f"{found} of {len(cases)}"),
        ("a run with its proof says “proved longest”", f"{said} of {len(cases)}"),
    ]
    print_table("Forty maps of 6² to 8², 3 to 6 walls, 4 and 8 moves", ("what", "maps"), rows)


def larger_maps() -> None:
    """Print medians of three maps of each size, and at 64² plain annealing beside them."""
    rows = []
    for (side, moves), steps in STEPS.items():
        values, plain, seconds, cpu, settled = [], [], 0.0, 0.0, 0
        for seed in range(3):
            problem = wall_instance(side, seed, moves, SIDE_COUNTS[side])
            end, wall_seconds, cpu_seconds = ended(problem, steps, seed)
            values.append(end.value)
            settled += end.settled
            seconds, cpu = seconds + wall_seconds / 3.0, cpu + cpu_seconds / 3.0
            if side == 64:
                plain.append(plain_annealing(problem, cpu_seconds, seed))
        each = ", ".join(f"{value:.1f}" for value in values)
        against = f"{median(plain):.1f}, {median(values) / median(plain):.2f} ×" if plain else "–"
        times = f"{cpu:.1f} / {seconds:.1f}"
        name = f"{side}², {SIDE_COUNTS[side]} walls, {moves}"
        rows.append((name, steps, each, f"{median(values):.1f}", times, f"{settled} of 3", against))
    columns = ("map, moves", "steps", "length", "median", "s CPU / in all", "settled", "plain, same CPU")
    print_table("Longest ways found, cost 1, a tenth of the cells rock", columns, rows)


def main() -> None:
    warm_up()
    small_maps()
    larger_maps()


if __name__ == "__main__":
    main()
