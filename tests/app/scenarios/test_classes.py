"""Maps that several movement classes walk: prices, paths and reports of every scenario are those of each class."""

import math
from dataclasses import replace

import numpy as np
import pytest

from app.run.headless import solve
from app.run.measures import Wanted, measures_of
from app.scenarios import SCENARIOS
from app.scenarios.adversarial import AdversarialReport
from app.scenarios.adversarial_settings import AdversarialSettings
from app.scenarios.arrange_settings import ArrangeSettings
from app.scenarios.arrange_terrain import ArrangeReport
from app.scenarios.balance_settings import BalanceSettings
from app.scenarios.drawn_route import DrawnRouteSettings, drawn_problem
from app.scenarios.foresight import ForesightSettings
from app.scenarios.generate import GenerateSettings
from app.scenarios.matching_settings import MatchingSettings
from app.scenarios.place_walls import PlaceWallsReport, PlaceWallsSettings
from app.scenarios.translate import document_paths, path_costs, walking_text
from engine.core.errors import ProblemError
from engine.core.grid import MOVES, Grid
from maps.document import Layout, MapDocument, Route, new_document
from maps.movement import MovementClass
from maps.terrain import DEFAULT_PALETTE, NO_TERRAIN, Terrain
from tests.oracles import distances
from tests.present import present

INF = math.inf
PALETTE = (*DEFAULT_PALETTE, Terrain("water", 1.0, "#3366cc", passable=False))
ROAD, GRASS, SAND, FOREST, SWAMP, ROCK, WALL, WATER = range(8)
CLASSES = (
    MovementClass("cart", (0.5, 1.5, 4.0, INF, INF, INF, INF, INF), factor=2.0),
    MovementClass("boat", (INF, INF, 2.0, INF, 6.0, INF, INF, 0.7), neighbours=4),
    MovementClass("giant", (1.0, 1.0, 1.0, 0.8, 3.0, 2.0, INF, 9.0), size=2, corner_rule="free"),
)


def lakeside() -> MapDocument:
    """A map of 14 × 14 cells: a river down its middle, a swamp beside it, a ford, some walls and a free cost."""
    terrain = np.full((14, 14), GRASS, np.uint8)
    terrain[:, 6:8] = WATER
    terrain[5:7, 6:8] = SAND
    terrain[9:, 8:10] = SWAMP
    terrain[2:5, 2:5] = FOREST
    terrain[10, :6] = ROAD
    terrain[12, 3] = WALL
    terrain[8, 11:13] = NO_TERRAIN
    kinds = np.array([*(kind.cost for kind in PALETTE)], np.float32)
    cost = np.where(terrain == NO_TERRAIN, np.float32(1.7), kinds[np.minimum(terrain, 7)])
    passable = ~np.isin(terrain, (WALL, WATER))
    passable[[12, 4, 9, 0], [12, 10, 3, 10]] = False  # walls on grass
    return new_document(14, 14).replace(
        cost=cost,
        passable=passable,
        terrain=terrain,
        palette=PALETTE,
        classes=CLASSES,
        routes=(
            Route("walk", (1, 1), (12, 11)),
            Route("haul", (11, 0), (2, 13), 2.0, movement="cart"),
            Route("sail", (0, 6), (13, 9), movement="boat"),
            Route("stomp", (0, 0), (12, 10), 0.5, movement="giant"),
            Route("haul back", (3, 12), (10, 1), movement="cart"),
        ),
    )


def price(document: MapDocument, kind: MovementClass | None, cell: tuple[int, int]) -> float:
    """What one pays in a cell, written out; infinite where one cannot be."""
    cost, number = float(document.cost[cell]), int(document.terrain[cell])
    if kind is None:
        return cost if document.passable[cell] else INF
    if number == NO_TERRAIN:
        return kind.factor * cost if document.passable[cell] else INF
    if not PALETTE[number].passable:
        return kind.costs[number]
    return kind.costs[number] * cost / PALETTE[number].cost if document.passable[cell] else INF


def walked(document: MapDocument, route: Route) -> tuple[Grid, np.ndarray]:
    """The moves and prices of who walks a route, found cell by cell."""
    kind = document.class_of(route)
    height, width = document.shape
    prices = np.array([[price(document, kind, (row, col)) for col in range(width)] for row in range(height)])
    size = 1 if kind is None else kind.size
    before, after = (size - 1) // 2, size // 2
    room = np.zeros(document.shape, dtype=bool)
    for row in range(before, height - after):
        for col in range(before, width - after):
            block = prices[row - before : row + after + 1, col - before : col + after + 1]
            room[row, col] = np.isfinite(block).all()
    rule = document.rule
    neighbours = (kind and kind.neighbours) or rule.neighbours
    corner_rule = (kind and kind.corner_rule) or rule.corner_rule
    return Grid(room, neighbours, corner_rule, rule.cost_rule), np.where(room, prices, 1.0)


def written_out(document: MapDocument) -> np.ndarray:
    """(R,) path costs of the document's routes, by the prices of `walked`."""
    costs = [(*walked(document, route), route) for route in document.routes]
    return np.array([distances(grid, prices, route.goal)[route.start] for grid, prices, route in costs])


def check_paths(document: MapDocument, paths) -> None:
    """Every path steps where its class may, from start to goal."""
    for route, cells in zip(document.routes, paths, strict=True):
        grid, _ = walked(document, route)
        assert tuple(cells[0]) == route.start
        assert tuple(cells[-1]) == route.goal
        for here, step in zip(cells[:-1].tolist(), np.diff(cells, axis=0).tolist(), strict=True):
            assert grid.legal[tuple(here)] >> MOVES.tolist().index(step) & 1


def solved(document: MapDocument, name: str, settings):
    steps = []
    return solve(document, SCENARIOS[name], settings, steps.append), steps


def test_exact_paths_and_measures_are_those_of_each_class():
    document = lakeside()
    expected = written_out(document)
    assert np.isfinite(expected).all()
    assert path_costs(document) == pytest.approx(expected, rel=1e-12)
    check_paths(document, [path.cells for path in document_paths(document)])
    measures = measures_of(Wanted(document, document.cost, 2))
    assert measures.costs == pytest.approx(expected, rel=1e-12)
    boat, prices = walked(document, document.routes[2])
    assert present(measures.distance) == pytest.approx(distances(boat, prices, document.routes[2].goal))
    assert walking_text(document).endswith("; routes of cart, boat, giant by their own prices")
    plain = document.replace(routes=document.routes[:1])
    assert "prices" not in walking_text(plain)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        AdversarialSettings(steps=40),
        AdversarialSettings(steps=40, aim="longer_minimum", keep=0.0),
        AdversarialSettings(steps=30, aim="shorter", keep=0.2),
        AdversarialSettings(method="optimum", keep=0.0, tolerance=0.05),
        AdversarialSettings(steps=15, method="bregman", smoothness=0.5),
        AdversarialSettings(steps=40, aim="target", targets=(20.0, 60.0, 22.0, 25.0, 30.0), keep=0.0),
    ],
    ids=["longer", "longer_minimum", "shorter", "optimum", "bregman", "target"],
)
def test_costs_are_moved_for_all_classes_and_paths_agree_at_every_step(settings):
    document = lakeside()
    done, steps = solved(document, "adversarial", settings)
    report = done.report
    assert isinstance(report, AdversarialReport)
    assert [route.before for route in report.routes] == pytest.approx(written_out(document), rel=1e-12)
    assert [route.after for route in report.routes] == pytest.approx(written_out(done.document), rel=1e-12)
    assert [route.walker for route in report.routes] == ["", "cart", "boat", "giant", "cart"]
    assert np.array_equal(done.document.terrain, document.terrain)
    assert done.document.total_cost == pytest.approx(document.total_cost, rel=1e-5)
    best, after = steps[-1].figures.best, np.array([route.after for route in report.routes])
    assert best == pytest.approx(_counted(document, settings.aim, after), rel=1e-5)  # costs become float32
    if settings.aim.startswith("longer"):
        assert best > steps[0].figures.path_cost
        assert best <= report.upper_bound * (1.0 + 1e-9)
    if settings.method == "optimum":
        assert report.gap <= 0.05
    for step in steps[:: len(steps) // 3]:
        frame = step.frame()
        check_paths(document, frame.paths)
        on_step = measures_of(Wanted(document, present(frame.cost_map), 0))
        if step.status is None:
            assert step.figures.path_cost == pytest.approx(_counted(document, settings.aim, on_step.costs))
    assert any("haul (cart)" in line for line in report.summary_lines())


def _counted(document: MapDocument, aim: str, costs: np.ndarray) -> float:
    """What is shown of path costs (R,)."""
    weights = np.array([route.weight for route in document.routes])
    if aim == "longer_minimum":
        return float((weights * costs).min())
    return float(weights @ costs / (weights.sum() if aim == "target" else 1.0))


@pytest.mark.slow
@pytest.mark.parametrize("aim", ["longer", "fair", "shorter"])
def test_terrain_is_arranged_for_all_classes(aim):
    document = lakeside()
    done, steps = solved(document, "arrange_terrain", ArrangeSettings(steps=12, aim=aim, free_zone=1.0))
    report, after = done.report, done.document
    assert isinstance(report, ArrangeReport)
    was, now = written_out(document), written_out(after)
    assert [route.before for route in report.routes] == pytest.approx(was, rel=1e-12)
    assert [route.after for route in report.routes] == pytest.approx(now, rel=1e-12)
    weights = np.array([route.weight for route in document.routes])
    value = (now / was).min() if aim == "fair" else weights @ now
    assert steps[-1].figures.best == pytest.approx(value, rel=1e-12)
    first = 1.0 if aim == "fair" else weights @ was
    assert value <= first if aim == "shorter" else value >= first
    counts = [np.bincount(each.terrain.ravel(), minlength=256) for each in (document, after)]
    assert counts[0].tolist() == counts[1].tolist()
    still = np.isin(document.terrain, (WALL, WATER, NO_TERRAIN)) | ~document.passable
    assert np.array_equal(after.terrain[still], document.terrain[still])
    assert np.array_equal(after.passable, document.passable)
    assert np.array_equal(after.cost == document.cost, after.terrain == document.terrain) or aim == "fair"
    frame = steps[-1].frame()
    arranged = document.replace(terrain=present(frame.terrain))
    check_paths(arranged.replace(cost=after.cost), frame.paths)
    assert measures_of(Wanted(arranged, present(frame.cost_map), 0)).costs == pytest.approx(now, rel=1e-12)


def test_agents_of_classes_plan_by_their_own_moves():
    document = lakeside()
    done, steps = solved(document, "foresight", ForesightSettings(steps=4, aim="badly"))
    assert done.report.as_json()["path_costs_before"] == pytest.approx(written_out(document), rel=1e-12)
    assert done.report.as_json()["path_costs_after"] == pytest.approx(written_out(done.document), rel=1e-12)
    frame = steps[1].frame()
    check_paths(document, frame.paths)
    for route, cells in zip(document.routes, frame.walks, strict=True):
        assert walked(document, route)[0].passable[tuple(cells.T)].all()


@pytest.mark.slow
def test_a_line_is_followed_by_the_class_of_its_route():
    document = lakeside()
    route = replace(document.routes[4], line=((6, 9), (6, 4), (9, 4)))
    document = document.replace(routes=(*document.routes[:4], route))
    settings = DrawnRouteSettings(steps=150)
    line = drawn_problem(document, settings).line
    check_paths(document.replace(routes=(route,)), [line])
    done, _ = solved(document, "drawn_route", settings)
    figures = done.report.as_json()
    assert figures["on_path_after"] == 1.0
    assert figures["reduced_cost"] > 0.0  # pyright: ignore[reportOperatorIssue]
    paths = list(document_paths(done.document))
    assert np.array_equal(paths[4].cells, line)
    assert not np.array_equal(list(document_paths(document))[4].cells, line)


@pytest.mark.slow
def test_maps_are_made_for_the_class_of_the_first_route():
    document = lakeside()
    document = document.replace(routes=(document.routes[3],))
    done, steps = solved(document, "generate", GenerateSettings(steps=6, count=2))
    costs = done.report.as_json()["path_costs"]
    assert isinstance(costs, list)
    assert written_out(done.document)[0] == pytest.approx(costs[0], rel=1e-5)
    check_paths(document, steps[-1].frame().paths)


@pytest.mark.slow
def test_distances_of_points_may_be_those_of_a_class():
    document = lakeside()
    spawns, sites = np.array([(1.0, 1.0), (11.0, 1.0)]), np.array([(6.0, 1.0), (2.0, 12.0), (6.0, 12.0)])
    document = document.replace(
        routes=(), layouts=(Layout("spawns", spawns, np.ones(2)), Layout("sites", sites, np.ones(3)))
    )
    done, _ = solved(document, "balance", BalanceSettings(steps=3, aim="order", walker="cart"))
    ends = [((int(a), int(b)), (int(c), int(d))) for a, b in spawns.tolist() for c, d in sites.tolist()]
    routed = done.document.replace(
        routes=tuple(Route(f"{start} {goal}", start, goal, movement="cart") for start, goal in ends)
    )
    found = np.array(done.report.as_json()["distances_after"]).ravel()
    assert found == pytest.approx(written_out(routed), rel=1e-12)
    walking = MatchingSettings(source="spawns", target="sites", ground="walking", steps=3, totals="scale")
    costs = []
    for walker in ("*", "cart", "giant"):
        done, _ = solved(document, "matching", replace(walking, walker=walker))
        costs.append(done.report.as_json()["transport_cost_before"])
    assert len(set(costs)) == 3
    with pytest.raises(ProblemError, match="there is no movement class 'sledge'"):
        solved(document, "balance", BalanceSettings(aim="order", walker="sledge"))
    with pytest.raises(ProblemError, match="point 0 of layout 'spawns' lies where the class “boat” cannot be"):
        solved(document, "matching", replace(walking, walker="boat"))


@pytest.mark.parametrize("name", ["adversarial", "foresight", "generate", "arrange_terrain"])
def test_a_class_that_cannot_reach_its_goal_is_refused_by_name(name):
    document = lakeside()
    dry = document.replace(routes=(replace(document.routes[2], goal=(0, 0)),))
    with pytest.raises(ProblemError, match=r"\(0, 0\).*boat"):
        solved(dry, name, SCENARIOS[name].settings())
    terrain = document.terrain.copy()
    terrain[5:7, 6:8] = WATER
    cut = document.replace(
        terrain=terrain, passable=document.passable & (terrain != WATER), routes=(document.routes[1],)
    )
    with pytest.raises(ProblemError, match=r"cart.*from \(11, 0\) to \(2, 13\)"):
        solved(cut, name, SCENARIOS[name].settings())


@pytest.mark.slow
@pytest.mark.parametrize("task", ["place", "clear", "thin"])
def test_walls_block_every_class(task):
    document = lakeside()
    done, steps = solved(document, "place_walls", PlaceWallsSettings(walls=2, steps=6, task=task))
    report, after = done.report, done.document
    assert isinstance(report, PlaceWallsReport)
    was, now = written_out(document), written_out(after)
    assert np.isfinite(now).all()
    assert [route.before for route in report.routes] == pytest.approx(was, rel=1e-12)
    assert [route.after for route in report.routes] == pytest.approx(now, rel=1e-12)
    weights = np.array([route.weight for route in document.routes])
    assert steps[-1].figures.best == pytest.approx(weights @ now, rel=1e-9)
    if task == "place":
        assert weights @ now > weights @ was
    else:
        assert weights @ now <= weights @ was
    changed = after.passable != document.passable
    assert np.count_nonzero(changed) == 2
    assert not changed[document.terrain == WATER].any()
    check_paths(after, steps[-1].frame().paths)
