"""What holds for every control of the widget, whichever panel it is on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QScrollBar,
    QTabWidget,
    QToolButton,
    QWidget,
)

from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.run_bar import RunBar
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.suggestions import Suggestion

_CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
_SETTLED = 10
"""Rounds of events after which panels are laid out."""
_WIDEST = 340
"""Pixels that a laptop can spare beside the canvas."""


@pytest.fixture
def widget(make_napari_viewer, section):
    viewer = make_napari_viewer(show=True)
    widget = StEnTransWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Enhance", area="right")
    widget.controller.stage.open(section)
    return widget


def test_no_label_shows_html_as_text(qtbot, widget, section):
    odd = replace(section, name="odd", notes=("Positions were guessed.",))
    widget.controller.stage.open(odd)

    def told():
        return any("guessed" in label.text() for label in widget.findChildren(QLabel))

    qtbot.waitUntil(told, timeout=20_000)
    for label in widget.findChildren(QLabel):
        if label.textFormat() == Qt.TextFormat.PlainText:
            assert "</" not in label.text()


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


def is_wide_enough(area: QScrollArea) -> bool:
    return area.widget().minimumSizeHint().width() <= area.viewport().width()


@pytest.mark.parametrize("when", ["before", "after"])
def test_in_larger_letters_nothing_is_cut_off(make_napari_viewer, qapp, section, when):
    """The size of napari's letters is a setting, which may change at any time."""
    appearance = get_settings().appearance
    usual = appearance.font_size
    try:
        if when == "before":
            appearance.font_size = 15
        viewer = make_napari_viewer(show=True)
        _, widget = viewer.window.add_plugin_dock_widget("napari-stentrans")
        widget.controller.stage.open(section)
        appearance.font_size = 15
        for number in range(widget.tabs.count()):
            widget.tabs.setCurrentIndex(number)
            for _ in range(_SETTLED):
                qapp.processEvents()
            assert is_wide_enough(widget.tabs.currentWidget())
    finally:
        appearance.font_size = usual


def is_cut_off(label: QLabel) -> bool:
    return label.wordWrap() and label.heightForWidth(label.width()) > label.height()


@pytest.mark.parametrize("width", [310, 330, 350, 400])
def test_lines_that_wrap_have_the_height_they_need(widget, qapp, width):
    def settle():
        for _ in range(_SETTLED):
            qapp.processEvents()

    window, facts = widget.window(), widget.section_panel.facts.lines
    docks = window.findChildren(QDockWidget)
    dock = next(each for each in docks if each.isAncestorOf(widget))
    window.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
    settle()
    facts["technology"].setText("legacy Spatial Transcriptomics")
    facts["genes"].setText("15,721 (10,069 common)")
    facts["depth"].setText("10,015 counts of 4,142 genes")

    for number in range(widget.tabs.count()):
        widget.tabs.setCurrentIndex(number)
        settle()
        shown = [each for each in widget.findChildren(QLabel) if each.isVisible()]
        assert [each.text() for each in shown if is_cut_off(each)] == []


def is_on_its_panel(control: QWidget) -> bool:
    """Whether it can be seen once its panel is; what is hidden need not say why."""
    while not isinstance(control, Panel | RunBar | QTabWidget):
        if control.isHidden():
            return False
        control = control.parentWidget()
    return True


def tips_of(widget, *, enabled):
    """Tool tips of the controls that can, or cannot, be used now."""
    controls = [each for kind in _CONTROLS for each in widget.findChildren(kind)]
    return {
        control: control.toolTip()
        for control in controls
        if control.isEnabled() is enabled
        and not is_part_of_another(control)
        and is_on_its_panel(control)
    }


def unexplained(can_be_used, cannot_be_used):
    """Controls that say the same whether they can be used or not."""
    return [
        f"{type(control).__name__} {tip!r}"
        for control, tip in cannot_be_used.items()
        if tip and can_be_used.get(control) == tip
    ]


def test_what_cannot_be_used_says_why(widget, section, qtbot):
    session = widget.session
    widget.run_panel.settings.advanced.heading.click()
    widget.section_panel.aligning.heading.click()
    widget.controller.genes.add(section.genes[:2])
    widget.controller.runs.configure(method="nearest")
    widget.controller.runs.enhance()
    qtbot.waitUntil(lambda: bool(session.run.log), timeout=20_000)
    qtbot.waitUntil(lambda: session.status is JobStatus.IDLE)
    widget.controller.runs.configure(method="stentrans")
    widget.controller.picture.move(Alignment(turn=5))
    found = (Suggestion("Hole 1", "a gap", np.array([3])),)
    session.regions.suggestions = found
    widget.region_panel.suggestions.items.selectAll()
    usable = tips_of(widget, enabled=True)
    tried = [button.text() for button in usable if isinstance(button, QPushButton)]
    assert {"Reset", "Accept", "Reject"} <= set(tried)

    widget.controller.picture.reset()
    widget.region_panel.suggestions.items.clearSelection()
    assert not unexplained(usable, tips_of(widget, enabled=False))
    session.status = JobStatus.ENHANCING
    assert not unexplained(usable, tips_of(widget, enabled=False))
    session.status = JobStatus.IDLE
    widget.controller.runs.forget(session.enhanced)
    assert not unexplained(usable, tips_of(widget, enabled=False))
    session.regions.suggestions = ()
    widget.controller.stage.viewer.layers.clear()
    assert not unexplained(usable, tips_of(widget, enabled=False))
