"""The design loop: admissible at every step, honest about its bound, and orderly when something goes wrong."""

from collections import deque
from dataclasses import replace

import numpy as np
import pytest
import torch

import engine.design.adam_steps
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.grid import Grid
from engine.core.status import Status
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.objectives import mean_cost, score
from engine.cost_maps.problem import Objective, Problem, Route, check_problem, path_costs
from engine.cost_maps.roughness import roughness
from engine.design.adversarial import DesignSettings, optimise_costs
from tests.oracles import LP_OPTIMA, class_problem, distances, lp_optimum, random_problem, table_problem
from tests.present import present


def run(problem, state=None, **settings):
    iterates = list(optimise_costs(problem, DesignSettings(**settings), state))
    assert iterates[-1].status is not None
    assert all(iterate.status is None for iterate in iterates[:-1])
    return iterates


@pytest.mark.slow
@pytest.mark.parametrize(("method", "share"), [("logit", 0.995), ("bregman", 0.99)])
@pytest.mark.parametrize("neighbours", [4, 8])
def test_adam_comes_near_the_optimum_and_never_claims_to_pass_it(method, share, neighbours):
    known = LP_OPTIMA[16, neighbours]
    problem = table_problem(16, neighbours)
    iterates = run(problem, method=method)
    end = iterates[-1]
    assert len(iterates) == end.step == 400
    assert share * known <= end.best_score <= known + 1e-6
    assert present(end.gap) <= 0.01
    best = 0.0
    for iterate in iterates:
        assert problem.admissible.contains(iterate.cost_map, 1e-9)
        assert present(iterate.upper_bound) >= known - 1e-6
        best = max(best, iterate.score)
        assert iterate.best_score >= best - 1e-12
    exact = distances(problem.grid, end.best_map, problem.goals[0])[problem.starts[0]]
    assert end.best_score == pytest.approx(exact, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind",
    [
        {"routes": 2, "locked": 0.2},
        {"symmetry": "half_turn", "cost_rule": "entered"},
        {"aim": "longer_minimum", "routes": 3},
    ],
    ids=str,
)
def test_constraints_hold_and_the_bound_is_a_bound(kind):
    problem = random_problem(31, 9, **kind)
    end = run(problem, steps=150)[-1]
    assert problem.admissible.contains(end.best_map)
    assert present(end.upper_bound) >= end.best_score * (1.0 - 1e-9)
    assert end.best_score > score(problem, end_costs(problem, problem.cost_map))
    if problem.objective.aim == "longer":
        value, _ = lp_optimum(problem)
        assert 0.97 * value <= end.best_score <= value * (1.0 + 1e-9) <= present(end.upper_bound) * (1.0 + 1e-9)


def end_costs(problem, cost_map):
    pairs = zip(problem.goals, problem.starts, strict=True)
    return np.array([distances(problem.grid, cost_map, goal)[start] for goal, start in pairs])


def test_shorter_makes_paths_shorter():
    problem = random_problem(5, 10, aim="shorter")
    end = run(problem, steps=120)[-1]
    assert end.best_score < 0.6 * end_costs(problem, problem.cost_map)[0]
    assert end.upper_bound is None
    assert end.gap is None


def test_targets_are_met_and_end_the_run():
    problem = random_problem(6, 12, 2)
    drawn = end_costs(problem, problem.cost_map)
    routes = tuple(replace(r, target=1.4 * c) for r, c in zip(problem.routes, drawn, strict=True))
    problem = replace(problem, routes=routes, objective=Objective("target"))
    end = run(problem, steps=400, tolerance=0.01)[-1]
    assert end.status is Status.CONVERGED
    assert np.abs(end_costs(problem, end.best_map) / (1.4 * drawn) - 1.0).max() <= 0.01


@pytest.mark.slow
def test_the_smallest_route_is_raised():
    problem = random_problem(8, 12, 2, aim="longer_minimum")
    drawn = problem.weights * end_costs(problem, problem.cost_map)
    end = run(problem, steps=200)[-1]
    reached = problem.weights * end_costs(problem, end.best_map)
    assert reached.min() > 1.5 * drawn.min()
    assert end.best_score == pytest.approx(reached.min(), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [8, 31, 40])
def test_the_smallest_route_comes_near_its_linear_programme(seed):
    problem = random_problem(seed, 9, 3, aim="longer_minimum")
    known, _ = lp_optimum(problem)
    end = run(problem, steps=300)[-1]
    assert 0.97 * known <= end.best_score <= known * (1.0 + 1e-9)
    assert known * (1.0 - 1e-9) <= present(end.upper_bound) <= 1.07 * known


def corridor(aim, routes, total):
    """A corridor of 10 cells, and behind a wall as many cells again that hold the rest of the total."""
    passable = np.ones((3, 10), dtype=bool)
    passable[1] = False
    limits = admissible_maps(np.ones((3, 10)), passable, 0.2, 5.0, budget=total)
    return Problem(Grid(passable, 4), np.ones((3, 10)), routes, limits, Objective(aim))


@pytest.mark.slow
def test_where_not_all_routes_can_be_short_the_heavy_one_is():
    light, heavy = Route((0, 0), (0, 4), 1.0), Route((0, 5), (0, 9), 3.0)
    # Room for 7 cheap cells of 20: the five of the heavy route, and two of the light one's three in the middle.
    problem = corridor("shorter", (light, heavy), 13 * 5.0 + 7 * 0.2)
    end = run(problem, steps=200)[-1]
    best = np.array([0.5 * 5.0 + 5.0 + 2 * 0.2 + 0.5 * 5.0, 4 * 0.2])
    assert problem.weights @ best <= end.best_score <= 1.02 * problem.weights @ best
    assert end.best_path_costs == pytest.approx(best, rel=0.05)


@pytest.mark.slow
def test_between_two_targets_the_weights_decide():
    there, back = Route((0, 0), (0, 9), 1.0, 8.0), Route((0, 9), (0, 0), 3.0, 16.0)
    end = run(corridor("target", (there, back), 40.0), steps=200)[-1]
    # Σ w (c − t)² / t is least where c = Σ w / Σ (w / t).
    assert end.best_path_costs == pytest.approx(np.full(2, (1.0 + 3.0) / (1.0 / 8.0 + 3.0 / 16.0)), rel=1e-3)


@pytest.mark.slow
def test_smoothness_and_closeness_do_what_they_say():
    problem = table_problem(16, 8)
    free = run(problem, steps=150)[-1].best_map

    def rough(cost_map):
        return float(roughness(problem.grid, torch.tensor(cost_map)))

    smooth = run(replace(problem, objective=Objective("longer", smoothness=2.0)), steps=150)[-1].best_map
    close = run(replace(problem, objective=Objective("longer", closeness=2.0)), steps=150)[-1].best_map
    assert rough(smooth) < 0.5 * rough(free)
    assert np.mean((close - 1.0) ** 2) < 0.5 * np.mean((free - 1.0) ** 2)
    assert mean_cost(problem) == pytest.approx(1.0)


@pytest.mark.slow
def test_large_maps_go_from_coarse_to_fine():
    problem = table_problem(80, 8)
    iterates = run(problem)
    assert {iterate.level for iterate in iterates} == {(1, 3), (2, 3), (3, 3)}
    assert all(iterate.cost_map.shape == (80, 80) for iterate in iterates)
    assert all(problem.admissible.contains(iterate.cost_map, 1e-9) for iterate in iterates)
    assert iterates[-1].step == 400
    assert iterates[-1].best_score >= 0.98 * present(iterates[-1].upper_bound)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes():
    problem = table_problem(16, 8)
    first, again = (run(problem, steps=40)[-1] for _ in range(2))
    other = run(problem, steps=40, seed=1)[-1]
    assert first.best_map.tobytes() == again.best_map.tobytes()
    assert first.best_map.tobytes() != other.best_map.tobytes()


def test_iterates_are_copies():
    steps = optimise_costs(table_problem(16, 8), DesignSettings(steps=20))
    first = next(steps)
    kept = first.cost_map.copy(), first.loads.copy(), first.state.adam.theta.copy()
    for _ in steps:
        pass
    assert np.array_equal(first.cost_map, kept[0])
    assert np.array_equal(first.loads, kept[1])
    assert np.array_equal(first.state.adam.theta, kept[2])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logit", "bregman"])
def test_a_run_goes_on_from_a_state_as_if_it_had_not_stopped(method):
    problem = table_problem(16, 8)
    settings = DesignSettings(method, steps=60, bound=False, coarse_to_fine=False)
    whole = list(optimise_costs(problem, settings))
    cut = whole[29].state
    rest = list(optimise_costs(problem, settings, cut))
    assert rest[0].step == 31
    assert rest[-1].step == 60
    # The schedule starts anew over the rest of the steps; the state itself is exact.
    assert np.allclose(rest[0].cost_map, whole[30].cost_map, rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logit", "bregman"])
def test_a_wall_painted_during_a_run_is_taken_up(method):
    problem = table_problem(20, 8)
    half = list(optimise_costs(problem, DesignSettings(method, steps=60)))[29]
    passable = problem.grid.passable.copy()
    passable[2:18, 10] = False
    edited = replace(
        problem,
        grid=Grid(passable),
        admissible=admissible_maps(problem.cost_map, passable, 0.2, 5.0, budget=380.0),
    )
    rest = run(edited, half.state, method=method, steps=60)
    assert all(edited.admissible.contains(iterate.cost_map, 1e-9) for iterate in rest)
    assert rest[-1].best_score > half.best_score
    untouched = np.ones((20, 20), dtype=bool)
    untouched[:, 8:13] = False
    drift = np.abs(np.log(rest[0].cost_map[untouched] / half.cost_map[untouched]))
    assert np.median(drift) < 0.2


@pytest.mark.slow
def test_a_moved_route_end_is_taken_up():
    problem = table_problem(20, 8)
    half = list(optimise_costs(problem, DesignSettings("bregman", steps=60)))[29]
    moved = replace(problem, routes=(Route((3, 2), (10, 18)),))
    rest = run(moved, half.state, method="bregman", steps=60)
    assert rest[-1].best_score == pytest.approx(
        distances(moved.grid, rest[-1].best_map, (10, 18))[3, 2], rel=1e-12
    )


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_what_is_no_number_never_reaches_a_map(monkeypatch, poison):
    problem = table_problem(16, 8)
    honest = engine.design.adam_steps.costs_of_paths
    calls = []

    def poisoned(cost_map, paths):
        costs = honest(cost_map, paths)
        calls.append(1)
        return costs * poison if len(calls) == 13 else costs

    monkeypatch.setattr(engine.design.adam_steps, "costs_of_paths", poisoned)
    iterates = run(problem, steps=60)
    end = iterates[-1]
    assert end.status is Status.NOT_A_NUMBER
    assert end.step == 13
    assert problem.admissible.contains(end.best_map)
    assert end.best_score >= max(iterate.score for iterate in iterates[:-1])
    assert np.isfinite(end.state.adam.theta).all()
    assert "smaller learning rate" in end.status.message


def test_a_small_gap_ends_the_run():
    end = run(table_problem(16, 4), tolerance=0.05)[-1]
    assert end.status is Status.CONVERGED
    assert end.step < 400
    assert present(end.gap) <= 0.05


def with_changes(**changes):
    grid = Grid(changes.pop("passable", np.ones((8, 8), dtype=bool)))
    cost_map = changes.pop("cost_map", np.ones((8, 8)))
    routes = changes.pop("routes", (Route((1, 1), (6, 6)),))
    limits = {"lower": 0.2, "upper": 5.0, **changes.pop("limits", {})}
    objective = changes.pop("objective", Objective())
    return Problem(grid, cost_map, routes, admissible_maps(cost_map, grid.passable, **limits), objective)


def wall():
    passable = np.ones((8, 8), dtype=bool)
    passable[:, 4] = False
    return passable


@pytest.mark.parametrize(
    ("changes", "subject", "says"),
    [
        ({"cost_map": np.where(np.eye(8) > 0, 0.0, 1.0)}, "cost", r"cell \(row 0, col 0\) costs 0.0"),
        ({"cost_map": np.where(np.arange(8) == 3, np.nan, np.ones((8, 8)))}, "cost", r"col 3\) costs nan"),
        ({"routes": ()}, "route", "drop a start and a goal"),
        ({"routes": (Route((1, 1), (1, 1)),)}, "route", "starts at its goal"),
        ({"routes": (Route((1, 1), (1, 9)),)}, "route", "outside the map of 8 rows"),
        ({"routes": (Route((1, 1), (6, 6), 0.0),)}, "route", "weight 0.0"),
        ({"routes": (Route((1, 4), (6, 6)),), "passable": wall()}, "route", "is a wall"),
        ({"passable": wall()}, "route", "no way leads from"),
        ({"limits": {"lower": 3.0, "upper": 2.0}}, "bounds", "above the upper bound"),
        ({"limits": {"lower": 0.0}}, "bounds", "above 0"),
        ({"limits": {"budget": 1000.0}}, "budget", "between 12.8 and 320"),
        ({"limits": {"budget": np.nan}}, "budget", "finite"),
        ({"limits": {"locked": np.ones((8, 8), dtype=bool)}}, "budget", "every passable cell is locked"),
        ({"limits": {"locked": np.eye(8) > 0, "budget": 9.0}}, "budget", "locked cells hold 8"),
        ({"objective": Objective("target")}, "objective", "route 1 has no target"),
        ({"objective": Objective("longer", smoothness=-1.0)}, "objective", "smoothness is -1.0"),
    ],
)
def test_what_cannot_run_is_refused_with_a_sentence(changes, subject, says):
    problem = with_changes(**changes)
    with pytest.raises(ProblemError, match=says) as refused:
        next(optimise_costs(problem))
    assert refused.value.subject == subject


def test_a_refused_budget_comes_with_one_that_would_do():
    with pytest.raises(ProblemError) as refused:
        check_problem(with_changes(limits={"budget": 1000.0}))
    assert refused.value.fix == SuggestedFix("budget", pytest.approx(320.0))
    check_problem(with_changes(limits={"budget": present(refused.value.fix).value}))


def test_a_device_that_is_not_there_is_refused_by_name():
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ValueError, match="'cuda' is not available; this machine has: cpu"):
        next(optimise_costs(table_problem(16, 8), DesignSettings(device="cuda")))


@pytest.mark.gpu
def test_a_gpu_run_comes_as_near():
    end = run(table_problem(16, 8), method="bregman", device="cuda")[-1]
    assert end.best_score >= 0.99 * LP_OPTIMA[16, 8]


@pytest.mark.slow
@pytest.mark.parametrize("aim", ["longer", "longer_minimum", "shorter"])
def test_routes_of_several_classes_are_designed_for_together(aim):
    problem = replace(class_problem(11, 9, 4), objective=Objective(aim))
    last = deque(optimise_costs(problem, DesignSettings(steps=150)), maxlen=1)[0]
    assert np.array_equal(last.best_path_costs, path_costs(problem, last.best_map))
    drawn = score(problem, path_costs(problem, problem.admissible.nearest(problem.cost_map)))
    if aim == "shorter":
        assert last.best_score < drawn
        return
    known, _ = lp_optimum(problem)
    assert drawn < last.best_score <= known * (1.0 + 1e-9) <= present(last.upper_bound) * (1.0 + 1e-9)
    assert last.best_score > 0.9 * known
