"""Point matching: layouts move by Adam towards other layouts, or spread over a density, by optimal transport.

`match` is a generator: it yields the start and then every step, the caller decides when to look and when to
stop, and what it yields is never changed by a later step. From any iterate's `state` a run goes on, on the
same problem or on an edited one.

What it descends. With weights a, b and positions x, y, OT the regularised cost of `engine.transport.sinkhorn`:

    S(x) = OT(x, y) − ½ OT(x, x)        straight distances (the debiased divergence; OT(y, y) does not move)
    S(x) = OT(x, y)                     walking distances, a cost matrix, and partial totals

Without the second term a blur draws every layout together; with it two equal layouts stay as they are. The
blur falls during the run, so that points first find their part of the map and then their place in it; at
the end, where that is cheap, it falls to nothing: the exact plan is made once and held.
Gradients are those of the envelope theorem: the plan is held. Each point's gradient is divided by its
curvature, so it is a length in cells, and Adam's second moment is that of this length, not of its two
coordinates: a run on a turned map is the turned run. Weights, where they are to change, do so by factors, towards
those that the targets would choose.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from engine.core.arrays import Floats, Integers
from engine.core.status import Status
from engine.matching.ground_cost import Walking
from engine.matching.iterate import MatchIterate, MatchSettings, check_settings
from engine.matching.limits import LAST_ROUNDS, Settled, inside, settle, slide
from engine.matching.plans import FLOOR, Care, Look, exact_cost, farthest_way, groups_of, look
from engine.matching.problem import MatchProblem, check_matching
from engine.matching.snapping import snap
from engine.matching.state import (
    MatchState,
    Pace,
    all_fixed,
    all_positions,
    carried_over,
    first_state,
    layout_numbers,
)
from engine.matching.symmetry import Orbits, orbits

# Little momentum and a large epsilon: close to its place a point makes half of the way in a step.
BETAS = (0.5, 0.9)
EPSILON_TO_RATE = 2.0
# The farthest point has come to its place after this share of the steps, and the blur to its end after that one.
TRAVEL_SHARE, BLUR_SHARE = 0.25, 0.6
# First blur, as a share of the farthest way; without the second term above, a run starts from its last blur, or
# points would be drawn together for good.
FIRST_BLUR = 0.25
# A point that makes less than a tenth of its way in a step is being held back by its limits.
HELD_BACK = 10.0
# A point that is drawn farther than this, through a cell that it may not enter in the next so many, is held.
HELD_BY = AHEAD = 1.0
# Weights change by up to this share in a step.
WEIGHT_RATE = 0.2
# Points in one place would stay together for ever: noise of this standard deviation (cells) parts them.
NOISE = 0.01
# Iterations of the transport solver at the start and the end.
MOST_ITERATIONS = 5_000


def match(
    problem: MatchProblem, settings: MatchSettings | None = None, state: MatchState | None = None
) -> Iterator[MatchIterate]:
    """Move the layouts of `problem` step by step; with `state`, from where another run stood.

    A state from an edited problem is carried over: points that are new, were moved, or changed between fixed
    and free start from where they are drawn; the others go on from where they had come to, with their moments
    and potentials. Raises ProblemError before the first iterate if no run can start; later trouble is the
    status of the last iterate.
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
        """The layouts as drawn, looked at as closely as at the end; and the state to begin from."""
        settings = self._settings
        drawn = all_positions(self._problem.layouts)
        state = first_state(self._problem, self._costs, self._paired(drawn), Pace(1.0, 1.0, 1.0, FLOOR))
        care = Care(settings.blur_end, settings.moving_tolerance, MOST_ITERATIONS, settings.device)
        seen = self._look(state, care)
        farthest = max(settings.blur_end, farthest_way(self._problem, seen.results))
        rate = settings.learning_rate or farthest / max(1.0, TRAVEL_SHARE * settings.steps)
        first_blur = FIRST_BLUR * farthest if all(group.debiased for group in self._groups) else 0.0
        blur = settings.blur_start or max(settings.blur_end, first_blur)
        after = replace(
            state, pace=Pace(rate, blur, farthest, FLOOR), warm=seen.warm, positions=self._parted(state)
        )
        return after, self._iterate(state, after, seen, None, None, exact=True)

    def resumed(self, state: MatchState) -> MatchState:
        """The state for this problem, carried over where it is another one."""
        if state.problem is self._problem:
            return state
        state = carried_over(state, self._problem, self._costs)
        state = replace(state, around=self._paired(state.positions))
        return replace(state, positions=self._parted(state))

    def step(self, now: MatchState, step: int, over: bool, converged: bool) -> MatchIterate:
        """Look at where the points are and move them on; if `over`, settle them and look closely."""
        settled = None
        if over and self._problem.move != "weights":
            settled = self._settled_for_good(now)
            now = replace(now, positions=settled.positions)
        seen = self._look(now, self._care(now, step, over))
        after = replace(now, step=step, warm=seen.warm, pace=replace(now.pace, floor=seen.floor))
        if not over and seen.finite:
            after = self._moved(after, seen)
        finite = seen.finite and bool(np.isfinite(after.positions).all() and np.isfinite(after.weights).all())
        if not finite:
            return self._iterate(now, replace(now, step=step), seen, Status.NOT_A_NUMBER, settled)
        ending = Status.CONVERGED if converged else Status.STEPS_DONE
        return self._iterate(now, after, seen, ending if over else None, settled, exact=over)

    def at_rest(self, iterate: MatchIterate) -> bool:
        """Whether nothing moves any more, at the last blur."""
        return iterate.to_go <= self._settings.tolerance and self._closing(iterate.step)

    def _closing(self, step: int) -> bool:
        return step >= BLUR_SHARE * self._settings.steps

    def _paired(self, positions: Floats) -> Orbits:
        limits = self._problem.limits
        return orbits(positions, limits.shape, limits.symmetry, ~self._fixed, self._layout, limits.snap)

    def _parted(self, state: MatchState) -> Floats:
        """Positions that the run may begin from: within the limits, and no two in one place."""
        if self._problem.move == "weights":
            return state.positions
        settled = self._settled(state.around, state.positions).positions
        _, place, count = np.unique(settled, axis=0, return_inverse=True, return_counts=True)
        shared = (count[place.reshape(-1)] > 1) & ~self._fixed
        if not shared.any():
            return settled
        noise = np.random.default_rng(self._settings.seed).normal(0.0, NOISE, settled.shape)
        return self._settled(state.around, settled + np.where(shared[:, None], noise, 0.0)).positions

    def _settled(self, around: Orbits, positions: Floats) -> Settled:
        return settle(self._problem.limits, self._allowed, around, positions, self._fixed)

    def _settled_for_good(self, now: MatchState) -> Settled:
        limits = self._problem.limits
        if limits.snap:
            return snap(limits, self._allowed, now.around, now.positions, self._fixed)
        return settle(limits, self._allowed, now.around, now.positions, self._fixed, LAST_ROUNDS)

    def _care(self, now: MatchState, step: int, over: bool) -> Care:
        """Blur and marginal error fall together, geometrically."""
        settings = self._settings
        done = 1.0 if over else min(1.0, step / max(1.0, BLUR_SHARE * settings.steps))
        blur, tolerance = now.pace.blur_start, settings.moving_tolerance
        return Care(
            float(blur * (settings.blur_end / blur) ** done),
            float(tolerance * (settings.final_tolerance / tolerance) ** done),
            MOST_ITERATIONS if over else settings.iterations,
            settings.device,
            hold=self._closing(step),
            closer=over,
        )

    def _look(self, state: MatchState, care: Care) -> Look:
        seen = look(self._problem, self._groups, state, care)
        free = np.where(self._fixed[:, None], 0.0, seen.gradient)
        return replace(seen, gradient=state.around.directions(free))

    def _moved(self, state: MatchState, seen: Look) -> MatchState:
        """The state after a step of Adam within the limits."""
        updates = state.updates + 1
        state = replace(state, updates=updates)
        if self._problem.move != "weights":
            mean, square, towards = _adam(
                state.mean,
                state.square,
                seen.gradient,
                (seen.gradient**2).sum(axis=1),
                updates,
                EPSILON_TO_RATE * state.pace.learning_rate,
            )
            wanted = state.positions - state.pace.learning_rate * towards
            if isinstance(self._problem.ground, Walking) and np.isfinite(wanted).all():
                wanted = slide(self._problem.limits.passable, state.positions, wanted)
            if np.isfinite(wanted).all():
                wanted = self._settled(state.around, wanted).positions
            state = replace(state, positions=wanted, mean=mean, square=square)
        if self._problem.move != "positions":
            state = self._reweighted(state, seen)
        return state

    def _reweighted(self, state: MatchState, seen: Look) -> MatchState:
        """Weights after a step, multiplied by a factor each, with the total of every layout kept."""
        free = ~self._fixed
        gradient = state.around.means(seen.weight_gradient)
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
        seen: Look,
        status: Status | None,
        settled: Settled | None,
        exact: bool = False,
    ) -> MatchIterate:
        epsilon = max(result.epsilon for result in seen.results)
        crowded = () if settled is None else self._named(settled.crowded)
        unsnapped = () if settled is None else self._named(settled.unsnapped)
        ended = status in (Status.CONVERGED, Status.STEPS_DONE)
        held = self._named(self._held(shown, seen)) if ended else ()
        return MatchIterate(
            step=after.step,
            steps=self._settings.steps,
            positions=tuple(np.split(shown.positions, self._ends[:-1])),
            weights=tuple(np.split(shown.weights, self._ends[:-1])),
            target_positions=tuple(group.cost.targets for group in self._groups),
            transport_cost=sum(result.transport_cost for result in seen.results),
            regularised_cost=sum(result.regularised_cost for result in seen.results),
            exact_cost=exact_cost(seen.results) if exact else None,
            marginal_error=max(result.marginal_error for result in seen.results),
            blur=self._blur_of(epsilon),
            epsilon=epsilon,
            to_go=self._to_go(shown, after, seen),
            results=seen.results,
            crowded=crowded,
            unsnapped=unsnapped,
            held=held,
            notes=() if status is None else self._notes(seen, crowded, unsnapped, held),
            status=status,
            state=after,
        )

    def _held(self, shown: MatchState, seen: Look) -> Integers:
        """Points that a wall, or the end of their region, keeps from going where they are drawn to."""
        if self._problem.move == "weights":
            return np.zeros(0, np.int64)
        wishes = seen.gradient
        length = np.sqrt((wishes**2).sum(axis=1))
        ahead = shown.positions - wishes * (np.minimum(1.0, AHEAD / np.maximum(length, 1e-300)))[:, None]
        return np.flatnonzero((length > HELD_BY) & ~inside(self._allowed, ahead))

    def _to_go(self, shown: MatchState, after: MatchState, seen: Look) -> float:
        """See `MatchIterate.to_go`."""
        wishes = np.zeros(len(shown.positions))
        if self._problem.move != "weights":
            wishes = np.sqrt((seen.gradient**2).sum(axis=1))
            if after.updates > shown.updates:
                steps = np.sqrt(((after.positions - shown.positions) ** 2).sum(axis=1))
                wishes = np.minimum(wishes, HELD_BACK * steps)
        if self._problem.move != "positions":
            change = np.abs(after.weights - shown.weights) / np.maximum(shown.weights, 1e-300)
            wishes = np.maximum(wishes, change)
        return float(wishes.max())

    def _blur_of(self, epsilon: float) -> float:
        ground = self._problem.ground
        return float(epsilon ** (1.0 / ground.power) / ground.unit)

    def _named(self, points: Integers) -> tuple[tuple[int, int], ...]:
        """(layout, point) for indices into all points."""
        first = self._ends - self._sizes
        return tuple((int(self._layout[i]), int(i - first[self._layout[i]])) for i in points)

    def _notes(
        self,
        seen: Look,
        crowded: tuple[tuple[int, int], ...],
        unsnapped: tuple[tuple[int, int], ...],
        held: tuple[tuple[int, int], ...],
    ) -> tuple[str, ...]:
        problem = self._problem
        notes = [result.advice for result in seen.results if result.status is not Status.CONVERGED]
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
        for group, warm, result in zip(self._groups, seen.warm, seen.results, strict=True):
            name = group.target.name
            if group.side > 1:
                notes.append(f"The density '{name}' was read in blocks of {group.side} × {group.side} cells.")
            if not group.debiased and warm.held is None and problem.move != "weights":
                blur = self._blur_of(result.epsilon)
                notes.append(f"The plan for '{name}' keeps a blur of {blur:.2g} cells; points may end as far off.")
        return tuple(notes)


def _adam(
    mean: Floats, square: Floats, gradient: Floats, squared: Floats, updates: int, epsilon: float
) -> tuple[Floats, Floats, Floats]:
    """Moments after update number `updates`, and the direction to go against, of length 1 at most or so.

    Adam (Kingma & Ba 2015, algorithm 1), with `squared` (n,) in place of the gradient's squared coordinates.
    """
    first, second = BETAS
    mean = first * mean + (1.0 - first) * gradient
    square = second * square + (1.0 - second) * squared
    length = np.sqrt(square / (1.0 - second**updates)) + epsilon
    return mean, square, mean / (1.0 - first**updates) / (length[:, None] if mean.ndim == 2 else length)
