"""Balance by rank: who is near to what, by path cost, and the map that makes it fair.

Spawns and sites (resources) lie on a map; the distance of a spawn to a site is the cost of its shortest
path. Aims speak of ranks of those distances:

`Nearest`     this site is among the k nearest of that spawn. Loss: T · (−log membership) in a soft top-k of
              temperature T: as T → 0 the cost by which the site is too far.
`Order`       a spawn's nearest of some sites is the first, then the second, … : the j-th is among the j nearest.
`EqualRanks`  with all distances of all spawns ranked together, every team has the same mean rank (for two
              teams, the Mann–Whitney statistic says nobody is ahead). Loss: differences of mean soft ranks.

`balance` is a generator: Adam changes the bounded map, whose total stays, through soft distances, and Dijkstra
judges the map of every step exactly.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.status import Status
from engine.core.tensors import class_costs, to_numpy
from engine.cost_maps.change import share_kept
from engine.cost_maps.keeping import change_penalty
from engine.cost_maps.objectives import mean_cost
from engine.design.adam_steps import AdamState, MapStep, carried_over, first_state, map_steps
from engine.design.balance_problem import BalanceProblem, EqualRanks, Nearest, Order, check_balance
from engine.design.descend import descend, numbers_from
from engine.design.schedule import Rate, rates
from engine.paths.soft_distances import soft_distances
from engine.ranking.operators import soft_log_top_k, soft_rank

# Soft ranks blur by √(temperature · spread): they can do with a smaller temperature than a top-k.
EQUAL_SOFTNESS = 0.25
# Weight of squared differences between teams, in shares of all ranks: 10 % apart counts like a mean distance.
EQUAL_WEIGHT = 100.0
# Mean ranks of two teams that differ by no more than this share of the number of ranks are equal.
EQUAL_WITHIN = 0.01
# Ground around sites in the way starts more expensive by up to this factor, within about so many cells.
HALO_HEIGHT, HALO_RADIUS = 3.0, 1.5


@dataclass(frozen=True)
class BalanceSettings:
    """How to run.

    steps: of Adam.  learning_rate: in units of θ.
    softness_start, softness_end: of paths and ranks at the first and last step, as shares of the mean cost
        and of the mean distance.
    stop: end as soon as all aims are met.  seed: of the noise that breaks ties in the first map.
    """

    steps: int = 300
    learning_rate: float = 0.1
    softness_start: float = 0.2
    softness_end: float = 0.01
    stop: bool = True
    seed: int = 0


@dataclass(frozen=True, eq=False)
class BalanceStanding:
    """Distances and ranks on one map, and how far each aim is from being met; all exact.

    distances: (S, M) path costs from spawns to sites.  ranks: (S, M) of each spawn's own sites, 1 the nearest.
    team_ranks: (T,) mean rank of each team's distances among all, teams in ascending order.
    violations: one for each aim: 0 where it is met by the margin, at most 1.
    """

    distances: Floats
    ranks: Floats
    team_ranks: Floats
    violations: tuple[float, ...]

    @property
    def met(self) -> int:
        """How many aims are met."""
        return sum(violation == 0.0 for violation in self.violations)


@dataclass(frozen=True, eq=False)
class BalanceState:
    """What a run goes on from."""

    problem: BalanceProblem
    step: int
    adam: AdamState
    best_map: Floats


@dataclass(frozen=True, eq=False)
class BalanceIterate:
    """One step of a run. Arrays are copies; `best_map` stays the same object until it is beaten.

    cost_map: (H, W) of this step.  loss: soft, of this step.  standing: of this step's map, exactly;
    best_standing: of the best map so far, the one with the smallest sum of violations, then the least change.
    changed: total absolute change of the best map.  kept: share of the drawn cost that it leaves in place.
    status: None while the run may go on.
    """

    step: int
    steps: int
    cost_map: Floats
    loss: float
    softness: float
    standing: BalanceStanding
    best_map: Floats
    best_standing: BalanceStanding
    changed: float
    kept: float
    status: Status | None
    state: BalanceState


def balance(
    problem: BalanceProblem, settings: BalanceSettings | None = None, state: BalanceState | None = None
) -> Iterator[BalanceIterate]:
    """Change the map of `problem` until its aims are met, step by step; with `state`, from where a run stood.

    A state from an edited problem is carried over: cells that were painted start from the drawn map, the
    others go on. Raises ProblemError before the first step if no run can start; later trouble is the status
    of the last iterate.
    """
    settings = settings or BalanceSettings()
    check_balance(problem)
    ground, admissible = problem.ground, problem.admissible
    mean = mean_cost(ground)
    best = _best(problem, admissible.nearest(problem.cost_map))
    typical = float(best.standing.distances.mean())
    if state is None:
        adam, first = first_state(admissible, _raised(problem, best.standing), settings.seed), 0
    else:
        adam = carried_over(ground, state.adam, state.problem.cost_map != problem.cost_map)
        first = state.step
        if admissible.contains(state.best_map):
            best = _best(problem, state.best_map)
    numbers = numbers_from(first, settings.steps)
    softness = mean * settings.softness_start, mean * settings.softness_end

    def loss(cost_map: Tensor, rate: Rate) -> tuple[Tensor, BalanceStanding]:
        standing = balance_standing(problem, to_numpy(cost_map))
        return balance_loss(problem, cost_map, rate.epsilon / mean, typical), standing

    def judge(best: _Best, step: MapStep[BalanceStanding]) -> _Best:
        here = _Best(step.cost_map, step.details, _change(problem, step.cost_map))
        return min(best, here, key=lambda one: (one.shortfall, one.changed))

    steps = map_steps(admissible, adam, rates(numbers, settings.learning_rate, *softness), loss)
    for turn in descend(steps, best, judge, numbers[-1], 0.0 if settings.stop else None):
        taken, best = turn.step, turn.best
        yield BalanceIterate(
            step=taken.number,
            steps=numbers[-1],
            cost_map=taken.cost_map,
            loss=taken.loss,
            softness=taken.rate.epsilon,
            standing=taken.details,
            best_map=best.cost_map,
            best_standing=best.standing,
            changed=best.changed,
            kept=share_kept(problem.grid.passable, problem.cost_map, best.cost_map),
            status=turn.status,
            state=BalanceState(problem, taken.number, taken.state, best.cost_map),
        )


@dataclass(frozen=True, eq=False)
class _Best:
    """The best map so far: the one with the smallest sum of violations, then the least change."""

    cost_map: Floats
    standing: BalanceStanding
    changed: float

    @property
    def shortfall(self) -> float:
        return sum(self.standing.violations)


def _best(problem: BalanceProblem, cost_map: Floats) -> _Best:
    return _Best(cost_map, balance_standing(problem, cost_map), _change(problem, cost_map))


def _change(problem: BalanceProblem, cost_map: Floats) -> float:
    return float(np.abs(cost_map - problem.cost_map)[problem.grid.passable].sum())


def balance_loss(problem: BalanceProblem, cost_map: Tensor, softness: float, typical: float) -> Tensor:
    """Return the loss () of a cost map (H, W) in units of what a cell of mean cost costs; lower is better.

    softness: of the paths as a share of the mean cost, and of the ranks as a share of `typical`, the mean
    distance on the drawn map.
    """
    mean, walking = mean_cost(problem.ground), problem.walking
    price = mean * walking.scale
    costs = class_costs(walking, cost_map)
    distances = soft_distances(costs, walking.grid, problem.spawns, problem.sites, softness * price)
    temperature = softness * typical
    loss = cost_map.new_zeros(())
    for aim in problem.aims:
        match aim:
            case Nearest(spawn, site, k):
                loss = loss + _too_far(distances[spawn], site, k, temperature, problem.margin)
            case Order(spawn, sites):
                chosen = distances[spawn, list(sites)]
                for place in range(len(sites) - 1):
                    loss = loss + _too_far(chosen, place, place + 1, temperature, problem.margin)
            case EqualRanks():
                count = distances.numel()
                ranks = soft_rank(distances.reshape(-1), EQUAL_SOFTNESS * temperature, "transport") / count
                by_team = _team_means(problem, ranks.reshape(distances.shape))
                loss = loss + EQUAL_WEIGHT * typical * (by_team - by_team.mean()).square().sum()
    loss = loss / price
    if problem.closeness > 0.0:
        passable = torch.tensor(problem.grid.passable, device=cost_map.device)
        change = (cost_map - cost_map.new_tensor(problem.cost_map))[passable] / mean
        loss = loss + problem.closeness * change.square().mean() * typical / price
    if problem.keep > 0.0:
        penalty = change_penalty(problem.grid, problem.cost_map, cost_map, problem.keep)
        loss = loss + penalty * typical / price
    return loss


def balance_standing(problem: BalanceProblem, cost_map: Floats) -> BalanceStanding:
    """Return the exact distances, ranks and violations on a map (H, W)."""
    distances = problem.distances(cost_map)
    together = rankdata(distances).reshape(distances.shape)
    team_ranks = np.array([together[_members(problem, team)].mean() for team in sorted(set(problem.teams))])
    violations: list[float] = []
    for aim in problem.aims:
        match aim:
            case Nearest(spawn, site, k):
                violations.append(_places_over(distances[spawn], site, k, problem.margin))
            case Order(spawn, sites):
                chosen = distances[spawn, list(sites)]
                places = range(len(sites) - 1)
                over = [_places_over(chosen, place, place + 1, problem.margin) for place in places]
                violations.append(sum(over) / len(over))
            case EqualRanks():
                spread = float(team_ranks.max() - team_ranks.min()) / distances.size
                violations.append(spread if spread > EQUAL_WITHIN else 0.0)
    return BalanceStanding(distances, rankdata(distances, axis=1), team_ranks, tuple(violations))


def _raised(problem: BalanceProblem, drawn: BalanceStanding) -> Floats:
    """Return the drawn map with expensive ground around the sites that are in the way of an unmet aim.

    Where a path leads past a nearer site, no descent takes it away from there, so the run starts elsewhere.
    """
    wanted = {aim.site for aim in problem.aims if isinstance(aim, Nearest)}
    rows, columns = np.indices(problem.grid.shape)
    raised = np.zeros(problem.grid.shape)
    for aim, violation in zip(problem.aims, drawn.violations, strict=True):
        if violation == 0.0 or isinstance(aim, EqualRanks):
            continue
        last = aim.site if isinstance(aim, Nearest) else aim.sites[0]
        distances = drawn.distances[aim.spawn]
        for site in np.flatnonzero(distances < distances[last]).tolist():
            if site not in wanted:
                row, column = problem.sites[site]
                squared = (rows - row) ** 2 + (columns - column) ** 2
                raised = np.maximum(raised, np.exp(-squared / (2.0 * HALO_RADIUS**2)))
    return problem.cost_map * (1.0 + HALO_HEIGHT * raised)


def _too_far(distances: Tensor, site: int, k: int, temperature: float, margin: float) -> Tensor:
    """Return temperature times the negative logarithm of the site's membership in the k nearest, by the margin."""
    handicap = torch.ones_like(distances)
    handicap[site] += 2.0 * margin
    return -temperature * soft_log_top_k(-distances * handicap, k, temperature)[site]


def _places_over(distances: Floats, site: int, k: int, margin: float) -> float:
    """Return by how many places the site misses the k nearest, as a share of all places it could miss."""
    others = np.delete(distances, site)
    rank = 1 + int((others <= distances[site] * (1.0 + margin)).sum())
    return max(0, rank - k) / (distances.size - k)


def _team_means(problem: BalanceProblem, ranks: Tensor) -> Tensor:
    return torch.stack([ranks[_members(problem, team)].mean() for team in sorted(set(problem.teams))])


def _members(problem: BalanceProblem, team: int) -> list[int]:
    return [spawn for spawn, of in enumerate(problem.teams) if of == team]
