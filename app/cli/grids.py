"""Options that say what the numbers of a grid, or the colours of a picture, mean."""

from __future__ import annotations

import argparse
import math
import re
from typing import TYPE_CHECKING, Any, get_args

from app.cli.output import BadInput
from maps.formats import format_of
from maps.formats.options import TABLE, ByteOrder, Colours, NoCostError, UnsaidError
from maps.formats.table import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What to write for each thing that can be said.
_WORDS = {
    "slope": "--slope FACTOR",
    "scale": "--scale LO HI",
    "byte_order": "--byte-order little or big",
    "size": "--size ROWSxCOLUMNS",
    "flip": "--flip",
    "colours": "--colours brightness, terrains or palette",
    "walls": "--wall",
}


def add_grid_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for grids and pictures."""
    about = "What the numbers of a grid (.asc, .npy, .npz, .csv, .r16, .raw) or a picture mean."
    group = parser.add_argument_group("grids and pictures", about)
    group.add_argument(
        "--slope",
        type=_above_zero,
        metavar="FACTOR",
        help="they are heights: cost = 1 + FACTOR · slope (rise over run)",
    )
    scale = "what the least and the greatest number cost; of a picture black and white, of .r16 0 and 65535"
    group.add_argument("--scale", type=_above_zero, nargs=2, metavar=("LO", "HI"), help=scale)
    colours = (
        "pictures: what a cell costs is said by brightness, by each colour as a terrain, or by the terrain of "
    )
    group.add_argument(
        "--colours", choices=get_args(Colours), help=colours + "the starting palette that is nearest"
    )
    group.add_argument("--byte-order", choices=get_args(ByteOrder), help=".r16, .raw: which byte comes first")
    group.add_argument("--size", type=_size, metavar="ROWSxCOLUMNS", help=".r16, .raw: if it is no square")
    group.add_argument("--flip", action="store_true", help=".r16, .raw: the last row comes first")


def grid_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of `ReadOptions` that these options say."""
    return {
        "slope": arguments.slope,
        "scale": tuple(arguments.scale) if arguments.scale else None,
        "colours": arguments.colours,
        "byte_order": arguments.byte_order,
        "size": arguments.size,
        "flip": arguments.flip,
    }


def refuse_foreign(path: Path, given: Sequence[str]) -> None:
    """Raise BadInput for an option that a file of this name has no use for. given: names in `ReadOptions`."""
    kind = format_of(path)
    for name in given:
        if kind is None or name not in kind.takes:
            option = _WORDS.get(name, f"--{name.replace('_', '-')}").split()[0]
            about = "a table" if name in TABLE else "a grid or a picture"
            why = f"{option} says how {about} is read, and {path.name} is none that needs it; leave it out"
            raise BadInput(why)


def remedy(error: NoCostError | UnsaidError) -> str:
    """Return what to write to have a file read."""
    if isinstance(error, NoCostError):
        return (
            f"If this value means a wall, add --wall {error.value:g}; numbers that are heights are read by "
            "--slope FACTOR, others are made costs by --scale LO HI"
        )
    return f"Add {' or '.join(_WORDS[name] for name in error.asks)}"


def _above_zero(text: str) -> float:
    number = float(text) if is_number(text) else math.nan
    if not 0.0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return number


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write ROWSxCOLUMNS, as in 512x1024")
    return int(found[1]), int(found[2])
