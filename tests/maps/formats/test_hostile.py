"""Files that are meant to do harm, or were harmed: every one is refused in words, soon, with little memory."""

import base64
import gzip
import io
import itertools
import json
import random
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from PIL import Image

from maps.document import Layout, MapDocument, Route, new_document
from maps.errors import MapFormatError
from maps.formats import FORMATS, Format, read_as, read_map, write_map
from maps.formats.movingai import read_scenarios
from maps.formats.options import ReadOptions
from tests.maps.formats.packed import zeros
from tests.maps.formats.tiled import made
from tests.maps.strategies import MUTATIONS

ROOT = Path(__file__).parents[3]
WRITTEN = [kind for kind in FORMATS if kind.encode is not None and not kind.only_back]
SPLICES = (b"\0", b"\xff", b"0", b"9" * 30, b"nan", b"-", b"1e999", b"\n", b'"', b"[[[[", b"{", b"(" * 40, b"PK")


def victim(seed: int) -> MapDocument:
    """A map with something of everything."""
    generator = np.random.default_rng(seed)
    height, width = (int(side) for side in generator.integers(3, 12, 2))
    layout = Layout("camps", generator.uniform(0, 2, (3, 2)), generator.random(3))
    return new_document(height, width, name="victim").replace(
        cost=generator.uniform(0.2, 5.0, (height, width)),
        passable=generator.random((height, width)) < 0.8,
        routes=(Route("way", (0, 0), (height - 1, width - 1), expected_cost=3.5),),
        layouts=(layout,),
        metadata={"a": {"b": [1, 2.5, None, "x"]}},
    )


def mutated(data: bytes, generator: random.Random) -> bytes:
    """One to four small changes anywhere: bits, bytes, splices, cuts, repeats."""
    changed = bytearray(data)
    for _ in range(generator.randint(1, 4)):
        at = generator.randrange(len(changed) + 1)
        to = min(len(changed), at + generator.randint(1, 24))
        kind = generator.randrange(7)
        if kind == 0 and at < len(changed):
            changed[at] ^= 1 << generator.randrange(8)
        elif kind == 1:
            changed[at:to] = generator.randbytes(to - at)
        elif kind == 2:
            changed[at:at] = generator.choice(SPLICES)
        elif kind == 3:
            changed[at:to] = generator.choice(SPLICES)
        elif kind == 4:
            del changed[at:to]
        elif kind == 5:
            changed[at:at] = changed[at:to]
        else:
            del changed[at:]
    return bytes(changed)


def repacked(data: bytes, generator: random.Random) -> bytes:
    """An archive one entry of which is mutated and packed again, so that all sums are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = generator.choice(sorted(entries))
    entries[name] = mutated(entries[name], generator)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    return buffer.getvalue()


def assert_survives(path: Path, read: Callable[[Path], object]) -> bool:
    """Whether a file is refused; refused or read, it is in the one way that readers may, and soon."""
    began = time.process_time()  # not the wall's clock: other programs may keep the processor
    refusal = None
    try:
        read(path)
    except MapFormatError as error:
        refusal = str(error)
    assert time.process_time() - began < 1.0
    assert refusal is None or path.name in refusal
    return refusal is not None


@pytest.mark.slow
@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.name)
def test_mutated_files_are_read_or_refused(tmp_path: Path, kind: Format) -> None:
    name = kind.name
    victims: list[bytes] = []
    for seed in range(8):
        write_map(victim(seed), tmp_path / f"victim{kind.endings[0]}")
        victims.append((tmp_path / f"victim{kind.endings[0]}").read_bytes())
    for path in tmp_path.iterdir():
        path.unlink()
    generator = random.Random(f"{name} {MUTATIONS}")
    target = tmp_path / f"mutant{kind.endings[0]}"
    refused = 0
    for number in range(MUTATIONS):
        data = generator.choice(victims)
        inside = name in ("longcut", "npz") and number % 2
        target.write_bytes(repacked(data, generator) if inside else mutated(data, generator))
        refused += assert_survives(target, kind.read)
        if number % 8 == 0:  # the first bytes may be damaged, which settle the format
            assert_survives(target, read_map)
    assert refused > MUTATIONS / 10, "the mutations hardly do anything"


@pytest.mark.parametrize("ending", ["asc", "npy", "npz", "csv", "r16"])
def test_mutated_grids_whose_meaning_is_told_are_read_or_refused(tmp_path: Path, ending: str) -> None:
    data = np.arange(64, dtype="<u2").tobytes()
    if ending != "r16":
        write_map(victim(0), tmp_path / f"victim.{ending}")
        data = (tmp_path / f"victim.{ending}").read_bytes()
    generator = random.Random(f"{ending} told")
    target = tmp_path / f"mutant.{ending}"
    order: dict[str, Any] = {"byte_order": "big"} if ending == "r16" else {}
    for number in range(MUTATIONS // 6):
        damaged = repacked(data, generator) if ending == "npz" and number % 2 else mutated(data, generator)
        target.write_bytes(damaged)
        meaning = ReadOptions(slope=2.0, **order) if number % 3 else ReadOptions(scale=(1.0, 3.0), **order)
        assert_survives(target, lambda path, meaning=meaning: read_as(path, meaning))


@pytest.mark.slow
def test_mutated_scenarios_are_read_or_refused(tmp_path: Path) -> None:
    document = victim(0)
    write_map(document, tmp_path / "victim.map")
    data = (tmp_path / "victim.map.scen").read_bytes() * 2
    generator = random.Random(MUTATIONS)
    target = tmp_path / "mutant.scen"
    for _ in range(MUTATIONS):
        target.write_bytes(mutated(data, generator))
        assert_survives(target, lambda path: read_scenarios(path, document))


def test_mutated_notes_beside_pictures_are_read_or_refused(tmp_path: Path) -> None:
    write_map(victim(0), tmp_path / "victim.png")
    note = (tmp_path / "victim.png.json").read_bytes()
    plain = io.BytesIO()
    Image.fromarray(np.arange(12, dtype=np.uint16).reshape(3, 4)).save(plain, "PNG")
    (tmp_path / "victim.png").write_bytes(plain.getvalue())
    generator = random.Random(MUTATIONS)
    for _ in range(MUTATIONS // 3):
        (tmp_path / "victim.png.json").write_bytes(mutated(note, generator))
        assert_survives(tmp_path / "victim.png", read_map)


def archive(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def bomb(entries: dict[str, bytes], name: str, start: bytes, claimed: int | None = None) -> bytes:
    """An archive with an entry that unpacks to `start` and a gigabyte of zeros, or claims to unpack to less."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = deflate.compress(start) + deflate.flush(zlib.Z_FULL_FLUSH)
    megabyte = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for usual, data in entries.items():
            packed.writestr(usual, data)
        packed.writestr(name, first + megabyte * 1024 + deflate.flush())
        info = packed.getinfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.file_size = len(start) + (1 << 30) if claimed is None else claimed
    return buffer.getvalue()


def header(**changes: object) -> bytes:
    usual = {
        "format": "longcut map",
        "version": "1.0",
        "name": "",
        "height": 64,
        "width": 64,
        "cell_size": 1.0,
        "rule": {"neighbours": 8, "corner_rule": "free", "cost_rule": "mean"},
        "bounds": {"lower": 1, "upper": 2},
        "routes": [],
        "layouts": [],
        "palette": [],
        "metadata": {},
    }
    return json.dumps({**usual, **changes}).encode()


NPY = "{'descr': '<f4', 'fortran_order': False, 'shape': (64, 64), }"


def npy(shape: str = "(64, 64)", data: bytes = b"") -> bytes:
    text = NPY.replace("(64, 64)", shape).encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def many_entries(count: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for number in range(count):
            packed.writestr(f"{number:x}", b"")
    return buffer.getvalue()


def png(*chunks: tuple[bytes, bytes], side: int = 8192, depth: int = 16, colour: int = 0) -> bytes:
    """A picture, side × side, grey of 16 bits if nothing else is said, with these chunks before its end."""
    size = side.to_bytes(4, "big") * 2
    every = ((b"IHDR", size + bytes([depth, colour, 0, 0, 0])), *chunks, (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in every
    )


def rows(side: int = 8192) -> tuple[bytes, bytes]:
    """The rows of a black picture."""
    return b"IDAT", zeros(side * (2 * side + 1))


def colour_png(side: int, count: int) -> bytes:
    """A picture in colours, side × side, whose rows unpack to `count` zeros."""
    return png((b"IDAT", zeros(count)), side=side, depth=8, colour=2)


def jpeg(side: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "#123456").save(buffer, "JPEG")
    return buffer.getvalue()


def tmx_entities() -> bytes:
    """Nine entities each ten times the one before: a thousand million letters."""
    names = "abcdefghij"
    nested = "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in itertools.pairwise(names))
    return f'<!DOCTYPE map [<!ENTITY a "aaaaaaaaaa">{nested}]><map name="&j;"/>'.encode()


def tmx_of(encoding: str, text: bytes, compression: str = "", side: int = 64) -> bytes:
    """A Tiled map, side × side, whose one layer holds this text."""
    packed = f' compression="{compression}"' if compression else ""
    before, after = made.tmx(f'<data encoding="{encoding}"{packed}>|</data>', width=side, height=side).split(b"|")
    return before + text + after


def tmx_chunks(count: int) -> bytes:
    """An infinite map of chunks far from each other."""
    chunks = "".join(f'<chunk x="{n}" y="{n}" width="4096" height="4096"/>' for n in range(count))
    return made.tmx(f'<data encoding="csv">{chunks}</data>').replace(b'infinite="0"', b'infinite="1"')


def tmj_of(tiles: bytes, more: str = "") -> bytes:
    """A Tiled map as JSON, 64 × 64, whose one layer holds these tiles."""
    size = '"width": 64, "height": 64'
    layer = f'{{"type": "tilelayer", "name": "a", {size}, {more} "data": '.encode() + tiles + b"}"
    head = f'{{"type": "map", {size}, "tilewidth": 16, "tileheight": 16, "tilesets": [], "layers": ['.encode()
    return head + layer + b"]}"


def zstd_zeros(window: int = 21) -> bytes:
    """Half a gigabyte of zeros, packed by Zstandard with a window of 2^`window` bytes."""
    parameters = zstandard.ZstdCompressionParameters(window_log=window, compression_level=1)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    megabyte = bytes(1 << 20)
    return b"".join(packer.compress(megabyte) for _ in range(512)) + packer.flush()


ASC = b"ncols 8192\nnrows 8192\ncellsize 1\n"
STARS = [{"name": "", "colour": "#000000", "points": 1_000_000}] * 400
BOMBS: dict[str, Callable[[], bytes]] = {
    "header.longcut": lambda: bomb({}, "map.json", b"{"),
    "header_lies.longcut": lambda: bomb({}, "map.json", b"{", claimed=100),
    "layer.longcut": lambda: bomb({"map.json": header()}, "cost.npy", npy()),
    "layer_lies.longcut": lambda: bomb({"map.json": header()}, "cost.npy", npy(), claimed=16_500),
    "size.longcut": lambda: archive({"map.json": header(height=10**9, width=10**9)}),
    "shape.longcut": lambda: archive({"map.json": header(), "cost.npy": npy("(16384, 4096)")}),
    "points.longcut": lambda: archive({"map.json": header(layouts=STARS)}),
    "deep.longcut": lambda: archive({"map.json": b'{"version":' + b"[" * 3_000_000}),
    "wide.longcut": lambda: archive({"map.json": b'{"version":"1.0","metadata":[' + b"[]," * 1_300_000 + b"[]]}"}),
    "entries.longcut": lambda: many_entries(60_000),
    "empty.longcut": lambda: b"PK\x05\x06" + bytes(18),
    "sparse.longcut": lambda: b"PK\x03\x04" + bytes(1 << 26),
    "unpacked.longcut": lambda: archive(
        {"map.json": header(height=8192, width=8192), "cost.npy": npy("(8192, 8192)", bytes(1 << 28))}
    ),
    "zeros.npy": lambda: npy("(4096, 4096)").replace(b"<f4", b"|u1") + bytes(1 << 24),
    "shape.npy": lambda: npy("(16384, 4096)"),
    "huge.npy": lambda: npy(f"({10**18}, {10**18})"),
    "last.npy": lambda: npy("(4096, 4096)", b"\0\0\x80?" * ((1 << 24) - 1) + b"\0\0\xc0\x7f"),
    "points_deep.json": lambda: b'{"points": ' + b"[" * (1 << 22),
    "points_wide.json": lambda: b'{"points": [' + b"[]," * 2_000_000 + b"[]]}",
    "points_many.json": lambda: b'{"points": [' + b'{"row":1,"col":1},' * 4_000_000 + b"{}]}",
    "points_commas.csv": lambda: b"," * (1 << 26),
    "points_lines.csv": lambda: b"\n" * (1 << 26),
    "lines.csv": lambda: b"\n" * (1 << 26),
    "commas.csv": lambda: b"," * (1 << 26),
    "digits.csv": lambda: b"9" * (1 << 26),
    "rows.csv": lambda: b"1\n" * (1 << 24),
    "number.asc": lambda: ASC + b"9" * (1 << 26),
    "word.asc": lambda: ASC + b"1 " * 65_000 + b"9" * 100_000 + b" 1" * (1 << 24),
    "zeros.asc": lambda: ASC + b"0 " * (1 << 25),
    "many.asc": lambda: ASC.replace(b"8192", b"64") + b"1 " * (1 << 25),
    "blanks.asc": lambda: ASC + b" " * (1 << 27),
    "lines.asc": lambda: b"\n" * (1 << 26),
    "header.asc": lambda: b"ncols 16384\nnrows 16384\n" + b"cellsize 1\n" * (1 << 22),
    "array.npz": lambda: bomb({}, "cost.npy", npy("(8192, 8192)")),
    "array_lies.npz": lambda: bomb({}, "cost.npy", npy(), claimed=16_500),
    "shape.npz": lambda: archive({"cost.npy": npy("(16384, 16384)")}),
    "entries.npz": lambda: many_entries(60_000),
    "arrays.npz": lambda: archive({f"{number}.npy": npy() for number in range(4000)}),
    "entities.tmx": lambda: tmx_entities(),
    "elements.tmx": lambda: b"<map>" + b"<a/>" * (1 << 24),
    "tiles.tmx": lambda: made.tmx(f"<data>{'<tile/>' * (1 << 22)}</data>"),
    "deep.tmx": lambda: b"<map>" + b"<a>" * (1 << 22),
    "attribute.tmx": lambda: b'<map a="' + b">" * ((1 << 26) - 100),
    "numbers.tmx": lambda: tmx_of("csv", b"1," * (1 << 24)),
    "size.tmx": lambda: tmx_of("csv", b"1", side=1 << 20),
    "lies.tmx": lambda: tmx_of("csv", b"1," * 100, side=8192),
    "zlib.tmx": lambda: tmx_of("base64", base64.b64encode(zeros(1 << 28)), "zlib"),
    "few.tmx": lambda: tmx_of("base64", base64.b64encode(zeros((1 << 28) - 4)), "zlib", side=8192),
    "gzip.tmx": lambda: tmx_of("base64", base64.b64encode(gzip.compress(bytes(1 << 26), 1)), "gzip"),
    "zstd.tmx": lambda: tmx_of("base64", base64.b64encode(zstd_zeros()), "zstd"),
    "window.tmx": lambda: tmx_of("base64", base64.b64encode(zstd_zeros(window=31)), "zstd"),
    "chunks.tmx": lambda: tmx_chunks(99_000),
    "corners.tmx": lambda: made.tmx(
        more=f'<objectgroup><object x="0" y="0"><polyline points="{"0,0 " * (1 << 23)}"/>'
    ),
    "deep.tmj": lambda: b'{"layers": ' + b"[" * (1 << 25),
    "wide.tmj": lambda: b'{"layers": [' + b"[]," * 20_000_000 + b"[]]}",
    "names.tmj": lambda: b'{"layers": [], ' + b'"a":1,' * 8_000_000 + b'"type": "map"}',
    "ids.tmj": lambda: tmj_of(b"[" + b"1," * (1 << 24) + b"1]"),
    "zlib.tmj": lambda: tmj_of(b'"' + base64.b64encode(zeros(1 << 28)) + b'"', '"compression": "zlib",'),
    "deep.ldtk": lambda: b'{"levels": ' + b"[" * (1 << 25),
    "wide.ldtk": lambda: b'{"levels": [' + b"[]," * 20_000_000 + b"[]]}",
    "grid.ldtkl": lambda: (
        b'{"layerInstances": [{"__type": "IntGrid", "__cWid": 9, "__cHei": 9, "intGridCsv": ['
        + b"1," * (1 << 24)
        + b"1]}]}"
    ),
    "heights.r16": lambda: bytes(1 << 26),
    "colours_size.png": lambda: colour_png(8192, 1),
    "colours_rows.png": lambda: colour_png(4096, 4097 * 4096 * 3 + (1 << 27)),
    "colours_few.png": lambda: colour_png(4096, 4095 * 4096 * 3),
    "colours_packed.gif": lambda: b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x08" + bytes(1 << 20),
    "colours_cut.jpg": lambda: jpeg(4096)[:-200],
    "lines.map": lambda: b"type octile\nheight 16384\nwidth 4096\nmap\n" + b"\n" * (1 << 26),
    "row.map": lambda: b"type octile\nheight 16384\nwidth 4096\nmap\n" + b"." * (1 << 26),
    "header.map": lambda: b"type octile\n" + b"\n" * (1 << 26),
    "word.map": lambda: b"type " + b"o" * (1 << 26),
    "lines.scen": lambda: b"version 1\n" + b"\n" * (1 << 26),
    "rows.png": lambda: png((b"IDAT", zeros(16_385 * 8191))),
    "range.png": lambda: png((b"tEXt", b'longcut\0{"lo": 5, "hi": 1}'), rows()),
    "range_behind.png": lambda: png(rows(), (b"tEXt", b'longcut\0{"lo": 5, "hi": 1}')),
    "range_packed.png": lambda: png((b"zTXt", b"longcut\0\0" + zeros(1 << 28)), rows()),
    "checksum.png": lambda: png(rows())[:-20] + bytes(20),
    "header.png": lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\x7f\xff\xff\xff" * 2 + b"\x10\0\0\0\0" + bytes(40),
}
# Every file is read by a process of its own; all are copies of one that has everything imported already.
READER = """
import os, sys, time
from pathlib import Path
from maps.document import new_document
from maps.errors import MapFormatError
from maps.formats import read_as, read_map
from maps.formats.movingai import read_scenarios
from maps.formats.options import ReadOptions
from maps.formats.points import read_layout
def peak():  # megabytes; getrusage would give the larger one of ours and our parent's
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
def measure(path):
    before = peak()
    began = time.process_time()  # the time of this process: others may keep the machine busy
    try:
        if path.name.startswith("points_"):
            read_layout(path, new_document(4, 4))
        elif path.name.startswith("colours_"):
            read_as(path, ReadOptions(colours="terrains"))
        elif path.suffix == ".scen":
            read_scenarios(path, new_document(4, 4))
        else:
            read_map(path)
    except MapFormatError as error:
        assert path.name in str(error)
        print(time.process_time() - began, peak() - before, end="", flush=True)
        os._exit(0)
read_map(Path(sys.argv[1]))  # so that everything is imported before the clock and the scales are read
for line in sys.stdin:
    if os.fork() == 0:
        measure(Path(line.rstrip()))
        os._exit(1)
    os.wait()
    print(flush=True)
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], str]]:
    """Returns what a reader says of a file: seconds and megabytes that it took to refuse it."""
    usual = tmp_path_factory.mktemp("usual") / "usual.png"
    write_map(victim(0), usual)
    words = [sys.executable, "-c", READER, str(usual)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1) as reader:

        def read(path: Path) -> str:
            assert reader.stdin is not None
            assert reader.stdout is not None
            reader.stdin.write(f"{path}\n")
            return reader.stdout.readline().strip()

        yield read


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_soon_and_with_little_memory(
    tmp_path: Path, measured: Callable[[Path], str], name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    said = measured(path)
    assert said, "the file was read, or refused otherwise than in words"
    seconds, megabytes = (float(number) for number in said.split())
    assert seconds < 1.0
    assert megabytes < 256
    path.unlink()  # some are large
