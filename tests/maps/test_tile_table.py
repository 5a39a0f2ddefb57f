"""The table of tiles: what is changed in it reaches cells, costs, walls and classes, and the editor's file."""

import json
import math
import os
import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maps import edits, raster
from maps.errors import MapError
from maps.formats import levels_of, losses, native, read_map, tiles_of, write_map
from maps.formats.tiled import tmx
from maps.movement import MovementClass
from maps.terrain_edits import set_palette_terrain
from maps.terrain_words import cost_of_words, with_suggestions
from maps.tile_table import table_of, with_cost, with_passable, with_price, with_table, with_terrain
from tests.maps.formats.test_hostile import assert_survives, mutated
from tests.maps.formats.test_ldtk import two_levels
from tests.maps.formats.tiled import made
from tests.maps.strategies import MUTATIONS

REAL = os.environ.get("LONGCUT_REAL_MAPS")


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx())
    return target


def names_of(document):
    return np.array([kind.name for kind in document.palette])[document.terrain].tolist()


def kind_called(tiles, label):
    return next(number for number, kind in enumerate(tiles.kinds) if label in (kind.name, kind.label))


def test_kinds_of_tiles_are_counted_and_named(path):
    tiles = tiles_of(read_map(path), path)
    found = {
        (kind.key, kind.name or kind.label, count) for kind, count in zip(tiles.kinds, tiles.cells, strict=True)
    }
    assert found == {
        ("empty", "empty", 1),
        ("0:0", "grass", 2),
        ("0:1", "forest", 1),
        ("0:2", "water", 1),
        ("0:3", "mud", 2),
        ("0:8", "ground 8", 1),
    }
    assert tiles.priced
    assert {kind.family for kind in tiles.kinds} == {"", "tiled ground ground.png 16x16"}
    assert not tiles_of(read_map(path), path).kinds[kind_called(tiles, "water")].passable


def test_a_tile_moves_to_another_terrain_and_its_cells_follow(path):
    document = read_map(path)
    tiles = tiles_of(document, path)
    table = with_terrain(table_of(document, tiles), {kind_called(tiles, "ground 8")}, "mud")
    found = with_table(document, tiles, table)
    assert names_of(found) == [["grass", "grass", "forest", "empty"], ["water", "mud", "mud", "mud"]]
    assert found.cost[1].tolist()[1:] == [4.0, 4.0, 4.0]
    assert len(found.palette) == len(document.palette) - 1
    assert with_table(found, tiles_of(found, path), table_of(found, tiles_of(found, path))) is found


def test_a_name_of_its_own_splits_or_renames(path):
    document = read_map(path)
    tiles = tiles_of(document, path)
    grass, other = kind_called(tiles, "grass"), kind_called(tiles, "ground 8")
    table = with_terrain(table_of(document, tiles), {grass}, "meadow")
    assert len(table.terrains) == len(document.palette), "the only tile of its terrain: a new name"
    table = with_terrain(table, {grass, other}, "meadow")
    assert len(table.terrains) == len(document.palette) - 1
    table = with_terrain(table, {other}, "weeds")
    weeds = table.of_kind[other]
    assert table.terrains[weeds].name == "weeds"
    assert table.terrains[weeds].cost == table.terrains[table.of_kind[grass]].cost


def test_costs_that_a_run_made_stay_in_proportion_and_walls_stay(path):
    document = read_map(path)
    dearer = document.replace(cost=document.cost * np.array([[2, 1, 1, 1], [1, 1, 1, 1]], np.float32))
    walled = edits.set_passable(dearer, raster.rectangle((2, 4), (0, 1), (0, 1)), False).document
    tiles = tiles_of(walled, path)
    table = table_of(walled, tiles)
    found = with_table(walled, tiles, with_cost(table, table.of_kind[kind_called(tiles, "grass")], 3.0))
    assert found.cost[0, :2].tolist() == [6.0, 3.0]
    assert found.passable[0].tolist() == [True, False, True, True]
    closed = with_table(walled, tiles, with_passable(table, table.of_kind[kind_called(tiles, "grass")], False))
    assert not closed.passable[0, :2].any()


def test_it_is_what_edits_of_the_palette_one_by_one_would_do(path):
    # The same change by another way: a terrain's cost and wall, set in the palette.
    document = read_map(path)
    tiles = tiles_of(document, path)
    table = table_of(document, tiles)
    one_by_one = document
    for number, kind in enumerate(document.palette):
        changed = replace(kind, cost=kind.cost + 0.5, passable=kind.name != "mud")
        one_by_one = set_palette_terrain(one_by_one, number, changed)
        table = with_passable(with_cost(table, number, kind.cost + 0.5), number, kind.name != "mud")
    found = with_table(document, tiles, table)
    assert found.palette == one_by_one.palette
    assert np.array_equal(found.cost, one_by_one.cost)
    assert np.array_equal(found.passable, one_by_one.passable)


def test_classes_follow_and_have_prices_of_their_own(path):
    document = read_map(path)
    walker = MovementClass("Walker", tuple(k.cost if k.passable else math.inf for k in document.palette))
    document = document.replace(classes=(walker,))
    tiles = tiles_of(document, path)
    table = table_of(document, tiles)
    mud, water = (table.of_kind[kind_called(tiles, name)] for name in ("mud", "water"))
    table = with_price(with_cost(table, mud, 2.0), 0, water, 7.0)
    (found,) = with_table(document, tiles, table).classes
    assert found.costs[mud] == 2.0, "who paid what it cost pays what it costs now"
    assert found.costs[water] == 7.0
    table = with_terrain(table, {kind_called(tiles, "ground 8")}, "water")
    made_of_it = with_table(document, tiles, table)
    assert made_of_it.classes[0].costs[[kind.name for kind in made_of_it.palette].index("water")] == 7.0


def test_more_terrains_than_a_map_can_have_are_refused(path, monkeypatch):
    document = read_map(path)
    tiles = tiles_of(document, path)
    monkeypatch.setattr("maps.tile_table.MOST_TERRAINS", 5)
    with pytest.raises(MapError, match="6 terrains; 5 are the most"):
        with_table(document, tiles, with_cost(table_of(document, tiles), 0, 2.0))


@pytest.mark.parametrize("ending", ["tmx", "tmj"])
def test_a_table_goes_back_to_the_editor_s_file_and_comes_again(tmp_path, ending):
    target = tmp_path / f"level.{ending}"
    (tmp_path / "made.tmx").write_bytes(made.tmx())
    write_map(read_map(tmp_path / "made.tmx"), target)
    document = read_map(target)
    tiles = tiles_of(document, target)
    table = with_terrain(
        table_of(document, tiles), {kind_called(tiles, "ground 8"), kind_called(tiles, "grass")}, "lawn"
    )
    table = with_cost(table, table.numbered("lawn") or 0, 1.25)
    priced = with_table(document, tiles, table)
    before = target.read_bytes()
    assert losses(priced, target) == []
    write_map(priced, target)
    after = target.read_bytes()
    found = read_map(target)
    assert names_of(found) == names_of(priced)
    assert {kind.name: (kind.cost, kind.colour, kind.passable) for kind in found.palette} == {
        kind.name: (kind.cost, kind.colour, kind.passable) for kind in priced.palette
    }
    assert np.array_equal(found.cost[found.passable], priced.cost[found.passable])
    if ending == "tmx":
        kept = [line for line in before.splitlines() if b"nextlayerid" not in line]
        assert all(line in after for line in kept), "only a layer is added"
    write_map(found, target)
    assert target.read_bytes() == after
    # A terrain of several tiles still paints with the commonest, and keeps the looks of the others.
    tiled = tmx.read(target, after).layers[0].gids if ending == "tmx" else None
    assert tiled is None or tiled.tolist() == made.GIDS.tolist()
    assert names_of(native.decode(target, native.encode(found))) == names_of(found)


def test_a_damaged_list_of_terrains_is_told_and_left_aside(path):
    document = read_map(path)
    tiles = tiles_of(document, path)
    write_map(with_table(document, tiles, with_terrain(table_of(document, tiles), {0}, "odd")), path)
    text = path.read_text()
    assert "odd" in {kind.name for kind in read_map(path).palette}
    for wrong in ("[", "{}", "[1]", '[{"name":"a"}]', '[{"name":"a","colour":"red","tiles":["0:0"],"cost":1}]'):
        spoilt = re.sub(r"(name=\"terrains\" value=')[^']*", rf"\g<1>{wrong}", text)
        assert spoilt != text
        path.write_text(spoilt)
        found = read_map(path)
        assert "odd" not in {kind.name for kind in found.palette}
        assert any("cannot be read" in sentence for sentence in found.metadata["tiled"]["told"])  # pyright: ignore


@pytest.mark.parametrize(
    ("name", "cost"),
    [
        ("Deep Water", 0.0),
        ("deepWater", 0.0),
        ("wall_tile 3", 0.0),
        ("Road", 0.5),
        ("Grass", 1.0),
        ("dark-forest", 2.5),
        ("Desert 29", 1.5),
        ("thing 4", None),
        ("seaweed", None),
    ],
)
def test_costs_are_guessed_from_words(name, cost):
    assert cost_of_words(name) == cost


def test_suggestions_leave_what_the_file_says(path):
    document = read_map(path)
    tiles = tiles_of(document, path)
    table = with_suggestions(table_of(document, tiles), tiles)
    found = {kind.name: (kind.cost, kind.passable) for kind in table.terrains}
    assert found["mud"] == (4.0, True)
    assert found["forest"] == (2.5, True)
    table = with_terrain(table, {kind_called(tiles, "ground 8")}, "Swamp")
    found = {kind.name: (kind.cost, kind.passable) for kind in with_suggestions(table, tiles).terrains}
    assert found["Swamp"] == (4.0, True)


@pytest.mark.skipif(not REAL, reason="LONGCUT_REAL_MAPS names no folder with real map files")
def test_a_real_map_gets_costs_and_only_a_layer_is_added(tmp_path):
    source = Path(REAL or ".") / "tiled" / "desert.tmx"
    (tmp_path / "desert.tsx").write_bytes((source.parent / "desert.tsx").read_bytes())
    target = tmp_path / "desert.tmx"
    target.write_bytes(source.read_bytes())
    document = read_map(target)
    tiles = tiles_of(document, target)
    assert len(tiles.kinds) == 40
    assert sum(tiles.cells) == 1600
    assert not tiles.priced
    priced = with_table(document, tiles, with_suggestions(table_of(document, tiles), tiles))
    assert {kind.name: kind.cost for kind in priced.palette} == {
        "Desert": 1.5, "Cobblestone": 0.5, "Brick": 0.5, "Dirt": 1.2,
    }  # fmt: skip
    write_map(priced, target)
    before, after = source.read_bytes(), target.read_bytes()
    added = re.sub(rb'\n <tileset firstgid="49" name="Longcut".*?</tileset>', b"", after, flags=re.S)
    added = re.sub(rb'\n <layer[^>]*name="Longcut cost".*?</layer>', b"", added, flags=re.S)
    numbered = re.sub(rb' nextlayerid="\d+"', b"", before)
    assert re.sub(rb' nextlayerid="\d+"', b"", added) == numbered


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["tmx", "tmj", "ldtk"])
def test_damaged_files_with_tables_of_tiles_are_read_or_refused(tmp_path, ending):
    target = tmp_path / f"mutant.{ending}"
    if ending == "ldtk":
        target.write_text(json.dumps(two_levels()))
    else:
        (tmp_path / "made.tmx").write_bytes(made.tmx())
        document = read_map(tmp_path / "made.tmx")
        write_map(document, target)
        document = read_map(target)
        tiles = tiles_of(document, target)
        write_map(with_table(document, tiles, with_cost(table_of(document, tiles), 0, 7.0)), target)
    text, generator = target.read_bytes(), random.Random(ending)

    def read(path):
        document = read_map(path)
        tiles = tiles_of(document, path)
        assert with_table(document, tiles, table_of(document, tiles)).shape == document.shape
        levels_of(path)
        return document

    for _ in range(MUTATIONS // 3):
        target.write_bytes(mutated(text, generator))
        assert_survives(target, read)
