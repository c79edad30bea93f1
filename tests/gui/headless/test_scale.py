"""The scale bar: how long a unit of the world is, and whose bar is shown."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.gui.canvas.scale_bar import MicrometreBar
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.raster import raster_of


@pytest.fixture
def bar(viewer):
    return lambda: viewer.canvas.overlays.scale_bar


def test_the_bar_knows_the_length_of_a_unit(opened, section, bar):
    hex_um = 100.0

    row_rc = section.array_rc[:2] * 0 + [[0, 0], [0, 2]]  # neighbours in a row
    yx = [
        raster_of(section).affine @ [*at, 1]
        for at in raster_of(section).pixel_of(row_rc)
    ]
    apart = np.linalg.norm(np.subtract(*yx))

    assert bar().visible
    assert bar().um_per_unit == pytest.approx(hex_um / apart, rel=0.02)


def test_nothing_is_said_where_it_is_unknown(controller, make_section, bar):
    controller.stage.open(make_section("quincunx"))

    assert not isinstance(bar(), MicrometreBar)
    assert controller.session.about.pitch_um is None

    controller.scale.set_pitch(140.0)

    assert isinstance(bar(), MicrometreBar)
    assert controller.session.about.pitch_um == 140.0


def test_each_section_has_its_own(opened, section, other_section, bar):
    opened.scale.set_pitch(50.0)
    at_first = bar().um_per_unit

    opened.stage.open(other_section)
    assert bar().um_per_unit != at_first
    opened.sections.choose(section)
    assert bar().um_per_unit == at_first


@pytest.mark.parametrize("told", [50.0, None])
def test_what_was_told_holds_for_the_section_on_another_lattice(opened, jobs, told):
    opened.scale.set_pitch(told)
    opened.replacement.lay_on(LatticeKind.QUINCUNX)
    jobs.last.finish()

    assert opened.session.section.lattice.kind is LatticeKind.QUINCUNX
    assert opened.session.about.pitch_um == told


def test_what_was_guessed_is_guessed_anew_on_another_lattice(opened, jobs):
    assert opened.session.about.pitch_um == 100
    opened.replacement.lay_on(LatticeKind.QUINCUNX)
    jobs.last.finish()

    assert opened.session.about.pitch_um is None


def test_the_menu_of_napari_switches_it(opened, bar):
    bar().visible = False
    assert not opened.session.view.scale_bar
    opened.scale.show(shown=True)
    assert bar().visible


@pytest.mark.parametrize("end", ["closed", "no section"])
@pytest.mark.parametrize("was_shown", [True, False])
def test_napari_gets_its_own_bar_back(controller, viewer, section, bar, end, was_shown):
    before = bar()
    before.visible, before.font_size = was_shown, 17
    controller.stage.open(section)
    assert bar().font_size == 17  # what the user set about it holds for ours
    bar().visible = not was_shown

    controller.close() if end == "closed" else viewer.layers.clear()

    assert bar() is before
    assert bar().visible is was_shown
