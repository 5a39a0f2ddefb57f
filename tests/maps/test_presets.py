"""Presets: what was said of a set of tiles is there for the next map with the same tiles."""

import math

import numpy as np
import pytest

from maps.formats import read_map, tiles_of
from maps.movement import MovementClass
from maps.presets import load_preset, presets_of, save_presets, with_presets
from maps.tile_table import table_of, with_cost, with_passable, with_price, with_table, with_terrain
from tests.maps.formats.tiled import made

FAMILY = "tiled ground ground.png 16x16"


def plain(gids) -> bytes:
    """A map of these tiles, of which its file says nothing."""
    text = made.tmx(made.data_text(np.array(gids, np.uint32), "csv", ""), width=len(gids[0]), height=len(gids))
    begin, end = text.index(b'<tile id="0"'), text.index(b" </tileset>")
    return text[:begin] + text[end:]


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "level.tmx"
    target.write_bytes(plain([[1, 1, 2, 5], [1, 1, 2, 6]]))
    return target


def decided(path):
    """The map with its tiles decided on: two of them are sea, the others lawn."""
    document = read_map(path).replace(classes=())
    tiles = tiles_of(document, path)
    of_key = {kind.key: number for number, kind in enumerate(tiles.kinds)}
    table = with_terrain(table_of(document, tiles), {of_key["0:1"], of_key["0:4"]}, "sea")
    table = with_terrain(table, {of_key["0:0"], of_key["0:5"]}, "lawn")
    table = with_passable(with_cost(table, table.numbered("lawn") or 0, 1.5), table.numbered("sea") or 0, False)
    return with_table(document, tiles, table), tiles


def test_the_next_map_with_the_tiles_is_as_decided(path, tmp_path):
    document, _ = decided(path)
    save_presets(tmp_path / "presets", presets_of(document, tiles_of(document, path)))
    path.write_bytes(plain([[2, 6, 6, 1, 9, 9]]))
    found = read_map(path)
    tiles = tiles_of(found, path)
    preset = load_preset(tmp_path / "presets", FAMILY)
    assert preset is not None
    found = with_presets(found, tiles, {FAMILY: preset})
    names = np.array([kind.name for kind in found.palette])[found.terrain].tolist()
    assert names[0][:4] == ["sea", "lawn", "lawn", "lawn"]
    assert names[0][4] not in ("sea", "lawn") or len(found.palette) == 2
    assert found.passable[0, :4].tolist() == [False, True, True, True]
    assert found.cost[0, 1] == 1.5


def test_a_second_map_adds_to_the_preset(path, tmp_path):
    document, _ = decided(path)
    save_presets(tmp_path, presets_of(document, tiles_of(document, path)))
    path.write_bytes(plain([[8, 8, 1]]))
    other = read_map(path)
    tiles = tiles_of(other, path)
    other = with_table(other, tiles, with_terrain(table_of(other, tiles), {0, 1}, "x"))
    save_presets(tmp_path, presets_of(other, tiles_of(other, path)))
    preset = load_preset(tmp_path, FAMILY)
    assert preset is not None
    assert dict(preset.tiles) == {"0": "x", "7": "x", "1": "sea", "4": "sea", "5": "lawn"}


def test_prices_of_classes_go_to_classes_of_the_name(path):
    document, _ = decided(path)
    boat = MovementClass("Boat", (math.inf, math.inf))
    document = document.replace(classes=(boat,))
    tiles = tiles_of(document, path)
    table = table_of(document, tiles)
    sea = table.numbered("sea")
    assert sea is not None
    document = with_table(document, tiles, with_price(table, 0, sea, 2.0))
    plain_map = read_map(path)
    plain_map = plain_map.replace(classes=(MovementClass("Boat", (1.0,) * len(plain_map.palette)),))
    found = with_presets(plain_map, tiles_of(plain_map, path), presets_of(document, tiles_of(document, path)))
    assert dict(zip([kind.name for kind in found.palette], found.classes[0].costs, strict=True)) == {
        "sea": 2.0, "lawn": math.inf,
    }  # fmt: skip
    assert with_presets(read_map(path), tiles, presets_of(document, tiles)).classes == ()


def test_it_changes_nothing_of_the_map_it_came_from(path):
    document, _ = decided(path)
    tiles = tiles_of(document, path)
    assert with_presets(document, tiles, presets_of(document, tiles)) is document


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"terrains":{"a":{"cost":0,"colour":"#000000","passable":1,"prices":{}}},"tiles":{}}',
    ],
    ids=["empty", "list", "nothing", "deep", "no cost"],
)
def test_a_damaged_preset_is_none(path, tmp_path, text):
    document, _ = decided(path)
    save_presets(tmp_path / "presets", presets_of(document, tiles_of(document, path)))
    (file,) = (tmp_path / "presets").iterdir()
    file.write_text(text)
    assert load_preset(tmp_path / "presets", FAMILY) is None
    assert load_preset(tmp_path / "nowhere", FAMILY) is None
