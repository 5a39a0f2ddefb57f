"""The command line: map files in, optimised grids and reports out. Only `window` needs a display."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from app.bootstrap.libraries import has_display
from app.bootstrap.project import version
from app.cli import batch, export, files, importing, output, paths, solve
from app.cli.options import scenarios_with, word
from app.cli.output import BadInput
from app.cli.tables import add_level_option
from app.scenarios import SCENARIOS
from app.scenarios.settings import Number, Whole
from engine.core.errors import ProblemError
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats import FORMATS, write_map
from maps.samples import SAMPLES, load_sample

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE, DIFFERS, BAD_INPUT, STOPPED = 0, 1, 2, 130
DEFAULT_SCENARIO = "adversarial"
DEMO_MAP = "river"


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Returns 0 when done, 1 where `paths` found something wrong or some runs of many failed, 2 for bad input or an
    output that could not be written, 130 after Ctrl+C.
    """
    output.spell_out()
    code, ended = DONE, None
    try:
        code = _run(list(argv))
    except SystemExit as reason:  # of argparse, after a help or a fault
        ended = reason
    fault = output.flush()
    if fault and code != BAD_INPUT:
        output.tell_fault(fault)
    if ended and not fault:
        raise ended
    return BAD_INPUT if fault else code


def _run(words: list[str]) -> int:
    parser = _parser(_scenario_in(words))
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        parser.error(_unknown(unknown, _scenario_in(words)))
    command: Callable[[argparse.Namespace], int] = arguments.command
    try:
        return command(arguments)
    except (BadInput, ProblemError, MapError, MapFormatError, MapSaveError) as error:
        output.tell_fault(str(error))
        return BAD_INPUT
    except OSError as error:
        what = f"{error.filename} cannot be used" if error.filename else "the output cannot be written"
        output.tell_fault(f"{what}: {error.strerror or error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        output.err.print("Stopped before the end.")
        return STOPPED


def _scenario_in(words: Sequence[str]) -> str:
    """Return the scenario that the command line names, whose settings the parser has to know."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--scenario", default=DEFAULT_SCENARIO)
    asked = early.parse_known_args([text for text in words if text != "--"])[0].scenario
    return asked if asked in SCENARIOS else DEFAULT_SCENARIO


def _unknown(words: Sequence[str], scenario: str) -> str:
    """Return what is wrong with words that no argument takes: perhaps they are settings of another scenario."""
    for option in (text for text in words if text.startswith("--")):
        others = scenarios_with(option)
        if others:
            return f"{option} is a setting of {', '.join(others)}, not of the scenario {scenario}"
    return f"unrecognized arguments: {' '.join(words)}"


def _parser(scenario: str) -> argparse.ArgumentParser:
    """Return the parser of all commands. scenario: whose settings `solve` takes as options."""
    parser = argparse.ArgumentParser(
        prog="longcut",
        description="Redistribute the cost of a game map so that its shortest paths become what you want.",
        epilog="Map files: " + "; ".join(f"{kind.endings[0]} ({kind.description})" for kind in FORMATS) + ".",
    )
    parser.add_argument("--version", action="version", version=f"longcut {version()}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        # Without abbreviations: what another scenario calls --to must not be taken for --tolerance.
        added = commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        added.set_defaults(command=run)
        return added

    text = "Run a scenario on a map and write the result; --scenario NAME --help lists its settings."
    solve.add_arguments(
        command("solve", lambda given: DONE if solve.solve(given) else STOPPED, text), SCENARIOS[scenario]
    )

    text = "Run a scenario on many maps, with one report; --scenario NAME --help lists its settings."
    batch.add_batch_arguments(command("batch", batch.batch, text), SCENARIOS[scenario])

    text = "Run a scenario on one map with varied settings, with one report and a plot of what they trade off."
    batch.add_sweep_arguments(command("sweep", batch.sweep, text), SCENARIOS[scenario])

    text = "Exact shortest paths of every route; exit code 1 if one has no way, or another length than expected."
    paths.add_arguments(command("paths", lambda given: DONE if paths.paths(given) else DIFFERS, text))

    look = command("info", _done(files.info), "What is in a map file.")
    files.add_info_arguments(look)

    change = command("convert", _done(files.convert), "Read a map in one format and write it in another.")
    files.add_convert_arguments(change)

    text = "What the tiles of a Tiled or LDtk map cost, as a table to fill in; with --costs, the map with them."
    bring = command("import", _done(importing.import_map), text)
    importing.add_arguments(bring)

    text = "Write a map as the files that a game engine reads, and tell what that does to its costs and paths."
    export.add_arguments(command("export", _done(export.export), text))

    desk = command("window", _window, "Open the window; longcut without a command does the same.")
    desk.add_argument("map", metavar="MAP", nargs="?", help="a map to open")
    add_level_option(desk)

    show = command("demo", _demo, "A sample map and a run on it, in the window or, without a display, as files.")
    seconds, steps = Number("", "", most=1e6), Whole("", "", least=1)
    show.add_argument("--map", choices=list(SAMPLES), default=DEMO_MAP, help="sample map (%(default)s)")
    show.add_argument("--seconds", type=word(seconds), metavar="N", help="close the window after N seconds")
    show.add_argument("--screenshot", metavar="FILE.png", help="save a picture of the window before it closes")
    show.add_argument("--theme", choices=["system", "dark", "light"], default="system", help="(%(default)s)")
    show.add_argument("--size", type=_size, default=(1280, 800), metavar="WxH", help="of the window (1280x800)")
    show.add_argument("--steps", type=word(steps), default=400, help="of Adam, for files (%(default)s)")
    show.add_argument("--out", metavar="FOLDER", help="write files instead of showing the window (out)")
    return parser


def _done(run: Callable[[argparse.Namespace], None]) -> Callable[[argparse.Namespace], int]:
    """Return a command that is done when it returns."""

    def command(arguments: argparse.Namespace) -> int:
        run(arguments)
        return DONE

    return command


def _window(arguments: argparse.Namespace) -> int:
    if not has_display():
        raise BadInput("there is no display for the window; the commands work without one, see longcut --help")
    from app.window.start import open_window

    return open_window(Path(arguments.map) if arguments.map else None, arguments.level)


def _demo(arguments: argparse.Namespace) -> int:
    if arguments.screenshot or (has_display() and arguments.out is None):
        from app.window.start import show_demo

        if not has_display():
            os.environ["QT_QPA_PLATFORM"] = "offscreen"
        picture = Path(arguments.screenshot) if arguments.screenshot else None
        if picture is not None:
            output.check_file_name(picture, (".png",))
        return show_demo(arguments.map, arguments.seconds, picture, arguments.theme, arguments.size)
    return _demo_files(arguments.map, arguments.steps, Path(arguments.out or "out"))


def _demo_files(name: str, steps: int, folder: Path) -> int:
    output.make_folder(folder)
    sample = folder / f"{name}.longcut"
    write_map(load_sample(name), sample)
    title, what = SAMPLES[name]
    output.err.print(f"[bold]{title}.[/] {what}")
    output.err.print("The total cost stays; it is moved about until the shortest path is as long as it can get.")
    outputs = [folder / f"optimised.{ending}" for ending in ("longcut", "npy", "csv", "png")]
    picture, report = folder / "before-after.png", folder / "report.json"
    options = ["--steps", str(steps), "--picture", str(picture), "--json", str(report)]
    code = main(["solve", str(sample), *options, "--out", *map(str, outputs)])
    if code == DONE:
        output.out.print(f"Look at {picture}; the optimised grid is in {folder}/optimised.*")
    return code


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{3,4})[x×](\d{3,4})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write WIDTHxHEIGHT in pixels, as in 1280x800")
    return int(found[1]), int(found[2])
