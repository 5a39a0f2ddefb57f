"""Files that unpack, or claim, to be far larger than they are: by name, each with what makes its bytes."""

import base64
import gzip
import io
import itertools
import json
import zipfile
import zlib
from collections.abc import Callable

import zstandard
from PIL import Image

from tests.maps.formats.packed import zeros
from tests.maps.formats.tiled import made


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
