"""Generate maps whose path has an asked length: a network maps noise and a length to a cost map.

`train_generator` trains the network for one map. Its walls, route, bounds, total, locked cells and symmetry hold
exactly on every generated map, because the output of the network goes through `engine.cost_maps.parametrisation`.
The loss is about the length of the path, the differences between maps of one length, and their smoothness:

    length       Huber loss of path cost / asked length − 1; the exact cost, with the derivative of the soft path
    diversity    max(0, wanted difference − difference)², over pairs of maps of one asked length
    smoothness   mean squared difference of neighbouring cells

`make_gallery` generates maps. Where the network misses the length, two maps are blended: path cost is continuous
on the convex set of admissible maps, so between a map that is too short and one that is too long there is one that
is right.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.optimize import brentq
from torch import Tensor
from torch.nn import functional

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.status import Status
from engine.core.tensors import class_costs, to_numpy
from engine.cost_maps.objectives import mean_cost
from engine.cost_maps.parametrisation import THETA_LIMIT, Parametrisation, parametrisation
from engine.cost_maps.problem import Problem, path_costs
from engine.cost_maps.roughness import roughness
from engine.learning.map_generator_network import (
    NOISE_CHANNELS,
    GeneratorNetwork,
    WeightTensors,
    copy_of_weights,
    network_of,
    new_network,
    scales,
)
from engine.optimum.length_range import LengthRange, length_and_load, length_range
from engine.paths.gradients import route_costs
from engine.paths.soft_paths import FlowSettings

# A map hits the asked length when its path is off by no more than this share of it.
HIT = 0.02
# Huber loss: deviations in units of the first share, squared up to so many units and linear beyond.
LENGTH_UNIT, LENGTH_LINEAR = 0.02, 3.0
DIVERSITY_WEIGHT = 30.0
# Training leaves out this share of the range of lengths at either end, where all maps are similar.
END_SHARE = 0.01
# Regularisation of the paths, in units of the mean cost: at first, and from a share of the steps on.
EPSILON_START, EPSILON_END, EPSILON_FALLS_UNTIL = 0.3, 0.02, 0.6
# The learning rate rises over so many steps.
RISING_STEPS = 20
BETAS = (0.9, 0.99)
LARGEST_GRADIENT = 1.0
# Refinement tries lengths up to this share of the range away, by so many bisections.
ASK_AGAIN, BISECTIONS = 0.15, 10
# Subtracted from the cells of a path, per unit of load, this brings them to their lower bound.
CHEAPEST = 1e6


@dataclass(frozen=True)
class GeneratorSettings:
    """Settings of a training.

    steps: of Adam.  lengths, maps_per_length: a step makes `maps_per_length` maps for each of `lengths` lengths.
    channels: of the network on its coarsest grid; they halve from scale to scale.
    diversity: wanted difference of two maps of one length, see `differences`; it falls to 0 towards the longest
        length, where maps have to be similar.
    smoothness: weight of the roughness, in units of the mean cost².
    """

    steps: int = 1_100
    learning_rate: float = 5e-3
    lengths: int = 4
    maps_per_length: int = 4
    channels: int = 32
    diversity: float = 0.8
    smoothness: float = 0.3
    seed: int = 0


@dataclass(frozen=True, eq=False)
class MapGenerator:
    """A network for the maps of one problem, and the lengths that may be asked of it."""

    problem: Problem
    lengths: LengthRange
    weights: WeightTensors


@dataclass(frozen=True, eq=False)
class GeneratorIterate:
    """One step of training. Arrays are copies.

    asked, path_costs: (B,) asked lengths, and exact path costs of the maps generated for them.
    cost_maps: (B, H, W).  hits: share of the maps within 2 % of the asked length.
    diversity: mean difference of two maps of one length, NaN where there is only one.
    epsilon: of the paths, in cost units.
    generator: the one that made these maps.  status: None while training goes on; on NOT_A_NUMBER everything but
        the step is that of the last good step.
    """

    step: int
    steps: int
    asked: Floats
    path_costs: Floats
    cost_maps: Floats
    loss: float
    hits: float
    diversity: float
    epsilon: float
    generator: MapGenerator
    status: Status | None


@dataclass(frozen=True, eq=False)
class Gallery:
    """N maps for one asked length.

    cost_maps: (N, H, W).  path_costs: (N,) exact.  totals: (N,) cost of all passable cells.
    blended: (N,) share of another map in the blend, see `make_gallery`; 0 for a map of the network itself.
    diversity: mean difference of two maps.
    """

    asked: float
    cost_maps: Floats
    path_costs: Floats
    totals: Floats
    blended: Floats
    diversity: float

    @property
    def deviations(self) -> Floats:
        """Relative deviations (N,): path cost / asked length − 1."""
        return self.path_costs / self.asked - 1.0

    @property
    def hits(self) -> int:
        """Number of maps within 2 % of the asked length."""
        return int(np.sum(np.abs(self.deviations) <= HIT))


def train_generator(
    problem: Problem, settings: GeneratorSettings | None = None, start: WeightTensors | None = None
) -> Iterator[GeneratorIterate]:
    """Train a generator for the maps of `problem` step by step, from random weights or from `start`.

    The problem has one route; its objective is not used. All of it runs on the CPU, where the same seed gives the
    same bytes. Raises ProblemError before the first step if no run can start, and ValueError if the weights
    `start` do not fit this map; later failures are the status of the last iterate.
    """
    settings = settings or GeneratorSettings()
    lengths = length_range(problem)
    if start is None:
        network = new_network(problem, lengths, settings.channels, settings.seed)
    else:
        network = network_of(problem, lengths, start)
    limits = parametrisation(problem.admissible)
    optimiser = torch.optim.Adam(network.parameters(), betas=BETAS)
    random = np.random.default_rng([settings.seed, 0])
    last: GeneratorIterate | None = None
    for step in range(1, settings.steps + 1):
        # One length from every part of the range, so that each step sees short and long ones.
        part = (np.arange(settings.lengths) + random.random(settings.lengths)) / settings.lengths
        shares = END_SHARE + (1.0 - 2.0 * END_SHARE) * part
        noise = random_noise(problem, random, settings.lengths * settings.maps_per_length)
        weights = copy_of_weights(network)
        check()
        made = make_maps(network, limits, noise, np.repeat(shares, settings.maps_per_length))
        losses = generator_loss(problem, settings, lengths, shares, made, _epsilon(problem, step / settings.steps))
        if losses is not None:
            check()
            optimiser.zero_grad()
            losses.loss.backward()
            check()
        size = torch.nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        if losses is None or not bool(torch.isfinite(losses.loss)) or not bool(torch.isfinite(size)):
            if last is None:
                raise ValueError("the weights to start from make no map of finite numbers; start without them")
            yield replace(last, step=step, status=Status.NOT_A_NUMBER)
            return
        generator = MapGenerator(problem, lengths, weights)
        last = _iterate(step, settings.steps, to_numpy(made), losses, generator)
        yield last
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * _rate(step, settings.steps)
        optimiser.step()


def make_gallery(
    generator: MapGenerator, length: float, count: int = 12, seed: int = 0, refine: bool = True
) -> Gallery:
    """Generate `count` maps whose path should be `length` long, from noise that was not used in training.

    refine: bring every path to exactly the asked length. Other lengths nearby are tried, and the best of these
        maps is blended as little as needed with the longest known map, or with itself at a path as cheap as
        possible (where that is not enough, with the shortest known map).
    Raises ProblemError if the length is out of range.
    """
    problem, lengths = generator.problem, generator.lengths
    share = lengths.share(length)
    noise = random_noise(problem, np.random.default_rng([seed, 1]), count)
    network, limits = network_of(problem, lengths, generator.weights), parametrisation(problem.admissible)

    def made(shares: Floats) -> Floats:
        with torch.no_grad():
            return to_numpy(make_maps(network, limits, noise, shares))

    cost_maps, blended = made(np.full(count, share)), np.zeros(count)
    if refine:
        missing = length - _path_costs(problem, cost_maps)
        low, high = np.full(count, max(0.0, share - ASK_AGAIN)), np.full(count, min(1.0, share + ASK_AGAIN))
        for _ in range(BISECTIONS):
            check()
            middle = (low + high) / 2.0
            others = made(middle)
            lacking = length - _path_costs(problem, others)
            better = np.abs(lacking) < np.abs(missing)
            cost_maps[better], missing[better] = others[better], lacking[better]
            low, high = np.where(lacking > 0.0, middle, low), np.where(lacking > 0.0, high, middle)
        for number, cost_map in enumerate(cost_maps):
            cost_maps[number], blended[number] = _blend(problem, lengths, cost_map, length)
    return Gallery(
        length,
        cost_maps,
        _path_costs(problem, cost_maps),
        cost_maps[:, problem.grid.passable].sum(axis=1),
        blended,
        float(differences(torch.tensor(cost_maps)).mean()) if count > 1 else 0.0,
    )


def random_noise(problem: Problem, random: np.random.Generator, count: int) -> Tensor:
    """Draw noise (count, 4, h, w) on the coarsest grid of the network."""
    noise = random.standard_normal((count, NOISE_CHANNELS, *scales(problem.grid.shape)[0]), dtype=np.float32)
    return torch.from_numpy(noise)


def make_maps(network: GeneratorNetwork, limits: Parametrisation, noise: Tensor, shares: Floats) -> Tensor:
    """Make admissible maps (B, H, W), float64, of noise (B, 4, h, w) and shares (B,) of the range of lengths."""
    free = network(noise, torch.tensor(shares, dtype=torch.float32)).double()
    # Cells that must stay equal take the mean of their numbers.
    theta = limits.groups.gather(free) / limits.size
    return torch.stack([limits.cost_map(each) for each in theta.clamp(-THETA_LIMIT, THETA_LIMIT)])


@dataclass(frozen=True, eq=False)
class GeneratorLoss:
    """Loss () of maps, their asked lengths and exact path costs (B,), and other fields of `GeneratorIterate`."""

    loss: Tensor
    asked: Floats
    path_costs: Floats
    diversity: float
    epsilon: float


def generator_loss(
    problem: Problem,
    settings: GeneratorSettings,
    lengths: LengthRange,
    shares: Floats,
    cost_maps: Tensor,
    epsilon: float,
) -> GeneratorLoss | None:
    """Return the loss of maps (B, H, W), B / L in a row for each of `shares` (L,); None if they are not finite."""
    if not bool(torch.isfinite(cost_maps).all()):
        return None
    asked = np.repeat(
        lengths.shortest + shares * (lengths.longest - lengths.shortest), len(cost_maps) // len(shares)
    )
    route, movement = problem.routes[0], problem.movements[0]
    flow = FlowSettings("logit", epsilon * movement.scale)
    ends = movement.grid, [route.start], [route.goal]
    solved = [route_costs(class_costs(movement, cost_map), *ends, flow) for cost_map in cost_maps]
    exact = np.array([paths.path_cost[0] for _, paths in solved])
    soft = torch.cat([value for value, _ in solved])
    cost = soft + (torch.tensor(exact) - soft).detach()
    deviation = (cost / torch.tensor(asked) - 1.0) / LENGTH_UNIT
    length = functional.huber_loss(deviation, torch.zeros_like(deviation), delta=LENGTH_LINEAR)
    between = torch.stack([differences(alike) for alike in cost_maps.chunk(len(shares))])
    wanted = torch.tensor(settings.diversity * np.sqrt(1.0 - shares))[:, None]
    lacking = (functional.relu(wanted - between) ** 2).sum() / max(1, between.numel())
    rough = roughness(problem.grid, cost_maps)
    loss = length + DIVERSITY_WEIGHT * lacking + settings.smoothness * rough / mean_cost(problem) ** 2
    return GeneratorLoss(loss, asked, exact, float(between.detach().mean()), epsilon)


def differences(cost_maps: Tensor) -> Tensor:
    """Return Σ |c − c'| / mean of Σ c for every two of the maps (K, H, W): K (K − 1) / 2 numbers in [0, 2]."""
    first, second = torch.triu_indices(len(cost_maps), len(cost_maps), 1)
    flat = cost_maps.flatten(1)
    return (flat[first] - flat[second]).abs().sum(dim=1) / flat.detach().sum(dim=1).mean()


def _iterate(
    step: int, steps: int, cost_maps: Floats, losses: GeneratorLoss, generator: MapGenerator
) -> GeneratorIterate:
    return GeneratorIterate(
        step=step,
        steps=steps,
        asked=losses.asked,
        path_costs=losses.path_costs,
        cost_maps=cost_maps,
        loss=float(losses.loss.detach()),
        hits=float(np.mean(np.abs(losses.path_costs / losses.asked - 1.0) <= HIT)),
        diversity=losses.diversity,
        epsilon=losses.epsilon,
        generator=generator,
        status=Status.STEPS_DONE if step == steps else None,
    )


def _epsilon(problem: Problem, done: float) -> float:
    """Return the regularisation of the paths when a share `done` of the steps is done."""
    fallen = min(1.0, done / EPSILON_FALLS_UNTIL)
    return mean_cost(problem) * EPSILON_START * (EPSILON_END / EPSILON_START) ** fallen


def _rate(step: int, steps: int) -> float:
    """Return the share of the learning rate at a step: it rises at first, then falls like a cosine."""
    return min(1.0, step / RISING_STEPS) * 0.5 * (1.0 + math.cos(math.pi * step / steps))


def _path_costs(problem: Problem, cost_maps: Floats) -> Floats:
    return np.array([path_costs(problem, cost_map)[0] for cost_map in cost_maps])


def _blend(problem: Problem, lengths: LengthRange, cost_map: Floats, length: float) -> tuple[Floats, float]:
    """Blend a map with a longer or shorter one so that its path has the length; return also the other's share.

    Path cost is concave along a blend, so a small share of the longest map suffices. Of the shortest map it may be
    a large one, but of the map itself at a path as cheap as possible it is small again.
    """
    cost, load = length_and_load(problem, cost_map)
    if cost == length:
        return cost_map, 0.0
    other = lengths.longest_map
    if cost > length:
        other = problem.admissible.nearest(cost_map - CHEAPEST * load)
        if _path_costs(problem, other[None])[0] > length:
            other = lengths.shortest_map

    def mixed(share: float) -> Floats:
        return (1.0 - share) * cost_map + share * other

    share = float(brentq(lambda share: _path_costs(problem, mixed(share)[None])[0] - length, 0.0, 1.0, xtol=1e-9))
    return mixed(share), share
