"""Tileset adaptation: a network that prices the tiles of one tileset learns another one, without labels there.

The source tileset has pictures with known costs, the target tileset only pictures, of other maps. Adam minimises

    mean (log price − log cost)² of source tiles  +  transport_weight · transport cost

between random samples of tiles of both tilesets. The ground cost of a source tile i and a target tile j is

    |hidden_i − hidden_j|² / spread  +  label_weight · (log cost_i − log price_j)²
                                     +  feature_weight · |features_i − features_j|²

with `hidden` the input of the network's last layer and `features` those of `engine.learning.tile_features`, which
need no network. Labels help only once tiles are matched with their own terrain, so feature_weight falls and
label_weight rises during a run. Terrains are not equally frequent in two samples, so transport is unbalanced, at a
`STRENGTH` that lets marginals differ a little; if they may differ much, rare terrains are all matched with the one
that is most similar. The start has colours standardised in each tileset, which only changes the first layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.core.tensors import to_numpy
from engine.learning.colour_statistics import Colours, colours_of, picture_tensor
from engine.learning.terrain import LEAST_PRICE, PricingModel, example_pictures, optimal_paths, prices_of
from engine.learning.tile_features import tile_features
from engine.learning.tilesets import TILESETS, Examples
from engine.transport.gradients import PointTensors, transport_cost
from engine.transport.problem import Unbalanced
from engine.transport.settings import TransportSettings

# Strength of the marginals' KL divergence.
STRENGTH = 5.0
# label_weight and feature_weight: at first, and from the share SCHEDULE_ENDS of the steps on.
LABEL_WEIGHTS, FEATURE_WEIGHTS = (0.3, 4.0), (2.0, 0.1)
SCHEDULE_ENDS = 0.7
# Tiles of either tileset in the scatter plot.
SHOWN = 240


@dataclass(frozen=True)
class AdaptationSettings:
    """Settings of an adaptation.

    steps: of Adam.  learning_rate: at first; it falls to 0.
    batch: maps of either tileset per step.  tiles: of either tileset that are matched per step.
    transport_weight: of the transport cost in the loss; with 0 it is not computed.
    match_colours: start from colours standardised in each tileset, instead of by those of the source for both.
    epsilon, tolerance: of the transport; costs are dimensionless, hidden features have a spread of 1.
    evaluate_every: steps between two evaluations on the held-out maps.  seed: of the batches and samples.
    """

    steps: int = 150
    learning_rate: float = 6e-3
    batch: int = 8
    tiles: int = 300
    transport_weight: float = 1.0
    match_colours: bool = True
    epsilon: float = 0.02
    tolerance: float = 1e-3
    evaluate_every: int = 25
    seed: int = 0


@dataclass(frozen=True)
class Accuracy:
    """Accuracy of prices on maps of known cost.

    optimal: share of the maps whose cheapest path under the prices has the least true cost.
    price_error: mean |price − cost|, both with mean 1, because paths do not depend on the factor.
    """

    optimal: float
    price_error: float


@dataclass(frozen=True, eq=False)
class FeatureScatter:
    """Hidden features of some tiles, the same at every step, along their two principal axes.

    source, target: (N, 2).  source_terrain, target_terrain: (N,) index into `TERRAINS`, for display only.
    explained: share of the variance along the two axes.
    """

    source: Floats
    target: Floats
    source_terrain: Bytes
    target_terrain: Bytes
    explained: float


@dataclass(frozen=True, eq=False)
class AdaptationIterate:
    """The state after `step` steps. Arrays are copies.

    loss: what Adam minimises.  transport_cost: regularised; it also changes with the schedule of the weights.
    before, now: accuracy on held-out maps in the target tileset, of the given model and of this one at its last
        evaluation; None without held-out maps.
    model: for the target tileset.  status: None while adaptation goes on; on NOT_A_NUMBER everything but the step
        is that of the last good step.
    """

    step: int
    steps: int
    loss: float
    transport_cost: float
    before: Accuracy | None
    now: Accuracy | None
    scatter: FeatureScatter
    model: PricingModel
    status: Status | None


def adapt(
    model: PricingModel,
    examples: Examples,
    source: str,
    target: str,
    settings: AdaptationSettings | None = None,
    held_out: Examples | None = None,
) -> Iterator[AdaptationIterate]:
    """Adapt a model of the tileset `source` to the tileset `target`; the first iterate is the start.

    The first half of `examples` is drawn in the tileset `source` and used with its costs, the other half in
    `target` and used without; some hundred maps suffice. All of it runs on the CPU, where the same seed gives the
    same bytes. Raises ValueError for an unknown tileset or a model of the method "direct", ProblemError for fewer
    than two maps or a model without finite prices.
    """
    settings = settings or AdaptationSettings()
    for name in (source, target):
        if name not in TILESETS:
            raise ValueError(f"there is no tileset {name!r}; there are: {', '.join(TILESETS)}")
    if model.method == "direct":
        raise ValueError(
            "a model of the method 'direct' has no prices of tiles to adapt; train one of another method"
        )
    if len(examples) < 2:
        raise ProblemError("maps", "adaptation needs at least two example maps: one for either tileset")
    half = len(examples) // 2
    labelled, unlabelled = np.arange(half), np.arange(half, len(examples))
    pictures = example_pictures(examples, (source,), labelled), example_pictures(examples, (target,), unlabelled)
    known, new = colours_of(pictures[0]), colours_of(pictures[1 if settings.match_colours else 0])
    features = tile_features(pictures[0]), tile_features(pictures[1])
    costs = examples.cost_maps[:half] / examples.cost_maps[:half].mean()
    log_costs = np.log(costs)
    # The unit is free, and in this one the network's least price is below the least cost.
    model, given = replace(model, unit=max(model.unit, 2.0 * LEAST_PRICE / float(costs.min()))), model

    network = replace(model, weights=known.for_standardised(model.weights)).network()
    with torch.no_grad():
        first = known.standardised(picture_tensor(pictures[0][: settings.batch]))
        spread = float(network[:-1](first).var(dim=(0, 2, 3)).sum())
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    generator = np.random.default_rng(settings.seed)
    shown = _Shown(examples.terrain[labelled], examples.terrain[unlabelled], generator)
    test = None if held_out is None else example_pictures(held_out, (target,), np.arange(len(held_out)))
    before = None if held_out is None or test is None else accuracy(given, held_out, test)
    now, last = None, None
    for step in range(settings.steps + 1):
        done = step / max(1, settings.steps)
        seen = [generator.choice(len(each), min(settings.batch, len(each)), replace=False) for each in pictures]
        per_batch = [len(which) * examples.terrain[0].size for which in seen]
        tiles = min(settings.tiles, *per_batch)
        batch = AdaptationBatch(
            known.standardised(picture_tensor(pictures[0][seen[0]])),
            new.standardised(picture_tensor(pictures[1][seen[1]])),
            torch.tensor(log_costs[seen[0]], dtype=torch.float32),
            torch.tensor(features[0][seen[0]], dtype=torch.float32),
            torch.tensor(features[1][seen[1]], dtype=torch.float32),
            *(generator.choice(size, tiles, replace=False) for size in per_batch),
        )
        losses = adaptation_loss(network, model.unit, batch, spread, settings, done)
        if losses is None:
            if last is None:
                told = "the network makes no finite prices of these pictures; train it anew"
                raise ProblemError("network", told)
            yield replace(last, step=step, status=Status.NOT_A_NUMBER)
            return
        adapted = _model(model, network, new, target)
        ends = step == settings.steps
        if held_out is not None and test is not None and (ends or step % settings.evaluate_every == 0):
            now = accuracy(adapted, held_out, test)
        last = AdaptationIterate(
            step=step,
            steps=settings.steps,
            loss=float(losses.loss.detach()),
            transport_cost=float(losses.transport.detach()),
            before=before,
            now=now,
            scatter=shown.scatter(network, pictures, (known, new)),
            model=adapted,
            status=Status.STEPS_DONE if ends else None,
        )
        yield last
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * (1.0 - done)
        optimiser.zero_grad()
        losses.loss.backward()
        optimiser.step()


@dataclass(frozen=True, eq=False)
class AdaptationBatch:
    """The data of one step.

    source, target: pictures (B, 3, 8·H, 8·W), standardised.  log_costs: (B, H, W) of the source tiles, relative to
    the mean cost.  source_features, target_features: (B, H, W, 11).  source_tiles, target_tiles: (N,) which of all
    B·H·W tiles are matched.
    """

    source: Tensor
    target: Tensor
    log_costs: Tensor
    source_features: Tensor
    target_features: Tensor
    source_tiles: Integers
    target_tiles: Integers


@dataclass(frozen=True, eq=False)
class Losses:
    """Scalars: loss = prediction + transport_weight · transport."""

    loss: Tensor
    prediction: Tensor
    transport: Tensor


def adaptation_loss(
    network: nn.Sequential,
    unit: float,
    batch: AdaptationBatch,
    spread: float,
    settings: AdaptationSettings,
    done: float,
) -> Losses | None:
    """Return the loss of a network when a share `done` of the steps is done; None if it is not finite.

    unit: by which the network's prices are divided.  spread: of the hidden features, see the module's docstring.
    """
    passed = min(1.0, done / SCHEDULE_ENDS)
    label_weight, feature_weight = (
        first * (end / first) ** passed for first, end in (LABEL_WEIGHTS, FEATURE_WEIGHTS)
    )

    source, target = network[:-1](batch.source), network[:-1](batch.target)
    prediction = (_log_prices(network, source, unit) - batch.log_costs).square().mean()
    if settings.transport_weight == 0.0:
        return (
            Losses(prediction, prediction, prediction.new_zeros(())) if bool(torch.isfinite(prediction)) else None
        )

    def points(hidden: Tensor, labels: Tensor, features: Tensor, tiles: Integers) -> Tensor:
        """Return points (N, d) whose squared distances are the ground cost."""
        every = torch.cat(
            [
                hidden.movedim(1, 3) / spread**0.5,
                label_weight**0.5 * labels[..., None],
                feature_weight**0.5 * features,
            ],
            dim=3,
        )
        return every.flatten(0, 2)[torch.tensor(tiles)].double()

    points_of_both = PointTensors(
        points(source, batch.log_costs, batch.source_features, batch.source_tiles),
        points(target, _log_prices(network, target, unit), batch.target_features, batch.target_tiles),
    )
    count = len(batch.source_tiles)
    weights = torch.full((count,), 1.0 / count, dtype=torch.float64)
    solver = TransportSettings(settings.epsilon, settings.tolerance)
    try:
        # A diverging network overflows in the solver before it does here.
        with np.errstate(all="ignore"):
            transport, _ = transport_cost(weights, weights, points_of_both, solver, Unbalanced(STRENGTH))
    except ProblemError:  # the weights are valid, so the points must be too far apart
        return None
    loss = prediction + settings.transport_weight * transport
    return Losses(loss, prediction, transport) if bool(torch.isfinite(loss)) else None


def accuracy(model: PricingModel, examples: Examples, pictures: Bytes) -> Accuracy:
    """Evaluate a model on pictures (B, 8·H, 8·W, 3) of the examples."""
    prices = model.price(pictures)
    optimal = optimal_paths(prices, examples, np.arange(len(examples)))
    difference = prices / prices.mean() - examples.cost_maps / examples.cost_maps.mean()
    return Accuracy(int(np.sum(optimal)) / len(examples), float(np.abs(difference).mean()))


def _log_prices(network: nn.Sequential, features: Tensor, unit: float) -> Tensor:
    """Return log prices (B, H, W) of hidden features (B, C, H, W)."""
    return torch.log(prices_of(network[-1](features)[:, 0], "fenchel_young") / unit)


def _model(model: PricingModel, network: nn.Sequential, colours: Colours, target: str) -> PricingModel:
    """Return the network as a model for plain pictures of the tileset `target`."""
    weights = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    return replace(model, weights=colours.for_plain(weights), tilesets=(target,))


class _Shown:
    """The tiles of the scatter plot, and its axes, which keep their sign from step to step."""

    def __init__(self, source: Bytes, target: Bytes, generator: np.random.Generator) -> None:
        # As few maps as hold enough tiles: all their tiles go through the network at every step.
        self._maps = -(-SHOWN // source[0].size)
        self._terrains = tuple(each[: self._maps].ravel() for each in (source, target))
        self._tiles = tuple(
            generator.choice(each.size, min(SHOWN, each.size), replace=False) for each in self._terrains
        )
        self._axes: Floats | None = None

    def scatter(
        self, network: nn.Sequential, pictures: tuple[Bytes, Bytes], colours: tuple[Colours, Colours]
    ) -> FeatureScatter:
        """Return the scatter plot of the tiles' hidden features; pictures, colours: of source and target."""
        with torch.no_grad():
            features = [
                network[:-1](colour.standardised(picture_tensor(each[: self._maps])))
                for each, colour in zip(pictures, colours, strict=True)
            ]
        kept = [
            to_numpy(each.movedim(1, 3).flatten(0, 2))[tiles]
            for each, tiles in zip(features, self._tiles, strict=True)
        ]
        both = np.concatenate(kept)
        centred = both - both.mean(axis=0)
        variances, axes = np.linalg.eigh(centred.T @ centred)
        axes = axes.T[:-3:-1]
        if self._axes is not None:
            axes = axes * np.where(np.sum(axes * self._axes, axis=1, keepdims=True) < 0.0, -1.0, 1.0)
        self._axes = axes
        source_places, target_places = np.split(centred @ axes.T, [len(kept[0])])
        (source_terrain, target_terrain) = (
            terrain[tiles] for terrain, tiles in zip(self._terrains, self._tiles, strict=True)
        )
        explained = float(variances[-2:].sum() / max(float(variances.sum()), 1e-300))
        return FeatureScatter(source_places, target_places, source_terrain, target_terrain, explained)
