"""Runs that are taken up again, edits during a run, warm starts, and solves that fail."""

from dataclasses import replace

import numpy as np
import pytest

import engine.matching.plans
import engine.matching.run
from engine.core.status import Status
from engine.matching.ground_cost import Straight
from engine.matching.iterate import MatchSettings
from engine.matching.limits import Limits, inside
from engine.matching.plans import PlanOptions
from engine.matching.problem import PointSet, check_matching
from engine.matching.state import carried_over
from engine.transport.sinkhorn import solve_transport
from tests.engine.matching.problems import OPEN, cells, problem_of, run
from tests.present import present


def test_a_run_that_is_taken_up_again_is_the_same_run():
    problem = problem_of(cells(30, 15), cells(31, 15))
    whole = run(problem, steps=40)
    rest = run(problem, whole[12].state, steps=40)
    assert rest[0].step == 13
    for one, other in zip(whole[13:], rest, strict=True):
        assert one.positions[0].tobytes() == other.positions[0].tobytes()


def edited(problem, keep, moved, added):
    """The problem with only the points `keep`, the first of them moved, and one point more."""
    layout = problem.layouts[0]
    positions = np.concatenate([layout.positions[keep], [added]])
    positions[0] = moved
    keys = np.append(layout.all_keys()[keep], 1_000)
    return replace(problem, layouts=(PointSet(layout.name, positions, keys=keys),), totals="scale")


def test_an_edit_during_a_run_keeps_what_it_can():
    start, target = cells(32, 20), cells(33, 20)
    problem = problem_of(start, target, totals="scale")
    state = run(problem, steps=60)[25].state
    keep = np.delete(np.arange(20), [0, 7])
    change = edited(problem, keep, [3.25, 4.25], [20.0, 20.0])
    runner = engine.matching.run._Run(change, MatchSettings(steps=60), state)
    now = runner.resumed(state)
    np.testing.assert_array_equal(now.positions[1:18], state.positions[keep[1:]])
    np.testing.assert_array_equal(now.mean[1:18], state.mean[keep[1:]])
    assert now.positions[[0, 18]].tolist() == [[3.25, 4.25], [20.0, 20.0]]
    assert (now.mean[[0, 18]] == 0.0).all()
    after, before = present(now.warm_starts[0]), present(state.warm_starts[0])
    np.testing.assert_array_equal(after.cross.latest, before.cross.latest)
    np.testing.assert_array_equal(present(after.own).latest[1:18], present(before.own).latest[keep[1:]])
    iterates = run(change, state, steps=60)
    assert iterates[0].step == state.step + 1
    assert np.isfinite(iterates[-1].transport_cost)


def test_plans_of_a_run_start_from_those_of_the_step_before(monkeypatch):
    problem = problem_of(cells(32, 20), cells(33, 20))
    passes = {"warm": 0, "cold": 0}
    for kind in passes:

        def counted(transport, settings, warm, kind=kind):
            result = solve_transport(transport, settings, warm if kind == "warm" else None)
            passes[kind] += result.iterations
            return result

        monkeypatch.setattr(engine.matching.plans, "solve_transport", counted)
        run(problem, steps=60)
    assert passes["warm"] < 0.4 * passes["cold"], passes


def test_after_a_small_edit_the_plans_take_fewer_passes_than_from_nothing():
    start, target = cells(32, 40), cells(33, 40)
    problem = problem_of(start, target)
    state = run(problem, steps=60)[15].state
    moved = start.copy()
    moved[3] += [0.5, 0.0]
    change = replace(problem, layouts=(PointSet("spawns", moved),))
    runner = engine.matching.run._Run(change, MatchSettings(steps=60), state)
    now = runner.resumed(state)
    options = runner._plan_options(now, 16, over=False)
    warm, cold = (runner._plans_at(one, options).results[0] for one in (now, replace(now, warm_starts=(None,))))
    assert warm.iterations < 0.5 * cold.iterations
    assert warm.regularised_cost == pytest.approx(cold.regularised_cost, rel=1e-3)


def test_new_points_of_a_target_start_from_what_the_others_imply():
    start, target = cells(34, 20), cells(35, 20)
    problem = problem_of(start, target, totals="scale")
    state = run(problem, steps=80)[40].state
    keys = np.concatenate([np.arange(20), [77]])
    layout = PointSet("loot", np.concatenate([target, [[1.5, 1.5]]]), keys=keys)
    change = replace(problem, targets=(layout,))
    now = carried_over(state, change, (Straight().towards(layout.positions),))
    latest, before = present(now.warm_starts[0]).cross.latest, present(state.warm_starts[0])
    np.testing.assert_array_equal(latest[:20], before.cross.latest)
    squared = ((state.positions - [1.5, 1.5]) ** 2).sum(axis=1)
    assert latest[20] == pytest.approx((squared - before.f).min(), abs=1e-9)
    assert run(change, state, steps=100)[-1].status is not Status.NOT_A_NUMBER


def test_walls_painted_during_a_run_push_points_out():
    problem = problem_of(cells(36, 20), cells(37, 20))
    state = run(problem, steps=30)[15].state
    passable = OPEN.copy()
    passable[10:13, :] = False
    change = replace(problem, limits=Limits(passable), totals="scale")
    clear = [positions[~inside(~passable, positions)] for positions in (cells(36, 20), cells(37, 20))]
    change = replace(change, layouts=(PointSet("spawns", clear[0]),), targets=(PointSet("loot", clear[1]),))
    for iterate in run(change, state, steps=30):
        assert inside(passable, iterate.positions[0]).all()


def test_nothing_that_is_not_a_number_reaches_a_layout(monkeypatch):
    problem = problem_of(cells(38, 10), cells(39, 10))
    solve, count = engine.matching.plans.solve_transport, 0

    def failing(*arguments):
        nonlocal count
        count += 1
        result = solve(*arguments)
        return result if count < 20 else replace(result, by_sources=np.full((10, 2), np.nan))

    monkeypatch.setattr(engine.matching.plans, "solve_transport", failing)
    iterates = run(problem, steps=50)
    last = iterates[-1]
    assert last.status is Status.NOT_A_NUMBER
    assert 1 < last.step < 50
    for iterate in iterates:
        assert np.isfinite(iterate.positions[0]).all()
        assert np.isfinite(iterate.state.positions).all()
    assert (last.positions[0] == iterates[-2].state.positions).all()
    assert "last good layout" in last.message


def test_plans_that_cannot_be_trusted_are_made_with_a_larger_epsilon(monkeypatch):
    problem = problem_of(cells(40, 30), cells(41, 30))
    solve = engine.matching.plans.solve_transport

    def feeble(transport_problem, settings, warm_start=None):
        result = solve(transport_problem, settings, warm_start)
        weak = settings.epsilon < 0.01 * transport_problem.cost.largest()
        return replace(result, marginal_error=0.5) if weak else result

    monkeypatch.setattr(engine.matching.plans, "solve_transport", feeble)
    for iterate in run(problem, steps=20):
        assert iterate.marginal_error <= engine.matching.plans.ASTRAY


def test_potentials_of_one_kind():
    """f and the g to go on from belong together: their plan is the plan of the result."""
    runner = engine.matching.run._Run(problem_of(cells(1, 6), cells(2, 6)), MatchSettings(), None)
    state, start = runner.start()
    look = runner._plans_at(state, PlanOptions(3.0, 1e-10, 5_000, "cpu"))
    warm, result = look.warm_starts[0], look.results[0]
    cost = result.problem.cost.matrix()
    plan = np.exp((warm.f[:, None] + warm.cross.latest - cost) / result.epsilon) / 6.0
    np.testing.assert_allclose(plan, result.plan(), atol=1e-8)
    check_matching(start.state.problem)
