"""Costs as pictures and heights: sides that engines take, the order of rows and bytes, and OpenEXR."""

import csv
import json
from pathlib import Path

import numpy as np
import OpenEXR
import pytest

from maps.document import Layout, Route, new_document
from maps.engines import TARGETS
from maps.engines.unreal import landscape_size, table_rows
from tests.maps.engines import reading
from tests.maps.engines.test_targets import costs_of, varied, written


def legal_sides() -> set[int]:
    """Sides of landscapes by Unreal's manual: quads a section, sections a component, components a side."""
    return {q * s * n + 1 for q in (7, 15, 31, 63, 127, 255) for s in (1, 2) for n in range(1, 33)}


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (64, 64), (48, 50), (100, 1009), (4033, 4033), (16321, 9)])
def test_a_landscape_is_the_smallest_that_holds_the_map(shape: tuple[int, int]) -> None:
    size = landscape_size(*shape)
    assert size is not None
    assert set(size) <= legal_sides()
    assert size[0] >= shape[0]
    assert size[1] >= shape[1]
    if shape in ((8, 8), (64, 64), (4033, 4033)):
        assert size == shape, "a side that Unreal takes stays"
    component = {size[0] - 1} if size[0] == size[1] else set()
    assert component or any((size[0] - 1) % c == 0 == (size[1] - 1) % c for c in range(7, 511))


def test_larger_maps_than_a_landscape_are_refused() -> None:
    long = new_document(16322, 1)
    assert "16321 vertices" in TARGETS["unreal"].refuses(long)
    assert TARGETS["unreal"].refuses(new_document(16321, 1)) == ""


def test_heights_are_off_by_a_level_at_most_and_the_total_stays(tmp_path: Path) -> None:
    document = varied()
    seen, _ = written("unreal", document, tmp_path)
    costs = document.cost[document.passable]
    assert seen.greatest_error <= (costs.max() - costs.min()) / 65534 * 1.01
    assert seen.document.total_cost == pytest.approx(document.total_cost, abs=1e-3)


def test_unreal_s_names_are_not_taken_for_tiles(tmp_path: Path) -> None:
    target, document = TARGETS["unreal"], varied()
    made = target.encode(target.see(document, 255), tmp_path / "arena_4033x4033")
    assert [path.name for path in made.files if path.suffix == ".png"] == ["arena_4033by4033.png"]


def test_a_data_table_has_a_row_for_every_place_with_a_name_of_its_own(tmp_path: Path) -> None:
    loot = np.array([[0.5, 1.5], [2.0, 3.0]])
    document = new_document(8, 9).replace(
        routes=(Route("Weg, lang", (1, 2), (7, 8)), Route("weg lang", (0, 0), (1, 1), 3.0)),
        layouts=(Layout("loot", loot, np.array([1.0, 2.0])), Layout("Loot", loot, np.array([1.0, 2.0]))),
    )
    rows = table_rows(document)
    names = [row["Name"] for row in rows]
    assert len({name.lower() for name in names}) == len(names) == 8
    assert all(name.replace("_", "").isalnum() for name in names)
    written("unreal", document, tmp_path)
    assert json.loads((tmp_path / "map_points.json").read_text("utf-8")) == rows
    with (tmp_path / "map_points.csv").open(encoding="utf-8", newline="") as file:
        (head, *lines) = csv.reader(file)
    assert head[0] == "Name", "the first column is the row's key"
    assert lines[0] == ["Weg_lang_Start", "Route", "Weg, lang", "1.0", "2.0", "200.0", "100.0", "1.0"]
    assert [line[0] for line in lines] == names


def test_without_places_there_is_no_table(tmp_path: Path) -> None:
    written("unreal", new_document(3, 3), tmp_path)
    assert not list(tmp_path.glob("*points*"))


def test_unity_s_terrain_begins_in_the_south(tmp_path: Path) -> None:
    document = varied()
    seen, _ = written("unity", document, tmp_path)
    np.testing.assert_allclose(reading.unity_terrain(tmp_path, "map"), costs_of(seen.document), atol=1e-4)
    first = np.frombuffer((tmp_path / "map.raw").read_bytes(), "<u2")[: document.width]
    assert np.array_equal(first == 0, ~document.passable[-1])


def test_a_map_beyond_unity_s_largest_terrain_has_none(tmp_path: Path) -> None:
    _, made = written("unity", new_document(1, 4098), tmp_path)
    assert not [path for path in made.files if ".raw" in path.name]
    assert any("4097 samples" in sentence for sentence in made.lost)


def test_open_exr_holds_every_cost_exactly(tmp_path: Path) -> None:
    document = varied()
    seen, _ = written("exr", document, tmp_path)
    assert seen.greatest_error == 0.0
    with OpenEXR.File(str(tmp_path / "map.exr")) as file:
        assert list(file.channels()) == ["Y"]
        pixels = file.channels()["Y"].pixels
    assert pixels.dtype == np.float32
    assert np.array_equal(pixels, np.where(document.passable, document.cost, 0.0))
