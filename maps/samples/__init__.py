"""Sample maps, made by `maps.samples.make`; each shows one thing."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from maps.formats import read_map

if TYPE_CHECKING:
    from maps.document import MapDocument

# name -> (title, the one thing it shows)
SAMPLES: dict[str, tuple[str, str]] = {
    "plain": ("Open plain", "Nothing in the way: cost alone has to make the way long."),
    "river": ("River with two bridges", "Two locked bridges: the route must cross by one of them."),
    "pass": ("Mountain pass", "A cheap road over the saddle: without it every way over the range is dear."),
    "city": ("City blocks", "Streets walked in four directions: cost moves the way from block to block."),
    "arena": ("Two-player arena", "Two routes, mirrored: symmetry keeps the map fair."),
    "island": ("Island", "Three landings and one keep: several weighted routes at once, and points to place."),
    "canyon": ("Canyon", "A winding gorge with arms that rejoin it: a few cells decide everything."),
    "ruins": ("Maze-like ruins", "Many walls and many ways: the largest map."),
    "lake": ("Lakeside trail", "A line is drawn along the far shore: costs change until the path takes it."),
    "woods": ("Old woods", "Six terrains and no walls: the tiles alone, rearranged, make the way long."),
    "marsh": ("Marsh", "Locked planks between islets, wider than high, and a move pays for the cell it enters."),
    "harbour": ("Harbour bay", "Walkers and carts go round the bay, boats cross it: three classes, one run."),
    "garden": ("Walled garden", "A lawn between gate and pavilion: hedges, placed as walls, make the walk long."),
}


def sample_path(name: str) -> Path:
    """Return the file of the sample map of this name. Raises KeyError, naming those that exist, for any other."""
    if name not in SAMPLES:
        raise KeyError(f"there is no sample map {name!r}; there are {', '.join(SAMPLES)}")
    return Path(str(files("maps.samples") / f"{name}.longcut"))


def load_sample(name: str) -> MapDocument:
    """Return the sample map of this name, as a document."""
    return read_map(sample_path(name))
