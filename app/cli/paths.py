"""`longcut paths`: exact paths of every route, compared with the lengths that a scenario file promises."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from app.cli import output
from app.cli.dialects import dialect_told
from app.cli.options import add_map_options, with_map_options
from app.cli.output import BadInput
from app.cli.streams import STREAM, only_data, write_to_output
from app.cli.tables import add_table_options, read_given_map
from app.scenarios.translate import document_paths, walking_text
from maps.formats.movingai import read_scenarios

if TYPE_CHECKING:
    import argparse

    from app.scenarios.report import Json
    from maps.document import Cell, MapDocument

MOST_SHOWN = 40  # rows of the table


@dataclass(frozen=True)
class PathRow:
    """One route. cost, hops: None without a way.  match: None where no length is promised.

    walker: name of the movement class that walks it; empty without one.
    """

    name: str
    start: Cell
    goal: Cell
    cost: float | None
    hops: int | None
    expected: float | None
    match: bool | None
    walker: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `longcut paths`."""
    parser.add_argument("map", metavar="MAP", help="a map file, or - for standard input")
    parser.add_argument("--scen", metavar="FILE", help="a Moving AI scenario file whose routes to use")
    add_map_options(parser)
    add_table_options(parser)
    parser.add_argument("--json", metavar="FILE", help="where all routes go; - is standard output")


def paths(arguments: argparse.Namespace) -> bool:
    """Print and write the exact paths of all routes; return whether each has a way, of the promised length."""
    document = with_map_options(read_given_map(arguments.map, arguments), arguments)
    if arguments.scen:
        document = document.replace(routes=tuple(read_scenarios(arguments.scen, document)))
    if not document.routes:
        raise BadInput(f"{Path(arguments.map).name} has no routes; give some with --route or --scen FILE")
    to_stream = arguments.json == STREAM
    if arguments.json and not to_stream:
        output.check_file_name(Path(arguments.json))
    with only_data(to_stream):
        return _paths(document, arguments.json)


def _paths(document: MapDocument, report: str | None) -> bool:
    """Do what `paths` does with a document. report: where all routes go."""
    rows = _rows(document)
    different = [row for row in rows if row.match is False]
    closed = [row for row in rows if row.cost is None]
    wrong = [row for row in rows if row.match is False or row.cost is None]
    shown = rows if len(rows) <= MOST_SHOWN else [*wrong[:20], *rows[:5]]
    output.out.print(_table(shown))
    checked = [row for row in rows if row.match is not None]
    if len(shown) < len(rows):
        output.out.print(f"{len(rows)} routes in all; those that are wrong first, then the first few.")
    movement = walking_text(document)
    if checked:
        output.out.print(f"{len(checked) - len(different)} of {len(checked)} expected lengths match ({movement}).")
        other = dialect_told(document, [document.routes[rows.index(row)] for row in different])
        if other:
            output.out.print(escape(other))
    if closed:
        output.out.print(f"{len(closed)} of {len(rows)} routes have no way to their goal.")
    found: dict[str, Json] = {"movement": movement, "routes": [_as_json(row) for row in rows]}
    if report == STREAM:
        write_to_output(output.json_bytes(found))
    elif report:
        output.write_json(report, found)
    return not wrong


def _rows(document: MapDocument) -> list[PathRow]:
    rows: list[PathRow] = []
    found = document_paths(document)
    with output.progress() as bar:
        task = bar.add_task("paths", total=len(document.routes), figures="")
        for route, path in zip(document.routes, found, strict=True):
            bar.advance(task)
            cost = path.cost if len(path.cells) else None
            expected = route.expected_cost
            rows.append(
                PathRow(
                    route.name,
                    route.start,
                    route.goal,
                    cost,
                    len(path.cells) - 1 if len(path.cells) else None,
                    expected,
                    None if expected is None else cost is not None and route.expects(cost),
                    route.movement,
                )
            )
    return rows


def _table(rows: list[PathRow]) -> Table:
    classes = any(row.walker for row in rows)
    table = Table("route", *(["class"] if classes else []), "start", "goal", "cost", "moves", "expected", "match")
    for row in rows:
        table.add_row(
            escape(row.name),
            *([escape(row.walker)] if classes else []),
            str(row.start),
            str(row.goal),
            "no way" if row.cost is None else f"{row.cost:.6g}",
            "" if row.hops is None else str(row.hops),
            "" if row.expected is None else f"{row.expected:.6g}",
            {None: "", True: "yes", False: "[red]no[/]"}[row.match],
        )
    return table


def _as_json(row: PathRow) -> Json:
    return {**vars(row), "start": list(row.start), "goal": list(row.goal)}
