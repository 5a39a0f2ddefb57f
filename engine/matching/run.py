"""Point matching: point sets move by Adam to other point sets, or spread over a density, by optimal transport.

`match_points` is a generator: it yields the start and then every step, the caller stops it, and no iterate is
changed by a later step. A run can go on from the `state` of any iterate, on the same problem or on an edited one.

It minimises, with OT the regularised cost of `engine.transport.problem` between positions x and targets y,

    S(x) = OT(x, y) − ½ OT(x, x)        for straight distances (the debiased divergence without its constant)
    S(x) = OT(x, y)                     for walking distances, a cost matrix, and partial totals

Without the second term, entropy contracts every point set; with it, two equal point sets stay as they are. The
blur √ε decreases during the run, so that points first find their part of the map and then their place in it. At
the end, where an exact plan is quick to compute, one is computed and kept for the last steps.
Gradients are taken at a fixed plan (envelope theorem). Each point's gradient is divided by its curvature, so it
is a length in cells, and Adam's second moment is that of this length, not of its two coordinates: the run on a
rotated map is the rotated run. Weights, where they may change, are multiplied by factors.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.core.arrays import Floats, Integers
from engine.core.status import Status
from engine.matching.ground_cost import Walking
from engine.matching.iterate import MatchIterate, MatchSettings, check_settings
from engine.matching.limits import LAST_ROUNDS, Settled, inside, settle, slide
from engine.matching.plans import (
    FLOOR,
    PlanGradients,
    PlanOptions,
    exact_cost,
    farthest_way,
    groups_of,
    solve_plans,
)
from engine.matching.problem import MatchProblem, check_matching
from engine.matching.snapping import snap
from engine.matching.state import (
    MatchState,
    StepScale,
    all_fixed,
    all_positions,
    carried_over,
    first_state,
    layout_numbers,
)
from engine.matching.symmetry import Orbits, find_orbits

# Little momentum and a large epsilon in Adam: close to its target a point makes half of the way in a step.
BETAS = (0.5, 0.9)
EPSILON_TO_RATE = 2.0
# The farthest point reaches its target after the first share of the steps, and the blur its end after the second.
TRAVEL_SHARE, BLUR_SHARE = 0.25, 0.6
# First blur, as a share of the farthest distance. Without the second term above a run starts at its last blur, as
# a larger one would contract the points for good.
FIRST_BLUR = 0.25
# A point that makes less than a tenth of its distance in a step is held back by its limits.
HELD_BACK = 10.0
# A point is held if its gradient is longer than HELD_BY and leads, within AHEAD cells, into a forbidden cell.
HELD_BY = AHEAD = 1.0
# Weights change by up to this share in a step.
WEIGHT_RATE = 0.2
# Coinciding points have equal gradients: noise of this standard deviation, in cells, separates them.
NOISE = 0.01
# Iterations of the transport solver at the start and the end.
MOST_ITERATIONS = 5_000


def match_points(
    problem: MatchProblem, settings: MatchSettings | None = None, state: MatchState | None = None
) -> Iterator[MatchIterate]:
    """Move the point sets of `problem` step by step; with `state`, go on with another run.

    The state of a problem that has been edited since is carried over: points that are new, were moved, or changed
    between fixed and free start where they are drawn; the others keep their positions, moments and potentials.
    Raises ProblemError before the first iterate if no run can start; later failures are the status of the last
    iterate.
    """
    settings = settings or MatchSettings()
    check_matching(problem)
    check_settings(settings)
    run = _Run(problem, settings, state)
    if state is None:
        now, start = run.start()
        yield start
    else:
        now = run.resumed(state)
    over = False
    for step in range(now.step + 1, max(settings.steps, now.step + 1) + 1):
        converged, over = over, over or step >= settings.steps
        iterate = run.step(now, step, over, converged)
        yield iterate
        if iterate.status is not None:
            return
        over = run.at_rest(iterate)
        now = iterate.state


class _Run:
    """The constants of a run, and its steps as functions from state to state."""

    def __init__(self, problem: MatchProblem, settings: MatchSettings, state: MatchState | None) -> None:
        self._problem, self._settings = problem, settings
        self._allowed = problem.limits.allowed()
        self._sizes = [layout.size for layout in problem.layouts]
        self._ends = np.cumsum(self._sizes)
        self._layout = layout_numbers(problem.layouts)
        self._fixed = all_fixed(problem.layouts)
        known = () if state is None else state.costs
        self._groups = groups_of(problem, self._allowed, known)
        self._costs = tuple(group.cost for group in self._groups)

    def start(self) -> tuple[MatchState, MatchIterate]:
        """Return the state to begin from, and the iterate of the points as drawn, with a blur as at the end."""
        settings = self._settings
        drawn = all_positions(self._problem.layouts)
        state = first_state(self._problem, self._costs, self._paired(drawn), StepScale(1.0, 1.0, FLOOR))
        options = PlanOptions(settings.blur_end, settings.moving_tolerance, MOST_ITERATIONS, settings.device)
        plans = self._plans_at(state, options)
        farthest = max(settings.blur_end, farthest_way(self._problem, plans.results))
        rate = settings.learning_rate or farthest / max(1.0, TRAVEL_SHARE * settings.steps)
        first_blur = FIRST_BLUR * farthest if all(group.debiased for group in self._groups) else 0.0
        blur = settings.blur_start or max(settings.blur_end, first_blur)
        after = replace(
            state,
            step_scale=StepScale(rate, blur, FLOOR),
            warm_starts=plans.warm_starts,
            positions=self._parted(state),
        )
        return after, self._iterate(state, after, plans, None, None, exact=True)

    def resumed(self, state: MatchState) -> MatchState:
        """Return the state for this problem, carried over if it is of another one."""
        if state.problem is self._problem:
            return state
        state = carried_over(state, self._problem, self._costs)
        state = replace(state, orbits=self._paired(state.positions))
        return replace(state, positions=self._parted(state))

    def step(self, now: MatchState, step: int, over: bool, converged: bool) -> MatchIterate:
        """Solve the plans and move the points; if `over`, settle the points first and only solve."""
        settled = None
        if over and self._problem.move != "weights":
            settled = self._settled_for_good(now)
            now = replace(now, positions=settled.positions)
        plans = self._plans_at(now, self._plan_options(now, step, over))
        after = replace(
            now, step=step, warm_starts=plans.warm_starts, step_scale=replace(now.step_scale, floor=plans.floor)
        )
        if not over and plans.finite:
            after = self._moved(after, plans)
        finite = plans.finite and bool(np.isfinite(after.positions).all() and np.isfinite(after.weights).all())
        if not finite:
            return self._iterate(now, replace(now, step=step), plans, Status.NOT_A_NUMBER, settled)
        ending = Status.CONVERGED if converged else Status.STEPS_DONE
        return self._iterate(now, after, plans, ending if over else None, settled, exact=over)

    def at_rest(self, iterate: MatchIterate) -> bool:
        """Return whether nothing moves any more, at the last blur."""
        return iterate.to_go <= self._settings.tolerance and self._closing(iterate.step)

    def _closing(self, step: int) -> bool:
        return step >= BLUR_SHARE * self._settings.steps

    def _paired(self, positions: Floats) -> Orbits:
        limits = self._problem.limits
        return find_orbits(positions, limits.shape, limits.symmetry, ~self._fixed, self._layout, limits.snap)

    def _parted(self, state: MatchState) -> Floats:
        """Return positions to begin from: within the limits, and no two in one place."""
        if self._problem.move == "weights":
            return state.positions
        settled = self._settled(state.orbits, state.positions).positions
        _, place, count = np.unique(settled, axis=0, return_inverse=True, return_counts=True)
        shared = (count[place.reshape(-1)] > 1) & ~self._fixed
        if not shared.any():
            return settled
        noise = np.random.default_rng(self._settings.seed).normal(0.0, NOISE, settled.shape)
        return self._settled(state.orbits, settled + np.where(shared[:, None], noise, 0.0)).positions

    def _settled(self, orbits: Orbits, positions: Floats) -> Settled:
        return settle(self._problem.limits, self._allowed, orbits, positions, self._fixed)

    def _settled_for_good(self, now: MatchState) -> Settled:
        limits = self._problem.limits
        if limits.snap:
            return snap(limits, self._allowed, now.orbits, now.positions, self._fixed)
        return settle(limits, self._allowed, now.orbits, now.positions, self._fixed, LAST_ROUNDS)

    def _plan_options(self, now: MatchState, step: int, over: bool) -> PlanOptions:
        """Return how to solve the plans of a step: blur and tolerance fall together, geometrically."""
        settings = self._settings
        done = 1.0 if over else min(1.0, step / max(1.0, BLUR_SHARE * settings.steps))
        blur, tolerance = now.step_scale.blur_start, settings.moving_tolerance
        return PlanOptions(
            float(blur * (settings.blur_end / blur) ** done),
            float(tolerance * (settings.final_tolerance / tolerance) ** done),
            MOST_ITERATIONS if over else settings.iterations,
            settings.device,
            hold=self._closing(step),
            closer=over,
        )

    def _plans_at(self, state: MatchState, options: PlanOptions) -> PlanGradients:
        """Solve the plans; of their gradients keep the symmetric part of free points."""
        plans = solve_plans(self._problem, self._groups, state, options)
        free = np.where(self._fixed[:, None], 0.0, plans.gradient)
        return replace(plans, gradient=state.orbits.directions(free))

    def _moved(self, state: MatchState, plans: PlanGradients) -> MatchState:
        """Return the state after a step of Adam within the limits."""
        updates = state.updates + 1
        state = replace(state, updates=updates)
        if self._problem.move != "weights":
            mean, square, towards = _adam(
                state.mean,
                state.square,
                plans.gradient,
                (plans.gradient**2).sum(axis=1),
                updates,
                EPSILON_TO_RATE * state.step_scale.learning_rate,
            )
            wanted = state.positions - state.step_scale.learning_rate * towards
            if isinstance(self._problem.ground, Walking) and np.isfinite(wanted).all():
                wanted = slide(self._problem.limits.passable, state.positions, wanted)
            if np.isfinite(wanted).all():
                wanted = self._settled(state.orbits, wanted).positions
            state = replace(state, positions=wanted, mean=mean, square=square)
        if self._problem.move != "positions":
            state = self._reweighted(state, plans)
        return state

    def _reweighted(self, state: MatchState, plans: PlanGradients) -> MatchState:
        """Return the state with every weight multiplied by a factor, the total of every point set kept."""
        free = ~self._fixed
        gradient = state.orbits.means(plans.weight_gradient)
        weights = state.weights
        changed = weights.copy()
        share = np.where(free, weights, 0.0)
        total = np.bincount(self._layout, share)[self._layout]
        level = np.bincount(self._layout, share * gradient)[self._layout]
        gradient = np.where(free & (total > 0.0), gradient - level / np.where(total > 0.0, total, 1.0), 0.0)
        mean, square, towards = _adam(
            state.weight_mean,
            state.weight_square,
            gradient,
            gradient**2,
            state.updates,
            EPSILON_TO_RATE * WEIGHT_RATE,
        )
        changed[free] = (weights * np.exp(-WEIGHT_RATE * towards))[free]
        after = np.bincount(self._layout, np.where(free, changed, 0.0))[self._layout]
        changed[free] *= (total / np.where(after > 0.0, after, 1.0))[free]
        return replace(state, weights=changed, weight_mean=mean, weight_square=square)

    def _iterate(
        self,
        shown: MatchState,
        after: MatchState,
        plans: PlanGradients,
        status: Status | None,
        settled: Settled | None,
        exact: bool = False,
    ) -> MatchIterate:
        epsilon = max(result.epsilon for result in plans.results)
        crowded = () if settled is None else self._named(settled.crowded)
        unsnapped = () if settled is None else self._named(settled.unsnapped)
        ended = status in (Status.CONVERGED, Status.STEPS_DONE)
        held = self._named(self._held(shown, plans)) if ended else ()
        return MatchIterate(
            step=after.step,
            steps=self._settings.steps,
            positions=tuple(np.split(shown.positions, self._ends[:-1])),
            weights=tuple(np.split(shown.weights, self._ends[:-1])),
            target_positions=tuple(group.cost.targets for group in self._groups),
            transport_cost=sum(result.transport_cost for result in plans.results),
            regularised_cost=sum(result.regularised_cost for result in plans.results),
            exact_cost=exact_cost(plans.results) if exact else None,
            marginal_error=max(result.marginal_error for result in plans.results),
            blur=self._blur_of(epsilon),
            epsilon=epsilon,
            to_go=self._to_go(shown, after, plans),
            results=plans.results,
            crowded=crowded,
            unsnapped=unsnapped,
            held=held,
            notes=() if status is None else self._notes(plans, crowded, unsnapped, held),
            status=status,
            state=after,
        )

    def _held(self, shown: MatchState, plans: PlanGradients) -> Integers:
        """Return the points that a wall, or the border of their region, keeps from moving along their gradient."""
        if self._problem.move == "weights":
            return np.zeros(0, np.int64)
        gradient = plans.gradient
        length = np.sqrt((gradient**2).sum(axis=1))
        ahead = shown.positions - gradient * (np.minimum(1.0, AHEAD / np.maximum(length, 1e-300)))[:, None]
        return np.flatnonzero((length > HELD_BY) & ~inside(self._allowed, ahead))

    def _to_go(self, shown: MatchState, after: MatchState, plans: PlanGradients) -> float:
        """Return `MatchIterate.to_go`."""
        distance = np.zeros(len(shown.positions))
        if self._problem.move != "weights":
            distance = np.sqrt((plans.gradient**2).sum(axis=1))
            if after.updates > shown.updates:
                steps = np.sqrt(((after.positions - shown.positions) ** 2).sum(axis=1))
                distance = np.minimum(distance, HELD_BACK * steps)
        if self._problem.move != "positions":
            change = np.abs(after.weights - shown.weights) / np.maximum(shown.weights, 1e-300)
            distance = np.maximum(distance, change)
        return float(distance.max())

    def _blur_of(self, epsilon: float) -> float:
        ground = self._problem.ground
        return float(epsilon ** (1.0 / ground.power) / ground.unit)

    def _named(self, points: Integers) -> tuple[tuple[int, int], ...]:
        """Return (layout, point) pairs for indices into all points."""
        first = self._ends - self._sizes
        return tuple((int(self._layout[i]), int(i - first[self._layout[i]])) for i in points)

    def _notes(
        self,
        plans: PlanGradients,
        crowded: tuple[tuple[int, int], ...],
        unsnapped: tuple[tuple[int, int], ...],
        held: tuple[tuple[int, int], ...],
    ) -> tuple[str, ...]:
        problem = self._problem
        notes = [result.message for result in plans.results if result.status is not Status.CONVERGED]
        names = [layout.name for layout in problem.layouts]
        for points, what in (
            (
                crowded,
                f"nearer than {problem.limits.spacing:g} cells to another; make room, or the spacing smaller",
            ),
            (unsnapped, "on no cell centre of their own; open cells there, or remove points"),
            (held, "held back by a wall or the end of their region; measure by walking distance, or open a way"),
        ):
            if points:
                some = ", ".join(f"{i} of '{names[layout]}'" for layout, i in points[:5])
                more = f" and {len(points) - 5} more" if len(points) > 5 else ""
                notes.append(f"Some points are {what}: {some}{more}.")
        for group, warm_start, result in zip(self._groups, plans.warm_starts, plans.results, strict=True):
            name = group.target.name
            if group.side > 1:
                notes.append(f"The density '{name}' was read in blocks of {group.side} × {group.side} cells.")
            if not group.debiased and warm_start.held is None and problem.move != "weights":
                blur = self._blur_of(result.epsilon)
                notes.append(f"The plan for '{name}' keeps a blur of {blur:.2g} cells; points may end as far off.")
        return tuple(notes)


def _adam(
    mean: Floats, square: Floats, gradient: Floats, squared: Floats, updates: int, epsilon: float
) -> tuple[Floats, Floats, Floats]:
    """Return the moments after update number `updates`, and Adam's direction of descent, about 1 long at most.

    Adam (Kingma and Ba 2015, algorithm 1) with `squared` (n,) in place of the gradient's squared coordinates.
    """
    first, second = BETAS
    mean = first * mean + (1.0 - first) * gradient
    square = second * square + (1.0 - second) * squared
    length = np.sqrt(square / (1.0 - second**updates)) + epsilon
    return mean, square, mean / (1.0 - first**updates) / (length[:, None] if mean.ndim == 2 else length)
