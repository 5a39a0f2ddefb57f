"""Tiles that nothing is said of, as few terrains: by the colours of their pictures, else by where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

ALIKE = 0.09  # of two colours in OKLab, between which a just noticeable difference is about 0.02
SEED_SHARE = 0.02  # of the cells of all such tiles, from which one founds a terrain without a picture
MOST_SEEDS = 8
MOST_PAIRED = 2048  # tiles whose neighbourhoods are counted; above, each founds its own
MOST_COUNTED = 1 << 20  # cells, from which on only every second row, third row, … is counted


def groups_by_colour(
    tiles: Sequence[int], counts: Mapping[int, int], colours: Mapping[int, str]
) -> dict[int, int]:
    """Return for each tile the one whose terrain it is: the commonest one of about its colour.

    tiles: that all have a colour "#rrggbb".
    """
    leaders: list[tuple[int, NDArray[np.float64]]] = []
    found: dict[int, int] = {}
    for tile in sorted(tiles, key=lambda each: -counts[each]):
        colour = oklab(colours[tile])
        apart = [(float(np.linalg.norm(colour - led)), leader) for leader, led in leaders]
        distance, nearest = min(apart, default=(np.inf, tile))
        if distance > ALIKE:
            leaders.append((tile, colour))
            nearest = tile
        found[tile] = nearest
    return found


def groups_by_place(tiles: Sequence[int], number: NDArray[np.int64]) -> dict[int, int]:
    """Return for each tile the one whose terrain it is: the common one beside which it lies most often.

    Rare tiles that lie beside none of the others are one terrain.
    number: (H, W) of the tile in every cell; others than `tiles` count for nothing.
    """
    if len(tiles) > MOST_PAIRED:
        return {tile: tile for tile in tiles}
    place = np.full(int(number.max(initial=0)) + 1, -1)
    place[list(tiles)] = np.arange(len(tiles))
    cells = place[number]
    counts = np.bincount(cells[cells >= 0], minlength=len(tiles))
    beside = _neighbours(cells, len(tiles))
    order = np.argsort(-counts, kind="stable").tolist()
    seeds = [at for at in order[:MOST_SEEDS] if counts[at] >= SEED_SHARE * counts.sum()] or order[:1]
    group = np.full(len(tiles), -1)
    group[seeds] = seeds
    # How often each tile lies beside those that are settled, in all, and beside those of each group.
    settled, beside_group = beside[:, seeds].sum(axis=1), np.zeros_like(beside)
    beside_group[:, seeds] = beside[:, seeds]
    rest = -1  # the group of rare tiles that lie beside none of the others
    for _ in range(len(tiles) - len(seeds)):
        # The one with the most settled neighbours, so that the inner tiles of a patch follow its rim.
        rank = np.where(group < 0, settled * (int(counts.max()) + 1) + counts, -1)
        chosen = int(np.argmax(rank))
        if settled[chosen]:
            found = int(np.argmax(beside_group[chosen]))
        else:
            found = rest = chosen if rest < 0 else rest
        group[chosen] = found
        settled += beside[:, chosen]
        beside_group[:, found] += beside[:, chosen]
    return {tile: tiles[group[at]] for at, tile in enumerate(tiles)}


def _neighbours(cells: NDArray[np.int64], many: int) -> NDArray[np.int64]:
    """How often (n, n) tiles lie side by side; cells: (H, W), -1 for what does not count."""
    step = max(1, -(-cells.size // MOST_COUNTED))
    upper, lower = cells[:-1:step], cells[1::step]
    counts = np.zeros(many * many, np.int64)
    for one, other in ((cells[::step, :-1], cells[::step, 1:]), (upper, lower)):
        both = (one >= 0) & (other >= 0) & (one != other)
        counts += np.bincount(one[both] * many + other[both], minlength=many * many)
    square = counts.reshape(many, many)
    return square + square.T


def oklab(colour: str) -> NDArray[np.float64]:
    """Return a colour "#rrggbb" in OKLab, where distances are about as seen.

    Source: B. Ottosson, "A perceptual color space for image processing", 2020.
    """
    channels = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return _LAB_OF_CONES @ np.cbrt(_CONES_OF_RGB @ linear)


_CONES_OF_RGB = np.array(
    (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
)
_LAB_OF_CONES = np.array(
    (
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    )
)
