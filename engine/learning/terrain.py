"""Learn terrain costs from pictures of maps with a path drawn on each, and price new pictures.

Costs are never given: a network maps the picture to a price per tile, the shortest path under these prices is
compared with the drawn one, and the loss is differentiated through the solver by one of three rules (see
`engine.paths.fenchel_young` and `engine.paths.gradients_blackbox`). Paths determine prices up to a factor, so a
trained model's prices are scaled to mean 1 over its training maps. The method "direct" is a baseline without a
solver: a network that predicts the cells of the path from the picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import cos, isfinite, pi
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from engine.core.arrays import Bytes, Flags, Floats, Integers
from engine.core.status import Status
from engine.core.tensors import to_numpy
from engine.learning.colour_statistics import WeightArrays, colours_of, picture_tensor
from engine.learning.tilesets import TILE, TILESETS, Examples, picture
from engine.paths.fenchel_young import fenchel_young_loss
from engine.paths.gradients_blackbox import Interpolation, Perturbation, exact_paths, path_loads
from engine.paths.soft_paths import FlowSettings

Method = Literal["fenchel_young", "interpolation", "perturbation", "direct"]
METHODS: tuple[Method, ...] = get_args(Method)

# Least price of a tile, above the noise of "perturbation".
LEAST_PRICE = 0.3
# Least cost of a cell for "direct", −log of a probability.
LEAST_DIRECT_COST = 1e-3
# ε, σ and λ, in units of a price. The scale of prices is free, so that networks can make ε and σ relatively small.
SOFTNESS: dict[Method, float] = {"fenchel_young": 0.1, "perturbation": 0.1, "interpolation": 20.0, "direct": 1.0}


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of a training.

    method: the gradient rule through the solver, or "direct".  tilesets: of the pictures, in turn.
    epochs: passes over the training maps.  batch: maps per step.  learning_rate: Adam's at first; it falls to 0.
    width: channels of the network.  softness: ε, σ or λ of the method; None takes that of `SOFTNESS`.
    evaluate_every: steps between two evaluations on the held-out maps.  seed: of the weights and of the order.
    """

    method: Method = "fenchel_young"
    tilesets: tuple[str, ...] = ("meadow",)
    epochs: int = 7
    batch: int = 16
    learning_rate: float = 5e-3
    width: int = 64
    softness: float | None = None
    evaluate_every: int = 50
    seed: int = 0


@dataclass(frozen=True, eq=False)
class PricingModel:
    """A trained network as plain arrays.

    weights: by parameter name.  method, width: of the settings.  unit: by which the network's prices are divided.
    tilesets: that it was trained on.
    """

    weights: WeightArrays
    method: Method
    width: int
    unit: float
    tilesets: tuple[str, ...]

    def network(self) -> nn.Sequential:
        """Build the network (B, 3, 8·H, 8·W) -> (B, 1, H, W); `prices_of` makes its outputs positive."""
        network = build_network(self.method, self.width)
        network.load_state_dict({name: torch.tensor(values) for name, values in self.weights.items()})
        return network

    def price(self, pictures: Bytes) -> Floats:
        """Return prices (B, H, W) of the tiles in `pictures` (B, 8·H, 8·W, 3), uint8 RGB: > 0, about 1 on average.

        The prices of a "direct" model are low where it predicts a path. Raises ValueError for another shape.
        """
        if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.shape[1] % TILE or pictures.shape[2] % TILE:
            raise ValueError(
                f"a picture needs three colours and whole tiles of {TILE} × {TILE} pixels; these are "
                f"{pictures.shape}"
            )
        network = self.network()
        with torch.no_grad():
            return to_numpy(prices_of(network(picture_tensor(pictures))[:, 0], self.method)) / self.unit


@dataclass(frozen=True, eq=False)
class TerrainIterate:
    """One step of a training.

    loss: of its batch.  optimal: share of the held-out maps whose predicted path has the least true cost, at the
    last evaluation; None before the first.  status: None while training goes on.
    """

    step: int
    steps: int
    loss: float
    optimal: float | None
    model: PricingModel
    status: Status | None


def train_terrain(
    training: Examples, settings: TrainingSettings | None = None, held_out: Examples | None = None
) -> Iterator[TerrainIterate]:
    """Train a network on the drawn paths of `training`, step by step; their costs are not used.

    All of it runs on the CPU, in float32, and there is no setting for another device. The same seed gives the same
    bytes. Raises ValueError for an unknown tileset, or without any tileset or map. A loss or gradient that is not
    finite ends the training by its status, with the last good weights.
    """
    settings = settings or TrainingSettings()
    if unknown := [name for name in settings.tilesets if name not in TILESETS]:
        raise ValueError(f"there is no tileset {unknown[0]!r}; there are: {', '.join(TILESETS)}")
    if not settings.tilesets or len(training) == 0:
        raise ValueError("training needs at least one tileset and one example map")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = build_network(settings.method, settings.width)
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    generator = np.random.default_rng(settings.seed)
    batches = max(1, len(training) // settings.batch)
    steps = settings.epochs * batches
    # Dark or pale tilesets have little contrast: standardised, all are learned equally well.
    first = np.arange(min(len(training), settings.batch))
    colours = colours_of(example_pictures(training, settings.tilesets, first))
    unit, weights, optimal = 1.0, colours.for_plain(_weights(network)), None
    order = generator.permutation(len(training))
    for step in range(1, steps + 1):
        if step > 1 and (step - 1) % batches == 0:
            order = generator.permutation(len(training))
        begin = (step - 1) % batches * settings.batch
        which = np.asarray(order[begin : begin + settings.batch], dtype=np.int64)
        for group in optimiser.param_groups:
            group["lr"] = 0.5 * settings.learning_rate * (1.0 + cos(pi * (step - 1) / steps))
        optimiser.zero_grad()
        pictures = colours.standardised(picture_tensor(example_pictures(training, settings.tilesets, which)))
        loss, prices = training_loss(network, pictures, training, which, settings, step)
        loss.backward()
        value = float(loss.detach())
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        finite = isfinite(value) and all(bool(torch.isfinite(gradient).all()) for gradient in gradients)
        if finite:
            optimiser.step()
            finite = all(bool(torch.isfinite(parameter).all()) for parameter in network.parameters())
        if finite:
            weights, mean = colours.for_plain(_weights(network)), float(prices.detach().mean())
            unit = mean if step == 1 else 0.95 * unit + 0.05 * mean
        model = PricingModel(weights, settings.method, settings.width, unit, settings.tilesets)
        last = step == steps
        if held_out is not None and finite and (last or step % settings.evaluate_every == 0):
            optimal = optimal_share(model, held_out)
        status = Status.NOT_A_NUMBER if not finite else Status.STEPS_DONE if last else None
        yield TerrainIterate(step, steps, value, optimal, model, status)
        if status is not None:
            return


def optimal_share(model: PricingModel, examples: Examples, tilesets: tuple[str, ...] | None = None) -> float:
    """Return the share of maps on which the cheapest path under the model's prices has the least cost."""
    optimal = 0
    for begin in range(0, len(examples), 50):
        which = np.arange(begin, min(begin + 50, len(examples)))
        prices = model.price(example_pictures(examples, tilesets or model.tilesets, which))
        optimal += int(np.sum(optimal_paths(prices, examples, which)))
    return optimal / len(examples)


def optimal_paths(prices: Floats, examples: Examples, which: Integers) -> Flags:
    """Return flags (B,): whether the cheapest path under prices (B, H, W) of `which` has the least true cost."""
    ends = examples.starts[: len(which)], examples.goals[: len(which)]
    _, loads = exact_paths(examples.grid, prices, *ends)
    true = np.sum(loads * examples.cost_maps[which], axis=(1, 2))
    return true <= examples.costs[which] * (1.0 + 1e-9)


def example_pictures(examples: Examples, tilesets: tuple[str, ...], which: Integers) -> Bytes:
    """Draw the examples `which` (B,) as pictures (B, 8·H, 8·W, 3), uint8 RGB, with the tilesets in turn."""
    return np.stack(
        [
            picture(TILESETS[tilesets[i % len(tilesets)]], examples.terrain[i], (examples.seed, i))
            for i in which.tolist()
        ]
    )


def build_network(method: Method, width: int) -> nn.Sequential:
    """Build a network (B, 3, 8·H, 8·W) -> (B, 1, H, W) of single tiles; "direct" adds dilated convolutions."""
    layers: list[nn.Module] = [nn.Conv2d(3, width, TILE, stride=TILE), nn.ReLU()]
    layers += [nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU()]
    if method == "direct":
        for dilation in (1, 2, 4, 8, 4, 2, 1):
            layers += [nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(width, 1, 1))


def prices_of(outputs: Tensor, method: Method) -> Tensor:
    """Return positive prices (B, H, W); for "direct", −log p with p that a cell is on the path."""
    if method == "direct":
        return nn.functional.softplus(-outputs) + LEAST_DIRECT_COST
    return nn.functional.softplus(outputs) + LEAST_PRICE


def training_loss(
    network: nn.Module,
    pictures: Tensor,
    training: Examples,
    which: Integers,
    settings: TrainingSettings,
    step: int,
) -> tuple[Tensor, Tensor]:
    """Return the mean loss (), divided by the side of a map, and prices (B, H, W), of examples `which` (B,).

    pictures: (B, 3, 8·H, 8·W), standardised.  step: seeds the noise of "perturbation".
    """
    outputs: Tensor = network(pictures)[:, 0]
    prices = prices_of(outputs, settings.method)
    drawn = prices.new_tensor(training.loads[which])
    ends = training.grid, training.starts[: len(which)], training.goals[: len(which)]
    if not bool(torch.isfinite(prices).all()):  # which no solver accepts
        return prices.sum(), prices
    side = sum(training.grid.shape) / 2.0
    softness = SOFTNESS[settings.method] if settings.softness is None else settings.softness
    match settings.method:
        case "fenchel_young":
            losses = fenchel_young_loss(prices, drawn, *ends, FlowSettings("logit", softness))
        case "perturbation":
            noise = Perturbation(softness, pairs=2, seed=step)
            losses = fenchel_young_loss(prices, drawn, *ends, noise)
        case "interpolation":
            loads = path_loads(prices, *ends, Interpolation(softness))
            losses = (loads * (1.0 - 2.0 * (drawn > 0.0).to(loads.dtype)) + drawn).sum(dim=(1, 2))
        case "direct":
            on_path = (drawn > 0.0).to(prices.dtype)
            losses = nn.functional.binary_cross_entropy_with_logits(outputs, on_path, reduction="none").sum(
                dim=(1, 2)
            )
    return losses.mean() / side, prices


def _weights(network: nn.Module) -> WeightArrays:
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
