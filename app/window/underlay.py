"""The picture to trace: which one, where it lies, how much it hides; remembered for each map."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.canvas.underlay import Place, Underlay, fitted_place, load_picture

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from app.base.preferences import Preferences
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel

FARTHEST = 20_000.0  # cells


class UnderlayControl(QObject):
    """Hold the picture over the open map. preferences: where pictures of maps with a file are remembered."""

    told = Signal(str)
    changed = Signal()

    def __init__(
        self, window: QWidget, model: DocumentModel, canvas: Canvas, preferences: Preferences | None
    ) -> None:
        super().__init__(window)
        self._window, self._model, self._canvas, self._preferences = window, model, canvas, preferences
        self.file: Path | None = None
        self.place = Place()
        self._picture: QImage | None = None
        self._map_file, self._session = model.path, model.session

    def take_map(self) -> None:
        """Show the picture that is remembered for the map that was opened, or none."""
        self.file = self._picture = None
        self._map_file, self._session = self._model.path, self._model.session
        known = self._preferences.underlay(self._map_file) if self._preferences and self._map_file else None
        if known is not None:
            file, place = known
            self._load(Path(file), Place(*place))
        self._show()

    def follow_file(self) -> None:
        """Remember the picture for the file that the map was saved to; not for another map that is opened."""
        if self._model.session == self._session and self._model.path != self._map_file:
            self._map_file = self._model.path
            self._remember()

    def open_dialog(self) -> None:
        """Open the window in which the picture is chosen and moved; with none so far, ask for one first."""
        if self.file is None:
            self.choose()
        if self.file is not None:
            dialog = UnderlayDialog(self, self._window)
            dialog.show()

    def choose(self) -> None:
        """Ask for a picture, and lay it over the map as large as that."""
        kinds = self.tr("Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp *.svg);;All (*)")
        folder = (
            str(self.file.parent) if self.file else str(self._preferences.last_folder if self._preferences else "")
        )
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Picture to trace"), folder, kinds)
        if name:
            self._load(Path(name), None)
            self._remember()
            self._show()

    def move(self, place: Place) -> None:
        """Lay the picture elsewhere."""
        self.place = place
        self._remember()
        self._show()

    def fit(self) -> None:
        """Lay the picture over the whole map."""
        if self._picture is not None:
            self.move(fitted_place(self._picture, self._model.document.shape, self.place.opacity))

    def remove(self) -> None:
        """Show no picture any more."""
        self.file = self._picture = None
        self._remember()
        self._show()

    def _load(self, file: Path, place: Place | None) -> None:
        try:
            picture = load_picture(file)
        except ValueError as error:
            self.told.emit(str(error))
            return
        self.file, self._picture = file, picture
        self.place = place or fitted_place(picture, self._model.document.shape)

    def _remember(self) -> None:
        if self._preferences and self._map_file is not None:
            kept = None if self.file is None else (str(self.file), astuple(self.place))
            self._preferences.set_underlay(self._map_file, kept)

    def _show(self) -> None:
        self._canvas.show_underlay(None if self._picture is None else Underlay(self._picture, self.place))
        self.changed.emit()


class UnderlayDialog(QDialog):
    """Move, scale and fade the picture; the map shows it at once."""

    def __init__(self, control: UnderlayControl, parent: QWidget) -> None:
        super().__init__(parent)
        self._control = control
        self.setWindowTitle(self.tr("Picture underlay"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.file = QLabel()
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.left = QDoubleSpinBox(minimum=-FARTHEST, maximum=FARTHEST, decimals=2)
        self.top = QDoubleSpinBox(minimum=-FARTHEST, maximum=FARTHEST, decimals=2)
        self.wide = QDoubleSpinBox(minimum=0.1, maximum=FARTHEST, decimals=2)
        form = QFormLayout()
        for text, field in (
            (self.tr("Picture"), self.file),
            (self.tr("Hides the map"), self.opacity),
            (self.tr("Left, in columns"), self.left),
            (self.tr("Top, in rows"), self.top),
            (self.tr("Width, in columns"), self.wide),
        ):
            field.setMinimumHeight(24)
            form.addRow(text, field)
        self.choose_button = QPushButton(self.tr("Choose…"))
        self.fit_button = QPushButton(self.tr("Fit to the map"))
        self.remove_button = QPushButton(self.tr("Remove"))
        row = QHBoxLayout()
        for button, act in (
            (self.choose_button, control.choose),
            (self.fit_button, control.fit),
            (self.remove_button, self._remove),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(act)
            row.addWidget(button)
        closing = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        closing.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addLayout(row)
        layout.addWidget(closing)
        self._show()
        control.changed.connect(self._show)
        self.opacity.valueChanged.connect(self._move)
        for number in (self.left, self.top, self.wide):
            number.valueChanged.connect(self._move)

    def _show(self) -> None:
        place, fields = self._control.place, (self.opacity, self.left, self.top, self.wide)
        self.file.setText("" if self._control.file is None else self._control.file.name)
        for field in fields:
            field.blockSignals(True)
        self.opacity.setValue(round(100 * place.opacity))
        self.left.setValue(place.left)
        self.top.setValue(place.top)
        self.wide.setValue(place.width)
        for field in fields:
            field.blockSignals(False)

    def _move(self) -> None:
        self._control.move(
            replace(
                self._control.place,
                left=self.left.value(),
                top=self.top.value(),
                width=self.wide.value(),
                opacity=self.opacity.value() / 100,
            )
        )

    def _remove(self) -> None:
        self._control.remove()
        self.close()
