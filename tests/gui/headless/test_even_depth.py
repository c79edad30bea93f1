"""Genes shown as if every spot had been sequenced equally deep."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from scipy.sparse import csr_matrix

from napari_stentrans.gui.canvas.compared import difference
from napari_stentrans.gui.canvas.gene_sets import Signature
from napari_stentrans.gui.canvas.layers import Role, gene_limits, tag_of
from napari_stentrans.gui.control.scores import spot_pairs
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.raster import SpotRaster, raster_of


@pytest.fixture
def opened(with_result):
    """What these tests begin with: two genes and a result."""
    return with_result


def layer(controller, role, gene):
    return controller.stage.find(controller.session.section, role, gene)


def values(layer, raster: SpotRaster, n):
    """Value of each position as the layer shows it, shape (position,)."""
    shown = np.full(n, np.nan)
    inside = raster.index >= 0
    shown[raster.index[inside]] = layer.data[inside]
    return shown


def test_what_is_shown_is_divided_by_depth(opened, section):
    gene, result = str(section.genes[0]), opened.session.enhanced
    total = np.asarray(section.counts.sum(axis=1)).ravel()
    depth = total / np.median(total)
    prediction = result.read([gene])

    opened.view.show_sd(shown=True)
    opened.view.even_out(even=True)

    raw = values(layer(opened, Role.GENE, gene), raster_of(section), section.n_spots)
    np.testing.assert_allclose(raw, section.gene_counts(gene) / depth, rtol=1e-5)
    for role, plain in ((Role.ENHANCED, prediction.mean), (Role.SD, prediction.sd)):
        shown = values(layer(opened, role, gene), result.raster, len(result))
        np.testing.assert_allclose(shown, plain[:, 0] / result.depth, rtol=1e-4)
        assert tag_of(layer(opened, role, gene).metadata).even


def test_shallow_spots_do_not_decide_on_the_colours_of_a_signature(section):
    counts = section.counts.toarray()
    counts[:3] = 0
    counts[:3, counts.mean(axis=0).argmin()] = 1
    shallow = section.with_counts(csr_matrix(counts))
    genes = tuple(map(str, section.genes))
    assert shallow.depth[:3].max() < 0.1

    data, options, _ = Signature("mine", genes).measured_layer(shallow, even=True)

    seen = values(Image(data), raster_of(section), section.n_spots)
    top = options["contrast_limits"][1]
    assert top == pytest.approx(np.percentile(seen[shallow.depth >= 0.5], 99.5))
    assert seen[:3].max() > 2 * top


def test_going_back_shows_what_was_there(opened, section):
    layers = [layer for layer, tag in opened.stage.tagged() if tag.gene is not None]
    before = [(each.name, each.data.copy(), each.contrast_limits) for each in layers]

    opened.view.even_out(even=True)
    assert all("norm." in each.name for each in layers)
    opened.view.even_out(even=False)

    for each, (name, data, limits) in zip(layers, before, strict=True):
        assert (each.name, each.contrast_limits) == (name, limits)
        np.testing.assert_array_equal(each.data, data)


def test_both_pictures_share_one_scale(opened, section):
    gene = str(section.genes[0])
    before = layer(opened, Role.GENE, gene).contrast_limits
    opened.view.even_out(even=True)
    limits = layer(opened, Role.GENE, gene).contrast_limits
    assert limits != before
    assert layer(opened, Role.ENHANCED, gene).contrast_limits == limits


def test_a_gene_that_is_chosen_later_is_even_too(opened, section):
    opened.view.even_out(even=True)
    opened.genes.show(str(section.genes[5]))
    opened.genes.show(str(section.genes[6]))  # in the layers of the last one
    shown = layer(opened, Role.ENHANCED, str(section.genes[6]))
    assert shown.name.endswith("enhanced (norm.)")
    assert tag_of(shown.metadata).even


def test_all_that_is_said_of_a_gene_agrees(opened, section):
    opened.view.even_out(even=True)
    gene, result = opened.session.genes.current, opened.session.enhanced
    spot = 7
    shown = values(layer(opened, Role.GENE, gene), raster_of(section), section.n_spots)
    at = raster_of(section).pixel_of(section.array_rc[[spot]])[0]
    world_yx = tuple((raster_of(section).affine @ [*at, 1])[:2])

    told = opened.view._hover.text_at(world_yx)
    assert f"measured {shown[spot]:.3g}" in told
    assert told.endswith("depth-normalised")
    pairs = spot_pairs(opened.session, result, gene)
    assert pairs.even
    np.testing.assert_allclose(
        pairs.left, shown[result.targets.spot[result.targets.measured]]
    )
    _, apart = difference(result, gene, None, even=True)
    seen = np.isfinite(apart)
    np.testing.assert_allclose(
        apart[seen], pairs.right - pairs.left, rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("mode", ViewMode)
def test_every_way_of_comparing_shows_it(opened, viewer, mode):
    opened.view.set_mode(mode)
    opened.view.even_out(even=True)
    gene = opened.session.genes.current
    of_gene = [each for each in viewer.layers if each.visible and gene in each.name]
    assert of_gene
    assert all("(norm.)" in each.name for each in of_gene)


def test_results_of_methods_without_depth_are_left_as_they_are(opened, run, section):
    opened.view.even_out(even=True)
    even, gene = opened.session.enhanced, str(section.genes[0])

    run(opened, method="linear")
    assert opened.session.view.even  # it is still wished for
    assert not opened.session.view.is_even
    assert layer(opened, Role.GENE, gene).name == f"{gene} measured"
    opened.view.compare_with(even)
    assert not opened.session.view.is_even

    opened.view.compare_with(None)
    opened.runs.show(even)
    assert opened.session.view.is_even
    assert "norm." in layer(opened, Role.ENHANCED, gene).name


def test_sets_of_genes_are_drawn_anew(opened, jobs, section):
    opened.gene_sets.add_slider(section.genes[:3])
    jobs.last.finish()
    opened.view.even_out(even=True)
    jobs.last.finish()

    sets = [(layer, tag) for layer, tag in opened.stage.tagged() if tag.of is not None]
    assert sets
    for shown, tag in sets:
        assert tag.even
        assert "(norm.)" in shown.name
    [measured] = [shown for shown, tag in sets if tag.role is Role.GENE]
    total = section.library_size
    expected = section.gene_counts(str(section.genes[1])) / total * np.median(total)
    drawn = np.asarray(measured.data[1])
    inside = raster_of(section).index >= 0
    np.testing.assert_allclose(
        drawn[inside], expected[raster_of(section).index[inside]], rtol=1e-5
    )


def test_a_figure_looks_as_the_screen_does(opened):
    opened.view.even_out(even=True)
    assert opened.files._look(with_sd=False, pitch_um=None).even
    opened.view.even_out(even=False)
    assert not opened.files._look(with_sd=False, pitch_um=None).even


def test_what_repeats_a_run_says_how_it_was_shown(opened):
    [record] = opened.session.run.log
    assert "enhanced.depth" not in opened.runs.as_python(record)
    opened.view.even_out(even=True)
    assert "# Shown depth-normalised" in opened.runs.as_python(record)


def test_shallow_spots_do_not_decide_on_the_colours(section):
    gene = str(section.genes[0])
    shallow = section.depth < 0.5
    assert shallow.any()
    deep = section.gene_counts(gene)[~shallow] / section.depth[~shallow]
    assert gene_limits(section, gene, even=True) == pytest.approx(
        (0.0, np.percentile(deep, 99.5)), rel=1e-5
    )
