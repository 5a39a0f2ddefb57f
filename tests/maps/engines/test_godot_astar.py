"""AStarGrid2D: what Godot's own search finds with the exported weights is the exact path that was told."""

import heapq
import json
import math
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from gdtoolkit.parser import parser

from app.scenarios.engine_paths import route_changes
from maps.document import MapDocument, Route, new_document
from maps.engines import TARGETS
from maps.errors import MapError
from maps.movement import MovementRule
from maps.samples import load_sample
from tests.maps.engines.test_targets import varied, written

NEXT = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]


def godots_search(weights: np.ndarray, mode: str, start: tuple[int, int], goal: tuple[int, int]) -> float:
    """The length of the way that AStarGrid2D finds: a step costs its length times the weight of the cell entered.

    weights: (H, W), 0 for a solid cell.  As in Godot's source a cell that was taken up is never opened again.
    """
    height, width = weights.shape

    def estimate(cell: tuple[int, int]) -> float:
        down, right = abs(cell[0] - goal[0]), abs(cell[1] - goal[1])
        return down + right if mode == "NEVER" else max(down, right) + (math.sqrt(2.0) - 1.0) * min(down, right)

    def is_open(row: int, col: int) -> bool:
        return 0 <= row < height and 0 <= col < width and weights[row, col] != 0

    order = count()
    waiting = [(estimate(start), next(order), start, 0.0)]
    closed: set[tuple[int, int]] = set()
    best = {start: 0.0}
    while waiting:
        _, _, (row, col), so_far = heapq.heappop(waiting)
        if (row, col) in closed:
            continue
        if (row, col) == goal:
            return so_far
        closed.add((row, col))
        for down, right in NEXT:
            cell = row + down, col + right
            sides = is_open(row + down, col), is_open(row, col + right)
            allowed = {"NEVER": False, "ALWAYS": True, "AT_LEAST_ONE_WALKABLE": any(sides)}.get(mode, all(sides))
            if not is_open(*cell) or cell in closed or (down and right and not allowed):
                continue
            length = so_far + math.hypot(down, right) * weights[cell]
            if length < best.get(cell, math.inf):
                best[cell] = length
                heapq.heappush(waiting, (length + estimate(cell), next(order), cell, length))
    return math.inf


def rough(rule: MovementRule, seed: int = 0) -> MapDocument:
    random = np.random.default_rng(seed)
    cost = (0.15 + 4.0 * random.random((16, 16)) ** 3).astype(np.float32)
    walls = random.random((16, 16)) < 0.12
    walls[0, 0] = walls[15, 15] = False
    routes = (Route("there", (0, 0), (15, 15)), Route("back", (15, 15), (0, 0)))
    return new_document(16, 16, rule=rule).replace(cost=cost, passable=~walls, routes=routes)


@pytest.mark.parametrize(
    ("rule", "mode"),
    [
        (MovementRule(4), "NEVER"),
        (MovementRule(8, "both_open"), "ONLY_IF_NO_OBSTACLES"),
        (MovementRule(8, "one_open", "entered"), "AT_LEAST_ONE_WALKABLE"),
        (MovementRule(8, "free"), "ALWAYS"),
    ],
)
def test_the_engine_s_search_finds_the_lengths_that_are_told(
    rule: MovementRule, mode: str, tmp_path: Path
) -> None:
    document = rough(rule)
    seen, _ = written("godot-astar", document, tmp_path)
    grid = json.loads((tmp_path / "map.astar.json").read_text("utf-8"))
    movement = grid["movements"][""]
    assert movement["diagonal_mode"] == mode
    weights = np.array(movement["weights"]).reshape(grid["height"], grid["width"])
    for route, change in zip(grid["routes"], route_changes(document, seen), strict=True):
        (start, goal) = (tuple(route[end][::-1]) for end in ("start", "goal"))
        assert godots_search(weights, mode, start, goal) == pytest.approx(grid["scale"] * change.after, rel=1e-6)
        assert change.after < math.inf
        assert (change.change == "") == (rule.cost_rule == "entered"), change


def test_weights_below_one_would_mislead_the_engine() -> None:
    longer = 0
    for seed in range(8):
        document = rough(MovementRule(8), seed)
        seen = TARGETS["godot-astar"].see(document, 255)
        (exact, _) = (change.after for change in route_changes(document, seen))
        weights = np.where(document.passable, document.cost, 0.0)
        assert seen.scale == 8.0
        longer += godots_search(weights, "ONLY_IF_NO_OBSTACLES", (0, 0), (15, 15)) > exact * 1.001
    assert longer >= 4


def test_the_script_is_one_of_godot_4_and_names_its_files(tmp_path: Path) -> None:
    written("godot-astar", varied(), tmp_path)
    script = (tmp_path / "map.astar.gd").read_text("utf-8")
    tree = parser.parse(script)
    assert "load_grid" in str(tree)
    assert 'preload("map.astar.gd").load_grid("res://levels/map.astar.json")' in script
    # What forgets the weights comes before what sets them.
    assert script.index("grid.update()") < script.index("set_point_weight_scale(")


def test_every_class_has_weights_of_its_own_and_its_routes_their_lengths(tmp_path: Path) -> None:
    document = load_sample("harbour")
    seen, made = written("godot-astar", document, tmp_path)
    grid = json.loads((tmp_path / "map.astar.json").read_text("utf-8"))
    assert list(grid["movements"]) == ["", *(kind.name for kind in document.classes)]
    for route, change in zip(grid["routes"], route_changes(document, seen), strict=True):
        movement = grid["movements"][route["walker"]]
        weights = np.array(movement["weights"]).reshape(document.shape)
        assert weights[weights != 0].min() >= 1.0
        ends = (tuple(route[end][::-1]) for end in ("start", "goal"))
        length = godots_search(weights, movement["diagonal_mode"], *ends)
        assert length == pytest.approx(grid["scale"] * change.after, rel=1e-6)
    assert not any("classes" in sentence for sentence in made.lost)


def test_who_is_wider_than_a_cell_is_left_out_and_costs_too_far_apart_are_refused(tmp_path: Path) -> None:
    document = varied()
    wide = document.replace(classes=(replace(document.classes[0], size=2),))
    seen, made = written("godot-astar", wide, tmp_path)
    assert [route.name for route in seen.document.routes] == ["way"]
    assert "those wider than a cell and their routes: cart" in made.lost
    far = new_document(1, 2).replace(cost=np.array([[1e-30, 1e30]], np.float32))
    with pytest.raises(MapError, match="so far apart"):
        TARGETS["godot-astar"].see(far, 255)
