"""Maps for game engines: what each reads, and the files for it. One table serves every interface."""

from __future__ import annotations

from maps.engines.exr import EXR
from maps.engines.godot import GODOT
from maps.engines.godot_astar import GODOT_ASTAR
from maps.engines.ldtk import LDTK
from maps.engines.phaser import PHASER
from maps.engines.target import EngineFiles, EngineTarget, Seen
from maps.engines.tiled_maps import BEVY, TILED
from maps.engines.unity import UNITY
from maps.engines.unreal import UNREAL

__all__ = ["BACK_INTO_ITS_FILE", "TARGETS", "EngineFiles", "EngineTarget", "Seen"]

TARGETS: dict[str, EngineTarget] = {
    target.name: target for target in (GODOT, GODOT_ASTAR, UNITY, UNREAL, PHASER, BEVY, TILED, LDTK, EXR)
}
# Editors whose own file a map goes back to; for all others the file that it came from is not to be replaced.
BACK_INTO_ITS_FILE = (TILED.name, LDTK.name)
