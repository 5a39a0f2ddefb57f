"""What commands print, and the names of the files that they write, checked before anything runs."""

from __future__ import annotations

import codecs
import contextlib
import io
import json
import os
import sys
import tempfile
import time
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.text import Text

from app.scenarios.words import pace
from maps.formats import FORMATS, format_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.progress import Task

    from app.scenarios.report import Json
    from maps.document import MapDocument

# Results go to standard output, everything else to standard error, so that reports can be piped.
out, err = Console(highlight=False), Console(stderr=True, highlight=False)

# How a console spells what its encoding does not have; accents are dropped, what is left becomes "?".
SPELLINGS = {
    "→": "->", "·": "-", "ε": "epsilon", "×": "x", "²": "2", "√": "sqrt ", "±": "+/-", "−": "-", "–": "-",
    "—": "-", "…": "...", "“": '"', "”": '"', "‘": "'", "’": "'", "≤": "<=", "≥": ">=", "≈": "~", "½": "1/2",
    "θ": "theta", "λ": "lambda", "σ": "sigma", "π": "pi", "\u00a0": " ", "\u202f": " ", "\u2009": " ",
}  # fmt: skip


class BadInput(Exception):
    """Something the user gave cannot be used; the message says what and what would do."""


def spell_out() -> None:
    """Let standard output and error spell what their encoding does not have, instead of failing."""
    codecs.register_error("longcut.spelling", _spelled)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="longcut.spelling")


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    encoding = error.encoding
    return "".join(_spelling(letter, encoding) for letter in error.object[error.start : error.end]), error.end


def _spelling(letter: str, encoding: str) -> str:
    plain = SPELLINGS.get(letter) or unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return plain.encode(encoding, "ignore").decode(encoding) or "?"


def flush() -> str:
    """Write what is still to be printed; return why it cannot be, or an empty text."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()  # the reader, such as `head`, has what it wanted
    except OSError as error:
        _drop_output()
        return f"the output cannot be written: {error.strerror or error}"
    return ""


def _drop_output() -> None:
    """Send what is still to be printed nowhere, so that Python's own flush at its end does not fail again."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def tell_fault(sentence: str) -> None:
    """Print, where that is possible, why a command is not done."""
    with contextlib.suppress(OSError):
        err.print(f"[bold red]longcut:[/] {escape(sentence)}")


def check_map_name(path: Path, document: MapDocument) -> None:
    """Refuse, with BadInput, the name of a file that the map cannot be written to."""
    kind = format_of(path)
    if kind is not None and kind.only_back and not kind.writes(document):
        raise BadInput(f"{path.name}: only a map that came from a {kind.endings[0]} file can be given back to one")
    if kind is None or not kind.writes(document):
        known = ", ".join(kind.endings[0] for kind in FORMATS if kind.writes(document))
        raise BadInput(f"{path.name}: no format that can be written has this ending; use one of {known}")
    check_place(path)


def check_file_name(path: Path, endings: Sequence[str] = ()) -> None:
    """Refuse, with BadInput, the name of a file with none of these endings, or where none can be written."""
    if endings and path.suffix.lower() not in endings:
        raise BadInput(f"{path}: this file has to end in {' or '.join(endings)}")
    check_place(path)


def check_place(path: Path) -> None:
    """Refuse, with BadInput, a place where no file can be written."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise BadInput(f"{path}: the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the name of a file")
    if path.exists() and not path.is_file():
        raise BadInput(f"{path} is a device; give the name of a file")
    if path.exists() and not os.access(path, os.W_OK):
        raise BadInput(f"{path} is read-only; make it writable or give another name")
    check_writable(folder)


def check_writable(folder: Path) -> None:
    """Refuse, with BadInput, a folder in which no file can be made, by making one."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"nothing can be written in the folder {folder}: {error.strerror or error}") from error


def make_folder(folder: Path) -> None:
    """Make a folder, unless it is there. Raises BadInput where none can be, or nothing can be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"the folder {folder} cannot be made: {error.strerror or error}") from error
    check_writable(folder)


def write_json(name: str | Path, content: Mapping[str, Json]) -> None:
    """Write a report; what could not be kept safe is told."""
    from maps.safe_save import save_bytes

    warning = save_bytes(name, json_bytes(content))
    if warning:
        err.print(f"[yellow]{Path(name).name}:[/] {warning}")


def json_bytes(content: Mapping[str, Json]) -> bytes:
    """Return a report as the bytes of a file."""
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode("utf-8")


def tell_losses(path: Path, lost: Sequence[str]) -> None:
    """Tell what a written map does not keep."""
    if lost:
        err.print(f"[yellow]{path.name} does not keep[/] {escape('; '.join(lost))}.")


class _Pace(ProgressColumn):
    """Steps done and in all, with the time that is left; before the first step, the time that went by."""

    def render(self, task: Task) -> Text:
        """Return the text of the column."""
        ends: float | None = task.fields.get("ends")
        left = task.time_remaining if ends is None else max(0.0, ends - time.monotonic())
        return Text(pace(task.completed, task.total, task.elapsed or 0.0, left))


def progress() -> Progress:
    """Return a bar that disappears when all is done.

    Its tasks have a field `figures`, and perhaps `ends`: at which time, by `time.monotonic`, all may be done.
    """
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        _Pace(),
        TextColumn("{task.fields[figures]}"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
