"""Files made by others, for other programs; where LONGCUT_REAL_MAPS names their folder."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from maps.document import MapDocument
from maps.formats import read_map, write_map
from maps.formats.movingai import read_scenarios

REAL = os.environ.get("LONGCUT_REAL_MAPS")
pytestmark = pytest.mark.skipif(not REAL, reason="LONGCUT_REAL_MAPS names no folder with real map files")
FOLDER = Path(REAL or ".") / "movingai"

# name -> rows, columns, passable cells, scenarios
MAPS = {"lak304d": (194, 193, 18059, 773), "random-32-32-20": (32, 32, 819, 409)}


def octile_graph(document: MapDocument, corner_cutting: bool = False) -> coo_matrix:
    """Moves between cells, numbered row by row; a diagonal needs both orthogonal cells open."""
    height, width = document.shape
    open_cells = np.pad(document.passable, 1)
    index = np.pad(np.arange(height * width).reshape(height, width), 1)
    inner = np.s_[1:-1, 1:-1]
    tails, heads, lengths = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        there = np.s_[1 + down : height + 1 + down, 1 + right : width + 1 + right]
        legal = open_cells[inner] & open_cells[there]
        if down and right and not corner_cutting:
            legal &= open_cells[1 + down : height + 1 + down, 1:-1]
            legal &= open_cells[1:-1, 1 + right : width + 1 + right]
        tails.append(index[inner][legal])
        heads.append(index[there][legal])
        lengths.append(np.full(int(legal.sum()), np.hypot(down, right)))
    ends = (np.concatenate(tails), np.concatenate(heads))
    return coo_matrix((np.concatenate(lengths), ends), shape=(height * width, height * width))


def wrong_rows(document: MapDocument, scenarios: Path, corner_cutting: bool) -> list[str]:
    """The scenarios whose promised length is not that of the shortest path."""
    graph = octile_graph(document, corner_cutting).tocsr()
    wrong: list[str] = []
    for route in read_scenarios(scenarios, document):
        start, goal = (row * document.width + column for row, column in (route.start, route.goal))
        assert document.passable[route.start]
        assert document.passable[route.goal]
        expected = route.expected_cost
        assert expected is not None
        # Farther than a step beyond what is promised nobody has to look.
        length = float(dijkstra(graph, directed=False, indices=np.array(start), limit=expected + 1.0)[goal])
        if not route.expects(length):
            wrong.append(f"{route.name}: {length} instead of {expected}")
    return wrong


@pytest.mark.parametrize("name", MAPS)
def test_real_maps_are_read_whole(name: str) -> None:
    rows, columns, passable, scenarios = MAPS[name]
    document = read_map(FOLDER / f"{name}.map")
    assert document.shape == (rows, columns)
    assert int(document.passable.sum()) == passable
    assert document.metadata["scenarios"] == scenarios
    assert len(document.routes) == 1
    every = read_scenarios(FOLDER / f"{name}.map.scen", document)
    assert len(every) == scenarios
    assert document.routes[0].expected_cost == max(route.expected_cost or 0.0 for route in every)


@pytest.mark.slow
@pytest.mark.parametrize("name", MAPS)
def test_every_real_scenario_has_the_length_it_promises(name: str) -> None:
    document = read_map(FOLDER / f"{name}.map")
    assert wrong_rows(document, FOLDER / f"{name}.map.scen", corner_cutting=False) == []


def test_lengths_with_two_decimals_are_judged_at_two_decimals() -> None:
    folder = FOLDER.parent / "two-decimals"
    document = read_map(folder / "losttemple.map")
    scenarios = folder / "losttemple.map.scen"
    routes = read_scenarios(scenarios, document)
    assert len(routes) == 30
    assert {route.expected_decimals for route in routes} == {2}
    assert wrong_rows(document, scenarios, corner_cutting=False) == []
    assert len(wrong_rows(document, scenarios, corner_cutting=True)) > 15


def test_the_lengths_would_not_agree_with_another_corner_rule() -> None:
    document = read_map(FOLDER / "random-32-32-20.map")
    assert wrong_rows(document, FOLDER / "random-32-32-20.map.scen", corner_cutting=True) != []


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("ending", ["longcut", "map", "npy", "csv", "png"])
def test_real_maps_go_through_every_format(tmp_path: Path, name: str, ending: str) -> None:
    document = read_map(FOLDER / f"{name}.map")
    write_map(document, tmp_path / f"copy.{ending}")
    found = read_map(tmp_path / f"copy.{ending}")
    assert np.array_equal(found.passable, document.passable)
    assert np.array_equal(found.cost, document.cost)
    if ending in ("longcut", "map"):
        assert [(r.start, r.goal) for r in found.routes] == [(r.start, r.goal) for r in document.routes]
