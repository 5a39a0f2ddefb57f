"""16-bit grey PNG: what the rounding keeps, where lo and hi come from, and what is refused."""

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from maps.document import Bounds, MapDocument, new_document
from maps.errors import MapFormatError
from maps.formats import losses, read_map, write_map
from maps.formats.image import LEVELS, quantise
from maps.formats.options import UnsaidError
from tests.maps.formats.packed import zeros
from tests.maps.strategies import EXAMPLES, LARGEST, SMALLEST, documents, round_trip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("image")


def grey(values: Any, dtype: Any = np.uint16) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.array(values, dtype)).save(buffer, "PNG")
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *chunks: bytes, depth: int = 16, colour: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


SECOND_HEADER = chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 0, 0, 0, 0))


def total(document: MapDocument) -> float:
    return float(document.cost[document.passable].sum(dtype=np.float64))


@pytest.mark.slow
@given(documents(st.floats(1 / 128, 1000, width=32), max_side=14))
@settings(max_examples=EXAMPLES)
def test_walls_are_kept_costs_nearly_and_the_total_to_one_step(folder: Path, document: MapDocument) -> None:
    found = round_trip(document, folder / "hill.png")
    assert np.array_equal(found.passable, document.passable)
    open_costs = document.cost[document.passable]
    if not open_costs.size:
        return
    step = float(np.ptp(open_costs.astype(np.float64))) / LEVELS
    rounding = float(np.finfo(np.float32).eps) * float(open_costs.max())
    error = np.abs(found.cost.astype(np.float64) - document.cost)[document.passable]
    assert error.max() <= step + rounding
    assert abs(total(found) - total(document)) <= 0.51 * step + rounding * open_costs.size
    # The picture of the picture is the same picture.
    assert np.array_equal(quantise(found)[0], quantise(document)[0])


@pytest.mark.slow
@given(documents(st.floats(SMALLEST, LARGEST, width=32)))
@settings(max_examples=EXAMPLES)
def test_the_widest_ranges_still_make_a_map(folder: Path, document: MapDocument) -> None:
    assert np.array_equal(round_trip(document, folder / "wide.png").passable, document.passable)


def test_the_total_of_a_large_map_is_kept_where_plain_rounding_drifts() -> None:
    generator = np.random.default_rng(3)
    cost = (1.0 + generator.random((200, 200)) ** 8).astype(np.float32)
    document = new_document(200, 200).replace(cost=cost)
    values, lo, hi = quantise(document)
    kept = lo + (values.astype(np.float64) - 1) / LEVELS * (hi - lo)
    assert abs(kept.sum() - total(document)) <= 0.51 * (hi - lo) / LEVELS
    plain = np.rint((cost.astype(np.float64) - lo) / (hi - lo) * LEVELS) / LEVELS * (hi - lo) + lo
    assert abs(plain.sum() - total(document)) > 10 * (hi - lo) / LEVELS


def test_a_picture_that_was_read_is_written_unchanged(folder: Path) -> None:
    # On reading, float32 rounds these 170 equal cells the same way: together by more than half a level.
    cost = np.full((13, 13), 621.0508, np.float32)
    cost[0, :2] = 387.0, 899.25
    first, second = folder / "first.png", folder / "second.png"
    write_map(new_document(13, 13).replace(cost=cost), first)
    write_map(read_map(first), second)
    assert first.read_bytes() == second.read_bytes()
    assert "the largest error is 0;" in losses(read_map(first), second)[0]


def test_a_map_of_one_cost_and_a_map_of_walls(folder: Path) -> None:
    flat = new_document(2, 3, cost=2.5)
    write_map(flat, folder / "flat.png")
    assert (read_map(folder / "flat.png").cost == 2.5).all()
    write_map(flat.replace(passable=np.zeros((2, 3), bool)), folder / "walls.png")
    assert not read_map(folder / "walls.png").passable.any()


def test_the_picture_is_sixteen_bits_of_grey_with_lo_and_hi_twice(folder: Path) -> None:
    cost = np.array([[0.5, 4.5, 2.0]], np.float32)
    document = new_document(1, 3).replace(cost=cost, passable=[[True, True, False]])
    write_map(document, folder / "both.png")
    with Image.open(folder / "both.png") as image:
        assert image.mode.startswith("I")
        assert np.asarray(image).tolist() == [[1, 65535, 0]]
        note = json.loads(image.text["longcut"])  # type: ignore[attr-defined]
    assert (note["lo"], note["hi"]) == (0.5, 4.5)
    assert json.loads((folder / "both.png.json").read_text()) == note


def test_lo_and_hi_come_from_the_picture_then_the_file_beside_then_the_usual_bounds(folder: Path) -> None:
    path = folder / "source.png"
    document = new_document(1, 2).replace(cost=np.array([[2.0, 3.0]], np.float32))
    write_map(document, path)
    beside = folder / "source.png.json"
    beside.write_text('{"lo": 10, "hi": 20}')
    assert read_map(path).cost.tolist() == [[2.0, 3.0]]
    path.write_bytes(grey([[1, 65535]]))
    assert read_map(path).cost.tolist() == [[10.0, 20.0]]
    beside.unlink()
    usual = Bounds()
    assert read_map(path).cost.tolist() == [[np.float32(usual.lower), np.float32(usual.upper)]]


def test_eight_bits_of_grey_can_be_read(folder: Path) -> None:
    path = folder / "eight.png"
    path.write_bytes(grey([[0, 1, 128, 255]], np.uint8))
    (folder / "eight.png.json").write_text('{"lo": 1, "hi": 255}')
    document = read_map(path)
    assert document.passable.tolist() == [[False, True, True, True]]
    assert document.cost[0, 1:].tolist() == [1.0, 128.0, 255.0]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "1", "LA"])
def test_other_kinds_of_pictures_ask_what_says_the_cost(folder: Path, mode: str) -> None:
    path = folder / "kind.png"
    Image.new(mode, (3, 2)).save(path)
    with pytest.raises(UnsaidError, match=rf"kind\.png: .* of kind {mode}; whether brightness or") as asked:
        read_map(path)
    assert asked.value.asks == ("colours",)


@pytest.mark.parametrize(("colour", "samples"), [(2, 3), (4, 2), (6, 4)])
def test_sixteen_bit_colours_are_refused_and_not_cut_to_eight(folder: Path, colour: int, samples: int) -> None:
    path = folder / "deep.png"
    rows = zlib.compress(b"\0" + bytes(2 * samples))
    path.write_bytes(png(1, 1, chunk(b"IDAT", rows), colour=colour))
    with pytest.raises(MapFormatError, match="16 bits a colour, which would be cut to 8; save it with 8"):
        read_map(path)


@pytest.mark.parametrize(
    "note",
    ["", "7", "[1, 2]", '{"lo": 1}', '{"lo": "x", "hi": 2}', "[" * 5000, '{"lo": 1, "hi": 1' + "0" * 400 + "}"],
)
def test_a_damaged_note_is_refused(folder: Path, note: str) -> None:
    path = folder / "note.png"
    path.write_bytes(grey([[1, 2]]))
    (folder / "note.png.json").write_text(note)
    with pytest.raises(MapFormatError, match=r"note\.png\.json"):
        read_map(path)


@pytest.mark.parametrize(("lo", "hi"), [(0, 1), (-1, 1), (2, 1), ("NaN", 1), (1, "Infinity")])
def test_a_range_that_cannot_be_is_refused(folder: Path, lo: Any, hi: Any) -> None:
    path = folder / "range.png"
    path.write_bytes(grey([[1, 2]]))
    (folder / "range.png.json").write_text(f'{{"lo": {lo}, "hi": {hi}}}')
    with pytest.raises(MapFormatError, match="0 < lo ≤ hi is needed"):
        read_map(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n", "not a whole PNG"),
        (png(0, 4), "is empty"),
        (png(2**31 - 1, 2**31 - 1), "a side may have"),
        (png(16_384, 16_384), "cells in all"),
        (png(2, 2), "damaged PNG"),
        (png(2, 2, chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 16, 0, 0, 0, 0))), "damaged PNG"),
        (png(2, 2, SECOND_HEADER, chunk(b"IDAT", zlib.compress(bytes(9 * 4)))), "it has two sizes"),
        (png(2, 2, chunk(b"IDAT", b"no zlib")), "damaged PNG"),
        (png(2, 2, chunk(b"IDAT", zlib.compress(b"\0\0\1")), depth=16), "damaged PNG"),
        (png(2, 4, chunk(b"IDAT", zlib.compress(bytes(3 * 5)))), "rows should be 20 bytes but are 15"),
        (png(2, 4, chunk(b"IDAT", zlib.compress(bytes(5 * 5)))), "rows should be 20 bytes but are more"),
        (png(2, 2, chunk(b"zTXt", b"longcut\0\0" + zeros(1 << 27))), "damaged PNG"),
        (png(2, 2, depth=7), "damaged PNG"),
    ],
)
def test_a_damaged_picture_is_refused(folder: Path, content: bytes, words: str) -> None:
    path = folder / "damaged.png"
    path.write_bytes(content)
    with pytest.raises(MapFormatError, match=words):
        read_map(path)


def test_what_is_lost_is_said() -> None:
    document = new_document(1, 2).replace(cost=np.array([[1.0, 1.0 + LEVELS * 0.25]], np.float32))
    said = " ".join(losses(document, "hill.png"))
    assert "steps of 0.25" in said
    assert "the total is kept" in said


def test_the_largest_error_that_is_said_is_the_largest_error(folder: Path) -> None:
    cost = np.random.default_rng(1).uniform(0.2, 5.0, (40, 50)).astype(np.float32)
    document = new_document(40, 50).replace(cost=cost)
    said = " ".join(write_map(document, folder / "error.png"))
    error = np.abs(read_map(folder / "error.png").cost.astype(np.float64) - cost).max()
    assert float(said.split("the largest error is ")[1].split(";")[0]) == pytest.approx(error, rel=0.01)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (8, 8), (9, 17), (5, 1)])
@pytest.mark.parametrize("depth", [8, 16])
def test_interlaced_pictures_can_be_read(folder: Path, width: int, height: int, depth: int) -> None:
    # Adam7: pixels in seven passes, each a small picture of its own. (PNG specification, 8.1)
    values = np.arange(1, width * height + 1, dtype=f">u{depth // 8}").reshape(height, width)
    starts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    passes = [values[top::down, left::across] for top, left, down, across in starts]
    rows = b"".join(b"\0" + row.tobytes() for part in passes if part.size for row in part)
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 1)
    path = folder / "laced.png"
    for data, whole in ((rows, True), (rows[: -values.itemsize * (width + 1) // 2 - 1], False)):
        content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
        if whole:
            levels = 2**depth - 2
            (folder / "laced.png.json").write_text(f'{{"lo": 1, "hi": {levels + 1}}}')
            assert np.array_equal(read_map(path).cost, values)
        else:
            with pytest.raises(MapFormatError, match="damaged PNG"):
                read_map(path)
