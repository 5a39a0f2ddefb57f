"""The command line from file to file, as a user calls it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.bootstrap.project import read_project
from app.cli import main as cli
from maps.class_starters import starter_classes
from maps.document import Route, new_document
from maps.formats import read_map, write_map
from maps.samples import SAMPLES, load_sample, sample_path
from maps.terrain import NO_TERRAIN
from tests.app.cli.calling import record, solve
from tests.oracles import LP_OPTIMA, distances

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


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logit", "bregman", "exact", "optimum"])
def test_solve_reports_what_the_written_file_really_has(method: str, plain: Path, tmp_path: Path) -> None:
    out, report_file = tmp_path / "out.npy", tmp_path / "report.json"
    route = ["--route", "8,1:8,14", "--neighbours", "4"]
    steps = [] if method == "optimum" else ["--steps", 120, "--keep", 0]
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
def test_a_map_is_kept_as_far_as_asked(plain: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reports = []
    for keep in (0.2, 0.5, 0.8):
        out, report_file = tmp_path / "out.npy", tmp_path / "report.json"
        asked = ("--route", "8,1:8,14", "--steps", 60, "--keep", keep, "--out", out, "--json", report_file)
        assert solve(plain, *asked) == 0
        report = json.loads(report_file.read_text())
        moved = float(np.abs(np.load(out).astype(np.float64) - 1.0).sum()) / 2.0
        assert report["kept"] == pytest.approx(1.0 - moved / 256.0, abs=1e-9)
        assert report["keep"] == keep
        # The more is kept, the less is possible.
        assert report["path_cost_after"] < report["keeping_bound"] < report["upper_bound"]
        gap = report["keeping_bound"] / report["path_cost_after"] - 1.0
        assert report["keeping_gap"] == pytest.approx(gap, abs=1e-12)
        reports.append(report)
    assert sorted(reports, key=lambda report: report["kept"]) == reports
    assert sorted(reports, key=lambda report: -report["path_cost_after"]) == reports
    said = " ".join(capsys.readouterr().out.split())
    assert f"× longer, {int(100 * reports[1]['kept'])} % of your map kept · within" in said
    assert "of the best that keeps as much" in said


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


def test_a_line_without_another_way_has_no_reduced_cost(tmp_path: Path) -> None:
    route = Route("r", (0, 0), (0, 2), line=((0, 0), (0, 2)))
    write_map(new_document(1, 3).replace(routes=(route,)), tmp_path / "m.longcut")
    scenario = ("--scenario", "drawn_route", "--steps", 5, "--json", tmp_path / "r.json")
    assert solve(tmp_path / "m.longcut", *scenario) == 0
    assert json.loads((tmp_path / "r.json").read_text())["reduced_cost"] is None


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


def test_info_lists_terrains_classes_and_who_walks_a_route(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = new_document(4, 5, palette=load_sample("river").palette)
    terrain = np.full((4, 5), 2, np.uint8)
    terrain[0], terrain[1, 0] = 7, NO_TERRAIN
    cart, boat = (starter.kind for starter in starter_classes(document.palette)[1:3])
    classes = (replace(cart, size=3, neighbours=4), replace(boat, factor=2.5))
    routes = (Route("trade", (0, 0), (0, 4), movement="Boat"), Route("walk", (1, 0), (3, 3)))
    made = document.replace(terrain=terrain, passable=terrain != 7, classes=classes, routes=routes)
    write_map(made, tmp_path / "made.longcut")
    lines = record(monkeypatch)
    assert cli.main(["info", str(tmp_path / "made.longcut")]) == 0
    text = " ".join("".join(lines).replace("│", " ").split())
    for part in (
        "terrain meadow: cost 1, 14 cells",
        "terrain water: impassable, 5 cells",
        "no terrain 1 cell with a cost of its own",
        "not on the map bridge (cost 0.4), road (cost 0.5)",
        "class Cart: size 3; pays bridge 0.4, road 0.5, meadow 2",
        "cannot enter house, water; 4 neighbours, cost: mean of the two cells",
        "class Boat: size 1; pays water 1; 2.5 × the cost of a cell without a terrain; cannot enter bridge, road",
        "trade: (0, 0) to (0, 4), weight 1, walked by Boat",
        "walk: (1, 0) to (3, 3), weight 1 ",
    ):
        assert part in text


@pytest.mark.slow
def test_every_sample_can_be_solved(tmp_path: Path) -> None:
    for name in SAMPLES:
        report_file = tmp_path / f"{name}.json"
        assert solve(sample_path(name), "--steps", 3, "--json", report_file) == 0, name
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
