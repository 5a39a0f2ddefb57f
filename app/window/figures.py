"""Bring what is in view to every panel with figures, so that all of them speak of one map and one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.run.model import RunModel
    from app.run.view import RunView
    from app.scenarios.frame import Frame
    from app.window.docks import Docks, Panels
    from maps.document import MapDocument

    Paths = tuple[npt.NDArray[np.int64], ...]


class Figures(QObject):
    """Shows `RunView.shown` in the panels, and lets the view know what is chosen in them."""

    def __init__(
        self, view: RunView, run: RunModel, model: DocumentModel, canvas: Canvas, panels: Panels, docks: Docks
    ) -> None:
        super().__init__(docks)
        self._view, self._run, self._model = view, run, model
        self._panels, self._docks = panels, docks
        view.shown_changed.connect(self._show_map)
        for changed in (
            view.shown_changed,
            run.state_changed,
            run.figures_changed,
            model.history_changed,
            model.results_changed,
        ):
            changed.connect(self._show_headline)
        view.progress_changed.connect(lambda: panels.progress.show_run(run))
        run.progress_changed.connect(panels.run.show_progress)
        run.progress_changed.connect(lambda: panels.progress.show_preparing(run.preparing))
        run.state_changed.connect(self._show_training)
        view.gallery_changed.connect(self._show_gallery)
        view.frame_shown.connect(self._show_features)
        timeline = panels.progress.timeline
        view.compare_changed.connect(timeline.compare.setChecked)
        timeline.compare_toggled.connect(view.compare)
        timeline.frame_chosen.connect(view.scrub)
        panels.plan.plan_changed.connect(view.show_plan)
        panels.plan.row_hovered.connect(canvas.highlight_row)
        panels.layers.visible_changed.connect(view.refresh)
        canvas.point_hovered.connect(self._point_at)
        model.results_changed.connect(self._count_results)
        self._count_results()

    def _show_map(self) -> None:
        """Show routes, points and results as of the map in view."""
        shown, panels = self._view.shown, self._panels
        measures = shown.measures
        panels.routes.show_costs(
            {} if measures is None else measures.route_costs,
            shown.costs_subject,
            stale=measures is not None and not shown.measured,
        )
        if self._view.drawn_measures is not None:
            panels.routes.show_drawn_costs(self._view.drawn_measures.route_costs)
        moving = shown.moving and shown.frame is not None and bool(shown.frame.layouts)
        points = shown.document if moving else self._view.map_of_points
        plan = None if shown.frame is None else shown.frame.plan
        panels.plan.show_map(points, shown.subject, moving=moving, ground="" if plan is None else plan.ground)
        panels.progress.timeline.show_left(self._view.run_left)
        panels.results.show_in_view(shown.result, shown.amount, drawn=shown.frame is None)

    def _count_results(self) -> None:
        count = len(self._model.results)
        title = self.tr("Results ({})").format(count) if count else self.tr("Results")
        self._docks.entitle(self._panels.results, title)

    def _show_headline(self) -> None:
        self._panels.run.show_headline(self._view.headline)

    def _show_training(self) -> None:
        scenario = self._run.scenario
        self._panels.gallery.show_training(self._run.busy and scenario is not None and scenario.makes_gallery)

    def _show_gallery(self, maps: list[tuple[str, MapDocument]], paths: list[Paths]) -> None:
        self._panels.gallery.show_maps(maps, paths)
        self._docks.bring_to_front(self._panels.gallery)

    def _show_features(self, frame: Frame) -> None:
        if frame.scatter is not None:
            self._panels.features.show_scatter(frame.scatter)

    def _point_at(self, layout: int, point: int) -> None:
        """Let the point under the pointer stand out in the plan panel, if the plan begins at its layout."""
        names = [entry.name for entry in self._view.shown.document.layouts]
        begins = 0 <= layout < len(names) and names[layout] == self._panels.plan.source_name
        self._panels.plan.highlight_row(point if begins else None)
