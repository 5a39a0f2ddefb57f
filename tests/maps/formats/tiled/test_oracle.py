"""Tiled maps as another reader of them, pytiled-parser, sees them: equal tiles, tilesets, objects, properties."""

import os
from pathlib import Path

import numpy as np
import pytest

from maps.formats import write_map
from maps.formats.tiled import tmj, tmx
from maps.formats.tiled.model import TiledMap
from maps.samples import load_sample
from tests.maps.formats.tiled import made

oracle = pytest.importorskip("pytiled_parser", reason="the extra `test` brings pytiled-parser")

REAL = Path(os.environ.get("LONGCUT_REAL_MAPS", "nowhere")) / "tiled"
# It needs every tileset beside the map, and a count of tiles in each; these of the real maps have both.
READ_BY_BOTH = (
    "desert.tmx",
    "rpg/island.tmx",
    "more/bevy__finite_embedded.tmx",
    "more/csvmap__csvmap.tmx",
    "more/examples__isometric_grass_and_water.tmx",
)
PACKED = [("csv", ""), ("base64", ""), ("base64", "zlib"), ("base64", "gzip")]  # zstd it reads with a library more


def ours(path: Path) -> TiledMap:
    return (tmj if path.suffix == ".tmj" else tmx).read(path, path.read_bytes())


def assert_agree(path: Path) -> None:
    """What both read of a map is equal."""
    found, theirs = ours(path), oracle.parse_map(path)
    assert found.shape == (theirs.map_size.height, theirs.map_size.width)
    assert found.tile_size == (theirs.tile_size.width, theirs.tile_size.height)
    tile_layers = [layer for layer in theirs.layers if isinstance(layer, oracle.TileLayer)]
    assert [layer.name for layer in found.layers] == [layer.name for layer in tile_layers]
    for one, other in zip(found.layers, tile_layers, strict=True):
        assert np.array_equal(one.gids, np.array(other.data, np.uint32)), one.name
    assert [each.first_gid for each in found.tilesets] == list(theirs.tilesets)
    for one, other in zip(found.tilesets, theirs.tilesets.values(), strict=True):
        assert (one.name, one.count) == (other.name, other.tile_count)
        tiles = other.tiles or {}
        said = {number: tile for number, tile in one.tiles.items() if tile.properties or tile.kind}
        assert {number: tile.properties for number, tile in said.items()} == {
            number: tile.properties or {} for number, tile in tiles.items() if tile.properties or tile.class_
        }
        assert {number: tile.kind for number, tile in said.items()} == {
            number: tiles[number].class_ or "" for number in said
        }
    assert found.properties == (theirs.properties or {})
    groups = [layer for layer in theirs.layers if isinstance(layer, oracle.ObjectLayer)]
    placed = [(layer.name, thing) for layer in groups for thing in layer.tiled_objects]
    assert [(thing.layer, thing.name, thing.kind) for thing in found.objects] == [
        (name, thing.name or "", thing.class_ or "") for name, thing in placed
    ]
    for one, (_, other) in zip(found.objects, placed, strict=True):
        assert one.properties == (other.properties or {})
        down = -0.5 if isinstance(other, oracle.tiled_object.Tile) else 0.5  # a tile hangs on its lower corner
        centre = other.coordinates.x + 0.5 * other.size.width, other.coordinates.y + down * other.size.height
        if other.rotation == 0:
            row, col = one.position
            height = found.tile_size[1]
            width = height if found.orientation == "isometric" else found.tile_size[0]
            assert np.allclose(((col + 0.5) * width, (row + 0.5) * height), centre)


@pytest.mark.skipif(not REAL.is_dir(), reason="LONGCUT_REAL_MAPS names no folder of real maps")
@pytest.mark.parametrize("name", READ_BY_BOTH)
def test_real_maps_are_read_alike(name: str) -> None:
    assert_agree(REAL / name)


@pytest.mark.parametrize(("encoding", "compression"), PACKED)
def test_every_encoding_is_read_alike(tmp_path: Path, encoding: str, compression: str) -> None:
    data = made.tmx(made.data_text(made.GIDS, encoding, compression))
    # The editor writes these; the other reader cannot do without them.
    data = data.replace(b"<map ", b'<map tiledversion="1.10.2" renderorder="right-down" ')
    (tmp_path / "level.tmx").write_bytes(data)
    assert_agree(tmp_path / "level.tmx")


@pytest.mark.parametrize("ending", ["tmx", "tmj"])
@pytest.mark.parametrize("name", ["woods", "river"])
def test_maps_that_this_program_begins_are_read_alike(tmp_path: Path, name: str, ending: str) -> None:
    write_map(load_sample(name), tmp_path / f"level.{ending}")
    assert_agree(tmp_path / f"level.{ending}")
