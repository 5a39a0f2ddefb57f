"""Balance by rank: what a run says is met is met by Dijkstra and plain sorting, inside the limits."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import mannwhitneyu

import engine.design.balance
from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.core.status import Status
from engine.cost_maps.admissible import admissible_maps
from engine.design.balance import BalanceSettings, balance, balance_loss, balance_standing
from engine.design.balance_problem import BalanceProblem, EqualRanks, Nearest, Order
from tests.oracles import distances
from tests.present import present

SPAWNS, SITES = ((1, 1), (14, 2), (2, 14), (13, 13)), ((8, 3), (3, 8), (12, 8), (8, 12), (7, 7), (15, 15))


def problem_with(*aims, **changes):
    generator = np.random.default_rng(12)
    passable = generator.random((16, 16)) >= 0.1
    for cell in (*SPAWNS, *SITES):
        passable[cell] = True
    cost_map = generator.uniform(0.5, 2.0, (16, 16))
    grid = Grid(passable)
    admissible = admissible_maps(cost_map, passable, 0.3, 4.0)
    problem = BalanceProblem(grid, cost_map, SPAWNS, (0, 0, 1, 1), SITES, aims, admissible)
    return replace(problem, **changes)


def run(problem, state=None, **settings):
    iterates = list(balance(problem, BalanceSettings(**settings), state))
    assert iterates[-1].status is not None
    assert all(iterate.status is None for iterate in iterates[:-1])
    assert all(problem.admissible.contains(iterate.cost_map) for iterate in iterates)
    assert problem.admissible.contains(iterates[-1].best_map)
    return iterates


def by_scipy(problem, cost_map):
    """(S, M) distances."""
    columns = [distances(problem.grid, cost_map, site) for site in problem.sites]
    return np.array([[column[spawn] for column in columns] for spawn in problem.spawns])


def farthest_site(problem, spawn):
    return int(by_scipy(problem, problem.cost_map)[spawn].argmax())


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2])
def test_the_farthest_site_becomes_one_of_the_nearest(k):
    problem = problem_with(Nearest(0, 0, k))
    site = farthest_site(problem, 0)
    problem = replace(problem, aims=(Nearest(0, site, k),))
    assert balance_standing(problem, problem.cost_map).violations == (1.0,)
    iterates = run(problem)
    assert iterates[-1].status is Status.CONVERGED
    found = by_scipy(problem, iterates[-1].best_map)[0]
    others = np.delete(found, site)
    assert (others <= found[site] * (1.0 + problem.margin)).sum() < k


@pytest.mark.slow
def test_an_order_is_kept():
    problem = problem_with()
    nearest_last = tuple(int(i) for i in np.argsort(-by_scipy(problem, problem.cost_map)[1])[-4:])
    problem = replace(problem, aims=(Order(1, nearest_last),))
    assert balance_standing(problem, problem.cost_map).met == 0
    iterates = run(problem)
    assert iterates[-1].status is Status.CONVERGED
    found = by_scipy(problem, iterates[-1].best_map)[1, list(nearest_last)]
    assert (found[1:] > found[:-1] * (1.0 + problem.margin)).all()


def test_teams_become_equal_by_mann_and_whitney():
    spawns = ((1, 1), (2, 4), (10, 10), (13, 13))
    problem = problem_with(EqualRanks(), spawns=spawns, margin=0.005)
    passable = problem.grid.passable.copy()
    for cell in spawns:
        passable[cell] = True
    admissible = admissible_maps(problem.cost_map, passable, 0.3, 4.0)
    problem = replace(problem, grid=Grid(passable), admissible=admissible)

    def statistic(cost_map):
        found = by_scipy(problem, cost_map)
        return mannwhitneyu(found[:2].ravel(), found[2:].ravel()).statistic / 144

    iterates = run(problem)
    assert abs(statistic(problem.cost_map) - 0.5) > 0.05
    assert iterates[-1].status is Status.CONVERGED
    assert abs(statistic(iterates[-1].best_map) - 0.5) <= 0.01
    team_ranks = iterates[-1].best_standing.team_ranks
    assert team_ranks.sum() == pytest.approx(25.0)
    assert (team_ranks[1] - team_ranks[0]) / 24 == pytest.approx(-(statistic(iterates[-1].best_map) - 0.5))


@pytest.mark.slow
def test_all_aims_together_and_closer_to_the_drawn_map_with_more_steps():
    problem = problem_with(EqualRanks(), Nearest(0, 2, 2), Nearest(3, 0, 3))
    first = run(problem)[-1]
    assert first.status is Status.CONVERGED
    longer = run(replace(problem, closeness=1.0), stop=False, steps=200)[-1]
    assert longer.status is Status.STEPS_DONE
    assert longer.best_standing.met == 3
    assert longer.changed < 0.8 * first.changed


@pytest.mark.slow
def test_the_aim_is_met_with_less_change_where_the_map_is_kept():
    ends = [run(problem_with(EqualRanks(), keep=keep), steps=200)[-1] for keep in (0.0, 0.75)]
    assert [end.best_standing.met for end in ends] == [1, 1]
    assert ends[1].kept > ends[0].kept + 0.01


def test_an_impossible_aim_says_how_far_it_came():
    """Site 1 lies on the only way to site 0: it is always the nearer one."""
    passable = np.zeros((3, 9), dtype=bool)
    passable[1] = True
    cost_map = np.ones((3, 9))
    admissible = admissible_maps(cost_map, passable, 0.5, 2.0)
    problem = BalanceProblem(
        Grid(passable), cost_map, ((1, 0),), (0,), ((1, 8), (1, 4)), (Nearest(0, 0, 1),), admissible
    )
    end = run(problem, steps=60)[-1]
    assert end.status is Status.STEPS_DONE
    assert end.best_standing.violations == (1.0,)


@pytest.mark.slow
@pytest.mark.parametrize("softness", [0.3, 0.05])
def test_the_gradient_is_that_of_finite_differences(softness):
    aims = EqualRanks(), Nearest(0, 2, 2), Order(3, (1, 0, 2))
    problem = problem_with(*aims, closeness=0.5)
    cost_map = torch.tensor(problem.cost_map * 1.1, requires_grad=True)

    def held(cost_map):
        return balance_loss(problem, cost_map, softness, 12.0)

    held(cost_map).backward()
    gradient = present(cost_map.grad).numpy()
    for row, column in np.argwhere(problem.grid.passable)[::5]:
        up, down = cost_map.detach().clone(), cost_map.detach().clone()
        up[row, column] += 1e-6
        down[row, column] -= 1e-6
        expected = float(held(up) - held(down)) / 2e-6
        assert gradient[row, column] == pytest.approx(expected, abs=2e-6 * np.abs(gradient).max() + 1e-7)


def test_a_run_goes_on_from_its_state_and_takes_edits_up():
    problem = problem_with(Nearest(0, 5, 1))
    whole = run(problem, stop=False, steps=12)
    half = run(problem, stop=False, steps=6)[-1]
    painted = problem.cost_map.copy()
    painted[4:6, 4:6] = 3.0
    edited = replace(
        problem, cost_map=painted, admissible=admissible_maps(painted, problem.grid.passable, 0.3, 4.0)
    )
    resumed = run(edited, half.state, stop=False, steps=12)
    assert [iterate.step for iterate in resumed] == list(range(7, 13))
    assert resumed[0].cost_map[4:6, 4:6].mean() > whole[6].cost_map[4:6, 4:6].mean() + 0.5


def test_the_same_seed_gives_the_same_map():
    problem = problem_with(EqualRanks(), Nearest(0, 5, 1))
    first, second = (run(problem, steps=15, stop=False)[-1] for _ in range(2))
    assert np.array_equal(first.cost_map, second.cost_map)
    assert not np.array_equal(first.cost_map, run(problem, steps=15, stop=False, seed=1)[-1].cost_map)


def test_what_is_not_a_number_ends_the_run_with_the_best_map(monkeypatch):
    problem = problem_with(Nearest(0, 5, 1))
    broken = lambda _, cost_map, *__: (cost_map * torch.nan).sum()  # noqa: E731
    monkeypatch.setattr(engine.design.balance, "balance_loss", broken)
    (only,) = run(problem)
    assert only.status is Status.NOT_A_NUMBER
    assert np.isfinite(only.best_map).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spawns": ()}, "at least one spawn"),
        ({"sites": ((99, 0),)}, r"site 1, cell \(99, 0\), lies outside"),
        ({"teams": (0, 1)}, "4 spawns have 2 teams"),
        ({"teams": (2, 2, 2, 2)}, "all spawns are of one team"),
        ({"aims": ()}, "there is no aim"),
        ({"aims": (Nearest(7, 0, 1),)}, "aim 1 is about spawn 8"),
        ({"aims": (Nearest(0, 9, 1),)}, "aim 1 is about site 10"),
        ({"aims": (Nearest(0, 0, 6),)}, "6 nearest of 6 sites"),
        ({"aims": (Order(0, (1, 1)),)}, "each once"),
        ({"margin": -1.0}, "margin is -1.0"),
    ],
)
def test_what_cannot_start_is_said_in_words(changes, words):
    problem = problem_with(EqualRanks(), **changes)
    with pytest.raises(ProblemError, match=words):
        next(balance(problem))


def test_a_walled_in_site_is_named():
    problem = problem_with(Nearest(0, 5, 1))
    passable = problem.grid.passable.copy()
    passable[14, :] = passable[:, 14] = False
    passable[14, 2] = passable[2, 14] = True
    walled = replace(problem, grid=Grid(passable))
    with pytest.raises(ProblemError, match=r"spawn 1 to site 6: no way leads from \(1, 1\) to \(15, 15\)"):
        next(balance(walled))


def test_standing_counts_places():
    verdict = balance_standing(problem_with(Nearest(0, 0, 1), Nearest(0, 0, 5)), np.ones((16, 16)))
    assert verdict.ranks.sum() == pytest.approx(4 * 21)
    assert verdict.violations[0] >= verdict.violations[1]
