"""Draw the key of the routes: the colour of each, its name, who walks it, and what its path costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QGuiApplication, QPainter, QPen

from app.canvas.legend import LEFT, PADDING, ROW, inks, letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.document import Journey, Route

MOST_ROWS = 8
WIDEST = 420  # px; the words of a longer row end in an ellipsis
_LINE, _GAP = 22, 14  # px: a piece of the route's line, and what is between name and cost
_DARK, _LIGHT = QColor(20, 20, 24), QColor(250, 250, 252)


@dataclass(frozen=True, eq=False)
class PathCosts:
    """What the paths of routes cost, by their journeys; stale: on an earlier state of the map in view."""

    of: Mapping[Journey, float]
    stale: bool = False


@dataclass(frozen=True, eq=False)
class RouteKey:
    """One row for each route. bottom: where it ends on the canvas, px."""

    bottom: int
    routes: Sequence[Route]
    costs: PathCosts

    @property
    def shown(self) -> Sequence[Route]:
        """The routes there is room for; of the others their number is told."""
        return self.routes if len(self.routes) <= MOST_ROWS else self.routes[: MOST_ROWS - 1]

    @cached_property
    def words(self) -> list[tuple[str, str]]:
        """Name, with who walks there, and cost of each route."""
        return [(self._name(number, route), self._cost(route)) for number, route in enumerate(self.shown, 1)]

    @property
    def area(self) -> QRect:
        """Where it lies on the canvas, px; empty without routes."""
        if not self.routes:
            return QRect()
        rows = len(self.shown) + (len(self.shown) < len(self.routes))
        metrics = QFontMetrics(letters(QGuiApplication.font()))
        # Room for the figures of a run, so that the box does not change its width with them.
        figures = metrics.horizontalAdvance("00000.0")
        names = max(metrics.horizontalAdvance(name) for name, _ in self.words)
        width = min(names + figures + _LINE + _GAP + 5 * PADDING, WIDEST)
        tall = rows * ROW + 2 * PADDING
        return QRect(LEFT, self.bottom - tall, width, tall)

    def _name(self, number: int, route: Route) -> str:
        name = route.name or QCoreApplication.translate("RouteKey", "Route {}").format(number)
        numbered = f"{number}  {name}" if len(self.routes) > 1 else name
        return f"{numbered} · {route.movement}" if route.movement else numbered

    def _cost(self, route: Route) -> str:
        cost = self.costs.of.get(route.journey, math.nan)
        if math.isinf(cost):
            return QCoreApplication.translate("RouteKey", "no way")
        return "…" if math.isnan(cost) else f"{cost:.1f}"


def draw_route_key(painter: QPainter, key: RouteKey) -> None:
    """Draw a row for each route, with a piece of its line as it is on the map."""
    area, colours = key.area, inks()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colours.ground)
    painter.drawRoundedRect(area, 6, 6)
    painter.setFont(letters(painter.font()))
    metrics, middle = painter.fontMetrics(), Qt.AlignmentFlag.AlignVCenter
    row = QRect(area.left() + PADDING, area.top() + PADDING, area.width() - 2 * PADDING, ROW)
    for route, (name, cost) in zip(key.shown, key.words, strict=True):
        y = row.center().y() + 0.5
        for colour, width in ((_DARK, 6.0), (QColor(route.colour), 3.5)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(row.left() + 6.0, y), QPointF(row.left() + _LINE - 2.0, y))
        words = row.adjusted(_LINE + PADDING, 0, -PADDING, 0)
        painter.setPen(colours.dim if key.costs.stale else colours.words)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | middle, cost)
        room = words.width() - metrics.horizontalAdvance(cost) - PADDING
        painter.setPen(colours.words)
        painter.drawText(words, middle, metrics.elidedText(name, Qt.TextElideMode.ElideRight, room))
        row.translate(0, ROW)
    more = len(key.routes) - len(key.shown)
    if more:
        painter.setPen(colours.dim)
        told = QCoreApplication.translate("RouteKey", "+ {} more").format(more)
        painter.drawText(row.adjusted(_LINE + PADDING, 0, 0, 0), middle, told)
    painter.restore()
