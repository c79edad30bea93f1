"""Layers of expression: where a result is drawn, and in which colours."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_stentrans import enhance
from napari_stentrans.gui.canvas.gene_sets import GeneSlider
from napari_stentrans.gui.canvas.layers import Role, contrast_limits
from napari_stentrans.gui.canvas.set_layers import DrawnSet, SetLayers
from napari_stentrans.gui.canvas.stage import Stage
from napari_stentrans.section.missing import MissingRegions


@pytest.fixture
def stage(section):
    stage = Stage(ViewerModel())
    stage.open(section)
    return stage


@pytest.fixture
def gene(section):
    return str(section.genes[0])


@pytest.fixture
def measured(stage, section, gene):
    stage.expression.add_measured(section, gene)
    return stage.find(section, Role.GENE, gene)


# -- where -------------------------------------------------------------------------


def with_rows_beyond(section, step):
    """Result that has two rows more than the section: above it, or below."""
    grid = section.lattice.to_grid(section.array_rc)
    edge = grid[:, 0].min() if step < 0 else grid[:, 0].max()
    cols = np.unique(grid[:, 1])
    new = [(edge + k * step, col) for k in (1, 2) for col in cols]
    if section.lattice.is_checkerboard:
        new = [(row, col) for row, col in new if (row + col) % 2 == 0]
    none = np.zeros(section.n_spots, dtype=bool)
    new_rc = section.lattice.to_array(np.array(new))
    missing = MissingRegions(none, none.copy(), new_rc, np.empty((0, 2)))
    return enhance(section, missing=missing, method="nearest")


@pytest.fixture
def two_places(section):
    above, below = (with_rows_beyond(section, step) for step in (-1, 1))
    assert above.raster.shape == below.raster.shape
    assert not np.allclose(above.raster.affine, below.raster.affine)
    return above, below


def test_a_result_of_the_same_shape_is_drawn_at_its_own_place(
    stage, section, gene, measured, two_places
):
    for result in two_places:
        for _ in stage.expression.showing_enhanced(result, gene, with_sd=True):
            pass
        for role in (Role.ENHANCED, Role.SD):
            layer = stage.find(section, role, gene)
            np.testing.assert_allclose(layer.affine, result.raster.affine)


def test_a_slider_shows_a_result_at_its_own_place(stage, section, two_places):
    of = GeneSlider("both", tuple(map(str, section.genes[:2])))
    sets = SetLayers(stage)
    for result in two_places:
        for _ in sets.putting(DrawnSet.draw(of, section, result)):
            pass
        layer = stage.find(section, Role.ENHANCED, of=of)
        affine = np.asarray(layer.affine)
        np.testing.assert_allclose(affine[1:, 1:], result.raster.affine)


# -- colours -----------------------------------------------------------------------


def colours(layer):
    return tuple(layer.contrast_limits), layer.colormap.name, layer.gamma


def test_a_result_comes_in_the_colours_that_its_gene_was_given(
    stage, section, gene, measured
):
    measured.gamma, measured.colormap, measured.contrast_limits = 0.4, "magma", (1, 3)

    stage.expression.show_enhanced(enhance(section, method="nearest"), gene)

    enhanced = stage.find(section, Role.ENHANCED, gene)
    assert colours(enhanced) == colours(measured) == ((1, 3), "magma", 0.4)


def test_a_gene_that_was_deleted_comes_back_in_the_colours_of_its_result(
    stage, section, gene, measured
):
    stage.expression.show_enhanced(enhance(section, method="nearest"), gene)
    enhanced = stage.find(section, Role.ENHANCED, gene)
    stage.viewer.layers.remove(measured)
    enhanced.gamma, enhanced.colormap, enhanced.contrast_limits = 0.4, "magma", (1, 3)

    stage.expression.add_measured(section, gene)

    again = stage.find(section, Role.GENE, gene)
    assert colours(again) == colours(enhanced) == ((1, 3), "magma", 0.4)


@pytest.fixture
def slider(stage, section):
    """Layers of four genes on a slider: measured, and the sd."""
    result = enhance(section, method="kriging", refine=1)
    of = GeneSlider("four", tuple(map(str, section.genes[:4])))
    sets = SetLayers(stage)
    for _ in sets.putting(DrawnSet.draw(of, section, result), with_sd=True):
        pass
    yield result, *(stage.find(section, role, of=of) for role in (Role.GENE, Role.SD))
    sets.close()


def test_the_sd_on_a_slider_has_the_contrast_it_has_alone(stage, section, slider):
    result, _, sd = slider
    sd.visible = True
    for number in (1, 3, 0):
        stage.viewer.dims.set_point(0, number)
        expected = contrast_limits(result.image(section.genes[number], sd=True))
        assert tuple(sd.contrast_limits) == pytest.approx(expected)


def test_contrast_set_by_hand_stays_until_the_slider_moves(stage, slider):
    _, measured, sd = slider
    stage.viewer.dims.set_point(0, 1)
    for layer in (measured, sd):
        layer.contrast_limits = (0, 0.5)

    for layer in (measured, sd):
        layer.visible = not layer.visible
        layer.visible = not layer.visible

    assert measured.contrast_limits == sd.contrast_limits == [0, 0.5]
    stage.viewer.dims.set_point(0, 2)
    assert measured.contrast_limits != [0, 0.5]
    assert sd.contrast_limits != [0, 0.5]
