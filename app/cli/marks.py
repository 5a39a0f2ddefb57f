"""Routes, points and drawn lines given on the command line, for maps that have none."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape

from app.cli import output
from app.cli.output import BadInput
from maps.document import Cell, Layout, Route
from maps.edits import set_layout
from maps.errors import MapError
from maps.formats.points import read_layout
from maps.layout_edits import add_points, new_layout
from maps.raster import line_cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maps.document import MapDocument

_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)"
_POINT = re.compile(rf"({_NUMBER}),({_NUMBER})(?:,({_NUMBER}))?")
_CELL = re.compile(r"(-?\d+),(-?\d+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "--route",
        type=_route,
        nargs="+",
        metavar="ROW,COL:ROW,COL",
        help="start and goal, instead of the map's own routes",
    )
    parser.add_argument(
        "--line",
        type=_cell,
        nargs="+",
        action="append",
        default=[],
        metavar="ROW,COL",
        help="corners of a line drawn for a path to take, from start to goal; the first --line is that of the "
        "first route, or makes it",
    )
    parser.add_argument(
        "--layout",
        type=_words_of_layout,
        nargs="+",
        action="append",
        default=[],
        metavar="NAME=ROW,COL",
        help="a layout of points, as in --layout chests=3,4 7,2 (a weight may follow: 3,4,0.5), or from a .csv or "
        ".json file, as in --layout chests=chests.csv; instead of the map's own of this name",
    )


def with_marks(document: MapDocument, arguments: argparse.Namespace) -> MapDocument:
    """Return the document with the routes, lines and layouts that the arguments give.

    Raises BadInput, MapError or MapFormatError for those that the map cannot have.
    """
    if arguments.route:
        routes = (replace(route, name=f"route {number}") for number, route in enumerate(arguments.route, 1))
        document = document.replace(routes=tuple(routes))
    if arguments.line:
        document = document.replace(routes=tuple(_with_lines(document, arguments.line)))
    for words in arguments.layout:
        document = _with_layout(document, words)
    return document


def _with_lines(document: MapDocument, lines: Sequence[Sequence[Cell]]) -> Iterator[Route]:
    """Yield the routes with their lines, and a new one for each line beyond them."""
    routes = document.routes
    for number, corners in enumerate(lines):
        if len(corners) < 2:
            raise BadInput("--line needs two cells at least, its start and its goal, as in --line 3,1 3,9 8,9")
        for corner in corners:
            if not document.contains(corner):
                size = f"{document.height} × {document.width}"
                raise BadInput(
                    f"--line leaves the map at {corner}; rows and columns count from 0, on {size} cells"
                )
        cells = [corners[0]]
        for here, there in pairwise(corners):
            cells += [(row, col) for row, col in line_cells(here, there).tolist()[1:]]
        start, goal = cells[0], cells[-1]
        if number >= len(routes):
            yield Route(f"route {number + 1}", start, goal, line=tuple(cells))
            continue
        route = routes[number]
        for end, own, drawn in (("begins", route.start, start), ("ends", route.goal, goal)):
            if own != drawn:
                raise BadInput(f"--line {end} at {drawn}, but its route {route.name!r} at {own}; let them agree")
        yield replace(route, line=tuple(cells))
    yield from routes[len(lines) :]


@dataclass(frozen=True)
class _Point:
    """A point as it is typed."""

    row: float
    col: float
    weight: float


@dataclass(frozen=True)
class _Words:
    """A word of a layout. name: of the layout, None in all but the first.  point: None where it names a file."""

    name: str | None
    text: str
    point: _Point | None


def _with_layout(document: MapDocument, words: Sequence[_Words]) -> MapDocument:
    name, *others = (word.name for word in words)
    if name is None or any(others):
        raise BadInput(f"--layout {words[0].text!r} has no name, or two; write NAME=ROW,COL ROW,COL or NAME=FILE")
    points = [word.point for word in words if word.point]
    index = next((n for n, layout in enumerate(document.layouts) if layout.name == name), len(document.layouts))
    if len(points) == len(words):
        blank = document.layouts[index] if index < len(document.layouts) else new_layout(document, name)
        empty = set_layout(document, index, Layout(name, np.zeros((0, 2)), np.zeros(0), blank.colour))
        try:
            return add_points(empty, index, [(p.row, p.col) for p in points], [p.weight for p in points])
        except MapError as error:
            raise BadInput(f"--layout {name}: {error}") from None
    if len(words) > 1:
        text = next(word.text for word in words if word.point is None)
        raise BadInput(
            f"--layout {name}: {text!r} is no point; write ROW,COL or ROW,COL,WEIGHT, or one file alone"
        )
    path = Path(words[0].text)
    if path.suffix.lower() not in (".csv", ".json"):
        raise BadInput(
            f"--layout {name}: {words[0].text!r} is no point ROW,COL, and no .csv or .json file of points"
        )
    layout, told = read_layout(path, document)
    if told:
        output.err.print(escape(f"{path.name}: {told}."))
    return set_layout(document, index, replace(layout, name=name))


def _words_of_layout(text: str) -> _Words:
    name, parted, rest = text.partition("=")
    point = rest if parted else text
    found = _POINT.fullmatch(point)
    made = _Point(float(found[1]), float(found[2]), float(found[3] or 1.0)) if found else None
    if parted and not name:
        raise argparse.ArgumentTypeError(f"{text!r} has no name before its =; write NAME=ROW,COL")
    return _Words(name if parted else None, point, made)


def _cell(text: str) -> Cell:
    found = _CELL.fullmatch(text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no cell; write ROW,COL, as in 16,1")
    return int(found[1]), int(found[2])


def _route(text: str) -> Route:
    found = re.fullmatch(r"\s*(-?\d+),(-?\d+):(-?\d+),(-?\d+)\s*", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no route; write ROW,COL:ROW,COL, as in 16,1:16,30")
    row, col, goal_row, goal_col = (int(group) for group in found.groups())
    return Route("route", (row, col), (goal_row, goal_col))
