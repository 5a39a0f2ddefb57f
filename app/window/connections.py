"""Which part of the window listens to which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.autosave import Autosave
    from app.document.model import DocumentModel
    from app.files.editor_link import EditorLink
    from app.files.file_actions import Files
    from app.run.controller import RunController
    from app.run.model import RunModel
    from app.run.results import ResultsController
    from app.run.snapping import Snapping
    from app.run.view import RunView
    from app.window.docks import Panels
    from app.window.menus import Menus
    from app.window.stamps import Stamps
    from app.window.status import StatusBar
    from app.window.tile_costs import TileCosts
    from app.window.tool_choice import ToolChoice
    from app.window.underlay import UnderlayControl
    from maps.results import KeptResult


class Parts(Protocol):
    """The window's parts, and what it does itself."""

    model: DocumentModel
    files: Files
    link: EditorLink
    tile_costs: TileCosts
    underlay: UnderlayControl
    stamps: Stamps
    autosave: Autosave | None
    canvas: Canvas
    tools: ToolChoice
    panels: Panels
    run: RunModel
    controller: RunController
    results: ResultsController
    view: RunView
    snapping: Snapping
    status: StatusBar
    menus: Menus

    def show_title(self) -> None:
        """Name the map, and whether it has unsaved changes."""
        ...

    def show_new_document(self) -> None:
        """Begin anew with the map that was opened."""
        ...

    def show_run(self) -> None:
        """Let the run's panel follow the run and the step in view."""
        ...

    def take_shown(self) -> None:
        """Let the buttons follow what is in view."""
        ...

    def compare_results(self, results: list[KeptResult]) -> None:
        """Show results beside each other."""
        ...


def connect_files(window: Parts) -> None:
    """Connect what opens, saves and names files."""
    layers, layouts = window.panels.layers, window.panels.layouts
    window.model.title_changed.connect(window.show_title)
    window.model.jumped.connect(window.status.clearMessage)  # it may speak of what is gone
    window.files.opened.connect(window.show_new_document)
    window.files.leaving.connect(window.controller.keep)
    for teller in (window.files, window.link, window.tile_costs, window.underlay, window.stamps):
        teller.told.connect(window.status.tell)
    window.files.opened.connect(window.underlay.take_map)
    window.model.title_changed.connect(window.underlay.follow_file)
    window.underlay.take_map()
    if window.autosave is not None:
        window.autosave.told.connect(window.status.tell)
    window.canvas.problem.connect(window.status.tell)
    window.tools.told.connect(window.status.showMessage)
    layers.set_visible(window.canvas.visible_layers)
    layers.visible_changed.connect(window.canvas.set_visible_layers)
    layouts.import_clicked.connect(window.files.import_layout)
    layouts.export_clicked.connect(lambda: window.files.export_layout(layouts.active))
    window.panels.gallery.map_chosen.connect(window.files.adopt_made)


def connect_run(window: Parts) -> None:
    """Connect the run with its panel and with what is in view."""
    panel, routes = window.panels.run, window.panels.routes
    panel.run_clicked.connect(window.controller.start_or_pause)
    panel.step_clicked.connect(window.controller.step)
    panel.stop_clicked.connect(window.controller.stop)
    panel.apply_clicked.connect(window.results.apply_run)
    panel.revert_clicked.connect(window.controller.revert)
    panel.fix_clicked.connect(window.controller.apply_fix)
    window.controller.told.connect(window.status.tell)
    window.run.progress_changed.connect(window.status.show_progress)
    window.controller.result_outdated.connect(window.view.leave_run)
    for changed in (
        window.run.state_changed,
        window.model.history_changed,
        panel.scenario_box.currentIndexChanged,
        window.controller.lacks_changed,
    ):
        changed.connect(window.show_run)
    window.controller.lacks_changed.connect(window.menus.refresh)
    window.view.shown_changed.connect(window.take_shown)
    panel.scenario_box.currentIndexChanged.connect(
        lambda: window.panels.progress.show_scenario(window.run, panel.scenario)
    )
    panel.targets_shown.connect(routes.show_targets)
    routes.targets_changed.connect(lambda: panel.set_targets(routes.targets()))
    window.panels.progress.timeline.fork_requested.connect(window.controller.fork)


def connect_results(window: Parts) -> None:
    """Connect the kept results with their panel."""
    panel = window.panels.results
    panel.view_wanted.connect(window.results.view)
    panel.drawn_wanted.connect(window.results.show_drawn)
    panel.compare_wanted.connect(window.compare_results)
    panel.apply_wanted.connect(window.results.apply)
    panel.amount_wanted.connect(window.results.show_amount)
    panel.fork_wanted.connect(window.results.fork)
    panel.snap_wanted.connect(window.snapping.snap_result)
    panel.rename_wanted.connect(window.results.rename)
    panel.delete_wanted.connect(window.results.delete)
    window.results.told.connect(window.status.tell)
    for applying in (window.controller, window.results):
        applying.applied.connect(window.link.after_apply)
    window.snapping.told.connect(window.status.tell)
    window.canvas.edit_begins.connect(window.results.apply_shown)
    window.canvas.escaped.connect(lambda: window.results.view(None))
