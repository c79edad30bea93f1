"""How the widget looks and is walked through, whichever panel it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtGui import QColor, QPalette
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QWidget

from napari_stentrans import enhance
from napari_stentrans.gui.widgets import colours
from napari_stentrans.gui.widgets.compare_panel import ComparePanel
from napari_stentrans.gui.widgets.gene_panel import GenePanel
from napari_stentrans.gui.widgets.region_panel import RegionPanel
from napari_stentrans.gui.widgets.run_bar import RunBar
from napari_stentrans.gui.widgets.run_panel import RunPanel
from napari_stentrans.gui.widgets.save_panel import SavePanel
from napari_stentrans.gui.widgets.section_panel import SectionPanel

PANELS = [
    SectionPanel,
    GenePanel,
    RegionPanel,
    RunPanel,
    ComparePanel,
    SavePanel,
    RunBar,
]
DARK, LIGHT = "#262930", "#efebe9"
"""Backgrounds of napari's themes."""


def reached_by_tab(panel: QWidget) -> list[QWidget]:
    """Controls of a panel in the order in which the Tab key reaches them."""
    found, widget = [], panel.nextInFocusChain()
    while widget is not panel:
        by_tab = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        is_part = isinstance(widget.parent(), (QAbstractSpinBox, QComboBox))
        is_ours = panel.isAncestorOf(widget) and widget.isVisibleTo(panel)
        if by_tab and is_ours and not is_part:
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def place(widget: QWidget, panel: QWidget) -> QRect:
    return QRect(widget.mapTo(panel, QPoint(0, 0)), widget.size())


def comes_after(one: QRect, other: QRect) -> bool:
    """Whether one is further down, or in the same row and further right."""
    same_row = one.top() < other.center().y() < one.bottom()
    inside = other.contains(one.center())
    return inside or (
        other.left() > one.left() if same_row else other.top() > one.top()
    )


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.__name__)
def test_tab_walks_from_top_to_bottom(qtbot, shown, session, section, panel):
    session.section = section
    session.sections = (section,)
    session.enhanced = enhance(section, method="nearest")
    session.genes.shown = tuple(section.genes[:2])
    made = shown(panel)
    made.resize(320, 900)
    qtbot.waitExposed(made)

    walked = reached_by_tab(made)

    assert walked
    wrong = [
        (type(one).__name__, one.toolTip(), type(other).__name__, other.toolTip())
        for one, other in pairwise(walked)
        if not comes_after(place(one, made), place(other, made))
    ]
    assert not wrong


def luminance(colour: QColor) -> float:
    """Relative luminance as WCAG defines it."""
    parts = np.array(colour.getRgbF()[:3])
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted(luminance(QColor(each)) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("background", [DARK, LIGHT])
@pytest.mark.parametrize(
    "colour", [each for each in vars(colours).values() if str(each).startswith("#")]
)
def test_marks_can_be_told_from_either_theme(background, colour):
    assert contrast(colour, background) > 2.8


@pytest.mark.parametrize(("background", "ink"), [(DARK, "#f0f1f2"), (LIGHT, "#3b3a39")])
def test_errors_can_be_read_on_either_theme(background, ink):
    palette = QPalette()
    palette.setColor(QPalette.ColorRole.WindowText, QColor(ink))
    assert contrast(colours.of_error(palette), background) > 4.5
