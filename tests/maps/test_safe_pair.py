"""Two files that belong together: after a crash, and after every failing call, they fit."""

import errno
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from maps import safe_pair, safe_save
from maps.document import Route, new_document
from maps.errors import MapSaveError
from maps.formats import read_map, write_map
from maps.formats.movingai import read_scenarios
from maps.safe_pair import PREVIOUS, companion_of, digest_of, save_pair
from tests.maps.strategies import KILLS

ROOT = Path(__file__).parents[2]
# Version n of the map has n wall cells in its first row and a route that ends in row n.
SAVER = """
import sys
import numpy as np
from maps.document import Route, new_document
from maps.formats import write_map
for turn in range(10**6):
    number = 1 + turn % 7
    passable = np.ones((40, 40), bool)
    passable[0, :number] = False
    document = new_document(40, 40).replace(passable=passable, routes=(Route("r", (5, 5), (number, 9)),))
    write_map(document, sys.argv[1])
    if turn == 0:
        print("saved", flush=True)
"""


def version_of(path: Path) -> tuple[int, int]:
    """The number of the map and of the routes that are read with it."""
    document = read_map(path)
    return int((~document.passable[0]).sum()), document.routes[0].goal[0]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_killed_save_leaves_a_pair_that_fits(tmp_path: Path) -> None:
    generator = random.Random(KILLS)
    path = tmp_path / "arena.map"
    for _ in range(max(3, KILLS // 6)):
        words = [sys.executable, "-c", SAVER, str(path)]
        with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as saver:
            assert saver.stdout is not None
            assert saver.stdout.readline().strip() == "saved"
            time.sleep(generator.uniform(0.0, 0.05))
            saver.kill()
        of_map, of_routes = version_of(path)
        assert of_map == of_routes


def test_between_the_two_files_the_old_companion_counts(tmp_path: Path) -> None:
    """The moment that a kill hardly ever meets: the new scenarios are there, the new map is not."""
    path, scenarios = tmp_path / "arena.map", tmp_path / "arena.map.scen"
    old = new_document(6, 6).replace(routes=(Route("r", (0, 0), (1, 1)),))
    write_map(old, path)
    os.link(scenarios, scenarios.with_name(f".{scenarios.name}{PREVIOUS}"))
    torn = tmp_path / "torn.scen"
    torn.write_text(scenarios.read_text().replace("\t1\t1\t", "\t5\t5\t"))
    os.replace(torn, scenarios)
    assert read_map(path).routes[0].goal == (1, 1)
    write_map(old, path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["arena.map", "arena.map.scen"]


def test_scenarios_that_somebody_edits_are_read_as_they_are(tmp_path: Path) -> None:
    path, scenarios = tmp_path / "arena.map", tmp_path / "arena.map.scen"
    write_map(new_document(6, 6).replace(routes=(Route("r", (0, 0), (1, 1)),)), path)
    scenarios.write_text(scenarios.read_text().replace("\t1\t1\t", "\t5\t5\t"))
    assert read_map(path).routes[0].goal == (5, 5)


@pytest.mark.parametrize("failing", ["companion", "main"])
def test_what_a_failed_replacement_says_is_true(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    companion, main = tmp_path / "a.scen", tmp_path / "a.map"
    companion.write_bytes(b"old scenarios")
    main.write_bytes(b"old map")
    refused = companion if failing == "companion" else main
    real = os.replace

    def replace(source: Any, target: Any) -> None:
        if Path(target) == refused and str(source).endswith(safe_save.SUFFIX):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(source, target)

    monkeypatch.setattr(safe_save.os, "replace", replace)
    with pytest.raises(MapSaveError, match="unchanged"):
        save_pair(companion, b"new scenarios", main, b"new map")
    assert (companion.read_bytes(), main.read_bytes()) == (b"old scenarios", b"old map")
    assert not any(entry.name.endswith(PREVIOUS) for entry in tmp_path.iterdir())


def test_a_file_system_without_links_keeps_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    companion, main = tmp_path / "a.scen", tmp_path / "a.map"
    companion.write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(safe_pair.os, "link", refuse)
    assert save_pair(companion, b"new", main, b"map") == []
    assert (companion.read_bytes(), main.read_bytes()) == (b"new", b"map")


def test_the_companion_that_is_noted_counts(tmp_path: Path) -> None:
    companion = tmp_path / "a.scen"
    previous = tmp_path / f".a.scen{PREVIOUS}"
    companion.write_bytes(b"new")
    assert companion_of(companion, None) == companion
    previous.write_bytes(b"old")
    assert companion_of(companion, digest_of(b"new")) == companion
    assert companion_of(companion, digest_of(b"old")) == previous
    assert companion_of(companion, digest_of(b"edited since")) == companion
    assert companion_of(companion, None) == previous


def test_scenarios_that_the_document_did_not_take_are_kept_where_they_fit(tmp_path: Path) -> None:
    path, scenarios = tmp_path / "arena.map", tmp_path / "arena.map.scen"
    path.write_text("type octile\nheight 30\nwidth 30\nmap\n" + ("." * 30 + "\n") * 30)
    rows = [f"0\tarena.map\t30\t30\t0\t{row}\t5\t{row}\t5.00" for row in range(30)]
    scenarios.write_text("version 1\n" + "\n".join(rows) + "\n")
    document = read_map(path)
    assert len(document.routes) == 1
    write_map(document, path)
    again = read_scenarios(scenarios, document)
    assert {route.start for route in again} == {(row, 0) for row in range(30)}
    assert {route.expected_cost for route in again} == {5.0}
    passable = np.ones((30, 30), bool)
    passable[3, 0] = False
    walled = document.replace(passable=passable)
    write_map(walled, path)
    again = read_scenarios(scenarios, walled)
    assert {route.start for route in again} == {(row, 0) for row in range(30) if row != 3}
    # Of the others nobody knows now whether their way leads past the wall.
    assert [route.expected_cost for route in again].count(5.0) == 1
