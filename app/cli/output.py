"""What commands write: lines on the console, and files, whose names are checked before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from maps.formats import FORMATS, format_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.scenarios.report import Json

# Results go to standard output, everything else to standard error, so that reports can be piped.
out, err = Console(highlight=False), Console(stderr=True, highlight=False)


class BadInput(Exception):
    """Something the user gave cannot be used; the message says what and what would do."""


def check_map_name(path: Path) -> None:
    """Refuse, with BadInput, the name of a map that cannot be written."""
    kind = format_of(path)
    if kind is None or kind.encode is None:
        known = ", ".join(kind.endings[0] for kind in FORMATS if kind.encode)
        raise BadInput(f"{path.name}: no format that can be written has this ending; use one of {known}")
    check_folder(path)


def check_file_name(path: Path, endings: Sequence[str] = ()) -> None:
    """Refuse, with BadInput, the name of a file with none of these endings, or in no folder."""
    if endings and path.suffix.lower() not in endings:
        raise BadInput(f"{path}: this file has to end in {' or '.join(endings)}")
    check_folder(path)


def check_folder(path: Path) -> None:
    """Refuse, with BadInput, a file whose folder is not there, or that is a folder itself."""
    if not path.resolve().parent.is_dir():
        raise BadInput(f"{path}: the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the name of a file")


def write_json(name: str, content: Mapping[str, Json]) -> None:
    """Write a report; what could not be kept safe is told."""
    from maps.safe_save import save_bytes

    warning = save_bytes(name, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode("utf-8"))
    if warning:
        err.print(f"[yellow]{Path(name).name}:[/] {warning}")


def tell_losses(path: Path, lost: Sequence[str]) -> None:
    """Tell what a written map does not keep."""
    if lost:
        err.print(f"[yellow]{path.name} does not keep[/] {escape('; '.join(lost))}.")


def progress() -> Progress:
    """Return a bar that disappears when all is done; its tasks have a field `figures`."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[figures]}"),
        console=err,
        transient=True,
    )
