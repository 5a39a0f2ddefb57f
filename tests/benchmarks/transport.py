"""Transport against POT, GeomLoss and exact plans, one thread each: `python -m tests.benchmarks.transport`.

A few minutes; `--quick` leaves the largest problems out. The peers are development extras (`pip install pot
geomloss`); those that are missing are named and left out. Marginal errors are L1 and of both sides; POT stops
by the L2 norm of one side, so its threshold is 1e-6 / √n, which is about 1e-6 in L1.
"""

import importlib.util
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from engine.transport.costs import PointCost
from engine.transport.problem import TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport
from tests.benchmarks.table import print_table
from tests.present import present

if TYPE_CHECKING:
    from engine.transport.result import TransportWarmStart


def module(name: str) -> Any:
    """Return a development extra, which has no types, or None where it is missing."""
    return importlib.import_module(name) if importlib.util.find_spec(name) else None


ot, peer = module("ot"), module("geomloss")

TOLERANCE = 1e-6
# Of an Adam step, in widths of the square that the points lie in.
LEARNING_RATE = 0.003


@dataclass(frozen=True, eq=False)
class Step:
    """What a method made of one layout: its plan's largest L1 marginal error, and the gradient by positions."""

    seconds: float
    gradient: np.ndarray
    marginal_error: float


# Of weights, sources, targets and epsilon: the gradient, and a function that makes the plan.
Method = Callable[[np.ndarray, np.ndarray, np.ndarray, float], tuple[np.ndarray, Callable[[], np.ndarray]]]


def gradient_of_plan(plan: np.ndarray, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return 2.0 * (plan.sum(axis=1)[:, None] * sources - plan @ targets)


class Own:
    """This package, warm from one call to the next unless `cold`."""

    def __init__(self, cold: bool = False, tolerance: float = TOLERANCE) -> None:
        self.cold, self.tolerance = cold, tolerance
        self.warm_start: TransportWarmStart | None = None

    def __call__(self, weights, sources, targets, epsilon):
        problem = TransportProblem(weights, weights, PointCost(sources, targets))
        result = solve_transport(problem, TransportSettings(epsilon, self.tolerance), self.warm_start)
        self.warm_start = None if self.cold else result.warm_start
        return present(result.by_sources), result.plan


class Pot:
    """`ot.sinkhorn`, warm from one call to the next unless `cold`."""

    def __init__(self, cold: bool = False) -> None:
        self.cold = cold
        self.warm_start: tuple[np.ndarray, np.ndarray] | None = None

    def __call__(self, weights, sources, targets, epsilon):
        plan, log = ot.sinkhorn(
            weights,
            weights,
            ot.dist(sources, targets),
            epsilon,
            numItermax=1_000_000,
            stopThr=TOLERANCE / np.sqrt(weights.size),
            log=True,
            warn=False,
            warmstart=self.warm_start,
        )
        if not self.cold:
            self.warm_start = np.log(log["u"]), np.log(log["v"])
        return gradient_of_plan(plan, sources, targets), lambda: plan


def pot_exact(weights, sources, targets, epsilon):
    plan = ot.emd(weights, weights, ot.dist(sources, targets), numItermax=100_000_000)
    return gradient_of_plan(plan, sources, targets), lambda: plan


def geomloss(weights, sources, targets, epsilon):
    """Its cost is half the squared distance, and it shows no plan: one is made from its potentials."""
    loss = peer.SamplesLoss(
        "sinkhorn", p=2, blur=np.sqrt(epsilon / 2.0), scaling=0.5, debias=False, backend="tensorized"
    )
    alpha, x, y = torch.tensor(weights), torch.tensor(sources, requires_grad=True), torch.tensor(targets)
    (gradient,) = torch.autograd.grad(2.0 * loss(alpha, x, alpha, y), x)

    def plan():
        loss.potentials = True
        f, g = loss(alpha, x.detach(), alpha, y)
        f, g = 2.0 * f.reshape(-1).detach().numpy(), 2.0 * g.reshape(-1).detach().numpy()
        cost = PointCost(sources, targets).matrix()
        return np.outer(weights, weights) * np.exp((f[:, None] + g - cost) / epsilon)

    return gradient.numpy(), plan


def measured(method: Method, weights, sources, targets, epsilon) -> Step:
    began = time.perf_counter()
    gradient, make_plan = method(weights, sources, targets, epsilon)
    seconds = time.perf_counter() - began
    plan = make_plan()
    errors = [np.abs(plan.sum(axis=axis) - weights).sum() for axis in (0, 1)]
    return Step(seconds, gradient, float(max(errors)))


def adam_steps(size: int, share: float, steps: int) -> list[tuple[object, ...]]:
    """Rows of the table of Adam steps: every method on the same layouts, one after the other at every step."""
    rng = np.random.default_rng(size)
    sources, targets = rng.random((size, 2)), 0.3 + 0.6 * rng.random((size, 2))
    weights = np.full(size, 1.0 / size)
    epsilon = share * float(PointCost(sources, targets).matrix().max())
    methods: dict[str, Method] = {"own": Own()}
    if ot is not None:
        methods |= {"ot.sinkhorn, cold": Pot(cold=True), "ot.sinkhorn, warm": Pot(), "ot.emd (exact)": pot_exact}
    if peer is not None:
        methods["GeomLoss, tensorized"] = geomloss
    reference = Own(tolerance=1e-11)
    position = torch.tensor(sources, requires_grad=True)
    adam = torch.optim.Adam([position], lr=LEARNING_RATE)
    taken: dict[str, list[Step]] = {name: [] for name in methods}
    gradient_errors: dict[str, list[float]] = {name: [] for name in methods}
    for number in range(steps + 3):
        here = position.detach().numpy().copy()
        true, _ = reference(weights, here, targets, epsilon)
        for name, method in methods.items():
            step = measured(method, weights, here, targets, epsilon)
            if number >= 3:  # by then warm starts are warm
                taken[name].append(step)
                error = np.linalg.norm(step.gradient - true) / np.linalg.norm(true)
                gradient_errors[name].append(float(error))
        position.grad = torch.tensor(true)
        adam.step()
    rows = []
    for name, measurements in taken.items():
        pairs = zip(measurements, taken["own"], strict=True)
        ratio = np.median([theirs.seconds / ours.seconds for theirs, ours in pairs])
        rows.append(
            (
                size,
                share,
                name,
                f"{1e3 * np.median([step.seconds for step in measurements]):.1f}",
                f"{ratio:.1f}",
                f"{max(step.marginal_error for step in measurements):.0e}",
                f"{max(gradient_errors[name]):.0e}",
            )
        )
    return rows


def cold_solves(size: int, share: float, repeats: int, with_peers: bool) -> tuple[object, ...]:
    rng = np.random.default_rng(size)
    sources, targets = rng.random((size, 2)), 0.3 + 0.6 * rng.random((size, 2))
    weights = np.full(size, 1.0 / size)
    epsilon = share * float(PointCost(sources, targets).matrix().max())
    methods: list[Method | None] = [Own(cold=True), None, None]
    if ot is not None and with_peers:
        methods = [Own(cold=True), Pot(cold=True), pot_exact]
    seconds: list[list[float]] = [[] for _ in methods]
    for _ in range(repeats):
        for method, times in zip(methods, seconds, strict=True):
            if method is not None:
                began = time.perf_counter()
                method(weights, sources, targets, epsilon)
                times.append(time.perf_counter() - began)
    return size, share, *(f"{1e3 * np.median(times):.1f}" if times else "–" for times in seconds)


def memory(size: int, tolerance: float) -> tuple[object, ...]:
    rng = np.random.default_rng(size)
    sources, targets = rng.random((size, 2)), rng.random((size, 2))
    weights = np.full(size, 1.0 / size)
    problem = TransportProblem(weights, weights, PointCost(sources, targets))
    tracemalloc.start()
    solve_transport(problem, TransportSettings(0.01, tolerance))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size, tolerance, f"{peak / (8 * size * size):.2f}"


def main() -> None:
    quick = "--quick" in sys.argv
    missing = [name for name, module in (("POT", ot), ("GeomLoss", peer)) if module is None]
    if missing:
        print(f"Not installed, and left out: {', '.join(missing)}.")
    torch.set_num_threads(1)
    Own()(np.full(8, 1 / 8), np.random.rand(8, 2), np.random.rand(8, 2), 0.01)  # compiles
    Own(tolerance=1e-11)(np.full(8, 1 / 8), np.random.rand(8, 2), np.random.rand(8, 2), 0.01)
    rows = []
    for size, share, steps in ((500, 0.01, 25), (500, 0.001, 15), (2000, 0.01, 9), (2000, 0.001, 3)):
        if not (quick and size > 500):
            rows += adam_steps(size, share, steps)
    columns = ("points", "ε / max C", "method", "ms, median", "times own", "marginal error", "gradient error")
    print_table("One Adam step: value and gradient by the positions, to 1e-6", columns, rows)

    rows = []
    for size, share, repeats in (
        (100, 0.01, 9), (100, 0.001, 9), (500, 0.01, 7), (500, 0.001, 5), (2000, 0.01, 3), (2000, 0.001, 1),
        (5000, 0.01, 1), (5000, 0.001, 1),
    ):  # fmt: skip
        if not (quick and size > 500):
            rows.append(cold_solves(size, share, repeats, with_peers=size < 5000 or share == 0.01))
    print_table("Cold solves to 1e-6, ms", ("points", "ε / max C", "own", "ot.sinkhorn", "ot.emd (exact)"), rows)

    print_table(
        "Peak memory of a solve, in float64 matrices of n × m",
        ("points", "tolerance", "matrices"),
        [memory(1000, 1e-6), memory(1000, 1e-9)],
    )


if __name__ == "__main__":
    with module("threadpoolctl").threadpool_limits(1):
        main()
