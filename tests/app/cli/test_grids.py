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
