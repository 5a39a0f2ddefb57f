"""The command line from file to file, as a user calls it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.bootstrap.project import read_project
from app.cli import main as cli
from app.cli import output
from app.scenarios import SCENARIOS
from maps.document import Layout, MapDocument, Route, new_document
from maps.errors import MapSaveError
from maps.formats import read_map, write_map
from maps.samples import SAMPLES, sample_path
from tests.oracles import LP_OPTIMA, distances

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a file system of Linux where nobody can write")
ROOT = Path(__file__).parents[3]
KEYS = {
    "path_cost_before",
    "path_cost_after",
    "upper_bound",
    "gap",
    "budget",
    "steps",
    "seconds",
    "method",
    "device",
    "seed",
    "status",
}


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    np.save(tmp_path / "plain.npy", np.ones((16, 16)))
    return tmp_path / "plain.npy"


def solve(*arguments: object) -> int:
    return cli.main(["solve", *map(str, arguments)])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logit", "bregman", "exact", "optimum"])
def test_solve_reports_what_the_written_file_really_has(method: str, plain: Path, tmp_path: Path) -> None:
    out, report_file = tmp_path / "out.npy", tmp_path / "report.json"
    route = ["--route", "8,1:8,14", "--neighbours", "4"]
    steps = [] if method == "optimum" else ["--steps", 120]
    assert solve(plain, *route, "--method", method, "--out", out, "--json", report_file, *steps) == 0
    report = json.loads(report_file.read_text())
    assert report.keys() >= KEYS
    costs = np.load(out).astype(np.float64)
    from engine.core.grid import Grid

    found = distances(Grid(np.ones((16, 16), dtype=bool), 4), costs, (8, 14))[8, 1]
    assert report["path_cost_before"] == 13.0
    assert report["path_cost_after"] == pytest.approx(found, rel=1e-9)
    assert report["upper_bound"] >= LP_OPTIMA[16, 4] - 1e-5
    assert report["gap"] == pytest.approx(report["upper_bound"] / found - 1.0, abs=1e-9)
    assert report["budget"] == pytest.approx(costs.sum(), rel=1e-9) == pytest.approx(256.0, rel=1e-5)
    assert costs.min() >= 0.2 - 1e-6
    assert costs.max() <= 5.0 + 1e-6
    least = {"logit": 0.95, "bregman": 0.95, "exact": 0.6, "optimum": 0.999}[method]
    assert report["path_cost_after"] >= least * LP_OPTIMA[16, 4]


@pytest.mark.slow
def test_every_option_reaches_the_run(tmp_path: Path) -> None:
    report_file = tmp_path / "report.json"
    out = tmp_path / "fair.longcut"
    arguments = [sample_path("arena"), "--out", out, "--json", report_file, "--steps", 30, "--seed", 3]
    arguments += ["--cost-rule", "entered", "--corners", "one-open", "--symmetry", "left_right"]
    arguments += ["--budget", 5000, "--lo", 0.3, "--hi", 4, "--picture", tmp_path / "fair.png"]
    assert solve(*arguments) == 0
    report = json.loads(report_file.read_text())
    document = read_map(out)
    costs = document.cost
    free = document.passable & ~document.locked
    assert report["seed"] == 3
    assert report["budget"] == pytest.approx(5000, rel=1e-6)
    assert (document.rule.cost_rule, document.rule.corner_rule) == ("entered", "one_open")
    assert costs[free].min() >= np.float32(0.3) - 1e-6
    assert costs[free].max() <= 4.0 + 1e-6
    assert np.allclose(costs[free], costs[:, ::-1][free], rtol=1e-6)
    original = read_map(sample_path("arena"))
    assert np.array_equal(costs[document.locked], original.cost[document.locked])
    assert len(report["routes"]) == 2
    with Image.open(tmp_path / "fair.png") as picture:
        assert picture.width > 1000


@pytest.mark.slow
def test_a_sum_of_several_routes_is_called_one(
    plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    routes = ("--route", "8,1:8,14", "1,1:1,14", "14,1:14,14", "--steps", 2)
    assert solve(plain, *routes) == 0
    assert "Sum of 3 paths 39 →" in capsys.readouterr().out
    assert solve(plain, *routes[:2], "--steps", 2) == 0
    assert "Path 13 →" in capsys.readouterr().out


@pytest.mark.slow
def test_targets_are_met(tmp_path: Path) -> None:
    report_file = tmp_path / "report.json"
    code = solve(
        sample_path("plain"), "--aim", "target", "--target", 50, "--tolerance", 0.01, "--json", report_file
    )
    report = json.loads(report_file.read_text())
    assert code == 0
    assert report["status"] == "converged"
    assert report["gap"] is None
    assert report["routes"][0]["after"] == pytest.approx(50.0, rel=0.01)


@pytest.mark.slow
def test_the_seed_decides_the_bytes(plain: Path, tmp_path: Path) -> None:
    results = []
    for number, seed in enumerate((5, 5, 6)):
        out = tmp_path / f"{number}.npy"
        solve(plain, "--route", "8,1:8,14", "--steps", 20, "--seed", seed, "--out", out)
        results.append(out.read_bytes())
    assert results[0] == results[1] != results[2]


@pytest.mark.slow
def test_outputs_in_every_format_agree(plain: Path, tmp_path: Path) -> None:
    outputs = [tmp_path / f"out.{ending}" for ending in ("longcut", "npy", "csv", "png")]
    assert solve(plain, "--route", "8,1:8,14", "--steps", 30, "--out", *outputs) == 0
    maps = [read_map(path) for path in outputs]
    for other in maps[1:3]:
        assert np.array_equal(other.cost, maps[0].cost)
    assert np.allclose(maps[3].cost, maps[0].cost, atol=1e-4)


BAD = [
    (["solve", "missing.npy"], "missing.npy"),
    (["solve", "PLAIN"], "has no route"),
    (["solve", "PLAIN", "--route", "1,1:1,1"], "starts at its goal"),
    (["solve", "PLAIN", "--route", "1,1:99,1"], "outside the map"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--budget", "99999"], "does not fit the bounds"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--lo", "4", "--hi", "2"], "lower 4 is above upper 2"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--out", "map.xyz"], "no format that can be written"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--out", "nowhere/map.npy"], "does not exist"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--aim", "target"], "has no target"),
    (["solve", "PLAIN", "--route", "1,1:9,9", "--aim", "shorter", "--method", "optimum"], "true optimum solves"),
    (["solve", "WIDE", "--route", "1,1:9,9", "--symmetry", "quarter_turn"], "needs a square map"),
    (["paths", "PLAIN"], "has no routes"),
    (["info", "BROKEN"], "BROKEN.npy"),
    (["convert", "PLAIN", "map.xyz"], "no format that can be written"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "says"), BAD, ids=[says for _, says in BAD])
def test_bad_input_is_exit_code_2_and_a_sentence(
    arguments: list[str], says: str, plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object
) -> None:
    monkeypatch.chdir(tmp_path)
    np.save("WIDE.npy", np.ones((12, 20)))
    Path("BROKEN.npy").write_bytes(b"\x93NUMPY\x01\x00nonsense")
    names = {"PLAIN": str(plain), "WIDE": "WIDE.npy", "BROKEN": "BROKEN.npy"}
    lines = record(monkeypatch)
    assert cli.main([names.get(argument, argument) for argument in arguments]) == 2
    assert says in " ".join("".join(lines).split())


def record(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the command prints, both streams, without colours."""
    from io import StringIO

    from rich.console import Console

    class Kept(StringIO):
        def write(self, text: str) -> int:
            lines.append(text)
            return len(text)

    lines: list[str] = []
    for name in ("out", "err"):
        monkeypatch.setattr(output, name, Console(file=Kept(), width=200, highlight=False))
    return lines


@pytest.mark.parametrize(
    "words", [["solve"], ["fly"], ["solve", "x.npy", "--route", "1;2"], ["solve", "x", "--steps", "0"]]
)
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("option", "name", "words"),
    [
        ("--picture", "no/such/p.png", "does not exist"),
        ("--picture", "p.bmp3", "has to end in .png"),
        ("--json", "no/report.json", "does not exist"),
        ("--points", "points.txt", ".csv or .json"),
        ("--gallery", "gallery", "one map only"),
        ("--json", ".", "is a folder"),
        ("--points", "points.csv", "moves no points"),
        ("--target", "30", "--target has no effect"),
        ("--out", "plain.npy report.npy plain.npy", "is the place of two outputs"),
        pytest.param("--json", "/dev/full", "is a device", marks=LINUX),
        pytest.param("--json", "/proc/report.json", "nothing can be written in the folder /proc", marks=LINUX),
        pytest.param("--out", "/proc/map.npy", "nothing can be written in the folder /proc", marks=LINUX),
    ],
)
def test_every_output_is_checked_before_the_run(
    option: str, name: str, words: str, plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [name] if option == "--target" else [tmp_path / part for part in name.split(" ")]
    arguments = (plain, "--route", "8,1:8,14", "--steps", 100_000, option, *names)
    assert solve(*arguments) == 2  # at once, not after so many steps
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_failing_output_does_not_lose_the_others(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.name == "b.npy":
            raise MapSaveError(path, "No space left on device; nothing was saved")
        path.write_bytes(data)

    monkeypatch.setattr("maps.formats.save_bytes", full)
    names = [tmp_path / name for name in ("a.npy", "b.npy", "c.csv")]
    others = ("--picture", tmp_path / "p.png", "--json", tmp_path / "r.json")
    assert solve(plain, "--route", "8,1:8,14", "--steps", 3, "--out", *names, *others) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "b.npy: No space left on device" in said
    assert "all other outputs are written" in said
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"plain.npy", "a.npy", "c.csv", "p.png", "r.json"}


def test_ctrl_c_writes_the_best_so_far(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = SCENARIOS["adversarial"]
    headline, steps = scenario.headline, []

    def interrupted(*figures):
        steps.append(figures)
        if len(steps) == 12:
            signal.raise_signal(signal.SIGINT)
        return headline(*figures)

    monkeypatch.setattr(scenario, "headline", interrupted)
    outputs = ("--out", tmp_path / "m.npy", tmp_path / "m.longcut", "--json", tmp_path / "r.json")
    assert solve(plain, "--route", "8,1:8,14", "--steps", 100_000, *outputs) == 130
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["status"] is None
    assert report["path_cost_after"] > report["path_cost_before"]
    assert np.array_equal(read_map(tmp_path / "m.longcut").cost, np.load(tmp_path / "m.npy"))
    assert f"Stopped at step {report['steps']}; its best result so far is written." in capsys.readouterr().err


def test_a_training_that_is_stopped_says_that_there_are_no_maps_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_map(new_document(8, 8).replace(routes=(Route("r", (4, 0), (4, 7)),)), tmp_path / "m.longcut")
    scenario = SCENARIOS["generate"]
    headline, steps = scenario.headline, []

    def interrupted(*figures):
        steps.append(figures)
        if len(steps) == 3:
            signal.raise_signal(signal.SIGINT)
        return headline(*figures)

    monkeypatch.setattr(scenario, "headline", interrupted)
    gallery = tmp_path / "gallery"
    asked = ("--scenario", "generate", "--steps", 300, "--gallery", gallery)
    assert solve(tmp_path / "m.longcut", *asked) == 130
    told = capsys.readouterr()
    assert "Stopped while training, at step 3 of 300: no maps yet" in told.out
    assert "0 of 0" not in told.out
    assert "so nothing is written" in " ".join(told.err.split())
    assert "Stopped at step 3." in told.err, "nothing is said to be written"
    assert not gallery.exists()


@LINUX
def test_a_folder_where_nothing_can_be_written_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["demo", "--map", "plain", "--out", "/proc/out"]) == 2
    assert "the folder /proc/out cannot be made" in " ".join(capsys.readouterr().err.split())
    generate = ("--scenario", "generate", "--steps", 100_000, "--gallery", "/proc/gallery")
    assert solve(sample_path("plain"), *generate) == 2
    assert "nothing can be written in the folder /proc" in " ".join(capsys.readouterr().err.split())


CALL = "import sys; from app.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp1251", "cp932", "ascii"])
def test_every_encoding_can_be_printed(encoding: str, tmp_path: Path) -> None:
    name = "→ · ε × ² √ é ж 日"
    write_map(new_document(3, 4, name=name), tmp_path / "m.longcut")
    words = [sys.executable, "-c", CALL, "info", str(tmp_path / "m.longcut")]
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(words, capture_output=True, env=environment, cwd=ROOT, check=True)
    shown = done.stdout.decode(encoding)
    assert not done.stderr
    spelled = {
        "utf-8": name,
        "cp1252": "-> · epsilon × ² sqrt  é ? ?",
        "cp1251": "-> · epsilon x 2 sqrt  e ж ?",
        "cp932": "→ - ε × 2 √ e ж 日",
        "ascii": "-> - epsilon x 2 sqrt  e ? ?",
    }
    assert spelled[encoding] in shown


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("words", [["info", "MAP"], ["--help"], ["paths", "MAP"], ["--version"]])
def test_a_full_disk_behind_the_output_is_a_sentence(words: list[str]) -> None:
    named = [str(sample_path("plain")) if text == "MAP" else text for text in words]
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}  # argparse tells nobody what fails at once
    with open("/dev/full", "wb") as full:
        call = [sys.executable, "-c", CALL, *named]
        done = subprocess.run(call, stdout=full, stderr=subprocess.PIPE, env=environment, cwd=ROOT, check=False)
    said = done.stderr.decode()
    assert done.returncode == 2
    assert said == "longcut: the output cannot be written: No space left on device\n"


def test_names_with_markup_and_slashes_are_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layouts = [
        Layout(name, np.array([[row, 2.0], [row, 5.0]]), np.ones(2), "#56b4e9")
        for name, row in (("[/nope]", 1.0), ("a/b", 3.0), ("[red]c", 9.0))
    ]
    write_map(new_document(12, 12).replace(layouts=tuple(layouts)), tmp_path / "m.longcut")
    assert cli.main(["info", str(tmp_path / "m.longcut")]) == 0
    matching = ("--scenario", "matching", "--from", "*", "--to", "[red]c", "--totals", "partial", "--steps", 3)
    assert solve(tmp_path / "m.longcut", *matching, "--points", tmp_path / "p.csv") == 0
    shown = capsys.readouterr().out
    assert "[/nope]" in shown
    assert "[red]c" in shown
    assert {path.name for path in tmp_path.glob("p-*.csv")} == {"p-__nope_.csv", "p-a_b.csv"}


def test_a_number_out_of_its_range_is_wrong_usage(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        solve(plain, "--scenario", "foresight", "--width", 100_000)
    assert "out of range; choose 1 to 64" in capsys.readouterr().err


def test_a_line_without_another_way_has_no_reduced_cost(tmp_path: Path) -> None:
    route = Route("r", (0, 0), (0, 2), line=((0, 0), (0, 2)))
    write_map(new_document(1, 3).replace(routes=(route,)), tmp_path / "m.longcut")
    scenario = ("--scenario", "drawn_route", "--steps", 5, "--json", tmp_path / "r.json")
    assert solve(tmp_path / "m.longcut", *scenario) == 0
    assert json.loads((tmp_path / "r.json").read_text())["reduced_cost"] is None


def test_a_network_is_not_saved_where_none_is_trained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("--network", tmp_path / "a.safetensors", "--save-as", tmp_path / "b.safetensors")
    assert solve(sample_path("river"), "--scenario", "terrain", *names) == 2
    assert "--save-as has no effect" in " ".join(capsys.readouterr().err.split())


def test_a_walled_in_goal_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = np.ones((8, 8))
    costs[:, 4] = np.inf
    np.save(tmp_path / "split.npy", costs)
    lines = record(monkeypatch)
    assert solve(tmp_path / "split.npy", "--route", "1,1:6,6") == 2
    assert "no way leads from (1, 1) to (6, 6)" in "".join(lines)


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


REAL = os.environ.get("LONGCUT_REAL_MAPS")


@pytest.mark.skipif(REAL is None, reason="LONGCUT_REAL_MAPS names no folder of real maps")
@pytest.mark.parametrize("name", ["lak304d", "random-32-32-20"])
def test_paths_agrees_with_every_row_of_real_scenarios_and_not_with_cut_corners(name: str, tmp_path: Path) -> None:
    map_file = Path(str(REAL)) / "movingai" / f"{name}.map"
    words = ["paths", str(map_file), "--scen", f"{map_file}.scen", "--json", str(tmp_path / "paths.json")]
    assert cli.main(words) == 0
    rows = json.loads((tmp_path / "paths.json").read_text())["routes"]
    assert len(rows) == len(Path(f"{map_file}.scen").read_text().strip().splitlines()) - 1 > 400
    assert all(row["match"] for row in rows)
    assert cli.main([*words, "--corners", "free"]) == 1


@pytest.mark.skipif(REAL is None, reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_paths_judges_lengths_at_the_decimals_that_the_file_gives(tmp_path: Path) -> None:
    map_file = Path(str(REAL)) / "two-decimals" / "losttemple.map"
    words = ["paths", str(map_file), "--scen", f"{map_file}.scen", "--json", str(tmp_path / "paths.json")]
    assert cli.main(words) == 0
    rows = json.loads((tmp_path / "paths.json").read_text())["routes"]
    assert [row["match"] for row in rows] == [True] * 30
    assert cli.main([*words, "--corners", "free"]) == 1


def test_a_route_without_a_way_is_exit_code_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    costs = np.ones((8, 8))
    costs[:, 4] = np.inf
    np.save(tmp_path / "split.npy", costs)
    lines = record(monkeypatch)
    assert cli.main(["paths", str(tmp_path / "split.npy"), "--route", "1,1:6,6", "1,1:6,2"]) == 1
    assert "1 of 2 routes have no way to their goal" in "".join(lines)


def test_info_and_convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = record(monkeypatch)
    assert cli.main(["info", str(sample_path("island"))]) == 0
    text = "".join(lines)
    for part in ("128 rows × 128 columns", "south landing", "0.2 to 5", "8 neighbours"):
        assert part in text
    assert cli.main(["convert", str(sample_path("island")), str(tmp_path / "island.csv")]) == 0
    assert "does not keep" in "".join(lines)
    assert np.array_equal(read_map(tmp_path / "island.csv").passable, read_map(sample_path("island")).passable)


def test_demo_leaves_a_picture_a_report_and_the_grid(tmp_path: Path) -> None:
    assert cli.main(["demo", "--map", "plain", "--steps", "20", "--out", str(tmp_path / "out")]) == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"before-after.png", "report.json", "optimised.longcut", "optimised.npy", "optimised.csv"}


@pytest.mark.slow
def test_every_sample_can_be_solved(tmp_path: Path) -> None:
    for name in SAMPLES:
        report_file = tmp_path / f"{name}.json"
        assert solve(sample_path(name), "--steps", 6, "--json", report_file) == 0, name
        report = json.loads(report_file.read_text())
        assert report["path_cost_after"] >= report["path_cost_before"] * 0.999, name
        assert report["gap"] >= 0.0, name


def test_help_names_the_version_and_the_version_is_pyprojects(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"longcut {read_project()['project']['version']}\n"
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    assert "--version" in capsys.readouterr().out
