"""`longcut batch` and `longcut sweep` as they are called: what fails, what is told, what is computed again."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from app.batch import solvers
from app.batch.task import Failure, Outcome, solve_one
from app.cli.main import BAD_INPUT, DONE, STOPPED, main
from maps.document import Route, new_document
from maps.formats import read_map, write_map
from tests.app.cli.calling import record

SOME_FAILED = 1
FAST = ("--steps", "2", "--keep", "0")


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """A folder with three small maps, each of another size."""
    folder = tmp_path / "maps"
    folder.mkdir()
    for number in range(3):
        document = new_document(6, 7 + number).replace(routes=(Route("r", (3, 0), (3, 6)),))
        write_map(document, folder / f"level {number}.longcut")
    return folder


@pytest.fixture
def solved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the tasks that are computed in this process."""
    keys: list[str] = []

    def counted(task):
        keys.append(task.key)
        return solve_one(task)

    monkeypatch.setattr(solvers, "solve_one", counted)
    return keys


class Page(HTMLParser):
    """What is in a page: its tags, which have to match, its text and where its pictures and links come from."""

    EMPTY = ("meta", "img", "circle", "path", "polyline")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.sources: list[str] = []
        self.words = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.words += data


def test_a_map_that_fails_leaves_the_others_and_the_exit_code_says_so(maps: Path, tmp_path: Path, capsys) -> None:
    (maps / "<b>bad.tmx").write_text("junk")
    np.save(maps / "bare.npy", np.ones((4, 4)))
    out = tmp_path / "out"
    assert main(["batch", f"{maps}/*", *FAST, "--out", str(out)]) == SOME_FAILED
    told = capsys.readouterr()
    assert "3 of 5 done, 2 failed" in told.out
    assert re.search(r"^5 / 5 · .* left ", told.err, re.MULTILINE)
    report = json.loads((out / "report.json").read_text())
    assert (report["done"], report["failed"], report["not_run"]) == (3, 2, 0)
    results = {Path(row["map"]).name: row for row in report["results"]}
    assert "is not whole XML" in results["<b>bad.tmx"]["why"]
    assert "bare.npy has no route; give one with --route" in results["bare.npy"]["why"]
    for number in range(3):
        row = results[f"level {number}.longcut"]
        made = read_map(out / row["file"])
        assert made.shape == (6, 7 + number)
        assert row["score"]["before"] == 6.0
        assert row["score"]["after"] == row["report"]["path_cost_after"] > 6.0
        assert row["report"]["kept"] == pytest.approx(1.0 - row["change"]["value"] / 100.0, abs=1e-6)
    page = Page((out / "report.html").read_text("utf-8"))
    assert page.tags["article"] == 5
    assert page.tags["img"] == 6  # before and after
    for part in ("level 0.longcut", "<b>bad.tmx: line 1: is not whole XML", "bare.npy has no route", "3 done"):
        assert part in page.words
    assert all(source.startswith(("data:image/png;base64,", "#", "results/")) for source in page.sources)
    assert all((out / source.replace("%20", " ")).is_file() for source in page.sources if source.startswith("res"))


def test_only_what_is_missing_or_has_changed_is_computed(maps: Path, tmp_path: Path, solved, monkeypatch) -> None:
    out = tmp_path / "out"
    call = ["batch", f"{maps}/*.longcut", *FAST, "--out", str(out)]
    counted = solvers.solve_one

    def interrupted(task):
        if len(solved) == 2:
            raise KeyboardInterrupt
        return counted(task)

    monkeypatch.setattr(solvers, "solve_one", interrupted)
    lines = record(monkeypatch)
    assert main(call) == STOPPED
    assert "Stopped with 1 to go. The same command goes on" in " ".join("".join(lines).split())
    assert json.loads((out / "report.json").read_text())["not_run"] == 1
    assert "Not run yet" in (out / "report.html").read_text("utf-8")
    monkeypatch.setattr(solvers, "solve_one", counted)
    assert main(call) == DONE
    assert len(solved) == len(set(solved)) == 3
    assert "3 of 3 done, 2 of them before" in "".join(lines)
    whole = [(out / name).read_bytes() for name in ("report.json", "report.html")]
    assert main(call) == DONE
    assert len(solved) == 3
    assert [(out / name).read_bytes() for name in ("report.json", "report.html")] == whole

    changed = read_map(maps / "level 1.longcut")
    write_map(changed.replace(cost=changed.cost * 2), maps / "level 1.longcut")
    (maps / "level 2.longcut").rename(maps / "other name.longcut")
    assert main(call) == DONE
    assert len(solved) == 4
    assert main([*call[:2], *FAST, "--seed", "1", "--out", str(out)]) == DONE
    assert len(solved) == 7
    next((out / "done").glob("*.longcut")).write_bytes(b"torn")
    (out / "results" / "level_0.longcut").unlink()
    assert main(call) == DONE
    assert main([*call, "--seed", "1"]) == DONE
    assert len(solved) == 8
    assert (out / "results" / "level_0.longcut").is_file()


def test_results_have_the_format_that_is_asked_for_and_equal_maps_are_computed_once(
    maps: Path, tmp_path: Path, solved
) -> None:
    (maps / "deep").mkdir()
    (maps / "deep" / "level 0.longcut").write_bytes((maps / "level 0.longcut").read_bytes())
    out = tmp_path / "out"
    call = ["batch", f"{maps}/**/*.longcut", *FAST, "--out", str(out)]
    assert main([*call, "--to-format", "csv"]) == DONE
    assert len(solved) == 3
    names = {path.name for path in (out / "results").iterdir()}
    assert names == {"maps-level_0.csv", "deep-level_0.csv", "level_1.csv", "level_2.csv"}
    assert main(call) == DONE
    assert len(solved) == 3
    assert read_map(out / "results" / "deep-level_0.longcut").routes


def test_a_sweep_runs_every_combination_and_plots_what_it_trades_off(maps: Path, tmp_path: Path, solved) -> None:
    out = tmp_path / "out"
    vary = ["--vary", "keep=0,0.5,1", "--vary", "seed=0..1"]
    assert main(["sweep", str(maps / "level 0.longcut"), *vary, "--steps", "2", "--out", str(out)]) == DONE
    report = json.loads((out / "report.json").read_text())
    assert [row["varied"] for row in report["results"]] == [
        {"keep": keep, "seed": seed} for keep in ("0", "0.5", "1") for seed in ("0", "1")
    ]
    assert report["settings"] == {"--steps": "2"}
    for row in report["results"]:
        assert float(row["varied"]["keep"]) == row["report"]["keep"]
        assert int(row["varied"]["seed"]) == row["report"]["seed"]
        assert (
            out / row["file"]
        ).name == f"level_0-keep-{row['varied']['keep']}-seed-{row['varied']['seed']}.longcut"
    page = Page((out / "report.html").read_text("utf-8"))
    assert page.tags["img"] == 1 + 6
    assert page.tags["circle"] == 6 + 3  # points, and the legend
    assert page.tags["polyline"] == 1
    assert "path cost" in page.words
    assert main(["sweep", str(maps / "level 0.longcut"), "--vary", "keep=0,0.25,0.5", "--vary", "seed=0..1",
                 "--steps", "2", "--out", str(out)]) == DONE  # fmt: skip
    assert len(solved) == 8


def test_settings_that_name_files_count_by_what_is_in_them(maps: Path, tmp_path: Path, solved) -> None:
    np.save(tmp_path / "heat.npy", np.ones((6, 7)))
    matching = ("--scenario", "matching", "--layout", "a=1,1", "--to", "heat", "--steps", "1", "--vary", "seed=3")
    call = ["sweep", str(maps / "level 0.longcut"), *matching, "--out", str(tmp_path / "out")]
    call += ["--heat", str(tmp_path / "heat.npy")]
    assert main(call) == DONE
    (tmp_path / "heat.npy").rename(tmp_path / "other.npy")
    assert main([*call[:-1], str(tmp_path / "other.npy")]) == DONE
    assert len(solved) == 1
    np.save(tmp_path / "other.npy", np.eye(6, 7) + 1)
    assert main([*call[:-1], str(tmp_path / "other.npy")]) == DONE
    assert len(solved) == 2
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["results"][0]["change"]["name"] == "cells that a point moved"
    assert main([*call[:-1], str(tmp_path / "none.npy")]) == SOME_FAILED


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["batch", "no*.tmx"], "no*.tmx: there is no such file, and none that this pattern fits"),
        (["batch", "-"], "batch reads files"),
        (["batch", "MAP", "--out", "FULL"], "has other files in it; give --out a new folder"),
        (["batch", "MAP", "--out", "MAPS"], "where results are written; give --out a folder of its own"),
        (["batch", "MAP", "--target", "3"], "--target has no effect"),
        (["batch", "MAP", "--scenario", "terrain", "--save-as", "x.safetensors"], "names one file for all runs"),
        (["sweep", "MAP", "--vary", "kepp=1"], "--vary 'kepp' is no setting of adversarial; it has aim, target"),
        (["sweep", "MAP", "--vary", "keep"], "'keep' has no values; write keep=VALUE,VALUE"),
        (["sweep", "MAP", "--vary", "keep=0,2"], "--vary keep: 2 is out of range; choose 0 to 1"),
        (["sweep", "MAP", "--vary", "keep=0..1"], "--vary keep: '0..1' is not a number"),
        (["sweep", "MAP", "--vary", "keep=0,0.0"], "keep has the value 0.0 twice"),
        (["sweep", "MAP", "--vary", "keep="], "--vary keep: '' is not a number"),
        (["sweep", "MAP", "--vary", "method=fast"], "'fast' is no choice; choose from logit"),
        (["sweep", "MAP", "--vary", "seed=5..1"], "'5..1' goes down; write the lesser number first"),
        (["sweep", "MAP", "--vary", "seed=0..99999999"], "are 100000000 values; 10000 runs are the most"),
        (["sweep", "MAP", "--vary", "seed=0..999", "--vary", "steps=1..999"], "these are 999000 runs"),
        (["sweep", "MAP", "--vary", "keep=0", "--vary", "keep=1"], "keep is varied twice"),
        (["sweep", "MAP", "--vary", "keep=0,1", "--keep", "1"], "--keep is varied; leave it out"),
        (["sweep", "MAP", "--vary", "target=20;30"], "target has no effect with the other settings"),
        (
            ["sweep", "MAP", "--scenario", "terrain", "--vary", "save-as=a,b"],
            "is a file that each run would write",
        ),
        (["batch", "MAP", "--scheduler", "nowhere"], "scheduler"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(
    words, says, maps: Path, tmp_path: Path, solved, capsys
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").write_text("mine")
    names = {"MAP": maps / "level 0.longcut", "FULL": tmp_path / "full", "MAPS": maps}
    call = [str(names.get(text, text)) for text in words]
    if "--out" not in call:
        call += ["--out", str(tmp_path / "out")]
    assert main(call) == BAD_INPUT
    assert says in " ".join(capsys.readouterr().err.split())
    assert not solved
    assert not (tmp_path / "out").exists()


def test_two_batches_do_not_share_a_folder(maps: Path, tmp_path: Path, capsys) -> None:
    from app.batch.folder import opened

    call = ["batch", str(maps / "level 0.longcut"), *FAST, "--out", str(tmp_path / "out")]
    with opened(tmp_path / "out"):
        assert main(call) == BAD_INPUT
    assert "another batch is writing" in " ".join(capsys.readouterr().err.split())
    assert main(call) == DONE


def test_a_full_disk_ends_a_batch_in_a_sentence_and_its_report_says_so(
    maps: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    from app.batch.folder import Folder
    from maps.errors import MapSaveError

    def full(self, key, outcome):
        raise MapSaveError("x.longcut", "No space left on device; nothing was written")

    monkeypatch.setattr(Folder, "keep", full)
    assert main(["batch", f"{maps}/*", *FAST, "--out", str(tmp_path / "out")]) == BAD_INPUT
    said = " ".join(capsys.readouterr().err.split())
    assert "No space left on device" in said
    assert "The same command goes on from what is in" in said


def test_faults_that_nobody_foresaw_are_failures_with_their_place(maps: Path, tmp_path: Path, monkeypatch) -> None:
    from app.scenarios import SCENARIOS

    def broken(*_):
        raise ZeroDivisionError("of all things")

    monkeypatch.setattr(SCENARIOS["adversarial"], "steps", broken)
    assert main(["batch", f"{maps}/*", *FAST, "--out", str(tmp_path / "out")]) == SOME_FAILED
    rows = json.loads((tmp_path / "out" / "report.json").read_text())["results"]
    assert [row["why"] for row in rows] == ["ZeroDivisionError: of all things"] * 3
    assert "in broken" in rows[0]["detail"]


def test_an_outcome_comes_back_from_its_folder_as_it_was(tmp_path: Path) -> None:
    from app.batch.folder import opened
    from app.batch.task import Change
    from app.scenarios.report import Score

    outcome = Outcome(b"map", ("a", "b"), {"x": [1, None]}, Score("s", None, float("inf")), Change("c", 0.1),
                      b"\x89P", b"\0", ("p", "q"))  # fmt: skip
    with opened(tmp_path / "out") as folder:
        assert folder.outcome("k") is None
        folder.keep("k", outcome)
        assert folder.outcome("k") == outcome
        assert folder.outcome("j") is None
        (tmp_path / "out" / "done" / "k.json").write_text('{"scheme": 1}')
        assert folder.outcome("k") is None


def test_what_is_refused_is_a_failure_with_advice(tmp_path: Path) -> None:
    from app.batch.task import Task
    from app.scenarios.adversarial_settings import AdversarialSettings
    from maps.formats import native

    document = new_document(4, 5).replace(routes=(Route("r", (0, 0), (3, 3)),))
    task = Task(native.encode(document), "adversarial", AdversarialSettings(symmetry="quarter_turn"))
    found = solve_one(task)
    assert isinstance(found, Failure)
    assert found.sentence.endswith("Try --symmetry none")
    other = solve_one(Task(task.map, "adversarial", AdversarialSettings(), longcut="9.9"))
    assert isinstance(other, Failure)
    assert "9.9 where it was asked for" in other.sentence


def test_all_maps_of_a_run_that_makes_several_are_kept(maps: Path, tmp_path: Path, monkeypatch) -> None:
    from app.scenarios import SCENARIOS
    from tests.app.scenarios.toy import Toy

    monkeypatch.setitem(SCENARIOS, "toy", Toy())
    out = tmp_path / "out"
    call = ["batch", str(maps / "level 0.longcut"), "--scenario", "toy", "--steps", "3", "--out", str(out)]
    for _ in range(2):  # computed, and taken from the folder
        assert main(call) == DONE
        (row,) = json.loads((out / "report.json").read_text())["results"]
        assert row["gallery"] == [f"results/level_0/0{number}.longcut" for number in (1, 2, 3)]
        last, *several = (read_map(out / file).cost for file in (row["file"], *row["gallery"]))
        assert np.array_equal(last, several[-1])
        assert all(f"level_0/0{number}" in (out / "report.html").read_text("utf-8") for number in (1, 2, 3))
