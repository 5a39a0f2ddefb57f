"""Bounded foresight in figures: `python -m tests.benchmarks.foresight` (one to two minutes).

Walks and shortest paths are exact, by the hard agent and by Dijkstra; every optimised map keeps the bounds 0.2 to
5, the total, and each shortest path cost within 2 %.
"""

import numpy as np
import torch

from engine.core.device import use_few_threads
from engine.design.foresight import ForesightProblem, ForesightSettings, foresee
from engine.paths.beam_search import Agent, guess_field, walk
from engine.paths.soft_beam import soft_losses
from tests.benchmarks.adversarial import last
from tests.benchmarks.table import print_table
from tests.oracles import distances, random_problem

SEEDS = range(6)


def agent_on(size: int, seed: int, width: int, horizon: int):
    """A random map and an agent that crosses it from corner to corner."""
    problem = random_problem(seed, size, walls=0.1)
    cells = np.argwhere(problem.grid.passable)
    field = distances(problem.grid, problem.cost_map, tuple(cells[0].tolist()))
    reached = [(row, column) for row, column in cells.tolist() if np.isfinite(field[row, column])]
    return problem, Agent(reached[0], reached[-1], width, horizon)


def main() -> None:
    use_few_threads()
    last(foresee(*quick()))

    rows = []
    for width in (1, 2, 4, 8, 32):
        row: list[object] = [width]
        for horizon in (2, 4, 8, 16, 64):
            excesses = []
            for seed in SEEDS:
                problem, agent = agent_on(32, seed, width, horizon)
                guess = guess_field(problem.grid, agent.goal, problem.cost_map[problem.grid.passable].mean())
                done = walk(problem.grid, problem.cost_map, agent, guess)
                shortest = distances(problem.grid, problem.cost_map, agent.goal)[agent.start]
                excesses.append(done.cost / shortest - 1.0 if done.arrives else np.inf)
            lost = int(np.isinf(excesses).sum())
            arrived = [excess for excess in excesses if np.isfinite(excess)]
            row.append(f"{100 * np.mean(arrived):.1f} %" + (f", {lost} lost" if lost else ""))
        rows.append(row)
    columns = ("width", *(f"horizon {horizon}" for horizon in (2, 4, 8, 16, 64)))
    print_table(f"Walk over shortest path on drawn 32² maps, mean of {len(SEEDS)}", columns, rows)

    rows = []
    for epsilon in (0.3, 0.1, 0.03, 0.01, 0.001):
        errors = []
        for seed in SEEDS:
            problem, agent = agent_on(32, seed, 3, 6)
            guess = guess_field(problem.grid, agent.goal, 1.25)
            done = walk(problem.grid, problem.cost_map, agent, guess)
            losses, _ = soft_losses(
                torch.tensor(problem.cost_map), problem.grid, agent, done.plans, guess, epsilon
            )
            shortest = distances(problem.grid, problem.cost_map, agent.goal)[agent.start]
            errors.append(abs(float(losses.sum()) - (done.cost - shortest)) / shortest)
        rows.append((epsilon, f"{100 * np.mean(errors):.3f} %", f"{100 * np.max(errors):.3f} %"))
    print_table("Soft loss against walk − shortest path, as a share of the path", ("ε", "mean", "worst"), rows)

    rows = []
    for size in (16, 32):
        for aim in ("badly", "well"):
            before, after, drift, times = [], [], [], []
            for seed in SEEDS:
                problem, agent = agent_on(size, seed, 3, 6)
                task = ForesightProblem(problem.grid, problem.cost_map, (agent,), aim, problem.admissible)
                first = next(foresee(task)).verdict.excess[0]
                end, seconds = last(foresee(task, ForesightSettings(steps=150)))
                before.append(first)
                after.append(end.best_verdict.excess[0])
                drift.append(abs(end.best_verdict.drift[0]))
                times.append(seconds / 150)
            rows.append(
                (
                    f"{size}²",
                    aim,
                    f"{100 * np.mean(before):.1f} %",
                    f"{100 * np.mean(after):.1f} %",
                    f"{100 * np.min(after):.1f} … {100 * np.max(after):.1f} %",
                    f"{100 * np.max(drift):.2f} %",
                    f"{1e3 * np.mean(times):.0f}",
                )
            )
    columns = ("map", "agents do", "excess before", "after", "from … to", "largest drift of the path", "ms a step")
    print_table(f"150 steps, width 3, horizon 6, {len(SEEDS)} maps each", columns, rows)


def quick():
    problem, agent = agent_on(8, 0, 2, 3)
    task = ForesightProblem(problem.grid, problem.cost_map, (agent,), "well", problem.admissible)
    return task, ForesightSettings(steps=2)


if __name__ == "__main__":
    main()
