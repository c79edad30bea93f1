"""Small pieces that the panels share, so that they look alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QHeaderView,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QTreeWidget,
    QWidget,
)

BUSY = "Wait until the job below is done"
_HELP = "help text"
"""Property of a control that keeps what its tool tip says while it can be used."""


def button(
    text: str, help_text: str, act: Callable[[], object], *, once: bool = False
) -> QPushButton:
    """Make a button that calls ``act`` without arguments.

    ``once``: a double-click is one click, since two would take more than was meant.
    """
    made = QPushButton(text)
    made.setToolTip(help_text)
    made.clicked.connect(lambda: act())
    if once:
        made.installEventFilter(_Once(made))
    return made


class _Once(QObject):
    """Keeps the second half of a double-click from a button."""

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Stop what Qt would take for another click."""
        return event is not None and event.type() == QEvent.Type.MouseButtonDblClick


def allow(control: QWidget, why_not: str = "", help_text: str | None = None) -> None:
    """Enable a control, or disable it and say why before what its tool tip says.

    Parameters
    ----------
    control
        Its tool tip is its help until this is called for the first time.
    why_not
        Why it cannot be used; empty if it can.
    help_text
        What it is for from now on, if that is something else.
    """
    if help_text is not None or control.property(_HELP) is None:
        help_text = control.toolTip() if help_text is None else help_text
        control.setProperty(_HELP, help_text)
    known = control.property(_HELP)
    control.setEnabled(not why_not)
    control.setToolTip(f"{why_not}. {known}" if why_not else known)


def note(text: str = "", *, is_html: bool = False) -> QLabel:
    """Make a line of text that wraps instead of widening the panel.

    Only what is said to be HTML is shown as such: names may look like it.
    """
    label = QLabel(text)
    formats = Qt.TextFormat
    label.setTextFormat(formats.RichText if is_html else formats.PlainText)
    label.setWordWrap(True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


def tip(text: str) -> str:
    """Return a tool tip that shows a text as it is: names may look like HTML."""
    return f"<p>{escape(text)}</p>" if text else ""


def empty(layout: QLayout) -> None:
    """Take every widget out of a layout, and away."""
    while layout.count():
        item = layout.takeAt(0)
        gone = None if item is None else item.widget()
        if gone is not None:
            gone.setParent(None)
            gone.deleteLater()


def table(columns: Mapping[str, str]) -> QTreeWidget:
    """Make an empty table with the given columns and what each of them means.

    Columns are as wide as they need to be; the last is cut off rather than scrolled to.
    """
    made = QTreeWidget()
    made.setHeaderLabels(list(columns))
    made.setRootIsDecorated(False)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    header, item = made.header(), made.headerItem()
    if header is not None and item is not None:
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        last = len(columns) - 1
        header.setSectionResizeMode(last, QHeaderView.ResizeMode.Stretch)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(20)
        for column, help_text in enumerate(columns.values()):
            item.setToolTip(column, help_text)
    return made
