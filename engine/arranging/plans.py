"""Plans: mixtures of terrains for every unit that keep the numbers of tiles of every pool.

The plan of the values θ (U, T) maximises <θ, plan> − Σ plan log plan over the plans whose columns have the sums n:
an entropic transport problem from terrains to units. Its rows are softmax_t(θ − price), and the T prices of a pool
minimise the dual

    Σ_u logsumexp_t(θ[u, t] − p_t) + Σ_t n_t p_t.

Sinkhorn's iteration changes one set of prices after the other; with so few terrains a damped Newton step in all of
them takes the same two passes over the plan and converges quadratically. Where a terrain's number may vary, n is
what the units take without prices, scaled and cut to the ranges.
"""

import numpy as np

from engine.arranging.choices import Choices
from engine.core.arrays import Bytes, Floats, Integers, writable
from engine.core.cancel import check, stop_byte
from engine.core.compiled import compiled

# Largest error of a pool's numbers of tiles, as a share of its units; Newton steps at most, halvings of a step.
TOLERANCE, NEWTON_STEPS, HALVINGS = 1e-5, 60, 12
# Added to the Hessian, which is singular: adding one number to all prices changes nothing.
RIDGE = 1e-6
# At this price of a change, in units of θ, next to nothing changes; halvings when the right price is looked for.
DEAREST_CHANGE, PRICE_HALVINGS = 20.0, 10


def plan_of(choices: Choices, values: Floats, prices: Floats) -> tuple[Floats, Floats]:
    """Return the plan (U, T) of the values (U, T), and its prices (P, T). prices: (P, T) to start from."""
    plan, prices = np.empty_like(values), prices.copy()
    masked = writable(np.where(choices.allowed, values, -np.inf))
    _plan_pools(masked, choices.start, choices.least, choices.most, prices, plan, stop_byte())
    check()
    return plan, prices


def plan_within(choices: Choices, values: Floats, prices: Floats, most_changed: float) -> tuple[Floats, Floats]:
    """Return plan and prices as `plan_of`, of the plans that change at most so many tiles of the drawn map.

    Changing a tile has a price of its own, the smallest that is enough.
    """
    plan, prices = plan_of(choices, values, prices)
    if float((plan * choices.changes).sum()) <= most_changed:
        return plan, prices
    low, high = 0.0, DEAREST_CHANGE
    for _ in range(PRICE_HALVINGS):
        price = 0.5 * (low + high)
        plan, prices = plan_of(choices, values - price * choices.changes, prices)
        if float((plan * choices.changes).sum()) <= most_changed:
            high = price
        else:
            low = price
    return plan_of(choices, values - high * choices.changes, prices)


def even_plan(choices: Choices) -> Floats:
    """Return the plan (U, T) that is the same for all units of a pool, but for terrains that are not allowed."""
    plan, _ = plan_of(choices, np.zeros(choices.allowed.shape), np.zeros(choices.least.shape))
    return plan


@compiled
def _plan_pools(
    values: Floats, start: Integers, least: Integers, most: Integers, prices: Floats, plan: Floats, stop: Bytes
) -> None:
    for pool in range(start.size - 1):
        if stop[0]:
            return
        first, last = start[pool], start[pool + 1]
        _plan_pool(values[first:last], least[pool], most[pool], prices[pool], plan[first:last])


@compiled
def _plan_pool(values: Floats, least: Integers, most: Integers, prices: Floats, plan: Floats) -> None:
    units, terrains = values.shape
    totals = np.zeros(terrains)
    wanted = most.astype(np.float64)
    if least.sum() < most.sum():
        prices[:] = 0.0
        _softmax(values, most, wanted, prices, plan, totals)
        _within(totals, least, most, units, wanted)
    dual = _softmax(values, most, wanted, prices, plan, totals)
    hessian, trial = np.zeros((terrains, terrains)), np.zeros(terrains)
    for _ in range(NEWTON_STEPS):
        gradient = totals - wanted  # minus the derivative of the dual by the prices
        if np.abs(gradient).max() <= TOLERANCE * units:
            return
        hessian[:] = 0.0
        for u in range(units):
            for t in range(terrains):
                for s in range(t + 1):
                    hessian[t, s] -= plan[u, t] * plan[u, s]
        for t in range(terrains):
            hessian[t, t] += totals[t] + RIDGE
            for s in range(t):
                hessian[s, t] = hessian[t, s]
        step = np.linalg.solve(hessian, gradient)
        slope = (step * gradient).sum()
        length, found, better = 1.0, dual, False
        for _ in range(HALVINGS):
            trial[:] = prices + length * step
            found = _softmax(values, most, wanted, trial, plan, totals)
            if found <= dual - 1e-4 * length * slope + 1e-12 * abs(dual):
                better = True
                break
            length *= 0.5
        if not better:  # one iteration of Sinkhorn's always lowers the dual
            _softmax(values, most, wanted, prices, plan, totals)
            trial[:] = prices + np.log((totals + 1e-12) / (wanted + 1e-12))
            found = _softmax(values, most, wanted, trial, plan, totals)
        dual = found
        prices[:] = trial


@compiled
def _within(totals: Floats, least: Integers, most: Integers, units: int, wanted: Floats) -> None:
    """Fill `wanted` (T,) with the totals, scaled and cut to the ranges, so that they add up to `units`."""
    low, high = -40.0, 40.0
    for _ in range(100):
        middle = 0.5 * (low + high)
        wanted[:] = np.minimum(np.maximum((totals + 1e-9) * np.exp(middle), least), most)
        if wanted.sum() < units:
            low = middle
        else:
            high = middle


@compiled
def _softmax(
    values: Floats, most: Integers, wanted: Floats, prices: Floats, plan: Floats, totals: Floats
) -> float:
    """Fill the plan (U, T) and its column sums `totals` (T,); return the dual's value."""
    units, terrains = values.shape
    totals[:] = 0.0
    dual = (wanted * prices).sum()
    for u in range(units):
        largest = -np.inf
        for t in range(terrains):
            if most[t] > 0:
                largest = max(largest, values[u, t] - prices[t])
        total = 0.0
        for t in range(terrains):
            part = np.exp(values[u, t] - prices[t] - largest) if most[t] > 0 else 0.0
            plan[u, t] = part
            total += part
        for t in range(terrains):
            plan[u, t] /= total
            totals[t] += plan[u, t]
        dual += largest + np.log(total)
    return dual
