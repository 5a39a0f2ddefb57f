"""A start or a point that moved moves its object in the editor's file, and nothing else there."""

import json
from dataclasses import replace

import numpy as np
import pytest

from maps.document import Route
from maps.formats import losses, read_map, write_map
from tests.maps.formats.tiled import made


@pytest.fixture(params=["tmx", "tmj"])
def path(request, tmp_path):
    """A map in both formats; the JSON one is as an editor writes it, with white space."""
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx(objects=made.OBJECTS.replace('x="40" y="24"', 'x="39.25" y="24"')))
    if request.param == "tmx":
        return target
    things = [
        {"id": 1, "name": "start 1", "x": 8, "y": 8, "point": True},
        {"id": 2, "name": "Goal 1", "x": 39.25, "y": 24.0, "point": True},
        {"id": 3, "name": "chest", "gid": 1, "x": 16, "y": 16, "width": 16, "height": 16, "text": '"x": 5'},
    ]
    text = "\n".join(
        [
            '{ "type":"map", "orientation":"orthogonal", "width":4, "height":2, "tilewidth":16, "tileheight":16,',
            ' "tilesets":[{"firstgid":1, "name":"ground"}],',
            ' "layers":[{"type":"tilelayer", "name":"Ground", "x":0, "y":0, "width":4, "height":2,',
            '   "data":[1, 1, 2, 0, 3, 4, 4, 9]},',
            '  {"type":"objectgroup", "name":"things", "objects":[',
            ",\n".join(f"    {json.dumps(each)}" for each in things),
            "  ]}]}",
        ]
    )
    target = tmp_path / "level.tmj"
    target.write_text(text)
    return target


def moved_route(document, **ends):
    return document.replace(routes=(replace(document.routes[0], **ends),))


def test_a_moved_start_moves_its_object_and_nothing_else(path):
    before = path.read_bytes()
    document = read_map(path)
    assert (document.routes[0].start, document.routes[0].goal) == ((0, 0), (1, 2))
    moved = moved_route(document, start=(1, 3))
    assert losses(moved, path) == []
    write_map(moved, path)
    after = path.read_bytes()
    found = read_map(path)
    assert found.routes == moved.routes
    assert found.layouts[0].positions.tolist()[0] == [1.0, 3.0]
    # The two numbers of that object, and not a byte more.
    old, new = (
        (b'x="8" y="8"', b'x="56" y="24"') if path.suffix == ".tmx" else (b'"x": 8, "y": 8', b'"x": 56, "y": 24')
    )
    assert after == before.replace(old, new, 1)


def test_a_place_within_its_cell_is_kept(path):
    document = read_map(path)
    write_map(moved_route(document, goal=(0, 1)), path)
    text = path.read_text()
    assert ('x="23.25" y="8"' if path.suffix == ".tmx" else '"x": 23.25, "y": 8') in text
    assert read_map(path).routes[0].goal == (0, 1)


def test_a_moved_point_moves_its_object(path):
    before = path.read_bytes()
    document = read_map(path)
    (things,) = document.layouts
    positions = np.array(things.positions)
    positions[2] += (0.0, 1.125)
    moved = document.replace(layouts=(replace(things, positions=positions),))
    assert losses(moved, path) == []
    write_map(moved, path)
    assert np.allclose(read_map(path).layouts[0].positions, positions)
    old, new = (b'x="16" y="16"', b'x="34" y="16"')
    if path.suffix == ".tmj":
        old, new = (b'"x": 16, "y": 16', b'"x": 34, "y": 16')
    assert path.read_bytes() == before.replace(old, new, 1)


def test_a_start_and_its_point_that_went_different_ways_stay_and_that_is_told(path):
    document = read_map(path)
    (things,) = document.layouts
    positions = np.array(things.positions)
    positions[0] = (1.0, 1.0)
    torn = moved_route(document.replace(layouts=(replace(things, positions=positions),)), start=(0, 3))
    assert "the point layouts" in losses(torn, path)
    write_map(torn, path)
    found = read_map(path)
    assert [(route.start, route.goal) for route in found.routes] == [((0, 3), (1, 2))], "in a layer of its own"
    assert b"Longcut routes" in path.read_bytes()


def test_a_start_of_two_routes_that_only_one_left_stays(tmp_path):
    goals = """<object id="5" name="goal" x="24" y="24"><point/></object>
  <object id="6" name="exit" x="56" y="8"><point/></object>"""
    start = '<object id="1" name="start" x="8" y="8"><point/></object>'
    objects = f'<objectgroup id="2" name="o">{start}{goals}</objectgroup>'
    target = tmp_path / "level.tmx"
    target.write_bytes(made.tmx(objects=objects))
    document = read_map(target)
    one, other = document.routes
    both = document.replace(routes=(replace(one, start=(0, 1)), replace(other, start=(0, 1))))
    write_map(both, target)
    assert b'name="start" x="24" y="8"' in target.read_bytes()
    assert read_map(target).routes == both.routes
    write_map(document.replace(routes=(replace(one, start=(0, 1)), other)), target)
    assert b'name="start" x="8" y="8"' in target.read_bytes()
    assert [route.start for route in read_map(target).routes] == [(0, 1), (0, 0)]


def test_a_route_that_is_added_leaves_the_objects(path):
    document = read_map(path)
    write_map(document.replace(routes=(*document.routes, Route("more", (0, 0), (0, 1)))), path)
    assert ('x="8" y="8"' if path.suffix == ".tmx" else '"x":8,"y":8') in path.read_text()
    assert [route.name for route in read_map(path).routes] == ["start 1 to Goal 1", "more"]


def test_objects_of_an_isometric_map_move_along_its_axes(tmp_path):
    target = tmp_path / "level.tmx"
    text = made.tmx().replace(b'orientation="orthogonal"', b'orientation="isometric"')
    target.write_bytes(
        text.replace(b'tilewidth="16" tileheight="16" infinite', b'tilewidth="32" tileheight="16" infinite')
    )
    document = read_map(target)
    moved = moved_route(document, start=(1, 1))
    write_map(moved, target)
    assert b'name="start 1" x="24" y="24"' in target.read_bytes()
    assert read_map(target).routes[0].start == (1, 1)
