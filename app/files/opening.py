"""Read a map as the window opens it: with what the designer said of the same tiles before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from maps.errors import MapError, MapFormatError
from maps.formats import keeps_results, levels_of, read_as, read_file, tiles_of
from maps.formats.told import COSTLESS, told_at_reading
from maps.presets import Preset, load_preset, with_presets
from maps.results import MapFile

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument
    from maps.formats.options import ReadOptions


@dataclass(frozen=True, eq=False)
class Opened:
    """A map that was read. told: what to know of it, in sentences.

    unpriced: the sets of tiles of which neither the file nor a preset says what they cost; empty where there is
    nothing to ask.
    """

    contents: MapFile
    told: tuple[str, ...] = ()
    unpriced: frozenset[str] = frozenset()


def open_map(path: Path, presets: Path | None, level: str = "", options: ReadOptions | None = None) -> Opened:
    """Read a map, with the presets in a folder for tiles that its file says no costs of.

    options: how to read a file that does not say it all itself. Raises MapFormatError.
    """
    contents = read_file(path, level) if options is None else MapFile(read_as(path, options))
    document = contents.document
    told = told_at_reading(document)
    if document.origin is None or keeps_results(path):  # an own file says all
        return Opened(contents, told)
    try:
        tiles = tiles_of(document, path)
    except (MapFormatError, MapError):
        return Opened(contents, told)
    families = sorted({kind.family for kind in tiles.kinds if kind.family})
    if tiles.priced or not families:
        return Opened(contents, told)
    found = presets_for(presets, families)
    if not found:
        return Opened(contents, told, frozenset(families))
    try:
        document = with_presets(document, tiles, found)
    except MapError:
        return Opened(contents, told, frozenset(families))
    words = QCoreApplication.translate("Files", "its tiles cost what you said of them before")
    return Opened(replace(contents, document=document), (words, *told_of_the_rest(document)))


def file_of_level(path: Path, level: str) -> tuple[Path, str]:
    """Return the file that a level is in, and its name there, empty in one of its own. Raises MapFormatError."""
    own = next((each.file for each in levels_of(path) if each.name == level), None) if level else None
    return (path, level) if own is None else (own, "")


def presets_for(folder: Path | None, families: list[str]) -> dict[str, Preset]:
    """Return the presets that a folder has for sets of tiles."""
    if folder is None:
        return {}
    return {family: preset for family in families if (preset := load_preset(folder, family)) is not None}


def told_of_the_rest(document: MapDocument) -> tuple[str, ...]:
    """Return what was told at reading, without the advice to give tiles costs, which is followed."""
    return tuple(sentence for sentence in told_at_reading(document) if sentence not in COSTLESS)
