"""Options that say how a map is read in a file that does not say it all itself: tables of text first."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from app.cli import output
from app.cli.grids import add_grid_options, grid_options, refuse_foreign, remedy
from app.cli.output import BadInput
from maps.formats import read_as, read_map
from maps.formats.options import NoCostError, ReadOptions, UnsaidError
from maps.formats.table import is_number
from maps.formats.told import told_at_reading

if TYPE_CHECKING:
    from maps.document import MapDocument
    from maps.formats.table import Separator

SEPARATORS: dict[str, Separator] = {"comma": ",", "semicolon": ";", "tab": "\t", "blank": " "}


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, which leave to be recognised what they do not say."""
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


def read_given_map(name: str, arguments: argparse.Namespace) -> MapDocument:
    """Return the map in a file, a table or grid as the arguments say, and tell how an unusual one was read.

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
    path = Path(name)
    refuse_foreign(path, options.given)
    try:
        document = read_as(path, options) if options.given else read_map(path)
    except (NoCostError, UnsaidError) as error:
        raise BadInput(f"{error}. {remedy(error)}") from None
    for sentence in told_at_reading(document):
        output.err.print(f"{escape(path.name)}: {escape(sentence)}.")
    return document


def _wall(text: str) -> float:
    if not is_number(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number; a wall is a value of the table, as in --wall 0")
    return float(text)
