"""The context bar: options of the active tool."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QSpinBox,
    QToolBar,
    QToolButton,
    QWidget,
)

from app.tools import TOOLS, ToolOptions
from app.widgets.fields import Number
from app.widgets.parts import Check

VALUE_OF = {"set": "cost", "add": "amount", "scale": "factor"}
PAINT = ("size", "hardness", "mode", "value", "swap")
# Which options count for which tool.
FIELDS = {
    "brush": PAINT,
    "eraser": ("size",),
    "line": PAINT,
    "rectangle": ("filled", "mode", "value", "swap"),
    "fill": ("mode", "value", "swap"),
    "wall": ("size",),
    "lock": ("size",),
    "points": ("weight", "snap"),
    "select": ("snap",),
    "lasso": ("snap",),
    "scatter": ("size", "spacing", "weight", "seed"),
}
HEIGHT, WIDTH = 24, 92  # px, of a field
MOST, LEAST = 1e6, 1e-3  # of a value; the least that a cost or a factor can be


class OptionsBar(QToolBar):
    """What the active tool works with; `options_changed` carries the new ToolOptions."""

    options_changed = Signal(object)

    def __init__(self, options: ToolOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Tool options"))
        self.setMovable(False)
        self._options = options
        self._name = QLabel()
        self._name.setMinimumWidth(84)
        self.size_box = Number(minimum=1, maximum=512, decimals=0, suffix=self.tr(" cells"))
        self.hardness = Number(minimum=0, maximum=100, decimals=0, suffix=" %", singleStep=10)
        self.mode = QComboBox()
        for key, text in (
            ("set", self.tr("Set to")),
            ("add", self.tr("Add")),
            ("scale", self.tr("Multiply by")),
            ("smooth", self.tr("Smooth")),
        ):
            self.mode.addItem(text, key)
        self.value = Number(minimum=-MOST, maximum=MOST, decimals=3, singleStep=0.1)
        self.swap = QToolButton()
        self.swap.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.filled = Check(self.tr("Filled"))
        self.weight = Number(minimum=0, maximum=1e9, decimals=3, singleStep=0.5)
        self.snap = Check(self.tr("Snap to cells"))
        self.spacing = Number(minimum=0.1, maximum=512, decimals=1, singleStep=0.5, suffix=self.tr(" cells"))
        self.seed = QSpinBox(minimum=0, maximum=10**9)
        self.addWidget(self._name)
        self._actions: dict[str, list[QAction]] = {}
        for name, text, field, tip in (
            ("filled", "", self.filled, self.tr("The whole rectangle, or only its border")),
            ("size", self.tr("Size"), self.size_box, self.tr("Width of the brush; [ and ] change it")),
            ("hardness", self.tr("Hardness"), self.hardness, self.tr("Share of the brush at full strength")),
            ("mode", self.tr("Paint"), self.mode, self.tr("What the brush does to the cost")),
            ("value", "", self.value, self.tr("Cost to cross a cell, what is added, or the factor")),
            ("swap", "", self.swap, self.tr("Paint with the other cost (X)")),
            ("spacing", self.tr("Spacing"), self.spacing, self.tr("Least distance between scattered points")),
            ("weight", self.tr("Weight"), self.weight, self.tr("Weight of new points; two count as two points")),
            ("seed", self.tr("Seed"), self.seed, self.tr("Another seed scatters other points")),
            ("snap", "", self.snap, self.tr("New and moved points stand on the centres of cells")),
        ):
            actions = [self.addWidget(QLabel(f"  {text} "))] if text else []
            field.setToolTip(tip)
            field.setMinimumHeight(HEIGHT)
            if isinstance(field, (Number, QSpinBox)):
                field.setFixedWidth(WIDTH)
            self._actions[name] = [*actions, self.addWidget(field)]
        self.show_options(options)
        self.show_tool("brush")
        self.size_box.valueChanged.connect(lambda size: self._change(size=size))
        self.hardness.valueChanged.connect(lambda percent: self._change(hardness=percent / 100.0))
        self.mode.currentIndexChanged.connect(lambda _: self._change(mode=self.mode.currentData()))
        self.value.valueChanged.connect(self._change_value)
        self.swap.clicked.connect(self._swap_costs)
        self.filled.toggled.connect(lambda on: self._change(filled=on))
        self.weight.valueChanged.connect(lambda weight: self._change(weight=weight))
        self.snap.toggled.connect(lambda on: self._change(snap=on))
        self.spacing.valueChanged.connect(lambda spacing: self._change(spacing=spacing))
        self.seed.valueChanged.connect(lambda seed: self._change(seed=seed))

    def show_tool(self, tool: str) -> None:
        """Name the tool and show what counts for it."""
        self._name.setText(f" <b>{TOOLS[tool].title}</b>")
        shown = FIELDS.get(tool, ())
        for name, actions in self._actions.items():
            for action in actions:
                action.setVisible(name in shown)

    def show_options(self, options: ToolOptions) -> None:
        """Show options that something else changed, such as the picker."""
        self._options = options
        self.value.blockSignals(True)
        self.value.setMinimum(-MOST if options.mode == "add" else LEAST)
        self.value.blockSignals(False)
        for field, value in (
            (self.size_box, options.size),
            (self.hardness, 100.0 * options.hardness),
            (self.value, options.value),
            (self.weight, options.weight),
            (self.spacing, options.spacing),
            (self.seed, options.seed),
        ):
            if field.value() != value:  # a number that is being typed is left as it stands: -0, 2.0
                field.blockSignals(True)
                field.setValue(value)
                field.blockSignals(False)
        for box, on in ((self.filled, options.filled), (self.snap, options.snap)):
            box.blockSignals(True)
            box.setChecked(on)
            box.blockSignals(False)
        self.mode.blockSignals(True)
        self.mode.setCurrentIndex(self.mode.findData(options.mode))
        self.mode.blockSignals(False)
        self.value.setEnabled(options.mode != "smooth")
        self.swap.setText(f"⇄ {options.other_cost:.3g}")

    def _change(self, **changes: object) -> None:
        self.show_options(replace(self._options, **changes))  # pyright: ignore[reportArgumentType]
        self.options_changed.emit(self._options)

    def _change_value(self, value: float) -> None:
        name = VALUE_OF.get(self._options.mode)
        if name is not None:
            self._change(**{name: value})

    def _swap_costs(self) -> None:
        self._change(cost=self._options.other_cost, other_cost=self._options.cost, mode="set")
