"""Details of a failure: for a report, and out of sight until someone asks for them."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QFontDatabase
from qtpy.QtWidgets import QApplication, QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from napari_stentrans.gui.widgets.bits import button

_SIZE = (720, 420)


class DetailsWindow(QDialog):
    """A window with text to read and to copy; everything else goes on.

    Parameters
    ----------
    text
        What to show.
    """

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Details")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.copy = button("Copy", "For a report of the problem", self._copy)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.copy)
        self.resize(*_SIZE)

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self.text.toPlainText())
