"""Tables as spreadsheets, data frames and editors write them."""

import os
from pathlib import Path

import numpy as np
import pytest

from maps.errors import MapFormatError
from maps.formats import losses, read_map, write_map
from maps.formats.csv_grid import NoCostError, read_csv
from maps.formats.table import TableOptions

NUMBERS = [[1.5, 2.0], [3.0, 4.25]]


def written(folder: Path, contents: str | bytes) -> Path:
    path = folder / "grid.csv"
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)
    return path


@pytest.mark.parametrize(
    ("contents", "told"),
    [
        ("1.5,2\n3,4.25\n", None),
        ("1.5, 2 \n\n3 ,4.25", None),
        ("# made by hand\n1.5,2\n3,4.25\n", None),
        ("1.5,2,\n3,4.25\n", None),  # a comma after every line but the last
        ('"1.5","2"\n"3","4.25"\n', None),
        ("1.5,2\r3,4.25\r", None),  # lone carriage returns
        ("1.5,2\r\n3,4.25\r\n", None),
        (b"\xef\xbb\xbf1.5,2\n3,4.25\n", "utf-8"),
        ("1.5,2\n3,4.25\n".encode("utf-16"), "UTF-16"),
        ("1,5;2\n3;4,25\n", "columns parted by semicolons, decimal commas"),
        ("1,5\t2\n3\t4,25\n", "columns parted by tabs, decimal commas"),
        ("1.5 2\n3   4.25\n", "columns parted by blanks"),
        ("1,5 2,0\n3,0 4,25\n", "columns parted by blanks, decimal commas"),
        ("west east\n1,5 2\n3 4,25\n", "columns parted by blanks, decimal commas, the first line names"),
        ("sep=;\n1,5;2\n3;4,25\n", "columns parted by semicolons, decimal commas"),
        ("west,east\n1.5,2\n3,4.25\n", "the first line names the columns"),
        (",0,1\n0,1.5,2\n1,3,4.25\n", "numbers the rows"),
        (",west,east\n0,1.5,2\n1,3,4.25\n", "numbers the rows"),
    ],
)
def test_one_table_in_many_dialects(tmp_path: Path, contents: str | bytes, told: str | None) -> None:
    document = read_map(written(tmp_path, contents))
    assert document.cost.tolist() == NUMBERS
    assert document.passable.all()
    assert (told in str(document.metadata["table"])) if told and told != "utf-8" else True
    if told is None:
        assert "table" not in document.metadata


def test_a_save_names_the_dialect_that_it_does_not_keep(tmp_path: Path) -> None:
    path = written(tmp_path, "1,5;2\n3;4,25\n")
    first, *others = losses(read_map(path), path)
    assert "how the table was written (columns parted by semicolons, decimal commas)" in first
    assert "the metadata" not in others
    write_map(read_map(path), path)
    assert read_map(path).cost.tolist() == NUMBERS
    assert not any("how the table was written" in lost for lost in losses(read_map(path), path))


def test_a_number_that_is_no_cost_is_named_with_its_cell(tmp_path: Path) -> None:
    path = written(tmp_path, "1,2\n3,-7\n")
    with pytest.raises(NoCostError, match=r"cell \(row 1, col 1\): cost is -7.0") as refused:
        read_map(path)
    assert refused.value.value == -7.0
    assert "--" not in str(refused.value), "an option is the command line's word"


def test_a_value_that_is_a_wall_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "1,0,NaN\n-9999,2,inf\n")
    document = read_csv(path, TableOptions(walls=(0.0, -9999.0)))
    assert document.passable.tolist() == [[True, False, False], [False, True, False]]
    told = "1 cells of NaN are walls; 1 cells of 0 are walls; 1 cells of -9999 are walls"
    assert document.metadata["table"] == told


@pytest.mark.parametrize(
    ("contents", "where", "why"),
    [
        ("1,0\n", "cell (row 0, col 1)", "cost is 0.0"),
        ("1,2\n3,-9999\n", "cell (row 1, col 1)", "cost is -9999.0"),
        ("1,1_0\n", "line 1, column 2", "'1_0' is not a number"),
        ("1,x\n2,3\n", "line 1, column 2", "'x' is not a number"),
        ("a,b\n1,2\n3\n", "line 3", "has 1 columns"),
        ("1,1e60\n", "cell (row 0, col 1)", "cost is 1e+60"),
        (b"1,\xff\n", "line 1", "is not text"),
    ],
)
def test_what_is_wrong_is_told_by_its_place(tmp_path: Path, contents: str | bytes, where: str, why: str) -> None:
    with pytest.raises(MapFormatError) as caught:
        read_map(written(tmp_path, contents))
    assert caught.value.where == where
    assert caught.value.why.startswith(why)


def test_a_dialect_can_be_set(tmp_path: Path) -> None:
    path = written(tmp_path, "1,2\n3,4\n")
    assert read_csv(path).shape == (2, 2)
    assert read_csv(path, TableOptions(header=True)).cost.tolist() == [[3.0, 4.0]]
    assert read_csv(path, TableOptions(index=True)).cost.tolist() == [[2.0], [4.0]]
    assert read_csv(path, TableOptions(separator=";", decimal_comma=True)).cost.tolist() == [
        [pytest.approx(1.2)],
        [pytest.approx(3.4)],
    ]


@pytest.mark.skipif("LONGCUT_REAL_MAPS" not in os.environ, reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_a_real_table_with_nan_opens_once_its_walls_are_named() -> None:
    path = Path(os.environ["LONGCUT_REAL_MAPS"]) / "csv" / "conscape.csv"
    values = np.genfromtxt(path, delimiter=",")
    with pytest.raises(MapFormatError, match=r"cell \(row 18, col 5\): cost is 0.0"):
        read_map(path)
    document = read_csv(path, TableOptions(walls=(0.0,)))
    assert document.shape == (43, 33)
    open_cells = ~np.isnan(values) & (values != 0.0)
    assert np.array_equal(document.passable, open_cells)
    assert np.allclose(document.cost[open_cells], values[open_cells], rtol=1e-6)
    nans, zeros = int(np.isnan(values).sum()), int((values == 0.0).sum())
    assert document.metadata["table"] == f"{nans} cells of NaN are walls; {zeros} cells of 0 are walls"
