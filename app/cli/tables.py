"""Maps as commands are given them: a file or standard input, and how a table, grid or picture is read."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.markup import escape

from app.cli import output
from app.cli.grids import add_grid_options, grid_options, refuse_foreign, remedy
from app.cli.output import BadInput
from app.cli.streams import STREAM, add_input_format, given_file
from maps.formats import format_of, read_as, read_map
from maps.formats.options import NoCostError, ReadOptions, UnsaidError
from maps.formats.table import is_number
from maps.formats.told import told_at_reading

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from maps.document import MapDocument
    from maps.formats import Format
    from maps.formats.table import Separator

SEPARATORS: dict[str, Separator] = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": " "}


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, which leave to be recognised what they do not say."""
    add_level_option(parser)
    add_input_format(parser)
    group = parser.add_argument_group("tables", "How a .csv is read; what is not said is recognised.")
    toggle = argparse.BooleanOptionalAction
    group.add_argument(
        "--wall",
        type=_wall,
        nargs="+",
        action="extend",
        default=[],
        metavar="VALUE",
        help="values that mean a wall, as in --wall -9999",
    )
    group.add_argument("--separator", choices=list(SEPARATORS), help="what parts the columns")
    group.add_argument("--decimal-comma", action=toggle, help="whether 1,5 is one and a half")
    group.add_argument("--header", action=toggle, help="whether the first line names the columns")
    group.add_argument("--index", action=toggle, help="whether the first column numbers the rows")
    add_grid_options(parser)


def add_level_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that chooses a level of a file of several."""
    text = "a level of an LDtk project, which `info` lists; without it, the first that can be read"
    parser.add_argument("--level", metavar="NAME", default="", help=text)


@dataclass(frozen=True, eq=False)
class GivenMap:
    """A map that a command was given, and its format; None for one that only its content tells."""

    document: MapDocument
    kind: Format | None


def read_given_map(name: str, arguments: argparse.Namespace, untold: Collection[str] = ()) -> MapDocument:
    """Return the map of `given_map`."""
    return given_map(name, arguments, untold).document


def given_map(name: str, arguments: argparse.Namespace, untold: Collection[str] = ()) -> GivenMap:
    """Return the map in a file or, for "-", in standard input, as the arguments say; tell how it was read.

    Raises BadInput for an option that the file has no use for, for what has to be said and was not, and for a
    number that is no cost.
    """
    options = ReadOptions(
        separator=SEPARATORS[arguments.separator] if arguments.separator else None,
        decimal_comma=arguments.decimal_comma,
        header=arguments.header,
        index=arguments.index,
        walls=tuple(arguments.wall),
        **grid_options(arguments),
    )
    with given_file(name, arguments.from_format) as path:
        document = _read(path, options, arguments.level, untold)
        if name == STREAM and document.origin is not None:  # the folder that it was read from is gone
            document = document.replace(origin=replace(document.origin, folder=""))
        return GivenMap(document, format_of(path))


def _read(path: Path, options: ReadOptions, level: str, untold: Collection[str]) -> MapDocument:
    """Return the map in a file, as the options say where they say anything.

    level: of a file of several.  untold: sentences about it that need not be told.
    """
    refuse_foreign(path, options.given)
    try:
        document = read_as(path, options) if options.given else read_map(path, level)
    except (NoCostError, UnsaidError) as error:
        raise BadInput(f"{error}. {remedy(error)}") from None
    for sentence in told_at_reading(document):
        if sentence not in untold:
            output.err.print(f"{escape(path.name)}: {escape(sentence)}.")
    return document


def _wall(text: str) -> float:
    if not is_number(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number; a wall is a value of the table, as in --wall 0")
    return float(text)
