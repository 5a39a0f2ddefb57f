"""`-` in place of a file: a map from standard input, and data alone on standard output."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli import output
from app.cli.output import BadInput
from maps.formats import FORMATS, encode_map, recognised
from maps.formats.limits import MAX_FILE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator

    from maps.document import MapDocument
    from maps.formats import Format

STREAM = "-"
_BLOCK = 1 << 20  # bytes


def add_input_format(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the format of standard input."""
    names = [kind.name for kind in FORMATS]
    what = "of a map that is read from standard input (-); without it, it is recognised by what is in it"
    parser.add_argument("--from-format", choices=names, help=what)


def add_output_format(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the format of standard output."""
    names = [kind.name for kind in FORMATS if kind.encode]
    what = "of a map that is written to standard output (-); without it, as it was read"
    parser.add_argument("--to-format", choices=names, help=what)


@contextlib.contextmanager
def given_file(name: str, from_format: str | None) -> Generator[Path]:
    """Give the file of this name, or standard input as a file with the ending of its format.

    Raises BadInput for an input whose format is not known, and for a format where the input is a file.
    """
    if name != STREAM:
        if from_format:
            raise BadInput(f"--from-format is for standard input; {Path(name).name} is read by its ending")
        yield Path(name)
        return
    data = _standard_input()
    kind = kind_called(from_format) if from_format else recognised(data)
    if kind is None:
        known = ", ".join(kind.name for kind in FORMATS)
        what = "holds no map that can be recognised" if data else "is empty"
        raise BadInput(f"standard input {what}; say with --from-format which it is: {known}")
    with tempfile.TemporaryDirectory(prefix="longcut-") as folder:
        path = Path(folder, f"stdin{kind.endings[0]}")
        path.write_bytes(data)
        yield path


def kind_called(name: str) -> Format:
    """Return the format of a name that the options offer."""
    return next(kind for kind in FORMATS if kind.name == name)


def output_kind(document: MapDocument, read_as: Format | None, to_format: str | None) -> Format:
    """Return the format in which a map goes to standard output: the one asked for, or that it was read in.

    Raises BadInput where the map cannot be written so.
    """
    kind = kind_called(to_format) if to_format else read_as or FORMATS[0]
    if not kind.writes(document):
        writable = ", ".join(kind.name for kind in FORMATS if kind.writes(document))
        raise BadInput(f"this map cannot be written as {kind.name}; choose --to-format from {writable}")
    return kind


def write_map_to_output(document: MapDocument, kind: Format) -> None:
    """Write a map to standard output, and tell what it does not keep."""
    data, lost = encode_map(document, kind, f"stdout{kind.endings[0]}")
    write_to_output(data)
    output.tell_losses(Path("standard output"), lost)


def write_to_output(data: bytes) -> None:
    """Write bytes to standard output as they are; a reader that has enough may close it."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def only_data(reserved: bool) -> Generator[None]:
    """Within, print to standard error what is usually printed to standard output, if that is `reserved`."""
    before = output.out.stderr
    output.out.stderr = before or reserved
    try:
        yield
    finally:
        output.out.stderr = before


def _standard_input() -> bytes:
    """All that standard input holds."""
    data = bytearray()
    while block := sys.stdin.buffer.read(_BLOCK):
        data += block
        if len(data) > MAX_FILE:
            raise BadInput(f"standard input holds more than {MAX_FILE >> 20} MB, the most that is read")
    return bytes(data)
