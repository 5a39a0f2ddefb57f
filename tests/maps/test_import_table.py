"""Costs of another editor's tiles from a table: the map's own table comes back, and what is wrong is named."""

import math

import numpy as np
import pytest

from maps.errors import MapFormatError
from maps.formats import read_map, tiles_of, write_map
from maps.import_table import apply_table, read_table, table_text
from maps.movement import MovementClass
from maps.samples import load_sample
from tests.maps.formats.tiled import made


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx())
    return target


def applied(document, table):
    return apply_table(document, tiles_of(document, table), read_table(table), table)


def text_of(document, path):
    return table_text(document, tiles_of(document, path))


def priced(document):
    return {kind.name: (kind.cost, kind.passable) for kind in document.palette}


def test_a_map_s_own_table_changes_nothing(path, tmp_path):
    document = read_map(path)
    table = tmp_path / "costs.csv"
    table.write_text(text_of(document, path))
    assert text_of(document, path).splitlines()[0] == "tile,name,cells,cost,passable"
    assert applied(document, table) is document


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_terrains_cost_what_the_table_says_and_their_cells_follow(path, tmp_path, separator):
    table = tmp_path / "costs.csv"
    cost = "1,75" if separator != "," else "1.75"
    head, grass = ["Name", "tile", "Cost", "passable"], ["", "0:0", cost, ""]
    lines = [head, grass, ["mud", "", "", "no"], ["lava", "0:8", "7", ""]]
    table.write_text("\ufeff" + "\n".join(separator.join(line) for line in lines) + "\n\n", encoding="utf-8")
    document = applied(read_map(path), table)
    found = priced(document)
    assert (found["grass"], found["mud"], found["lava"]) == ((1.75, True), (4.0, False), (7.0, True))
    assert document.cost[0, :2].tolist() == [1.75, 1.75]
    assert document.passable[1].tolist() == [False, False, False, True]
    write_map(document, path)
    back = read_map(path)
    assert (back.passable == document.passable).all()
    assert (back.cost == document.cost)[document.passable].all()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1: should name the columns"),
        ("a,b\n1,2", "line 1: should name the columns"),
        ("tile,cost\n0:0,cheap", "line 2: cost is 'cheap'"),
        ("tile,cost\n0:0,0", "line 2: cost is '0'"),
        ("tile,cost\n0:0,1\n7:7,2", "line 3: no terrain of the map has tile '7:7'"),
        ("name,passable\ngrass,maybe", "line 2: passable is 'maybe'"),
        ("name,cost\n,2", "line 2: names no tile"),
        ("name,cost\nsnow,2", "line 2: no terrain of the map has the name 'snow'"),
        ("tile,name,cost\n0:0,green,3\n0:8,green,2", "line 3: changes the cost of 'green' otherwise than line 2"),
        ("name,price of Boat\ngrass,2", "line 1: names the movement class 'Boat', which the map lacks"),
        ("name,price of Boat\ngrass,x", "line 2: price of Boat is 'x'"),
    ],
)
def test_what_is_wrong_is_named(path, tmp_path, text, why):
    table = tmp_path / "costs.csv"
    table.write_text(text)
    with pytest.raises(MapFormatError, match=why):
        applied(read_map(path), table)


def test_tiles_of_one_name_are_one_terrain_and_a_class_has_prices(path, tmp_path):
    table = tmp_path / "costs.csv"
    boat = MovementClass("Boat", (math.inf,) * len(read_map(path).palette))
    document = read_map(path).replace(classes=(boat,))
    table.write_text("tile,name,cost,price of Boat\n0:0,green,1.5,3\n0:8,green,1.5,3\n0:3,soil,2,no\n")
    found = applied(document, table)
    names = np.array([kind.name for kind in found.palette])[found.terrain]
    assert names.tolist() == [["green", "green", "forest", "empty"], ["water", "soil", "soil", "green"]]
    assert found.cost[1].tolist() == [1.0, 2.0, 2.0, 1.5]
    assert dict(zip((kind.name for kind in found.palette), found.classes[0].costs, strict=True))["green"] == 3.0
    lines = text_of(found, path).splitlines()
    assert lines[0] == "tile,name,cells,cost,passable,price of Boat"
    assert "0:8,green,1,1.5,yes,3" in lines
    assert "0:3,soil,2,2,yes,no" in lines
    table.write_text(text_of(found, path))
    assert applied(found, table) is found


def test_any_map_s_terrains_can_be_listed(tmp_path):
    document = load_sample("woods")
    table = tmp_path / "costs.csv"
    table.write_text(text_of(document, None))
    assert applied(document, table) is document
    table.write_text("name,cost\nmeadow,1.75\n")
    assert priced(applied(document, table))["meadow"] == (1.75, True)


def test_one_row_is_enough_to_change_a_terrain_of_several_tiles(path, tmp_path):
    table = tmp_path / "costs.csv"
    table.write_text("tile,name,cost,passable\n0:0,green,1,yes\n0:8,green,7,yes\n")
    document = read_map(path)
    assert {kind.cost for kind in document.palette if kind.name in ("grass", "green")} <= {1.0}
    found = applied(document, table)
    (green,) = [kind for kind in found.palette if kind.name == "green"]
    assert green.cost == 7.0
