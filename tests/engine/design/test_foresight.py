"""Bounded foresight: beam search against Dijkstra and enumeration, its soft form against the hard one."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

import engine.design.foresight
from engine.core.errors import ProblemError
from engine.core.grid import MOVES, Grid
from engine.core.status import Status
from engine.cost_maps.admissible import admissible_maps
from engine.design.foresight import ForesightProblem, ForesightSettings, foresee, foresight_loss
from engine.paths.beam_search import Agent, guess_field, look_ahead, walk
from engine.paths.exact import path_cost
from engine.paths.soft_beam import soft_losses, soft_plan
from tests.oracles import distances, random_problem
from tests.present import present


def case(seed, size=9, **kinds):
    """A random map with an agent on it: grid, cost map, agent, guess."""
    problem = random_problem(seed, size, **kinds)
    agent = Agent(problem.starts[0], problem.goals[0], 3, 4)
    return problem.grid, problem.cost_map, agent, guess_field(problem.grid, agent.goal, 1.25)


def foresight_problem(seed, aim, count=1, size=10, **changes):
    problem = random_problem(seed, size, count, walls=0.1)
    agents = tuple(Agent(start, goal, 2, 4) for start, goal in zip(problem.starts, problem.goals, strict=True))
    made = ForesightProblem(problem.grid, problem.cost_map, agents, aim, problem.admissible)
    return replace(made, **changes)


@pytest.mark.parametrize("kind", [{"neighbours": 4}, {"neighbours": 8}, {"cost_rule": "entered"}], ids=str)
def test_with_all_the_width_and_foresight_there_is_an_agent_walks_the_shortest_path(kind):
    for seed in range(5):
        grid, cost_map, agent, guess = case(seed, **kind)
        everything = replace(agent, width=200, horizon=200)
        done = walk(grid, cost_map, everything, guess)
        assert len(done.plans) == 1
        assert done.cost == pytest.approx(distances(grid, cost_map, agent.goal)[agent.start], rel=1e-12)


def test_a_wide_beam_holds_all_cells_whose_cheapest_way_has_that_many_moves():
    for seed in range(4):
        grid, cost_map, agent, guess = case(seed, walls=0.1)
        wide = replace(agent, width=200, horizon=3)
        plan = look_ahead(grid, cost_map, wide, agent.start, guess, np.zeros(grid.shape, dtype=bool))
        cheapest = [{}, {}, {}, {}]
        for moves in range(1, 4):
            cheapest[moves] = dict(cheapest[moves - 1])
            for way in product(MOVES.tolist(), repeat=moves):
                cells = np.cumsum([list(agent.start), *way], axis=0)
                if (cells < 0).any() or agent.goal in map(tuple, cells[:-1].tolist()):
                    continue
                try:
                    cost = path_cost(grid, cost_map, cells)
                except (ValueError, IndexError):
                    continue
                end = tuple(cells[-1].tolist())
                if end != agent.start and cost < cheapest[moves].get(end, np.inf):
                    cheapest[moves][end] = cost
            layer = plan.layers[moves - 1]
            expected = {c: v for c, v in cheapest[moves].items() if v < cheapest[moves - 1].get(c, np.inf)}
            if agent.goal in cheapest[moves - 1]:
                expected.setdefault(agent.goal, cheapest[moves][agent.goal])
            found = dict(zip(map(tuple, layer.cells.tolist()), layer.costs.tolist(), strict=True))
            assert found == pytest.approx(expected)
            assert (np.diff(layer.scores) >= 0.0).all()


def test_a_narrow_beam_is_fooled_by_a_cheap_lure():
    """Two corridors: the lower begins cheap and ends dear. Width 1 takes it, width 2 with foresight does not."""
    passable = np.array([[1, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]], dtype=bool)
    cost_map = np.array([[1.2, 1.2, 1.2, 1.2, 1.2], [1.0, 9.0, 9.0, 9.0, 1.0], [0.5, 0.5, 5.0, 5.0, 1.0]])
    grid = Grid(passable, 4)
    guess = guess_field(grid, (1, 4), 1.0)
    near, far = Agent((1, 0), (1, 4), 1, 2), Agent((1, 0), (1, 4), 2, 6)
    fooled, wise = walk(grid, cost_map, near, guess), walk(grid, cost_map, far, guess)
    assert (2, 2) in map(tuple, fooled.cells.tolist())
    assert (0, 2) in map(tuple, wise.cells.tolist())
    assert wise.cost == pytest.approx(distances(grid, cost_map, (1, 4))[1, 0])


def test_walks_are_made_of_their_plans_and_never_cross_their_trail():
    for seed in range(6):
        grid, cost_map, agent, guess = case(seed, size=14)
        done = walk(grid, cost_map, agent, guess)
        assert done.cost == pytest.approx(path_cost(grid, cost_map, done.cells))
        assert len({tuple(cell) for cell in done.cells.tolist()}) == len(done.cells)
        joined = np.concatenate([done.plans[0].path[:1], *[plan.path[1:] for plan in done.plans]])
        assert np.array_equal(joined, done.cells)
        for plan in done.plans:
            assert len(plan.layers) <= agent.horizon
            assert all(len(layer.cells) <= agent.width for layer in plan.layers)
            costs = path_cost(grid, cost_map, plan.path)
            assert plan.layers[-1].costs[0] == pytest.approx(costs)


def test_an_agent_shut_in_by_its_own_trail_is_lost():
    """A bag whose only way out is dear: who looks one move ahead walks into it, and then cannot turn round."""
    passable = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1]], dtype=bool)
    grid = Grid(passable, 4)
    cost_map = np.where(passable, 1.0, 0.0)
    cost_map[2, 2] = 50.0
    no_guess = np.zeros((3, 5))
    lost = walk(grid, cost_map, Agent((0, 0), (2, 4), 1, 1), no_guess)
    assert not lost.arrives
    assert lost.cost == pytest.approx(path_cost(grid, cost_map, lost.cells))
    assert walk(grid, cost_map, Agent((0, 0), (2, 4), 8, 9), no_guess).arrives


@pytest.mark.parametrize("kind", [{"neighbours": 4}, {"neighbours": 8}, {"cost_rule": "entered"}], ids=str)
def test_the_soft_beam_tends_to_the_hard_one(kind):
    for seed in range(6):
        grid, cost_map, agent, guess = case(seed, **kind)
        closed = np.zeros(grid.shape, dtype=bool)
        hard = look_ahead(grid, cost_map, agent, agent.start, guess, closed)
        soft = soft_plan(torch.tensor(cost_map), grid, agent, agent.start, guess, closed, 1e-5)
        assert len(soft.layers) == len(hard.layers)
        for layer, expected in zip(soft.layers, hard.layers, strict=True):
            held = {tuple(cell) for cell in layer.cells[layer.membership > 0.5].tolist()}
            assert held == {tuple(cell) for cell in expected.cells.tolist()}
            assert layer.membership.sum() == pytest.approx(len(held), abs=1e-9)
        end = int(soft.cells[soft.chance.argmax()])
        assert divmod(end, grid.shape[1]) == tuple(hard.path[-1])
        assert float(soft.chance.max()) == pytest.approx(1.0, abs=1e-9)
        assert float(soft.cost[soft.chance.argmax()]) == pytest.approx(path_cost(grid, cost_map, hard.path))


def test_losses_of_plans_add_up_to_walk_minus_shortest_path():
    total = 0.0
    for seed in range(8):
        grid, cost_map, agent, guess = case(seed, size=12, walls=0.1)
        done = walk(grid, cost_map, agent, guess)
        assert done.arrives
        losses, _ = soft_losses(torch.tensor(cost_map), grid, agent, done.plans, guess, 1e-5)
        assert (losses.numpy() >= -1e-6).all()
        excess = done.cost - distances(grid, cost_map, agent.goal)[agent.start]
        assert float(losses.sum()) == pytest.approx(excess, abs=1e-4)
        total += excess
    assert total > 0.2


@pytest.mark.parametrize("epsilon", [0.4, 0.1])
@pytest.mark.parametrize("kind", [{"neighbours": 8}, {"neighbours": 4, "cost_rule": "entered"}], ids=str)
def test_the_gradient_is_that_of_finite_differences(kind, epsilon):
    grid, cost_map, agent, guess = case(3, **kind)
    plans = walk(grid, cost_map, agent, guess).plans

    def value(cost_map):
        return soft_losses(cost_map, grid, agent, plans, guess, epsilon)[0].sum()

    tensor = torch.tensor(cost_map, requires_grad=True)
    value(tensor).backward()
    gradient = present(tensor.grad).numpy()
    assert np.abs(gradient).max() > 1e-2
    for row, column in np.argwhere(grid.passable)[::2]:
        up, down = torch.tensor(cost_map), torch.tensor(cost_map)
        up[row, column] += 1e-7
        down[row, column] -= 1e-7
        expected = float(value(up) - value(down)) / 2e-7
        assert gradient[row, column] == pytest.approx(expected, abs=1e-6)


def test_the_loss_punishes_drift_of_the_shortest_path():
    problem = foresight_problem(1, "well", tolerance=0.01)
    judge = engine.design.foresight._Judge(problem)
    epsilon = 0.05
    values = []
    for factor in (1.0, 1.004, 1.02, 0.98):
        cost_map = problem.cost_map * factor
        verdict = judge.verdict(cost_map)
        assert verdict.drift[0] == pytest.approx(factor - 1.0)
        values.append(float(foresight_loss(problem, torch.tensor(cost_map), verdict, epsilon)[0]))
    assert abs(values[1] - values[0]) < 0.1
    assert min(values[2], values[3]) > values[0] + 1.0


def run(problem, state=None, **settings):
    iterates = list(foresee(problem, ForesightSettings(**settings), state))
    assert iterates[-1].status is not None
    assert all(problem.admissible.contains(iterate.cost_map) for iterate in iterates)
    end = iterates[-1]
    for agent, done, stated in zip(
        problem.agents, end.best_verdict.walks, end.best_verdict.path_costs, strict=True
    ):
        shortest = distances(problem.grid, end.best_map, agent.goal)[agent.start]
        assert stated == pytest.approx(shortest)
        assert path_cost(problem.grid, end.best_map, done.cells) >= shortest * (1.0 - 1e-12)
        drawn = distances(problem.grid, problem.cost_map, agent.goal)[agent.start]
        assert abs(shortest / drawn - 1.0) <= problem.tolerance + 1e-12
        assert done.arrives
    return iterates


@pytest.mark.slow
def test_agents_do_badly_and_then_well_while_the_shortest_path_stays():
    problem = foresight_problem(3, "badly")
    iterates = run(problem, steps=80)
    worse = iterates[-1].best_verdict.excess[0]
    assert worse > iterates[0].verdict.excess[0] + 0.15
    # The spoilt map is the next problem's drawn one.
    spoilt = iterates[-1].best_map
    limits = admissible_maps(spoilt, problem.grid.passable, 0.2, 5.0)
    better = run(replace(problem, cost_map=spoilt, admissible=limits, aim="well"), steps=80)[-1]
    assert better.best_verdict.excess[0] < 0.25 * worse


@pytest.mark.slow
def test_the_more_is_kept_the_less_agents_are_misled():
    drawn, *ends = (run(foresight_problem(3, "badly", keep=keep), steps=60)[-1] for keep in (1.0, 0.75, 0.25))
    excess = [end.best_verdict.excess[0] for end in (drawn, *ends)]
    assert excess == sorted(excess)
    assert drawn.kept > 0.99
    assert ends[0].kept > ends[1].kept + 0.02


def test_two_agents_and_beams_for_display():
    problem = foresight_problem(5, "badly", count=2)
    end = run(problem, steps=8)[-1]
    assert len(end.beams) == len(end.verdict.walks) == 2
    for beams, done in zip(end.beams, end.verdict.walks, strict=True):
        assert len(beams) == len(done.plans)
        for layer in (layer for plan in beams for layer in plan):
            assert problem.grid.passable[layer.cells[:, 0], layer.cells[:, 1]].all()
            assert ((layer.membership >= 0.0) & (layer.membership <= 1.0)).all()


def test_a_run_goes_on_from_its_state():
    problem = foresight_problem(3, "badly")
    half = run(problem, steps=4)[-1]
    resumed = run(problem, half.state, steps=8)
    assert [iterate.step for iterate in resumed] == [5, 6, 7, 8]
    assert resumed[-1].best_verdict.excess[0] >= half.best_verdict.excess[0]
    again = run(problem, half.state, steps=8)
    assert np.array_equal(resumed[-1].cost_map, again[-1].cost_map)


def test_what_is_not_a_number_ends_the_run_with_the_best_map(monkeypatch):
    problem = foresight_problem(3, "badly")
    monkeypatch.setattr(
        engine.design.foresight, "foresight_loss", lambda problem, cost_map, *_: ((cost_map * torch.nan).sum(), ())
    )
    (only,) = foresee(problem)
    assert only.status is Status.NOT_A_NUMBER
    assert np.isfinite(only.best_map).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agents": ()}, "there is no agent"),
        ({"agents": (Agent((99, 0), (0, 0)),)}, "outside the map"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
    ],
)
def test_what_cannot_start_is_said_in_words(changes, words):
    problem = foresight_problem(3, "badly", **changes)
    with pytest.raises(ProblemError, match=words):
        next(foresee(problem))


def test_an_agent_without_foresight_is_refused():
    problem = foresight_problem(3, "badly")
    blind = replace(problem.agents[0], horizon=0)
    with pytest.raises(ProblemError, match="looks 0 moves ahead"):
        next(foresee(replace(problem, agents=(blind,))))


def test_no_open_move_is_said():
    grid, cost_map, agent, guess = case(1)
    closed = np.ones(grid.shape, dtype=bool)
    assert look_ahead(grid, cost_map, agent, agent.start, guess, closed).layers == ()
    with pytest.raises(ValueError, match="no move is open"):
        soft_plan(torch.tensor(cost_map), grid, agent, agent.start, guess, closed, 0.1)
