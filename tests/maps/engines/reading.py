"""What engines make of exported files: readers by the rules of each importer's source, not by the writers' code.

Each returns the costs (H, W) that a game would read, infinite in walls.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

Costs: TypeAlias = "NDArray[np.float32]"
NODE = re.compile(r'\[node name="((?:[^"\\]|\\.)*)" type="(\w+)"(?: parent="((?:[^"\\]|\\.)*)")?\]')


def sections(text: str) -> list[tuple[str, dict[str, str]]]:
    """A Godot text resource as its tags, each with the properties below it. Texts may hold line ends."""
    found: list[tuple[str, dict[str, str]]] = []
    token = re.compile(
        r'(\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\])|([\w:/]+) = ((?:"(?:[^"\\]|\\.)*"|[^"\n])*)\n', re.DOTALL
    )
    end = 0
    for match in token.finditer(text):
        assert text[end : match.start()].strip() == "", "something stands between two properties"
        end = match.end()
        if match[1]:
            found.append((match[1], {}))
        else:
            assert match[2] not in found[-1][1], "a property stands twice"
            found[-1][1][match[2]] = match[3]
    assert text[end:].strip() == ""
    return found


def unquoted(text: str) -> str:
    """A quoted text as Godot's parser takes it."""
    assert text[0] == text[-1] == '"'
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def godot_tiles(tile_set: str) -> dict[tuple[int, int], dict[str, Any]]:
    """The custom data of a TileSet's tiles, by their place in the atlas and by the names of the layers."""
    found = sections(tile_set)
    assert found[0][0].startswith('[gd_resource type="TileSet"')
    (atlas,) = (body for tag, body in found if 'type="TileSetAtlasSource"' in tag)
    ((_, resource),) = ((tag, body) for tag, body in found if tag == "[resource]")
    read: dict[str, Callable[[str], Any]] = {"1": lambda word: {"true": True, "false": False}[word], "4": unquoted}
    names = [unquoted(resource[f"custom_data_layer_{n}/name"]) for n in range(3)]
    kinds = [read.get(resource[f"custom_data_layer_{n}/type"], float) for n in range(3)]
    assert resource["sources/0"] == 'SubResource("tiles")'
    tiles: dict[tuple[int, int], dict[str, Any]] = {}
    for name, value in atlas.items():
        place = re.fullmatch(r"(\d+):(\d+)/0(?:/custom_data_(\d))?", name)
        if place is None:
            assert name in ("texture", "texture_region_size")
        elif place[3] is None:
            tiles[int(place[1]), int(place[2])] = {}
        else:
            # A number without a full stop or an e would be an integer to Godot, and no float.
            layer = int(place[3])
            assert kinds[layer] is not float or re.search(r"[.e]|inf", value)
            tiles[int(place[1]), int(place[2])][names[layer]] = kinds[layer](value)
    return tiles


def godot_layer(scene: str, name: str) -> dict[tuple[int, int], tuple[int, int]]:
    """The cells (x, y) of a TileMapLayer, each with its tile's place in the atlas."""
    (body,) = (body for tag, body in sections(scene) if tag.startswith(f'[node name="{name}" type="TileMapLayer"'))
    packed = base64.b64decode(
        body["tile_map_data"].removeprefix('PackedByteArray("').removesuffix('")'), validate=True
    )
    assert packed[:2] == b"\0\0", "the version of the layer's data"
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    for x, y, source, across, down, alternative in struct.iter_unpack("<hhHHHH", packed[2:]):
        assert (source, alternative) == (0, 0)
        cells[x, y] = across, down
    return cells


def godot(folder: Path, name: str) -> Costs:
    scene = (folder / f"{name}.tscn").read_text("utf-8")
    tiles = godot_tiles((folder / f"{name}.tres").read_text("utf-8"))
    cells = godot_layer(scene, "Cost")
    width, height = (1 + max(each) for each in zip(*cells, strict=True))
    costs = np.full((height, width), np.nan, np.float32)
    for (x, y), place in cells.items():
        data = tiles[place]
        assert data["wall"] == np.isinf(data["cost"])
        costs[y, x] = data["cost"]
    return costs


def godot_astar(folder: Path, name: str) -> Costs:
    grid = json.loads((folder / f"{name}.astar.json").read_text("utf-8"))
    weights = np.array(grid["movements"][""]["weights"], np.float64).reshape(grid["height"], grid["width"])
    assert (weights[weights != 0] >= 1.0).all()
    return np.where(weights == 0, np.inf, weights / grid["scale"]).astype(np.float32)


def tmx(folder: Path, name: str) -> Costs:
    root = ET.parse(folder / f"{name}.tmx").getroot()
    layer = next(each for each in root.iter("layer") if each.get("name") == "Longcut cost")
    data = layer.find("data")
    assert data is not None
    assert data.get("compression") is None
    gids = [int(word) for word in (data.text or "").split(",")]
    sets = [each for each in root.findall("tileset") if each.get("name") == "Longcut"]
    tile_set = max(sets, key=lambda each: int(each.get("firstgid", "0")))
    # The Rust crate and SuperTiled2Unity refuse a tileset without one of these.
    assert {"firstgid", "tilecount", "columns", "tilewidth", "tileheight"} <= set(tile_set.keys())
    first = int(tile_set.get("firstgid", "0"))
    image = tile_set.find("image")
    assert image is not None
    with Image.open(folder / image.get("source", "")) as picture:
        assert picture.size == (int(image.get("width", "")), int(image.get("height", "")))
    costs: dict[int, float] = {}
    for tile in tile_set.findall("tile"):
        properties = {each.get("name"): each for each in tile.iter("property")}
        if "solid" in properties:
            assert properties["solid"].get("type") == "bool"
            costs[first + int(tile.get("id", ""))] = np.inf
        else:
            assert properties["cost"].get("type") == "float"
            costs[first + int(tile.get("id", ""))] = float(properties["cost"].get("value", ""))
    shape = int(root.get("height", "")), int(root.get("width", ""))
    return np.array([costs[gid] for gid in gids], np.float32).reshape(shape)


def phaser(folder: Path, name: str) -> Costs:
    root = json.loads((folder / f"{name}.json").read_text("utf-8"))
    assert float(root["version"]) > 1, "Phaser then reads properties as lists"
    assert all("source" not in each and each["image"] for each in root["tilesets"])
    layer = next(each for each in root["layers"] if each["name"] == "Longcut cost")
    assert "compression" not in layer
    assert "encoding" not in layer
    (tile_set,) = (each for each in root["tilesets"] if each["name"] == "Longcut")
    values = {each["id"]: {p["name"]: p["value"] for p in each["properties"]} for each in tile_set["tiles"]}
    costs = {number: np.inf if given.get("solid") else given.get("cost") for number, given in values.items()}
    cells = [costs[gid - tile_set["firstgid"]] for gid in layer["data"]]
    return np.array(cells, np.float32).reshape(root["height"], root["width"])


def heights(samples: NDArray[np.uint16], note: dict[str, Any]) -> Costs:
    """Costs of a height map whose first row is the map's first."""
    inside = samples[: note["map_rows"], : note["map_columns"]].astype(np.float64)
    assert (samples[note["map_rows"] :] == 0).all()
    assert (samples[:, note["map_columns"] :] == 0).all()
    low, high = note["cost_of_1"], note["cost_of_65535"]
    return np.where(inside == 0, np.inf, low + (inside - 1.0) / 65534 * (high - low)).astype(np.float32)


def unity_terrain(folder: Path, name: str) -> Costs:
    note = json.loads((folder / f"{name}.raw.json").read_text("utf-8"))
    data = (folder / f"{name}.raw").read_bytes()
    side = round((len(data) / 2) ** 0.5)
    assert side == note["rows"] == note["columns"]
    assert (side - 1) & (side - 2) == 0, "2ⁿ + 1"
    from_south = np.frombuffer(data, "<u2").reshape(side, side)
    rows = note["map_rows"]
    assert (from_south[rows:] == 0).all()
    return heights(np.ascontiguousarray(from_south[:rows][::-1]), note)


def unreal(folder: Path, name: str) -> Costs:
    note = json.loads((folder / f"{name}.r16.json").read_text("utf-8"))
    with Image.open(folder / f"{name}.png") as picture:
        assert picture.mode == "I;16"
        samples = np.asarray(picture).astype(np.uint16)
    raw = np.frombuffer((folder / f"{name}.r16").read_bytes(), "<u2").reshape(note["rows"], note["columns"])
    assert np.array_equal(raw, samples)
    return heights(samples, note)


READERS = {
    "godot": godot,
    "godot-astar": godot_astar,
    "unity": tmx,
    "unreal": unreal,
    "phaser": phaser,
    "bevy": tmx,
    "tiled": tmx,
}
