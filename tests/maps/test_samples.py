"""The sample maps: made by the script that is kept, sound as maps, and each able to show its one thing."""

from collections import deque
from pathlib import Path

import numpy as np
import pytest

from maps import samples
from maps.document import MapDocument, Route
from maps.formats.native import decode, encode
from maps.samples import SAMPLES, load_sample
from maps.samples.make import make
from tests.maps.strategies import assert_same

FOLDER = Path(samples.__file__).parent
ORTHOGONAL = ((0, 1), (1, 0), (0, -1), (-1, 0))
DIAGONAL = ((1, 1), (1, -1), (-1, 1), (-1, -1))


def reached(document: MapDocument, start: tuple[int, int]) -> np.ndarray:
    """(H, W) cells that can be walked to, by the document's own rule."""
    rule, passable = document.rule, np.pad(document.passable, 1)
    needed = {"both_open": 2, "one_open": 1, "free": 0}[rule.corner_rule]
    found = np.zeros_like(passable)
    waiting = deque([(start[0] + 1, start[1] + 1)])
    while waiting:
        row, column = waiting.popleft()
        if found[row, column]:
            continue
        found[row, column] = True
        for down, right in ORTHOGONAL + DIAGONAL * (rule.neighbours == 8):
            corners = int(passable[row + down, column]) + int(passable[row, column + right])
            if passable[row + down, column + right] and (not (down and right) or corners >= needed):
                waiting.append((row + down, column + right))
    return found[1:-1, 1:-1]


def test_there_are_eight_of_all_sizes_and_all_their_files_are_known() -> None:
    assert len(SAMPLES) >= 8
    sides = {side for name in SAMPLES for side in load_sample(name).shape}
    assert (min(sides), max(sides)) == (32, 256)
    assert {path.stem for path in FOLDER.glob("*.longcut")} == set(SAMPLES)
    assert sum(path.stat().st_size for path in FOLDER.glob("*.longcut")) < 1_500_000
    assert "CC0 1.0" in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SAMPLES)
def test_the_script_makes_what_is_kept(name: str) -> None:
    # Compared as documents: another zlib may pack the same content into other bytes.
    assert_same(load_sample(name), make(name))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_route_can_be_walked_under_the_map_s_own_rule(name: str) -> None:
    document = load_sample(name)
    assert document.routes
    for route in document.routes:
        assert reached(document, route.start)[route.goal], route.name


@pytest.mark.parametrize("name", SAMPLES)
def test_a_run_has_room_to_work(name: str) -> None:
    document = load_sample(name)
    free = document.passable & ~document.locked
    costs = document.cost[free]
    assert document.bounds.lower < costs.min()
    assert costs.max() < document.bounds.upper
    assert free.mean() > 0.2
    title, what = SAMPLES[name]
    assert document.name == title
    assert what.endswith(".")
    assert document.metadata["licence"] == "CC0-1.0"
    assert any(terrain.passable for terrain in document.palette)
    assert document.passable.all() or any(not terrain.passable for terrain in document.palette)


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


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_survives_saving(name: str) -> None:
    document = load_sample(name)
    assert_same(decode(Path("copy.longcut"), encode(document)), document)


def test_a_sample_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(KeyError, match="no sample map 'moon'; there are plain, river"):
        load_sample("moon")
