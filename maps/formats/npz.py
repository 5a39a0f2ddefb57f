"""NumPy arrays whose numbers have to be told, and archives of arrays, `.npz`.

Of an archive the one array of two dimensions is the grid, or of several the one that is called "cost" or so.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from maps.errors import MapFormatError
from maps.formats import arrays, npy
from maps.formats.archives import START, check_directory, entry_of
from maps.formats.arrays import bare_costs, bare_document
from maps.formats.format import GRID, Format, bare_losses
from maps.formats.limits import MAX_FILE, check_shape, opened
from maps.formats.options import MEANING, ReadOptions
from maps.formats.values import Values

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.document import MapDocument

_GRIDS = ("cost", "costs", "grid", "map", "arr_0")  # names, in the order of preference
_MOST_ARRAYS = 64  # that are looked at
_DATE = (1980, 1, 1, 0, 0, 0)  # the same map is the same bytes


def read_npy(path: Path, options: ReadOptions) -> MapDocument:
    """Return the map in an array (H, W) of numbers that mean what the options say. Raises MapFormatError."""
    with opened(path) as file:
        header = npy.read_header(path, "", file, arrays.NUMBERS, 2)
        check_shape(path, "", *header.shape)
        npy.check_length(path, file, header)
        return _document(path, npy.read_data(path, "", file, header), options, [])


def read_npz(path: Path, options: ReadOptions | None = None) -> MapDocument:
    """Return the map in an archive of arrays. Raises MapFormatError."""
    try:
        with opened(path) as file:
            check_directory(path, file, "NumPy archive")
            with zipfile.ZipFile(file) as archive:
                name, others = _grid_in(path, archive)
                with archive.open(entry_of(path, archive, name, MAX_FILE)) as stream:
                    header = npy.read_header(path, name, cast("BinaryIO", stream), arrays.NUMBERS, 2)
                    check_shape(path, name, *header.shape)
                    data = npy.read_data(path, name, cast("BinaryIO", stream), header)
    except MapFormatError:
        raise
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise MapFormatError(path, "", f"is not a whole NumPy archive: {error}") from None
    except (OSError, ValueError, OverflowError, zlib.error, struct.error) as error:
        raise MapFormatError(path, "", f"is a damaged NumPy archive: {error}") from None
    told = [f"the grid is the array {name.removesuffix('.npy')[:40]!r} of {others + 1}"] if others else []
    return _document(path, data, options or ReadOptions(), told)


def _grid_in(path: Path, archive: zipfile.ZipFile) -> tuple[str, int]:
    """The entry that holds the grid, and how many other arrays there are."""
    names = [name for name in archive.namelist() if name.endswith(".npy")]
    if not names:
        raise MapFormatError(path, "", "holds no arrays; save one of two dimensions")
    if len(names) > _MOST_ARRAYS:
        raise MapFormatError(path, "", f"holds {len(names)} arrays; {_MOST_ARRAYS} are the most to choose from")
    if len(names) == 1:
        return names[0], 0
    plane = [name for name in names if _is_plane(path, archive, name)]
    known = [f"{name}.npy" for name in _GRIDS if f"{name}.npy" in plane]
    if len(plane) == 1 or known:
        return (known or plane)[0], len(names) - 1
    listed = ", ".join(name.removesuffix(".npy") for name in names)[:80]
    why = f"holds the arrays {listed}, and which one is the grid nobody can know; call it cost"
    raise MapFormatError(path, "", why)


def _is_plane(path: Path, archive: zipfile.ZipFile, name: str) -> bool:
    try:
        with archive.open(entry_of(path, archive, name, MAX_FILE)) as stream:
            npy.read_header(path, name, cast("BinaryIO", stream), arrays.NUMBERS, 2)
    except MapFormatError:
        return False
    return True


def _document(path: Path, data: NDArray[Any], options: ReadOptions, told: list[str]) -> MapDocument:
    values = Values(path, options)
    for row in data:
        values.add(row)
    told = [*told, *values.told()]
    document = bare_document(path, values.costs())
    return document.replace(metadata={GRID: {"told": told}}) if told else document


def _encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("cost.npy", _DATE), npy.encode(bare_costs(document).astype("<f4")))
    return {path: buffer.getvalue()}


NPY = replace(arrays.NPY, read_as=read_npy, takes=MEANING)
NPZ = Format(
    "npz",
    "NumPy archive with an array of costs",
    (".npz",),
    read_npz,
    _encode,
    bare_losses,
    signature=START,
    recognises=lambda data: b".npy" in data and b"map.json" not in data,
    read_as=read_npz,
    takes=MEANING,
)
