"""Any document goes through every writer and back: what a format does not say it loses is there again."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maps.document import MapDocument
from maps.edits import apply_terrain
from maps.formats import FORMATS, Format, losses
from maps.formats.image import LEVELS
from maps.formats.ldtk import FORMATS as LDTK
from tests.maps.formats.test_ldtk import project
from tests.maps.strategies import EXAMPLES, assert_same, documents, round_trip

WRITERS = [kind for kind in FORMATS if kind.encode is not None and not kind.only_back]
COSTS = ("longcut", "npy", "csv", "tmx", "tmj", "asc", "npz")  # that are exact, but for what is told
ROUTES = ("longcut", "movingai", "tmx", "tmj")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("writers")


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITERS, ids=lambda kind: kind.name)
@given(document=documents())
@settings(max_examples=EXAMPLES)
def test_what_is_not_said_to_be_lost_comes_back(folder: Path, kind: Format, document: MapDocument) -> None:
    document = document.replace(origin=None)
    path = folder / f"map{kind.endings[0]}"
    for file in folder.iterdir():
        file.unlink()
    told = " ".join(losses(document, path))
    found = round_trip(document, path)
    if kind.name == "longcut":
        assert_same(found, document)
    if kind.name == "movingai" and not document.passable.any():
        return  # water, where there is nothing else to walk on
    assert np.array_equal(found.passable, document.passable)
    there, here = found.cost[found.passable], document.cost[document.passable]
    if kind.name in COSTS:
        assert np.array_equal(there, here) or "the exact costs" in told
    elif kind.name == "png" and here.size:
        step = (float(here.max()) - float(here.min())) / LEVELS
        assert np.abs(there.astype(float) - here.astype(float)).max() <= 1.01 * step + 1e-6 * float(here.max())
    if kind.name in ROUTES and "the routes" not in told.replace("of the routes", ""):
        assert [(r.start, r.goal) for r in found.routes] == [(r.start, r.goal) for r in document.routes]


@pytest.mark.slow
@pytest.mark.parametrize("kind", LDTK, ids=lambda kind: kind.name)
@given(
    grid=arrays(np.int64, st.tuples(st.integers(1, 7), st.integers(1, 7)), elements=st.integers(0, 9)),
    data=st.data(),
)
@settings(max_examples=EXAMPLES)
def test_any_grid_of_an_editor_s_level_comes_back(
    folder: Path, kind: Format, grid: np.ndarray, data: st.DataObject
) -> None:
    made = project()
    level = made["levels"][0]
    things, layer = level["layerInstances"]
    things["entityInstances"] = []
    layer.update(intGridCsv=grid.ravel().tolist(), __cWid=grid.shape[1], __cHei=grid.shape[0])
    path = folder / f"game{kind.endings[0]}"
    path.write_text(json.dumps(made if kind.name == "ldtk" else level))
    before = kind.read(path)
    numbers = st.integers(0, len(before.palette) - 1)
    changed = apply_terrain(before, data.draw(arrays(np.uint8, grid.shape, elements=numbers))).document
    found = round_trip(changed, path)
    assert np.array_equal(found.passable, changed.passable)
    there, here = (np.array([kind.tile for kind in each.palette])[each.terrain] for each in (found, changed))
    assert np.array_equal(there, here)
    again = json.loads(path.read_text())
    level = again["levels"][0] if kind.name == "ldtk" else again
    level["layerInstances"][1]["intGridCsv"] = grid.ravel().tolist()
    assert again == (made if kind.name == "ldtk" else made["levels"][0]), "nothing else has changed"
