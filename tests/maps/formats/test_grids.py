"""Grids that say how they lie and what they mean, or have to be told: Esri ASCII, 16-bit heights, archives."""

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from maps.document import MapDocument, new_document
from maps.engines.heights import heights_of, note, padded, raw16
from maps.errors import MapFormatError
from maps.formats import losses, read_as, read_map, write_map
from maps.formats.options import NoCostError, ReadOptions, UnsaidError
from maps.formats.told import told_at_reading
from maps.formats.values import slope_of

HEADER = "ncols 3\nnrows 2\nxllcorner 10.5\nyllcorner -2\ncellsize 25\nNODATA_value -9999\n"


def asc(folder: Path, text: str) -> Path:
    path = folder / "g.asc"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEADER + "1 2 3\n4 -9999 6\n", []),
        (HEADER.upper().replace("CORNER", "center") + "1 2 3 4\n-9999\t6", []),  # rows may go over lines
        (HEADER.replace("\n", "\r\n") + " 1 2 3\r\n 4 -9999 6\r\n", []),
        (HEADER.replace("-9999", "-1") + "1 2 3\n4 -1 6", []),
        (HEADER.replace("NODATA_value -9999\n", "") + "1 2 3\n4 nan 6", []),
        (HEADER.replace("10.5", "10,5") + "1,0 2 3\n4 -9999 6,0", ["decimal commas"]),
        ("\ufeff" + HEADER + "1.0 2e0 +3\n4 -9999.0 6", []),
    ],
)
def test_usual_kinds_of_esri_grids_are_read(tmp_path: Path, text: str, told: list[str]) -> None:
    document = read_map(asc(tmp_path, text))
    assert np.where(document.passable, document.cost, 0).tolist() == [[1, 2, 3], [4, 0, 6]]
    assert document.cell_size == 25.0
    assert list(told_at_reading(document))[:-1] == told
    assert "1 cells of" in told_at_reading(document)[-1]


def test_an_esri_grid_stays_where_it_lies(tmp_path: Path) -> None:
    for place in ("corner", "center"):
        path = asc(tmp_path, HEADER.replace("corner", place) + "1 2 3\n4 -9999 6.25\n")
        document = read_map(path)
        assert losses(document, path) == ["the movement rule, the bounds, the palette and the name"]
        write_map(document, tmp_path / "copy.asc")
        text = (tmp_path / "copy.asc").read_text()
        assert f"xll{place} 10.5\nyll{place} -2.0\ncellsize 25.0\n" in text
        assert text.endswith("1.0 2.0 3.0\n4.0 -9999.0 6.25\n")
        assert read_map(tmp_path / "copy.asc").metadata == document.metadata
    assert "where the grid lies in the world" in losses(read_map(path), tmp_path / "copy.npy")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "header: has no ncols"),
        ("1 2 3\n", "header: has no ncols"),
        (HEADER + "1 2 3\n4 5\n", r"has 5 numbers; its header says 2 × 3"),
        (HEADER + "1 2 3\n4 5 6\n7\n", r"has more than 2 × 3 numbers"),
        (HEADER + "1 2 3\n4 mud 6\n", "line 8: 'mud' is not a number"),
        (HEADER + "1 2 3\n4 1_0 6\n", "line 8: '1_0' is not a number"),
        (HEADER + "1 2 " + "3" * 500 + " 4 5 6", "line 7: is no row of numbers"),
        (HEADER + "1 2 3\n4 0 6\n", r"cell \(row 1, col 1\): cost is 0.0"),
        (HEADER.replace("ncols 3", "ncols 3.5"), "whole numbers"),
        (HEADER.replace("ncols 3", "ncols 300000"), "a side may have"),
        (HEADER.replace("ncols 3", "ncols 3\nncols 3"), "line 2: should be ncols and one number, once"),
        (HEADER.replace("ncols 3", "columns 3"), "line 1: 'columns' is no line of a header"),
        (HEADER.replace("cellsize 25", "cellsize 0"), "cellsize should be above 0"),
    ],
)
def test_what_is_wrong_with_an_esri_grid_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(MapFormatError, match=rf"g\.asc: .*{why}"):
        read_map(asc(tmp_path, text))


def test_numbers_that_are_no_costs_can_be_walls_heights_or_scaled(tmp_path: Path) -> None:
    path = asc(tmp_path, HEADER + "0 2 4\n0 -9999 8\n")
    with pytest.raises(NoCostError) as refused:
        read_map(path)
    assert refused.value.value == 0.0
    walled = read_as(path, ReadOptions(walls=(0.0,)))
    assert walled.passable.tolist() == [[False, True, True], [False, False, True]]
    scaled = read_as(path, ReadOptions(scale=(1.0, 5.0)))
    assert scaled.cost[scaled.passable].tolist() == [1.0, 2.0, 3.0, 1.0, 5.0]
    steep = read_as(path, ReadOptions(slope=50.0))
    assert steep.cost[0, 0] == 1 + 50 * 2 / 25  # the only step that is none to a wall, or level
    assert steep.cost[1, 2] == 1 + 50 * 4 / 25
    assert "cost = 1 + 50 · slope, the rise over the run of 25" in told_at_reading(steep)[0]


def test_the_slope_of_a_plane_is_that_of_its_formula() -> None:
    rows, columns = np.mgrid[:5, :7].astype(float)
    plane = 3.0 * rows - 4.0 * columns
    assert np.allclose(slope_of(plane, 2.0), 2.5)
    plane[2, 3] = np.nan  # a wall changes nothing where there is another neighbour
    assert np.allclose(np.delete(slope_of(plane, 2.0).ravel(), 2 * 7 + 3), 2.5)
    assert slope_of(np.array([[5.0]]), 1.0).tolist() == [[0.0]]
    bowl = (rows - 2.0) ** 2
    assert np.allclose(slope_of(bowl, 1.0)[1:-1], 2.0 * np.abs(rows[1:-1] - 2.0)), "central differences"


def test_heights_without_a_header_ask_for_what_has_to_be_said(tmp_path: Path) -> None:
    path = tmp_path / "land.r16"
    heights = np.arange(32).reshape(4, 8) * 100
    path.write_bytes(heights.astype(">u2").tobytes())
    asked: list[str] = []
    options: dict[str, object] = {}
    for name, said in (("size", (4, 8)), ("byte_order", "big"), ("scale", (1.0, 2.0))):
        with pytest.raises(UnsaidError, match=r"land\.r16") as refused:
            read_as(path, ReadOptions(**options))  # pyright: ignore[reportArgumentType]
        asked += [str(refused.value)] if name in refused.value.asks else []
        options[name] = said
    assert len(asked) == 3
    assert "such as 4 × 8" in asked[0]
    assert "smoother as big endian" in asked[1]
    document = read_as(path, ReadOptions(**options))  # pyright: ignore[reportArgumentType]
    assert np.allclose(document.cost, 1.0 + heights / 65_535.0)
    flipped = read_as(path, ReadOptions(flip=True, **options))  # pyright: ignore[reportArgumentType]
    assert np.array_equal(flipped.cost, document.cost[::-1])
    with pytest.raises(MapFormatError, match="not the 5 × 8 that were said"):
        read_as(path, ReadOptions(size=(5, 8)))
    path.write_bytes(b"123")
    with pytest.raises(MapFormatError, match="has 3 bytes; heights of 16 bits have two each"):
        read_map(path)


def exported(path: Path, document: MapDocument, side: int, first_row: str) -> None:
    heights = heights_of(document)
    samples = heights.samples[::-1] if first_row == "south" else heights.samples
    path.write_bytes(raw16(padded(samples, side, side)))
    path.with_name(path.name + ".json").write_bytes(note(document, heights, side, side, first_row=first_row))


@pytest.mark.parametrize("first_row", ["north", "south"])
def test_heights_that_this_program_exported_come_back(tmp_path: Path, first_row: str) -> None:
    generator = np.random.default_rng(3)
    passable = generator.random((6, 9)) < 0.8
    document = new_document(6, 9).replace(cost=generator.uniform(0.2, 5.0, (6, 9)), passable=passable)
    exported(tmp_path / "land.r16", document, 33, first_row)
    found = read_map(tmp_path / "land.r16")
    assert np.array_equal(found.passable, passable)
    step = heights_of(document).step
    assert np.abs(found.cost - document.cost)[passable].max() <= step * 1.0001
    (tmp_path / "land.r16.json").write_text(json.dumps({"cost_of_65535": 1, "rows": -1}))
    with pytest.raises(MapFormatError, match=r"land\.r16\.json: should say rows, columns"):
        read_map(tmp_path / "land.r16")


def test_an_archive_has_one_grid_or_one_that_is_called_so(tmp_path: Path) -> None:
    path, costs = tmp_path / "a.npz", np.array([[1.0, np.inf], [2.5, 4.0]])
    np.savez(path, costs)
    assert np.array_equal(read_map(path).passable, np.isfinite(costs))
    np.savez_compressed(path, other=costs + 1, cost=costs, names=np.arange(3))
    document = read_map(path)
    assert document.cost[1].tolist() == [2.5, 4.0]
    assert told_at_reading(document) == ("the grid is the array 'cost' of 3",)
    np.savez(path, a=costs, b=costs)
    with pytest.raises(MapFormatError, match="holds the arrays a, b, and which one is the grid"):
        read_map(path)
    np.savez(path, a=np.array([object()]))
    with pytest.raises(MapFormatError, match=r"a\.npy: holds"):
        read_map(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no arrays")
    with pytest.raises(MapFormatError, match="holds no arrays"):
        read_map(path)
    path.write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(MapFormatError, match="is not a whole NumPy archive"):
        read_map(path)


def test_an_archive_is_read_by_numpy_and_the_same_each_time(tmp_path: Path) -> None:
    document = new_document(2, 3, cost=2.5).replace(passable=[[True, False, True], [True, True, True]])
    for name in ("a.npz", "b.npz"):
        write_map(document, tmp_path / name)
    with np.load(io.BytesIO((tmp_path / "a.npz").read_bytes()), allow_pickle=False) as arrays:
        assert arrays["cost"].tolist() == [[2.5, np.inf, 2.5], [2.5, 2.5, 2.5]]
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize("ending", ["npy", "npz", "csv", "asc"])
def test_numbers_mean_the_same_in_every_format(tmp_path: Path, ending: str) -> None:
    heights = np.array([[0.0, -3.0, 5.0], [1.0, -7.0, 2.0]])
    path = tmp_path / f"z.{ending}"
    match ending:
        case "npy":
            np.save(path, heights)
        case "npz":
            np.savez(path, heights)
        case "csv":
            np.savetxt(path, heights, delimiter=",")
        case _:
            path = asc(tmp_path, HEADER.replace("25", "1") + "\n".join(" ".join(map(str, r)) for r in heights))
    document = read_as(path, ReadOptions(walls=(-7.0,), slope=2.0))
    assert document.passable.tolist() == [[True] * 3, [True, False, True]]
    gaps = heights.copy()
    gaps[1, 1] = np.nan
    expected = (1.0 + 2.0 * slope_of(gaps, 1.0)).astype(np.float32)
    assert np.array_equal(document.cost[document.passable], expected[document.passable])


def test_an_option_that_a_format_has_no_use_for_is_refused(tmp_path: Path) -> None:
    write_map(new_document(2, 2), tmp_path / "m.map")
    with pytest.raises(MapFormatError, match="of which byte_order has to be said"):
        read_as(tmp_path / "m.map", ReadOptions(byte_order="big"))


REAL = Path(os.environ.get("LONGCUT_REAL_MAPS", "nowhere")) / "esri"


@pytest.mark.skipif(not REAL.is_dir(), reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_real_grids_have_their_known_values() -> None:
    document = read_map(REAL / "pharo_readme.asc")
    costs = document.cost[document.passable]
    assert (document.shape, costs.size, (~document.passable).sum()) == ((6, 4), 20, 4)
    assert (costs.sum(), costs.min(), costs.max()) == (567.0, 1.0, 100.0)
    with pytest.raises(NoCostError, match=r"cell \(row 0, col 0\): cost is 0"):
        read_map(REAL / "4_x_3.asc")
    heights = read_as(REAL / "4_x_3.asc", ReadOptions(scale=(1.0, 12.0)))  # 0 … 11, and one more each
    assert heights.shape == (4, 3)
    assert heights.cost.sum() - 12 == 66.0
    assert (heights.cost[0] - 1).tolist() == [0.0, 1.0, 2.0]
    steep = read_as(REAL / "4_x_3.asc", ReadOptions(slope=1.0))  # z = 3 · row + column, cells of 10
    assert np.allclose(steep.cost, 1.0 + np.hypot(3.0, 1.0) / 10.0)
