"""`longcut export`: a map as the files that a game engine reads, and what they make of its costs and paths."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from app.cli import output
from app.cli.options import word
from app.cli.output import BadInput
from app.cli.streams import STREAM
from app.cli.tables import add_table_options, read_given_map
from app.scenarios.engine_paths import RouteChange, costs_text, route_changes
from app.scenarios.settings import Whole
from maps.cost_classes import MOST_CLASSES
from maps.engines import BACK_INTO_ITS_FILE, TARGETS
from maps.safe_set import save_set

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from maps.document import MapDocument
    from maps.engines import EngineTarget, Seen

MOST_SHOWN = 40  # routes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("map", metavar="MAP", help="a map file, or - for standard input")
    told = "; ".join(f"{name} ({target.title})" for name, target in TARGETS.items())
    parser.add_argument("--for", dest="target", required=True, choices=list(TARGETS), metavar="ENGINE", help=told)
    out = "a folder, or one of the files to write; without it, beside the map and named as it is"
    parser.add_argument("--out", metavar="FOLDER_OR_FILE", help=out)
    classes = Whole("", "", least=1, most=MOST_CLASSES)
    text = f"of costs at most, chosen for the least error, where the engine knows classes ({MOST_CLASSES})"
    parser.add_argument("--classes", type=word(classes), metavar="N", help=text)
    add_table_options(parser)


def export(arguments: argparse.Namespace) -> None:
    """Write a map for an engine, and print how its costs and its routes' exact paths come out there."""
    document = read_given_map(arguments.map, arguments)
    target = TARGETS[arguments.target]
    if arguments.classes is not None and not target.classes:
        raise BadInput(f"{target.title} takes no classes of costs; leave --classes out")
    if why := target.refuses(document):
        raise BadInput(f"{Path(arguments.map).name} cannot be written for {target.title}: {why}")
    given = Path(arguments.map)
    if arguments.map == STREAM:
        if arguments.out is None:
            raise BadInput("a map from standard input lies nowhere; say with --out where its files go")
        given = Path(re.sub(r"[^\w.-]+", "-", document.name).strip("-.") or "map")
    base = _base(target, given, arguments.out)
    seen = target.see(document, arguments.classes or MOST_CLASSES)
    made = target.encode(seen, base)
    _check(target, made.files, given, arguments.out)
    old = [path.name for path in made.files if path.exists()]
    if old:
        output.err.print(f"Replacing {escape(', '.join(old))}.")
    for warning in save_set(made.files):
        output.err.print(escape(warning))
    names = ", ".join(path.name for path in made.files)
    output.out.print(f"Written for {target.title}: {escape(names)}")
    output.out.print(f"Costs: {costs_text(seen)}.")
    _tell_routes(document, seen)
    if made.lost:
        output.err.print(f"[yellow]Not in these files:[/] {escape('; '.join(made.lost))}.")


def _base(target: EngineTarget, map_path: Path, out: str | None) -> Path:
    """Return where the files go, without their endings; make the folder that is asked for."""
    name = map_path.name.removesuffix("".join(map_path.suffixes[-1:]))
    if out is None:
        return map_path.parent / name
    place = Path(out)
    if place.is_dir() or not place.suffix or out.endswith(("/", os.sep)):
        if not place.is_dir():
            output.make_folder(place)
        return place / name
    # The longest first: .longcut.png before .png.
    for ending in sorted(target.endings, key=len, reverse=True):
        if place.name.lower().endswith(ending) and len(place.name) > len(ending):
            return place.with_name(place.name[: -len(ending)])
    known = " or ".join(target.endings)
    raise BadInput(f"{place}: a file for {target.title} ends in {known}; or give a folder")


def _check(target: EngineTarget, files: Iterable[Path], map_path: Path, out: str | None) -> None:
    """Refuse, with BadInput, what cannot be written, and the map itself where nobody has named it."""
    for path in files:
        output.check_place(path)
        itself = map_path.exists() and path.exists() and path.samefile(map_path)
        if itself and out is None and target.name not in BACK_INTO_ITS_FILE:
            raise BadInput(f"{path.name} is the map itself; say with --out where the file for {target.title} goes")


def _tell_routes(document: MapDocument, seen: Seen) -> None:
    """Print the exact path of every route that the engine sees, before and after."""
    routes = seen.document.routes
    if not routes:
        return
    rows: list[RouteChange] = []
    with output.progress() as bar:
        task = bar.add_task("paths", total=len(routes), figures="")
        for row in route_changes(document, seen):
            rows.append(row)
            bar.advance(task)
    walked = any(row.walker for row in rows)
    table = Table("route", *(["class"] if walked else []), "exact path", "in the engine", "change")
    for row in rows[:MOST_SHOWN]:
        lengths = (f"{cost:.6g}" if cost < float("inf") else "no way" for cost in (row.before, row.after))
        table.add_row(escape(row.name), *([escape(row.walker)] if walked else []), *lengths, row.change)
    output.out.print(table)
    if len(rows) > MOST_SHOWN:
        output.out.print(f"{len(rows)} routes in all, of which the first {MOST_SHOWN} are shown.")
