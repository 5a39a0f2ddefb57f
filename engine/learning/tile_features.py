"""What a tile may have in common with a tile of another look: numbers that need neither labels nor a network.

Brightness, tint and texture are relative to the rest of the look. The others do not depend on colours at all: how
a tile lies among its like, which tells lines from areas and from scattered tiles, and how common its look is,
which tells the terrains that cover much from those that are rare. One tile says little and noisily; so each number
is averaged over all tiles of the look that look alike, and the tiles of a terrain end up with nearly the same.

Commonness takes for granted that the maps of both looks hold about the same terrains.
"""

import numpy as np

from engine.core.arrays import Bytes, Floats
from engine.learning.tilesets import TILE

# Tiles look alike up to about this distance, in spreads of the mean and the contrast of their colours.
ALIKE = 0.25
# How much each sight counts: brightness, three numbers of tint and of texture, three of surroundings, commonness.
# Chosen so that as many tiles as can be of two looks are matched with their own terrain, on the four looks here.
WEIGHTS = np.sqrt([0.25, *[0.25] * 3, *[0.07] * 3, 0.8, 0.3, 0.1, 0.6])
# Indices of `_neighbours` on a walk around the tile.
RING = [0, 1, 2, 4, 7, 6, 5, 3]
# Passes of neighbours' neighbours, and tiles that stand for all of a look.
SPREADING, SAMPLE = 3, 1000
# Maps whose tiles are compared at once.
CHUNK = 16


def sights(pictures: Bytes) -> Floats:
    """(B, H, W, 11) sights of the tiles in pictures (B, 8·H, 8·W, 3) of one look, weighted; see `WEIGHTS`.

    Unweighted, every number has mean 0 and spread 1 over all tiles.
    """
    count, height, width = pictures.shape[0], pictures.shape[1] // TILE, pictures.shape[2] // TILE
    tiles = pictures.reshape(count, height, TILE, width, TILE, 3).astype(np.float64)
    colours, grey = tiles.mean(axis=(2, 4)), tiles.mean(axis=5)
    brightness = colours.mean(axis=3, keepdims=True)
    steps = [np.abs(np.diff(grey, axis=axis)).mean(axis=(2, 4)) for axis in (2, 4)]
    texture = np.log1p(np.stack([grey.std(axis=(2, 4)), *steps], axis=3))
    look = _look(tiles)
    each = brightness, colours - brightness, texture, _surroundings(look)
    seen = np.concatenate([_standardised(values) for values in each], axis=3)
    return _standardised(_shared(look, seen)) * WEIGHTS


def _look(tiles: Floats) -> Floats:
    """(B, H, W, 6) mean and contrast of the colours of tiles (B, H, 8, W, 8, 3), under the same light."""
    colours, contrasts = tiles.mean(axis=(2, 4)), tiles.std(axis=(2, 4))
    light = colours.mean(axis=(1, 2, 3), keepdims=True)
    return np.concatenate([_standardised(colours / light), _standardised(contrasts / light)], axis=3)


def _shared(look: Floats, seen: Floats) -> Floats:
    """(B, H, W, S + 1) what is seen of tiles (B, H, W, S) and how common they are, averaged over like tiles."""
    flat = look.reshape(-1, look.shape[3])
    sample = np.random.default_rng(0).choice(len(flat), min(SAMPLE, len(flat)), replace=False)
    others = flat[sample]

    def likeness(some: Floats) -> Floats:
        distance = np.square(some).mean(axis=1)[:, None] + np.square(others).mean(axis=1)
        distance -= 2.0 / some.shape[1] * (some @ others.T)
        return np.exp(-distance / (2.0 * ALIKE**2))

    common = np.log(likeness(others).mean(axis=1))
    of_others = np.concatenate([seen.reshape(len(flat), -1)[sample], common[:, None]], axis=1)
    parts: list[Floats] = []
    for maps in range(0, len(look), CHUNK):
        alike = likeness(look[maps : maps + CHUNK].reshape(-1, look.shape[3]))
        # A tile like none of the sample keeps the sight of those that are nearest.
        parts.append(alike @ of_others / np.maximum(alike.sum(axis=1, keepdims=True), 1e-30))
    return np.concatenate(parts).reshape(*look.shape[:3], -1)


def _surroundings(look: Floats) -> Floats:
    """(B, H, W, 3) how tiles lie among their like, for the looks (B, H, W, C) of tiles.

    The share of alike tiles among a tile's eight neighbours, averaged with that of the alike ones among them,
    thrice: so a whole line and a whole area differ, not only their inner tiles. Of the alike neighbours, how many
    have an alike one beside them in the ring, as in areas, and how many opposite, as in lines.
    """
    exists = _neighbours(np.ones((*look.shape[:3], 1)))[..., 0]
    distance = np.mean((_neighbours(look) - look) ** 2, axis=-1)
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
    """(8, B, H, W, C) values (B, H, W, C) of the eight neighbours, 0 where there is none."""
    height, width = values.shape[1:3]
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)))
    moves = [(row, column) for row in range(3) for column in range(3) if (row, column) != (1, 1)]
    return np.stack([padded[:, row : row + height, column : column + width] for row, column in moves])


def _standardised(values: Floats) -> Floats:
    """(B, H, W, …) with mean 0 and spread 1 over all tiles."""
    centred = values - values.mean(axis=(0, 1, 2))
    return centred / np.maximum(centred.std(axis=(0, 1, 2)), 1e-9)
