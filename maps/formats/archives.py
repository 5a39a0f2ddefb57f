"""Zip archives, opened with what they promise checked first."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, BinaryIO

from maps.errors import MapFormatError

if TYPE_CHECKING:
    from pathlib import Path

START = b"PK\x03\x04"
MOST_ENTRIES = 4096
_TAIL = 65_536 + 22  # bytes that hold the end record and its comment


def check_directory(path: Path, file: BinaryIO, what: str) -> None:
    """Refuse an archive whose list of entries is too long, before `zipfile` reads all of it.

    what: the archive should be, for messages. Raises MapFormatError.
    """
    # Of a file cut short within its first bytes, what is there is right.
    if not START.startswith(file.read(len(START))):
        raise MapFormatError(path, "", f"is not a {what}: it begins otherwise than they do")
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 22 > len(tail):
        raise MapFormatError(path, "", f"is not a whole {what}: the end of the archive is missing")
    entries, directory_bytes = struct.unpack("<HI", tail[end + 10 : end + 16])
    if entries > MOST_ENTRIES or directory_bytes > MOST_ENTRIES * 256 or b"PK\x06\x07" in tail[end - 20 : end]:
        raise MapFormatError(path, "", f"has more than {MOST_ENTRIES} entries; a map has far fewer")


def entry_of(path: Path, archive: zipfile.ZipFile, name: str, limit: int) -> zipfile.ZipInfo:
    """Return an entry that is there, is packed as maps are, and says that it unpacks to at most `limit` bytes."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise MapFormatError(path, name, "is missing from the file") from None
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
        raise MapFormatError(path, name, "is packed in a way that maps are not; only plain deflate can be read")
    if info.file_size > limit:
        raise MapFormatError(path, name, f"unpacks to {info.file_size} bytes; at most {limit} are expected")
    return info
