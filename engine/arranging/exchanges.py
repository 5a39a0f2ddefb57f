"""Guided exchanges: two units swap their terrains, chosen by closed-form gains and kept by exact soft values.

The gains of `engine.arranging.exchange_gains` say, for all units and terrains at once, what a change would do to
the soft path costs. A pair of terrains is drawn, and the unit of each with the largest gain plus Gumbel noise,
which samples in proportion to exp(gain / temperature), a heat bath. The exchange is kept with Metropolis's
probability, by the soft path costs of the map that has it, so that no approximation remains.
"""

from dataclasses import dataclass

import numpy as np

from engine.arranging.exchange_gains import add_gains
from engine.arranging.found import Found, judged
from engine.arranging.merit import factors, merit
from engine.arranging.prepared import Prepared
from engine.arranging.problem import costs_on
from engine.core.arrays import Flags, Floats, Integers
from engine.core.cancel import check
from engine.core.compiled import compiled
from engine.core.grid import Grid
from engine.paths.exact import DistanceField, distances_from, distances_to
from engine.paths.logit import logit_distances


@dataclass(frozen=True)
class Heat:
    """Softness of the paths, as a share of the mean cost, and temperature, as a share of the softness."""

    epsilon: float
    temperature: float


@dataclass(frozen=True, eq=False)
class _Routed:
    """A route on one arrangement: its class's costs (H, W), distances and soft distances to the goal."""

    grid: Grid
    costs: Floats
    field: DistanceField
    soft: Floats
    epsilon: float


class Exchanges:
    """A search by exchanges from one arrangement, at one heat.

    present, best: the arrangement that it stands at, and the best one that it met.
    gains: (U, T) what each terrain on each unit would change in the merit.  softness: of the paths, in its unit.
    accepted: how many exchanges were kept.
    """

    def __init__(self, prepared: Prepared, chosen: Integers, heat: Heat, generator: np.random.Generator) -> None:
        self._prepared, self._heat, self._generator = prepared, heat, generator
        choices, terrains = prepared.choices, prepared.problem.terrains
        self._pool = np.repeat(np.arange(choices.start.size - 1), np.diff(choices.start))
        self._pairs = [(one, other) for one in range(terrains) for other in range(one)]
        self.accepted = 0
        routed = self._routed(chosen)
        if routed is None:
            raise ValueError("exchanges start from an arrangement that seals no route")
        self.present = self.best = self._accept(chosen, routed)

    def exchange(self) -> None:
        """Try one exchange."""
        generator, gains, choices = self._generator, self.gains, self._prepared.choices
        one, other = self._pairs[generator.integers(len(self._pairs))]
        keys = gains - self._noise * np.log(-np.log(generator.random((self.present.chosen.size, 1))))
        first, second = _best_pair(
            self.present.chosen, keys, choices.allowed, self._pool, choices.start, one, other
        )
        if first < 0:
            return
        swapped = self.present.chosen.copy()
        swapped[first], swapped[second] = other, one
        if choices.tiles_changed(swapped) > self._prepared.most_changed:
            return
        routed = self._routed(swapped)
        if routed is None:
            return
        loses = self._merit - merit(self._prepared.problem, self._values(routed))
        if loses <= 0.0 or generator.random() < np.exp(-loses / (self._noise + 1e-300)):
            self.present = self._accept(swapped, routed)
            self.accepted += 1
            if self.present.loss < self.best.loss:
                self.best = self.present

    def _routed(self, chosen: Integers) -> list[_Routed] | None:
        """Return the routes on an arrangement (U,), or None if one is sealed."""
        problem = self._prepared.problem
        terrain = self._prepared.choices.expand(chosen)
        routed: list[_Routed] = []
        for walk in self._prepared.walks:
            walker = problem.classes[walk.number]
            costs = costs_on(problem, walker, terrain)
            grid = walk.grid if walk.always_open else walker.grid(np.isfinite(costs))
            field = distances_to(grid, costs, walk.goal)
            if not field.reaches(walk.start):
                return None
            epsilon = self._heat.epsilon * walk.mean_cost
            routed.append(_Routed(grid, costs, field, logit_distances(grid, costs, field, epsilon), epsilon))
        return routed

    def _values(self, routed: list[_Routed]) -> Floats:
        """Return the soft path costs (R,)."""
        return np.array([r.soft[walk.start] for r, walk in zip(routed, self._prepared.walks, strict=True)])

    def _accept(self, chosen: Integers, routed: list[_Routed]) -> Found:
        """Return an arrangement with its figures, and compute its gains."""
        problem, choices, walks = self._prepared.problem, self._prepared.choices, self._prepared.walks
        values = self._values(routed)
        slopes = factors(problem, values)
        self._merit = merit(problem, values)
        mean_costs = np.array([walk.mean_cost for walk in walks])
        self.softness = self._heat.epsilon * float((np.abs(slopes) * mean_costs).sum())
        self._noise = self._heat.temperature * self.softness
        lengths = np.array([r.field.distance[walk.start] for r, walk in zip(routed, walks, strict=True)])
        found = judged(self._prepared, chosen, lengths)
        terrain = found.terrain.reshape(-1)
        width = problem.shape[1]
        self.gains = np.zeros(choices.allowed.shape)
        for slope, value, route, walk in zip(slopes, values, routed, walks, strict=True):
            away = distances_from(route.grid, route.costs, walk.start)
            soft_from = logit_distances(route.grid, route.costs, away, route.epsilon, backward=True)
            add_gains(
                self.gains,
                slope,
                route.costs,
                problem.classes[walk.number].costs,
                terrain,
                choices.unit,
                np.where(np.isnan(soft_from), np.inf, soft_from),
                np.where(np.isnan(route.soft), np.inf, route.soft),
                walk.grid.legal,
                walk.grid.tail_share,
                route.epsilon,
                walk.start[0] * width + walk.start[1],
                walk.goal[0] * width + walk.goal[1],
                value,
            )
            check()
        return found


@compiled
def _best_pair(
    chosen: Integers, keys: Floats, allowed: Flags, pool: Integers, start: Integers, one: int, other: int
) -> tuple[int, int]:
    """Return the units of one pool, with terrains `one` and `other`, whose exchange has the largest sum of keys.

    keys: (U, T) of a unit that takes a terrain.  (−1, −1) where no two units can exchange these terrains.
    """
    second = np.full(start.size - 1, -1)  # of each pool, the best unit with `other` that is to become `one`
    for u in range(chosen.size):
        if chosen[u] == other and allowed[u, one]:
            p = pool[u]
            if second[p] < 0 or keys[u, one] > keys[second[p], one]:
                second[p] = u
    best, most = -1, -np.inf
    for u in range(chosen.size):
        if chosen[u] == one and allowed[u, other] and second[pool[u]] >= 0:
            key = keys[u, other] + keys[second[pool[u]], one]
            if key > most:
                best, most = u, key
    return best, -1 if best < 0 else int(second[pool[best]])
