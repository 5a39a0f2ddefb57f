"""The files that `longcut solve` writes: each checked before the run, and each tried after it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rich.markup import escape

from app.cli import output
from app.cli.output import BadInput
from app.cli.streams import STREAM, add_output_format, output_kind, write_map_to_output, write_to_output
from maps.errors import MapError
from maps.formats import write_map

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from app.cli.tables import GivenMap
    from app.run.headless import Solved
    from app.scenarios.scenario import AnyScenario
    from maps.document import MapDocument
    from maps.formats import Format


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name the outputs."""
    parser.add_argument(
        "--out",
        nargs="+",
        default=[],
        metavar="FILE",
        help="where the optimised map goes, by ending; - is standard output",
    )
    add_output_format(parser)
    parser.add_argument("--gallery", metavar="FOLDER", help="where every map of a run that makes several goes")
    parser.add_argument(
        "--points", metavar="FILE", help="where the points of the moved layouts go, as .csv or .json"
    )
    parser.add_argument("--json", metavar="FILE", help="where the report goes; - is standard output")
    parser.add_argument(
        "--snap-terrain",
        action="store_true",
        help="give every cell of the result the palette's terrain whose cost is nearest to its own",
    )
    parser.add_argument("--picture", metavar="FILE.png", help="before and after side by side")


@dataclass(frozen=True)
class Outputs:
    """Where the outputs of a run go; None for what was not asked for.

    stream: what goes to standard output, the map in this format, or the report.
    """

    maps: tuple[Path, ...]
    gallery: Path | None
    points: Path | None
    report: Path | None
    picture: Path | None
    stream: Format | Literal["report"] | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        """Return the places of all outputs, the gallery's folder among them."""
        return (*self.maps, *(at for at in (self.points, self.report, self.picture, self.gallery) if at))

    @property
    def several(self) -> bool:
        """Return whether there is more than one output."""
        return len(self.files) + (self.stream is not None) > 1

    def check(self, scenario: AnyScenario, document: MapDocument) -> None:
        """Refuse, with BadInput, what cannot be written: no minutes of a run should be lost for a wrong name."""
        for path in self.maps:
            output.check_map_name(path, document)
        if self.points:
            output.check_file_name(self.points, (".csv", ".json"))
            if not scenario.moves_points:
                raise BadInput(f"{self.points} cannot be written: the scenario {scenario.name} moves no points")
        if self.picture:
            output.check_file_name(self.picture, (".png",))
        if self.report:
            output.check_file_name(self.report)
        if self.gallery:
            _check_gallery(self.gallery, scenario)
        places = [path.resolve() for path in self.files]
        twice = next((path for path in self.files if places.count(path.resolve()) > 1), None)
        if twice:
            raise BadInput(f"{twice} is the place of two outputs; give each its own")

    def holds_result(self, scenario: AnyScenario, before: MapDocument, solved: Solved) -> bool:
        """Return whether any output was asked for that there is something to write to."""
        others = self.stream is not None or any(place != self.gallery for place in self.files)
        return others or (self.gallery is not None and bool(_gallery(scenario, before, solved)))

    def write(self, scenario: AnyScenario, before: MapDocument, solved: Solved) -> list[str]:
        """Try to write every output; return what went wrong, a sentence for each that failed."""
        failures: list[str] = []

        def attempt(path: Path, write: Callable[[Path], None]) -> None:
            try:
                write(path)
            except (MapError, OSError) as error:
                sentence = str(error)
                failures.append(sentence if path.name in sentence else f"{path.name}: {sentence}")

        if self.stream == "report":
            attempt(Path("standard output"), lambda _: write_to_output(output.json_bytes(solved.as_json())))
        elif self.stream:
            kind = self.stream
            attempt(Path("standard output"), lambda _: write_map_to_output(solved.document, kind))

        for path in self.maps:
            attempt(path, lambda path: output.tell_losses(path, write_map(solved.document, path)))
        if self.points:
            attempt(self.points, lambda path: _write_points(path, before, solved.document))
        if self.gallery:
            attempt(self.gallery, lambda path: _write_gallery(path, scenario, before, solved))
        if self.report:
            attempt(self.report, lambda path: output.write_json(path, solved.as_json()))
        if self.picture:
            attempt(self.picture, lambda path: _write_picture(path, before, solved))
        return failures


def outputs_of(arguments: argparse.Namespace, given: GivenMap) -> Outputs:
    """Return the places that the arguments name. Raises BadInput for two that are standard output."""

    def place(name: str | None) -> Path | None:
        return Path(name) if name else None

    to_stream = [*arguments.out, arguments.json].count(STREAM)
    if to_stream > 1:
        raise BadInput("standard output takes one output only; give the others files")
    if arguments.to_format and STREAM not in arguments.out:
        raise BadInput("--to-format is for a map to standard output (--out -); files are written by their endings")
    stream = None
    if to_stream:
        as_map = STREAM in arguments.out
        stream = output_kind(given.document, given.kind, arguments.to_format) if as_map else "report"
    maps = tuple(Path(name) for name in arguments.out if name != STREAM)
    report = place(None if arguments.json == STREAM else arguments.json)
    return Outputs(
        maps, place(arguments.gallery), place(arguments.points), report, place(arguments.picture), stream
    )


def _check_gallery(folder: Path, scenario: AnyScenario) -> None:
    if not scenario.makes_gallery:
        raise BadInput(f"{folder} cannot be written: this scenario makes one map only; use --out")
    parent = folder.resolve().parent
    if not folder.is_dir() and (folder.exists() or not parent.is_dir()):
        raise BadInput(
            f"{folder}: the gallery needs a folder; this is a file, or lies in a folder that is not there"
        )
    output.check_writable(folder if folder.is_dir() else parent)


def _gallery(scenario: AnyScenario, document: MapDocument, solved: Solved) -> list[tuple[str, MapDocument]]:
    return [] if solved.last.result is None else scenario.gallery(document, solved.last.result)


def _write_gallery(folder: Path, scenario: AnyScenario, document: MapDocument, solved: Solved) -> None:
    made = _gallery(scenario, document, solved)
    if not made:
        output.err.print(f"{escape(str(folder))}: there are no maps yet, so nothing is written.")
        return
    folder.mkdir(parents=True, exist_ok=True)
    with output.progress() as bar:
        task = bar.add_task("writing the gallery", total=len(made), figures="")
        for place, (_, entry) in enumerate(made, 1):
            write_map(entry, folder / f"map-{place:02}.longcut")
            bar.advance(task)


def _write_points(path: Path, before: MapDocument, after: MapDocument) -> None:
    """Write every layout that was moved; several of them go to files with their names added."""
    from maps.formats.points import write_layout

    moved = [now for was, now in zip(before.layouts, after.layouts, strict=True) if was is not now]
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
