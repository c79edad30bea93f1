"""Pictures before and after."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans import enhance, simulated_section
from napari_stentrans.figures import (
    before_after,
    hidden_spots,
    save_before_after,
    telling_genes,
)
from napari_stentrans.section.raster import SpotRaster


@pytest.fixture(scope="module")
def section():
    return simulated_section(
        lattice="hex", n_rows=14, n_cols=16, n_genes=80, seed=2
    ).section


@pytest.fixture(scope="module")
def hole(section):
    middle = np.median(section.pitch_rc, axis=0)
    return np.linalg.norm(section.pitch_rc - middle, axis=1) < 2


def test_each_gene_is_shown_measured_given_and_enhanced(section, hole):
    result = enhance(section, method="nearest", missing=hole)
    gene = str(section.genes[0])

    figure = before_after(result, [gene])

    panels = [ax for ax in figure.axes if ax.get_title()]
    titles = [ax.get_title() for ax in panels]
    assert titles == [f"{gene}, measured", "given to the method", "enhanced"]
    shown = [np.ma.masked_invalid(ax.images[0].get_array()).count() for ax in panels]
    assert shown[0] - shown[1] == 2 * hole.sum()  # a hex spot is two pixels wide
    assert len({ax.images[0].get_clim() for ax in panels}) == 1
    np.testing.assert_array_equal(hidden_spots(result), hole)


def test_where_nothing_was_painted_two_panels_do(section):
    result = enhance(section, method="nearest")
    figure = before_after(result, list(section.genes[:2]))
    assert sum(bool(ax.get_title()) for ax in figure.axes) == 4


def test_spots_are_drawn_where_they_lie(section):
    result = enhance(section, method="nearest")
    figure = before_after(result, [str(section.genes[0])])
    figure.draw_without_rendering()
    xy = section.to_pixel(section.array_rc)
    for ax, raster in (
        (figure.axes[0], SpotRaster.from_section(section)),
        (figure.axes[1], result.raster),
    ):
        to_picture = ax.images[0].get_transform() - ax.transData
        col, row = to_picture.inverted().transform(xy).T
        inside = np.rint(row).astype(int), np.floor(col).astype(int)
        spot_first = np.arange(section.n_spots)  # in the result, spots come first
        np.testing.assert_array_equal(raster.index[inside], spot_first)


def test_telling_genes_have_patterns_of_their_own(section):
    chosen = telling_genes(section, 3)
    assert len(set(chosen)) == 3
    assert all(name.startswith(("DOMAIN", "GRADIENT", "FOCI")) for name in chosen)


def test_the_figure_is_written(section, tmp_path):
    result = enhance(section, method="nearest")
    path = save_before_after(result, tmp_path / "x.png")
    assert path.stat().st_size > 5000
