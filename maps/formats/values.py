"""From the numbers of a grid to costs: as they are, scaled, or by the slope of heights.

Heights z (H, W) cost 1 + factor · |∇z|: the slope is the rise over the run, by central differences, one-sided at
walls and at the border. Level ground costs 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maps.errors import MapFormatError, name_cell
from maps.formats.arrays import costs_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.formats.options import ReadOptions

_LARGEST = float(np.finfo(np.float32).max)


class Values:
    """Gather the rows of a grid, and make costs of them as the options say.

    nodata: a number that the file itself takes for no value, and that is a wall.
    """

    def __init__(self, path: Path, options: ReadOptions, nodata: float | None = None) -> None:
        self._path, self._options = path, options
        self._plain = options.slope is None and options.scale is None
        self._rows: list[NDArray[np.float32]] = []  # infinite in walls
        walls = {f"{value:g}": value for value in options.walls}
        if nodata is not None and not np.isnan(nodata):
            walls[f"{nodata:g} (NODATA)"] = nodata
        self._walls = {"NaN": np.nan, **walls}
        self._found = dict.fromkeys(self._walls, 0)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: NDArray[Any]) -> None:
        """Take the next row (W,) of numbers.

        Raises NoCostError, naming the cell, for one that is no cost where it should be one, and MapFormatError for
        one that is too large.
        """
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            self._add(row.astype(np.float64))

    def _add(self, row: NDArray[np.float64]) -> None:
        for name, value in self._walls.items():
            wall = np.isnan(row) if np.isnan(value) else row == value
            self._found[name] += int(wall.sum())
            row[wall] = np.inf
        if self._plain:
            self._rows.append(costs_of(self._path, row, len(self._rows)))
            return
        wrong = (np.abs(row) > _LARGEST) & ~np.isposinf(row)
        if wrong.any():
            column = int(np.argmax(wrong))
            raise MapFormatError(self._path, name_cell(len(self), column), f"{row[column]} is too large a number")
        self._rows.append(row.astype(np.float32))

    def costs(self, cell: float = 1.0, ends: tuple[float, float] | None = None) -> NDArray[np.float32]:
        """Return costs (H, W), infinite where impassable.

        cell: the run of a slope, from the centre of one cell to the next.  ends: the numbers that have the two
        costs of a scale; None takes the least and the greatest that there are. Raises MapFormatError.
        """
        values = np.array(self._rows)
        self._rows.clear()
        if self._plain:
            return values
        walls = np.isposinf(values)
        exact = np.where(walls, np.nan, values.astype(np.float64))
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            made = self._made(exact, cell, ends)
        made[walls] = np.inf
        for number, row in enumerate(made):
            values[number] = costs_of(self._path, row, number)
        return values

    def _made(
        self, exact: NDArray[np.float64], cell: float, ends: tuple[float, float] | None
    ) -> NDArray[np.float64]:
        """Costs (H, W) of numbers (H, W), NaN in walls."""
        if self._options.slope is not None:
            return 1.0 + self._options.slope * slope_of(exact, cell)
        first, last = self._options.scale or (1.0, 1.0)
        least, most = ends or (np.fmin.reduce(exact, axis=None), np.fmax.reduce(exact, axis=None))
        share = (exact - least) / (most - least) if most > least else np.zeros(exact.shape)
        return first + share * (last - first)

    def told(self, cell: float = 1.0) -> list[str]:
        """Return how the numbers were read, in sentences."""
        told: list[str] = []
        if self._options.slope is not None:
            run = "of one cell" if cell == 1.0 else f"of {cell:g} from cell to cell"
            told.append(f"heights: cost = 1 + {self._options.slope:g} · slope, the rise over the run {run}")
        elif self._options.scale is not None:
            told.append("numbers are scaled to costs from {:g} to {:g}".format(*self._options.scale))
        return told + [f"{count} cells of {name} are walls" for name, count in self._found.items() if count]


def slope_of(heights: NDArray[np.float64], cell: float) -> NDArray[np.float64]:
    """Return |∇z| (H, W) of heights z (H, W), NaN in walls; neighbouring centres lie `cell` apart."""
    squares = np.zeros(heights.shape)
    for lines, out in ((heights, squares), (heights.T, squares.T)):
        steps = np.full((lines.shape[0] + 1, lines.shape[1]), np.nan)
        steps[1:-1] = np.diff(lines, axis=0) / cell
        before, after = steps[:-1], steps[1:]
        one_sided = np.where(np.isnan(before), after, before)
        change = np.where(np.isnan(before) | np.isnan(after), one_sided, (before + after) / 2.0)
        out += np.where(np.isnan(change), 0.0, change) ** 2
    return np.sqrt(squares)
