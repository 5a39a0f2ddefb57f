"""Every engine's files, read by the importer's rules, say the costs and walls that the map is seen with."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings

from maps.cost_classes import MOST_CLASSES
from maps.document import Layout, MapDocument, Route, new_document
from maps.engines import TARGETS
from maps.errors import MapError
from maps.movement import plain_class
from maps.terrain import DEFAULT_PALETTE
from tests.maps.engines import reading
from tests.maps.strategies import EXAMPLES, documents


def varied() -> MapDocument:
    """A map with more costs than classes, walls, terrains, a locked cell, routes, points and a class."""
    random = np.random.default_rng(5)
    shape = 18, 21
    drawn = new_document(*shape, name="varied")
    cost = (0.3 + 5.0 * random.random(shape) ** 2).astype(np.float32)
    walls = random.random(shape) < 0.2
    walls[0, 0] = walls[17, 20] = False
    terrain = random.integers(0, 6, shape).astype(np.uint8)
    terrain[3, :] = 255
    return drawn.replace(
        cost=cost,
        passable=~walls,
        terrain=terrain,
        locked=walls,
        classes=(plain_class("cart", DEFAULT_PALETTE),),
        routes=(
            Route("way", (0, 0), (17, 20), line=((5, 5), (9, 9))),
            Route('a "b" \\ c', (0, 0), (17, 20), 2.5, movement="cart"),
        ),
        layouts=(Layout("loot", np.array([[1.25, 2.5], [7.0, 8.0]]), np.array([1.0, 0.1])),),
    )


def written(name: str, document: MapDocument, folder: Path, classes: int = MOST_CLASSES):
    """What the engine sees, with the files written as `map.*`, and what they lose."""
    target = TARGETS[name]
    seen = target.see(document, classes)
    made = target.encode(seen, folder / "map")
    for path, data in made.files.items():
        assert any(path.name == f"map{ending}" for ending in target.endings), path.name
        path.write_bytes(data)
    return seen, made


def costs_of(document: MapDocument) -> np.ndarray:
    return np.where(document.passable, document.cost, np.float32(np.inf))


@pytest.mark.slow
@pytest.mark.parametrize("name", reading.READERS)
def test_an_engine_reads_what_it_is_said_to_see(name: str, tmp_path: Path) -> None:
    document = varied()
    seen, _ = written(name, document, tmp_path)
    assert np.array_equal(reading.READERS[name](tmp_path, "map"), costs_of(seen.document))
    error = np.abs(seen.document.cost.astype(np.float64) - document.cost)[document.passable].max()
    assert seen.greatest_error == error
    assert np.array_equal(seen.document.passable, document.passable)


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if target.classes])
def test_few_classes_are_few_tiles_and_the_total_stays(name: str, tmp_path: Path) -> None:
    document = varied()
    seen, _ = written(name, document, tmp_path, 7)
    costs = reading.READERS[name](tmp_path, "map")
    assert len(np.unique(costs[np.isfinite(costs)])) == seen.classes == 7
    assert costs[np.isfinite(costs)].sum(dtype=np.float64) == pytest.approx(document.total_cost, rel=1e-6)
    assert 0.2 < seen.greatest_error < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("name", reading.READERS)
def test_any_document_goes_through_every_writer(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")

    @settings(max_examples=max(10, EXAMPLES // 2))
    @given(document=documents())
    def check(document: MapDocument) -> None:
        if name == "godot-astar":  # what lies too far apart for it is refused in words
            try:
                TARGETS[name].see(document, 255)
            except MapError:
                assume(False)
        seen, _ = written(name, document, folder)
        costs = reading.READERS[name](folder, "map")
        expected = costs_of(seen.document)
        assert costs.shape == expected.shape
        assert np.array_equal(costs, expected)

    check()


@pytest.mark.slow
def test_every_target_says_what_it_writes_and_what_it_loses(tmp_path: Path) -> None:
    for name, target in TARGETS.items():
        assert target.name == name
        assert target.writes.endswith(".")
        if target.refuses(varied()):
            assert name == "ldtk"
            continue
        _, made = written(name, varied(), tmp_path)
        lost = " ".join(made.lost)
        assert ("the movement classes" in lost) == (name != "godot-astar")
        assert "locked" in lost
        assert ("the movement rule" in lost) == (name not in ("godot-astar", "unity", "phaser", "bevy", "tiled"))


def test_a_map_of_walls_alone_is_written_too(tmp_path: Path) -> None:
    walls = new_document(3, 5).replace(passable=np.zeros((3, 5), bool))
    for name, read in reading.READERS.items():
        written(name, walls, tmp_path)
        assert np.isinf(read(tmp_path, "map")).all(), name
