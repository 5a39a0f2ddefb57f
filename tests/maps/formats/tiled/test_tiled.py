"""Tiled maps: what is read of them, that nothing is lost, and that only what was meant is changed."""

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maps import edits, raster
from maps.document import Route, new_document
from maps.errors import MapError, MapFormatError
from maps.formats import losses, native, read_map, write_map
from maps.formats.tiled import tmx
from maps.samples import load_sample
from maps.terrain import Terrain
from maps.terrain_edits import set_palette_terrain
from tests.maps.formats.tiled import made

ENCODINGS = [("xml", ""), ("csv", ""), ("base64", ""), ("base64", "zlib"), ("base64", "gzip"), ("base64", "zstd")]
NAMES = ["grass", "forest", "water", "mud", "empty", "ground 8"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx())
    return target


def about(document) -> dict[str, Any]:
    """What was decided while a map was read."""
    return document.metadata["tiled"]


def names_of(document):
    return np.array([*(kind.name for kind in document.palette), *[""] * (256 - len(document.palette))])[
        document.terrain
    ]


@pytest.mark.parametrize(("encoding", "compression"), ENCODINGS)
def test_every_encoding_is_read_and_written_back(tmp_path, encoding, compression):
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx(made.data_text(made.GIDS, encoding, compression)))
    document = read_map(target)
    upper, lower = ["grass", "grass", "forest", "empty"], ["water", "mud", "mud", "ground 8"]
    assert names_of(document).tolist() == [upper, lower]
    other = tmp_path / "other.tmx"
    assert write_map(document, other) == []
    assert other.read_bytes() == target.read_bytes()
    swapped = np.array(document.terrain)
    swapped[0, 2], swapped[1, 1] = swapped[1, 1], swapped[0, 2]
    write_map(edits.apply_terrain(document, swapped).document, other)
    tiles = tmx.read(other, other.read_bytes()).layers[0].gids
    assert tiles.tolist() == [[1, 1, 4, 0], [3, 2, 4, 9]], "a tile that comes anew is not turned"
    write_map(read_map(other), other)
    assert tmx.read(other, other.read_bytes()).layers[0].gids.tolist() == tiles.tolist()


def test_properties_are_costs_and_walls(path):
    document = read_map(path)
    assert document.cost[0].tolist() == [1.0, 1.0, 2.5, 1.0]
    assert document.cost[1, 1:].tolist() == [4.0, 4.0, 1.0]
    assert document.passable.tolist() == [[True] * 4, [False, True, True, True]]
    assert {kind.name for kind in document.palette if not kind.passable} == {"water"}


def test_objects_are_routes_and_points(path):
    document = read_map(path)
    assert [(route.name, route.start, route.goal) for route in document.routes] == [
        ("start 1 to Goal 1", (0, 0), (1, 2))
    ]
    (things,) = document.layouts
    assert things.name == "things"
    # A tile hangs on its lower left corner.
    assert things.positions.tolist() == [[0.0, 0.0], [1.0, 2.0], [0.0, 1.0]]


def test_only_the_changed_layer_changes(path):
    before = path.read_bytes()
    document = read_map(path)
    mud = np.full((2, 4), names(document, "mud"), np.uint8)
    write_map(edits.apply_terrain(document, mud).document, path)
    after = path.read_bytes()
    kept = [re.sub(rb"<data.*</data>", b"", text, flags=re.S) for text in (before, after)]
    assert kept[0] == kept[1]
    assert tmx.read(path, after).layers[0].gids.tolist() == [[4] * 4] * 2


def names(document, name):
    return [kind.name for kind in document.palette].index(name)


def test_costs_that_tiles_do_not_say_go_into_a_layer_of_their_own(path):
    document = read_map(path)
    patch = raster.rectangle(document.shape, (0, 0), (0, 0))
    painted = edits.paint(document, patch, "set", 3.25).document
    walled = edits.set_passable(painted, raster.rectangle(document.shape, (0, 1), (0, 1)), False).document
    before = path.read_bytes()
    write_map(walled, path)
    after = path.read_bytes()
    found = read_map(path)
    assert found.cost[found.passable].tolist() == walled.cost[walled.passable].tolist()
    assert (found.passable == walled.passable).all()
    layers = tmx.read(path, after).layers
    assert [layer.name for layer in layers] == ["Ground", "Longcut cost"]
    for text in before.splitlines():
        assert text.strip() in after or b"nextlayerid" in text, text
    assert b'nextlayerid="5"' in after
    with Image.open(path.with_name("level.longcut.png")) as picture:
        assert picture.size == (16 * 16, 16 * 16)
    write_map(found, path)
    assert path.read_bytes() == after, "written again, it is the same"
    undone = edits.set_terrain(found, raster.rectangle(found.shape, (0, 0), (0, 1)), found.palette[0]).document
    write_map(undone, path)
    assert (read_map(path).cost == undone.cost).all()


def test_a_palette_s_costs_come_back(path):
    document = read_map(path)
    grass = names(document, "grass")
    dear = set_palette_terrain(document, grass, replace(document.palette[grass], cost=1.75))
    write_map(dear, path)
    found = read_map(path)
    assert found.palette[names(found, "grass")].cost == 1.75
    assert (found.cost == dear.cost)[found.passable].all()
    changed = np.array(dear.cost)
    changed[0] *= 1.5
    write_map(dear.replace(cost=changed), path)
    found = read_map(path)
    assert (found.cost == changed)[found.passable].all()
    assert found.palette[names(found, "grass")].cost == 1.75, "whatever a run made of its cells"
    told = about(found)["told"]
    assert told[0] == "costs are those of the layer 'Longcut cost'"
    assert not any("no tile has" in sentence for sentence in told)


def test_more_costs_than_classes_are_put_together_and_that_is_told(tmp_path):
    generator = np.random.default_rng(1)
    document = new_document(40, 50).replace(cost=generator.uniform(0.5, 5.0, (40, 50)))
    target = tmp_path / "many.tmx"
    (told,) = [sentence for sentence in write_map(document, target) if "255 classes" in sentence]
    found = read_map(target)
    worst = np.abs(found.cost - document.cost).max()
    assert worst < 0.015, "even classes would be off by 0.009"
    assert f"{worst:.2g}" in told
    assert found.total_cost == pytest.approx(document.total_cost, rel=1e-6)


def test_routes_that_objects_do_not_say_get_a_layer(path):
    document = read_map(path)
    line = ((0, 0), (1, 1), (1, 2), (0, 3))
    routes = (Route('way "<&>', (0, 0), (0, 3), 2.5, line=line), Route("back", (1, 3), (0, 0)))
    write_map(document.replace(routes=routes), path)
    found = read_map(path)
    assert [(r.name, r.start, r.goal, r.weight, r.line) for r in found.routes] == [
        ('way "<&>', (0, 0), (0, 3), 2.5, line),
        ("back", (1, 3), (0, 0), 1.0, ()),
    ]
    assert b'nextobjectid="11"' in path.read_bytes()
    write_map(found.replace(routes=found.routes[:1]), path)
    assert len(read_map(path).routes) == 1


def test_alike_tiles_are_one_terrain_and_keep_their_looks(tmp_path):
    gids = np.array([[1, 5, 1, 2]], np.uint32)
    text = made.tmx(made.data_text(gids, "csv", ""), width=4, height=1, objects="")
    text = text.replace(b'<tile id="0" type="grass"/>', b'<tile id="0" type="grass"/><tile id="4" type="grass"/>')
    target = tmp_path / "level.tmx"
    target.write_bytes(text)
    document = read_map(target)
    assert names_of(document).tolist() == [["grass", "grass", "grass", "forest"]]
    arranged = edits.apply_terrain(document, document.terrain[:, ::-1]).document
    write_map(arranged, target)
    assert tmx.read(target, target.read_bytes()).layers[0].gids.tolist() == [[2, 5, 1, 1]]


def test_a_terrain_without_a_tile_leaves_the_tiles_and_is_told(path):
    document = read_map(path)
    index = len(document.palette)
    document = set_palette_terrain(document, index, Terrain("lava", 9.0, "#ff4400"))
    patch = raster.rectangle(document.shape, (0, 0), (0, 0))
    document = edits.set_terrain(document, patch, document.palette[index]).document
    told = write_map(document, path)
    assert any("the tiles of 1 cells" in sentence for sentence in told)
    assert tmx.read(path, path.read_bytes()).layers[0].gids.tolist() == made.GIDS.tolist()
    assert read_map(path).cost[0, 0] == 9.0


def test_layers_that_are_solid_close_cells(tmp_path):
    closed = made.data_text(np.array([[0, 9, 0, 0], [0, 0, 9, 0]], np.uint32), "csv", "")
    for name, properties in (("Collision", ""), ("top", '<property name="solid" type="bool" value="true"/>')):
        more = f"""
 <group id="7" name="over"><layer id="3" name="{name}" width="4" height="2">
  <properties>{properties}</properties>{closed}</layer></group>"""
        target = tmp_path / "level.tmx"
        target.write_bytes(made.tmx(more=more))
        assert read_map(target).passable.tolist() == [[True, False, True, True], [False, True, False, True]]


def test_an_infinite_map_begins_where_its_tiles_do(tmp_path):
    chunk = '<chunk x="{x}" y="{y}" width="2" height="2">{text}</chunk>'
    chunks = chunk.format(x=-2, y=-4, text="\n1,1,\n1,2\n") + chunk.format(x=2, y=-2, text="\n4,4,\n4,3\n")
    text = made.tmx(f'<data encoding="csv">{chunks}</data>', objects=made.OBJECTS.replace('x="8"', 'x="-24"'))
    target = tmp_path / "level.tmx"
    target.write_bytes(text.replace(b'infinite="0"', b'infinite="1"').replace(b'y="8"', b'y="-56"'))
    document = read_map(target)
    assert document.shape == (4, 6)
    assert about(document)["first_cell"] == (-4, -2)
    assert names_of(document)[:2, :2].tolist() == [["grass", "grass"], ["grass", "forest"]]
    assert names_of(document)[2:, 4:].tolist() == [["mud", "mud"], ["mud", "water"]]
    assert (names_of(document)[:2, 2:] == "empty").all()
    before = target.read_bytes()
    patch = raster.rectangle(document.shape, (3, 4), (3, 4))
    grass = document.palette[names(document, "grass")]
    write_map(edits.set_terrain(document, patch, grass).document, target)
    assert target.read_bytes() == before.replace(b"\n4,4,\n4,3\n", b"\n4,4,\n1,3\n")
    walled = edits.set_passable(read_map(target), raster.rectangle(document.shape, (0, 5), (0, 5)), False).document
    write_map(walled, target)
    assert (read_map(target).passable == walled.passable).all()
    assert read_map(target).shape == (4, 6)


@pytest.mark.parametrize("orientation", ["hexagonal", "staggered"])
def test_maps_without_square_cells_are_refused_by_name(tmp_path, orientation):
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx().replace(b"orthogonal", orientation.encode()))
    with pytest.raises(MapFormatError, match=r"hexagons|staggered rows"):
        read_map(target)


def test_a_resized_map_is_not_written_over_another(path):
    document, _ = edits.resize(read_map(path), 3, 4)
    before = path.read_bytes()
    with pytest.raises(MapError, match="save it as"):
        write_map(document, path)
    assert path.read_bytes() == before


def test_the_origin_stays_with_a_longcut_file(path):
    document = native.decode(path, native.encode(read_map(path)))
    other = path.with_name("other.tmx")
    write_map(document, other)
    assert other.read_bytes() == path.read_bytes()


def test_a_tileset_out_of_reach_is_no_loss(tmp_path):
    (tmp_path / "tiles.tsx").write_text('<?xml version="1.0"?>\n' + made.TILESET.replace(' firstgid="1"', ""))
    target = tmp_path / "level.tmx"
    target.write_text(made.tmx().decode().replace(made.TILESET, '<tileset firstgid="1" source="tiles.tsx"/>'))
    document = read_map(target)
    assert losses(document, target) == write_map(document, target) == []


def test_a_document_from_elsewhere_becomes_a_new_map(tmp_path):
    for name in ("woods", "garden"):
        document = load_sample(name)
        target = tmp_path / f"{name}.tmx"
        told = write_map(document, target)
        assert any("point layouts" in sentence for sentence in told) == bool(document.layouts)
        found = read_map(target)
        assert (names_of(found) == names_of(document)).all()
        assert (found.cost == document.cost)[document.passable].all()
        assert (found.passable == document.passable).all()
        assert [(r.name, r.start, r.goal) for r in found.routes] == [
            (r.name, r.start, r.goal) for r in document.routes
        ]
        write_map(document, tmp_path / f"{name}.tmj")
        assert (read_map(tmp_path / f"{name}.tmj").terrain == found.terrain).all()


def test_a_map_that_changes_format_keeps_its_terrains_colours(path):
    document = read_map(path)
    write_map(document, path.with_suffix(".tmj"))
    with Image.open(path.with_name("level.longcut.png")) as picture:
        shown = [picture.getpixel((number % 16 * 16, 16 * 16 + number // 16 * 16)) for number in range(6)]
    assert shown == [tuple(bytes.fromhex(kind.colour[1:])) for kind in document.palette]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"<map ", b"<!DOCTYPE map [<!ENTITY a 'b'>]>\n<map ", "document type definition"),
        (b'encoding="UTF-8"', b'encoding="latin-1"', "UTF-8"),
        (b"1,1,", b"1,", "has 7 tiles; its size says 8"),
        (b"1,1,", b"1,x,", "'x' among its tile ids"),
        (b"1,1,", b"1,,", "nothing between two commas"),
        (b"1,1,", b"1,99999999999,", "99999999999 is no tile id"),
        (b'width="4" height="2" tilewidth', b'width="4000000" height="2" tilewidth', "too large"),
        (b'width="4" height="2" tilewidth', b'width="4" height="two" tilewidth', "height is 'two'"),
        (b'<layer id="1" name="Ground" width="4"', b'<layer id="1" name="Ground" width="5"', "its size says 10"),
        (b'encoding="csv"', b'encoding="rot13"', "'rot13'; csv and base64"),
        (b'encoding="csv"', b'encoding="base64" compression="zip"', "base64"),
        (b"</map>", b"", "line .*not whole XML"),
        (b'x="8"', b'x="nan"', "no place on a map"),
        (b"<map", b"<mop", "XML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, old, new, why):
    target = tmp_path / "level.tmx"
    assert old in made.tmx()
    target.write_bytes(made.tmx().replace(old, new, 1))
    with pytest.raises(MapFormatError, match=why):
        read_map(target)


@pytest.mark.parametrize("compression", ["zlib", "gzip", "zstd"])
def test_data_that_unpack_to_more_than_their_size_are_refused(tmp_path, compression):
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx(made.data_text(np.zeros((1000, 1000), np.uint32), "base64", compression)))
    with pytest.raises(MapFormatError, match="should unpack to 32 bytes for 8 tiles but holds more"):
        read_map(target)


def test_a_tileset_far_away_or_missing_is_told(tmp_path):
    target = tmp_path / "level.tmx"
    for source in ("../../../../../../etc/passwd", "/etc/passwd", "C:/tiles.tsx", "missing.tsx"):
        text = made.tmx().decode().replace(made.TILESET, f'<tileset firstgid="1" source="{source}"/>')
        target.write_text(text)
        document = read_map(target)
        assert any("could not be read" in sentence for sentence in about(document)["told"])
        other = tmp_path / "other.tmx"
        write_map(document, other)
        assert other.read_text() == text


def test_external_tilesets_and_pictures_are_read(tmp_path):
    (tmp_path / "tiles").mkdir()
    own = made.TILESET.replace(' firstgid="1"', "")
    (tmp_path / "tiles" / "ground.tsx").write_text(f'<?xml version="1.0"?>\n{own}')
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:16, :16], pixels[:16, 16:32] = (10, 200, 30), (40, 50, 60)
    Image.fromarray(pixels).save(tmp_path / "tiles" / "ground.png")
    target = tmp_path / "level.tmx"
    text = made.tmx().decode().replace(made.TILESET, '<tileset firstgid="1" source="tiles/ground.tsx"/>')
    target.write_text(text)
    document = read_map(target)
    assert names_of(document)[0].tolist() == ["grass", "grass", "forest", "empty"]
    assert document.palette[names(document, "grass")].colour == "#0ac81e"
    assert document.palette[names(document, "forest")].colour == "#28323c"
    as_json = {"name": "ground", "tilewidth": 16, "tileheight": 16, "tiles": [{"id": 0, "type": "lawn"}]}
    (tmp_path / "tiles" / "ground.tsj").write_text(json.dumps(as_json))
    target.write_text(text.replace("ground.tsx", "ground.tsj"))
    assert "lawn" in {kind.name for kind in read_map(target).palette}


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "compression"), ENCODINGS)
def test_damaged_maps_of_every_encoding_are_read_or_refused(tmp_path, encoding, compression):
    from tests.maps.formats.test_hostile import assert_survives, mutated
    from tests.maps.strategies import MUTATIONS

    text = made.tmx(made.data_text(made.GIDS, encoding, compression))
    generator = random.Random(f"{encoding} {compression}")
    target = tmp_path / "mutant.tmx"
    for _ in range(MUTATIONS // 6):
        target.write_bytes(mutated(text, generator))
        assert_survives(target, read_map)
