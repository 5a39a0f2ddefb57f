"""Grids and pictures on the command line: what has to be said is asked for with the option that says it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main as cli
from maps.formats import read_map


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_heights_are_read_as_the_options_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "land.raw", tmp_path / "m.npy"
    (np.arange(8).reshape(2, 4) * 1000).astype(">u2").tofile(path)
    words = ["convert", str(path), str(target)]
    for option, values in (("--size", ["2x4"]), ("--byte-order", ["big"]), ("--slope", ["0.001"])):
        assert cli.main(words) == 2
        assert f"{option} " in said(capsys).split(". Add ")[1]
        words += [option, *values]
    assert cli.main([*words, "--flip"]) == 0
    assert "land.raw: the last row first. land.raw: heights: cost = 1 + 0.001 · slope" in said(capsys)
    assert np.allclose(np.load(target), 1 + np.hypot(1.0, 4.0))


def test_a_picture_is_read_as_the_options_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, target = tmp_path / "p.png", tmp_path / "m.longcut"
    Image.new("RGB", (3, 2), "#3f8f5f").save(path)
    words = ["convert", str(path), str(target)]
    assert cli.main(words) == 2
    assert "Add --colours brightness, terrains or palette" in said(capsys)
    assert cli.main([*words, "--colours", "brightness"]) == 2
    assert "Add --scale LO HI or --slope FACTOR" in said(capsys)
    assert cli.main([*words, "--colours", "terrains"]) == 0
    assert read_map(target).cost.tolist() == [[2.5] * 3] * 2


def test_colours_are_priced_by_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, table = tmp_path / "p.png", tmp_path / "costs.csv"
    Image.new("RGB", (3, 2), "#102030").save(path)
    assert cli.main(["import", str(path), "--colours", "terrains"]) == 0
    assert "#102030,#102030,6,1,yes" in capsys.readouterr().out
    table.write_text("tile,name,cost\n#102030,mud,3.5\n")
    words = ["import", str(path), "--colours", "terrains", "--costs", str(table)]
    before = path.read_bytes()
    assert cli.main(words) == 2
    assert path.read_bytes() == before
    assert cli.main([*words, "--out", str(tmp_path / "m.longcut")]) == 0
    document = read_map(tmp_path / "m.longcut")
    assert document.cost.tolist() == [[3.5] * 3] * 2
    assert [kind.name for kind in document.palette] == ["mud"]


def test_a_number_that_is_no_cost_has_three_ways_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "g.asc"
    path.write_text("ncols 2\nnrows 1\ncellsize 1\n0 3\n")
    assert cli.main(["info", str(path)]) == 2
    words = said(capsys)
    assert all(way in words for way in ("add --wall 0;", "--slope FACTOR", "--scale LO HI"))
    for way in (["--wall", "0"], ["--slope", "1"], ["--scale", "1", "2"]):
        assert cli.main(["info", str(path), *way]) == 0


@pytest.mark.parametrize(
    ("name", "option", "why"),
    [
        ("g.asc", ["--colours", "palette"], "--colours says how a grid or a picture is read, and g.asc is none"),
        ("g.csv", ["--byte-order", "big"], "--byte-order says how a grid"),
        ("g.npy", ["--separator", "tab"], "--separator says how a table is read"),
        ("g.map", ["--slope", "2"], "--slope says how a grid"),
    ],
)
def test_an_option_for_other_files_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, option: list[str], why: str
) -> None:
    (tmp_path / name).write_bytes(b"")
    assert cli.main(["info", str(tmp_path / name), *option]) == 2
    assert why in said(capsys)


@pytest.mark.parametrize(
    ("option", "why"),
    [
        (["--size", "9"], "'9' is no size; write ROWSxCOLUMNS"),
        (["--slope", "0"], "'0' is no number above 0"),
        (["--scale", "1", "inf"], "'inf' is no number above 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(capsys: pytest.CaptureFixture[str], option: list[str], why: str) -> None:
    with pytest.raises(SystemExit):
        cli.main(["info", "g.r16", *option])
    assert why in capsys.readouterr().err
