"""`-` for a file: a map from standard input, data alone on standard output; and `info --json`."""

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from app.cli.main import BAD_INPUT, DONE, main
from maps.document import Layout, Route, new_document
from maps.formats import FORMATS, encode_map, recognised, write_map
from maps.samples import load_sample, sample_path
from tests.maps.formats.tiled import made

REAL = os.environ.get("LONGCUT_REAL_MAPS", "")


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    """`given(data)` lets these bytes be standard input."""
    return lambda data: monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_every_format_is_recognised_by_what_is_in_it() -> None:
    plain = new_document(5, 6).replace(routes=(Route("r", (0, 0), (4, 5)),))
    for kind in FORMATS:
        if kind.writes(plain):
            assert recognised(encode_map(plain, kind, "x")[0]) is kind
    assert recognised(made.tmx()).name == "tmx"  # pyright: ignore[reportOptionalMemberAccess]
    assert recognised(b"") is recognised(b"\0\1") is None


@pytest.mark.skipif(not REAL, reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_real_files_are_recognised_and_come_out_as_they_went_in(given, capsysbinary) -> None:
    files = [path for path in Path(REAL).rglob("*") if path.suffix in (".tmx", ".tmj", ".ldtk", ".ldtkl")]
    assert files
    for path in files:
        data = path.read_bytes()
        kind = recognised(data)
        assert kind is not None
        assert path.name.endswith(kind.endings)
    small = min((path for path in files if path.suffix == ".tmx"), key=lambda path: path.stat().st_size)
    given(small.read_bytes())
    if main(["convert", "-", "-"]) == DONE:
        assert capsysbinary.readouterr().out == small.read_bytes()


def test_a_map_goes_through_a_pipe_byte_for_byte_and_nothing_else_does(given, capsysbinary) -> None:
    data = sample_path("lake").read_bytes()
    given(data)
    assert main(["convert", "-", "-"]) == DONE
    assert capsysbinary.readouterr().out == encode_map(load_sample("lake"), FORMATS[0], "x")[0]
    given(b"1;2\r\n3;4,5\r\n")
    assert main(["convert", "-", "-", "--to-format", "npy"]) == DONE
    told = capsysbinary.readouterr()
    assert np.array_equal(np.load(io.BytesIO(told.out)), np.array([[1, 2], [3, 4.5]], np.float32))
    assert b"standard output does not keep" in told.err


def test_solve_writes_the_map_or_the_report_to_standard_output_alone(given, capsysbinary, tmp_path: Path) -> None:
    write_map(new_document(8, 9).replace(routes=(Route("r", (4, 0), (4, 8)),)), tmp_path / "m.longcut")
    asked = ["solve", "-", "--steps", "2", "--keep", "0"]
    data = (tmp_path / "m.longcut").read_bytes()
    given(data)
    assert main([*asked, "--out", "-", "--to-format", "npy"]) == DONE
    told = capsysbinary.readouterr()
    costs = np.load(io.BytesIO(told.out))
    assert costs.shape == (8, 9)
    assert costs.sum() == pytest.approx(72.0)
    assert b"Path 8" in told.err
    given(data)
    assert main([*asked, "--json", "-"]) == DONE
    assert json.loads(capsysbinary.readouterr().out)["path_cost_before"] == 8.0
    given(data)
    assert main([*asked, "--json", "-", "--out", "-"]) == BAD_INPUT
    assert main(["paths", str(tmp_path / "m.longcut"), "--json", "-"]) == DONE
    told = capsysbinary.readouterr()
    assert json.loads(told.out)["routes"][0]["cost"] == 8.0
    assert "│" in told.err.decode()


@pytest.mark.parametrize(
    ("data", "words", "says"),
    [
        (b"", ["info", "-"], "standard input is empty"),
        (b"\0\0\0", ["info", "-"], "can be recognised; say with --from-format"),
        (b"{}", ["info", "-", "--from-format", "tmj"], "stdin.tmj"),
        (b"1,2\n3", ["info", "-"], "stdin.csv: line 2: has 1 columns"),
        (b"1,2", ["info", "PLAIN", "--from-format", "csv"], "--from-format is for standard input"),
        (b"1,2", ["convert", "-", "x.csv", "--to-format", "csv"], "--to-format is for standard output"),
        (
            b"1,2",
            ["convert", "-", "-", "--to-format", "ldtk"],
            "cannot be written as ldtk; choose --to-format from",
        ),
        (b"1,2", ["solve", "-", "--route", "0,0:0,1", "--to-format", "csv"], "--to-format is for a map"),
        (b"1,2", ["solve", "-"], "the map has no route"),
    ],
)
def test_what_is_wrong_with_a_stream_is_said(given, data, words, says, plain: Path, capsys) -> None:
    given(data)
    assert main([str(plain) if word == "PLAIN" else word for word in words]) == BAD_INPUT
    told = capsys.readouterr()
    assert says in " ".join(told.err.split())
    assert not told.out


def test_a_reader_that_has_enough_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w", closefd=False) as shut:
        monkeypatch.setattr("sys.stdout", shut)
        assert main(["info", "--json", str(sample_path("lake"))]) == DONE
        monkeypatch.undo()
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)
    os.close(write)
    assert sys.stdout.write("") == 0


def test_info_as_json_says_what_the_document_holds(capsys, tmp_path: Path) -> None:
    assert main(["info", "--json", str(sample_path("harbour"))]) == DONE
    found, document = json.loads(capsys.readouterr().out), load_sample("harbour")
    assert (found["rows"], found["columns"]) == document.shape
    assert found["bounds"] == [document.bounds.lower, document.bounds.upper]
    assert found["layers"]["cost"]["total"] == document.total_cost
    assert found["layers"]["passable"] == {"cells": 2280, "walls": 24}
    assert [route["class"] for route in found["routes"]] == ["walker", "cart", "boat"]
    assert found["classes"][1]["costs"]["water"] is None
    assert sum(terrain["cells"] for terrain in found["terrains"]) == document.cost.size
    line = Route("r", (0, 0), (0, 2), line=((0, 0), (0, 1), (0, 2)))
    layout = Layout("a", np.array([[0.0, 1.5]]), np.array([2.0]))
    write_map(new_document(1, 3).replace(routes=(line,), layouts=(layout,)), tmp_path / "m.longcut")
    assert main(["info", "--json", str(tmp_path / "m.longcut")]) == DONE
    found = json.loads(capsys.readouterr().out)
    assert found["routes"][0]["line"] == [[0, 0], [0, 1], [0, 2]]
    assert found["points"] == [
        {"name": "a", "count": 1, "total_weight": 2.0, "positions": [[0.0, 1.5]], "weights": [2.0]}
    ]
    assert main(["info", str(tmp_path / "m.longcut")]) == DONE
    words = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for part in ("1 row × 3 columns", "0 walls", "a: 1 point, total weight 2", "drawn over 3 cells"):
        assert part in words


def test_a_map_from_standard_input_is_exported_under_its_own_name(given, tmp_path, capsys) -> None:
    river = sample_path("river").read_bytes()
    given(river)
    assert main(["export", "-", "--for", "unity", "--out", str(tmp_path)]) == DONE
    assert (tmp_path / "River-with-two-bridges.tmx").is_file()
    given(river)
    assert main(["export", "-", "--for", "unity"]) == BAD_INPUT
    assert "say with --out where" in " ".join(capsys.readouterr().err.split())
