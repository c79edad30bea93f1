"""napari's slider through genes beside what else is open, and what it leaves behind."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels, _layer_actions

from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.state.session import EnhanceSession


@pytest.fixture
def genes(section):
    return list(map(str, section.genes[:4]))


@pytest.fixture
def text(viewer):
    return viewer.canvas.overlays.text


@pytest.fixture
def slide(opened, jobs, genes):
    def add():
        opened.gene_sets.add_slider(genes)
        jobs.last.finish()

    return add


def slider(opened):
    tagged = opened.stage.tagged()
    return next(x for x, tag in tagged if tag.of is not None and tag.role is Role.GENE)


def check_shows(opened, gene):
    """Check that name, contrast and picture are those of a gene."""
    viewer, layer, section = opened.stage.viewer, slider(opened), opened.session.section
    counts = section.gene_counts(gene)
    assert viewer.canvas.overlays.text.text.startswith(f"{gene} ")
    assert layer.name.startswith(f"{gene} ")
    assert tuple(layer.contrast_limits) == looks.contrast_limits(counts)
    image = looks.raster_of(section).image(counts)
    np.testing.assert_array_equal(layer._slice.image.raw, image)


@pytest.mark.parametrize("is_first", [True, False])
def test_beside_layers_of_time_and_depth_it_is_the_depth(
    opened, viewer, genes, slide, is_first
):
    stack = np.zeros((5, 6, 20, 20))
    if is_first:
        viewer.add_image(stack)
    slide()
    if not is_first:
        viewer.add_image(stack)

    viewer.dims.set_current_step(1, 2)

    assert viewer.dims.axis_labels == ("-4", "gene", "-2", "-1")
    check_shows(opened, genes[2])
    viewer.dims.set_current_step(0, 1)
    check_shows(opened, genes[2])


def test_when_the_time_goes_it_is_the_first_axis(opened, viewer, genes, slide):
    stack = viewer.add_image(np.zeros((5, 6, 20, 20)))
    slide()
    viewer.dims.set_current_step((0, 1), (4, 3))

    viewer.layers.remove(stack)

    check_shows(opened, genes[3])
    viewer.dims.set_current_step(0, 1)
    check_shows(opened, genes[1])


def test_a_stack_of_finer_steps_does_not_shift_the_genes(opened, viewer, genes, slide):
    viewer.add_image(np.zeros((20, 9, 9)), scale=(0.5, 1, 1), translate=(-1, 0, 0))
    slide()

    viewer.dims.set_point(0, 2)

    assert viewer.dims.current_step[0] == 6
    check_shows(opened, genes[2])
    viewer.dims.set_point(0, -1)
    assert viewer.canvas.overlays.text.text.startswith(genes[0])


def leave_by_closing(opened, name):
    opened.session.silence()
    opened.close()


def leave_by_removing(opened, name):
    opened.gene_sets.remove(opened.session.section, name)


@pytest.mark.parametrize("leave", [leave_by_closing, leave_by_removing])
def test_text_and_axis_are_given_back(opened, viewer, slide, text, leave):
    viewer.add_image(np.zeros((6, 20, 20)))
    viewer.dims.axis_labels = ("depth", "y", "x")
    text.text, text.visible = "my slide", True
    slide()
    viewer.dims.set_current_step(0, 2)
    assert viewer.dims.axis_labels == ("gene", "y", "x")

    leave(opened, opened.session.genes.sets[0])

    assert viewer.dims.axis_labels == ("depth", "y", "x")
    assert (text.text, text.visible) == ("my slide", True)
    viewer.dims.set_current_step(0, 1)
    assert text.text == "my slide"


def test_while_the_slider_is_hidden_the_text_is_the_users(opened, slide, text, genes):
    text.text, text.visible = "my slide", True
    slide()
    slider(opened).visible = False
    assert (text.text, text.visible) == ("my slide", True)

    slider(opened).visible = True
    assert text.text.startswith(genes[0])


def test_a_text_written_meanwhile_stays(opened, viewer, slide, text):
    slide()
    text.text = "written meanwhile"
    viewer.dims.set_current_step(0, 1)
    assert "2 of 4" in text.text

    leave_by_closing(opened, "")

    assert text.text == "written meanwhile"


def test_a_panel_that_is_opened_again_finds_the_slider(
    opened, viewer, slide, text, jobs, genes
):
    slide()
    leave_by_closing(opened, "")
    assert not text.visible

    again = type(opened)(viewer, EnhanceSession(), start=jobs)
    viewer.dims.set_current_step(0, 1)

    assert text.visible
    assert text.text.startswith(genes[1])
    again.close()


def test_the_slider_can_be_converted_to_labels(opened, viewer, slide, genes):
    slide()
    viewer.layers.selection.active = slider(opened)

    _layer_actions._convert_to_labels(viewer.layers)

    assert "is a copy" in opened.session.message.text
    (labels,) = [layer for layer in viewer.layers if isinstance(layer, Labels)]
    assert labels.data.shape[0] == len(genes)
