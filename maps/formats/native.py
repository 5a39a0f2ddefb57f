"""Longcut's own format, `.longcut`: everything a document holds, bit for bit. Specified in SPEC.md."""

from __future__ import annotations

import hashlib
import io
import json
import math
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from maps.document import MAX_CELLS, Layout, MapDocument
from maps.errors import MapError, MapFormatError
from maps.formats import npy
from maps.formats.archives import MOST_ENTRIES, START, check_directory, entry_of
from maps.formats.format import Format
from maps.formats.json_object import JsonObject
from maps.formats.limits import MAX_FILE, MAX_JSON, check_shape, opened
from maps.formats.native_header import (
    bounds_of,
    classes_of,
    described,
    origin_of,
    palette_of,
    plain,
    routes_of,
    rule_of,
)
from maps.origin import MOST_BYTES, Origin
from maps.results import MOST_RESULTS, KeptResult, MapFile
from maps.terrain import NO_TERRAIN, Terrain, on_impassable_terrain, terrains_by_cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.terrain import TerrainMap

VERSION = (1, 3)
_STAMP = (1980, 1, 1, 0, 0, 0)
_MAX_POINTS = 1_000_000
MOST_RESULT_CELLS = 2 * MAX_CELLS
_ORIGIN = "origin/file"
_LAYERS = (("cost", "f4"), ("passable", "b1"), ("locked", "b1"), ("terrain", "u1"))


def encode(document: MapDocument, results: Sequence[KeptResult] = ()) -> bytes:
    """Return the bytes of a `.longcut` file; the same document and results give the same bytes.

    Raises MapError for more routes, layouts, points or metadata than a reader takes.
    """
    maps = _ResultMaps()
    kept = [
        {
            "name": result.name,
            "headline": result.headline,
            "scenario": result.scenario,
            "made": result.made,
            "settings": plain(result.settings),
            "before": maps.entry_of(result.before),
            "after": maps.entry_of(result.after),
        }
        for result in results
    ]
    header: dict[str, Any] = {
        "format": "longcut map",
        "version": f"{VERSION[0]}.{VERSION[1]}",
        **described(document),
        "results": kept,
    }
    entries: dict[str, bytes] = {
        "map.json": json.dumps(header, ensure_ascii=False, allow_nan=False, indent=1).encode("utf-8")
    }
    for layer, dtype in _LAYERS:
        entries[f"{layer}.npy"] = npy.encode(getattr(document, layer).astype(_stored(dtype)))
    for number, layout in enumerate(document.layouts):
        entries[f"layouts/{number}/positions.npy"] = npy.encode(layout.positions.astype("<f8"))
        entries[f"layouts/{number}/weights.npy"] = npy.encode(layout.weights.astype("<f8"))
    if document.origin is not None:
        entries[_ORIGIN] = document.origin.data
    entries |= maps.entries
    if len(entries["map.json"]) > MAX_JSON or len(entries) > MOST_ENTRIES:
        raise MapError("the routes, layouts and metadata are too many for a .longcut file; remove some")
    _check_points(sum(len(layout.weights) for layout in document.layouts))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_STORED if name in maps.entries else zipfile.ZIP_DEFLATED
            info.create_system = 3  # the same bytes on every system
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


class _ResultMaps:
    """Collects the maps of kept results as entries, `.longcut` files themselves; equal ones are stored once."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self._names: dict[int, str] = {}
        self._held: list[MapDocument] = []  # so that no id is used twice

    def entry_of(self, document: MapDocument) -> str:
        if id(document) not in self._names:
            data = encode(document)
            self._names[id(document)] = f"results/{hashlib.sha256(data).hexdigest()[:16]}.longcut"
            self._held.append(document)
            self.entries[self._names[id(document)]] = data
        return self._names[id(document)]


def decode(path: Path, data: bytes) -> MapDocument:
    """Return the document in the bytes of a `.longcut` file; `path` only names it in messages."""
    return _decode_file(path, io.BytesIO(data), with_results=False).document


def decode_file(path: Path, data: bytes) -> MapFile:
    """Return the document and the results kept with it, as `decode` does."""
    return _decode_file(path, io.BytesIO(data), with_results=True)


def _decode_file(path: Path, file: BinaryIO, with_results: bool) -> MapFile:
    try:
        check_directory(path, file, "Longcut map")
        with zipfile.ZipFile(file) as archive:
            header = JsonObject(path, _json(path, archive))
            document = _decode(path, archive, header)
            return MapFile(document, _results(path, archive, header) if with_results else ())
    except MapFormatError:
        raise
    except MapError as error:
        raise MapFormatError(path, "map.json", str(error)) from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise MapFormatError(path, "", f"is not a whole .longcut file: {error}") from None
    except (OSError, ValueError, OverflowError, zlib.error, struct.error) as error:
        raise MapFormatError(path, "", f"is a damaged .longcut file: {error}") from None


def _check_points(points: int) -> None:
    if points > _MAX_POINTS:
        raise MapError(f"the layouts have {points} points; {_MAX_POINTS} is the most in all")


def _results(path: Path, archive: zipfile.ZipFile, header: JsonObject) -> tuple[KeptResult, ...]:
    """The kept results; none in files of before version 1.2."""
    parts = header.parts("results") if header.get("results") is not None else []
    if len(parts) > MOST_RESULTS:
        raise MapFormatError(path, "map.json", f"has {len(parts)} results; {MOST_RESULTS} is the most")
    documents: dict[str, MapDocument] = {}
    for part in parts:
        for entry in (part.text("before"), part.text("after")):
            if entry in documents:
                continue
            with archive.open(entry_of(path, archive, entry, MAX_FILE)) as stream:
                data = stream.read(MAX_FILE + 1)
            try:
                documents[entry] = decode(path, data)
            except MapFormatError as error:
                raise MapFormatError(path, " ".join((entry, error.where)).strip(), error.why) from None
            if sum(document.cost.size for document in documents.values()) > MOST_RESULT_CELLS:
                raise MapFormatError(path, entry, f"its results have more than {MOST_RESULT_CELLS} cells in all")
    return tuple(
        KeptResult(
            name=part.text("name"),
            headline=part.text("headline"),
            scenario=part.text("scenario"),
            before=documents[part.text("before")],
            after=documents[part.text("after")],
            made=part.text("made"),
            settings=cast("dict[str, Any]", part.part("settings").values),
        )
        for part in parts
    )


def _decode(path: Path, archive: zipfile.ZipFile, header: JsonObject) -> MapDocument:
    _check_version(path, header.text("version"))
    height, width = header.whole("height"), header.whole("width")
    check_shape(path, "map.json", height, width)
    _check_points(sum(layout.whole("points") for layout in header.parts("layouts")))
    layers: dict[str, NDArray[Any]] = {}
    for layer, dtype in reversed(_LAYERS):  # the largest last: a small one may already be wrong
        if layer != "terrain" or "terrain.npy" in archive.namelist():  # since 1.3
            layers[layer] = _array(path, archive, f"{layer}.npy", dtype, (height, width))
    palette = palette_of(header)
    return MapDocument(
        cost=layers["cost"],
        passable=layers["passable"],
        locked=layers["locked"],
        terrain=_terrain(layers, palette),
        layouts=tuple(
            _layout(path, archive, number, layout) for number, layout in enumerate(header.parts("layouts"))
        ),
        palette=palette,
        rule=rule_of(header),
        bounds=bounds_of(header),
        routes=routes_of(header),
        classes=classes_of(header),
        origin=_origin(path, archive, header),
        cell_size=header.number("cell_size"),
        name=header.text("name"),
        metadata=cast("dict[str, Any]", header.part("metadata").values),
    )


def _terrain(layers: Mapping[str, NDArray[Any]], palette: Sequence[Terrain]) -> TerrainMap:
    """The terrain of every cell: the file's own, or what the costs tell in files of before version 1.3."""
    if "terrain" not in layers:
        return terrains_by_cost(layers["cost"], layers["passable"], palette)
    terrain = layers["terrain"]
    torn = layers["passable"] & on_impassable_terrain(terrain, palette)
    return np.where(torn, np.uint8(NO_TERRAIN), terrain) if torn.any() else terrain


def _origin(path: Path, archive: zipfile.ZipFile, header: JsonObject) -> Origin | None:
    """The file of another editor that the map came from; none in files of before version 1.3."""
    if header.get("origin") is None:
        return None
    with archive.open(entry_of(path, archive, _ORIGIN, MOST_BYTES)) as stream:
        return origin_of(header, stream.read(MOST_BYTES + 1))


def _layout(path: Path, archive: zipfile.ZipFile, number: int, header: JsonObject) -> Layout:
    points = header.whole("points")
    if points < 0:
        raise MapFormatError(path, f"layouts[{number}]", f"has {points} points; at least 0 are needed")
    folder = f"layouts/{number}"
    positions = _array(path, archive, f"{folder}/positions.npy", "f8", (points, 2))
    weights = _array(path, archive, f"{folder}/weights.npy", "f8", (points,))
    return Layout(header.text("name"), positions, weights, header.text("colour"))


def _array(path: Path, archive: zipfile.ZipFile, name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    limit = math.prod(shape) * np.dtype(dtype).itemsize + npy.LONGEST_HEADER
    with archive.open(entry_of(path, archive, name, limit)) as stream:
        header = npy.read_header(path, name, cast("BinaryIO", stream), (dtype,), len(shape))
        if header.shape != shape:
            raise MapFormatError(path, name, f"has shape {header.shape}, but map.json says {shape}")
        array = npy.read_data(path, name, cast("BinaryIO", stream), header)
    if dtype == "b1" and np.any(array.view(np.uint8) > 1):
        raise MapFormatError(path, name, "holds bytes other than 0 and 1")
    return array


def _json(path: Path, archive: zipfile.ZipFile) -> Mapping[str, Any]:
    with archive.open(entry_of(path, archive, "map.json", MAX_JSON)) as stream:
        data = stream.read(MAX_JSON + 1)  # the size in the directory may lie
    if len(data) > MAX_JSON:
        raise MapFormatError(path, "map.json", f"unpacks to more than {MAX_JSON} bytes")

    def no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a name is given twice")
        return result

    def no_constants(constant: str) -> Any:
        raise ValueError(f"{constant} is not a number that JSON has")

    try:
        value: Any = json.loads(data.decode("utf-8"), object_pairs_hook=no_duplicates, parse_constant=no_constants)
    except RecursionError:
        raise MapFormatError(path, "map.json", "is nested too deeply") from None
    except ValueError as error:
        raise MapFormatError(path, "map.json", f"is not valid: {error}") from None
    if not isinstance(value, dict):
        raise MapFormatError(path, "map.json", "should be an object with names and values")
    return cast("dict[str, Any]", value)


def _check_version(path: Path, version: str) -> None:
    try:
        major, _minor = (int(part) for part in version.split("."))
    except ValueError:
        raise MapFormatError(path, "map.json", f"has version {version[:20]!r}; '1.0' is expected") from None
    if major > VERSION[0]:
        raise MapFormatError(
            path,
            "map.json",
            f"is a map of format version {version}, made by a newer Longcut; this one reads up to version "
            f"{VERSION[0]}. Update Longcut to open it",
        )
    if major < 1:
        raise MapFormatError(path, "map.json", f"has version {version}; versions start at 1.0")


def _stored(dtype: str) -> np.dtype[Any]:
    return np.dtype(dtype).newbyteorder("<")


def _read(path: Path) -> MapDocument:
    with opened(path) as file:
        return _decode_file(path, file, with_results=False).document


def _read_file(path: Path) -> MapFile:
    with opened(path) as file:
        return _decode_file(path, file, with_results=True)


def _encode(document: MapDocument, path: Path) -> dict[Path, bytes]:
    return {path: encode(document)}


def _encode_file(contents: MapFile, path: Path) -> dict[Path, bytes]:
    return {path: encode(contents.document, contents.results)}


def _losses(document: MapDocument) -> list[str]:
    return []


FORMAT = Format(
    "longcut",
    "Longcut map, keeps everything",
    (".longcut",),
    _read,
    _encode,
    _losses,
    read_file=_read_file,
    encode_file=_encode_file,
    signature=START,
    recognises=lambda data: b"map.json" in data,
)
