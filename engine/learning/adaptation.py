"""Tileset adaptation: a network that prices the tiles of one look learns another look, without labels there.

The labelled look has pictures with known costs, the new look only pictures, of other maps. Adam minimises

    mean (log price − log cost)² of labelled tiles  +  transport_weight · transport cost

between a random sample of tiles of either look. The ground cost of a labelled tile i and a new tile j is

    |features_i − features_j|² / spread  +  label_weight · (log cost_i − log price_j)²
                                         +  sight_weight · |sight_i − sight_j|²

features: what the network's last layer reads.  sight: what tiles of different looks may have in common, see
`engine.learning.tile_features`. Labels are worth nothing before tiles meet their like, so sight counts first and
labels count last. Samples never hold the same terrains equally often, so marginals may differ a little; let them
differ much, and rare terrains are all sent to the one that is most like them. It all starts from colours
standardised in each look, which is no more than other numbers in the network's first layer.
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
from engine.learning.terrain import LEAST_PRICE, PricingModel, example_pictures, prices_of
from engine.learning.tile_features import sights
from engine.learning.tilesets import TILESETS, Examples
from engine.paths.gradients_blackbox import exact_paths
from engine.transport.gradients import PointTensors, transport_cost
from engine.transport.problem import Unbalanced
from engine.transport.settings import TransportSettings

# What different marginals cost.
STRENGTH = 5.0
# The weights of labels and sight: at first, and from a share of the steps on.
LABELS, SIGHT = (0.3, 4.0), (2.0, 0.1)
SCHEDULE_ENDS = 0.7
# Tiles of either look in the scatter.
SHOWN = 240


@dataclass(frozen=True)
class AdaptationSettings:
    """How to adapt.

    steps: of Adam.  learning_rate: its first; it falls to 0.
    batch: maps of either look per step.  tiles: of either look that are matched per step.
    transport_weight: of the transport cost in the loss; with 0 it is not computed.
    match_colours: whether to start from colours standardised in each look, instead of in the labelled one.
    epsilon, tolerance: of the transport; costs have no unit, features spread by 1.
    evaluate_every: steps between two looks at the held-out maps.  seed: of the batches and samples.
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
    """How good prices are on maps of known cost.

    optimal: share of the maps whose cheapest path under the prices has the least true cost.
    price_error: mean |price − cost|, both with mean 1, because paths do not depend on the factor.
    """

    optimal: float
    price_error: float


@dataclass(frozen=True, eq=False)
class Scatter:
    """Features of the same tiles at every step, along their two principal axes.

    source, target: (N, 2).  source_terrain, target_terrain: (N,) index into `TERRAINS`, for display only.
    explained: share of the features' variance that the two axes show.
    """

    source: Floats
    target: Floats
    source_terrain: Bytes
    target_terrain: Bytes
    explained: float


@dataclass(frozen=True, eq=False)
class AdaptationIterate:
    """Where an adaptation is after `step` steps. Arrays are copies.

    prediction_loss: of the labelled look.  transport_cost: regularised; it changes with the schedule of its
        weights, too.  loss: what Adam minimises.
    before, now: accuracy on held-out maps in the new look, of the model that was given and of this one as of the
        last look at it; None without held-out maps.
    model: for the new look.  status: None while adaptation may go on; on NOT_A_NUMBER everything but the step
        is that of the last good one.
    """

    step: int
    steps: int
    loss: float
    prediction_loss: float
    transport_cost: float
    before: Accuracy | None
    now: Accuracy | None
    scatter: Scatter
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

    The first half of `examples` is seen in the look `source` with its costs, the other half in the look `target`
    without; some hundred maps do. The same seed gives the same bytes on the CPU, where all of this runs. Raises
    ValueError for a tileset that there is none of or a model that predicts paths instead of prices, ProblemError
    for fewer than two maps or a model without finite prices.
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
        raise ProblemError("maps", "adaptation needs at least two example maps: one for either tileset", 64)
    half = len(examples) // 2
    labelled, unlabelled = np.arange(half), np.arange(half, len(examples))
    looks = example_pictures(examples, (source,), labelled), example_pictures(examples, (target,), unlabelled)
    known, new = colours_of(looks[0]), colours_of(looks[1 if settings.match_colours else 0])
    seen_as = sights(looks[0]), sights(looks[1])
    costs = examples.cost_maps[:half] / examples.cost_maps[:half].mean()
    log_costs = np.log(costs)
    # The unit is free, and in this one the network's least price is below the least cost.
    model, given = replace(model, unit=max(model.unit, 2.0 * LEAST_PRICE / float(costs.min()))), model

    network = replace(model, weights=known.for_standardised(model.weights)).network()
    with torch.no_grad():
        first = known.standardised(picture_tensor(looks[0][: settings.batch]))
        spread = float(network[:-1](first).var(dim=(0, 2, 3)).sum())
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    generator = np.random.default_rng(settings.seed)
    shown = _Shown(examples.terrain[labelled], examples.terrain[unlabelled], generator)
    test = None if held_out is None else example_pictures(held_out, (target,), np.arange(len(held_out)))
    before = None if held_out is None or test is None else accuracy(given, held_out, test)
    now, last = None, None
    for step in range(settings.steps + 1):
        done = step / max(1, settings.steps)
        seen = [generator.choice(len(look), min(settings.batch, len(look)), replace=False) for look in looks]
        per_batch = [len(which) * examples.terrain[0].size for which in seen]
        tiles = min(settings.tiles, *per_batch)
        batch = Batch(
            known.standardised(picture_tensor(looks[0][seen[0]])),
            new.standardised(picture_tensor(looks[1][seen[1]])),
            torch.tensor(log_costs[seen[0]], dtype=torch.float32),
            torch.tensor(seen_as[0][seen[0]], dtype=torch.float32),
            torch.tensor(seen_as[1][seen[1]], dtype=torch.float32),
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
            prediction_loss=float(losses.prediction.detach()),
            transport_cost=float(losses.transport.detach()),
            before=before,
            now=now,
            scatter=shown.scatter(network, looks, (known, new)),
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
class Batch:
    """What one step sees, of the labelled look and of the new one.

    source, target: (B, 3, 8·H, 8·W), standardised.  log_costs: (B, H, W) of the labelled tiles, relative to
    the mean cost.  source_sights, target_sights: (B, H, W, 11).  source_tiles, target_tiles: (N,) which
    of all B·H·W tiles are matched.
    """

    source: Tensor
    target: Tensor
    log_costs: Tensor
    source_sights: Tensor
    target_sights: Tensor
    source_tiles: Integers
    target_tiles: Integers


@dataclass(frozen=True, eq=False)
class Losses:
    """Scalars: loss = prediction + transport_weight · transport."""

    loss: Tensor
    prediction: Tensor
    transport: Tensor


def adaptation_loss(
    network: nn.Sequential, unit: float, batch: Batch, spread: float, settings: AdaptationSettings, done: float
) -> Losses | None:
    """Loss of a network when the share `done` of the steps is done; None if it is not a number.

    unit: what divides the network's prices.  spread: of the features, see above.
    """
    passed = min(1.0, done / SCHEDULE_ENDS)
    label_weight, sight_weight = (first * (end / first) ** passed for first, end in (LABELS, SIGHT))

    source, target = network[:-1](batch.source), network[:-1](batch.target)
    prediction = (_log_prices(network, source, unit) - batch.log_costs).square().mean()
    if settings.transport_weight == 0.0:
        return (
            Losses(prediction, prediction, prediction.new_zeros(())) if bool(torch.isfinite(prediction)) else None
        )

    def points(features: Tensor, labels: Tensor, sight: Tensor, tiles: Integers) -> Tensor:
        """(N, d) whose squared distances are the ground cost."""
        every = torch.cat(
            [
                features.movedim(1, 3) / spread**0.5,
                label_weight**0.5 * labels[..., None],
                sight_weight**0.5 * sight,
            ],
            dim=3,
        )
        return every.flatten(0, 2)[torch.tensor(tiles)].double()

    layouts = PointTensors(
        points(source, batch.log_costs, batch.source_sights, batch.source_tiles),
        points(target, _log_prices(network, target, unit), batch.target_sights, batch.target_tiles),
    )
    count = len(batch.source_tiles)
    weights = torch.full((count,), 1.0 / count, dtype=torch.float64)
    solver = TransportSettings(settings.epsilon, settings.tolerance)
    try:
        # A network that flies apart overflows in the solver before it does here.
        with np.errstate(all="ignore"):
            transport, _ = transport_cost(weights, weights, layouts, solver, Unbalanced(STRENGTH))
    except ProblemError:  # the weights are as they should be, so points are infinitely or absurdly far apart
        return None
    loss = prediction + settings.transport_weight * transport
    return Losses(loss, prediction, transport) if bool(torch.isfinite(loss)) else None


def accuracy(model: PricingModel, examples: Examples, pictures: Bytes) -> Accuracy:
    """Of a model on pictures (B, 8·H, 8·W, 3) of the examples."""
    prices = model.price(pictures)
    _, loads = exact_paths(examples.grid, prices, examples.starts, examples.goals)
    true = np.sum(loads * examples.cost_maps, axis=(1, 2))
    difference = prices / prices.mean() - examples.cost_maps / examples.cost_maps.mean()
    optimal = int(np.sum(true <= examples.costs * (1.0 + 1e-9)))
    return Accuracy(optimal / len(examples), float(np.abs(difference).mean()))


def _log_prices(network: nn.Sequential, features: Tensor, unit: float) -> Tensor:
    """(B, H, W) of features (B, C, H, W)."""
    return torch.log(prices_of(network[-1](features)[:, 0], "fenchel_young") / unit)


def _model(model: PricingModel, network: nn.Sequential, colours: Colours, target: str) -> PricingModel:
    """The network as a model for plain pictures of the tileset `target`."""
    weights = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    return replace(model, weights=colours.for_plain(weights), tilesets=(target,))


class _Shown:
    """The tiles of the scatter, and its axes, which keep their direction from step to step."""

    def __init__(self, source: Bytes, target: Bytes, generator: np.random.Generator) -> None:
        # As few maps as hold enough tiles: all their tiles go through the network at every step.
        self._maps = -(-SHOWN // source[0].size)
        self._terrains = tuple(look[: self._maps].ravel() for look in (source, target))
        self._tiles = tuple(
            generator.choice(each.size, min(SHOWN, each.size), replace=False) for each in self._terrains
        )
        self._axes: Floats | None = None

    def scatter(
        self, network: nn.Sequential, looks: tuple[Bytes, Bytes], colours: tuple[Colours, Colours]
    ) -> Scatter:
        with torch.no_grad():
            features = [
                network[:-1](colour.standardised(picture_tensor(look[: self._maps])))
                for look, colour in zip(looks, colours, strict=True)
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
        return Scatter(source_places, target_places, source_terrain, target_terrain, explained)
