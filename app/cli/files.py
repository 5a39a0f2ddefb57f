"""`longcut info` and `longcut convert`: what is in a map file, and the same map in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.markup import escape
from rich.table import Table

from app.cli import output
from app.cli.tables import read_given_map
from app.scenarios.translate import movement_text
from maps.formats import format_of, write_map

if TYPE_CHECKING:
    import argparse


def info(arguments: argparse.Namespace) -> None:
    """Print what is in a map file."""
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
    table.add_row("movement", movement_text(document))
    for route in document.routes:
        walked = f", walked by {route.movement}" if route.movement else ""
        expected = "" if route.expected_cost is None else f", expected cost {route.expected_cost:g}"
        table.add_row(
            "route",
            escape(f"{route.name}: {route.start} to {route.goal}, weight {route.weight:g}{walked}{expected}"),
        )
    for layout in document.layouts:
        table.add_row(
            "layout", f"{escape(layout.name)}: {len(layout.weights)} points, total weight {layout.weights.sum():g}"
        )
    for key, value in document.metadata.items():
        table.add_row(escape(key), escape(str(value)))
    output.out.print(table)


def convert(arguments: argparse.Namespace) -> None:
    """Read one format, write another, and say what is lost."""
    document = read_given_map(arguments.source, arguments)
    target = Path(arguments.target)
    output.check_map_name(target)
    lost = write_map(document, target)
    output.out.print(f"{target.name} written: {document.height} × {document.width} cells")
    output.tell_losses(target, lost)
