"""The tile ids of a layer as text: comma-separated or base64, plain or compressed by gzip, zlib or Zstandard."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import zlib
from typing import TYPE_CHECKING

import numpy as np
import zstandard

from maps.errors import MapFormatError
from maps.formats.watching import handled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maps.formats.tiled.model import Gids

_BLOCK, _PIECE = 1 << 20, 1 << 18  # bytes
_LITTLE = np.dtype("<u4")


def decode(path: Path, where: str, text: bytes, shape: tuple[int, int], encoding: str, compression: str) -> Gids:
    """Return the tile ids (H, W) that a layer's text holds.

    encoding: "csv" or "base64"; compression, of base64: "", "gzip", "zlib" or "zstd". No more memory is taken than
    the shape needs, whatever the text unpacks to. Raises MapFormatError.
    """
    count = shape[0] * shape[1]
    if encoding == "csv":
        gids = _from_csv(path, where, text, count)
    elif encoding == "base64":
        gids = _from_base64(path, where, text, count, compression)
    else:
        raise MapFormatError(path, where, f"is in the encoding {encoding[:20]!r}; csv and base64 are known")
    return gids.reshape(shape)


def encode(gids: Gids, encoding: str, compression: str) -> bytes:
    """Return the text of tile ids (H, W), the inverse of `decode`."""
    if encoding == "csv":
        return ",\n".join(",".join(map(str, row)) for row in gids.tolist()).encode()
    data = gids.astype(_LITTLE).tobytes()
    match compression:
        case "gzip":
            data = gzip.compress(data, mtime=0)
        case "zlib":
            data = zlib.compress(data)
        case "zstd":
            data = zstandard.ZstdCompressor().compress(data)
        case _:
            pass
    return base64.b64encode(data)


def _from_csv(path: Path, where: str, text: bytes, count: int) -> Gids:
    plain = text.translate(None, b" \t\r\n").rstrip(b",")
    if plain.count(b",") >= max(1, count):  # before anything of its size is made
        raise MapFormatError(path, where, f"has more than the {count} tiles that its size says")
    wrong = plain.translate(None, b"0123456789,")
    if wrong or b",," in plain or plain.startswith(b","):
        what = repr(wrong[:20].decode("utf-8", "replace")) if wrong else "nothing between two commas"
        raise MapFormatError(path, where, f"has {what} among its tile ids, which are whole numbers")
    found = plain.count(b",") + 1 if plain else 0
    if found != count:
        raise MapFormatError(path, where, f"has {found} tiles; its size says {count}")
    gids = np.empty(count, np.uint32)
    at = filled = 0
    while at < len(plain):  # piece by piece: numpy keeps the interpreter to itself meanwhile
        end = plain.find(b",", at + _PIECE)
        end = len(plain) if end < 0 else end
        numbers = np.fromstring(plain[at:end], np.float64, sep=",")  # whole numbers of 32 bits are exact
        if numbers.max() > np.iinfo(np.uint32).max:
            raise MapFormatError(path, where, f"{numbers.max():.0f} is no tile id; the largest has 32 bits")
        gids[filled : filled + len(numbers)] = numbers
        filled += len(numbers)
        handled(end - at)
        at = end + 1
    return gids


def _from_base64(path: Path, where: str, text: bytes, count: int, compression: str) -> Gids:
    try:
        packed = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error as error:
        raise MapFormatError(path, where, f"is no base64: {error}") from None
    expected = count * _LITTLE.itemsize
    try:
        found = sum(map(len, _pieces(packed, compression, expected + 1)))  # before there is memory for it
        if found != expected:
            what = f"{found} bytes" if found < expected else "more"
            why = f"should unpack to {expected} bytes for {count} tiles but holds {what}"
            raise MapFormatError(path, where, why)
        data = bytearray()
        for piece in _pieces(packed, compression, expected):
            data += piece
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise MapFormatError(path, where, f"cannot be unpacked by {compression}: {error}") from None
    except KeyError:
        known = "gzip, zlib and zstd are known"
        raise MapFormatError(path, where, f"is compressed by {compression[:20]!r}; {known}") from None
    handled(len(text))
    return np.frombuffer(data, _LITTLE).astype(np.uint32, copy=False)


def _pieces(packed: bytes, compression: str, most: int) -> Iterator[bytes]:
    """Yield at most `most` bytes of what is packed; the stream is read in pieces, as its header may lie."""
    if compression == "":
        yield packed
    elif compression == "zlib":
        inflater = zlib.decompressobj()
        while most and (piece := inflater.decompress(packed, min(_BLOCK, most))):
            yield piece
            most, packed = most - len(piece), inflater.unconsumed_tail
    else:
        readers = {
            "gzip": lambda: gzip.GzipFile(fileobj=io.BytesIO(packed)),
            "zstd": lambda: zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed)),
        }
        with readers[compression]() as stream:
            while most and (piece := stream.read(min(_BLOCK, most))):
                yield piece
                most -= len(piece)
