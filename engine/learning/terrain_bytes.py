"""Trained networks as bytes, in the safetensors format: weights and a few words about them, never code."""

import json
from math import isfinite
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.learning.terrain import METHODS, PricingModel, build_network

FORMAT = "longcut pricing network 1"
LARGEST_WIDTH = 256  # channels; the network of "direct" then has 18 MB
LARGEST_FILE = 20 << 20  # bytes; check the size of a file before reading it
LONGEST_HEADER = 1 << 16  # bytes


def model_to_bytes(model: PricingModel) -> bytes:
    """Return a model as the bytes of a safetensors file."""
    about = {
        "format": FORMAT,
        "method": model.method,
        "width": str(model.width),
        "unit": repr(model.unit),
        "tilesets": ",".join(model.tilesets),
    }
    return save(dict(model.weights), about)


def model_from_bytes(data: bytes) -> PricingModel:
    """Return the model of which `model_to_bytes` made these bytes. Raises ValueError, with the reason, for others.

    The header is checked before any weight is copied.
    """
    about = _words_about(data)
    if about.get("format") != FORMAT:
        raise ValueError(f"it is no pricing network of this program: its format is {about.get('format')!r}")
    method, width, unit = (str(about.get(key, "")) for key in ("method", "width", "unit"))
    if method not in METHODS or not (width.isdecimal() and 0 < int(width) <= LARGEST_WIDTH) or not _positive(unit):
        raise ValueError(f"it is damaged: method {method!r}, width {width!r}, unit {unit!r}")
    try:
        weights: dict[str, npt.NDArray[np.float32]] = load(data)
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(f"it is not a safetensors file: {error}") from error
    with torch.device("meta"):  # shapes only
        expected = build_network(method, int(width)).state_dict()
    for name, tensor in expected.items():
        found = weights.get(name)
        if (
            found is None
            or found.dtype != np.float32
            or found.shape != tuple(tensor.shape)
            or not np.isfinite(found).all()
        ):
            raise ValueError(f"it is damaged: the weights {name!r} are missing, misshapen or not finite")
    kept = {name: weights[name] for name in expected}
    tilesets = tuple(str(about.get("tilesets", "")).split(","))
    return PricingModel(kept, method, int(width), float(unit), tilesets)


def _words_about(data: bytes) -> dict[str, Any]:
    """Return the words in the header of a safetensors file: eight bytes with its length, then JSON."""
    length = int.from_bytes(data[:8], "little")
    if len(data) > LARGEST_FILE or not 0 < length <= min(LONGEST_HEADER, len(data) - 8):
        raise ValueError("it is not a safetensors file of a pricing network: its header cannot be that long")
    try:
        header: Any = json.loads(data[8 : 8 + length])
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not a safetensors file: its header is no JSON") from error
    about = cast("dict[str, Any]", header).get("__metadata__") if isinstance(header, dict) else None
    return cast("dict[str, Any]", about) if isinstance(about, dict) else {}


def _positive(number: str) -> bool:
    try:
        return isfinite(float(number)) and float(number) > 0.0
    except ValueError:
        return False
