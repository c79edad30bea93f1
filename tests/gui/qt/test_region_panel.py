"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

import pytest

from napari_stentrans.gui.state.regions import Painted
from napari_stentrans.gui.widgets.region_panel import RegionPanel


def test_buttons_arm_the_brush(click, shown, session, controller, section):
    panel = shown(RegionPanel)
    assert not panel.isEnabled()
    session.section, session.regions.painted = section, Painted()

    for button in (panel.paint, panel.outside, panel.erase):
        click(button)

    assert [call.args for call in controller.regions.paint.call_args_list] == [
        (),
        (2,),
        (0,),
    ]


@pytest.mark.parametrize(
    ("painted", "text"),
    [
        (None, "Nothing painted"),
        (Painted(), "Nothing painted"),
        (Painted(1, 0), "1 spot, 0 empty positions painted"),
        (Painted(1200, 1, 3), "1,200 spots, 1 empty position painted, 3 outside"),
        (Painted(problem="label 3 means nothing"), "label 3 means nothing"),
    ],
)
def test_what_is_painted_is_counted(shown, session, section, painted, text):
    panel = shown(RegionPanel)
    session.section = section

    session.regions.painted = painted

    assert panel.count.text().startswith(text)
