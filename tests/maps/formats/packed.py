"""Packed bytes, made in no time."""

import zlib


def zeros(count: int) -> bytes:
    """So many zeros as zlib packs them; only a megabyte of them is packed, and repeated."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = deflate.compress(bytes(count % (1 << 20))) + deflate.flush(zlib.Z_FULL_FLUSH)
    megabyte = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    adler = (count % 65521) << 16 | 1
    return b"\x78\xda" + first + megabyte * (count >> 20) + deflate.flush() + adler.to_bytes(4, "big")
