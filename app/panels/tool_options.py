"""The context bar: options of the active tool."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSignalBlocker, Qt, Signal, SignalInstance
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QSpinBox,
    QToolBar,
    QToolButton,
    QWidget,
)

from app.tools import MIRRORS, TOOLS, OptionField, ToolOptions
from app.widgets.fields import Number
from app.widgets.parts import GAP, SWATCH, Check, draw_swatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QAction, QPaintEvent

    from maps.terrain import Terrain

HEIGHT, WIDTH = 24, 92  # px, of a field
MOST_OF_NAME = 120  # px, of a terrain's name
MOST, LEAST = 1e6, 1e-3  # of a value; the least that a cost or a factor can be


class OptionsBar(QToolBar):
    """Show and change the options of the active tool; `options_changed` carries the new ToolOptions."""

    options_changed = Signal(object)

    def __init__(self, options: ToolOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Tool options"))
        self.setMovable(False)
        self._options = options
        self._palette: tuple[Terrain, ...] = ()
        self._name = QLabel()
        self._name.setMinimumWidth(84)
        self.size_box = Number(minimum=1, maximum=512, decimals=0)
        self.size_box.set_unit("cells")
        self.hardness = Number(minimum=0, maximum=100, decimals=0, suffix=" %", singleStep=10)
        self.mode = QComboBox()
        for key, text in (
            ("set", self.tr("Set to")),
            ("add", self.tr("Add")),
            ("scale", self.tr("Multiply by")),
            ("smooth", self.tr("Smooth")),
            ("noise", self.tr("Roughen by")),
        ):
            self.mode.addItem(text, key)
        self.value = Number(minimum=-MOST, maximum=MOST, decimals=3, singleStep=0.1)
        self.terrain = TerrainLabel()
        self.swap = QToolButton()
        self.swap.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.filled = Check(self.tr("Filled"))
        self.weight = Number(minimum=0, maximum=1e9, decimals=3, singleStep=0.5)
        self.snap = Check(self.tr("Snap to cells"))
        self.spacing = Number(minimum=0.1, maximum=512, decimals=1, singleStep=0.5)
        self.spacing.set_unit("cells")
        self.seed = QSpinBox(minimum=0, maximum=10**9)
        self.select_by = QComboBox()
        for way, text in (
            ("rectangle", self.tr("Rectangle")),
            ("lasso", self.tr("Lasso")),
            ("terrain", self.tr("Same terrain")),
            ("cost", self.tr("Similar cost")),
        ):
            self.select_by.addItem(text, way)
        self.tolerance = Number(minimum=0, maximum=MOST, decimals=3, singleStep=0.1)
        self.connected = Check(self.tr("Connected"))
        self.mirror = QComboBox()
        for symmetry, text in MIRRORS.items():
            self.mirror.addItem(text, symmetry)
        self.addWidget(self._name)
        self._actions: dict[OptionField, list[QAction]] = {}
        fields: tuple[tuple[OptionField, str, QWidget, str], ...] = (
            ("filled", "", self.filled, self.tr("The whole rectangle, or only its border")),
            ("size", self.tr("Size"), self.size_box, self.tr("Width of the brush; [ and ] change it")),
            ("hardness", self.tr("Hardness"), self.hardness, self.tr("Share of the brush at full strength")),
            ("mode", self.tr("Paint"), self.mode, self.tr("What the brush does to the cost")),
            ("value", "", self.value, self.tr("Cost to cross a cell, what is added, or the factor")),
            ("swap", "", self.swap, self.tr("Paint with the other terrain or cost (X)")),
            ("terrain", "", self.terrain, self.tr("What is painted; type a cost to paint that instead")),
            ("spacing", self.tr("Spacing"), self.spacing, self.tr("Least distance between scattered points")),
            ("weight", self.tr("Weight"), self.weight, self.tr("Weight of new points; two count as two points")),
            ("seed", self.tr("Seed"), self.seed, self.tr("Another seed scatters other points")),
            ("snap", "", self.snap, self.tr("New and moved points stand on the centres of cells")),
            ("mirror", self.tr("Mirror"), self.mirror, self.tr("Paint and place in a symmetry of the map")),
            ("select_by", self.tr("By"), self.select_by, self.tr("How cells are selected")),
            ("tolerance", self.tr("Within"), self.tolerance, self.tr("By how much costs may differ")),
            ("connected", "", self.connected, self.tr("Only cells joined to the one that is clicked")),
        )
        for name, text, field, tip in fields:
            actions = [self.addWidget(QLabel(f"  {text} "))] if text else []
            field.setToolTip(tip)
            field.setMinimumHeight(HEIGHT)
            if isinstance(field, (Number, QSpinBox)):
                field.setFixedWidth(WIDTH)
            self._actions[name] = [*actions, self.addWidget(field)]
        # As high without options as with any, so that the map below stays where it is.
        heights = [max(field.sizeHint().height(), HEIGHT) for _, _, field, _ in fields]
        self._name.setMinimumHeight(max(heights))
        self.show_options(options)
        self.show_tool("brush")
        self._connect()

    def _connect(self) -> None:
        # Each field changes its own option only: another option may be finer than its field shows it.
        def on(signal: SignalInstance, changed: Callable[[ToolOptions], ToolOptions]) -> None:
            signal.connect(lambda: self._change(changed(self._options)))

        on(self.size_box.valueChanged, lambda now: replace(now, size=self.size_box.value()))
        on(self.hardness.valueChanged, lambda now: replace(now, hardness=self.hardness.value() / 100.0))
        on(self.mode.currentIndexChanged, lambda now: replace(now, mode=self.mode.currentData()))
        on(self.value.valueChanged, lambda now: now.with_value(self.value.value()))
        on(self.swap.clicked, ToolOptions.with_costs_swapped)
        on(self.filled.toggled, lambda now: replace(now, filled=self.filled.isChecked()))
        on(self.weight.valueChanged, lambda now: replace(now, weight=self.weight.value()))
        on(self.snap.toggled, lambda now: replace(now, snap=self.snap.isChecked()))
        on(self.spacing.valueChanged, lambda now: replace(now, spacing=self.spacing.value()))
        on(self.seed.valueChanged, lambda now: replace(now, seed=self.seed.value()))
        on(self.select_by.currentIndexChanged, lambda now: replace(now, select_by=self.select_by.currentData()))
        on(self.mirror.currentIndexChanged, lambda now: replace(now, mirror=self.mirror.currentData()))
        on(self.tolerance.valueChanged, lambda now: replace(now, tolerance=self.tolerance.value()))
        on(self.connected.toggled, lambda now: replace(now, connected=self.connected.isChecked()))

    def show_tool(self, tool: str) -> None:
        """Name the tool and show only its options."""
        self._name.setText(f" <b>{TOOLS[tool].title}</b>")
        shown = TOOLS[tool].options
        for name, actions in self._actions.items():
            for action in actions:
                action.setVisible(name in shown)

    def show_palette(self, palette: tuple[Terrain, ...]) -> None:
        """Name terrains as another palette does."""
        self._palette = palette
        self.show_options(self._options)

    def show_options(self, options: ToolOptions) -> None:
        """Show options that something else changed, such as the picker; nothing is emitted."""
        self._options = options
        with QSignalBlocker(self.value):
            self.value.setMinimum(-MOST if options.mode == "add" else LEAST)
        for field, value in (
            (self.size_box, options.size),
            (self.hardness, 100.0 * options.hardness),
            (self.value, options.value),
            (self.weight, options.weight),
            (self.spacing, options.spacing),
            (self.tolerance, options.tolerance),
        ):
            if field.value() != value:  # a number that is being typed is left as it stands: -0, 2.0
                with QSignalBlocker(field):
                    field.setValue(value)
        with QSignalBlocker(self.seed):
            self.seed.setValue(options.seed)
        ticks = (self.filled, options.filled), (self.snap, options.snap), (self.connected, options.connected)
        for box, ticked in ticks:
            with QSignalBlocker(box):
                box.setChecked(ticked)
        choices = (
            (self.mode, options.mode),
            (self.select_by, options.select_by),
            (self.mirror, options.mirror),
        )
        for choice, chosen in choices:
            with QSignalBlocker(choice):
                choice.setCurrentIndex(choice.findData(chosen))
        self.tolerance.setEnabled(options.select_by == "cost")
        self.connected.setEnabled(options.select_by in ("terrain", "cost"))
        self.value.setEnabled(options.mode != "smooth")
        terrain = self._terrain(options.painted_terrain)
        self.terrain.show_terrain(terrain)
        self.hardness.setEnabled(terrain is None)
        other = self._terrain(options.other_terrain)
        self.swap.setText(f"⇄ {options.other_cost:.3g}" if other is None else f"⇄ {_short(other.name, self.swap)}")

    def _terrain(self, number: int | None) -> Terrain | None:
        return None if number is None or number >= len(self._palette) else self._palette[number]

    def _change(self, options: ToolOptions) -> None:
        self.show_options(options)
        self.options_changed.emit(options)


def _short(name: str, place: QWidget) -> str:
    return place.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, MOST_OF_NAME)


class TerrainLabel(QLabel):
    """Name a terrain beside a swatch of it; empty where none is painted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._terrain: Terrain | None = None

    def show_terrain(self, terrain: Terrain | None) -> None:
        """Show a terrain; None for none."""
        self._terrain = terrain
        self.setText("" if terrain is None else _short(terrain.name, self))
        self.setContentsMargins(SWATCH + 3 * GAP if terrain else 0, 0, 0, 0)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the swatch before the name."""
        super().paintEvent(event)
        if self._terrain is not None:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            square = QRectF(2 * GAP + 0.5, (self.height() - SWATCH) // 2 + 1.5, SWATCH - 3.0, SWATCH - 3.0)
            draw_swatch(painter, square, self._terrain.colour, not self._terrain.passable)
            painter.end()
