"""How a file is to be read that does not say it all itself, and what a reader says that has to ask."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Literal

from maps.errors import MapFormatError
from maps.formats.table import TableOptions

if TYPE_CHECKING:
    import os

ByteOrder = Literal["little", "big"]
Colours = Literal["brightness", "terrains", "palette"]


@dataclass(frozen=True)
class ReadOptions(TableOptions):
    """How a file is to be read; None leaves it to be recognised, or asked.

    slope: the numbers are heights, and cost = 1 + slope · their slope, see `maps.formats.values`.
    scale: what the least and the greatest number cost; between them costs go evenly.
    byte_order, size (rows, columns), flip (the first row is the southernmost): of heights without a header.
    colours: what says the cost in a picture: how bright a colour is; the colour, each being a terrain of its own;
    or the terrain of the starting palette whose colour is nearest.
    """

    slope: float | None = None
    scale: tuple[float, float] | None = None
    byte_order: ByteOrder | None = None
    size: tuple[int, int] | None = None
    flip: bool = False
    colours: Colours | None = None

    @property
    def makes_costs(self) -> bool:
        """Return whether costs are made of what the file holds, which is none itself."""
        return self.slope is not None or self.scale is not None or self.colours is not None

    @classmethod
    def of(cls, options: TableOptions) -> ReadOptions:
        """Return options that say no more than those of a table."""
        return options if isinstance(options, cls) else cls(**asdict(options))

    @property
    def given(self) -> tuple[str, ...]:
        """Return the names of what is said."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) != field.default)


TABLE = frozenset(field.name for field in fields(TableOptions))
MEANING = frozenset({"walls", "slope", "scale"})


class UnsaidError(MapFormatError):
    """A file that can be read in several ways. asks: fields of `ReadOptions`, one of which would say which."""

    def __init__(self, path: str | os.PathLike[str], why: str, *asks: str) -> None:
        self.asks = asks
        super().__init__(path, "", why)


class NoCostError(MapFormatError):
    """A number that is no cost, and perhaps means a wall. How to say so, the window or command knows."""

    def __init__(self, path: str | os.PathLike[str], where: str, why: str, value: float) -> None:
        self.value = value
        super().__init__(path, where, why)
