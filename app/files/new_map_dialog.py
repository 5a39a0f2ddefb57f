"""Ask for the size of a new map."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from maps.document import MAX_CELLS, MAX_SIDE, MapDocument, new_document


class NewMapDialog(QDialog):
    """Ask for name, rows, columns and the cost of every cell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("New map"))
        self.name = QLineEdit(self.tr("New map"))
        self.rows = QSpinBox(minimum=2, maximum=MAX_SIDE, value=64)
        self.columns = QSpinBox(minimum=2, maximum=MAX_SIDE, value=64)
        self.cost = QDoubleSpinBox(minimum=0.001, maximum=1e6, value=1.0, decimals=3)
        form = QFormLayout()
        for text, field in (
            (self.tr("Name"), self.name),
            (self.tr("Rows"), self.rows),
            (self.tr("Columns"), self.columns),
            (self.tr("Cost of a cell"), self.cost),
        ):
            field.setMinimumHeight(24)
            form.addRow(text, field)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._create = buttons.button(QDialogButtonBox.StandardButton.Ok)
        self._create.setText(self.tr("Create"))
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)
        for box in (self.rows, self.columns):
            box.valueChanged.connect(self._check)

    def document(self) -> MapDocument:
        """Return a new map as asked for."""
        return new_document(
            self.rows.value(), self.columns.value(), self.cost.value(), name=self.name.text().strip()
        )

    def _check(self) -> None:
        fits = self.rows.value() * self.columns.value() <= MAX_CELLS
        self._create.setEnabled(fits)
        self._create.setToolTip("" if fits else self.tr("A map may have {} cells in all").format(MAX_CELLS))


def ask_new_map(parent: QWidget) -> MapDocument | None:
    """Return a new map as the designer asks for it; None if they cancel."""
    dialog = NewMapDialog(parent)
    return dialog.document() if dialog.exec() == QDialog.DialogCode.Accepted else None
