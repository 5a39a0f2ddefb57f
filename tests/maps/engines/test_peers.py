"""Exported files, opened by the programs that read them; see `tests/peers.py`."""

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maps.document import MapDocument
from maps.formats import read_map
from maps.formats.tiled.format import tiled_map
from maps.formats.tiled.ground import key_of
from maps.formats.tiled.model import TILE_BITS, TiledMap
from maps.samples import load_sample
from tests import peers
from tests.maps.engines import reading
from tests.maps.engines.test_targets import costs_of, varied, written
from tests.maps.formats.tiled import made

REAL = os.environ.get("LONGCUT_REAL_MAPS")
pytestmark = [pytest.mark.peer, pytest.mark.slow]


def needs(command: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(command) is None, reason=f"{command} is not installed")


needs_phaser = pytest.mark.skipif(
    shutil.which("node") is None or not peers.phaser_parser().is_file(),
    reason="Node or Phaser is not there; python -m tests.peers",
)


def from_tiled(folder: Path) -> MapDocument:
    """A map of the Tiled editor, with a tileset of its own, flipped tiles and objects."""
    (folder / "drawn.tmx").write_bytes(made.tmx())
    Image.new("RGB", (64, 64)).save(folder / "ground.png")
    return read_map(folder / "drawn.tmx")


def all_layers(map_of_editor: dict) -> dict[str, list[int]]:
    return {layer["name"]: layer["data"] for layer in map_of_editor["layers"] if layer["type"] == "tilelayer"}


@needs("tiled")
@pytest.mark.parametrize("name", ["tiled", "bevy", "unity"])
@pytest.mark.parametrize("own", [True, False])
def test_tiled_opens_a_map_and_gives_back_the_same_tiles(name: str, own: bool, tmp_path: Path) -> None:
    document = from_tiled(tmp_path) if own else varied()
    seen, made_files = written(name, document, tmp_path)
    peers.ask(["tiled", "--export-map", "json", "map.tmx", "opened.json"], tmp_path)
    opened = json.loads((tmp_path / "opened.json").read_text("utf-8"))
    layers = all_layers(opened)
    for layer in reading.ET.parse(tmp_path / "map.tmx").getroot().iter("layer"):
        gids = [int(word) for word in (layer.findtext("data") or "").split(",")]
        assert layers[layer.get("name", "")] == gids
    (own_set,) = (each for each in opened["tilesets"] if each["name"] == "Longcut")
    kinds = {each["id"]: {p["name"]: p["value"] for p in each["properties"]} for each in own_set["tiles"]}
    read = [kinds[gid - own_set["firstgid"]] for gid in layers["Longcut cost"]]
    costs = np.array([np.inf if tile.get("solid") else tile["cost"] for tile in read], np.float32)
    assert np.array_equal(costs.reshape(document.shape), costs_of(seen.document))
    assert len(made_files.files) == (4 if name == "unity" else 2)


def square(path: Path) -> bool:
    """Whether a map has square cells, and can be read."""
    return not any(word in path.name for word in ("hexagonal", "diamond"))


@needs("tiled")
@pytest.mark.skipif(not REAL, reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_tiled_opens_real_maps_with_the_layer_of_costs(tmp_path: Path) -> None:
    sources = [path for path in sorted(Path(REAL or "").glob("tiled/**/*.tmx")) if square(path)]
    assert len(sources) >= 8
    for source in sources:
        folder = tmp_path / source.stem
        shutil.copytree(source.parent, folder)
        written("tiled", read_map(folder / source.name), folder)
        # Tiled 1.8 cannot say in JSON all that some of these maps have.
        peers.ask(["tiled", "--export-map", "tmx", "map.tmx", "opened.tmx"], folder)
        names = "map.tmx", "opened.tmx"
        ours, theirs = (tiled_map("tmx", folder / name, (folder / name).read_bytes()) for name in names)
        assert "Longcut cost" in {layer.name for layer in ours.layers}
        assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
        for number in range(len(ours.layers)):
            assert tiles_on(ours, number) == tiles_on(theirs, number), source.name


def tiles_on(tiled: TiledMap, number: int) -> Counter[tuple[int, str]]:
    """How often each tile, with its turning bits, is on a layer. Tiled renumbers sets that lack a picture."""
    gids = tiled.layers[number].gids
    return Counter((gid >> 28, key_of(tiled, gid & int(TILE_BITS))) for gid in gids[gids != 0].tolist())


@needs("tmxrasterizer")
def test_tiled_draws_a_map_with_the_tiles_of_its_picture(tmp_path: Path) -> None:
    document = load_sample("garden").replace(routes=())  # their lines would lie over the tiles
    written("bevy", document, tmp_path)
    peers.ask(["tmxrasterizer", "map.tmx", "drawn.png"], tmp_path)
    with Image.open(tmp_path / "drawn.png") as drawn:
        assert drawn.size == (16 * document.width, 16 * document.height)
        pixels = np.asarray(drawn.convert("RGB"))[8::16, 8::16]
    for number, terrain in enumerate(document.palette):
        cells = document.terrain == number
        colour = tuple(int(terrain.colour[at : at + 2], 16) for at in (1, 3, 5))
        assert (pixels[cells] == colour).all(), terrain.name


@needs("tiled")
def test_what_phaser_gets_is_what_tiled_itself_would_embed(tmp_path: Path) -> None:
    document = from_tiled(tmp_path)
    written("phaser", document, tmp_path)
    written("tiled", document, tmp_path)
    peers.ask(["tiled", "--embed-tilesets", "--export-map", "json", "map.tmx", "embedded.json"], tmp_path)
    ours, theirs = (json.loads((tmp_path / name).read_text("utf-8")) for name in ("map.json", "embedded.json"))
    assert all_layers(ours) == all_layers(theirs)
    for one, other in zip(ours["tilesets"], theirs["tilesets"], strict=True):
        told = ("name", "firstgid", "image", "imagewidth", "imageheight", "columns", "tilewidth", "tileheight")
        assert {key: one[key] for key in told} == {key: other[key] for key in told}
        assert tiles_of(one) == tiles_of(other)
    places = [
        {thing["name"]: (thing["x"], thing["y"]) for layer in root["layers"] for thing in layer.get("objects", [])}
        for root in (ours, theirs)
    ]
    assert places[0]["start 1"] == places[1]["start 1"]
    assert places[0]["Goal 1"] == places[1]["Goal 1"]


def tiles_of(tile_set: dict) -> dict[int, dict[str, object]]:
    """The properties of tiles that have any; Tiled tells no 4 from 4.0."""
    found = {tile["id"]: {p["name"]: p["value"] for p in tile.get("properties", [])} for tile in tile_set["tiles"]}
    return {number: properties for number, properties in found.items() if properties}


@needs_phaser
@pytest.mark.parametrize("own", [True, False])
def test_phaser_reads_layers_tiles_and_costs(own: bool, tmp_path: Path) -> None:
    seen, _ = written("phaser", from_tiled(tmp_path) if own else varied(), tmp_path)
    # Phaser looks for a browser while it is loaded; anything will do.
    script = f"""
    const any = new Proxy(function () {{}}, {{
        get: (target, key) => key === Symbol.toPrimitive ? () => 0 : key === "length" ? 0 : any,
        apply: () => any, construct: () => any, set: () => true }});
    Object.assign(global, {{ window: global, document: any, screen: any, Image: any, HTMLCanvasElement: any }});
    Object.defineProperty(global, "navigator", {{ value: {{ userAgent: "" }} }});
    const warnings = [];
    console.warn = (text) => warnings.push(text);
    const parse = require({json.dumps(str(peers.phaser_parser()))});
    const map = parse("map", JSON.parse(require("fs").readFileSync("map.json")), false);
    const layer = map.layers.find((each) => each.name === "Longcut cost");
    const costs = layer.data.map((row) => row.map((tile) => tile.properties.solid ? -1 : tile.properties.cost));
    const names = map.objects.flatMap((each) => each.objects).map((each) => each.name);
    console.log(JSON.stringify({{ warnings, costs, sets: map.tilesets.length, names }}));
    """
    (tmp_path / "read.js").write_text(script, "utf-8")
    told = json.loads(peers.ask(["node", "read.js"], tmp_path))
    assert told["warnings"] == []
    assert told["sets"] == 1 + own
    costs = np.array(told["costs"], np.float32)
    assert np.array_equal(np.where(costs < 0, np.inf, costs), costs_of(seen.document))
    assert set(told["names"]) == (
        {"start 1", "Goal 1", "chest"} if own else {r.name for r in seen.document.routes}
    )


def godot3(script: str, folder: Path) -> list[str]:
    """The lines that a script of Godot 3 prints, without those of its start."""
    (folder / "ask.gd").write_text(f"extends SceneTree\nfunc _init():\n{script}\n\tquit()\n", "utf-8")
    printed = peers.ask(["godot3-server", "-s", "ask.gd"], folder).splitlines()
    assert not [line for line in printed if "ERROR" in line], printed
    return [line.removeprefix("> ") for line in printed if line.startswith("> ")]


@needs("godot3-server")
def test_godot_reads_the_values_of_the_tile_set_and_the_scene(tmp_path: Path) -> None:
    # Godot 3 has the parser of values that Godot 4 has, but neither its tiles nor its newer types.
    written("godot", varied(), tmp_path)
    found = reading.sections((tmp_path / "map.tres").read_text("utf-8"))
    found += reading.sections((tmp_path / "map.tscn").read_text("utf-8"))
    values = [
        value for _, body in found for value in body.values() if not value.startswith(("Vector2i", "Packed"))
    ]
    values = [value for value in values if not value.startswith(("ExtResource", "SubResource"))]
    assert {"inf", "true", '""', '"forest"'} <= set(values)
    (tmp_path / "values.json").write_text(json.dumps(values), "utf-8")
    lines = godot3(
        """\tvar file = File.new()
\tfile.open("res://values.json", File.READ)
\tfor text in JSON.parse(file.get_as_text()).result:
\t\tvar value = str2var(text)
\t\tprint("> ", typeof(value), " ", value)""",
        tmp_path,
    )
    kinds = {"Vector2": 5, "true": 1, "false": 1, '"': 4}
    for text, line in zip(values, lines, strict=True):
        kind, _, shown = line.partition(" ")
        number = 2 if text.isdigit() else 3
        expected = next((number for start, number in kinds.items() if text.startswith(start)), number)
        assert int(kind) == expected, text
        if expected == 3:
            assert float(shown) == pytest.approx(float(text), rel=1e-5)


@needs("godot3-server")
def test_godot_runs_the_loader_of_a_star_grids(tmp_path: Path) -> None:
    document = varied()
    seen, _ = written("godot-astar", document, tmp_path)
    # Godot 3 has neither AStarGrid2D, for which a class stands here that notes what it is told, nor Vector2i.
    (tmp_path / "noting.gd").write_text(
        "const DIAGONAL_MODE_ALWAYS = 0\nconst DIAGONAL_MODE_NEVER = 1\n"
        "const DIAGONAL_MODE_AT_LEAST_ONE_WALKABLE = 2\nconst DIAGONAL_MODE_ONLY_IF_NO_OBSTACLES = 3\n"
        "const HEURISTIC_EUCLIDEAN = 0\nconst HEURISTIC_MANHATTAN = 1\nconst HEURISTIC_OCTILE = 2\n"
        "var region\nvar cell_size\nvar offset\nvar diagonal_mode\nvar default_compute_heuristic\n"
        "var default_estimate_heuristic\nvar jumping_enabled\nvar weights = {}\n"
        "func update():\n\tweights.clear()\n"
        "func set_point_solid(cell, solid):\n\tweights[cell] = INF\n"
        "func set_point_weight_scale(cell, weight):\n\tweights[cell] = weight\n",
        "utf-8",
    )
    loader = (tmp_path / "map.astar.gd").read_text("utf-8")
    adapted = loader.replace("Vector2i(", "Vector2(").replace("Rect2i(", "Rect2(")
    adapted = adapted.replace("load(path).data", "{}").replace("-> AStarGrid2D", "")
    (tmp_path / "loader.gd").write_text('const AStarGrid2D = preload("noting.gd")\n' + adapted, "utf-8")
    lines = godot3(
        """\tvar file = File.new()
\tfile.open("res://map.astar.json", File.READ)
\tvar grid = load("res://loader.gd").grid_of(JSON.parse(file.get_as_text()).result)
\tprint("> ", grid.diagonal_mode, " ", grid.default_estimate_heuristic, " ", grid.region.size, grid.cell_size)
\tfor y in range(grid.region.size.y):
\t\tvar row = []
\t\tfor x in range(grid.region.size.x):
\t\t\trow.append(grid.weights[Vector2(x, y)])
\t\tprint("> ", row)""",
        tmp_path,
    )
    assert lines[0] == "3 2 (21, 18)(16, 16)"
    weights = np.array([[float(word) for word in line.strip("[]").split(",")] for line in lines[1:]])
    np.testing.assert_allclose(weights, costs_of(seen.document) * seen.scale, rtol=1e-5)
    assert seen.scale == 4.0
