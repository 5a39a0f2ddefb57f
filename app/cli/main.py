"""The command line: map files in, optimised grids and reports out. Only `window` needs a display."""

import argparse
import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.bootstrap.libraries import has_display
from app.bootstrap.project import version
from app.cli.options import add_options, number, settings_from, whole
from app.scenarios import SCENARIOS
from app.scenarios.scenario import Scenario, Seen
from app.scenarios.translate import movement_grid, movement_words
from maps.document import Bounds, MapDocument, MovementRule, Route
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import FORMATS, format_of, read_map, write_map
from maps.formats.movingai import read_scenarios
from maps.samples import SAMPLES, load_sample

DONE, DIFFERS, BAD_INPUT = 0, 1, 2
DEMO_MAP = "river"

# Results go to standard output, everything else to standard error, so that reports can be piped.
_out, _err = Console(highlight=False), Console(stderr=True, highlight=False)


Gallery = Callable[[MapDocument, Any], list[tuple[str, MapDocument]]]


class BadInput(Exception):
    """Something the user gave cannot be used; the message says what and what would do."""


def main(argv: Sequence[str]) -> int:
    """Run one command. Returns 0 when done, 1 when `paths` found a difference, 2 for bad input."""
    arguments = _parser(_scenario_in(argv)).parse_args(list(argv))
    try:
        command: Callable[[argparse.Namespace], int] = arguments.command
        return command(arguments)
    except (BadInput, MapError, MapFormatError, MapSaveError) as error:
        return _complain(str(error))
    except ValueError as error:
        # The engine refuses what it cannot run with sentences meant for the user; anything else is a defect.
        from engine.core.errors import ProblemError

        if isinstance(error, ProblemError):
            return _complain(str(error))
        raise
    except KeyboardInterrupt:
        _err.print("stopped")
        return 130


def _scenario_in(argv: Sequence[str]) -> str:
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--scenario", default="adversarial")
    asked = early.parse_known_args([word for word in argv if word != "--"])[0].scenario
    return asked if asked in SCENARIOS else "adversarial"


def solve(arguments: argparse.Namespace) -> int:
    """`longcut solve`: run a scenario on a map and write the result."""
    from app.run.headless import solve as run

    scenario = SCENARIOS[arguments.scenario]
    document = _with_options(read_map(arguments.map), arguments)
    if scenario.needs_route and not document.routes:
        raise BadInput(
            f"{Path(arguments.map).name} has no route; give one with --route ROW,COL:ROW,COL (start, then goal)"
        )
    outputs = [Path(name) for name in arguments.out]
    _check_outputs(arguments, outputs, scenario)
    settings = settings_from(arguments, scenario)
    _warm_up()
    with _progress() as bar:
        task = bar.add_task("optimising", total=scenario.total_steps(settings), figures="")
        first: list[Seen] = []

        def show(seen: Seen) -> None:
            first.extend([] if first else [seen])
            bar.update(task, completed=seen.step, figures=scenario.headline(first[0].figures, seen.figures))

        optimised, report, sentence, result = run(document, scenario, settings, show)
    report = {**report, "scenario": arguments.scenario}
    # Files first: a closed pipe on the output must not cost the result.
    for path in outputs:
        _say_losses(path, write_map(optimised, path))
    if arguments.points:
        _write_points(Path(arguments.points), document, optimised)
    if arguments.gallery:
        _write_gallery(Path(arguments.gallery), scenario.gallery, document, result)
    if arguments.json:
        _write_json(arguments.json, report)
    words = scenario.words(report)
    if arguments.picture:
        _picture(Path(arguments.picture), document, optimised, scenario.captions(report))
    for line in (*words, escape(sentence)):
        _out.print(line)
    return DONE


def paths(arguments: argparse.Namespace) -> int:
    """`longcut paths`: exact paths of every route, compared with the lengths that a scenario promises."""
    from engine.paths.exact import distances_to, shortest_path

    document = _with_options(read_map(arguments.map), arguments)
    routes = read_scenarios(arguments.scen, document) if arguments.scen else document.routes
    if not routes:
        raise BadInput(f"{Path(arguments.map).name} has no routes; give some with --route or --scen FILE")
    grid = movement_grid(document)
    rows: list[dict[str, Any]] = []
    with _progress() as bar:
        task = bar.add_task("paths", total=len(routes), figures="")
        for route in routes:
            bar.advance(task)
            field = distances_to(grid, document.cost, route.goal)
            found = bool(document.passable[route.start]) and field.reaches(route.start)
            cost = float(field.distance[route.start]) if found else None
            expected = route.expected_cost
            rows.append(
                {
                    "name": route.name,
                    "start": route.start,
                    "goal": route.goal,
                    "cost": cost,
                    "hops": len(shortest_path(field, route.start)) - 1 if found else None,
                    "expected": expected,
                    "match": None if expected is None else cost is not None and _agrees(cost, expected),
                }
            )
    different = [row for row in rows if row["match"] is False]
    shown = rows if len(rows) <= 40 else [*different[:20], *rows[:5]]
    table = Table("route", "start", "goal", "cost", "moves", "expected", "match")
    for row in shown:
        table.add_row(
            escape(row["name"]),
            str(row["start"]),
            str(row["goal"]),
            "no way" if row["cost"] is None else f"{row['cost']:.6g}",
            "" if row["hops"] is None else str(row["hops"]),
            "" if row["expected"] is None else f"{row['expected']:.6g}",
            {None: "", True: "yes", False: "[red]no[/]"}[row["match"]],
        )
    _out.print(table)
    checked = [row for row in rows if row["match"] is not None]
    if len(shown) < len(rows):
        _out.print(f"{len(rows)} routes in all; those that differ first, then the first few.")
    if checked:
        _out.print(
            f"{len(checked) - len(different)} of {len(checked)} expected lengths match "
            f"({movement_words(document.rule)})."
        )
    if arguments.json:
        _write_json(arguments.json, {"movement": movement_words(document.rule), "routes": rows})
    return DIFFERS if different else DONE


def info(arguments: argparse.Namespace) -> int:
    """`longcut info`: what is in a map file."""
    document = read_map(arguments.map)
    costs = document.cost[document.passable]
    kind = format_of(arguments.map)
    table = Table(show_header=False, title=escape(document.name or Path(arguments.map).name), title_justify="left")
    table.add_row("format", kind.description if kind else "by content")
    table.add_row("size", f"{document.height} rows × {document.width} columns, cells of {document.cell_size:g}")
    walls = document.cost.size - costs.size
    table.add_row("cells", f"{costs.size} passable, {walls} walls, {int(document.locked.sum())} locked")
    if costs.size:
        total = float(costs.sum(dtype=np.float64))
        table.add_row(
            "costs", f"{costs.min():g} to {costs.max():g}, mean {total / costs.size:.4g}, total {total:.6g}"
        )
    table.add_row("bounds", f"{document.bounds.lower:g} to {document.bounds.upper:g}")
    table.add_row("movement", movement_words(document.rule))
    for route in document.routes:
        expected = "" if route.expected_cost is None else f", expected cost {route.expected_cost:g}"
        table.add_row(
            "route", f"{escape(route.name)}: {route.start} to {route.goal}, weight {route.weight:g}{expected}"
        )
    for layout in document.layouts:
        table.add_row(
            "layout", f"{escape(layout.name)}: {len(layout.weights)} points, total weight {layout.weights.sum():g}"
        )
    for key, value in document.metadata.items():
        table.add_row(escape(key), escape(str(value)))
    _out.print(table)
    return DONE


def convert(arguments: argparse.Namespace) -> int:
    """`longcut convert`: read one format, write another, and say what is lost."""
    document = read_map(arguments.source)
    target = Path(arguments.target)
    _check_writable(target)
    lost = write_map(document, target)
    _out.print(f"{target.name} written: {document.height} × {document.width} cells")
    _say_losses(target, lost)
    return DONE


def window(arguments: argparse.Namespace) -> int:
    """`longcut window`: the desktop program."""
    if not has_display():
        raise BadInput("there is no display for the window; the commands work without one, see longcut --help")
    from app.window.start import open_window

    return open_window(Path(arguments.map) if arguments.map else None)


def demo(arguments: argparse.Namespace) -> int:
    """`longcut demo`: a sample map with a run on it, in the window; without a display its files in a folder."""
    if arguments.screenshot or (has_display() and arguments.out is None):
        from app.window.start import show_demo

        if not has_display():
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        picture = Path(arguments.screenshot) if arguments.screenshot else None
        if picture is not None and not picture.resolve().parent.is_dir():
            raise BadInput(f"{picture}: the folder {picture.parent} does not exist; make it first")
        return show_demo(arguments.map, arguments.seconds, picture, arguments.theme, arguments.size)
    return _demo_files(arguments.map, arguments.steps, Path(arguments.out or "out"))


def _demo_files(name: str, steps: int, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    sample = folder / f"{name}.longcut"
    write_map(load_sample(name), sample)
    title, what = SAMPLES[name]
    _err.print(f"[bold]{title}.[/] {what}")
    _err.print("The total cost stays; it is moved about until the shortest path is as long as it can get.")
    outputs = [folder / f"optimised.{ending}" for ending in ("longcut", "npy", "csv", "png")]
    picture, report = folder / "before-after.png", folder / "report.json"
    options = ["--steps", str(steps), "--picture", str(picture), "--json", str(report)]
    code = main(["solve", str(sample), *options, "--out", *map(str, outputs)])
    if code == DONE:
        _out.print(f"Look at {picture}; the optimised grid is in {folder}/optimised.*")
    return code


def _parser(scenario: str) -> argparse.ArgumentParser:
    """scenario: whose settings `solve` takes as options."""
    parser = argparse.ArgumentParser(
        prog="longcut",
        description="Redistribute the cost of a game map so that its shortest paths become what you want.",
        epilog="Map files: " + "; ".join(f"{kind.endings[0]} ({kind.description})" for kind in FORMATS) + ".",
    )
    parser.add_argument("--version", action="version", version=f"longcut {version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(command=run)
        return added

    run = command(
        "solve", solve, "Run a scenario on a map and write the result; --scenario NAME --help lists its settings."
    )
    run.add_argument("map", metavar="MAP", help="a map file; bare grids (.npy, .csv, .png, .map) need --route")
    run.add_argument(
        "--scenario",
        choices=list(SCENARIOS),
        default="adversarial",
        help="what to do: " + "; ".join(f"{name}: {entry.summary}" for name, entry in SCENARIOS.items()),
    )
    _add_map_options(run)
    add_options(run.add_argument_group(f"settings of {scenario}"), SCENARIOS[scenario])
    run.add_argument(
        "--out", nargs="+", default=[], metavar="FILE", help="where the optimised map goes, by ending"
    )
    run.add_argument("--gallery", metavar="FOLDER", help="where every map of a run that makes several goes")
    run.add_argument("--points", metavar="FILE", help="where the points of the moved layouts go, as .csv or .json")
    run.add_argument("--json", metavar="FILE", help="where the report goes")
    run.add_argument("--picture", metavar="FILE.png", help="before and after side by side")

    check = command("paths", paths, "Exact shortest paths of every route; exit code 1 if an expected one differs.")
    check.add_argument("map", metavar="MAP")
    check.add_argument("--scen", metavar="FILE", help="a Moving AI scenario file whose routes to use")
    _add_map_options(check)
    check.add_argument("--json", metavar="FILE", help="where all routes go")

    look = command("info", info, "What is in a map file.")
    look.add_argument("map", metavar="MAP")

    change = command("convert", convert, "Read a map in one format and write it in another.")
    change.add_argument("source", metavar="IN")
    change.add_argument("target", metavar="OUT")

    desk = command("window", window, "Open the window; longcut without a command does the same.")
    desk.add_argument("map", metavar="MAP", nargs="?", help="a map to open")

    show = command("demo", demo, "A sample map and a run on it, in the window or, without a display, as files.")
    show.add_argument("--map", choices=list(SAMPLES), default=DEMO_MAP, help="sample map (%(default)s)")
    show.add_argument("--seconds", type=number, metavar="N", help="close the window after N seconds")
    show.add_argument("--screenshot", metavar="FILE.png", help="save a picture of the window before it closes")
    show.add_argument("--theme", choices=["system", "dark", "light"], default="system", help="(%(default)s)")
    show.add_argument("--size", type=_size, default=(1280, 800), metavar="WxH", help="of the window (1280x800)")
    show.add_argument("--steps", type=whole, default=400, help="of Adam, for files (%(default)s)")
    show.add_argument("--out", metavar="FOLDER", help="write files instead of showing the window (out)")
    return parser


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,4})[x×](\d{3,4})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write WIDTHxHEIGHT in pixels, as in 1280x800")
    return int(found[1]), int(found[2])


def _add_map_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--route",
        type=_route,
        nargs="+",
        metavar="ROW,COL:ROW,COL",
        help="start and goal, instead of the map's own routes",
    )
    parser.add_argument("--neighbours", type=int, choices=[4, 8], help="moves of a cell, instead of the map's own")
    parser.add_argument(
        "--cost-rule",
        choices=["mean", "entered"],
        help="what a move costs: the mean of its two cells, or the cell entered",
    )
    parser.add_argument(
        "--corners",
        choices=["both-open", "one-open", "free"],
        help="when a diagonal is legal: both orthogonal cells open, one, or always",
    )


def _route(text: str) -> Route:
    found = re.fullmatch(r"\s*(-?\d+),(-?\d+):(-?\d+),(-?\d+)\s*", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no route; write ROW,COL:ROW,COL, as in 16,1:16,30")
    row, col, goal_row, goal_col = (int(group) for group in found.groups())
    return Route("route", (row, col), (goal_row, goal_col))


def _with_options(document: MapDocument, arguments: argparse.Namespace) -> MapDocument:
    rule: MovementRule = document.rule
    if arguments.neighbours:
        rule = replace(rule, neighbours=arguments.neighbours)
    if arguments.cost_rule:
        rule = replace(rule, cost_rule=arguments.cost_rule)
    if arguments.corners:
        rule = replace(rule, corner_rule=arguments.corners.replace("-", "_"))
    changes: dict[str, Any] = {"rule": rule}
    if arguments.route:
        changes["routes"] = tuple(
            replace(route, name=f"route {number}") for number, route in enumerate(arguments.route, 1)
        )
    lower, upper = getattr(arguments, "setting_lower", None), getattr(arguments, "setting_upper", None)
    if lower is not None or upper is not None:
        bounds = document.bounds
        changes["bounds"] = Bounds(
            bounds.lower if lower is None else lower, bounds.upper if upper is None else upper
        )
    return document.replace(**changes)


def _check_writable(path: Path) -> None:
    kind = format_of(path)
    if kind is None or kind.encode is None:
        known = ", ".join(kind.endings[0] for kind in FORMATS if kind.encode)
        raise BadInput(f"{path.name}: no format that can be written has this ending; use one of {known}")
    _check_folder(path)


def _check_folder(path: Path) -> None:
    if not path.resolve().parent.is_dir():
        raise BadInput(f"{path}: the folder {path.parent} does not exist; make it first")
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give the name of a file")


def _check_outputs(arguments: argparse.Namespace, maps: Sequence[Path], scenario: Scenario) -> None:
    """Before the run: nothing that it takes minutes to find should be lost for a wrong name."""
    for path in maps:
        _check_writable(path)
    for name, endings in (
        (arguments.points, (".csv", ".json")),
        (arguments.picture, (".png",)),
        (arguments.json, ()),
    ):
        if not name:
            continue
        if endings and Path(name).suffix.lower() not in endings:
            raise BadInput(f"{name}: this file has to end in {' or '.join(endings)}")
        _check_folder(Path(name))
    if arguments.gallery:
        folder = Path(arguments.gallery)
        if scenario.gallery is None:
            raise BadInput(f"{folder} cannot be written: this scenario makes one map only; use --out")
        if not folder.is_dir() and (folder.exists() or not folder.resolve().parent.is_dir()):
            raise BadInput(
                f"{folder}: the gallery needs a folder; this is a file, or lies in a folder that is not there"
            )


def _agrees(cost: float, expected: float) -> bool:
    # Scenario files give two to eight decimals, computed with √2 rounded in various ways.
    return abs(cost - expected) <= max(2e-4, 1e-5 * expected)


def _say_losses(path: Path, lost: Sequence[str]) -> None:
    if lost:
        _err.print(f"[yellow]{path.name} does not keep[/] {escape('; '.join(lost))}.")


def _write_gallery(folder: Path, gallery: Gallery | None, document: MapDocument, result: object) -> None:
    made = gallery(document, result) if gallery else []
    folder.mkdir(parents=True, exist_ok=True)
    for place, (_, entry) in enumerate(made, 1):
        write_map(entry, folder / f"map-{place:02}.longcut")


def _write_points(path: Path, before: MapDocument, after: MapDocument) -> None:
    """Every layout that was moved; several of them go to files with their names added."""
    from maps.formats.points import write_layout

    moved = [now for was, now in zip(before.layouts, after.layouts, strict=True) if was is not now]
    if not moved:
        raise BadInput(f"{path.name} was not written: this scenario moves no points")
    for layout in moved:
        name = path
        if len(moved) > 1:
            plain = re.sub(r"[^\w .-]", "_", layout.name)  # a file cannot have every name that a layout can
            name = path.with_stem(f"{path.stem}-{plain}")
        warning = write_layout(layout, name)
        if warning:
            _err.print(f"[yellow]{name.name}:[/] {escape(warning)}")


def _write_json(name: str, content: dict[str, Any]) -> None:
    from maps.safe_save import save_bytes

    warning = save_bytes(name, (json.dumps(content, indent=2, allow_nan=False) + "\n").encode("utf-8"))
    if warning:
        _err.print(f"[yellow]{Path(name).name}:[/] {warning}")


def _picture(path: Path, before: MapDocument, after: MapDocument, captions: tuple[str, str]) -> None:
    from app.canvas.export_picture import Panel, save_picture
    from app.scenarios.translate import shortest_paths

    save_picture(
        path,
        [
            Panel(before, shortest_paths(before), "As drawn", captions[0]),
            Panel(after, shortest_paths(after), "Optimised", captions[1]),
        ],
    )


def _warm_up() -> None:
    """Load the engine, and compile its loops where no set-up has done so: about 20 seconds, once."""
    with _err.status("loading the engine (its first start here takes about 20 seconds)"):
        from engine.warmup import warm_up

        warm_up()


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[figures]}"),
        console=_err,
        transient=True,
    )


def _complain(message: str) -> int:
    _err.print(f"[bold red]longcut:[/] {escape(message)}")
    return BAD_INPUT
