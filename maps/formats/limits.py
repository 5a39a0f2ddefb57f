"""Bounds that every reader checks before it allocates anything."""

from __future__ import annotations

import os
from pathlib import Path

from maps.document import check_size
from maps.errors import MapError, MapFormatError

MAX_FILE = 1 << 30
MAX_TEXT = 256 << 20
MAX_JSON = 16 << 20


def read_file(path: str | os.PathLike[str], limit: int = MAX_FILE) -> bytes:
    """The bytes of a file, if it can be read and is not larger than `limit`."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except IsADirectoryError:
        raise MapFormatError(path, "", "is a folder; choose a map file") from None
    except OSError as error:
        raise MapFormatError(path, "", f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise MapFormatError(Path(str(path)[:80]), "", f"is no usable file name: {error}") from error
    if len(data) > limit:
        raise MapFormatError(path, "", f"is larger than {limit >> 20} MB, the most that is read of this kind")
    return data


def check_shape(path: str | os.PathLike[str], where: str, height: int, width: int) -> None:
    """Raises MapFormatError unless a map of height × width cells is within the limits."""
    try:
        check_size(height, width)
    except MapError as error:
        raise MapFormatError(path, where, str(error)) from None
