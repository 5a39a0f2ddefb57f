"""A map of another editor that goes to another folder finds its tilesets and pictures from there."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from maps.formats import read_map, write_map
from tests.maps.formats.tiled import made

REAL = os.environ.get("LONGCUT_REAL_MAPS", "")
TSX = """<tileset name="ground" tilewidth="16" tileheight="16" tilecount="2" columns="2">
 <image source="ground.png" width="32" height="16"/>
 <tile id="0"><properties><property name="cost" type="float" value="3"/></properties></tile>
 <tile id="1" class="mud"/>
</tileset>"""
HEAD = 'orientation="orthogonal" width="2" height="1" tilewidth="16" tileheight="16" infinite="0"'
TMX = f"""<map version="1.10" {HEAD} nextlayerid="3" nextobjectid="1">
 <tileset firstgid="1" source="tiles/a &amp; b.tsx"/>
 <imagelayer id="2" name="sky"><image source="../sky.png"/></imagelayer>
 <layer id="1" name="Ground" width="2" height="1"><data encoding="csv">1,2</data></layer>
</map>"""


@pytest.fixture
def levels(tmp_path: Path) -> Path:
    folder = tmp_path / "levels"
    (folder / "tiles").mkdir(parents=True)
    (folder / "tiles" / "a & b.tsx").write_text(TSX)
    return folder


def test_a_tiled_map_changes_what_it_names_and_nothing_else(levels: Path, tmp_path: Path) -> None:
    (levels / "m.tmx").write_text(TMX)
    document = read_map(levels / "m.tmx")
    assert document.cost.tolist() == [[3.0, 1.0]]
    (tmp_path / "out" / "deep").mkdir(parents=True)
    target = tmp_path / "out" / "deep" / "m.tmx"
    assert write_map(document, target) == []
    expected = TMX.replace("tiles/a &amp; b.tsx", "../../levels/tiles/a &amp; b.tsx").replace(
        "../sky", "../../sky"
    )
    assert target.read_text() == expected
    again = read_map(target)
    assert np.array_equal(again.cost, document.cost)
    assert [kind.name for kind in again.palette] == [kind.name for kind in document.palette]
    write_map(again, levels / "back.tmx")
    assert (levels / "back.tmx").read_text() == TMX
    write_map(document, levels / "same.tmx")
    assert (levels / "same.tmx").read_text() == TMX


def test_a_tiled_map_as_json_does_the_same(levels: Path, tmp_path: Path) -> None:
    content = {
        "height": 1, "width": 2, "tilewidth": 16, "tileheight": 16, "infinite": False, "orientation": "orthogonal",
        "layers": [{"id": 1, "name": "g", "type": "tilelayer", "width": 2, "height": 1, "data": [1, 2],
                    "properties": [{"name": "x", "type": "class", "value": {"source": "mine"}}]}],
        "tilesets": [{"firstgid": 1, "source": "tiles\\/a & b.tsx"}, {"firstgid": 9, "source": "/whole.tsx"}],
    }  # fmt: skip
    text = json.dumps(content, indent=1).replace("\\\\/", "\\/")
    (levels / "m.tmj").write_text(text)
    write_map(read_map(levels / "m.tmj"), tmp_path / "m.tmj")
    assert (tmp_path / "m.tmj").read_text() == text.replace("tiles\\/a & b.tsx", "levels/tiles/a & b.tsx")
    assert read_map(tmp_path / "m.tmj").cost.tolist() == [[3.0, 1.0]]


def test_from_a_longcut_file_it_goes_as_it_is(levels: Path, tmp_path: Path) -> None:
    (levels / "m.tmx").write_bytes(made.tmx())
    write_map(read_map(levels / "m.tmx"), tmp_path / "m.longcut")
    write_map(read_map(tmp_path / "m.longcut"), tmp_path / "m.tmx")
    assert (tmp_path / "m.tmx").read_bytes() == made.tmx()


@pytest.mark.skipif(not REAL, reason="LONGCUT_REAL_MAPS names no folder of real maps")
def test_a_real_project_of_ldtk_finds_its_pictures_from_elsewhere(tmp_path: Path) -> None:
    project = next(Path(REAL).rglob("Typical_TopDown_example.ldtk"))
    assert write_map(read_map(project), tmp_path / "p.ldtk") == []
    was, now = project.read_text("utf-8").splitlines(), (tmp_path / "p.ldtk").read_text("utf-8").splitlines()
    changed = [(before, after) for before, after in zip(was, now, strict=True) if before != after]
    assert changed
    for before, after in changed:
        (name, old), (same, new) = (re.findall(r'"(\w+)": "([^"]+)"', line)[0] for line in (before, after))
        assert name == same
        assert name in ("relPath", "__tilesetRelPath")
        assert (tmp_path / new).resolve() == (project.parent / old).resolve()
