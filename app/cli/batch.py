"""`longcut batch` and `longcut sweep`: many runs with one report, in several processes or on other machines."""

from __future__ import annotations

import glob
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from app.batch.folder import PAGE, REPORT, Folder, FolderError, opened
from app.batch.names import distinct, names_of_files, safe
from app.batch.page import page
from app.batch.report import About, report_json
from app.batch.run import Batch, Entry, run
from app.batch.solvers import in_processes, in_series
from app.batch.sweep import parse_varied, points_of
from app.cli import output
from app.cli.batch_jobs import job_of_file, job_of_map
from app.cli.batch_progress import BatchProgress
from app.cli.options import PREFIX, check_settings, settings_from, word
from app.cli.output import BadInput
from app.cli.solve import add_what_to_do
from app.cli.streams import STREAM
from app.cli.tables import given_map
from app.scenarios import SCENARIOS
from app.scenarios.command_words import flag_of
from app.scenarios.settings import SaveFile, Whole, settings_as_words, settings_of
from maps.formats import FORMATS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from app.batch.solvers import Solver
    from app.scenarios.scenario import AnyScenario, ScenarioSettings

DONE, SOME_FAILED, NOT_ALL_RUN, STOPPED = 0, 1, 2, 130


def add_batch_arguments(parser: argparse.ArgumentParser, scenario: AnyScenario) -> None:
    """Add the arguments of `longcut batch`, with the settings of this scenario."""
    what = "map files, or patterns in quotes such as 'maps/**/*.tmx'"
    parser.add_argument("maps", metavar="MAP", nargs="+", help=what)
    _add_arguments(parser, scenario)


def add_sweep_arguments(parser: argparse.ArgumentParser, scenario: AnyScenario) -> None:
    """Add the arguments of `longcut sweep`, with the settings of this scenario."""
    parser.add_argument("map", metavar="MAP", help="a map file, or - for standard input")
    parser.add_argument(
        "--vary",
        action="append",
        required=True,
        metavar="NAME=VALUE,…",
        help="a setting and its values, as in keep=0,0.5,1 or, for whole numbers, seed=0..9; several --vary give "
        "every combination",
    )
    _add_arguments(parser, scenario)


def _add_arguments(parser: argparse.ArgumentParser, scenario: AnyScenario) -> None:
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="a folder of its own for results and report; run again, it goes on from what is in it",
    )
    jobs = Whole("", "", least=1, most=1024)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=word(jobs), default=1, metavar="N", help="processes here (%(default)s)")
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="of Dask, whose workers compute, as in tcp://192.168.0.5:8786"
    )
    names = [kind.name for kind in FORMATS if kind.encode]
    kinds = "of the results; without it, Tiled and LDtk maps stay what they are, others become longcut"
    parser.add_argument("--to-format", choices=names, help=kinds)
    snapping = "give every cell of the results the palette's terrain whose cost is nearest to its own"
    parser.add_argument("--snap-terrain", action="store_true", help=snapping)
    add_what_to_do(parser, scenario)


def batch(arguments: argparse.Namespace) -> int:
    """Run a scenario on many maps. Returns the exit code: 1 if some failed, 130 after Ctrl+C."""
    scenario, settings = _settings(arguments)
    check_settings(arguments, scenario, settings)
    files = _files(arguments.maps)
    _check_apart(files, Path(arguments.out))
    entries = [
        Entry(name, str(file), (), partial(job_of_file, str(file), arguments, scenario, settings))
        for name, file in zip(names_of_files(files), files, strict=True)
    ]
    about = About(_title(len(files)), scenario, _shared(scenario, settings), ())
    return _carry_out(entries, about, arguments)


def sweep(arguments: argparse.Namespace) -> int:
    """Run a scenario on one map with varied settings. Returns the exit code, as `batch` does."""
    scenario, settings = _settings(arguments)
    try:
        varied = [parse_varied(text, scenario) for text in arguments.vary]
        points = points_of(varied, settings)
    except ValueError as error:
        raise BadInput(f"--vary {error}") from None
    check_settings(arguments, scenario, *(point.settings for point in points))
    both = [each.option for each in varied if _is_given(arguments, each.name)]
    if both:
        raise BadInput(f"--{both[0]} is varied; leave it out, or leave its --vary out")
    if arguments.map != STREAM:
        _check_apart([Path(arguments.map)], Path(arguments.out))
    given = given_map(arguments.map, arguments)
    title = given.document.name or Path(arguments.map).name
    stem = safe("stdin" if arguments.map == STREAM else Path(arguments.map).name.split(".")[0])
    names = distinct(
        [safe("-".join([stem, *(part for pair in point.varied for part in pair)])) for point in points]
    )
    entries = [
        Entry(
            name,
            arguments.map,
            point.varied,
            partial(job_of_map, given, arguments.map, arguments, scenario, point.settings),
        )
        for name, point in zip(names, points, strict=True)
    ]
    options = tuple(each.option for each in varied)
    fields = frozenset(each.name for each in varied)
    about = About(f"A sweep of {title}", scenario, _shared(scenario, settings, fields), options)
    return _carry_out(entries, about, arguments)


def _carry_out(entries: Sequence[Entry], about: About, arguments: argparse.Namespace) -> int:
    """Run all entries, write the reports, and say what came of it."""
    solver = _solver(arguments)
    try:
        with opened(Path(arguments.out)) as folder, BatchProgress(len(entries)) as progress:
            done = run(entries, folder, solver, progress.told)
            folder.write(REPORT, output.json_bytes(report_json(about, done)))
            folder.write(PAGE, page(about, done).encode("utf-8"))
        return _told(done, folder)
    except FolderError as error:
        raise BadInput(str(error)) from None


def _told(batch: Batch, folder: Folder) -> int:
    """Print what came of a batch, and return the exit code."""
    where = escape(str(folder.path))
    reused = sum(row.reused for row in batch.rows)
    before = f", {reused} of them before" if reused else ""
    failed = f", {batch.failed} failed" if batch.failed else ""
    output.out.print(f"{batch.done} of {len(batch.rows)} done{before}{failed}; see {where}/{PAGE}", soft_wrap=True)
    if batch.stopped:
        output.err.print(f"Stopped with {batch.left} to go. The same command goes on from what is in {where}.")
        return STOPPED
    if batch.fault:
        output.tell_fault(f"{batch.fault}. The same command goes on from what is in {folder.path}")
        return NOT_ALL_RUN
    return SOME_FAILED if batch.failed else DONE


def _solver(arguments: argparse.Namespace) -> Solver:
    if arguments.scheduler:
        from app.batch.cluster import ClusterError, on_cluster

        try:
            return on_cluster(arguments.scheduler, lambda sentence: output.err.print(escape(sentence)))
        except ClusterError as error:
            raise BadInput(str(error)) from None
    return in_processes(arguments.jobs) if arguments.jobs > 1 else in_series


def _settings(arguments: argparse.Namespace) -> tuple[AnyScenario, ScenarioSettings]:
    """Return the scenario and the settings of all runs. Raises BadInput for those that many runs cannot share."""
    scenario = SCENARIOS[arguments.scenario]
    settings = settings_from(arguments, scenario)
    for name, kind in settings_of(scenario.settings).items():
        if isinstance(kind, SaveFile) and getattr(settings, name):
            option = flag_of(name, kind)
            raise BadInput(
                f"{option} names one file for all runs, each of which would write it anew; leave it out"
            )
    return scenario, settings


def _is_given(arguments: argparse.Namespace, name: str) -> bool:
    return PREFIX + name in vars(arguments)


def _shared(
    scenario: AnyScenario, settings: ScenarioSettings, varied: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return the settings that are not the scenario's own, by their options, as words."""
    usual, words = settings_as_words(scenario.settings()), settings_as_words(settings)
    kinds = settings_of(scenario.settings)
    return {
        flag_of(name, kinds[name]): spelled
        for name, spelled in words.items()
        if spelled != usual[name] and name not in varied
    }


def _title(maps: int) -> str:
    return "1 map" if maps == 1 else f"{maps} maps"


def _files(patterns: Sequence[str]) -> list[Path]:
    """Return the files that the patterns name, each once. Raises BadInput for one that names none."""
    found: dict[Path, Path] = {}
    for pattern in patterns:
        if pattern == STREAM:
            raise BadInput("batch reads files; a map from standard input is for sweep and solve")
        literal = Path(pattern).exists()  # its name may look like a pattern
        names = [pattern] if literal else sorted(glob.glob(pattern, recursive=True))
        files = [Path(name) for name in names if Path(name).is_file()]
        if not files:
            raise BadInput(f"{pattern}: there is no such file, and none that this pattern fits")
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def _check_apart(files: Sequence[Path], folder: Path) -> None:
    """Refuse, with BadInput, maps in the folder of the results, which are written anew."""
    inside = next((file for file in files if folder.resolve() in file.resolve().parents), None)
    if inside is not None:
        raise BadInput(f"{inside} lies in {folder}, where results are written; give --out a folder of its own")
