"""Controls that are rarely needed, folded below a heading."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolButton, QVBoxLayout, QWidget


class Fold(QWidget):
    """A heading, and what it shows and hides.

    Its arrow is Qt's own, in the colours of the theme.

    Parameters
    ----------
    title, help_text
        What the heading says, and its tool tip.
    content
        What is folded at first.

    Attributes
    ----------
    heading
        The button, down while the content is shown.
    """

    def __init__(
        self,
        title: str,
        help_text: str,
        content: QWidget,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._content = content
        self.heading = QToolButton()
        self.heading.setText(title)
        self.heading.setToolTip(help_text)
        self.heading.setCheckable(True)
        self.heading.setAutoRaise(True)
        style = Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self.heading.setToolButtonStyle(style)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.heading)
        column.addWidget(content)
        self.heading.toggled.connect(self._unfold)
        self._unfold(unfolded=False)

    def _unfold(self, unfolded: bool) -> None:  # noqa: FBT001 - a slot of Qt
        arrow = Qt.ArrowType.DownArrow if unfolded else Qt.ArrowType.RightArrow
        self.heading.setArrowType(arrow)
        self._content.setVisible(unfolded)
