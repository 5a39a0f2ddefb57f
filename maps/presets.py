"""What a designer has said of a set of tiles, kept in a folder of presets for the next map with the same tiles."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from maps.errors import MapError, MapFormatError
from maps.formats.limits import MAX_JSON, read_file
from maps.safe_save import save_bytes
from maps.terrain import Terrain
from maps.tile_table import table_of, with_look, with_names, with_price, with_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maps.document import MapDocument
    from maps.tiles import MapTiles

Json = dict[str, Any]


@dataclass(frozen=True)
class Preset:
    """A set of tiles. tiles: the name of the terrain that each is, by what it is called in its set.

    terrains: by their names.  prices: what movement classes pay, by the names of terrain and class.
    """

    tiles: Mapping[str, str]
    terrains: Mapping[str, Terrain]
    prices: Mapping[str, Mapping[str, float]]


def presets_of(document: MapDocument, tiles: MapTiles) -> dict[str, Preset]:
    """Return what a map says of each set of tiles that it uses, by the set's name (its family)."""
    table = table_of(document, tiles)
    found: dict[str, Preset] = {}
    for family in sorted({kind.family for kind in tiles.kinds if kind.family}):
        # Cells without a tile belong to no set; with each of them they are kept.
        own = [number for number, kind in enumerate(tiles.kinds) if kind.family in (family, "") and kind.local]
        terrains = {table.of_kind[number] for number in own}
        prices = list(zip(document.classes, table.prices, strict=True))
        found[family] = Preset(
            {tiles.kinds[number].local: table.terrains[table.of_kind[number]].name for number in own},
            {table.terrains[each].name: replace(table.terrains[each], tile="") for each in terrains},
            {table.terrains[each].name: {kind.name: paid[each] for kind, paid in prices} for each in terrains},
        )
    return found


def with_presets(document: MapDocument, tiles: MapTiles, presets: Mapping[str, Preset]) -> MapDocument:
    """Return the map with what presets, by family, say of its tiles; tiles that they do not know stay as they are.

    Where two of them say different things of one name, the later one's terrain gets a number behind it.
    """
    terrains: dict[str, Terrain] = {}
    prices: dict[str, Mapping[str, float]] = {}
    names: dict[int, str] = {}
    for family, preset in presets.items():
        renamed: dict[str, str] = {}
        for number, kind in enumerate(tiles.kinds):
            name = preset.tiles.get(kind.local) if kind.family in (family, "") and number not in names else None
            if name is None:
                continue
            if name not in renamed:
                renamed[name] = name
                while terrains.setdefault(renamed[name], preset.terrains[name]) != preset.terrains[name]:
                    renamed[name] += " 2"
                prices.setdefault(renamed[name], preset.prices.get(name, {}))
            names[number] = renamed[name]
    table = with_names(table_of(document, tiles), names)
    for name, terrain in terrains.items():
        number = table.numbered(name)
        if number is None:
            continue
        table = with_look(table, number, replace(terrain, tile=""))
        for movement, kind in enumerate(document.classes):
            if kind.name in prices[name]:
                table = with_price(table, movement, number, prices[name][kind.name])
    return with_table(document, tiles, table)


def save_presets(folder: Path, presets: Mapping[str, Preset]) -> None:
    """Write presets, each into a file of its own; what an older file says of other tiles is kept.

    Raises MapSaveError or OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for family, preset in presets.items():
        old = load_preset(folder, family)
        if old is not None:
            tiles = {**old.tiles, **preset.tiles}
            used = set(tiles.values())
            terrains = {name: each for name, each in {**old.terrains, **preset.terrains}.items() if name in used}
            preset = Preset(tiles, terrains, {**old.prices, **preset.prices})
        text = json.dumps({"family": family, **_described(preset)}, ensure_ascii=False, indent=1) + "\n"
        save_bytes(_file(folder, family), text.encode())


def load_preset(folder: Path, family: str) -> Preset | None:
    """Return the preset of a set of tiles; None where there is none, or its file is damaged."""
    try:
        entry: Any = json.loads(read_file(_file(folder, family), MAX_JSON))
        return _read(cast("Json", entry)) if isinstance(entry, dict) else None
    except (MapFormatError, MapError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _file(folder: Path, family: str) -> Path:
    return folder / f"{hashlib.sha256(family.encode()).hexdigest()[:32]}.json"


def _described(preset: Preset) -> Json:
    terrains: dict[str, Json] = {}
    for name, kind in preset.terrains.items():
        paid = preset.prices.get(name, {})
        prices = {each: None if math.isinf(price) else price for each, price in paid.items()}
        look: Json = {"cost": kind.cost, "passable": kind.passable, "colour": kind.colour}
        terrains[name] = {**look, "prices": prices}
    return {"terrains": terrains, "tiles": dict(preset.tiles)}


def _read(entry: Json) -> Preset:
    terrains: dict[str, Terrain] = {}
    prices: dict[str, dict[str, float]] = {}
    for name, each in entry["terrains"].items():
        terrains[name] = Terrain(name, each["cost"], each["colour"], each["passable"] is not False)
        paid = {kind: math.inf if price is None else float(price) for kind, price in each["prices"].items()}
        prices[name] = {kind: price for kind, price in paid.items() if price > 0.0}
    tiles = {str(local): str(name) for local, name in entry["tiles"].items() if name in terrains}
    return Preset(tiles, terrains, prices)
