"""Costs of another editor's tiles from a table: the map's own table comes back, and what is wrong is named."""

import pytest

from maps.errors import MapFormatError
from maps.formats import read_map, write_map
from maps.import_table import apply_table, read_table, table_of
from tests.maps.formats.tiled import made


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx())
    return target


def priced(document):
    return {kind.name: (kind.cost, kind.passable) for kind in document.palette}


def test_a_map_s_own_table_changes_nothing(path, tmp_path):
    document = read_map(path)
    table = tmp_path / "costs.csv"
    table.write_text(table_of(document))
    assert table_of(document).splitlines()[0] == "tile,name,cells,cost,passable"
    assert apply_table(document, read_table(table), table) is document


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_terrains_cost_what_the_table_says_and_their_cells_follow(path, tmp_path, separator):
    table = tmp_path / "costs.csv"
    cost = "1,75" if separator != "," else "1.75"
    head, grass = ["Name", "tile", "cost", "passable"], ["", "0:0", cost, ""]
    lines = [head, grass, ["mud", "", "", "no"], ["lava", "0:8", "7", ""]]
    table.write_text("\ufeff" + "\n".join(separator.join(line) for line in lines) + "\n\n", encoding="utf-8")
    document = apply_table(read_map(path), read_table(table), table)
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
    ],
)
def test_what_is_wrong_is_named(path, tmp_path, text, why):
    table = tmp_path / "costs.csv"
    table.write_text(text)
    with pytest.raises(MapFormatError, match=why):
        apply_table(read_map(path), read_table(table), table)
