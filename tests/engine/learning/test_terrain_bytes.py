"""Trained networks as bytes: there and back, and what is no network is refused with its reason."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from engine.learning.terrain import PricingModel, build_network
from engine.learning.terrain_bytes import (
    LARGEST_FILE,
    LARGEST_WIDTH,
    LONGEST_HEADER,
    model_from_bytes,
    model_to_bytes,
)


@pytest.fixture(scope="module")
def model():
    network = build_network("fenchel_young", 16)
    weights = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    return PricingModel(weights, "fenchel_young", 16, 1.7, ("meadow", "winter"))


def test_a_model_comes_back_from_its_bytes(model):
    again = model_from_bytes(model_to_bytes(model))
    seen = np.random.default_rng(0).integers(0, 256, (2, 24, 16, 3)).astype(np.uint8)
    assert np.array_equal(again.price(seen), model.price(seen))
    assert (again.method, again.width, again.unit, again.tilesets) == (
        "fenchel_young",
        16,
        1.7,
        ("meadow", "winter"),
    )


def test_reading_draws_no_random_numbers(model):
    data, state = model_to_bytes(model), torch.get_rng_state()
    model_from_bytes(data)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_largest_network_is_within_the_limit():
    with torch.device("meta"):
        numbers = sum(weights.numel() for weights in build_network("direct", LARGEST_WIDTH).parameters())
    assert 4 * numbers + LONGEST_HEADER < LARGEST_FILE


def damaged(data, change):
    """The bytes with their metadata or weights changed."""
    weights = load(data)
    about = {"format": "longcut pricing network 1", "method": "fenchel_young", "width": "16", "unit": "2.0"}
    change(weights, about)
    return save(weights, about)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda weights, about: about.update(format="something"), "no pricing network of this program"),
        (lambda weights, about: about.update(width="9999999"), "width '9999999'"),
        (lambda weights, about: about.update(unit="zero"), "unit 'zero'"),
        (lambda weights, about: about.update(unit="-1"), "unit '-1'"),
        (lambda weights, about: about.update(method="magic"), "method 'magic'"),
        (lambda weights, about: weights.pop("0.weight"), "'0.weight' are missing"),
        (lambda weights, about: weights.update({"0.bias": np.full(16, np.nan, dtype=np.float32)}), "not finite"),
        (lambda weights, about: weights.update({"0.bias": np.zeros(3, dtype=np.float32)}), "misshapen"),
        (lambda weights, about: weights.update({"0.bias": np.zeros(16)}), "misshapen"),
    ],
)
def test_a_file_that_is_no_model_is_refused_with_its_reason(model, change, says):
    with pytest.raises(ValueError, match=says):
        model_from_bytes(damaged(model_to_bytes(model), change))


def header(text):
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "header cannot be that long"),
        (b"not a model", "header cannot be that long"),
        ((1 << 60).to_bytes(8, "little") + b"{}", "header cannot be that long"),
        (bytes(1 << 20), "header cannot be that long"),
        (header(b"[" * 60_000), "no JSON"),
        (header(b"\xff{}"), "no JSON"),
        (header(b"[]"), "no pricing network"),
        (header(b'{"__metadata__": []}'), "no pricing network"),
        (
            header(
                json.dumps(
                    {
                        "__metadata__": {
                            "format": "longcut pricing network 1",
                            "method": "direct",
                            "width": "256",
                            "unit": "1",
                        },
                        "0.bias": {"dtype": "F32", "shape": [1 << 40], "data_offsets": [0, 1 << 42]},
                    }
                ).encode()
            ),
            "not a safetensors file",
        ),
    ],
)
def test_bytes_that_are_no_model_are_refused_with_their_reason(data, says):
    with pytest.raises(ValueError, match=says):
        model_from_bytes(data)
