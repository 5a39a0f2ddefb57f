"""`longcut import`: what the tiles of another editor's map cost, as a table, and the map with such a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from app.cli import output
from app.cli.tables import add_table_options, read_given_map
from maps.formats import tiles_of, write_map
from maps.formats.told import COSTLESS
from maps.import_table import apply_table, read_table, table_text

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("map", metavar="MAP", help="a map of Tiled or LDtk; any other with terrains will do")
    costs = "a table with the columns tile or name, and cost or passable; without it, the map's own is printed"
    parser.add_argument("--costs", metavar="TABLE.csv", help=costs)
    out = "where the map goes; without it, back into its own file"
    parser.add_argument("--out", metavar="OUT", help=out)
    add_table_options(parser)


def import_map(arguments: argparse.Namespace) -> None:
    """Print the table of a map's terrains, or write the map with the costs of a table."""
    document = read_given_map(arguments.map, arguments, untold=COSTLESS if arguments.costs else ())
    tiles = tiles_of(document, Path(arguments.map))
    if arguments.costs is None:
        if arguments.out:
            raise output.BadInput("--out is for a map with the costs of a table; give that with --costs")
        output.out.print(table_text(document, tiles), end="", markup=False, soft_wrap=True)
        return
    if arguments.colours and not arguments.out:
        raise output.BadInput("the map goes into no picture; say where with --out, such as --out map.longcut")
    table, target = Path(arguments.costs), Path(arguments.out or arguments.map)
    output.check_map_name(target, document)
    rows = read_table(table)
    priced = apply_table(document, tiles, rows, table)
    lost = write_map(priced, target)
    how_many = f"{len(rows)} rows, {len(priced.palette)} terrains"
    output.out.print(escape(f"{target.name} written: {how_many} as {table.name} says"))
    output.tell_losses(target, lost)
