"""`longcut paths`: exact lengths, and whether they are those that a scenario file expects."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from app.cli import main as cli
from maps.document import MapDocument, Route, new_document
from maps.formats import write_map
from tests.app.cli.calling import record

REAL = os.environ.get("LONGCUT_REAL_MAPS")


def test_paths_tells_matches_from_differences(tmp_path: Path) -> None:
    document: MapDocument = new_document(5, 5).replace(
        routes=(Route("right", (0, 0), (4, 4), expected_cost=4 * 2**0.5), Route("free", (0, 0), (0, 4)))
    )
    write_map(document, tmp_path / "right.longcut")
    assert cli.main(["paths", str(tmp_path / "right.longcut"), "--json", str(tmp_path / "paths.json")]) == 0
    rows = json.loads((tmp_path / "paths.json").read_text())["routes"]
    assert [row["match"] for row in rows] == [True, None]
    assert [row["hops"] for row in rows] == [4, 4]
    assert cli.main(["paths", str(tmp_path / "right.longcut"), "--neighbours", "4"]) == 1


@pytest.mark.slow
@pytest.mark.skipif(REAL is None, reason="LONGCUT_REAL_MAPS names no folder of real maps")
@pytest.mark.parametrize("name", ["lak304d", "random-32-32-20"])
def test_paths_agrees_with_every_row_of_real_scenarios_and_not_with_cut_corners(name: str, tmp_path: Path) -> None:
    map_file = Path(str(REAL)) / "movingai" / f"{name}.map"
    words = ["paths", str(map_file), "--scen", f"{map_file}.scen", "--json", str(tmp_path / "paths.json")]
    assert cli.main(words) == 0
    rows = json.loads((tmp_path / "paths.json").read_text())["routes"]
    assert len(rows) == len(Path(f"{map_file}.scen").read_text().strip().splitlines()) - 1 > 400
    assert all(row["match"] for row in rows)
    header, *lines = Path(f"{map_file}.scen").read_text().strip().splitlines()
    longest = tmp_path / "longest.scen"
    longest.write_text("\n".join([header, *lines[-50:]]) + "\n")
    assert cli.main(["paths", str(map_file), "--scen", str(longest), "--corners", "free"]) == 1


@pytest.mark.slow
@pytest.mark.skipif(REAL is None, reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_paths_judges_lengths_at_the_decimals_that_the_file_gives(tmp_path: Path) -> None:
    map_file = Path(str(REAL)) / "two-decimals" / "losttemple.map"
    words = ["paths", str(map_file), "--scen", f"{map_file}.scen", "--json", str(tmp_path / "paths.json")]
    assert cli.main(words) == 0
    rows = json.loads((tmp_path / "paths.json").read_text())["routes"]
    assert [row["match"] for row in rows] == [True] * 30
    assert cli.main([*words, "--corners", "free"]) == 1


@pytest.mark.parametrize(
    ("rows", "ends", "length", "option"),
    [
        (["....", "..@.", "...."], "1\t0\t3\t2", 2 + 2**0.5, "--corners one-open"),  # past the wall's corner
        ([".@.", "@..", "..."], "0\t0\t1\t1", 2**0.5, "--corners free"),  # between two walls
        (["....", "....", "...."], "0\t0\t3\t2", 5.0, "--neighbours 4"),
        (["....", "....", "...."], "0\t0\t3\t2", 4.1, ""),
    ],
)
def test_lengths_of_another_dialect_are_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[str], ends: str, length: float, option: str
) -> None:
    size = f"{len(rows[0])}\t{len(rows)}"
    header = "type octile\nheight {1}\nwidth {0}\nmap\n".format(*size.split())
    (tmp_path / "m.map").write_text(header + "\n".join(rows) + "\n")
    (tmp_path / "m.scen").write_text(f"version 1\n0\tm.map\t{size}\t{ends}\t{length:.8f}\n")
    lines = record(monkeypatch)
    words = ["paths", str(tmp_path / "m.map")]
    assert cli.main(words) == 1
    told = " ".join("".join(lines).split())
    assert ("another dialect than Moving AI's" in told) == bool(option)
    assert not option or f"add {option}." in told
    assert not option or cli.main([*words, *option.split()]) == 0


def test_a_route_without_a_way_is_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = np.ones((8, 8))
    costs[:, 4] = np.inf
    np.save(tmp_path / "split.npy", costs)
    lines = record(monkeypatch)
    assert cli.main(["paths", str(tmp_path / "split.npy"), "--route", "1,1:6,6", "1,1:6,2"]) == 1
    assert "1 of 2 routes have no way to their goal" in "".join(lines)
