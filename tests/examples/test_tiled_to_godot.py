"""README's way from a Tiled map to a Godot scene, its commands run as they stand there.

On the editor's own example where it is at hand, else on a small island made here.
"""

import os
import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest

from app.bootstrap.project import ROOT
from app.cli import main as cli
from maps.formats import read_map
from tests.app.cli.calling import record
from tests.maps.engines import reading

README = (ROOT / "README.md").read_text("utf-8")
REAL = os.environ.get("LONGCUT_REAL_MAPS")
SEA = "0:148"
NO_REAL_MAPS = pytest.mark.skipif(not REAL, reason="LONGCUT_REAL_MAPS names no folder of real maps")


def steps() -> tuple[list[list[str]], str]:
    """The commands that README shows, and what it says that they print."""
    section = re.split(r"\n##+ ", README[README.index("From a Tiled map to a Godot scene") :])[0]
    commands = [line for block in re.findall(r"```\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in commands], section


def small_island(folder: Path) -> None:
    gids = np.full((12, 14), 149)
    gids[3:9, 2:12] = 339
    rows = ",\n".join(",".join(map(str, row)) for row in gids.tolist())
    (folder / "island.tmx").write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<map version="1.8" orientation="orthogonal" width="14" height="12" tilewidth="16" tileheight="16"'
        ' infinite="0" nextlayerid="3" nextobjectid="3">\n'
        ' <tileset firstgid="1" name="beach" tilewidth="16" tileheight="16" tilecount="400" columns="20"/>\n'
        ' <layer id="1" name="Ground" width="14" height="12">\n'
        f'  <data encoding="csv">\n{rows}\n</data>\n </layer>\n'
        ' <objectgroup id="2" name="Places">\n  <object id="1" name="start" x="8" y="8"><point/></object>\n'
        '  <object id="2" name="exit" x="200" y="180"><point/></object>\n </objectgroup>\n</map>\n',
        "utf-8",
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "real", [False, pytest.param(True, marks=pytest.mark.skipif(not REAL, reason="no real maps"))]
)
def test_the_readme_s_commands_lead_to_a_scene(
    real: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if real:
        for file in (Path(REAL or "") / "tiled" / "rpg").iterdir():
            shutil.copy(file, tmp_path)
    else:
        small_island(tmp_path)
    monkeypatch.chdir(tmp_path)
    commands, section = steps()
    assert [words[0] for words in commands] == ["import", "import", "solve", "export"]
    lines = record(monkeypatch)
    for words in commands:
        *given, into, name = words if ">" in words else (*words, "", "")
        lines.clear()
        assert cli.main(given) == cli.DONE
        if into == ">":  # what goes to the file is what the table's header begins
            table = "".join(lines)
            table = table[table.index("tile,name,cells") :]
            changed = re.sub(rf"^({SEA},.*),1,yes$", r"\1,4,yes", table, flags=re.MULTILINE)
            assert changed != table
            (tmp_path / name).write_text(changed, "utf-8")
        if real:
            for figure in re.findall(r"^> (.+)$", section, re.MULTILINE):
                if figure.startswith("Path") == (given[0] == "solve") and given[0] in ("solve", "export"):
                    assert figure in "".join(lines), "README has the figures that are printed"
    costs = reading.godot(tmp_path / "levels", "island")
    result = read_map(tmp_path / "island.longcut")
    assert costs.shape == result.shape
    assert np.abs(costs - result.cost)[result.passable].max() < 0.01
    assert len(np.unique(costs)) <= 255
    sea = next(number for number, kind in enumerate(result.palette) if kind.tile == SEA)
    assert result.palette[sea].cost == 4.0
