"""Points and drawn lines from the command line, for grids that have none."""

from pathlib import Path

import numpy as np
import pytest

from app.cli.main import BAD_INPUT, DONE, main
from maps.document import Layout, Route, new_document
from maps.formats import read_map, write_map
from tests.app.cli.calling import solve


def converted(source: Path, *words: str):
    """The map in a file with what the words add."""
    assert main(["convert", str(source), str(source.with_suffix(".longcut")), *words]) == DONE
    return read_map(source.with_suffix(".longcut"))


def test_points_come_from_words_and_from_a_file(plain: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "b.csv").write_text("id;y;x\nk;3;4,5\n")
    words = ["--layout", "a=1,1", "2.5,3,0.5", "--layout", f"b={tmp_path / 'b.csv'}"]
    document = converted(plain, *words)
    assert [layout.name for layout in document.layouts] == ["a", "b"]
    assert document.layouts[0].positions.tolist() == [[1.0, 1.0], [2.5, 3.0]]
    assert document.layouts[0].weights.tolist() == [1.0, 0.5]
    assert document.layouts[1].positions.tolist() == [[3.0, 4.5]]
    assert document.layouts[0].colour != document.layouts[1].colour
    assert "read from the columns y, x" in capsys.readouterr().err


def test_a_layout_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    old = Layout("a", np.ones((3, 2)), np.ones(3), "#123456")
    write_map(new_document(4, 4).replace(layouts=(old,)), tmp_path / "m.longcut")
    (layout,) = converted(tmp_path / "m.longcut", "--layout", "a=2,3").layouts
    assert (layout.positions.tolist(), layout.colour) == ([[2.0, 3.0]], "#123456")


def test_lines_belong_to_routes_in_order_and_make_those_that_are_missing(plain: Path) -> None:
    routes = converted(plain, "--route", "1,1:1,4", "--line", "1,1", "1,4", "--line", "5,5", "7,5", "7,6").routes
    assert [route.line for route in routes] == [
        ((1, 1), (1, 2), (1, 3), (1, 4)),
        ((5, 5), (6, 5), (7, 5), (7, 6)),
    ]
    assert (routes[1].start, routes[1].goal) == ((5, 5), (7, 6))


def test_scenarios_of_points_and_lines_run_on_a_bare_grid(plain: Path, tmp_path: Path) -> None:
    matching = ("--scenario", "matching", "--from", "a", "--to", "b", "--steps", 2)
    assert solve(plain, *matching, "--layout", "a=1,1", "--layout", "b=9,9", "--points", tmp_path / "p.csv") == 0
    assert (tmp_path / "p.csv").exists()
    drawn = ("--scenario", "drawn_route", "--line", "1,1", "5,9", "--steps", 2)
    assert solve(plain, *drawn, "--out", tmp_path / "d.longcut") == 0
    assert read_map(tmp_path / "d.longcut").routes == (
        Route("route 1", (1, 1), (5, 9), line=read_map(tmp_path / "d.longcut").routes[0].line),
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--layout", "1,1"], "has no name, or two"),
        (["--layout", "a=1,1", "b=2,2"], "has no name, or two"),
        (["--layout", "a=99,1"], "--layout a: Points stay on the map"),
        (["--layout", "a=1,1", "b.csv"], "'b.csv' is no point; write ROW,COL"),
        (["--layout", "a=b.txt"], "no .csv or .json file"),
        (["--layout", "a=no.csv"], "no.csv: cannot be read"),
        (["--line", "1,1"], "needs two cells"),
        (["--line", "1,1", "1,999999999"], "leaves the map at (1, 999999999)"),
        (
            ["--route", "1,1:3,3", "--line", "1,1", "2,3"],
            "--line ends at (2, 3), but its route 'route 1' at (3, 3)",
        ),
    ],
)
def test_marks_that_cannot_be_are_refused(
    words: list[str], says: str, plain: Path, tmp_path: Path, capsys
) -> None:
    assert main(["convert", str(plain), str(tmp_path / "x.longcut"), *words]) == BAD_INPUT
    assert says in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "x.longcut").exists()
