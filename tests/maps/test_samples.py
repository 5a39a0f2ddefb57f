"""The sample maps: made by the script that is kept, sound as maps, and each able to show its one thing."""

from collections import deque
from pathlib import Path

import numpy as np
import pytest

from maps import samples
from maps.document import MapDocument, Route
from maps.formats.native import decode, encode
from maps.samples import SAMPLES, load_sample
from maps.samples.landscape import maze, noise, part_of
from maps.samples.make import make
from maps.terrain import Terrain
from maps.travel import travel_of
from tests.maps.strategies import assert_same

FOLDER = Path(samples.__file__).parent
ORTHOGONAL = ((0, 1), (1, 0), (0, -1), (-1, 0))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def reached(document: MapDocument, start: tuple[int, int]) -> np.ndarray:
    """(H, W) cells that can be walked to, by the document's own rule."""
    rule, (height, width) = document.rule, document.shape
    needed = {"both_open": 2, "one_open": 1, "free": 0}[rule.corner_rule]
    passable = np.pad(document.passable, 1).tolist()
    found = np.zeros((height + 2, width + 2), bool).tolist()
    waiting = deque([(start[0] + 1, start[1] + 1)])
    while waiting:
        row, column = waiting.popleft()
        if found[row][column]:
            continue
        found[row][column] = True
        for down, right in ORTHOGONAL + DIAGONAL * (rule.neighbours == 8):
            corners = passable[row + down][column] + passable[row][column + right]
            if passable[row + down][column + right] and (not (down and right) or corners >= needed):
                waiting.append((row + down, column + right))
    return np.array(found)[1:-1, 1:-1]


def lightness(terrain: Terrain) -> float:
    """CIE L* of a terrain's colour, 0 … 100."""
    channels = [int(terrain.colour[at : at + 2], 16) / 255.0 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 116.0 * luminance ** (1.0 / 3.0) - 16.0 if luminance > 0.008856 else 903.3 * luminance


def test_there_are_eight_of_all_sizes_and_all_their_files_are_known() -> None:
    assert len(SAMPLES) >= 8
    sides = {side for name in SAMPLES for side in load_sample(name).shape}
    assert (min(sides), max(sides)) == (32, 256)
    assert {path.stem for path in FOLDER.glob("*.longcut")} == set(SAMPLES)
    assert sum(path.stat().st_size for path in FOLDER.glob("*.longcut")) < 1_500_000
    assert "CC0 1.0" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_the_script_makes_what_is_kept(name: str) -> None:
    # Compared as documents: another zlib may pack the same content into other bytes.
    assert_same(load_sample(name), make(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_every_route_and_every_cell_can_be_walked_to_under_the_map_s_own_rule(name: str) -> None:
    document = load_sample(name)
    assert document.routes
    assert np.array_equal(reached(document, document.routes[0].start), document.passable)
    for route in document.routes:  # a way back is a way, so from all ends that can be walked to all others can
        kind = document.class_called(route.movement)
        passable = document.passable if kind is None else travel_of(document, kind).passable
        assert passable[route.start], route.name
        assert passable[route.goal], route.name


@pytest.mark.parametrize("name", SAMPLES)
def test_a_run_has_room_to_work(name: str) -> None:
    document = load_sample(name)
    free = document.passable & ~document.locked
    costs = document.cost[free]
    assert document.bounds.lower < costs.min()
    assert costs.max() < document.bounds.upper
    assert free.mean() > 0.2


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_says_what_it_is(name: str) -> None:
    document = load_sample(name)
    title, what = SAMPLES[name]
    assert document.name == document.metadata["title"] == title
    assert document.metadata["description"] == what
    assert what.endswith(".")
    assert document.metadata["licence"] == "CC0-1.0"
    assert document.cell_size > 0.0


@pytest.mark.parametrize("name", SAMPLES)
def test_every_cell_shows_a_terrain_of_the_palette_that_grows_darker_with_its_cost(name: str) -> None:
    document = load_sample(name)
    for passable in (True, False):
        known = np.array([kind.cost for kind in document.palette if kind.passable == passable], np.float32)
        assert set(np.unique(document.cost[document.passable == passable])) <= set(known)
    ground = [kind for kind in document.palette if kind.passable]
    walls = [kind for kind in document.palette if not kind.passable]
    shades = [lightness(kind) for kind in sorted(ground, key=lambda kind: kind.cost)]
    # Six steps of L* tell neighbours apart in grey, so with every kind of colour vision.
    assert (np.diff(shades) < -6.0).all(), shades
    assert all(lightness(kind) < shades[-1] - 6.0 for kind in walls)


@pytest.mark.parametrize("name", ["island", "arena"])
def test_points_lie_where_one_can_stand(name: str) -> None:
    document = load_sample(name)
    for layout in document.layouts:
        cells = np.floor(layout.positions + 0.5).astype(int)
        on_ground = document.passable[cells[:, 0], cells[:, 1]]
        assert on_ground.all(), layout.name
        assert (layout.weights > 0.0).all()


def test_a_maze_is_connected_and_with_no_loops_a_tree() -> None:
    for loops in (0.0, 0.3):
        free = ~maze((6, 9), 7, loops, 1)
        assert np.array_equal(part_of(free, (1, 1)), free)
    # A tree of 54 rooms has 53 doorways, each one gap in one wall.
    walls = maze((6, 9), 7, 0.0, 1)
    inner = [~walls[r : r + 6, 7 * c] for r in range(1, 42, 7) for c in range(1, 9)]
    inner += [~walls[7 * r, c : c + 6] for r in range(1, 6) for c in range(1, 63, 7)]
    assert sum(bool(wall.any()) for wall in inner) == 53


def test_noise_spreads_its_values_evenly() -> None:
    values = np.sort(noise((40, 50), 9.0, 5), axis=None)
    assert np.allclose(values, np.linspace(0.0, 1.0, 2000), atol=1e-12)


def test_the_bridges_of_the_river_are_locked_and_the_only_ways_across() -> None:
    document = load_sample("river")
    assert document.locked.any()
    route: Route = document.routes[0]
    without = document.replace(passable=document.passable & ~document.locked)
    assert not reached(without, route.start)[route.goal]


def test_the_arena_is_fair() -> None:
    document = load_sample("arena")
    for layer in (document.cost, document.passable, document.locked):
        assert np.array_equal(layer, layer[:, ::-1])
    one, other = document.routes
    for end in ("start", "goal"):
        row, column = getattr(one, end)
        assert getattr(other, end) == (row, document.width - 1 - column)
    for layout in document.layouts:
        mirrored = layout.positions * (1.0, -1.0) + (0.0, document.width - 1.0)
        assert {tuple(point) for point in mirrored} == {tuple(point) for point in layout.positions}


def test_the_arena_has_another_way_to_its_flag() -> None:
    # The upper lane closed between camp and flag, the other lanes and the thickets still lead there.
    document = load_sample("arena")
    start, goal = document.routes[0].start, document.routes[0].goal
    passable = document.passable.copy()
    passable[:24, 12:18] = False
    assert reached(document.replace(passable=passable), start)[goal]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_survives_saving(name: str) -> None:
    document = load_sample(name)
    assert_same(decode(Path("copy.longcut"), encode(document)), document)


def test_a_sample_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="no sample map 'moon'; there are plain, river"):
        load_sample("moon")
