"""Two maps side by side: two kept results, or one and the map that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QLabel, QVBoxLayout, QWidget

from app.base.jobs import Background
from app.canvas.thumbnail import thumbnail
from app.scenarios.translate import document_paths
from app.scenarios.words import KEPT_MEANS, kept_share
from app.widgets.parts import MARGIN, tabular
from engine.cost_maps.change import share_kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.document import MapDocument
    from maps.results import KeptResult

SIDE = 340  # px of a picture's longer edge
LEAST_CHANGE = 0.05  # of a cell's cost, from which on the cell counts as changed


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two maps.

    words: name and headline.  before: the map from which a result was made; None for that map itself.
    """

    document: MapDocument
    words: tuple[str, str]
    before: MapDocument | None = None


@dataclass(frozen=True, eq=False)
class SideMeasures:
    """What a map is like.

    route_costs: name and exact path cost, infinite without a way.
    kept: share of the cost that stays in its cell; None if the map has no origin of its size.
    changed: share of cells; None if the map has no origin.
    """

    picture: QImage
    route_costs: tuple[tuple[str, float], ...]
    kept: float | None
    changed: float | None


class ResultComparison(QDialog):
    """Shows pictures and figures of two maps; they are worked out in the background."""

    def __init__(self, results: Sequence[KeptResult], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare results"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        made = [Side(entry.after, (entry.name, entry.headline), entry.before) for entry in results]
        if len(made) == 1:
            origin = self.tr("Before"), self.tr("the map from which “{}” was made").format(results[0].name)
            made.insert(0, Side(results[0].before, origin))
        self._background = Background(self)
        self.figures: list[QLabel] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * MARGIN)
        for column, side in enumerate(made):
            self._add(grid, column, side)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(grid)
        layout.addWidget(buttons)
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetFixedSize)  # it grows with its figures
        self.finished.connect(self._background.shut_down)

    @property
    def busy(self) -> bool:
        """Whether a picture or a figure is still to come."""
        return self._background.busy

    def _add(self, grid: QGridLayout, column: int, side: Side) -> None:
        name, headline = (QLabel(words) for words in side.words)
        font = name.font()
        font.setBold(True)
        name.setFont(font)
        headline.setWordWrap(True)
        headline.setToolTip(KEPT_MEANS)
        picture, figures = QLabel(), QLabel("…")
        picture.setFixedSize(SIDE, SIDE)
        figures.setToolTip(KEPT_MEANS)
        figures.setFont(tabular(figures.font()))
        figures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.figures.append(figures)
        top = Qt.AlignmentFlag.AlignTop
        for row, label in enumerate((name, headline, picture, figures)):
            grid.addWidget(label, row, column, top)

        def show(measures: SideMeasures) -> None:
            picture.setPixmap(QPixmap.fromImage(measures.picture))
            figures.setText("\n".join(self._lines(side, measures)))

        self._background.start(lambda: _measured(side), show, _raise)

    def _lines(self, side: Side, measures: SideMeasures) -> list[str]:
        none = self.tr("no way")
        lines = [
            self.tr("Path of {}: {}").format(name, f"{cost:.5g}" if np.isfinite(cost) else none)
            for name, cost in measures.route_costs
        ]
        lines.append(self.tr("Total cost: {:.6g}").format(side.document.total_cost))
        if measures.kept is not None:
            lines.append(kept_share(measures.kept))
        if measures.changed is not None:
            share = 100.0 * measures.changed
            lines.append(self.tr("Cells changed by over {:.0f} %: {:.0f} %").format(100.0 * LEAST_CHANGE, share))
        return lines


def _measured(side: Side) -> SideMeasures:
    paths = list(document_paths(side.document))
    costs = tuple((route.name, path.cost) for route, path in zip(side.document.routes, paths, strict=True))
    picture = thumbnail(side.document, [path.cells for path in paths], SIDE)
    before, after = side.before, side.document
    if before is None:
        return SideMeasures(picture, costs, None, None)
    drawn, made = before.cost.astype(np.float64), after.cost.astype(np.float64)
    kept = share_kept(before.passable, drawn, made) if before.shape == after.shape else None
    return SideMeasures(picture, costs, kept, share_changed(before, after))


def share_changed(before: MapDocument, after: MapDocument) -> float:
    """Return the share of passable cells whose cost a run changed by more than `LEAST_CHANGE` of it.

    All of them where the maps differ in size.
    """
    if before.shape != after.shape:
        return 1.0
    changed = np.abs(after.cost - before.cost) > LEAST_CHANGE * before.cost
    return float(changed[before.passable].mean()) if before.passable.any() else 0.0


def _raise(error: Exception) -> None:
    raise error  # measuring a valid map cannot fail: a defect, which is to be seen
