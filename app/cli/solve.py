"""`longcut solve`: run a scenario on a map and write the result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from app.cli import output, outputs
from app.cli.options import add_map_options, add_settings, check_settings, settings_from, with_map_options
from app.cli.output import BadInput
from app.cli.streams import STREAM, only_data
from app.cli.tables import add_table_options, given_map
from app.run.headless import Solved
from app.run.headless import solve as run
from app.scenarios import SCENARIOS
from app.scenarios.command_words import with_advice
from engine.core.errors import ProblemError

if TYPE_CHECKING:
    import argparse

    from app.scenarios.scenario import AnyScenario, AnyStep, ScenarioSettings
    from maps.document import MapDocument


def add_arguments(parser: argparse.ArgumentParser, scenario: AnyScenario) -> None:
    """Add the arguments of `longcut solve`, with the settings of this scenario."""
    parser.add_argument(
        "map",
        metavar="MAP",
        help="a map file, or - for standard input; bare grids (.npy, .csv, .png, .map) need --route or --line",
    )
    add_what_to_do(parser, scenario)
    outputs.add_arguments(parser)


def add_what_to_do(parser: argparse.ArgumentParser, scenario: AnyScenario) -> None:
    """Add what every command that runs a scenario takes: which one, its settings, and how maps are read."""
    parser.add_argument(
        "--scenario",
        choices=list(SCENARIOS),
        default=scenario.name,
        help="what to do: "
        + "; ".join(f"{name}: {entry.summary.removesuffix('.')}" for name, entry in SCENARIOS.items()),
    )
    add_map_options(parser)
    add_table_options(parser)
    add_settings(parser, scenario)


def solve(arguments: argparse.Namespace) -> bool:
    """Run a scenario on a map, write what was asked for, and print the report.

    Ctrl+C ends the run with its best result so far. Returns whether the run came to its own end. Raises BadInput
    for a map without the routes that the scenario needs, an output that cannot be written, or settings that no
    run can start with.
    """
    scenario = SCENARIOS[arguments.scenario]
    settings = settings_from(arguments, scenario)
    check_settings(arguments, scenario, settings)
    given = given_map(arguments.map, arguments)
    document = ready_map(given.document, arguments.map, arguments, scenario, settings)
    places = outputs.outputs_of(arguments, replace(given, document=document))
    places.check(scenario, document)
    with only_data(places.stream is not None):
        return _solve(document, arguments, scenario, settings, places)


def ready_map(
    document: MapDocument,
    name: str,
    arguments: argparse.Namespace,
    scenario: AnyScenario,
    settings: ScenarioSettings,
) -> MapDocument:
    """Return the map that a run begins with, with the arguments' routes, points and rules in it.

    name: what messages call it. Raises BadInput for a map without the routes that the scenario needs.
    """
    document = scenario.prepared(with_map_options(document, arguments), settings)
    if scenario.needs_route and not document.routes:
        name = "the map" if name == STREAM else Path(name).name
        raise BadInput(f"{name} has no route; give one with --route ROW,COL:ROW,COL (start, then goal)")
    return document


def _solve(
    document: MapDocument,
    arguments: argparse.Namespace,
    scenario: AnyScenario,
    settings: ScenarioSettings,
    places: outputs.Outputs,
) -> bool:
    """Run the scenario, write the outputs and print the report; return whether it came to its own end."""
    solved = _run(document, scenario, settings)
    if arguments.snap_terrain:
        solved = solved.snapped()
    # Files first: a closed pipe on the output must not cost the result.
    failures = places.write(scenario, document, solved)
    first, *others = (escape(line) for line in solved.report.summary_lines())
    snapped = () if solved.snap is None else (escape(f"Snapped to terrains: {solved.snap.sentence}"),)
    for line in (f"[bold]{first}[/]", *others, escape(solved.last.message), *snapped):
        output.out.print(line)
    if solved.stopped:
        kept = not failures and places.holds_result(scenario, document, solved)
        written = "; its best result so far is written" if kept else ""
        output.err.print(f"Stopped at step {solved.last.step}{written}.")
    if failures:
        raise BadInput("; ".join(failures) + ("; all other outputs are written" if places.several else ""))
    return not solved.stopped


def _run(document: MapDocument, scenario: AnyScenario, settings: ScenarioSettings) -> Solved:
    with output.progress() as bar:
        task = bar.add_task("Preparing: compiling", total=None, figures="")
        _warm_up()
        bar.reset(task, description=f"Preparing: {scenario.preparing}", total=scenario.total_steps(settings))
        first: AnyStep | None = None

        def show(step: AnyStep) -> None:
            nonlocal first
            first = first or step
            figures = scenario.headline(first.figures, step.figures)
            total = scenario.total_steps(settings) if step.total is None else step.total
            finishing = scenario.finishing if step.step == total and step.status is None else ""
            bar.update(
                task,
                completed=step.step,
                total=total,
                description=finishing or scenario.title,
                figures=escape(figures),
            )

        try:
            return run(document, scenario, settings, show)
        except ProblemError as error:
            raise BadInput(with_advice(error, scenario)) from error


def _warm_up() -> None:
    """Load the engine, and compile its loops where no set-up has done so: about a minute, once."""
    from engine.warmup import warm_up

    warm_up()
