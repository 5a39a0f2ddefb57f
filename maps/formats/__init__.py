"""Map files: which formats there are, reading by content and ending, writing with losses said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from maps.document import new_document
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import csv_grid, esri, ldtk, movingai, native, npz, pictures, raw16
from maps.formats.foreign import foreign_kind
from maps.formats.format import Format, Level
from maps.formats.limits import opened
from maps.formats.tiled.format import TMJ, TMX
from maps.results import KeptResult, MapFile
from maps.safe_pair import save_pair
from maps.safe_save import save_bytes
from maps.tile_table import as_the_file_says
from maps.tiles import terrains_as_tiles

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from maps.document import MapDocument
    from maps.formats.options import ReadOptions
    from maps.tiles import MapTiles

__all__ = [
    "FORMATS",
    "Format",
    "Level",
    "companion_of",
    "encode_map",
    "format_of",
    "keeps_results",
    "levels_of",
    "losses",
    "read_as",
    "read_file",
    "read_map",
    "recognised",
    "tiles_of",
    "work_lost",
    "write_map",
]

FORMATS: tuple[Format, ...] = (
    native.FORMAT,
    movingai.FORMAT,
    npz.NPY,
    csv_grid.FORMAT,
    pictures.PNG,
    TMX,
    TMJ,
    *ldtk.FORMATS,
    esri.FORMAT,
    npz.NPZ,
    raw16.FORMAT,
    pictures.PICTURE,
)


def read_map(path: str | os.PathLike[str], level: str = "") -> MapDocument:
    """Return the map in a file of any known format; its first bytes settle the format, then its ending.

    level: name of one, in a file of several; without it the first is read that can be. Raises MapFormatError, and
    nothing else, for whatever is wrong with the file.
    """
    kind = _readable(Path(path))
    if level and kind.read_level is None:
        raise MapFormatError(path, "", "is a map by itself, without levels to choose from; leave the level out")
    return kind.read_level(Path(path), level) if level and kind.read_level else kind.read(Path(path))


def read_as(path: str | os.PathLike[str], options: ReadOptions) -> MapDocument:
    """Return the map in a file that does not say it all itself, as the options say, and `read_map` otherwise.

    An option that the format has no use for is refused; a file of no known format is read as a table. Raises
    MapFormatError, UnsaidError where more has to be said.
    """
    path = Path(path)
    kind = _by_ending(path) or csv_grid.FORMAT
    foreign = [name for name in options.given if name not in kind.takes]
    if foreign or kind.read_as is None:
        why = f"is a {kind.description}, of which {foreign[0] if foreign else 'nothing'} has to be said"
        raise MapFormatError(path, "", why)
    return kind.read_as(path, options)


def levels_of(path: str | os.PathLike[str]) -> tuple[Level, ...]:
    """Return the levels in a file of several; none for a format of single maps. Raises MapFormatError."""
    kind = _readable(Path(path))
    return kind.levels(Path(path)) if kind.levels else ()


def read_file(path: str | os.PathLike[str], level: str = "") -> MapFile:
    """Return the map, and the results that were kept with it where the format keeps any, as `read_map` does."""
    kind = _readable(Path(path))
    return kind.read_file(Path(path)) if kind.read_file and not level else MapFile(read_map(path, level))


def write_map(
    document: MapDocument, path: str | os.PathLike[str], results: Sequence[KeptResult] = ()
) -> list[str]:
    """Write a document in the format of the path's ending, safely; return what was lost, in sentences.

    results: kept with the map where the format has a place for them. Raises MapSaveError; the file that was
    there before is then unchanged. Raises MapError for a document that the format cannot hold.
    """
    path = Path(path)
    kind = _writable(path)
    assert kind.encode is not None
    files = kind.encode_file(MapFile(document, tuple(results)), path) if kind.encode_file else None
    *companions, (main, data) = (files or kind.encode(document, path)).items()
    if companions:
        ((companion, companion_data),) = companions
        warnings = save_pair(companion, companion_data, main, data)
    else:
        warning = save_bytes(main, data)
        warnings = [] if warning is None else [warning]
    return [*losses(document, path, results), *warnings]


def encode_map(document: MapDocument, kind: Format, name: str) -> tuple[bytes, list[str]]:
    """Return the bytes of a document as one file of this format, and what they lose, in sentences.

    name: of the file that they stand for. Raises MapError for a document that the format cannot hold.
    """
    if kind.encode is None or not kind.writes(document):
        raise MapError(f"a {kind.endings[0]} file cannot be made of this map")
    if document.origin is not None:  # where such bytes go nobody knows: the files that they name keep their names
        document = document.replace(origin=replace(document.origin, folder=""))
    *companions, (_, data) = kind.encode(document, Path(name)).items()
    beside = [f"the file {path.name}, which would lie beside it" for path, _ in companions]
    return data, [*kind.losses(document), *beside]


def recognised(data: bytes) -> Format | None:
    """Return the format of a whole file whose name is not known, by what is in it; None if it is none."""
    signed = [kind for kind in FORMATS if kind.signature and data.startswith(kind.signature)]
    alike = (kind for kind in signed or FORMATS if kind.recognises and kind.recognises(data))
    return next(alike, None) or next(iter(signed), None)


def losses(
    document: MapDocument,
    path: str | os.PathLike[str],
    results: Sequence[KeptResult] = (),
    *,
    presets: bool = False,
) -> list[str]:
    """Return what `write_map` would lose, in sentences; empty if nothing.

    presets: whether a preset keeps what terrains cost, where the format has no place for it.
    """
    kind = _writable(Path(path))
    if presets and kind.only_back and document.origin is not None and kind.tiles is not None:
        document = as_the_file_says(document, kind.tiles(document, Path(document.origin.name)))
    lost = kind.losses(document)
    if results and not kind.encode_file:
        lost = [f"the {len(results)} kept results" if len(results) > 1 else "the kept result", *lost]
    return lost


def keeps_results(path: str | os.PathLike[str]) -> bool:
    """Return whether a file of this name would hold the kept results beside the map."""
    kind = _by_ending(Path(path))
    return kind is not None and kind.encode_file is not None


def work_lost(
    document: MapDocument,
    path: str | os.PathLike[str],
    results: Sequence[KeptResult] = (),
    *,
    presets: bool = False,
) -> tuple[str, ...]:
    """Return what of the designer's work `write_map` would lose, in sentences.

    These are the `losses` that an untouched map of the same size would not have as well. presets: as for those.
    """
    told = {key: value for key, value in document.metadata.items() if key == "table"}
    untouched = new_document(*document.shape).replace(metadata=told)
    plain = losses(untouched, path) if _rules(document) == _rules(untouched) else []
    lost = losses(document, path, results, presets=presets)
    return tuple(sentence for sentence in lost if sentence not in plain)


def _rules(document: MapDocument) -> tuple[object, ...]:
    # Not the bounds: whoever reads costs without any takes them from the costs.
    return document.rule, document.palette, document.cell_size


def companion_of(document: MapDocument, path: str | os.PathLike[str]) -> Path | None:
    """Return the file that `write_map` would write beside `path`, None if there is none."""
    kind = _by_ending(Path(path))
    return kind.companion(document, Path(path)) if kind and kind.companion else None


def tiles_of(document: MapDocument, path: Path | None) -> MapTiles:
    """Return the kinds of tiles that a map's cells show in its editor; of a map from nowhere, its terrains.

    path: of the document, beside whose origin tilesets and pictures lie. Raises MapFormatError where the file that
    the map came from cannot be read any more.
    """
    origin = document.origin
    kind = None if origin is None else next((each for each in FORMATS if each.name == origin.format), None)
    if origin is None or kind is None or kind.tiles is None:
        return terrains_as_tiles(document)
    return kind.tiles(document, Path(origin.name) if path is None else path.with_name(origin.name))


def format_of(path: str | os.PathLike[str]) -> Format | None:
    """Return the format of a path's ending, None if it has none that is known."""
    return _by_ending(Path(path))


def _readable(path: Path) -> Format:
    with opened(path) as file:
        start = file.read(16)
    signed = [kind for kind in FORMATS if kind.signature and start.startswith(kind.signature)]
    named = _by_ending(path)
    kind = named if named in signed or not signed else signed[0]
    if kind is None or (kind is native.FORMAT and path.suffix.lower() != ".longcut"):
        foreign = foreign_kind(path)
        if foreign is not None:
            raise MapFormatError(path, "", foreign)
    if kind is None:
        endings = ", ".join(kind.endings[0] for kind in FORMATS)
        raise MapFormatError(path, "", f"is not a map that can be read; known are {endings}")
    return kind


def _writable(path: Path) -> Format:
    kind = _by_ending(path)
    if kind is None or kind.encode is None:
        endings = ", ".join(kind.endings[0] for kind in FORMATS if kind.encode is not None)
        raise MapSaveError(path, f"no format is known for this ending; use one of {endings}")
    return kind


def _by_ending(path: Path) -> Format | None:
    name = path.name.lower()
    return next((kind for kind in FORMATS if name.endswith(kind.endings)), None)
