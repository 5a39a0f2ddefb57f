"""Godot 4's scene: what its tiles say, where its marks stand, and which names nodes may have."""

import re
from pathlib import Path

import numpy as np
from PIL import Image

from maps.document import Layout, Route, new_document
from maps.formats import read_map
from maps.samples import load_sample
from tests.maps.engines import reading
from tests.maps.engines.test_targets import varied, written
from tests.maps.formats.tiled import made


def scene_of(folder: Path) -> str:
    return (folder / "map.tscn").read_text("utf-8")


def marks(scene: str) -> dict[str, tuple[float, float]]:
    """Where marks stand, px, by their paths below the scene's root."""
    found: dict[str, tuple[float, float]] = {}
    for tag, body in reading.sections(scene):
        node = reading.NODE.fullmatch(tag)
        if node is not None and node[2] == "Marker2D":
            at = re.fullmatch(r"Vector2\((.+), (.+)\)", body["position"])
            assert at is not None
            found[f"{reading.unquoted(chr(34) + node[3] + chr(34))}/{node[1]}"] = float(at[1]), float(at[2])
    return found


def test_terrains_have_tiles_with_their_names_costs_and_colours(tmp_path: Path) -> None:
    document = load_sample("harbour")
    written("godot", document, tmp_path)
    tiles = reading.godot_tiles((tmp_path / "map.tres").read_text("utf-8"))
    cells = reading.godot_layer(scene_of(tmp_path), "Terrain")
    with Image.open(tmp_path / "map.tiles.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    for (row, col), number in np.ndenumerate(document.terrain):
        terrain, (across, down) = document.palette[number], cells[col, row]
        data = tiles[across, down]
        assert (data["terrain"], data["wall"]) == (terrain.name, not terrain.passable)
        assert data["wall"] or data["cost"] == terrain.cost
        colour = tuple(int(terrain.colour[at : at + 2], 16) for at in (1, 3, 5))
        assert (pixels[16 * down : 16 * down + 16, 16 * across : 16 * across + 16] == colour).all()


def test_cells_without_a_terrain_have_no_tile_of_one(tmp_path: Path) -> None:
    written("godot", varied(), tmp_path)
    terrain = reading.godot_layer(scene_of(tmp_path), "Terrain")
    assert len(terrain) == 17 * 21
    assert not [cell for cell in terrain if cell[1] == 3]
    bare = new_document(2, 3).replace(terrain=np.full((2, 3), 255, np.uint8))
    written("godot", bare, tmp_path)
    assert "Terrain" not in scene_of(tmp_path)
    assert "visible" not in scene_of(tmp_path), "the costs are all that there is to see"


def test_marks_stand_in_the_middle_of_their_cells(tmp_path: Path) -> None:
    written("godot", varied(), tmp_path)
    found = marks(scene_of(tmp_path))
    assert found["Routes/way/Start"] == (8.0, 8.0)
    assert found["Routes/way/Goal"] == (20.5 * 16, 17.5 * 16)
    assert found["Points/loot/0"] == (3.0 * 16, 1.75 * 16)
    (line,) = (body["points"] for tag, body in reading.sections(scene_of(tmp_path)) if "Line2D" in tag)
    assert line == "PackedVector2Array(8, 8, 88, 88, 152, 152, 328, 280)"


def test_names_are_legal_and_siblings_differ(tmp_path: Path) -> None:
    names = ['a/b:c.d@e%f"g', "a_b_c_d_e_f_g", "", "\\", "zwei\nZeilen"]
    routes = tuple(Route(name, (0, 0), (1, 1)) for name in names)
    layouts = (Layout("x", np.zeros((1, 2)), np.ones(1)),) * 2
    written("godot", new_document(2, 2).replace(routes=routes, layouts=layouts), tmp_path)
    paths: set[str] = set()
    for tag, _ in reading.sections(scene_of(tmp_path)):
        node = reading.NODE.fullmatch(tag)
        if node is not None:
            name = reading.unquoted(f'"{node[1]}"')
            assert name.strip()
            assert not set(name) & set('.:@/"%\n')
            path = f"{node[3]}/{name}"
            assert path not in paths
            paths.add(path)
    assert len(paths) == 1 + 2 + 2 + 3 * len(names) + 2 * 2


def test_a_tiled_map_s_cells_keep_their_size(tmp_path: Path) -> None:
    text = made.tmx().replace(b'tilewidth="16" tileheight="16"', b'tilewidth="24" tileheight="24"')
    (tmp_path / "drawn.tmx").write_bytes(text)
    written("godot", read_map(tmp_path / "drawn.tmx"), tmp_path)
    assert "tile_size = Vector2i(24, 24)" in (tmp_path / "map.tres").read_text("utf-8")
    with Image.open(tmp_path / "map.tiles.png") as picture:
        assert picture.width == 16 * 24
