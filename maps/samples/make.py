"""Makes the sample maps: `python -m maps.samples.make` writes them beside this file, the same every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maps.document import Bounds, Cell, Layout, MapDocument, Mask, Route, Terrain
from maps.formats import write_map
from maps.samples import SAMPLES

Field = NDArray[np.float64]

BLUE, ORANGE, GREEN = "#0072b2", "#e69f00", "#009e73"
ROAD, GRASS = Terrain("road", 0.4, "#f2e6c4"), Terrain("grass", 1.0, "#b9cf6a")
WALL = Terrain("wall", 1.0, "#22242b", passable=False)


def make(name: str) -> MapDocument:
    """One sample map by its name in `SAMPLES`."""
    document = _MAKERS[name]()
    title, what = SAMPLES[name]
    return document.replace(name=title, metadata={"description": what, "licence": "CC0-1.0"})


def plain() -> MapDocument:
    """Meadows with a few heaths; costs near 1, so that a run starts almost uniform."""
    field = noise((32, 32), 9.0, 1)
    terrain = (GRASS, Terrain("heath", 1.25, "#a3a65c"), Terrain("thicket", 1.6, "#4f7f5a"))
    cost = banded(field, (0.62, 0.85), terrain)
    return document(cost, np.ones((32, 32), np.bool_), routes=[((16, 1), (16, 30))], palette=(*terrain, WALL))


def river() -> MapDocument:
    """A river from north to south, wide and deep, with two bridges that may not change."""
    shape = (64, 64)
    rows, columns = np.mgrid[:64, :64].astype(np.float64)
    middle = 31 + 6.5 * np.sin(rows / 9.5 + 0.4) + 3.0 * np.sin(rows / 4.3 + 1.0)
    distance = np.abs(columns - middle)
    terrain = (GRASS, Terrain("wood", 2.0, "#3f8f5f"), Terrain("bog", 3.2, "#4b6d8a"))
    cost = banded(noise(shape, 11.0, 2), (0.58, 0.84), terrain)
    cost = np.where(distance < 4.5, np.where(distance < 3.6, cost, 2.6), cost)
    water = distance < 2.7
    passable, locked = ~water, np.zeros(shape, np.bool_)
    for row in (14, 47):
        bridge = (np.abs(rows - row) < 1.5) & (distance < 4.2)
        passable |= bridge
        locked |= bridge
        cost[bridge] = ROAD.cost
    for path in ([(31, 3), (20, 14), (14, 27)], [(31, 3), (44, 15), (47, 26)]):
        cost[road(shape, path) & ~locked & passable] = ROAD.cost
    for path in ([(14, 40), (22, 50), (32, 60)], [(47, 33), (45, 44), (40, 54), (32, 60)]):
        cost[road(shape, path) & ~locked & passable] = ROAD.cost
    palette = (ROAD, *terrain, Terrain("bank", 2.6, "#8c8158"), Terrain("water", 1.0, "#22324b", passable=False))
    return document(cost, passable, locked=locked, routes=[((31, 3), (32, 60))], palette=palette)


def mountain_pass() -> MapDocument:
    """A ridge across the map, steeper towards its crest, with a saddle; the crest itself is rock."""
    shape = (80, 80)
    rows, columns = np.mgrid[:80, :80].astype(np.float64)
    crest = 40 + 6.0 * np.sin(rows / 13.0) + 8.0 * (noise(shape, 14.0, 3) - 0.5)
    saddle = np.exp(-(((rows - 49) / 8.0) ** 2))
    height = np.exp(-(((columns - crest) / 11.0) ** 2)) * (1.0 - 0.72 * saddle) + 0.16 * noise(shape, 6.0, 4)
    terrain = (
        GRASS,
        Terrain("slope", 1.6, "#c9b070"),
        Terrain("scree", 2.6, "#9a8562"),
        Terrain("steep", 3.8, "#6b5a55"),
    )
    cost = banded(height, (0.28, 0.48, 0.7), terrain, absolute=True)
    passable = height < 0.93
    cost[road(shape, [(60, 4), (56, 20), (50, 33), (49, 46), (40, 62), (22, 75)]) & passable] = ROAD.cost
    return document(
        cost,
        passable,
        routes=[((60, 4), (22, 75))],
        palette=(ROAD, *terrain, Terrain("cliff", 1.0, "#22242b", passable=False)),
    )


def city() -> MapDocument:
    """Blocks of houses of uneven size between streets, two avenues, a park and a market square."""
    generator = np.random.default_rng(5)
    side = 96
    passable = np.ones((side, side), np.bool_)
    cost = np.full((side, side), 1.0)
    cuts = [0]
    while cuts[-1] < side - 9:
        cuts.append(cuts[-1] + int(generator.integers(8, 13)))
    for top, bottom in zip(cuts, [*cuts[1:], side], strict=True):
        for left, right in zip(cuts, [*cuts[1:], side], strict=True):
            houses = np.s_[top + 2 : bottom - 1, left + 2 : right - 1]
            kind = generator.random()
            if kind < 0.78:
                passable[houses] = False
                if kind < 0.2 and bottom - top > 8:  # a yard with a gate
                    passable[top + 4 : bottom - 3, left + 4 : right - 3] = True
                    passable[(top + bottom) // 2, left + 2 : left + 5] = True
            elif kind < 0.9:
                cost[houses] = 1.8  # a park
    for at in (cuts[3], cuts[6]):
        cost[at : at + 2, :] = ROAD.cost
        cost[:, at : at + 2] = ROAD.cost
    square = np.s_[cuts[4] : cuts[5] + 2, cuts[4] : cuts[5] + 2]
    passable[square] = True
    cost[square] = 0.7
    palette = (
        Terrain("avenue", 0.4, "#f2e6c4"),
        Terrain("square", 0.7, "#d9c7a0"),
        Terrain("street", 1.0, "#a9a9a4"),
        Terrain("park", 1.8, "#3f8f5f"),
        Terrain("house", 1.0, "#2b2a30", passable=False),
    )
    return document(
        cost,
        passable,
        routes=[((1, 1), (94, 94)), ((94, 1), (1, 94))],
        names=("courier", "patrol"),
        palette=palette,
    )


def arena() -> MapDocument:
    """The left half drawn, the right half its mirror image: bases, cover, a contested middle."""
    shape = (64, 64)
    field = noise(shape, 8.0, 6)
    field = 0.5 * (field + field[:, ::-1])
    terrain = (GRASS, Terrain("rubble", 1.8, "#b08a5a"), Terrain("mud", 3.0, "#5f6f6a"))
    cost = banded(field, (0.6, 0.85), terrain)
    passable = np.ones(shape, np.bool_)
    for top, left, bottom, right in (
        (8, 12, 22, 14),
        (42, 12, 56, 14),
        (26, 18, 28, 27),
        (36, 18, 38, 27),
        (10, 22, 12, 29),
        (52, 22, 54, 29),
        (18, 29, 24, 32),
        (40, 29, 46, 32),
    ):
        passable[top:bottom, left:right] = False
        passable[top:bottom, 64 - right : 64 - left] = False
    locked = np.zeros(shape, np.bool_)
    for base in (np.s_[29:35, 2:8], np.s_[29:35, 56:62]):
        locked[base] = True
        cost[base] = ROAD.cost
    flags = np.array([[31.5, 31.5], [6.0, 31.5], [57.0, 31.5]])
    layout = Layout("flags", flags, np.array([2.0, 1.0, 1.0]), ORANGE)
    return document(
        cost,
        passable,
        locked=locked,
        routes=[((31, 4), (6, 31)), ((31, 59), (6, 32))],
        names=("blue to flag", "orange to flag"),
        palette=(ROAD, *terrain, WALL),
    ).replace(layouts=(layout,))


def island() -> MapDocument:
    """Land in the sea, higher and dearer inland; three landing places, one keep."""
    shape = (128, 128)
    rows, columns = np.mgrid[:128, :128].astype(np.float64)
    radius = np.hypot((rows - 64) / 58.0, (columns - 64) / 60.0)
    height = 1.0 - radius**1.6 + 0.85 * (noise(shape, 26.0, 7) - 0.5) + 0.22 * (noise(shape, 9.0, 8) - 0.5)
    land = largest_part(height > 0.12)
    terrain = (
        Terrain("beach", 0.8, "#ecdca4"),
        GRASS,
        Terrain("forest", 2.0, "#3f8f5f"),
        Terrain("hill", 3.2, "#8a6f4e"),
        Terrain("peak", 4.6, "#55484a"),
    )
    cost = banded(height, (0.2, 0.45, 0.72, 0.95), terrain, absolute=True)
    keep = nearest(land, (60, 66))
    landings = [nearest(land, cell) for cell in ((116, 58), (40, 6), (30, 118))]
    routes = [(landing, keep) for landing in landings]
    loot = np.random.default_rng(9).uniform(20, 108, (60, 2))
    cells = np.rint(loot).astype(np.int64)
    loot = loot[land[cells[:, 0], cells[:, 1]]]
    layout = Layout("loot", loot, 1.0 + (np.arange(len(loot), dtype=np.float64) % 3.0), BLUE)
    sea = Terrain("sea", 1.0, "#1d2c44", passable=False)
    names = ("south landing", "west landing", "north-east landing")
    return document(cost, land, routes=routes, names=names, palette=(*terrain, sea)).replace(layouts=(layout,))


def canyon() -> MapDocument:
    """A gorge that winds from one side to the other through rock, with side arms and shortcuts."""
    shape = (128, 128)
    rows, columns = np.mgrid[:128, :128].astype(np.float64)
    floor = np.zeros(shape, np.bool_)
    for offset, sway, phase in ((64.0, 30.0, 0.0), (46.0, 24.0, 1.9), (84.0, 26.0, 3.6)):
        line = offset + sway * np.sin(columns / 15.0 + phase) * np.clip(np.sin(columns / 40.6), 0.0, 1.0)
        line = 64 + (line - 64) * np.clip(np.minimum(columns, 127 - columns) / 18.0, 0.0, 1.0)
        width = 4.0 + 4.5 * noise(shape, 16.0, 10)
        floor |= np.abs(rows - line) < width
    floor = largest_part(floor)
    terrain = (
        Terrain("sand", 0.8, "#ecd9a8"),
        Terrain("gravel", 1.4, "#c49a62"),
        Terrain("boulders", 2.8, "#8a5a3c"),
    )
    cost = banded(noise(shape, 7.0, 11), (0.5, 0.8), terrain)
    rock = Terrain("rock", 1.0, "#2d2320", passable=False)
    return document(
        cost, floor, routes=[(nearest(floor, (64, 1)), nearest(floor, (64, 126)))], palette=(*terrain, rock)
    )


def ruins() -> MapDocument:
    """A maze of rooms with many broken walls, overgrown in places."""
    side, room = 256, 8
    generator = np.random.default_rng(12)
    passable = np.ones((side, side), np.bool_)
    passable[::room] = False
    passable[:, ::room] = False
    rooms = side // room
    seen = np.zeros((rooms, rooms), np.bool_)
    stack: list[Cell] = [(0, 0)]
    seen[0, 0] = True
    while stack:  # a depth-first maze: every room is reached
        row, column = stack[-1]
        ways = [
            (row + dr, column + dc)
            for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))
            if 0 <= row + dr < rooms and 0 <= column + dc < rooms and not seen[row + dr, column + dc]
        ]
        if not ways:
            stack.pop()
            continue
        following = ways[int(generator.integers(len(ways)))]
        seen[following] = True
        _open_wall(passable, (row, column), following, room, int(generator.integers(2, 5)))
        stack.append(following)
    for row in range(rooms):
        for column in range(rooms):
            for following in ((row + 1, column), (row, column + 1)):
                if max(following) < rooms and generator.random() < 0.3:
                    _open_wall(passable, (row, column), following, room, int(generator.integers(2, 5)))
    decay = noise((side, side), 30.0, 13)
    crumbled = (decay > 0.78) & (generator.random((side, side)) < 0.75)
    crumbled[0], crumbled[:, 0] = False, False
    passable |= crumbled
    terrain = (
        Terrain("flagstones", 0.7, "#d8d2c0"),
        Terrain("earth", 1.0, "#b59f74"),
        Terrain("weeds", 1.7, "#7f9a55"),
        Terrain("brambles", 3.0, "#45634b"),
    )
    cost = banded(noise((side, side), 18.0, 14), (0.35, 0.62, 0.85), terrain)
    palette = (*terrain, Terrain("masonry", 1.0, "#2a2a2e", passable=False))
    return document(cost, passable, routes=[((4, 4), (252, 252))], palette=palette)


def document(
    cost: Field,
    passable: Mask,
    *,
    routes: list[tuple[Cell, Cell]],
    palette: tuple[Terrain, ...],
    locked: Mask | None = None,
    names: tuple[str, ...] = ("route",),
) -> MapDocument:
    """A document with the usual bounds, routes coloured in turn."""
    return MapDocument(
        cost=cost.astype(np.float32),
        passable=passable,
        locked=np.zeros(cost.shape, np.bool_) if locked is None else locked,
        bounds=Bounds(0.2, 5.0),
        routes=tuple(
            Route(name, start, goal, colour=colour)
            for (start, goal), name, colour in zip(routes, names, (ORANGE, BLUE, GREEN), strict=False)
        ),
        palette=palette,
    )


def noise(shape: tuple[int, int], scale: float, seed: int) -> Field:
    """Value noise (H, W) over [0, 1] with equal shares of all values; features of about `scale` cells."""
    generator = np.random.default_rng(seed)
    total = np.zeros(shape)
    for octave, weight in ((1.0, 1.0), (0.5, 0.45), (0.25, 0.2)):
        step = scale * octave
        knots = generator.random((int(shape[0] / step) + 3, int(shape[1] / step) + 3))
        rows, columns = np.arange(shape[0]) / step, np.arange(shape[1]) / step
        total += weight * _interpolated(knots, rows, columns)
    rank = np.empty(total.size)
    rank[np.argsort(total, axis=None, kind="stable")] = np.arange(total.size)
    return (rank / (total.size - 1)).reshape(shape)


def banded(field: Field, steps: tuple[float, ...], terrain: tuple[Terrain, ...], absolute: bool = False) -> Field:
    """Costs of terrains by the value of a field, with a little shade inside each so that it looks natural."""
    costs = np.array([kind.cost for kind in terrain])
    band = np.searchsorted(np.array(steps), field)
    edges = np.array([float(field.min()) if absolute else 0.0, *steps, float(field.max()) if absolute else 1.0])
    within = (field - edges[band]) / np.maximum(edges[band + 1] - edges[band], 1e-9)
    return costs[band] * (0.94 + 0.12 * np.clip(within, 0.0, 1.0))


def road(shape: tuple[int, int], corners: Sequence[tuple[float, float]], width: float = 1.3) -> Mask:
    """Cells near a smooth line through the corners."""
    at = np.linspace(0.0, len(corners) - 1.0, 40 * len(corners))
    points = np.array(corners, dtype=np.float64)
    smooth = np.stack([np.interp(at, np.arange(len(corners)), points[:, axis]) for axis in range(2)], axis=1)
    for _ in range(12):
        smooth[1:-1] = (smooth[:-2] + smooth[1:-1] + smooth[2:]) / 3.0
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float64)
    distance = np.full(shape, np.inf)
    for row, column in smooth:
        distance = np.minimum(distance, np.hypot(rows - row, columns - column))
    return distance < width


def largest_part(mask: Mask) -> Mask:
    """The largest 4-connected part of a mask."""
    from maps.raster import flood

    rest, best = mask.copy(), np.zeros_like(mask)
    while rest.any():
        row, column = (int(index) for index in np.argwhere(rest)[0])
        patch = flood(rest, (row, column))
        part = np.zeros_like(mask)
        part[patch.slices] = patch.weights > 0.0
        if part.sum() > best.sum():
            best = part
        rest &= ~part
    return best


def nearest(mask: Mask, cell: Cell) -> Cell:
    """The cell of a mask nearest to another, away from its rim where it can be."""
    inner = mask.copy()
    inner[1:-1, 1:-1] &= mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    cells = np.argwhere(inner)
    row, column = cells[int(np.argmin(((cells - np.array(cell)) ** 2).sum(axis=1)))]
    return int(row), int(column)


def _interpolated(knots: Field, rows: Field, columns: Field) -> Field:
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    down, right = (rows - top)[:, None], (columns - left)[None, :]
    down, right = down * down * (3.0 - 2.0 * down), right * right * (3.0 - 2.0 * right)

    def at(below: int, beside: int) -> Field:
        return knots[np.ix_(top + below, left + beside)]

    upper = at(0, 0) * (1.0 - right) + at(0, 1) * right
    lower = at(1, 0) * (1.0 - right) + at(1, 1) * right
    return upper * (1.0 - down) + lower * down


def _open_wall(passable: Mask, one: Cell, other: Cell, room: int, width: int) -> None:
    first = (room - width) // 2 + 1
    row, column = max(one[0], other[0]) * room, max(one[1], other[1]) * room
    if one[0] == other[0]:
        passable[one[0] * room + first : one[0] * room + first + width, column] = True
    else:
        passable[row, one[1] * room + first : one[1] * room + first + width] = True


_MAKERS: dict[str, Callable[[], MapDocument]] = {
    "plain": plain,
    "river": river,
    "pass": mountain_pass,
    "city": city,
    "arena": arena,
    "island": island,
    "canyon": canyon,
    "ruins": ruins,
}


if __name__ == "__main__":
    for sample in SAMPLES:
        write_map(make(sample), Path(__file__).with_name(f"{sample}.longcut"))
        print(f"{sample}.longcut written")
