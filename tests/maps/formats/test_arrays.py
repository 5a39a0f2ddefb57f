"""Bare cost grids in NPY and CSV."""

import io
import itertools
import warnings
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings

from maps.document import MAX_SIDE, MapDocument, new_document
from maps.errors import MapFormatError
from maps.formats import losses, read_map, write_map
from maps.movement import MovementRule
from tests.maps.strategies import EXAMPLES, documents, round_trip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arrays")


def expected(document: MapDocument) -> np.ndarray:
    return np.where(document.passable, document.cost, np.float32(1.0))


@pytest.mark.slow
@given(documents())
@settings(max_examples=EXAMPLES)
@pytest.mark.parametrize("ending", ["npy", "csv", "asc", "npz"])
def test_costs_and_walls_come_back_bit_for_bit(folder: Path, ending: str, document: MapDocument) -> None:
    found = round_trip(document, folder / f"grid.{ending}")
    assert found.cost.tobytes() == expected(document).tobytes()
    assert np.array_equal(found.passable, document.passable)
    assert not found.locked.any()
    assert (found.rule, found.name) == (MovementRule(), "grid")
    costs = document.cost[document.passable]
    assert np.all((found.bounds.lower <= costs) & (costs <= found.bounds.upper))
    assert found.bounds.lower < found.bounds.upper or len(np.unique(costs)) > 1


def test_csv_is_in_the_shortest_notation(folder: Path) -> None:
    cost = np.array([[0.1, 1.0], [1e-30, 16777216.0]], np.float32)
    document = new_document(2, 2).replace(cost=cost, passable=[[True, True], [True, False]])
    write_map(document, folder / "short.csv")
    assert (folder / "short.csv").read_text() == "0.1,1.0\n1e-30,inf\n"


NUMBERS = [np.float16, np.float32, np.float64, np.int8, np.int16, np.int32, np.int64]
NUMBERS += [np.uint8, np.uint16, np.uint32, np.uint64]


@pytest.mark.parametrize(
    ("dtype", "order", "version"), list(itertools.product(NUMBERS, "<>", [(1, 0), (2, 0)])), ids=str
)
def test_every_numeric_npy_can_be_read(
    folder: Path, dtype: Any, order: Literal["<", ">"], version: tuple[int, int]
) -> None:
    values = np.arange(1, 13).reshape(3, 4)
    path = folder / "any.npy"
    for array in (values, np.asfortranarray(values)):
        with path.open("wb") as file:
            np.lib.format.write_array(file, array.astype(np.dtype(dtype).newbyteorder(order)), version=version)
        assert np.array_equal(read_map(path).cost, values)


@pytest.mark.parametrize("dtype", [np.bool_, np.complex64, "S3", "U2", object, [("a", "f4")], "M8[s]", "f2,f4"])
def test_other_npy_is_refused(folder: Path, dtype: Any) -> None:
    path = folder / "other.npy"
    np.save(path, np.zeros((2, 2), dtype), allow_pickle=True)
    with pytest.raises(MapFormatError, match=r"other\.npy: holds .*; numbers of type"):
        read_map(path)


def npy_file(header: bytes, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    length = len(header).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return b"\x93NUMPY" + version + length + header + data


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000)}"), "a side may have"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (16384, 16384)}"), "cells in all"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4)}"), "is empty"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (8192, 8192)}"), "should hold 268435456"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (4,)}"), "2 dimensions are needed"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4)}"), "2 dimensions are needed"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (True, 4)}"), "2 dimensions are needed"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': [1, 4]}"), "2 dimensions are needed"),
        (npy_file(b"{'descr': '<<f4', 'fortran_order': False, 'shape': (1, 1)}", b"1234"), "holds '<<f4'"),
        (npy_file(b"{'descr': '<f4', 'shape': (1, 1)}"), "damaged header"),
        (npy_file(b"__import__('os').abort()"), "damaged header"),
        (npy_file(b"(" * 9000), "damaged header"),
        (npy_file(b"-" * 9000 + b"1"), "damaged header"),
        (npy_file(b"1" + b"+1" * 4900), "damaged header"),
        (npy_file(b"0or 1"), "damaged header"),
        (npy_file(b"'\\d'"), "damaged header"),
        (npy_file(b"\xff\xfe"), "damaged header"),
        (npy_file(b"[1, 2]"), "damaged header"),
        (npy_file(b"{" + b" " * 20_000 + b"}"), "damaged header"),
        (npy_file(b"{}", version=b"\x07\x00"), "version 7; versions 1 to 3"),
        (npy_file(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1)}", bytes(9)), "but holds more"),
        (b"\x93NUMPY\x01\x00\xff\xff", "damaged header"),
        (b"\x93NUMPY", "first bytes"),
        (b"", "first bytes"),
    ],
)
def test_a_damaged_npy_is_refused_in_words(folder: Path, content: bytes, words: str) -> None:
    path = folder / "damaged.npy"
    path.write_bytes(content)
    with pytest.raises(MapFormatError, match=words):
        read_map(path)


def test_an_odd_header_is_read_without_python_s_remarks(folder: Path) -> None:
    path = folder / "odd.npy"
    text = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), '\\d': 1}"
    path.write_bytes(npy_file(text, np.float32(2.5).tobytes()))
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        assert read_map(path).cost.tolist() == [[2.5]]
    assert remarks == []


@pytest.mark.parametrize(
    ("ending", "value"),
    [*itertools.product(["npy", "csv"], [-np.inf, 0.0, -2.0, 1e39, 1e-50]), ("npy", np.nan)],  # in a table: a wall
)
def test_a_cost_that_cannot_be_is_refused_with_its_cell(folder: Path, ending: str, value: float) -> None:
    costs = np.ones((3, 5))
    costs[2, 4] = value
    path = folder / f"bad.{ending}"
    if ending == "npy":
        np.save(path, costs)
    else:
        np.savetxt(path, costs, delimiter=",")
    with pytest.raises(MapFormatError, match=r"bad\.\w+: cell \(row 2, col 4\): cost is"):
        read_map(path)


@pytest.mark.parametrize(
    "text",
    [
        "1,2.5\ninf,4",
        "1;2.5\r\ninf;4\r\n",
        "1\t2.5\ninf\t4\n",
        "  1   2.5\n inf 4\n",
        "\ufeff1, 2.5\n\nInfinity, 4\n\n",
    ],
)
def test_usual_kinds_of_csv_can_be_read(folder: Path, text: str) -> None:
    path = folder / "kinds.csv"
    path.write_bytes(text.encode())
    document = read_map(path)
    assert document.cost.tolist() == [[1.0, 2.5], [1.0, 4.0]]
    assert document.passable.tolist() == [[True, True], [False, True]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("1,2\n3\n", "line 2: has 1 columns, the first line has 2"),
        ("1,2\n\n3,4,5\n", "line 3: has 3 columns, the first line has 2"),
        ("1,2\n3,mud\n", "line 2, column 2: 'mud' is not a number"),
        ("a,2\n1,2\n", "line 1, column 1: 'a' is not a number"),
        ("1,,2\n", "line 1, column 2: '' is not a number"),
        ("1,2\0\n", "line 1, column 2"),
        ("," * (MAX_SIDE + 1), "a side may have"),
        ("1\n" * (MAX_SIDE + 1), "a side may have"),
        ("1" * (40 * MAX_SIDE), "longer than a row"),
        ("\n" * (5 * MAX_SIDE), "has more than 65536 lines"),
    ],
)
def test_a_damaged_csv_is_refused_with_its_line(folder: Path, text: str, words: str) -> None:
    path = folder / "damaged.csv"
    path.write_bytes(text.encode())
    with pytest.raises(MapFormatError, match=words):
        read_map(path)


def test_what_is_lost_is_said() -> None:
    document = new_document(3, 3)
    said = " ".join(losses(document.replace(locked=np.eye(3, dtype=bool)), "grid.npy"))
    assert "locked" in said
    assert "movement rule" in said
    assert "routes" not in said
    assert "impassable" not in said
    cost, open_cells = np.ones((3, 3)), np.ones((3, 3), bool)
    cost[1, 1], open_cells[1, 1] = 4.0, False
    said = " ".join(losses(document.replace(cost=cost, passable=open_cells, metadata={"a": 1}), "grid.npy"))
    assert "the costs that impassable cells remember" in said
    assert "the metadata" in said


def test_numpy_alone_reads_what_is_written(folder: Path) -> None:
    document = new_document(2, 3, cost=2.5).replace(passable=[[True, False, True], [True, True, True]])
    write_map(document, folder / "plain.npy")
    write_map(document, folder / "plain.csv")
    costs = [[2.5, np.inf, 2.5], [2.5, 2.5, 2.5]]
    assert np.load(io.BytesIO((folder / "plain.npy").read_bytes()), allow_pickle=False).tolist() == costs
    assert np.loadtxt(folder / "plain.csv", delimiter=",").tolist() == costs


@pytest.mark.parametrize(
    ("costs", "bounds"),
    [
        ([[1.0, 2.0]], (0.2, 5.0)),
        ([[20.0, 100.0]], (20.0, 100.0)),
        ([[0.125, 1.0]], (0.125, 1.0)),
        ([[20.0, 20.0]], (4.0, 100.0)),
        ([[20.0, np.inf]], (4.0, 100.0)),
        ([[np.inf, np.inf]], (0.2, 5.0)),
    ],
)
def test_bounds_hold_what_a_grid_holds(
    folder: Path, costs: list[list[float]], bounds: tuple[float, float]
) -> None:
    np.save(folder / "bounds.npy", np.array(costs))
    found = read_map(folder / "bounds.npy").bounds
    assert (found.lower, found.upper) == bounds
