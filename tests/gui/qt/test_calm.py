"""The wheel scrolls a tab; it changes nothing that it passes over."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QScrollArea,
    QScrollBar,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_stentrans.gui.widgets.calm import calm
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget

_NOTHING_PRESSED = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier)


def wheel(control):
    """Turn the wheel by one notch over a control, and pass it on as Qt does.

    Qt itself hands on to parents only what a real mouse sends.
    """
    middle = control.rect().center()
    while control is not None:
        event = QWheelEvent(
            QPointF(middle),
            QPointF(control.mapToGlobal(middle)),
            QPoint(0, 0),
            QPoint(0, -120),
            *_NOTHING_PRESSED,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        event.ignore()
        QApplication.sendEvent(control, event)
        control = None if event.isAccepted() else control.parentWidget()


def value_of(control):
    return control.currentIndex() if isinstance(control, QComboBox) else control.value()


@pytest.fixture
def tab(qtbot):
    """A tab that is higher than the window, with one control of each kind."""
    area, page = QScrollArea(), QWidget()
    layout = QVBoxLayout(page)
    page.controls = [QComboBox(), QSpinBox(), QSlider(Qt.Orientation.Horizontal)]
    page.controls[0].addItems(["hex", "square"])
    for control in page.controls:
        layout.addWidget(control)
    page.setMinimumHeight(2000)
    area.setWidget(page)
    area.setWidgetResizable(True)
    qtbot.addWidget(area)
    area.resize(200, 300)
    calm(area)
    area.show()
    qtbot.waitExposed(area)
    area.setFocus()
    return area


@pytest.mark.parametrize("number", range(3))
def test_the_wheel_scrolls_and_changes_nothing(tab, number):
    control = tab.widget().controls[number]
    before = value_of(control)

    wheel(control)

    assert value_of(control) == before
    assert tab.verticalScrollBar().value() > 0


def test_a_number_takes_the_wheel_while_it_has_the_focus_and_a_list_never(tab, qtbot):
    some_list, number, _ = tab.widget().controls
    number.setValue(5)
    tab.activateWindow()
    for control in (number, some_list):
        control.setFocus()
        qtbot.waitUntil(control.hasFocus)
        wheel(control)

    assert number.value() == 4
    assert some_list.currentIndex() == 0


def test_every_control_of_the_dock_is_calm(make_napari_viewer, section):
    viewer = make_napari_viewer(show=True)
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    widget.controller.stage.open(section)
    kinds = (QComboBox, QAbstractSpinBox, QAbstractSlider)
    found = [each for kind in kinds for each in widget.findChildren(kind)]
    controls = [each for each in found if not isinstance(each, QScrollBar)]
    assert len(controls) > 20
    for control in controls:
        assert control.focusPolicy() != Qt.FocusPolicy.WheelFocus
        control.setEnabled(True)
        control.setProperty("value", 1)
    before = [value_of(control) for control in controls]

    for control in controls:
        control.clearFocus()
        wheel(control)

    assert [value_of(control) for control in controls] == before
