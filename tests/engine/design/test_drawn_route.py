"""Draw the route: the path follows the line, with nearly the least change there is, and the bound is a bound."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from scipy.optimize import nnls

import engine.design.drawn_route
from engine.core.errors import ProblemError
from engine.core.grid import MOVES, Grid
from engine.core.status import Status
from engine.cost_maps.admissible import Symmetry, admissible_maps
from engine.design.drawn_line import DrawnRouteProblem, LineTest, check_drawn_route, legal_chain, line_standing
from engine.design.drawn_route import DrawnRouteSettings, draw_route
from engine.paths.exact import distances_to, load_of_path, shortest_path
from tests.oracles import distances, moves_of
from tests.present import present

GRADIENTS = ("fenchel_young", "perturbation", "interpolation")


def bent_problem(
    size=12, seed=0, walls=0.0, locked=0.0, symmetry: Symmetry = "none", keep_total=False, margin=0.05, **kinds
):
    """A random map with a line that swings from side to side."""
    generator = np.random.default_rng(seed)
    cost_map = generator.uniform(0.6, 1.8, (size, size))
    ends = [(size // 2, 1), (2, size // 3), (size - 3, 2 * size // 3), (size // 2, size - 2)]
    passable = generator.random((size, size)) >= walls
    for cell in ends:
        passable[cell] = True
    grid = Grid(passable, **kinds)
    line = legal_chain(grid, ends)
    if symmetry == "half_turn":
        half = legal_chain(grid, [ends[0], ends[1], (size // 2 - 1, size // 2 - 1)])
        line = legal_chain(grid, np.concatenate([half, size - 1 - half[::-1]]))
    kept = generator.random((size, size)) < locked
    limits = admissible_maps(cost_map, passable, 0.2, 5.0, locked=kept, symmetry=symmetry)
    return DrawnRouteProblem(grid, cost_map, line, limits, keep_total, margin)


def least_change(problem):
    """The least change there is: cutting planes, each quadratic programme solved exactly as a least-distance
    problem by non-negative least squares (Lawson and Hanson 1974)."""
    limits = problem.admissible
    root = np.sqrt(limits.size)
    drawn = limits.reduce(problem.cost_map)
    line = load_of_path(problem.grid, problem.line)
    rows, right, bounded = [], [], set()

    def cut(normal, value):
        """normal · z ≥ value."""
        rows.append(normal / root)
        right.append(value - normal @ drawn)

    if problem.keep_total:
        cut(limits.size, limits.budget)
        cut(-limits.size, -limits.budget)
    z = drawn
    for _ in range(100):
        before = len(rows)
        for way in ways_off_the_line(problem, problem.raised(limits.expand(z))):
            difference = load_of_path(problem.grid, way) - line
            value = -np.sum(difference * (limits.fixed + problem.margin * problem.on_line))
            normal = limits.gather(difference)
            if normal @ z < value - 1e-9:
                cut(normal, value)
        for sign, bound in ((1.0, limits.lower), (-1.0, limits.upper)):
            for group in np.flatnonzero(sign * (z - bound) < -1e-9):
                if (sign, group) not in bounded:
                    bounded.add((sign, group))
                    cut(sign * np.eye(z.size)[group], sign * bound[group])
        if len(rows) == before:
            return float(np.linalg.norm((limits.expand(z) - problem.cost_map)[problem.grid.passable]))
        system = np.vstack([np.array(rows).T, np.array(right)])
        target = np.append(np.zeros(z.size), 1.0)
        dual, _ = nnls(system, target, maxiter=50 * len(rows))
        residual = system @ dual - target
        z = drawn - residual[:-1] / residual[-1] / root
    raise AssertionError("the cutting planes did not end")


def ways_off_the_line(problem, cost_map):
    """For each cell of the line the best way that leaves the line there."""
    grid, line = problem.grid, [tuple(cell) for cell in problem.line.tolist()]
    field = distances_to(grid, cost_map, problem.goal)
    for place, cell in enumerate(line[:-1]):
        ways = []
        for move in range(grid.neighbours):
            head = cell[0] + int(MOVES[move, 0]), cell[1] + int(MOVES[move, 1])
            if grid.legal[cell] >> move & 1 and head not in line[: place + 2]:
                ways.append(np.array([*line[: place + 1], *map(tuple, shortest_path(field, head).tolist())]))
        yield from sorted(ways, key=lambda way: np.sum(load_of_path(grid, way) * cost_map))[:1]


def second_best(problem, cost_map):
    """Cost of the best way that is not the line: the line's edges barred one after the other."""
    tails, heads, lengths = moves_of(problem.grid)
    width = problem.grid.shape[1]
    flat = cost_map.ravel()
    share = problem.grid.tail_share
    costs = lengths * (share * flat[tails] + (1.0 - share) * flat[heads])
    line = problem.line[:, 0] * width + problem.line[:, 1]
    found = []
    for tail, head in pairwise(line):
        barred = np.where((tails == tail) & (heads == head), np.inf, costs)
        distance = np.full(flat.size, np.inf)
        distance[line[-1]] = 0.0
        for _ in range(flat.size):
            np.minimum.at(distance, tails, barred + distance[heads])
        found.append(distance[line[0]])
    return min(found)


CASES = {
    "plain": {},
    "four neighbours": {"neighbours": 4, "seed": 1},
    "entered, walls": {"cost_rule": "entered", "walls": 0.12, "seed": 2},
    "total kept": {"keep_total": True, "seed": 3},
    "locked, wide margin": {"locked": 0.15, "margin": 0.15, "seed": 4},
    "symmetric": {"symmetry": "half_turn", "seed": 5},
}


@pytest.fixture(params=CASES)
def name(request):
    return request.param


@cache
def run_of(name, gradient):
    """A problem of `CASES` and its run, as long as is usual for the first gradient and half as long for others."""
    settings = DrawnRouteSettings(gradient) if gradient == "fenchel_young" else DrawnRouteSettings(gradient, 150)
    problem = bent_problem(**CASES[name])
    return problem, list(draw_route(problem, settings))


@pytest.mark.slow
@pytest.mark.parametrize("gradient", GRADIENTS)
def test_the_path_follows_the_line_with_nearly_the_least_change(name, gradient):
    case, iterates = run_of(name, gradient)
    exact = least_change(case)
    assert exact > 1.0
    end = iterates[-1]
    assert len(iterates) == end.step == (300 if gradient == "fenchel_young" else 150)
    assert end.status is Status.STEPS_DONE
    assert exact * (1.0 - 1e-8) <= end.best_change <= exact * (1.002 if gradient == "fenchel_young" else 1.02)
    assert all(iterate.least_change <= exact * (1.0 + 1e-8) for iterate in iterates)
    assert present(end.gap) <= 0.03
    assert end.gap == pytest.approx(end.best_change / end.least_change - 1.0)

    limits, best = case.admissible, end.best_map
    z = limits.reduce(best)
    assert np.allclose(limits.expand(z), best)
    assert z.min() >= limits.lower[0] - 1e-12
    assert z.max() <= limits.upper[0] + 1e-12
    if case.keep_total:
        assert best.sum() == pytest.approx(case.cost_map.sum(), rel=1e-9)
    raised = case.raised(best)
    line = float(np.sum(load_of_path(case.grid, case.line) * raised))
    assert line == pytest.approx(distances(case.grid, raised, case.goal)[case.start], rel=1e-8)
    assert np.array_equal(shortest_path(distances_to(case.grid, best, case.goal), case.start), case.line)
    assert end.best_standing.on_path == 1.0
    assert end.best_standing.certificate > 0.0


@pytest.mark.slow
def test_the_certificate_is_how_much_dearer_the_next_way_is(name):
    case, iterates = run_of(name, "fenchel_young")
    best = iterates[-1].best_map
    followed, drawn = line_standing(case, best), line_standing(case, case.cost_map)
    gap = second_best(case, best) - followed.line_cost
    assert 0.0 < followed.certificate <= gap + 1e-9
    assert followed.certificate == pytest.approx(gap)
    assert followed.path_cost == pytest.approx(followed.line_cost)
    assert not drawn.follows
    assert drawn.certificate < 0.0
    assert drawn.on_path < 1.0
    assert drawn.line_cost + drawn.certificate <= drawn.path_cost + 1e-9
    assert drawn.path_cost == pytest.approx(distances(case.grid, case.cost_map, case.goal)[case.start])


def test_any_flow_gives_a_bound():
    problem = bent_problem(10, 7)
    exact = least_change(problem)
    line = LineTest(problem)
    bounds = []
    for seed in range(20):
        noisy = np.random.default_rng(seed).uniform(0.2, 3.0, problem.cost_map.shape)
        load = line.excess(np.where(problem.on_line, 2.0 * noisy, noisy))[1]
        bounds.append(line.least_change(load)[0])
    assert 0.1 * exact < max(bounds) <= exact


def test_a_map_that_follows_already_stays_as_it_is():
    problem = bent_problem(10, 8)
    shortest = shortest_path(distances_to(problem.grid, problem.cost_map, problem.goal), problem.start)
    problem = replace(problem, line=legal_chain(problem.grid, shortest), margin=0.0)
    first = next(draw_route(problem, DrawnRouteSettings(tolerance=0.01)))
    assert first.status is Status.CONVERGED
    assert np.array_equal(first.best_map, problem.cost_map)
    assert first.best_change == 0.0


def test_a_small_gap_ends_the_run():
    end = list(draw_route(bent_problem(), DrawnRouteSettings(tolerance=0.05)))[-1]
    assert end.status is Status.CONVERGED
    assert end.step < 300
    assert present(end.gap) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize("gradient", GRADIENTS)
def test_the_same_seed_gives_the_same_bytes_and_iterates_are_copies(gradient):
    problem = bent_problem()
    steps = draw_route(problem, DrawnRouteSettings(gradient, steps=30))
    first = next(steps)
    kept = first.cost_map.copy(), first.load.copy(), first.state.cost_map.copy(), first.state.load.copy()
    *_, end = steps
    now = first.cost_map, first.load, first.state.cost_map, first.state.load
    assert all(np.array_equal(a, b) for a, b in zip(kept, now, strict=True))
    *_, again = draw_route(problem, DrawnRouteSettings(gradient, steps=30))
    assert end.best_map.tobytes() == again.best_map.tobytes()


def test_a_run_goes_on_from_a_state():
    problem, settings = bent_problem(), DrawnRouteSettings(steps=60)
    whole = list(draw_route(problem, settings))
    rest = list(draw_route(problem, settings, whole[29].state))
    assert (rest[0].step, rest[-1].step) == (31, 60)
    assert np.array_equal(rest[0].cost_map, whole[30].cost_map)
    assert rest[0].best_change <= whole[29].best_change


def test_a_cell_painted_during_a_run_is_taken_up():
    problem = bent_problem()
    half = list(draw_route(problem, DrawnRouteSettings(steps=60)))[29]
    painted = problem.cost_map.copy()
    painted[0, :4] = 3.0
    limits = admissible_maps(painted, problem.grid.passable, 0.2, 5.0)
    edited = replace(problem, cost_map=painted, admissible=limits)
    rest = list(draw_route(edited, DrawnRouteSettings(steps=60), half.state))
    assert np.allclose(rest[0].cost_map[0, :4], painted[0, :4], rtol=1e-12)
    assert np.allclose(rest[0].cost_map[1:], half.state.cost_map[1:], rtol=1e-12)
    assert rest[-1].best_standing.follows


def test_what_is_no_number_ends_the_run(monkeypatch):
    honest, calls = engine.design.drawn_route.softened_paths, []

    def poisoned(*arguments):
        calls.append(1)
        costs, loads = honest(*arguments)
        return costs, loads * (np.nan if len(calls) == 21 else 1.0)

    monkeypatch.setattr(engine.design.drawn_route, "softened_paths", poisoned)
    end = list(draw_route(bent_problem()))[-1]
    assert end.status is Status.NOT_A_NUMBER
    assert end.step == 21
    assert end.best_standing.follows
    assert np.isfinite(end.state.cost_map).all()


def open_grid(neighbours: Literal[4, 8] = 8, size: int = 8):
    return Grid(np.ones((size, size), dtype=bool), neighbours)


def test_a_line_is_joined_by_shortest_legal_moves():
    assert legal_chain(open_grid(), [(1, 1), (1, 4), (5, 4)]).tolist() == [
        [1, 1], [1, 2], [1, 3], [2, 4], [3, 4], [4, 4], [5, 4],
    ]  # fmt: skip
    four = legal_chain(open_grid(4), [(0, 0), (1, 1), (1, 1), (1, 3)])
    assert len(four) == 5
    assert (np.abs(np.diff(four, axis=0)).sum(axis=1) == 1).all()


def test_a_line_goes_around_the_corner_of_a_wall():
    passable = np.ones((4, 4), dtype=bool)
    passable[1, 1] = False
    assert legal_chain(Grid(passable), [(0, 1), (1, 2)]).tolist() == [[0, 1], [0, 2], [1, 2]]
    assert legal_chain(Grid(passable, corner_rule="free"), [(0, 1), (1, 2)]).tolist() == [[0, 1], [1, 2]]


def test_loops_of_a_line_are_cut_out():
    cells = [(4, 0), (4, 3), (1, 3), (1, 6), (4, 6), (4, 3), (7, 3)]
    line = legal_chain(open_grid(), cells)
    assert line.tolist() == [[4, 0], [4, 1], [4, 2], [5, 3], [6, 3], [7, 3]]
    assert np.array_equal(legal_chain(open_grid(), line), line)


def with_wall():
    passable = np.ones((8, 8), dtype=bool)
    passable[:, 4] = False
    return Grid(passable)


@pytest.mark.parametrize(
    ("grid", "cells", "says"),
    [
        (with_wall(), [(1, 1), (1, 4)], r"through a wall at cell \(1, 4\)"),
        (with_wall(), [(1, 1), (1, 6)], r"no way leads from cell \(1, 1\) of the line to its next cell \(1, 6\)"),
        (open_grid(), [(1, 1), (1, 8)], r"leaves the map at cell \(1, 8\); the map has 8 rows"),
        (open_grid(), [(1, 1)], "two different ends"),
        (open_grid(), [(1, 1), (3, 3), (1, 1)], "two different ends"),
    ],
)
def test_a_line_that_cannot_be_walked_is_refused(grid, cells, says):
    with pytest.raises(ProblemError, match=says) as refused:
        legal_chain(grid, cells)
    assert refused.value.subject == "line"


def refused(**changes):
    limits = changes.pop("limits", {})
    problem = bent_problem(10)
    limits = {"lower": 0.2, "upper": 5.0, **limits}
    problem = replace(problem, admissible=admissible_maps(problem.cost_map, problem.grid.passable, **limits))
    return replace(problem, **changes)


@pytest.mark.parametrize(
    ("changes", "subject", "says"),
    [
        ({"margin": -1.0}, "objective", "margin is -1.0"),
        ({"line": np.array([(1, 1), (1, 2), (2, 2)])}, "line", "join it anew"),
        ({"line": np.array([(1, 1), (1, 5)])}, "line", "join it anew"),
        ({"limits": {"lower": 0.9, "upper": 1.1}}, "line", "no admissible map"),
        ({"limits": {"budget": 900.0}, "keep_total": True}, "budget", "total of 900"),
        ({"limits": {"lower": 0.0}}, "bounds", "above 0"),
        ({"cost_map": np.zeros((10, 10))}, "cost", r"cell \(row 0, col 0\) costs 0.0"),
    ],
)
def test_what_cannot_run_is_refused_with_a_sentence(changes, subject, says):
    with pytest.raises(ProblemError, match=says) as caught:
        next(draw_route(refused(**changes)))
    assert caught.value.subject == subject


@pytest.mark.parametrize("gradient", GRADIENTS)
def test_a_run_proves_that_no_map_follows(gradient):
    """The line's mirror image costs as much, so the line cannot be the only shortest path."""
    passable = np.ones((9, 9), dtype=bool)
    cost_map = np.random.default_rng(0).uniform(0.8, 1.2, (9, 9))
    limits = admissible_maps(cost_map, passable, 0.2, 5.0, symmetry="left_right")
    line = legal_chain(Grid(passable), [(0, 4), (4, 1), (8, 4)])
    follows: list[bool] = []
    run = draw_route(DrawnRouteProblem(Grid(passable), cost_map, line, limits), DrawnRouteSettings(gradient))
    with pytest.raises(ProblemError, match="no admissible map makes the line") as caught:
        follows.extend(iterate.best_standing.follows for iterate in run)
    assert not any(follows)
    assert caught.value.subject == "line"


def test_a_line_is_refused_only_where_no_map_has_it():
    """Where the refusal's map is at hand: between wider bounds the same line can be had."""
    problem = refused(limits={"lower": 0.9, "upper": 1.1})
    with pytest.raises(ProblemError):
        check_drawn_route(problem)
    wide = refused(limits={"lower": 0.2, "upper": 5.0})
    assert list(draw_route(wide, DrawnRouteSettings(steps=100)))[-1].best_standing.follows
