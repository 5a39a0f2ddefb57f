"""Pictures as maps: by brightness, by their colours, and never cut to fewer bits."""

import io
import random
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from maps.document import new_document
from maps.errors import MapFormatError
from maps.formats import read_as, read_map, write_map
from maps.formats.options import ReadOptions, UnsaidError
from maps.formats.pictures import ENDINGS
from maps.formats.told import told_at_reading
from maps.import_table import apply_table, read_table, table_text
from maps.tiles import terrains_as_tiles
from tests.maps.formats.test_hostile import assert_survives, mutated
from tests.maps.strategies import MUTATIONS

FOREST, SEA, CLEAR = (0x3F, 0x8F, 0x5F, 255), (10, 20, 30, 255), (0, 0, 0, 0)
TERRAINS, BRIGHT = ReadOptions(colours="terrains"), ReadOptions(colours="brightness", scale=(1.0, 2.0))


def saved(path: Path, pixels: np.ndarray, mode: str | None = None, **options: Any) -> Path:
    picture = Image.fromarray(pixels)
    (picture.convert(mode) if mode else picture).save(path, **options)
    return path


def drawn() -> np.ndarray:
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0], pixels[1] = FOREST, SEA
    pixels[1, 2] = CLEAR
    return pixels


@pytest.mark.parametrize("ending", [".png", ".gif", ".tif", ".webp", ".bmp"])
def test_each_colour_is_a_terrain(tmp_path: Path, ending: str) -> None:
    pixels = drawn()
    has_opacity = ending in (".png", ".tif", ".webp")
    options = {"lossless": True, "exact": True} if ending == ".webp" else {}
    if not has_opacity:
        pixels[1, 2] = SEA
    if ending == ".gif":
        picture = Image.fromarray(pixels).convert("RGB").quantize(2)
        picture.save(tmp_path / "p.gif")
    else:
        saved(tmp_path / f"p{ending}", pixels, None if has_opacity else "RGB", **options)
    document = read_as(tmp_path / f"p{ending}", TERRAINS)
    names = [kind.name for kind in document.palette]
    assert names == ["#0a141e", "forest"], "a colour of the starting palette is its terrain"
    assert document.cost[0].tolist() == [2.5] * 3
    assert document.passable.tolist() == [[True] * 3, [True, True, not has_opacity]]
    assert [document.palette[number].colour for number in document.terrain[:, 0]] == ["#3f8f5f", "#0a141e"]


def test_a_table_of_costs_says_what_colours_cost(tmp_path: Path) -> None:
    document = read_as(saved(tmp_path / "p.png", drawn()), TERRAINS)
    table = tmp_path / "costs.csv"
    tiles = terrains_as_tiles(document)
    table.write_text(table_text(document, tiles).replace("#0a141e,#0a141e,2,1,yes", "#0a141e,sea,2,7.5,yes"))
    priced = apply_table(document, tiles, read_table(table), table)
    assert priced.cost[1, :2].tolist() == [7.5, 7.5]
    assert "sea" in {kind.name for kind in priced.palette}


def test_brightness_is_cost_between_black_and_white(tmp_path: Path) -> None:
    grey = np.array([[0, 51, 255]], np.uint8)
    colours = np.zeros((1, 3, 3), np.uint8)
    colours[0] = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert read_as(saved(tmp_path / "g.png", grey), BRIGHT).cost.tolist() == [[1.0, np.float32(1.2), 2.0]]
    luma = read_as(saved(tmp_path / "c.bmp", colours), BRIGHT).cost[0]
    assert np.allclose(luma, [1.299, 1.587, 1.114]), "Rec. 601"
    dark = read_as(saved(tmp_path / "c.png", colours), ReadOptions(colours="brightness", scale=(2.0, 1.0))).cost[0]
    assert np.allclose(dark + luma, 3.0), "dark may be dear"
    deep = read_as(saved(tmp_path / "d.tif", np.array([[0, 1, 65_535]], np.uint16)), BRIGHT).cost[0]
    assert deep.tolist() == [1.0, np.float32(1 + 1 / 65_535), 2.0]
    steep = read_as(saved(tmp_path / "s.png", grey), ReadOptions(slope=0.1)).cost[0]
    assert np.allclose(steep, 1 + 0.1 * np.array([51, 127.5, 204]))


def test_the_nearest_terrain_of_the_palette(tmp_path: Path) -> None:
    pixels = np.zeros((4, 8, 3), np.uint8)
    pixels[:, :4], pixels[:, 4:] = (0x3F, 0x8F, 0x5F), (0x22, 0x24, 0x2B)
    noise = np.random.default_rng(1).integers(0, 6, pixels.shape).astype(np.uint8)
    document = read_as(saved(tmp_path / "p.jpg", pixels + noise, quality=95), ReadOptions(colours="palette"))
    assert (document.cost[:, :4] == 2.5).all()
    assert not document.passable[:, 4:].any()
    assert "of 255 is the farthest" in told_at_reading(document)[0]


def deep_png() -> bytes:
    rows = zlib.compress(b"\0" + bytes(6))
    made = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b"")):
        made += len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    return made


def deep_tiff() -> bytes:
    """One pixel of three colours of 16 bits, as the library cannot write it."""
    depths = struct.pack("<HHH", 16, 16, 16)
    tags = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 3, 8), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 14)]
    tags += [(277, 3, 1, 3), (278, 3, 1, 1), (279, 4, 1, 6)]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<I", 20) + depths + bytes(6) + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize(("name", "data"), [("d.png", deep_png()), ("d.tif", deep_tiff())])
@pytest.mark.parametrize("options", [TERRAINS, BRIGHT], ids=["terrains", "brightness"])
def test_sixteen_bits_a_colour_are_never_cut(tmp_path: Path, name: str, data: bytes, options: ReadOptions) -> None:
    (tmp_path / name).write_bytes(data)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "RGB", "the library would read it, in 8 bits"
    with pytest.raises(MapFormatError, match="has 16 bits a colour, which would be cut to 8"):
        read_as(tmp_path / name, options)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    path = saved(tmp_path / "p.jpg", drawn()[..., :3])
    with pytest.raises(UnsaidError, match=r"p\.jpg: is a picture") as asked:
        read_map(path)
    assert asked.value.asks == ("colours",)
    with pytest.raises(UnsaidError, match="what black and white cost") as asked:
        read_as(path, ReadOptions(colours="brightness"))
    assert asked.value.asks == ("scale", "slope")
    many = np.arange(3 * 300, dtype=np.uint32).reshape(1, 300, 3).astype(np.uint8)
    many[0, :, 0] = np.arange(300) // 2
    many[0, :, 1] = np.arange(300)
    with pytest.raises(MapFormatError, match="has more than 255 colours"):
        read_as(saved(tmp_path / "m.png", many), TERRAINS)
    saved(tmp_path / "f.tif", np.zeros((2, 2), np.float32))
    with pytest.raises(MapFormatError, match="holds numbers, not colours"):
        read_as(tmp_path / "f.tif", TERRAINS)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(MapFormatError, match=r"p\.jpg: is no whole picture"):
        read_as(path, TERRAINS)
    whole = saved(tmp_path / "w.png", drawn()).read_bytes()
    (tmp_path / "w.png").write_bytes(whole.replace(whole[41:45], b"\0\0\0\0"))
    with pytest.raises(MapFormatError, match=r"no whole picture|damaged PNG"):
        read_as(tmp_path / "w.png", TERRAINS)


def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    saved(tmp_path / "p.bmp", np.zeros((1, 1, 3), np.uint8))
    data = bytearray((tmp_path / "p.bmp").read_bytes())
    for height, width, why in (
        (30_000, 30_000, "more than 16777216"),
        (8_000, 8_000, "more than 16777216"),
        (1, 17_000, "a side may have"),
    ):
        data[18:26] = struct.pack("<ii", width, height)
        (tmp_path / "p.bmp").write_bytes(data)
        with pytest.raises(MapFormatError, match=why):
            read_as(tmp_path / "p.bmp", TERRAINS)


def test_maps_saved_as_grey_pictures_can_be_read_by_brightness_too(tmp_path: Path) -> None:
    write_map(new_document(2, 2).replace(cost=[[1.0, 2.0], [3.0, 5.0]]), tmp_path / "m.png")
    by_brightness = read_as(tmp_path / "m.png", BRIGHT)
    assert by_brightness.cost[1, 1] == 2.0


@pytest.mark.parametrize("ending", [".png", *ENDINGS])
def test_damaged_pictures_are_read_or_refused(tmp_path: Path, ending: str) -> None:
    pixels = np.random.default_rng(2).integers(0, 255, (9, 7, 3)).astype(np.uint8)
    data = saved(tmp_path / f"whole{ending}", pixels).read_bytes()
    generator = random.Random(ending)
    target = tmp_path / f"mutant{ending}"
    refused = 0
    for number in range(MUTATIONS // 4):
        target.write_bytes(mutated(data, generator))
        options = (TERRAINS, BRIGHT, ReadOptions(colours="palette"))[number % 3]
        refused += assert_survives(target, lambda path, options=options: read_as(path, options))
    assert refused > 0
