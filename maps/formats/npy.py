"""The .npy container, read with its header checked first: no pickles, no surprises, no early allocation."""

from __future__ import annotations

import ast
import io
import math
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from maps.errors import MapFormatError

MAGIC = b"\x93NUMPY"


def decode(
    path: Path, where: str, data: bytes, dtypes: tuple[str, ...], dimensions: int
) -> tuple[tuple[int, ...], NDArray[Any]]:
    """Shape and array of .npy bytes, if the dtype is one of `dtypes` (numpy's strings, any byte order)."""

    def refuse(why: str) -> MapFormatError:
        return MapFormatError(path, where, why)

    if len(data) < 10 or not data.startswith(MAGIC):
        raise refuse("is not a NumPy array; its first bytes are wrong")
    major = data[6]
    length_bytes = 2 if major == 1 else 4
    if major not in (1, 2, 3) or len(data) < 8 + length_bytes:
        raise refuse(f"is a NumPy array of version {major}; versions 1 to 3 can be read")
    header_end = 8 + length_bytes + int.from_bytes(data[8 : 8 + length_bytes], "little")
    if header_end > min(len(data), 65_536):
        raise refuse("has a damaged header")
    try:
        header: Any = ast.literal_eval(data[8 + length_bytes : header_end].decode("utf-8").strip())
        shape: Any = header["shape"]
        fortran: Any = header["fortran_order"]
        dtype: Any = header["descr"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError, UnicodeDecodeError):
        raise refuse("has a damaged header") from None
    if not isinstance(dtype, str) or dtype.lstrip("<>=|") not in dtypes:
        raise refuse(f"holds {dtype!r}; numbers of type {', '.join(dtypes)} are needed")
    sides = cast("tuple[object, ...]", shape) if isinstance(shape, tuple) else ()
    if len(sides) != dimensions or not all(type(side) is int and side >= 0 for side in sides):
        raise refuse(f"has shape {shape!r}; {dimensions} dimensions are needed")
    whole = cast("tuple[int, ...]", sides)
    kind = np.dtype(dtype)
    if len(data) - header_end != math.prod(whole) * kind.itemsize:
        expected = math.prod(whole) * kind.itemsize
        raise refuse(f"should hold {expected} bytes of data but holds {len(data) - header_end}")
    array = np.frombuffer(data, dtype=kind, offset=header_end)
    return whole, array.reshape(whole, order="F" if fortran is True else "C")


def encode(array: NDArray[Any]) -> bytes:
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()
