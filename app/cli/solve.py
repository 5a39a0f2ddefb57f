"""`longcut solve`: run a scenario on a map and write the result."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from app.cli import output
from app.cli.options import add_map_options, add_settings, advice, settings_from, with_map_options
from app.cli.output import BadInput
from app.run.headless import Solved
from app.run.headless import solve as run
from app.scenarios import SCENARIOS
from engine.core.errors import ProblemError
from maps.formats import read_map, write_map

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from app.scenarios.scenario import AnyScenario, AnyStep, ScenarioSettings
    from maps.document import MapDocument


def add_arguments(parser: argparse.ArgumentParser, scenario: AnyScenario) -> None:
    """Add the arguments of `longcut solve`, with the settings of this scenario."""
    parser.add_argument("map", metavar="MAP", help="a map file; bare grids (.npy, .csv, .png, .map) need --route")
    parser.add_argument(
        "--scenario",
        choices=list(SCENARIOS),
        default=scenario.name,
        help="what to do: " + "; ".join(f"{name}: {entry.summary}" for name, entry in SCENARIOS.items()),
    )
    add_map_options(parser)
    add_settings(parser, scenario)
    parser.add_argument(
        "--out", nargs="+", default=[], metavar="FILE", help="where the optimised map goes, by ending"
    )
    parser.add_argument("--gallery", metavar="FOLDER", help="where every map of a run that makes several goes")
    parser.add_argument(
        "--points", metavar="FILE", help="where the points of the moved layouts go, as .csv or .json"
    )
    parser.add_argument("--json", metavar="FILE", help="where the report goes")
    parser.add_argument("--picture", metavar="FILE.png", help="before and after side by side")


def solve(arguments: argparse.Namespace) -> None:
    """Run a scenario on a map, write what was asked for, and print the report.

    Raises BadInput for a map without the routes that the scenario needs, an output that cannot be written, or
    settings that no run can start with.
    """
    scenario = SCENARIOS[arguments.scenario]
    settings = settings_from(arguments, scenario)
    document = scenario.prepared(with_map_options(read_map(arguments.map), arguments), settings)
    if scenario.needs_route and not document.routes:
        raise BadInput(
            f"{Path(arguments.map).name} has no route; give one with --route ROW,COL:ROW,COL (start, then goal)"
        )
    maps = [Path(name) for name in arguments.out]
    _check_outputs(arguments, maps, scenario)
    solved = _run(document, scenario, settings)
    # Files first: a closed pipe on the output must not cost the result.
    for path in maps:
        output.tell_losses(path, write_map(solved.document, path))
    if arguments.points:
        _write_points(Path(arguments.points), document, solved.document)
    if arguments.gallery:
        _write_gallery(Path(arguments.gallery), scenario, document, solved)
    if arguments.json:
        output.write_json(arguments.json, solved.report.as_json())
    if arguments.picture:
        _write_picture(Path(arguments.picture), document, solved)
    first, *others = (escape(line) for line in solved.report.summary_lines())
    for line in (f"[bold]{first}[/]", *others, escape(solved.last.message)):
        output.out.print(line)


def _run(document: MapDocument, scenario: AnyScenario, settings: ScenarioSettings) -> Solved:
    _warm_up()
    with output.progress() as bar:
        task = bar.add_task("optimising", total=scenario.total_steps(settings), figures="")
        first: AnyStep | None = None

        def show(step: AnyStep) -> None:
            nonlocal first
            first = first or step
            bar.update(task, completed=step.step, figures=scenario.headline(first.figures, step.figures))

        try:
            return run(document, scenario, settings, show)
        except ProblemError as error:
            if error.fix is None:
                raise
            raise BadInput(f"{str(error).removesuffix('.')}. {advice(error.fix, scenario)}") from error


def _check_outputs(arguments: argparse.Namespace, maps: Sequence[Path], scenario: AnyScenario) -> None:
    """Refuse wrong names before the run: nothing that it takes minutes to find should be lost for one."""
    for path in maps:
        output.check_map_name(path)
    for name, endings in (
        (arguments.points, (".csv", ".json")),
        (arguments.picture, (".png",)),
        (arguments.json, ()),
    ):
        if name:
            output.check_file_name(Path(name), endings)
    if arguments.gallery:
        folder = Path(arguments.gallery)
        if not scenario.makes_gallery:
            raise BadInput(f"{folder} cannot be written: this scenario makes one map only; use --out")
        if not folder.is_dir() and (folder.exists() or not folder.resolve().parent.is_dir()):
            raise BadInput(
                f"{folder}: the gallery needs a folder; this is a file, or lies in a folder that is not there"
            )


def _write_gallery(folder: Path, scenario: AnyScenario, document: MapDocument, solved: Solved) -> None:
    made = [] if solved.last.result is None else scenario.gallery(document, solved.last.result)
    folder.mkdir(parents=True, exist_ok=True)
    for place, (_, entry) in enumerate(made, 1):
        write_map(entry, folder / f"map-{place:02}.longcut")


def _write_points(path: Path, before: MapDocument, after: MapDocument) -> None:
    """Write every layout that was moved; several of them go to files with their names added."""
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
            output.err.print(f"[yellow]{name.name}:[/] {escape(warning)}")


def _write_picture(path: Path, before: MapDocument, solved: Solved) -> None:
    from app.canvas.export_picture import Panel, save_picture
    from app.scenarios.translate import shortest_paths

    was, now = solved.report.captions()
    save_picture(
        path,
        [
            Panel(before, shortest_paths(before), "As drawn", was),
            Panel(solved.document, shortest_paths(solved.document), "Optimised", now),
        ],
    )


def _warm_up() -> None:
    """Load the engine, and compile its loops where no set-up has done so: about 20 seconds, once."""
    with output.err.status("loading the engine (its first start here takes about 20 seconds)"):
        from engine.warmup import warm_up

        warm_up()
