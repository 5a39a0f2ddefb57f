"""The network that makes maps: from noise on a coarse grid, by repeated doubling, to one number per cell.

At every scale it gets the map's walls and route ends as planes, and the asked length modulates every layer. It is
fully convolutional, so its weights fit every map that needs equally many doublings from the coarsest grid.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import cast

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from engine.core.arrays import Floats
from engine.cost_maps.admissible import FIXED
from engine.cost_maps.parametrisation import START_LIMIT, first_theta
from engine.cost_maps.problem import Problem
from engine.optimum.length_range import LengthRange
from engine.paths.exact import distances_to

WeightTensors = Mapping[str, Tensor]

# Channels of noise; cells on a side of the coarsest grid at most; layers there, which see the whole map.
NOISE_CHANNELS, COARSE_SIDE, COARSE_LAYERS = 4, 8, 3
# Channels halve from scale to scale down to this many. Group normalisation has so many groups.
LEAST_CHANNELS, GROUPS = 12, 4
# The asked length is encoded by cosines of so many frequencies, and embedded by layers of this width.
FREQUENCIES, EMBEDDING = 4, 32


class GeneratorNetwork(nn.Module):
    """Noise (B, 4, h, w) and asked lengths (B,) in [0, 1] -> free numbers (B, H, W), float32."""

    def __init__(self, planes: Floats, channels: int) -> None:
        """Build the network for a map with `planes` (P, H, W), see `map_planes`.

        channels: on the coarsest grid; at least 12, rounded down to a multiple of 4.
        """
        super().__init__()
        shapes = scales(planes.shape[1:])
        whole = torch.tensor(planes[None], dtype=torch.float32)
        self.planes = [functional.adaptive_avg_pool2d(whole, shape) for shape in shapes]
        known = len(planes)
        self.length = nn.Sequential(
            nn.Linear(FREQUENCIES, EMBEDDING), nn.SiLU(), nn.Linear(EMBEDDING, EMBEDDING), nn.SiLU()
        )
        widths = [max(channels >> level, LEAST_CHANNELS) // GROUPS * GROUPS for level in range(len(shapes))]
        self.first = _Layer(NOISE_CHANNELS + known, widths[0])
        self.coarse = nn.ModuleList(_Layer(widths[0], widths[0]) for _ in range(COARSE_LAYERS - 1))
        self.finer = nn.ModuleList(_Layer(before + known, after) for before, after in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, noise: Tensor, length: Tensor) -> Tensor:
        """Return free numbers (B, H, W) of noise (B, 4, h, w) and lengths (B,)."""
        frequencies = math.pi * torch.arange(1, FREQUENCIES + 1)
        embedding = self.length(torch.cos(length[:, None] * frequencies))
        x = self.first(self._beside(noise, 0), embedding)
        for layer in self.coarse:
            x = x + layer(x, embedding)
        for scale, layer in enumerate(self.finer, 1):
            grown = functional.interpolate(x, size=self.planes[scale].shape[-2:], mode="nearest")
            x = layer(self._beside(grown, scale), embedding)
        return cast("Tensor", self.last(x))[:, 0]

    def _beside(self, x: Tensor, scale: int) -> Tensor:
        return torch.cat([x, self.planes[scale].expand(len(x), -1, -1, -1)], dim=1)


class _Layer(nn.Module):
    """Convolution, norm, and a scale and shift that depend on the asked length."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(before, after, 3, padding=1)
        self.norm = nn.GroupNorm(GROUPS, after)
        self.modulation = nn.Linear(EMBEDDING, 2 * after)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        scale, shift = self.modulation(embedding)[:, :, None, None].chunk(2, dim=1)
        return functional.silu(self.norm(self.convolution(x)) * (1.0 + scale) + shift)


def scales(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return the shapes of the grids, from the coarsest to that of the map, each at most twice the one before."""
    height, width = shape
    doublings = max(1, math.ceil(math.log2(max(height, width) / COARSE_SIDE)))
    return [(-(-height // 2**k), -(-width // 2**k)) for k in range(doublings, -1, -1)]


def map_planes(problem: Problem, lengths: LengthRange) -> Floats:
    """Return what the network is told of the map as planes (P, H, W), each within about [−1, 2].

    They are: free cells, costs of fixed cells, two functions each of the distance to start and to goal, and the
    parameters of the maps with the shortest and the longest known path.
    """
    grid, admissible, route = problem.grid, problem.admissible, problem.routes[0]
    free = np.where(admissible.group == FIXED, 0.0, 1.0)
    even = np.ones(grid.shape)
    walking = problem.movements[0].grid
    from_start = distances_to(walking, even, route.start).distance
    to_goal = distances_to(walking, even, route.goal).distance
    whole = to_goal[route.start]
    fixed = admissible.fixed / max(float(admissible.fixed.max()), 1e-300)
    far = [np.minimum(distance / whole, 2.0) for distance in (from_start, to_goal)]
    near = [np.exp(-distance / 2.0) for distance in (from_start, to_goal)]
    ends = [
        admissible.expand(first_theta(admissible, cost_map)) * free / START_LIMIT
        for cost_map in (lengths.shortest_map, lengths.longest_map)
    ]
    return np.stack([free, fixed, *far, *near, *ends])


def new_network(problem: Problem, lengths: LengthRange, channels: int, seed: int) -> GeneratorNetwork:
    """Build a network with random weights; the same seed gives the same weights."""
    network = GeneratorNetwork(map_planes(problem, lengths), channels)
    generator = torch.Generator().manual_seed(seed)
    for name, values in network.named_parameters():
        if values.ndim > 1:
            nn.init.normal_(values, 0.0, 0.6 / math.sqrt(values[0].numel()), generator=generator)
        elif name.endswith("bias"):
            nn.init.zeros_(values)
    return network


def network_of(problem: Problem, lengths: LengthRange, weights: WeightTensors) -> GeneratorNetwork:
    """Build the network of a map with these weights. Raises ValueError if they do not fit it."""
    first = weights.get("first.convolution.bias")
    network = GeneratorNetwork(map_planes(problem, lengths), GROUPS if first is None else len(first))
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ValueError(
            f"the weights are not those of a map generator for a map of {problem.grid.shape[0]} rows and "
            f"{problem.grid.shape[1]} columns; train one for this map"
        ) from error
    return network


def copy_of_weights(network: GeneratorNetwork) -> WeightTensors:
    """Return the present weights as tensors that no later step changes."""
    return {name: values.detach().clone() for name, values in network.state_dict().items()}
