"""Small pieces that the panels share, so that they look alike."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QLabel, QPushButton, QSizePolicy, QWidget


def button(text: str, help_text: str, act: Callable[[], object]) -> QPushButton:
    """Make a button that calls ``act`` without arguments."""
    made = QPushButton(text)
    made.setToolTip(help_text)
    made.clicked.connect(lambda: act())
    return made


def note(text: str = "", parent: QWidget | None = None) -> QLabel:
    """Make a line of text that wraps instead of widening the panel."""
    label = QLabel(text, parent)
    label.setWordWrap(True)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label
