"""Damaged files that a Tiled map names, tilesets, templates, pictures: it is read without them, or refused."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from maps.formats import read_map
from tests.maps.formats.test_hostile import assert_survives, mutated
from tests.maps.formats.tiled import made
from tests.maps.strategies import MUTATIONS

TSX = '<?xml version="1.0"?>\n' + made.TILESET.replace(' firstgid="1"', "")
TSJ = """{"name": "ground", "tilewidth": 16, "tileheight": 16, "tilecount": 16, "columns": 4,
"image": "ground.png",
"tiles": [{"id": 0, "type": "grass", "properties": [{"name": "cost", "type": "float", "value": 2.5}]}],
"wangsets": [{"name": "w", "colors": [{"name": "mud"}], "wangtiles": [{"tileid": 1, "wangid": [1, 1, 1, 1]}]}]}"""
TEMPLATE = """<?xml version="1.0"?>
<template><object name="start" type="start" width="16" height="16"><point/></object></template>"""


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(64 * 64 * 3, dtype=np.uint32).reshape(64, 64, 3).astype(np.uint8)).save(
        buffer, "PNG"
    )
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "whole"),
    [("t.tsx", TSX.encode()), ("t.tsj", TSJ.encode()), ("t.tx", TEMPLATE.encode()), ("ground.png", picture())],
)
def test_damaged_parts_of_maps_are_read_or_refused(tmp_path: Path, name: str, whole: bytes) -> None:
    source = name if name in ("t.tsx", "t.tsj") else "whole.tsx"
    objects = '<objectgroup id="2" name="o"><object id="1" template="t.tx" x="8" y="8"/></objectgroup>'
    text = made.tmx(objects=objects).decode().replace(made.TILESET, f'<tileset firstgid="1" source="{source}"/>')
    (tmp_path / "whole.tsx").write_text(TSX)
    (tmp_path / "t.tx").write_text(TEMPLATE)
    (tmp_path / "level.tmx").write_text(text)
    (tmp_path / name).write_bytes(whole)
    assert not assert_survives(tmp_path / "level.tmx", read_map)
    generator = random.Random(name)
    for _ in range(MUTATIONS // 8):
        (tmp_path / name).write_bytes(mutated(whole, generator))
        assert_survives(tmp_path / "level.tmx", read_map)
