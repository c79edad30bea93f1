"""What holds for every control of the widget, whichever panel it is on."""

from __future__ import annotations

import pytest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QToolButton,
    QWidget,
)

from napari_stentrans.gui.widgets.main_widget import StEnTransWidget

_CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
_WIDEST = 340
"""Pixels that a laptop can spare beside the canvas."""


@pytest.fixture
def widget(make_napari_viewer, section):
    viewer = make_napari_viewer(show=True)
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    widget.controller.stage.open(section)
    return widget


def is_part_of_another(control: QWidget) -> bool:
    """Whether this is Qt's own part of a control, such as the arrows of a list."""
    parent = control.parent()
    inside = (QComboBox, QAbstractSpinBox, QLineEdit)
    return (
        isinstance(control, QScrollBar)
        or control.objectName().startswith("qt_")
        or isinstance(parent, inside)
        or (isinstance(control, QToolButton) and not control.text())
    )


def explained(control: QWidget) -> bool:
    """Whether it has a tool tip, or is inside of something that has one."""
    while control is not None and not isinstance(control, StEnTransWidget):
        if control.toolTip():
            return True
        control = control.parentWidget()
    return False


def test_every_control_says_what_it_is_for(widget):
    controls = [each for kind in _CONTROLS for each in widget.findChildren(kind)]
    silent = [
        f"{type(control).__name__} {getattr(control, 'text', str)()!r}"
        for control in controls
        if not is_part_of_another(control) and not explained(control)
    ]
    assert len(controls) > 50
    assert not silent


def test_it_is_no_wider_than_a_laptop_can_spare(widget):
    assert widget.minimumSizeHint().width() <= _WIDEST
    assert widget.sizeHint().width() <= _WIDEST
