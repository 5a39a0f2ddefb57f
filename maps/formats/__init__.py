"""Map files: which formats there are, reading by content and ending, writing with losses said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from maps.errors import MapFormatError, MapSaveError
from maps.formats import arrays, image, movingai, native
from maps.formats.format import Format
from maps.formats.limits import opened
from maps.safe_save import save_bytes

if TYPE_CHECKING:
    import os

    from maps.document import MapDocument

__all__ = ["FORMATS", "Format", "format_of", "losses", "read_map", "write_map"]

FORMATS: tuple[Format, ...] = (native.FORMAT, movingai.FORMAT, arrays.NPY, arrays.CSV, image.FORMAT)


def read_map(path: str | os.PathLike[str]) -> MapDocument:
    """Return the map in a file of any known format; its first bytes settle the format, then its ending.

    Raises MapFormatError, and nothing else, for whatever is wrong with the file.
    """
    path = Path(path)
    with opened(path) as file:
        start = file.read(16)
    signed = (kind for kind in FORMATS if kind.signature and start.startswith(kind.signature))
    kind = next(signed, None) or _by_ending(path)
    if kind is None:
        raise MapFormatError(path, "", f"is not a map that can be read; known are {_known_endings()}")
    return kind.read(path)


def write_map(document: MapDocument, path: str | os.PathLike[str]) -> list[str]:
    """Write a document in the format of the path's ending, safely; return what was lost, in sentences.

    Raises MapSaveError; the file that was there before is then unchanged. Raises MapError for a document that
    the format cannot hold.
    """
    path = Path(path)
    kind = _writable(path)
    assert kind.encode is not None
    files = kind.encode(document, path)
    warnings = [save_bytes(target, data) for target, data in files.items()]
    return [*kind.losses(document), *(warning for warning in warnings if warning is not None)]


def losses(document: MapDocument, path: str | os.PathLike[str]) -> list[str]:
    """Return what `write_map` would lose of the document, in sentences; empty if nothing."""
    return _writable(Path(path)).losses(document)


def format_of(path: str | os.PathLike[str]) -> Format | None:
    """Return the format of a path's ending, None if it has none that is known."""
    return _by_ending(Path(path))


def _writable(path: Path) -> Format:
    kind = _by_ending(path)
    if kind is None or kind.encode is None:
        raise MapSaveError(path, f"no format is known for this ending; use one of {_known_endings()}")
    return kind


def _by_ending(path: Path) -> Format | None:
    name = path.name.lower()
    return next((kind for kind in FORMATS if name.endswith(kind.endings)), None)


def _known_endings() -> str:
    return ", ".join(kind.endings[0] for kind in FORMATS)
