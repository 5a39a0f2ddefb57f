"""Make the sample maps: `python -m maps.samples.make` writes them beside this file, the same every time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from maps.document import Layout, MapDocument, Route
from maps.formats import write_map
from maps.movement import MovementRule
from maps.samples import SAMPLES
from maps.samples.garden import garden
from maps.samples.harbour import harbour
from maps.samples.landscape import (
    Sketch,
    coordinates,
    from_line,
    from_point,
    grown,
    hill,
    maze,
    nearest,
    noise,
    part_of,
    ridges,
    warped,
)
from maps.terrain import Terrain

if TYPE_CHECKING:
    from collections.abc import Callable

ORANGE, BLUE, GREEN = "#e69f00", "#0072b2", "#009e73"


def make(name: str) -> MapDocument:
    """Return one sample map by its name in `SAMPLES`."""
    document = _MAKERS[name]()
    title, what = SAMPLES[name]
    metadata = {"title": title, "description": what, "licence": "CC0-1.0"}
    return document.replace(name=title, metadata=metadata)


def plain() -> MapDocument:
    """Meadow with tall grass, heath and a few copses; a trail wanders through."""
    shape = (32, 32)
    sketch = Sketch(
        shape,
        (
            Terrain("meadow", 1.0, "#c3d47a"),
            Terrain("trail", 0.6, "#f4e8c8"),
            Terrain("tall grass", 1.3, "#a5b756"),
            Terrain("heath", 1.8, "#98809a"),
            Terrain("copse", 2.6, "#3d6b4a"),
        ),
    )
    sketch.lay_bands(noise(shape, 8.0, 23), [(0.5, "tall grass"), (0.82, "heath")])
    for row, column, radius in ((8, 11, 3.6), (21, 8, 2.6), (22, 20, 4.2), (9, 23, 2.8), (27, 27, 2.4)):
        sketch.lay("copse", warped(from_point(shape, (row, column)), 1.6, 5.0, row) < radius)
    trail = from_line(shape, [(16, -3), (16, 2), (14, 7), (16, 13), (15, 19), (12, 24), (16, 30), (17, 35)])
    sketch.lay("trail", trail < 0.75)
    return sketch.document(routes=(Route("crossing", (16, 1), (16, 30)),), cell_size=5.0)


def river() -> MapDocument:
    """A deep river with reeds, two villages and two roads between them, each over a bridge that may not change."""
    shape = (64, 64)
    sketch = Sketch(
        shape,
        (
            Terrain("meadow", 1.0, "#b6c970"),
            Terrain("bridge", 0.4, "#f7efdc"),
            Terrain("road", 0.5, "#ecdcb2"),
            Terrain("field", 1.4, "#c29f49"),
            Terrain("wood", 2.2, "#5b9160"),
            Terrain("reeds", 3.0, "#6b6b40"),
            Terrain("water", 4.0, "#1f3a5c", passable=False),
            Terrain("house", 1.0, "#33262a", passable=False),
        ),
    )
    stream = from_line(
        shape, [(-6, 42), (4, 40), (13, 33), (21, 27), (31, 29), (38, 37), (47, 38), (56, 30), (70, 26)]
    )
    stream = warped(stream, 1.2, 7.0, 30)
    sketch.lay("wood", noise(shape, 13.0, 34) > 0.66)
    for top, left, height, width in ((36, 5, 6, 9), (22, 4, 5, 7), (26, 46, 6, 8), (36, 50, 7, 6)):
        sketch.lay("field", np.s_[top : top + height, left : left + width])
    sketch.lay("reeds", stream < 4.4 + 1.8 * (noise(shape, 5.0, 33) - 0.5))
    water = stream < 2.9
    sketch.lay("water", water | (warped(from_point(shape, (44, 19)), 1.4, 5.0, 35) < 3.6))
    north = [(31, 3), (25, 9), (19, 13), (16, 20), (14, 27), (13, 34), (14, 41), (20, 48), (31, 60)]
    south = [(31, 3), (35, 10), (43, 12), (50, 19), (49, 28), (48, 37), (48, 45), (41, 49), (31, 60)]
    for corners in (north, south):
        way = from_line(shape, corners)
        sketch.lay("road", way < 0.95)
        sketch.lay("bridge", (way < 1.7) & grown(water))
    for village, houses in (
        ((31, 3), ((25, 1), (27, 5), (35, 2), (29, 9))),
        ((31, 60), ((26, 60), (28, 55), (34, 61), (35, 57))),
    ):
        sketch.lay("road", from_point(shape, village) < 2.6)
        for top, left in houses:
            sketch.lay("house", np.s_[top : top + 2, left : left + 2])
    sketch.close("water", (31, 3))
    routes = (Route("mill to market", (31, 3), (31, 60)),)
    return sketch.document(routes=routes, locked=sketch.find("bridge"), cell_size=4.0)


def mountain_pass() -> MapDocument:
    """A range with spurs from top to bottom, a low saddle with a winding road and a high one without."""
    shape = (96, 96)
    sketch = Sketch(
        shape,
        (
            Terrain("meadow", 1.0, "#bcd07d"),
            Terrain("road", 0.4, "#f5ead0"),
            Terrain("pine wood", 1.7, "#7fa36c"),
            Terrain("slope", 2.3, "#967d54"),
            Terrain("scree", 3.2, "#7b6552"),
            Terrain("steep rock", 4.4, "#5c4f53"),
            Terrain("cliff", 5.0, "#2a2730", passable=False),
            Terrain("tarn", 4.0, "#1f3d66", passable=False),
        ),
    )
    crest = from_line(shape, [(-8, 56), (8, 48), (24, 52), (40, 45), (58, 50), (74, 42), (88, 49), (104, 44)])
    height = hill(warped(crest, 4.0, 16.0, 43), 31.0) + 0.42 * (ridges(noise(shape, 15.0, 41)) - 0.5)
    height -= 0.74 * hill(from_point(shape, (62, 49)), 19.0) + 0.5 * hill(from_point(shape, (26, 51)), 14.0)
    sketch.lay("pine wood", (noise(shape, 10.0, 42) > 0.55) & (height > -0.02))
    sketch.lay_bands(height, [(0.28, "slope"), (0.5, "scree"), (0.72, "steep rock"), (0.87, "cliff")])
    for row, column, radius in ((34, 17, 4.6), (76, 80, 5.6)):
        sketch.lay("tarn", warped(from_point(shape, (row, column)), 2.0, 6.0, row) < radius)
    road = [(80, 3), (77, 12), (82, 21), (76, 28), (66, 27), (63, 33), (69, 38), (66, 44), (59, 47), (58, 53)]
    road += [(65, 57), (64, 64), (55, 65), (50, 71), (54, 79), (46, 85), (33, 84), (22, 92)]
    sketch.lay("road", from_line(shape, road) < 0.95)
    sketch.close("cliff", (80, 3))
    routes = (Route("over the pass", (80, 3), (22, 92)),)
    return sketch.document(routes=routes, cell_size=20.0)


def city() -> MapDocument:
    """Avenues, streets and alleys between blocks that were split again and again; a square, a park, courtyards."""
    shape = (96, 96)
    sketch = Sketch(
        shape,
        (
            Terrain("street", 1.0, "#bbb8b1"),
            Terrain("avenue", 0.5, "#f6ecd2"),
            Terrain("square", 0.7, "#e8d2a4"),
            Terrain("alley", 1.5, "#a29c99"),
            Terrain("courtyard", 2.0, "#a47c50"),
            Terrain("park", 2.6, "#44794f"),
            Terrain("house", 1.0, "#2b2a33", passable=False),
            Terrain("pond", 4.0, "#1f4468", passable=False),
        ),
    )
    generator = np.random.RandomState(55)
    sketch.lay("avenue", np.s_[:, 30:33])
    sketch.lay("avenue", np.s_[58:61, :])
    sketch.lay("avenue", np.s_[:58, 68:70])
    quarters = [(2, 2, 58, 30), (2, 33, 58, 68), (2, 70, 58, 94), (61, 2, 94, 30), (61, 33, 94, 94)]
    while quarters:
        top, left, bottom, right = quarters.pop()
        tall, wide = bottom - top, right - left
        long = max(tall, wide)
        if long <= 13:
            _house_block(sketch, (top, left, bottom, right), generator)
            continue
        cut = round(long * (0.38 + 0.24 * generator.random_sample()))
        width, kind = (2, "street") if long > 20 else (1, "alley")
        if tall >= wide:
            sketch.lay(kind, np.s_[top + cut : top + cut + width, left:right])
            quarters += [(top, left, top + cut, right), (top + cut + width, left, bottom, right)]
        else:
            sketch.lay(kind, np.s_[top:bottom, left + cut : left + cut + width])
            quarters += [(top, left, bottom, left + cut), (top, left + cut + width, bottom, right)]
    sketch.lay("street", np.s_[38:56, 36:54])
    sketch.lay("square", np.s_[39:55, 37:53])
    sketch.lay("house", np.s_[41:46, 42:48])  # the town hall
    sketch.lay("house", np.s_[49:52, 40:42])
    sketch.lay("house", np.s_[49:52, 48:50])
    sketch.lay("street", np.s_[64:90, 62:90])
    sketch.lay("park", np.s_[65:89, 63:89])
    rows, columns = coordinates(shape)
    sketch.lay("pond", warped(from_point(shape, (78, 80)), 1.5, 5.0, 57) < 4.6)
    garden = from_line(shape, [(65, 63), (70, 71), (77, 72), (83, 76), (88, 88)]) < 0.9
    garden |= from_line(shape, [(88, 63), (82, 68), (76, 72), (70, 79), (65, 88)]) < 0.9
    sketch.lay("square", garden & (rows >= 65) & (columns >= 63))
    sketch.close("house", (1, 1))
    routes = (
        Route("courier", (1, 1), (94, 94), weight=2.0, colour=ORANGE),
        Route("patrol", (94, 1), (1, 94), weight=1.0, colour=BLUE),
    )
    rule = MovementRule(neighbours=4)
    return sketch.document(routes=routes, locked=sketch.find("square"), rule=rule, cell_size=3.0)


def arena() -> MapDocument:
    """The left half drawn, the right half its mirror image: two camps, three lanes, thickets and ruins between."""
    shape = (64, 64)
    sketch = Sketch(
        shape,
        (
            Terrain("grass", 1.0, "#a9bf6c"),
            Terrain("camp", 0.4, "#f8f0dc"),
            Terrain("lane", 0.7, "#e8d2a2"),
            Terrain("rubble", 1.7, "#b08d62"),
            Terrain("thicket", 2.6, "#4e8258"),
            Terrain("ford", 3.4, "#41617f"),
            Terrain("rampart", 1.0, "#26252c", passable=False),
        ),
    )
    lanes = from_line(shape, [(31.5, 5), (22, 6), (12, 8), (7, 14), (6, 22), (6, 32)])
    lanes = np.minimum(lanes, from_line(shape, [(31.5, 5), (41, 6), (51, 8), (56, 14), (57, 22), (57, 32)]))
    lanes = np.minimum(lanes, from_line(shape, [(31.5, 5), (31, 14), (33, 22), (31.5, 32)]))
    wild = (lanes > 3.4) & (noise(shape, 7.0, 68) > 0.38)
    sketch.lay("thicket", wild)
    sketch.lay("rampart", wild & (noise(shape, 6.0, 62) > 0.7))
    sketch.lay("rubble", (lanes > 2.2) & ~wild & (noise(shape, 5.0, 65) > 0.6))
    sketch.lay("ford", warped(from_line(shape, [(-4, 31.5), (68, 31.5)]), 1.3, 6.0, 67) < 3.2)
    sketch.lay("lane", lanes < 1.9)
    for row in (6, 57):  # the flags' terraces
        sketch.lay("lane", from_point(shape, (row, 31.5)) < 5.5)
        sketch.lay("rampart", np.s_[row - 4 : row - 2, 26:28])
        sketch.lay("rampart", np.s_[row + 3 : row + 5, 26:28])
    sketch.lay("lane", from_point(shape, (31.5, 31.5)) < 5.5)
    sketch.lay("rampart", from_point(shape, (31.5, 31.5)) < 2.3)
    sketch.lay("rampart", np.s_[24:40, 1:12])
    sketch.lay("camp", np.s_[25:39, 2:11])
    for gate in (np.s_[30:34, 11], np.s_[24, 4:8], np.s_[39, 4:8]):
        sketch.lay("camp", gate)
    sketch.mirror()
    sketch.close("rampart", (31, 4))
    spawns = np.array([(row, column) for row in (28.0, 31.5, 35.0) for column in (4.0, 59.0)])
    layouts = (
        Layout("spawns", spawns, np.ones(6), BLUE),
        Layout("flags", np.array([(6.0, 31.5), (57.0, 31.5)]), np.array([2.0, 2.0]), ORANGE),
    )
    routes = (
        Route("blue to flag", (31, 4), (6, 31), colour=BLUE),
        Route("orange to flag", (31, 59), (6, 32), colour=ORANGE),
    )
    return sketch.document(routes=routes, layouts=layouts, locked=sketch.find("camp"), cell_size=1.0)


def island() -> MapDocument:
    """Land in the sea, dearer inland, with a lagoon, a volcano, a walled keep and tracks from three landings."""
    shape = (128, 128)
    sketch = Sketch(
        shape,
        (
            Terrain("sea", 5.0, "#16263f", passable=False),
            Terrain("track", 0.5, "#f8efd8"),
            Terrain("beach", 0.8, "#ecdba3"),
            Terrain("grass", 1.0, "#bccb72"),
            Terrain("shallows", 1.6, "#6fb3b8"),
            Terrain("jungle", 2.2, "#5c9158"),
            Terrain("hill", 3.2, "#80694a"),
            Terrain("peak", 4.4, "#5a4c50"),
            Terrain("crater", 4.5, "#3a1f22", passable=False),
            Terrain("keep wall", 1.0, "#211f24", passable=False),
        ),
    )
    rows, columns = coordinates(shape)
    squared = ((rows - 64.0) / 59.0) ** 2 + ((columns - 63.0) / 61.0) ** 2
    height = 0.84 - squared + 1.0 * (noise(shape, 30.0, 71) - 0.5) + 0.24 * (noise(shape, 9.0, 72) - 0.5)
    height -= 0.75 * hill(from_point(shape, (94, 92)), 21.0)  # a lagoon
    volcano = warped(from_point(shape, (40, 68)), 2.0, 7.0, 73)
    height += 0.7 * hill(volcano, 20.0)
    edge = np.minimum(np.minimum(rows, 127.0 - rows), np.minimum(columns, 127.0 - columns))
    height = np.minimum(height, 0.12 * (edge - 3.0))
    keep = (66, 56)
    clearing = hill(from_point(shape, keep), 19.0)
    height = (1.0 - clearing) * height + 0.3 * clearing
    land = part_of(height > 0.0, keep)
    sketch.lay("shallows", grown(land, 2) & (noise(shape, 12.0, 74) > 0.55) | (land & (height <= 0.06)))
    inland = np.where(land, height, 0.0)
    bands = [(0.06, "beach"), (0.17, "grass"), (0.42, "jungle"), (0.78, "hill"), (1.02, "peak")]
    sketch.lay_bands(inland, bands)
    sketch.lay("crater", volcano < 4.0)
    south, west, east = (nearest(sketch.find("beach"), cell) for cell in ((112, 58), (80, 0), (30, 127)))
    winding = (
        [south, (98, 50), (90, 56), (80, 52), (74, 56), keep],
        [west, (74, 14), (78, 23), (70, 31), (74, 40), (66, 46), keep],
        [east, (46, 104), (52, 96), (48, 88), (56, 80), (64, 72), (62, 64), keep],
    )
    overgrown = noise(shape, 11.0, 75) > 0.85
    for corners in winding:
        sketch.lay("track", (from_line(shape, corners) < 0.95) & land & ~overgrown)
    sketch.lay("keep wall", np.s_[60:73, 50:63])
    sketch.lay("track", np.s_[62:71, 52:61])
    for gate in (np.s_[71:73, 55:58], np.s_[64:67, 50:52], np.s_[60:62, 58:61]):
        sketch.lay("track", gate)
    sketch.close("sea", keep)
    locked = np.zeros(shape, np.bool_)
    locked[60:73, 50:63] = True
    points = np.random.RandomState(76).random_sample((70, 2)) * 100.0 + 14.0
    cells = np.rint(points).astype(np.int64)
    loot = points[sketch.find("jungle", "hill", "peak")[cells[:, 0], cells[:, 1]]]
    far = np.sqrt(((loot - np.array(keep)) ** 2).sum(axis=1))
    layouts = (
        Layout("loot", loot, np.rint(far / 8.0), BLUE),
        Layout("landings", np.array((south, west, east), np.float64), np.array([3.0, 1.0, 2.0]), ORANGE),
    )
    routes = (
        Route("south landing", south, keep, weight=3.0, colour=ORANGE),
        Route("west landing", west, keep, weight=1.0, colour=BLUE),
        Route("north-east landing", east, keep, weight=2.0, colour=GREEN),
    )
    return sketch.document(routes=routes, layouts=layouts, locked=locked, cell_size=10.0)


def canyon() -> MapDocument:
    """A gorge with a dry riverbed, side arms that come back to it and some that end; boulders below its walls."""
    shape = (128, 128)
    sketch = Sketch(
        shape,
        (
            Terrain("plateau", 5.0, "#3b2420", passable=False),
            Terrain("riverbed", 0.5, "#f7e9cb"),
            Terrain("sand", 1.0, "#e6c489"),
            Terrain("gravel", 1.7, "#c8965a"),
            Terrain("boulders", 2.8, "#9c623c"),
            Terrain("rockfall", 4.2, "#7a4632"),
        ),
    )
    gorge = [(70, -6), (68, 8), (52, 22), (64, 36), (88, 42), (96, 58), (78, 70), (56, 72), (44, 86)]
    gorge += [(58, 100), (76, 108), (72, 120), (66, 134)]
    loops = (
        [(52, 22), (34, 26), (22, 40), (30, 56), (24, 72), (34, 82), (44, 86)],
        [(88, 42), (104, 36), (114, 50), (112, 70), (104, 86), (88, 94), (76, 108)],
        [(30, 56), (44, 58), (56, 72)],
    )
    blind = (
        [(24, 72), (12, 84), (10, 96)],
        [(112, 70), (120, 84), (116, 98)],
        [(68, 8), (88, 12), (100, 10)],
        [(44, 86), (30, 96), (28, 110), (16, 118)],
    )
    half_width = 3.4 + 4.6 * noise(shape, 17.0, 81)
    middle = from_line(shape, gorge)
    depth = half_width - warped(middle, 3.0, 9.0, 82)
    for narrow, lines in ((1.6, loops), (2.6, blind)):
        for line in lines:
            depth = np.maximum(depth, half_width - narrow - warped(from_line(shape, line), 3.0, 9.0, 82))
    depth += 0.8 * (noise(shape, 4.0, 84) - 0.5)
    floor = part_of(depth > 0.0, (68, 8))
    sketch.lay_bands(np.where(floor, depth, -1.0), [(0.0, "boulders"), (1.3, "gravel"), (2.6, "sand")])
    sketch.lay("gravel", floor & (depth > 1.5) & (noise(shape, 6.0, 85) > 0.74))
    sketch.lay("riverbed", floor & (warped(middle, 2.0, 8.0, 86) < 1.2))
    for row, column, radius in ((60, 71, 4.5), (93, 48, 4.0), (67, 104, 4.2), (28, 66, 3.6), (113, 62, 3.6)):
        sketch.lay("rockfall", floor & (warped(from_point(shape, (row, column)), 2.0, 4.0, row) < radius))
    routes = (Route("caravan", (69, 1), (68, 126)),)
    return sketch.document(routes=routes, cell_size=6.0)


def ruins() -> MapDocument:
    """A fallen city: an eight-sided rampart with four gates, four mazes of houses, a temple of broken rings."""
    shape = (256, 256)
    sketch = Sketch(
        shape,
        (
            Terrain("weeds", 1.4, "#a5a866"),
            Terrain("flagstones", 0.6, "#efe7d3"),
            Terrain("bare earth", 1.0, "#d4bd8e"),
            Terrain("rubble", 2.2, "#98866c"),
            Terrain("brambles", 3.6, "#4f6e4c"),
            Terrain("masonry", 1.0, "#26262b", passable=False),
        ),
    )
    rows, columns = coordinates(shape)
    down, right = np.abs(rows - 127.5), np.abs(columns - 127.5)
    octagon = np.maximum(np.maximum(down, right), 0.72 * (down + right))
    inside = octagon < 108.0
    growth, decay = noise(shape, 22.0, 91), noise(shape, 26.0, 97)
    crumbs = np.random.RandomState(98).random_sample(shape)
    sketch.lay_bands(noise(shape, 30.0, 92), [(0.75, "bare earth")])
    sketch.lay("bare earth", inside & (growth < 0.62))
    sketch.lay("flagstones", inside & (growth < 0.3))
    sketch.lay("brambles", growth > np.where(inside, 0.86, 0.7))
    for line in (
        [(250, 4), (238, 22), (244, 48), (228, 70), (236, 100), (245, 122), (232, 127.5)],
        [(6, 250), (22, 236), (14, 212), (30, 190), (16, 160), (10, 136), (24, 127.5)],
        [(127.5, 22), (120, 12), (134, -2)],
        [(127.5, 232), (136, 244), (126, 258)],
    ):
        sketch.lay("bare earth", (from_line(shape, line) < 2.4) & (growth < 0.93))

    houses = np.zeros(shape, np.bool_)
    for seed, (pitch, south, east) in enumerate(((10, 0, 0), (8, 0, 1), (7, 1, 0), (12, 1, 1))):
        count = 106 // pitch
        side = count * pitch + 1
        top, left = (133 if after else 123 - side for after in (south, east))
        houses[top : top + side, left : left + side] = maze((count, count), pitch, 0.28, 93 + seed)
    houses &= octagon < 98.0
    standing = crumbs > np.clip(2.4 * (decay - 0.62), 0.02, 1.0)
    sketch.lay("rubble", grown(houses & ~standing) & (crumbs < 0.55))
    sketch.lay("masonry", houses & standing)

    to_axis = np.minimum(down, right)
    avenue = (to_axis < 4.5) & (octagon < 112.0)
    sketch.lay("bare earth", avenue & (growth < 0.9))
    sketch.lay("flagstones", avenue & (to_axis < 3.5) & (growth < 0.8))
    rampart = (octagon >= 103.0) & inside & ~avenue
    breaches = (decay > 0.9) & rampart
    towers = np.zeros(shape, np.bool_)
    for at_corner, beside_gate in ((41.0, False), (8.0, True)):
        for one, other in ((105.5, at_corner), (at_corner, 105.5)):
            towers |= (down - one) ** 2 + (right - other) ** 2 < (13.0 if beside_gate else 27.0)
    sketch.lay("masonry", (rampart & ~breaches) | (towers & ~avenue))
    sketch.lay("rubble", breaches)

    temple = from_point(shape, (127.5, 127.5))
    sketch.lay("flagstones", temple < 38.0)
    sketch.lay_bands(np.where(temple < 38.0, growth, 0.0), [(0.55, "weeds"), (0.85, "brambles")])
    for radius, gaps in (
        (36.5, ((-36, 0), (36, 0), (0, -36), (0, 36))),
        (26.0, ((-18, 18), (18, -18), (19, 19))),
        (15.5, ((0, -15), (11, 11))),
    ):
        ring = np.abs(temple - radius) < 1.2
        for gap in gaps:
            ring &= from_point(shape, (127.5 + gap[0], 127.5 + gap[1])) > 4.6
        sketch.lay("masonry", ring & (crumbs > 0.03))
    sketch.lay("rubble", sketch.passable & (temple > 27.5) & (temple < 35.0) & (crumbs < 0.12))
    for one, other in ((31.0, 0.0), (27.0, 15.5), (15.5, 27.0), (0.0, 31.0)):  # pillars between the rings
        sketch.lay("masonry", np.maximum(np.abs(down - one), np.abs(right - other)) < 1.0)

    for row, column, tall, wide in np.random.RandomState(99).random_sample((70, 4)).tolist():
        top, left = int(4 + row * 236), int(4 + column * 236)
        farm = np.s_[top : top + 6 + int(tall * 6), left : left + 6 + int(wide * 6)]
        if (octagon[farm] > 114.0).all():
            walls = crumbs[farm] > 0.3
            walls[1:-1, 1:-1] = False
            yard = np.zeros(shape, np.bool_)
            yard[farm] = walls
            sketch.lay("bare earth", farm)
            sketch.lay("masonry", yard)
    sketch.close("masonry", (250, 4))
    routes = (
        Route("pilgrim", (250, 4), (127, 127), colour=ORANGE),
        Route("raider", (6, 250), (127, 127), colour=BLUE),
    )
    return sketch.document(routes=routes, cell_size=1.0)


def marsh() -> MapDocument:
    """Firm islets in a bog, pools that nobody crosses, and planks from islet to islet; wider than high."""
    shape = (72, 112)
    sketch = Sketch(
        shape,
        (
            Terrain("bog", 3.2, "#66734f"),
            Terrain("planks", 0.5, "#f3e6c6"),
            Terrain("turf", 1.0, "#c2cd80"),
            Terrain("willows", 1.8, "#8fa565"),
            Terrain("mire", 4.4, "#4a5148"),
            Terrain("pool", 5.0, "#1c3340", passable=False),
        ),
    )
    west = ((36, 7, 6.5), (17, 20, 6.0), (52, 23, 7.0), (34, 37, 7.5), (12, 46, 6.5), (58, 50, 6.5))
    east = ((24, 61, 6.0), (44, 69, 7.5), (13, 80, 7.0), (61, 84, 6.5), (34, 91, 7.0), (37, 106, 5.5))
    islets = (*west, *east)
    sketch.lay_bands(noise(shape, 12.0, 101), [(0.55, "mire"), (0.74, "pool")])
    for row, column, radius in islets:
        shore = warped(from_point(shape, (row, column)), 3.4, 7.0, row)
        sketch.lay("bog", (shore < radius + 2.0) & (shore >= radius))
        sketch.lay("turf", shore < radius)
        sketch.lay("willows", (shore < radius - 1.0) & (noise(shape, 5.0, 102) > 0.62))
    planks = np.zeros(shape, np.bool_)
    walks = [(0, 1), (0, 2), (1, 3), (2, 3), (1, 4), (2, 5), (3, 6), (4, 6), (5, 7), (6, 7), (6, 8), (7, 9)]
    walks += [(7, 10), (8, 10), (9, 11), (10, 11)]
    for number, (one, other) in enumerate(walks):
        (top, left, _), (bottom, right, _) = islets[one], islets[other]
        bend = 3.0 if number % 2 else -3.0
        line = [(top, left), ((top + bottom) / 2 + bend, (left + right) / 2 - bend), (bottom, right)]
        planks |= from_line(shape, line) < 0.8
    sketch.lay("planks", planks & sketch.find("bog", "mire", "pool"))
    sketch.close("pool", (36, 6))
    routes = (Route("ferryman", (36, 6), (37, 107)),)
    rule = MovementRule(cost_rule="entered")
    return sketch.document(routes=routes, locked=sketch.find("planks"), rule=rule, cell_size=2.0)


def lake() -> MapDocument:
    """A lake with a road along its north shore, and a trail drawn along the south shore that nobody takes yet."""
    shape = (48, 48)
    sketch = Sketch(
        shape,
        (
            Terrain("meadow", 1.0, "#bccf74"),
            Terrain("road", 0.6, "#f1e4bf"),
            Terrain("shore", 1.3, "#c4a662"),
            Terrain("wood", 2.0, "#578d5c"),
            Terrain("hills", 2.8, "#5f584c"),
            Terrain("lake", 5.0, "#1f3f60", passable=False),
        ),
    )
    sketch.lay_bands(noise(shape, 9.0, 131), [(0.52, "wood"), (0.76, "hills")])
    water = warped(from_point(shape, (23, 24)), 4.0, 8.0, 132)
    sketch.lay("shore", water < 11.5)
    sketch.lay("lake", water < 9.5)
    road = from_line(shape, [(24, 2), (17, 8), (9, 16), (7, 25), (10, 34), (18, 41), (24, 45)])
    sketch.lay("road", (road < 0.75) & (water >= 9.5))
    sketch.close("lake", (24, 2))
    trail = [(24, 2), (30, 7), (36, 13), (38, 20), (38, 28), (36, 35), (30, 41), (24, 45)]
    line = tuple((row, column) for row, column in trail)
    return sketch.document(routes=(Route("lakeside", (24, 2), (24, 45), line=line),), cell_size=4.0)


def woods() -> MapDocument:
    """Woods with a bog, crags on the heights, clearings and a winding path; every cell can be walked on."""
    shape = (64, 64)
    sketch = Sketch(
        shape,
        (
            Terrain("meadow", 1.0, "#c0d27c"),
            Terrain("path", 0.6, "#f3e8cb"),
            Terrain("bracken", 1.5, "#a3a24f"),
            Terrain("wood", 2.2, "#5d8f5c"),
            Terrain("bog", 3.2, "#4d6272"),
            Terrain("crag", 4.6, "#3f3538"),
        ),
    )
    height = noise(shape, 17.0, 121)
    sketch.lay_bands(noise(shape, 12.0, 122), [(0.45, "bracken"), (0.58, "wood")])
    sketch.lay("bog", warped(from_line(shape, [(44, -4), (48, 14), (40, 26), (50, 38)]), 3.0, 9.0, 123) < 4.2)
    sketch.lay("crag", height > 0.9)
    sketch.lay("crag", warped(from_point(shape, (26, 40)), 2.5, 7.0, 124) < 4.5)
    path = [(32, -2), (32, 4), (27, 11), (19, 17), (22, 26), (33, 31), (36, 41), (30, 49), (32, 59), (32, 66)]
    sketch.lay("path", from_line(shape, path) < 0.95)
    return sketch.document(routes=(Route("through the woods", (32, 3), (32, 60)),), cell_size=4.0)


def _house_block(sketch: Sketch, block: tuple[int, int, int, int], generator: np.random.RandomState) -> None:
    """One block of a city: a house, a house round a courtyard with gates, a corner house, or a garden."""
    top, left, bottom, right = block
    whole = np.s_[top:bottom, left:right]
    kind = float(generator.random_sample())
    if kind < 0.08:
        sketch.lay("park", whole)
        return
    sketch.lay("house", whole)
    tall, wide = bottom - top, right - left
    if kind < 0.4 and min(tall, wide) >= 7:
        sketch.lay("courtyard", np.s_[top + 2 : bottom - 2, left + 2 : right - 2])
        sketch.lay("courtyard", np.s_[(top + bottom) // 2, left:right])
    elif kind < 0.62 and min(tall, wide) >= 5:
        sketch.lay("alley", np.s_[top : top + tall // 2, left : left + wide // 2])


_MAKERS: dict[str, Callable[[], MapDocument]] = {
    "plain": plain,
    "river": river,
    "pass": mountain_pass,
    "city": city,
    "arena": arena,
    "island": island,
    "canyon": canyon,
    "ruins": ruins,
    "woods": woods,
    "marsh": marsh,
    "lake": lake,
    "garden": garden,
    "harbour": harbour,
}


if __name__ == "__main__":
    for sample in SAMPLES:
        write_map(make(sample), Path(__file__).with_name(f"{sample}.longcut"))
        print(f"{sample}.longcut written")
