"""Movement classes to begin with; what they pay is guessed from the names of the map's terrains."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maps.movement import MovementClass, plain_class

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from maps.terrain import Terrain

_ROAD = "road roads street avenue alley path track trail lane bridge square pavement planks flagstones causeway"
_WATER = "water river stream lake pond pool tarn sea ocean shallows canal lagoon harbour harbor"
_BUILT = "wall walls house houses building tower rampart masonry keep castle fence"
OFF_ROAD = 2.0  # how many times the usual price a cart pays there


@dataclass(frozen=True)
class Starter:
    """A class to begin with. words: what it pays."""

    kind: MovementClass
    words: str


def starter_classes(palette: Sequence[Terrain]) -> tuple[Starter, ...]:
    """Return a walker, a cart, a boat and a flyer for a palette.

    A cart or a boat for which no terrain's name says road or water pays the usual prices.
    """
    usual = "pays the usual prices"

    def starter(name: str, words: str, price: Callable[[Terrain], float], known: str) -> Starter:
        if not any(_called(terrain, known) for terrain in palette):
            return Starter(plain_class(name, palette), usual)
        return Starter(MovementClass(name, tuple(price(terrain) for terrain in palette)), words)

    flown = tuple(math.inf if _called(terrain, _BUILT) else 1.0 for terrain in palette)
    return (
        Starter(plain_class("Walker", palette), usual),
        starter("Cart", "pays twice as much off the road", _cart_price, _ROAD),
        starter("Boat", "goes on water only", lambda kind: 1.0 if _called(kind, _WATER) else math.inf, _WATER),
        Starter(MovementClass("Flyer", flown), "pays the same everywhere, and crosses all but walls"),
    )


def _cart_price(terrain: Terrain) -> float:
    if not terrain.passable:
        return math.inf
    return terrain.cost * (1.0 if _called(terrain, _ROAD) else OFF_ROAD)


def _called(terrain: Terrain, words: str) -> bool:
    return not set(terrain.name.lower().split()).isdisjoint(words.split())
