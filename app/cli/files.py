"""`longcut info` and `longcut convert`: what is in a map file, and the same map in another format."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table

from app.cli import output
from app.cli.tables import read_given_map
from app.scenarios.translate import movement_text
from maps.formats import format_of, levels_of, write_map
from maps.formats.told import OTHER_EDITORS
from maps.terrain import NO_TERRAIN

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from maps.document import MapDocument
    from maps.formats.format import Level


def info(arguments: argparse.Namespace) -> None:
    """Print what is in a map file."""
    levels = () if arguments.level else levels_of(arguments.map)
    # A project whose levels lie in files of their own has no map itself; which there are is what one asks for.
    if levels and all(level.file is not None for level in levels):
        _print_levels(Path(arguments.map), levels)
        return
    document = read_given_map(arguments.map, arguments)
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
    table.add_row("movement", movement_text(document.rule))
    for title, words in (*_terrains(document), *_classes(document)):
        table.add_row(title, escape(words))
    for route in document.routes:
        walker = f", walked by {route.movement}" if route.movement else ""
        expected = "" if route.expected_cost is None else f", expected cost {route.expected_cost:g}"
        ends = f"{route.start} to {route.goal}"
        table.add_row("route", escape(f"{route.name}: {ends}, weight {route.weight:g}{walker}{expected}"))
    for layout in document.layouts:
        table.add_row(
            "layout", f"{escape(layout.name)}: {len(layout.weights)} points, total weight {layout.weights.sum():g}"
        )
    for key, value in document.metadata.items():
        if key not in OTHER_EDITORS:  # what these say has been told
            table.add_row(escape(key), escape(str(value)))
    output.out.print(table)
    if len(levels) > 1:
        _print_levels(Path(arguments.map), levels)


def _print_levels(path: Path, levels: Sequence[Level]) -> None:
    """Print the levels of a file, for --level to choose from."""
    table = Table("level", "size", title=f"{len(levels)} levels of {escape(path.name)}", title_justify="left")
    for level in levels:
        sized = "no IntGrid" if level.shape is None else "{} rows × {} columns".format(*level.shape)
        table.add_row(escape(level.name), sized if level.file is None else escape(f"in {level.file.name}"))
    output.out.print(table)


def _terrains(document: MapDocument) -> Iterator[tuple[str, str]]:
    """Yield a title and words for every terrain on the map, and for those of the palette that are not on it."""
    counts = np.bincount(document.terrain.ravel(), minlength=NO_TERRAIN + 1).tolist()
    absent: list[str] = []
    for terrain, count in zip(document.palette, counts, strict=False):
        cost = f"cost {terrain.cost:g}" if terrain.passable else "impassable"
        if count:
            yield "terrain", f"{terrain.name}: {cost}, {_cells(count)}"
        else:
            absent.append(f"{terrain.name} ({cost})")
    if counts[NO_TERRAIN]:
        yield "no terrain", f"{_cells(counts[NO_TERRAIN])} with a cost of their own"
    if absent:
        yield "not on the map", ", ".join(absent)


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _classes(document: MapDocument) -> Iterator[tuple[str, str]]:
    """Yield a title and words for every movement class."""
    for kind in document.classes:
        prices = [(terrain.name, price) for terrain, price in zip(document.palette, kind.costs, strict=True)]
        pays = ", ".join(f"{name} {price:g}" for name, price in prices if math.isfinite(price))
        cannot = ", ".join(name for name, price in prices if math.isinf(price))
        own_moves = kind.neighbours is not None or kind.corner_rule is not None
        words = (
            f"size {kind.size}",
            *([f"pays {pays}"] if pays else []),
            f"{kind.factor:g} × the cost of a cell without a terrain",
            *([f"cannot enter {cannot}"] if cannot else []),
            *([movement_text(kind.rule_on(document.rule))] if own_moves else []),
        )
        yield "class", f"{kind.name}: {'; '.join(words)}"


def convert(arguments: argparse.Namespace) -> None:
    """Read one format, write another, and say what is lost."""
    document = read_given_map(arguments.source, arguments)
    target = Path(arguments.target)
    output.check_map_name(target, document)
    lost = write_map(document, target)
    output.out.print(f"{target.name} written: {document.height} × {document.width} cells")
    output.tell_losses(target, lost)
