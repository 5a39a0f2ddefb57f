"""Mean and spread of colours: networks train on standardised pictures, and are stored for plain ones."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.core.arrays import Bytes, Floats

WeightArrays = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Colours:
    """Mean (3,) and standard deviation (3,) of the colours of pictures, on a scale from −1 to 1."""

    mean: Floats
    spread: Floats

    def standardised(self, pictures: Tensor) -> Tensor:
        """Standardise pictures (B, 3, …): to mean 0 and spread 1 where these are their colours."""
        mean, spread = (pictures.new_tensor(values)[:, None, None] for values in (self.mean, self.spread))
        return (pictures - mean) / spread

    def for_plain(self, weights: WeightArrays) -> WeightArrays:
        """Return weights that give on plain pictures what the given ones give on standardised ones.

        Only the first layer differs, a convolution with a weight (C, 3, …) and a bias (C,).
        """
        return _first_layer(weights, 1.0 / self.spread, -self.mean / self.spread)

    def for_standardised(self, weights: WeightArrays) -> WeightArrays:
        """Invert `for_plain`."""
        return _first_layer(weights, self.spread, self.mean)


def colours_of(pictures: Bytes) -> Colours:
    """Compute the statistics of pictures (B, H, W, 3), uint8 RGB."""
    flat = picture_tensor(pictures).movedim(1, 3).reshape(-1, 3).double().numpy()
    return Colours(flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-3))


def picture_tensor(pictures: Bytes) -> Tensor:
    """Convert pictures (B, H, W, 3), uint8, to a tensor (B, 3, H, W), float32 from −1 to 1."""
    return torch.tensor(pictures).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1.0


def _first_layer(weights: WeightArrays, factor: Floats, shift: Floats) -> WeightArrays:
    """Return weights that give on a picture what the given ones give on picture · factor + shift."""
    name, bias, *_ = weights
    weight = weights[name].astype(np.float64)
    changed = {
        name: weight * factor[:, None, None],
        bias: weights[bias] + (weight.sum(axis=(2, 3)) * shift).sum(axis=1),
    }
    return {**weights, **{key: values.astype(np.float32) for key, values in changed.items()}}
