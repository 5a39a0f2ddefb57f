"""Features by which tiles of two tilesets can be compared, computed without labels and without a network.

Brightness, tint and texture are relative to the other tiles of the tileset. The other features do not depend on
colours: how similar tiles are arranged around a tile, which distinguishes lines, areas and scattered tiles, and
how frequent similar tiles are. A single tile is noisy, so each feature is averaged over all similar tiles of the
tileset, and the tiles of one terrain end with nearly equal features.

Frequencies are comparable only if the maps of both tilesets hold about the same terrains.
"""

import numpy as np

from engine.core.arrays import Bytes, Floats
from engine.learning.tilesets import TILE

# Two tiles are similar up to about this distance, in spreads of the mean and the contrast of their colours.
ALIKE = 0.25
# Weights of the features: brightness, three of tint and of texture, three of the surroundings, frequency. Chosen
# for the four tilesets here, to match as many tiles of two tilesets as possible with their own terrain.
WEIGHTS = np.sqrt([0.25, *[0.25] * 3, *[0.07] * 3, 0.8, 0.3, 0.1, 0.6])
# Indices of `_neighbours` on a walk around the tile.
RING = [0, 1, 2, 4, 7, 6, 5, 3]
# Passes over the neighbours of neighbours, and the number of tiles that represent a tileset.
SPREADING, SAMPLE = 3, 1000
# Maps whose tiles are compared at once.
CHUNK = 16


def tile_features(pictures: Bytes) -> Floats:
    """Return features (B, H, W, 11) of the tiles in pictures (B, 8·H, 8·W, 3) of one tileset, times `WEIGHTS`.

    Before that, every feature has mean 0 and spread 1 over all tiles.
    """
    count, height, width = pictures.shape[0], pictures.shape[1] // TILE, pictures.shape[2] // TILE
    tiles = pictures.reshape(count, height, TILE, width, TILE, 3).astype(np.float64)
    colours, grey = tiles.mean(axis=(2, 4)), tiles.mean(axis=5)
    brightness = colours.mean(axis=3, keepdims=True)
    steps = [np.abs(np.diff(grey, axis=axis)).mean(axis=(2, 4)) for axis in (2, 4)]
    texture = np.log1p(np.stack([grey.std(axis=(2, 4)), *steps], axis=3))
    colouring = _colouring(tiles)
    each = brightness, colours - brightness, texture, _surroundings(colouring)
    features = np.concatenate([_standardised(values) for values in each], axis=3)
    return _standardised(_averaged(colouring, features)) * WEIGHTS


def _colouring(tiles: Floats) -> Floats:
    """Return mean and contrast of the colours, (B, H, W, 6), of tiles (B, H, 8, W, 8, 3), without the light."""
    colours, contrasts = tiles.mean(axis=(2, 4)), tiles.std(axis=(2, 4))
    light = colours.mean(axis=(1, 2, 3), keepdims=True)
    return np.concatenate([_standardised(colours / light), _standardised(contrasts / light)], axis=3)


def _averaged(colouring: Floats, features: Floats) -> Floats:
    """Return features (B, H, W, S) and the frequency of tiles, (B, H, W, S + 1), averaged over similar tiles."""
    flat = colouring.reshape(-1, colouring.shape[3])
    sample = np.random.default_rng(0).choice(len(flat), min(SAMPLE, len(flat)), replace=False)
    others = flat[sample]

    def similarity(some: Floats) -> Floats:
        distance = np.square(some).mean(axis=1)[:, None] + np.square(others).mean(axis=1)
        distance -= 2.0 / some.shape[1] * (some @ others.T)
        return np.exp(-distance / (2.0 * ALIKE**2))

    frequency = np.log(similarity(others).mean(axis=1))
    of_others = np.concatenate([features.reshape(len(flat), -1)[sample], frequency[:, None]], axis=1)
    parts: list[Floats] = []
    for maps in range(0, len(colouring), CHUNK):
        alike = similarity(colouring[maps : maps + CHUNK].reshape(-1, colouring.shape[3]))
        # A tile similar to none of the sample gets the features of the nearest ones.
        parts.append(alike @ of_others / np.maximum(alike.sum(axis=1, keepdims=True), 1e-30))
    return np.concatenate(parts).reshape(*colouring.shape[:3], -1)


def _surroundings(colouring: Floats) -> Floats:
    """Return how similar tiles are arranged around each tile, (B, H, W, 3), given their colouring (B, H, W, C).

    The first is the share of similar tiles among the eight neighbours, averaged three times with that of these
    similar neighbours, so that whole lines and areas differ and not only their inner tiles. The others are the
    shares of similar neighbours that have a similar one beside them in the ring, as in areas, and opposite to
    them, as in lines.
    """
    exists = _neighbours(np.ones((*colouring.shape[:3], 1)))[..., 0]
    distance = np.mean((_neighbours(colouring) - colouring) ** 2, axis=-1)
    alike = exists * np.exp(-distance / (2.0 * ALIKE**2))
    count = alike.sum(axis=0)
    share = count / np.maximum(1.0, exists.sum(axis=0))
    for _ in range(SPREADING):
        beside = _neighbours(share[..., None])[..., 0]
        share = (share + (alike * beside).sum(axis=0)) / (1.0 + count)
    ring = alike[RING]
    pairs = [(ring * np.roll(ring, turn, axis=0)).sum(axis=0) / np.maximum(0.5, count) for turn in (1, 4)]
    return np.stack([share, *pairs], axis=3)


def _neighbours(values: Floats) -> Floats:
    """Return the values (B, H, W, C) of the eight neighbours, (8, B, H, W, C); 0 where there is none."""
    height, width = values.shape[1:3]
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moves = [(row, column) for row in range(3) for column in range(3) if (row, column) != (1, 1)]
    return np.stack([padded[:, row : row + height, column : column + width] for row, column in moves])


def _standardised(values: Floats) -> Floats:
    """Standardise values (B, H, W, …) to mean 0 and spread 1 over all tiles."""
    centred = values - values.mean(axis=(0, 1, 2))
    return centred / np.maximum(centred.std(axis=(0, 1, 2)), 1e-9)
