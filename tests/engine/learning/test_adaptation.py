"""Adaptation: the gradient of its loss, what it does for another look, and that it is reproducible and honest."""

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

from engine.core.status import Status
from engine.learning.adaptation import AdaptationBatch, AdaptationSettings, accuracy, adapt, adaptation_loss
from engine.learning.colour_statistics import colours_of, picture_tensor
from engine.learning.terrain import (
    LEAST_PRICE,
    PricingModel,
    TrainingSettings,
    example_pictures,
    train_terrain,
)
from engine.learning.tile_features import WEIGHTS, tile_features
from engine.learning.tilesets import TERRAINS, TILESETS, examples, picture
from tests.present import present

pytestmark = pytest.mark.slow  # a trained model serves all of them

SMALL = AdaptationSettings(steps=3, batch=3, tiles=40)


@pytest.fixture(scope="module")
def maps():
    return examples(64, 10, 10, seed=1)


@pytest.fixture(scope="module")
def held_out():
    return examples(30, 10, 10, seed=2)


@pytest.fixture(scope="module")
def model(maps):
    """A network that knows the costs of the meadow tiles: adapted from the meadow to itself."""
    start = next(train_terrain(maps, TrainingSettings(epochs=1, width=16))).model
    alone = AdaptationSettings(steps=150, learning_rate=8e-3, transport_weight=0.0, match_colours=False)
    *_, end = adapt(start, maps, "meadow", "meadow", alone)
    return end.model


def random_batch(generator):
    terrain = generator.integers(0, len(TERRAINS), (2, 3, 4)).astype(np.uint8)
    seeds = [(5, 0), (5, 1)]
    source, target = (
        np.stack([picture(TILESETS[name], each, seed) for each, seed in zip(terrain, seeds, strict=True)])
        for name in ("meadow", "desert")
    )
    return AdaptationBatch(
        picture_tensor(source).double(),
        picture_tensor(target).double(),
        torch.tensor(generator.normal(size=terrain.shape)),
        torch.tensor(tile_features(source)),
        torch.tensor(tile_features(target)),
        generator.choice(terrain.size, 10, replace=False),
        generator.choice(terrain.size, 10, replace=False),
    )


@pytest.mark.parametrize("done", [0.0, 0.5, 1.0])
def test_the_gradient_of_the_loss_is_a_finite_difference(model, done):
    generator = np.random.default_rng(3)
    network, batch = model.network().double(), random_batch(generator)
    settings = AdaptationSettings(transport_weight=2.0, epsilon=0.1, tolerance=1e-11)
    kept = [parameter.detach().clone() for parameter in network.parameters()]

    def loss():
        return present(adaptation_loss(network, model.unit, batch, 1.7, settings, done))

    found = loss()
    assert float((found.loss - found.prediction - 2.0 * found.transport).detach()) == pytest.approx(0.0, abs=1e-12)
    gradients = torch.autograd.grad(found.loss, list(network.parameters()))
    of_transport = torch.autograd.grad(loss().transport, list(network.parameters()))
    step = 1e-6
    for number, parameter in enumerate(network.parameters()):
        direction = torch.tensor(generator.normal(size=parameter.shape))
        values = []
        for sign in (1.0, -1.0):
            with torch.no_grad():
                parameter.copy_(kept[number] + sign * step * direction)
                values.append(float(loss().loss.detach()))
                parameter.copy_(kept[number])
        slope = (values[0] - values[1]) / (2.0 * step)
        assert float((gradients[number] * direction).sum()) == pytest.approx(slope, rel=1e-5, abs=1e-6)
        assert float(of_transport[number].abs().max()) > 1e-6  # transport is part of it, down to the first layer


def test_another_look_breaks_a_model_and_adaptation_mends_it(model, maps, held_out):
    settings = AdaptationSettings(steps=120, batch=6)
    steps = list(adapt(model, maps, "meadow", "night", settings, held_out))
    end = steps[-1]
    before, now, first = (present(seen) for seen in (end.before, end.now, steps[0].now))
    there = accuracy(model, held_out, example_pictures(held_out, ("meadow",), np.arange(30)))
    assert there.optimal > 0.8
    assert there.price_error < 0.05
    assert before.optimal < 0.1
    assert before.price_error > 0.4
    assert now.optimal > before.optimal + 0.3
    assert now.price_error < 0.4 * before.price_error
    # Transport does it, not only the colours that the first step starts from.
    assert now.optimal > first.optimal + 0.2
    assert now.price_error < 0.8 * first.price_error

    # What is shown is what is there.
    night = example_pictures(held_out, ("night",), np.arange(30))
    assert end.now == accuracy(end.model, held_out, night)
    assert end.before == accuracy(model, held_out, night)
    assert end.model.tilesets == ("night",)
    assert [each.step for each in steps] == list(range(121))
    assert [each.status for each in steps] == [None] * 120 + [Status.STEPS_DONE]
    # Adapted features of one terrain lie together, whatever the look.
    shown = end.scatter
    middles = [
        np.array([places[terrain == k].mean(axis=0) for k in range(len(TERRAINS))])
        for places, terrain in ((shown.source, shown.source_terrain), (shown.target, shown.target_terrain))
    ]
    nearest = np.square(middles[0][:, None] - middles[1]).sum(axis=2).argmin(axis=1)
    assert np.mean(nearest == np.arange(len(TERRAINS))) > 0.6
    assert 0.5 < shown.explained <= 1.0


def test_the_network_is_that_of_the_model(model, held_out):
    look = example_pictures(held_out, ("desert",), np.arange(4))
    with torch.no_grad():
        seen = model.network()(picture_tensor(look))[:, 0].double()
    prices = (torch.nn.functional.softplus(seen) + LEAST_PRICE) / model.unit
    assert np.allclose(prices.numpy(), model.price(look), rtol=1e-5)


def test_standardised_colours_are_no_more_than_another_first_layer(model, maps):
    known = example_pictures(maps, ("meadow",), np.arange(32))
    new = example_pictures(maps, ("winter",), np.arange(32, 64))
    seen = colours_of(new).standardised(picture_tensor(new))
    assert torch.allclose(seen.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4)
    assert torch.allclose(seen.std(dim=(0, 2, 3)), torch.ones(3), rtol=1e-3)
    back = colours_of(known).for_plain(colours_of(known).for_standardised(model.weights))
    assert all(np.allclose(back[name], model.weights[name], atol=1e-5) for name in back)

    settings = replace(SMALL, steps=0)
    (start,) = adapt(model, maps, "meadow", "winter", settings)
    matched = replace(model, weights=colours_of(known).for_standardised(model.weights))
    with torch.no_grad():
        prices = torch.nn.functional.softplus(matched.network()(seen)[:, 0]) + LEAST_PRICE
    assert np.allclose(start.model.price(new), prices.numpy() / model.unit, rtol=1e-3)
    (plain,) = adapt(model, maps, "meadow", "winter", replace(settings, match_colours=False))
    assert np.allclose(plain.model.price(new), model.price(new), rtol=1e-4)


def test_tile_features_tell_terrains_in_every_tileset_and_are_relative_to_it(maps):
    seen = {name: tile_features(example_pictures(maps, (name,), np.arange(64))) for name in TILESETS}
    middles = {}
    for name, features in seen.items():
        assert np.abs(features.mean(axis=(0, 1, 2))).max() < 1e-9
        assert np.allclose(np.square(features).mean(axis=(0, 1, 2)), WEIGHTS**2)
        around = {terrain: features[maps.terrain == k, 7].mean() for k, terrain in enumerate(TERRAINS)}
        assert max(around["road"], around["river"]) < min(around["meadow"], around["hills"], around["marsh"]) - 1.0
        common = {terrain: features[maps.terrain == k, 8].mean() for k, terrain in enumerate(TERRAINS)}
        assert max(common, key=lambda terrain: common[terrain]) == "meadow"  # the terrain that there is most of
        middles[name] = np.array([features[maps.terrain == k].mean(axis=0) for k in range(len(TERRAINS))])
    # Each terrain to one of the other look, at the least cost: to itself, between any two looks.
    for one in TILESETS:
        for other in TILESETS:
            cost = np.square(middles[one][:, None] - middles[other]).sum(axis=2)
            assert np.array_equal(linear_sum_assignment(cost)[1], np.arange(len(TERRAINS))), (one, other)
    look = example_pictures(maps, ("meadow",), np.arange(16))
    assert (
        np.abs(tile_features(look // 2 * 2) - tile_features(look // 2)).mean() < 0.1
    )  # a darker look is the same look


def test_the_same_seed_gives_the_same_bytes_and_iterates_stay_as_they_are(model, maps):
    def contents(iterate):
        shown = iterate.scatter
        arrays = [*iterate.model.weights.values(), shown.source, shown.target]
        return [array.tobytes() for array in arrays]

    steps = adapt(model, maps, "meadow", "winter", SMALL)
    first = next(steps)
    before = contents(first)
    *_, end = steps
    assert contents(first) == before != contents(end)
    torch.manual_seed(99)
    *_, again = adapt(model, maps, "meadow", "winter", SMALL)
    assert contents(again) == contents(end)
    *_, other = adapt(model, maps, "meadow", "winter", replace(SMALL, seed=1))
    assert contents(other) != contents(end)


def test_labels_of_the_new_look_are_never_read(model, maps):
    half = len(maps) // 2
    wrong = replace(
        maps, cost_maps=np.concatenate([maps.cost_maps[:half], np.full_like(maps.cost_maps[half:], 7.0)])
    )
    *_, one = adapt(model, maps, "meadow", "desert", SMALL)
    *_, two = adapt(model, wrong, "meadow", "desert", SMALL)
    assert all(np.array_equal(one.model.weights[name], two.model.weights[name]) for name in one.model.weights)


@pytest.mark.parametrize("learning_rate", [1e4, 1e30])
def test_the_last_good_model_is_kept(model, maps, learning_rate):
    settings = replace(SMALL, steps=20, learning_rate=learning_rate)
    steps = list(islice(adapt(model, maps, "meadow", "desert", settings), 30))
    assert steps[-1].status is Status.NOT_A_NUMBER
    assert 1 <= steps[-1].step < 20
    assert steps[-1].model is steps[-2].model
    look = example_pictures(maps, ("desert",), np.arange(2))
    assert np.isfinite(steps[-1].model.price(look)).all()
    assert np.isfinite(steps[-1].loss)


def test_refusals(model, maps):
    with pytest.raises(ValueError, match="no tileset 'lava'; there are: meadow"):
        next(adapt(model, maps, "meadow", "lava"))
    with pytest.raises(ValueError, match="no prices of tiles"):
        next(adapt(replace(model, method="direct"), maps, "meadow", "night"))
    with pytest.raises(ValueError, match="at least two example maps"):
        next(adapt(model, examples(1, 6, 6, seed=0), "meadow", "night"))
    broken: PricingModel = replace(model, weights={k: v * np.float32("nan") for k, v in model.weights.items()})
    with pytest.raises(ValueError, match="no finite prices"):
        next(adapt(broken, maps, "meadow", "night"))
