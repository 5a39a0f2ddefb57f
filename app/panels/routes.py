"""The routes: name, weight, colour, path cost, and the cost that each should have."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout

from app.tools.routes import new_route
from app.widgets.choices import offer_in_cell
from app.widgets.entry_table import Column, EntriesPanel
from app.widgets.parts import Button, RemoveButton, ask_colour, number, shortest, swatch
from maps.checks import positive
from maps.document import MapDocument, Route
from maps.edits import remove_route, set_route

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtWidgets import QWidget

    from app.document.model import DocumentModel
    from maps.document import Cell, Journey

NUMBER, COLOUR, NAME, WALKER, WEIGHT, COST, TARGET = range(7)


class RoutesPanel(EntriesPanel[Route]):
    """List the routes. The window tells what paths cost (`show_costs`) and if targets count (`show_targets`)."""

    route_chosen = Signal(int)
    targets_changed = Signal()  # `targets` gives others now; only while they are in view

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(model, lambda document: document.routes, set_route, remove_route, parent)
        # By these, so that a path's cost stays beside its route whatever is added or removed.
        self._costs: dict[Journey, float] = {}  # on the map in view
        self._drawn_costs: dict[Journey, float] = {}
        self._stale = False  # the costs are of an earlier state of the map in view
        self._targets: dict[str, float] = {}
        self._told: tuple[float, ...] = ()
        self._add_button(Button(self.tr("Add"), self.tr("Add a route; drag its ends on the map")), self._add)
        self._swap_button = self._add_button(
            Button(self.tr("Swap ends"), self.tr("Let the route run the other way")), self._swap
        )
        self._remove_button = self._add_button(
            RemoveButton(self.tr("Remove"), self.tr("Remove the chosen route (Del)")), self.remove
        )
        self.table.setAccessibleName(self.tr("Routes"))
        self.subject = QLabel()
        self.subject.setProperty("dim", True)
        self.subject.hide()
        box = self.layout()
        assert isinstance(box, QVBoxLayout)
        box.insertWidget(1, self.subject)
        self.table.cellClicked.connect(self._ask)
        self.table.used.connect(self._ask)
        self.show_targets(False)
        self.refresh()

    def show_costs(self, costs: Mapping[Journey, float], subject: str = "", *, stale: bool = False) -> None:
        """Show what paths cost, by the journeys of their routes; infinite where there is no path.

        subject: on which map, in words; empty for the drawn one.  stale: those of an earlier state of it.
        """
        shown = dict(costs), stale
        if shown != (self._costs, self._stale):
            self._costs, self._stale = shown
            self.refresh()
        words = self.tr("Costs of {}").format(subject) if subject else ""
        if words != self.subject.text():
            self.subject.setText(words)
            self.subject.setVisible(bool(words))

    def show_drawn_costs(self, costs: Mapping[Journey, float]) -> None:
        """Take what paths cost on the drawn map: there a target keeps the cost of now."""
        if costs != self._drawn_costs:
            self._drawn_costs = dict(costs)
            self.refresh()
            self._tell_targets()

    def _show(self, document: MapDocument) -> None:
        self.table.setColumnHidden(WALKER, not document.classes)
        super()._show(document)

    def show_targets(self, wanted: bool) -> None:
        """Show or hide the column of target costs."""
        self.table.setColumnHidden(TARGET, not wanted)
        self._tell_targets()

    def targets(self) -> tuple[float, ...]:
        """Return a cost for each route: the target that was typed, else what its path costs now.

        Empty while none was typed, or there is a route that has neither.
        """
        found = [self._targets.get(route.name, self._cost(route, drawn=True)) for route in self._shown]
        return tuple(found) if self._any_typed() and all(map(math.isfinite, found)) else ()

    def _any_typed(self) -> bool:
        return any(route.name in self._targets for route in self._shown)

    def _tell_targets(self) -> None:
        if not self.table.isColumnHidden(TARGET) and self.targets() != self._told:
            self._told = self.targets()
            self.targets_changed.emit()

    def _make_columns(self) -> Sequence[Column]:
        return (
            Column("#", self.tr("The number that the map shows at the route's ends"), 18),
            Column("", self.tr("The route's colour on the map"), 22),
            Column(self.tr("Name"), self.tr("The route's name"), editable=True),
            Column(self.tr("Walked by"), self.tr("The movement class whose prices the route's path pays"), 70),
            Column(self.tr("Weight"), self.tr("How much the route counts beside the others"), 50, True, True),
            Column(self.tr("Cost"), self.tr("What the cheapest path costs now"), 54, False, True),
            Column(self.tr("Target"), self.tr("What the path should cost after a run"), 48, True, True),
        )

    def _fill(self, row: int, entry: Route) -> None:
        cost = self._cost(entry)
        self._text(row, NUMBER, str(row + 1))
        self._icon(row, COLOUR, swatch(entry.colour), self.tr("Click for another colour"))
        self._text(row, NAME, entry.name, f"{entry.name}: {_ends(entry)}")
        walker = entry.movement or self.tr("everybody")
        self._text(row, WALKER, walker, self.tr("{}; click to choose").format(walker), not entry.movement)
        self._text(row, WEIGHT, shortest(entry.weight))
        self._text(row, COST, *self._cost_in_words(entry, cost), dim=math.isnan(cost) or self._stale)
        target, now = self._targets.get(entry.name), self._cost(entry, drawn=True)
        if target is not None:
            self._text(row, TARGET, shortest(target), self.tr("Empty it to keep the cost of now"))
        elif self._any_typed() and math.isfinite(now):
            self._text(row, TARGET, f"{now:.1f}", self.tr("Not typed: the cost of now is kept"), dim=True)
        else:
            self._text(row, TARGET, "–", self.tr("None yet; type what the path should cost"), dim=True)

    def _cost(self, route: Route, *, drawn: bool = False) -> float:
        """Return what a route's path costs on the map in view, or on the drawn one; NaN where not known."""
        costs = self._drawn_costs if drawn else self._costs
        return costs.get(route.journey, math.nan)

    def _cost_in_words(self, route: Route, cost: float) -> tuple[str, str]:
        if math.isnan(cost):
            return "…", self.tr("Not yet worked out, or the map in view has no such route")
        if math.isinf(cost):
            return self.tr("no way"), self.tr("Walls cut the goal off from the start")
        promised = route.expected_cost
        # Scenario files give two to eight decimals, and speak of the map as it was drawn.
        if promised is not None and not self.subject.text() and abs(cost - promised) > max(2e-4, 1e-5 * promised):
            return f"≠ {cost:.1f}", self.tr("{:.7g}; the scenario file says {:.7g}").format(cost, promised)
        return f"{cost:.1f}", f"{cost:.7g}"

    def _typed(self, entry: Route, column: int, text: str) -> tuple[str, Route]:
        if column == NAME:
            renamed = replace(entry, name=text.strip())
            if entry.name in self._targets:
                self._targets[renamed.name] = self._targets.pop(entry.name)
            return self.tr("Rename route"), renamed
        if column == WEIGHT:
            weight = positive(self.tr("weight of {}").format(entry.name), number(text))
            return self.tr("Weigh route"), replace(entry, weight=weight)
        if text.strip(" –"):
            self._targets[entry.name] = positive(self.tr("target of {}").format(entry.name), number(text))
        else:
            self._targets.pop(entry.name, None)
        self.refresh()  # the other rows' targets come or go with the first and the last that is typed
        self._tell_targets()
        return self.tr("Target"), entry

    def _choose(self, row: int) -> None:
        self.route_chosen.emit(row)

    def _allow_buttons(self) -> None:
        none = "" if self._active < len(self._shown) else self.tr("Choose a route first")
        self._swap_button.allow(none)
        self._remove_button.allow(none)

    def _add(self) -> None:
        document = self._model.document
        start, goal = _free_ends(document, len(self._shown))
        self._append(self.tr("Add route"), new_route(document, start, goal))

    def _swap(self) -> None:
        route = self._shown[self._active]
        both_ways = self._model.document.rule.cost_rule == "mean"
        self._replace(
            self._active,
            self.tr("Swap ends"),
            replace(
                route,
                start=route.goal,
                goal=route.start,
                expected_cost=route.expected_cost if both_ways else None,
            ),
        )

    def _ask(self, row: int, column: int) -> None:
        """Ask for what a cell without a text to type shows."""
        if column == COLOUR:
            self._ask_colour(row)
        elif column == WALKER:
            kinds = {"": self.tr("everybody")} | {kind.name: kind.name for kind in self._model.document.classes}
            offer_in_cell(
                self.table, row, column, kinds, self._shown[row].movement, lambda kind: self._let_walk(row, kind)
            )

    def _let_walk(self, row: int, kind: str) -> None:
        route = self._shown[row]
        if kind != route.movement:  # a promised cost is that of who walked it
            walked = replace(route, movement=kind, expected_cost=None)
            self._replace(row, self.tr("Walker of route"), walked)

    def _ask_colour(self, row: int) -> None:
        route = self._shown[row]
        colour = ask_colour(self, route.colour, self.tr("Colour of {}").format(route.name))
        if colour is not None:
            self._replace(row, self.tr("Colour route"), replace(route, colour=colour))


def _ends(route: Route) -> str:
    (r0, c0), (r1, c1) = route.start, route.goal
    return f"({r0}, {c0}) → ({r1}, {c1})"


def _free_ends(document: MapDocument, number_of: int) -> tuple[Cell, Cell]:
    """Return open cells near the left and the right border, for each further route at another height."""
    height, width = document.shape
    # 1/2, 1/4, 3/4, 1/8, 3/8, …: the more routes, the finer.
    level = (number_of + 1).bit_length() - 1
    share = (2 * (number_of + 1 - (1 << level)) + 1) / (2 << level)
    row = int(share * height)
    return _open_cell_near(document, row, width // 8), _open_cell_near(document, row, width - 1 - width // 8)


def _open_cell_near(document: MapDocument, row: int, col: int) -> Cell:
    reach = 8
    while True:
        top, left = max(0, row - reach), max(0, col - reach)
        down, right = np.nonzero(document.passable[top : row + reach + 1, left : col + reach + 1])
        if len(down):
            nearest = np.argmin(np.hypot(down + top - row, right + left - col))
            return int(down[nearest]) + top, int(right[nearest]) + left
        if reach >= max(document.shape):
            return row, col
        reach *= 4
