"""The .npy container, read with its header checked first: no pickles, no surprises, no early allocation."""

from __future__ import annotations

import ast
import io
import math
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from maps.document import freshly_frozen
from maps.errors import MapFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 10_000  # bytes, numpy's own limit
_BLOCK = 1 << 20  # bytes
_DTYPE = re.compile(r"[<>=|]?([a-z][0-9])")


@dataclass(frozen=True)
class Header:
    """What a .npy file says of its array."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool

    @property
    def data_bytes(self) -> int:
        """Bytes of data that have to follow."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(path: Path, where: str, file: BinaryIO, dtypes: tuple[str, ...], dimensions: int) -> Header:
    """Return the header of a .npy file, which is left where the data begin.

    dtypes: the ones that are welcome, as numpy names them, in any byte order. Raises MapFormatError.
    """

    def refuse(why: str) -> MapFormatError:
        return MapFormatError(path, where, why)

    start = file.read(8)
    if len(start) < 8 or not start.startswith(MAGIC):
        raise refuse("is not a NumPy array; its first bytes are wrong")
    major = start[6]
    if major not in (1, 2, 3):
        raise refuse(f"is a NumPy array of version {major}; versions 1 to 3 can be read")
    length_bytes = file.read(2 if major == 1 else 4)
    length = int.from_bytes(length_bytes, "little")
    text = file.read(min(length, LONGEST_HEADER))
    if len(text) < length:
        raise refuse("has a damaged header")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's own about odd literals
            header: Any = ast.literal_eval(text.decode("utf-8").strip())
        shape: Any = header["shape"]
        fortran: Any = header["fortran_order"]
        dtype: Any = header["descr"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise refuse("has a damaged header") from None
    kind = _DTYPE.fullmatch(dtype) if isinstance(dtype, str) else None
    if kind is None or kind[1] not in dtypes:
        raise refuse(f"holds {repr(dtype)[:40]}; numbers of type {', '.join(dtypes)} are needed")
    sides = _tuple(shape)
    if len(sides) != dimensions or not all(type(side) is int and side >= 0 for side in sides):
        raise refuse(f"has shape {repr(shape)[:40]}; {dimensions} dimensions are needed")
    return Header(np.dtype(cast("str", dtype)), cast("tuple[int, ...]", sides), fortran is True)


def read_data(path: Path, where: str, file: BinaryIO, header: Header) -> NDArray[Any]:
    """Return the array that follows a header, which the caller has found to be of a size that may be.

    The memory grows with what is there, block by block, not with what the header promises.
    """
    data, most = bytearray(), header.data_bytes
    while len(data) <= most and (block := file.read(min(_BLOCK, most + 1 - len(data)))):
        data += block
    if len(data) != most:
        found = f"{len(data)}" if len(data) < most else "more"
        raise MapFormatError(path, where, f"should hold {most} bytes of data but holds {found}")
    array = freshly_frozen(np.frombuffer(data, dtype=header.dtype))
    return array.reshape(header.shape, order="F" if header.fortran_order else "C")


def check_length(path: Path, file: BinaryIO, header: Header) -> None:
    """Refuse a file that holds fewer or more data after its header than that says; leaves it where it was."""
    began = file.tell()
    found = file.seek(0, io.SEEK_END) - began
    file.seek(began)
    if found != header.data_bytes:
        held = f"{found}" if found < header.data_bytes else "more"
        raise MapFormatError(path, "", f"should hold {header.data_bytes} bytes of data but holds {held}")


def rows(file: BinaryIO, header: Header) -> Iterator[NDArray[Any]]:
    """Yield the rows of a two-dimensional array in C order; only one of them is in memory at a time."""
    height, width = header.shape
    for _ in range(height):
        yield np.frombuffer(file.read(width * header.dtype.itemsize), header.dtype)


def encode(array: NDArray[Any]) -> bytes:
    """Return the bytes of a .npy file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _tuple(value: Any) -> tuple[Any, ...]:
    """The value if it is a tuple, else an empty one."""
    return value if isinstance(value, tuple) else ()  # pyright: ignore[reportUnknownVariableType]
