"""Noise over the cells of a map: the same cell has the same value, whatever stretch of the map is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maps.raster import Rectangle

GRAINS = ((6, 0.65), (2, 0.35))  # cells between the knots of each layer, and its share


def noise_factors(rectangle: Rectangle, strength: float, seed: int) -> NDArray[np.float64]:
    """Return factors for the costs of a rectangle's cells, from exp(-strength) to exp(strength).

    The logarithm is even to either side of 0, so that dearer and cheaper are as likely.
    """
    return np.exp(strength * value_noise(rectangle, seed))


def value_noise(rectangle: Rectangle, seed: int) -> NDArray[np.float64]:
    """Return smooth random values within [-1, 1] for the cells of a half-open rectangle (r0, c0, r1, c1).

    Layers of random values on a lattice, blended between its knots by smoothstep ("value noise").
    """
    r0, c0, r1, c1 = rectangle
    total = np.zeros((r1 - r0, c1 - c0))
    for layer, (grain, share) in enumerate(GRAINS):
        (up, down, vertical), (left, right, across) = _knots(r0, r1, grain), _knots(c0, c1, grain)
        vertical = vertical[:, None]
        above = _blend(_at(up, left, seed, layer), _at(up, right, seed, layer), across)
        below = _blend(_at(down, left, seed, layer), _at(down, right, seed, layer), across)
        total += share * _blend(above, below, vertical)
    return total


def _knots(first: int, end: int, grain: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The knots before and after each cell, and how far it is from one to the other."""
    at = np.arange(first, end)
    before = at // grain
    share = (at - before * grain) / grain
    return before, before + 1, share * share * (3.0 - 2.0 * share)


def _blend(
    one: NDArray[np.float64], other: NDArray[np.float64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    return one + share * (other - one)


def _at(rows: NDArray[np.int64], columns: NDArray[np.int64], seed: int, layer: int) -> NDArray[np.float64]:
    """Values in [-1, 1] of knots: the bits of row, column, seed and layer, stirred as SplitMix64 does."""
    with np.errstate(over="ignore"):
        key = np.uint64((2 * seed + layer + 1) & 0xFFFFFFFF) * np.uint64(0x9E3779B97F4A7C15)
        mixed = rows.astype(np.uint64)[:, None] * np.uint64(0xD1B54A32D192ED03) + key
        mixed = mixed ^ (columns.astype(np.uint64)[None] * np.uint64(0xABC98388FB8FAC03))
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * (2.0 / 2**53) - 1.0
