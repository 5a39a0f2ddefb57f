"""The context bar: options of the active tool."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLabel, QToolBar, QWidget

from app.tools import TOOLS, ToolOptions

MODES = {"set": "Set to", "add": "Add", "scale": "Multiply by", "smooth": "Smooth"}
VALUE_OF = {"set": "cost", "add": "amount", "scale": "factor"}


class OptionsBar(QToolBar):
    """Size, hardness, mode and value; `options_changed` carries the new ToolOptions."""

    options_changed = Signal(object)

    def __init__(self, options: ToolOptions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Tool options"))
        self.setMovable(False)
        self._options = options
        self._name = QLabel()
        self._name.setMinimumWidth(84)
        self.size_box = QDoubleSpinBox(minimum=1, maximum=512, decimals=0, suffix=self.tr(" cells"))
        self.hardness = QDoubleSpinBox(minimum=0, maximum=100, decimals=0, suffix=" %", singleStep=10)
        self.mode = QComboBox()
        for key, text in MODES.items():
            self.mode.addItem(text, key)
        self.value = QDoubleSpinBox(minimum=-1e6, maximum=1e6, decimals=3, singleStep=0.1)
        self.addWidget(self._name)
        for text, field, tip in (
            (self.tr("Size"), self.size_box, self.tr("Width of the brush; [ and ] change it")),
            (self.tr("Hardness"), self.hardness, self.tr("Share of the brush that paints at full strength")),
            (self.tr("Paint"), self.mode, self.tr("What the brush does to the cost")),
            ("", self.value, self.tr("Cost to cross a cell, what is added, or the factor")),
        ):
            if text:
                self.addWidget(QLabel(f"  {text} "))
            field.setToolTip(tip)
            field.setMinimumHeight(24)
            self.addWidget(field)
        self.show_options(options)
        self.size_box.valueChanged.connect(lambda size: self._change(size=size))
        self.hardness.valueChanged.connect(lambda percent: self._change(hardness=percent / 100.0))
        self.mode.currentIndexChanged.connect(lambda _: self._change(mode=self.mode.currentData()))
        self.value.valueChanged.connect(self._change_value)

    def show_tool(self, tool: str) -> None:
        """Name the tool and enable what counts for it."""
        entry = TOOLS[tool]
        self._name.setText(f" <b>{entry.title}</b>")
        self.size_box.setEnabled(entry.has_size)
        paints = tool in ("brush", "line", "rectangle", "fill")
        for field in (self.hardness, self.mode, self.value):
            field.setEnabled(paints and (field is not self.value or self._options.mode != "smooth"))

    def show_options(self, options: ToolOptions) -> None:
        """Show options that something else changed, such as the picker."""
        self._options = options
        for field, value in (
            (self.size_box, options.size),
            (self.hardness, 100.0 * options.hardness),
            (self.value, options.value),
        ):
            field.blockSignals(True)
            field.setValue(value)
            field.blockSignals(False)
        self.mode.blockSignals(True)
        self.mode.setCurrentIndex(self.mode.findData(options.mode))
        self.mode.blockSignals(False)
        self.value.setEnabled(options.mode != "smooth")

    def _change(self, **changes: object) -> None:
        self.show_options(replace(self._options, **changes))  # pyright: ignore[reportArgumentType]
        self.options_changed.emit(self._options)

    def _change_value(self, value: float) -> None:
        name = VALUE_OF.get(self._options.mode)
        if name is not None and (name == "amount" or value > 0.0):
            self._change(**{name: value})
