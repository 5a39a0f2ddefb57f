"""Real Tiled maps: their known values, given back byte for byte, and read alike by the editor itself."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from maps import edits, raster
from maps.errors import MapFormatError
from maps.formats import losses, read_map, write_map
from maps.formats.tiled import tmj, tmx
from maps.samples import load_sample
from maps.terrain import NO_TERRAIN

REAL = Path(os.environ.get("LONGCUT_REAL_MAPS", "nowhere")) / "tiled"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason="LONGCUT_REAL_MAPS names no folder of real maps")
KNOWN = {  # file -> rows, columns, non-empty cells of the layers, distinct tiles of the first
    "desert.tmx": (40, 40, [1600], 40),
    "rpg/island.tmx": (47, 58, [2726, 81, 69], 62),
    "more/flipped__flipped.tmx": (1, 4, [4], 1),
}


@needs_real
@pytest.mark.parametrize("name", KNOWN)
def test_real_maps_have_their_known_values(name):
    rows, columns, filled, distinct = KNOWN[name]
    tiled = tmx.read(REAL / name, (REAL / name).read_bytes())
    assert tiled.shape == (rows, columns)
    assert [int(np.count_nonzero(layer.gids)) for layer in tiled.layers] == filled
    assert len(np.unique(tiled.layers[0].gids & 0x0FFFFFFF)) == distinct


@needs_real
def test_turned_tiles_are_known_for_what_they_are():
    flipped = tmx.read(REAL / "more/flipped__flipped.tmx", (REAL / "more/flipped__flipped.tmx").read_bytes())
    assert int((flipped.layers[0].gids > 0x0FFFFFFF).sum()) == 3
    island = tmx.read(REAL / "rpg/island.tmx", (REAL / "rpg/island.tmx").read_bytes())
    assert int((island.layers[0].gids > 0x0FFFFFFF).sum()) == 4
    assert [thing.kind for thing in island.objects] == ["start", "exit", "rest"]
    (route,) = read_map(REAL / "rpg/island.tmx").routes
    assert (route.start, route.goal) == ((29, 49), (14, 22))


@needs_real
@pytest.mark.parametrize("source", sorted(REAL.rglob("*.tmx")), ids=lambda source: source.name)
def test_real_maps_are_given_back_byte_for_byte_or_refused(tmp_path, source):
    copy = tmp_path / "tiled"
    shutil.copytree(REAL, copy)
    path = copy / source.relative_to(REAL)
    path.parent.chmod(0o755)
    if "hexagonal" in source.name:
        with pytest.raises(MapFormatError, match="hexagons"):
            read_map(path)
        return
    target = path.with_name("back.tmx")
    document = read_map(path)
    write_map(document, target)
    assert target.read_bytes() == source.read_bytes()
    assert losses(document, target) == losses(document, path)


needs_tiled = pytest.mark.skipif(shutil.which("tiled") is None, reason="the Tiled editor is not installed")


def tiles_of(tiled, layer):
    """What each cell shows: which tile of which set, turned how. The editor numbers its sets anew."""
    shown = {}
    for gid in np.unique(layer.gids).tolist():
        tileset = tiled.tileset_of(gid & 0x0FFFFFFF) if gid else None
        local = 0 if tileset is None else (gid & 0x0FFFFFFF) - tileset.first_gid
        shown[gid] = (tileset.name if tileset else "", local, gid >> 28)
    return [shown[gid] for gid in layer.gids.ravel().tolist()]


@needs_tiled
@pytest.mark.slow
def test_the_editor_itself_reads_the_same_tiles(tmp_path):
    written = []
    for name in ("woods", "garden", "island"):
        document = load_sample(name)
        free = np.array(document.cost)
        free[3, 3:9] = [1.1, 1.2, 1.3, 1.4, 1.5, 1.6]
        target = tmp_path / f"{name}.tmx"
        terrain = np.where(free == document.cost, document.terrain, NO_TERRAIN)
        write_map(document.replace(cost=free, terrain=terrain), target)
        written.append(target)
    if REAL.is_dir():
        shutil.copytree(REAL, tmp_path / "real")
        for name in ("desert.tmx", "rpg/island.tmx", "sewers.tmx", "more/csvmap__csvmap.tmx"):
            path = tmp_path / "real" / name
            path.parent.chmod(0o755)
            document = read_map(path)
            turned = edits.apply_terrain(document, document.terrain[::-1, ::-1]).document
            disc = raster.disc(document.shape, (5, 5), 4)
            write_map(edits.paint(turned, disc, "set", 2.2).document, path.with_name("o.tmx"))
            written.append(path.with_name("o.tmx"))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for path in written:
        out = path.with_suffix(".json")
        command = ["tiled", "--export-map", "json", path, out]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        editor, ours = tmj.read(out, out.read_bytes()), tmx.read(path, path.read_bytes())
        assert [layer.name for layer in editor.layers] == [layer.name for layer in ours.layers]
        for one, other in zip(editor.layers, ours.layers, strict=True):
            assert tiles_of(editor, one) == tiles_of(ours, other)
        assert [thing.name for thing in editor.objects] == [thing.name for thing in ours.objects]
        for one, other in zip(editor.objects, ours.objects, strict=True):
            assert one.position == pytest.approx(other.position)
