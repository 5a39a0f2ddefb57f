"""`longcut info` and `longcut convert`: what is in a map file, and the same map in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from app.cli import output
from app.cli.map_facts import facts, rows_of
from app.cli.options import add_map_options, with_map_options
from app.cli.streams import STREAM, add_output_format, only_data, output_kind, write_map_to_output, write_to_output
from app.cli.tables import add_table_options, given_map
from maps.formats import levels_of, write_map

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from maps.formats.format import Level


def add_info_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `longcut info`."""
    parser.add_argument("map", metavar="MAP", help="a map file, or - for standard input")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    add_table_options(parser)


def info(arguments: argparse.Namespace) -> None:
    """Print what is in a map file."""
    levels = () if arguments.level or arguments.map == STREAM else levels_of(arguments.map)
    # A project whose levels lie in files of their own has no map itself; which there are is what one asks for.
    if levels and all(level.file is not None for level in levels) and not arguments.json:
        _print_levels(Path(arguments.map), levels)
        return
    given = given_map(arguments.map, arguments)
    if arguments.json:
        found = facts(given.document, given.kind.name if given.kind else None)
        if levels:
            found["levels"] = [level.name for level in levels]
        write_to_output(output.json_bytes(found))
        return
    document = given.document
    title = document.name or Path(arguments.map).name
    table = Table(show_header=False, title=escape(title), title_justify="left")
    table.add_row("format", given.kind.description if given.kind else "by content")
    for name, words in rows_of(document):
        table.add_row(escape(name), escape(words))
    output.out.print(table)
    if len(levels) > 1:
        _print_levels(Path(arguments.map), levels)


def _print_levels(path: Path, levels: Sequence[Level]) -> None:
    """Print the levels of a file, for --level to choose from."""
    table = Table("level", "size", title=f"{len(levels)} levels of {escape(path.name)}", title_justify="left")
    for level in levels:
        sized = "no IntGrid" if level.shape is None else "{} rows × {} columns".format(*level.shape)
        table.add_row(escape(level.name), sized if level.file is None else escape(f"in {level.file.name}"))
    output.out.print(table)


def add_convert_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `longcut convert`."""
    parser.add_argument("source", metavar="IN", help="a map file, or - for standard input")
    parser.add_argument("target", metavar="OUT", help="the file to write, by its ending, or - for standard output")
    add_output_format(parser)
    add_map_options(parser)
    add_table_options(parser)


def convert(arguments: argparse.Namespace) -> None:
    """Read one format, write another, and say what is lost."""
    to_stream = arguments.target == STREAM
    if arguments.to_format and not to_stream:
        raise output.BadInput(f"--to-format is for standard output; {arguments.target} is written by its ending")
    given = given_map(arguments.source, arguments)
    document = with_map_options(given.document, arguments)
    if to_stream:
        with only_data(True):
            write_map_to_output(document, output_kind(document, given.kind, arguments.to_format))
        return
    target = Path(arguments.target)
    output.check_map_name(target, document)
    lost = write_map(document, target)
    output.out.print(f"{target.name} written: {document.height} × {document.width} cells")
    output.tell_losses(target, lost)
