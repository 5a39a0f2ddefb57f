"""How one moves on a map: the rule of its moves, and the classes of those who move by prices of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from maps.checks import check_choice, check_text, positive
from maps.errors import MapError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.terrain import Terrain

Neighbours: TypeAlias = Literal[4, 8]
CornerRule: TypeAlias = Literal["both_open", "one_open", "free"]
CostRule: TypeAlias = Literal["mean", "entered"]
NEIGHBOURS: tuple[Neighbours, ...] = (4, 8)
CORNER_RULES: tuple[CornerRule, ...] = ("both_open", "one_open", "free")
COST_RULES: tuple[CostRule, ...] = ("mean", "entered")

SIZES = tuple(range(1, 17))


@dataclass(frozen=True)
class MovementRule:
    """Which moves are legal and what they cost.

    corner_rule, for diagonal moves: "both_open" needs both orthogonal cells passable (the rule of the Moving
    AI benchmarks), "one_open" at least one, "free" none.
    cost_rule: a move of length 1 or √2 costs its length times the "mean" of the two cells' costs, or the cost
    of the "entered" cell.
    """

    neighbours: Neighbours = 8
    corner_rule: CornerRule = "both_open"
    cost_rule: CostRule = "mean"

    def __post_init__(self) -> None:
        check_choice("neighbours", self.neighbours, NEIGHBOURS)
        check_choice("corner_rule", self.corner_rule, CORNER_RULES)
        check_choice("cost_rule", self.cost_rule, COST_RULES)


@dataclass(frozen=True)
class MovementClass:
    """Those who move alike, as walkers, carts or boats: what they pay, how wide they are, how they step.

    costs: what they pay in each terrain of the palette, in its order; infinite where they cannot go. An
        impassable terrain may have a price too: a boat crosses water that nobody walks on.
    factor: what they pay in a cell without a terrain, as a multiple of its cost.
    size: they stand on size × size cells, all of which must let them in; see `engine.core.clearance`.
    neighbours, corner_rule: of their moves; None for the map's own.
    """

    name: str
    costs: tuple[float, ...]
    factor: float = 1.0
    size: int = 1
    neighbours: Neighbours | None = None
    corner_rule: CornerRule | None = None

    def __post_init__(self) -> None:
        where = f"movement class {self.name!r}"
        check_text("movement class: name", self.name)
        if not self.name:
            raise MapError("a movement class has no name; give it one, for routes to call it by")
        costs = tuple(
            math.inf if cost == math.inf else positive(f"{where}: cost {number}", cost)
            for number, cost in enumerate(self.costs)
        )
        object.__setattr__(self, "costs", costs)
        object.__setattr__(self, "factor", positive(f"{where}: factor", self.factor))
        check_choice(f"{where}: size", self.size, SIZES)
        check_choice(f"{where}: neighbours", self.neighbours, (None, *NEIGHBOURS))
        check_choice(f"{where}: corner_rule", self.corner_rule, (None, *CORNER_RULES))

    def rule_on(self, rule: MovementRule) -> MovementRule:
        """Return the rule by which this class moves on a map with a rule of its own."""
        return MovementRule(
            self.neighbours or rule.neighbours, self.corner_rule or rule.corner_rule, rule.cost_rule
        )


def plain_class(name: str, palette: Sequence[Terrain]) -> MovementClass:
    """Return a class that pays what the palette says, and goes where it lets one."""
    return MovementClass(name, tuple(terrain.cost if terrain.passable else math.inf for terrain in palette))
