"""Godot 4.3 and later: a TileSet of cost classes, and a scene with layers of its tiles, marks and routes.

By the readers in Godot's sources: an atlas source makes tiles of names such as `3:0/0`, `custom_data_0` is of the
first custom data layer, a layer's bytes are a version of two bytes and twelve bytes a cell (x, y, source, atlas x,
atlas y, alternative), and a path without `://` is taken from the file's own folder. Bytes as base64 are of
format 4, which came with TileMapLayer.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import numpy as np

from maps.engines.target import EngineFiles, EngineTarget, Seen, losses_of, see_classes, with_ending
from maps.formats.tiled.format import tile_size_of
from maps.formats.tiled.fresh import TILE_SIZE
from maps.formats.tiled.own_parts import (
    COLUMNS,
    FIRST_TERRAIN,
    OwnTile,
    cost_layer_of,
    swatch_size,
    swatches,
)
from maps.terrain import NO_TERRAIN, of_each_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from maps.document import MapDocument
    from maps.formats.tiled.model import Gids

BOOL, FLOAT, STRING = 1, 3, 4  # numbers of Godot's variant types
_CELL = np.dtype([("at", "<i2", (2,)), ("source", "<u2"), ("tile", "<u2", (2,)), ("alternative", "<u2")])
_NO_TILE = 0xFFFF
_NOT_IN_NAMES = re.compile(r'[.:@/"%\x00-\x1f]')


def _files(seen: Seen, base: Path) -> EngineFiles:
    document = seen.document
    size = swatch_size(tile_size_of(document) or TILE_SIZE)
    costs = cost_layer_of(document)
    terrains = [
        OwnTile(FIRST_TERRAIN + number, kind.cost, not kind.passable, kind.name)
        for number, kind in enumerate(document.palette)
    ]
    has_terrain = bool((document.terrain != NO_TERRAIN).any())
    tiles = [*costs.kinds, *(terrains if has_terrain else [])]
    colours = {tile.number: kind.colour for tile, kind in zip(terrains, document.palette, strict=True)}
    picture, tile_set = with_ending(base, ".tiles.png"), with_ending(base, ".tres")
    layers = [_layer("Cost", costs.tiles, visible=not has_terrain)]
    if has_terrain:
        numbers = [tile.number for tile in terrains]
        shown = of_each_cell(document.terrain, numbers, _NO_TILE, np.uint32)
        layers.insert(0, _layer("Terrain", shown, visible=True))
    scene = [
        "[gd_scene load_steps=2 format=4]\n",
        f'[ext_resource type="TileSet" path={_text(tile_set.name)} id="1"]\n',
        f'[node name={_text(_node_name(base.name, set()))} type="Node2D"]\n',
        *layers,
        *_places(document, size),
    ]
    files = {
        picture: swatches(size, len(costs.kinds) - 1, colours if has_terrain else {}),
        tile_set: _tile_set(tiles, size, picture.name).encode(),
        with_ending(base, ".tscn"): "\n".join(scene).encode(),
    }
    lost = losses_of(document, places=True, terrains=True)
    return EngineFiles(files, lost)


def _tile_set(tiles: Sequence[OwnTile], size: tuple[int, int], picture: str) -> str:
    """Return the text of a TileSet: each tile with its cost, whether it is a wall, and its terrain."""
    across, down = size
    lines = [
        '[gd_resource type="TileSet" load_steps=3 format=3]\n',
        f'[ext_resource type="Texture2D" path={_text(picture)} id="1"]\n',
        '[sub_resource type="TileSetAtlasSource" id="tiles"]',
        'texture = ExtResource("1")',
        f"texture_region_size = Vector2i({across}, {down})",
    ]
    for tile in tiles:
        name = f"{tile.number % COLUMNS}:{tile.number // COLUMNS}/0"
        cost = "inf" if tile.solid or tile.cost is None else str(np.float32(tile.cost))
        lines += [
            f"{name} = 0",
            f"{name}/custom_data_0 = {cost}",
            f"{name}/custom_data_1 = {'true' if tile.solid else 'false'}",
            f"{name}/custom_data_2 = {_text(tile.kind)}",
        ]
    lines += ["", "[resource]", f"tile_size = Vector2i({across}, {down})"]
    for number, (name, kind) in enumerate((("cost", FLOAT), ("wall", BOOL), ("terrain", STRING))):
        lines += [f'custom_data_layer_{number}/name = "{name}"', f"custom_data_layer_{number}/type = {kind}"]
    return "\n".join([*lines, 'sources/0 = SubResource("tiles")\n'])


def _layer(name: str, tiles: Gids, *, visible: bool) -> str:
    """Return a layer of tiles (H, W), by their numbers in the tile set, as a node."""
    rows, columns = np.nonzero(tiles != _NO_TILE)
    cells = np.zeros(len(rows), _CELL)
    cells["at"][:, 0], cells["at"][:, 1] = columns, rows
    cells["tile"][:, 1], cells["tile"][:, 0] = np.divmod(tiles[rows, columns], COLUMNS)
    data = base64.b64encode(b"\0\0" + cells.tobytes()).decode()
    hidden = "" if visible else "visible = false\n"
    return (
        f'[node name="{name}" type="TileMapLayer" parent="."]\n{hidden}'
        f'tile_map_data = PackedByteArray("{data}")\ntile_set = ExtResource("1")\n'
    )


def _places(document: MapDocument, size: tuple[int, int]) -> Iterator[str]:
    """Yield nodes for routes, each with its marks, and for layouts of points."""

    def position(row: float, col: float) -> str:
        return f"Vector2({(col + 0.5) * size[0]:.9g}, {(row + 0.5) * size[1]:.9g})"

    def node(name: str, kind: str, parent: str, *lines: str) -> str:
        return "\n".join([f'[node name={_text(name)} type="{kind}" parent={_text(parent)}]', *lines, ""])

    for holder, things in (("Routes", document.routes), ("Points", document.layouts)):
        if things:
            yield node(holder, "Node2D", ".")
    names: set[str] = set()
    for route in document.routes:
        name = _node_name(route.name or "Route", names)
        yield node(name, "Node2D", "Routes", f"metadata/weight = {route.weight!r}")
        corners = (route.start, *route.line, route.goal) if route.line else ()
        if corners:
            points = ", ".join(position(*cell).removeprefix("Vector2(").rstrip(")") for cell in corners)
            yield node("Line", "Line2D", f"Routes/{name}", f"points = PackedVector2Array({points})", "width = 2.0")
        for end, cell in (("Start", route.start), ("Goal", route.goal)):
            yield node(end, "Marker2D", f"Routes/{name}", f"position = {position(*cell)}")
    names = set()
    for layout in document.layouts:
        name = _node_name(layout.name or "Layout", names)
        yield node(name, "Node2D", "Points")
        points = zip(layout.positions.tolist(), layout.weights.tolist(), strict=True)
        for number, ((row, col), weight) in enumerate(points):
            lines = (f"position = {position(row, col)}", f"metadata/weight = {weight!r}")
            yield node(f"{number}", "Marker2D", f"Points/{name}", *lines)


def _node_name(name: str, taken: set[str]) -> str:
    """Return a name that a node may have, and that none of its siblings has; it joins `taken`."""
    plain = _NOT_IN_NAMES.sub("_", name).strip() or "Map"
    free, number = plain, 2
    while free in taken:
        free, number = f"{plain} {number}", number + 1
    taken.add(free)
    return free


def _text(text: str) -> str:
    """Return a text as Godot's files quote it: lines and all, only these two characters are escaped."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


GODOT = EngineTarget(
    "godot",
    "Godot 4",
    "A TileSet (.tres) whose tiles have the custom data cost, wall and terrain, and a scene (.tscn) with "
    "TileMapLayers of them, and marks for routes and points.",
    (".tscn", ".tres", ".tiles.png"),
    see_classes,
    _files,
)
