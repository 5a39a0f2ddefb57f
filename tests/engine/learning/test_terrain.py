"""Learning terrain costs from paths: gradients, a tiny training that finds the order of the costs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.core.status import Status
from engine.learning.terrain import (
    METHODS,
    TrainingSettings,
    build_network,
    example_pictures,
    optimal_share,
    train_terrain,
    training_loss,
)
from engine.learning.tilesets import COSTS, TILE, examples
from tests.present import present

pytestmark = pytest.mark.slow  # a trained model serves all of them

TINY = TrainingSettings(epochs=4, batch=20, width=16, learning_rate=1e-2)


@pytest.fixture(scope="module")
def maps():
    return examples(500, 8, 8, 1), examples(100, 8, 8, 2)


@pytest.fixture(scope="module")
def trained(maps):
    return list(train_terrain(maps[0], TINY, maps[1]))


@pytest.mark.parametrize("method", [method for method in METHODS if method != "interpolation"])
def test_gradients_by_the_weights_are_finite_differences(maps, method):
    settings = TrainingSettings(method, softness=0.5)
    torch.manual_seed(0)
    network = build_network(method, 4).double()
    which = np.arange(3)
    seen = torch.tensor(example_pictures(maps[0], ("meadow",), which)).permute(0, 3, 1, 2).double() / 127.5 - 1.0

    def loss():
        return training_loss(network, seen, maps[0], which, settings, 1)[0]

    loss().backward()
    step, compared = 1e-6, []
    for parameter in network.parameters():
        flat, gradient = parameter.data.view(-1), present(parameter.grad).reshape(-1)
        place = int(gradient.abs().argmax())
        kept = float(flat[place])
        values = []
        for sign in (1.0, -1.0):
            flat[place] = kept + sign * step
            values.append(float(loss().detach()))
        flat[place] = kept
        compared.append((float(gradient[place]), (values[0] - values[1]) / (2.0 * step)))
    found, expected = np.array(compared).T
    assert np.abs(expected).max() > 1e-3
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-7)


def test_a_tiny_training_finds_the_order_of_costs_it_never_saw(maps, trained):
    losses = np.array([iterate.loss for iterate in trained])
    assert losses[-20:].mean() < 0.3 * losses[:5].mean()
    end = trained[-1]
    assert (end.step, end.status) == (100, Status.STEPS_DONE)
    assert all(iterate.status is None for iterate in trained[:-1])
    assert trained[0].optimal is None
    assert optimal_share(trained[0].model, maps[1]) < 0.3
    assert end.optimal == optimal_share(end.model, maps[1]) > 0.6
    prices = end.model.price(example_pictures(maps[1], ("meadow",), np.arange(100)))
    means = [prices[maps[1].cost_maps == cost].mean() for cost in COSTS.values()]
    assert means == sorted(means)
    assert prices.mean() == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("method", ["perturbation", "interpolation", "direct"])
def test_every_method_lowers_its_loss(maps, method):
    settings = replace(TINY, method=method, epochs=2, learning_rate=3e-3)
    losses = np.array([iterate.loss for iterate in train_terrain(maps[0], settings)])
    assert losses[-10:].mean() < 0.8 * losses[:3].mean()


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_one_alone(maps, trained):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    again = next(train_terrain(maps[0], TINY))
    assert torch.equal(torch.rand(1), expected)
    for name, weights in trained[0].model.weights.items():
        assert np.array_equal(again.model.weights[name], weights)
    other = next(train_terrain(maps[0], replace(TINY, seed=1)))
    assert not np.array_equal(other.model.weights["0.weight"], again.model.weights["0.weight"])


def test_iterates_are_copies(trained):
    first, last = trained[0].model.weights, trained[-1].model.weights
    assert all(not np.array_equal(first[name], last[name]) for name in first)


def test_a_tile_is_priced_by_what_it_shows(maps, trained):
    model = trained[-1].model
    seen = example_pictures(maps[1], ("meadow",), np.arange(2))
    prices = model.price(seen)
    assert prices.shape == (2, 8, 8)
    cut = model.price(seen[:, 2 * TILE : 5 * TILE, 3 * TILE :])
    assert np.allclose(cut, prices[:, 2:5, 3:], rtol=1e-5)


def test_a_perfect_and_a_useless_model_are_told_apart(maps, trained, monkeypatch):
    model = trained[-1].model
    kind = type(model)
    monkeypatch.setattr(kind, "price", lambda self, pictures: maps[1].cost_maps[: len(pictures)])
    half = replace_costs(maps[1])
    assert optimal_share(model, half) == 1.0
    monkeypatch.setattr(kind, "price", lambda self, pictures: 1.0 / maps[1].cost_maps[: len(pictures)])
    assert optimal_share(model, half) < 0.1


def replace_costs(held_out):
    """The first fifty examples alone: one batch of an evaluation."""
    first = slice(0, 50)
    return replace(
        held_out,
        terrain=held_out.terrain[first],
        cost_maps=held_out.cost_maps[first],
        loads=held_out.loads[first],
        costs=held_out.costs[first],
    )


def test_what_is_no_number_ends_the_training(maps):
    end = list(train_terrain(maps[0], replace(TINY, learning_rate=float("inf"))))[-1]
    assert end.status is Status.NOT_A_NUMBER
    assert end.step < 100
    assert all(np.isfinite(weights).all() for weights in end.model.weights.values())


def test_misuse_is_refused_with_a_sentence(maps, trained):
    with pytest.raises(ValueError, match="no tileset 'lava'; there are: meadow, winter"):
        next(train_terrain(maps[0], TrainingSettings(tilesets=("lava",))))
    with pytest.raises(ValueError, match="at least one tileset"):
        next(train_terrain(maps[0], TrainingSettings(tilesets=())))
    with pytest.raises(ValueError, match="whole tiles of 8"):
        trained[-1].model.price(np.zeros((1, 20, 16, 3), dtype=np.uint8))
