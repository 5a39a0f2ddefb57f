"""Bounds that every reader checks before it allocates anything."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from maps.document import MAX_CELLS, check_size
from maps.errors import MapError, MapFormatError

if TYPE_CHECKING:
    from collections.abc import Generator

MAX_FILE = 1 << 30
MAX_LETTERS = 3 * MAX_CELLS  # a map written as letters with spaces between them, and room for more
MAX_JSON = 4 << 20  # nested empty lists take twenty times as much memory


@contextmanager
def opened(path: str | os.PathLike[str], limit: int = MAX_FILE) -> Generator[BinaryIO, None, None]:
    """Give the file, open for reading, if there is one to read that is not larger than `limit` bytes."""
    try:
        if not _is_file(path):
            raise MapFormatError(path, "", "is a folder or a device; choose a map file")
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > limit:
                most = f"{limit >> 20} MB" if limit >> 20 else f"{limit} bytes"
                raise MapFormatError(path, "", f"is larger than {most}, the most that is read of this kind")
            yield file
    except OSError as error:
        raise MapFormatError(path, "", f"cannot be read: {error.strerror or error}") from error


def read_file(path: str | os.PathLike[str], limit: int = MAX_FILE) -> bytes:
    """Return the bytes of a file, if it can be read and is not larger than `limit`."""
    with opened(path, limit) as file:
        return file.read(limit + 1)


def _is_file(path: str | os.PathLike[str]) -> bool:
    """Whether this is a regular file; asked before it is opened, because a pipe would wait for ever."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except ValueError as error:  # a NUL, or half a character
        raise MapFormatError(path, "", "is no usable file name") from error


def check_shape(path: str | os.PathLike[str], where: str, height: int, width: int) -> None:
    """Raise MapFormatError unless a map of height × width cells is within the limits."""
    try:
        check_size(height, width)
    except MapError as error:
        raise MapFormatError(path, where, str(error)) from None
