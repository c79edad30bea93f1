"""Pictures before and after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans import enhance, simulated_section
from napari_stentrans.figures import (
    Colours,
    ComparisonLook,
    before_after,
    comparison,
    save_before_after,
    telling_genes,
)
from napari_stentrans.figures.comparison import score_in_words
from napari_stentrans.figures.drawing import view_of
from napari_stentrans.readings import at_spots, seen_spots
from napari_stentrans.section.alignment import Alignment
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
    np.testing.assert_array_equal(~seen_spots(result), hole)


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


def test_telling_genes_are_among_those_asked_for(section):
    best = telling_genes(section, 3)
    others = np.flatnonzero(~section.genes.isin(best))

    chosen = telling_genes(section, 3, among=others)

    assert len(set(chosen)) == 3
    assert set(chosen) <= set(section.genes[others])


def test_the_figure_is_written(section, tmp_path):
    result = enhance(section, method="nearest")
    path = save_before_after(result, tmp_path / "x.png")
    assert path.stat().st_size > 5000


@pytest.mark.parametrize("draw", [before_after, comparison])
def test_low_values_have_the_whole_range_of_colours(section, draw):
    gene, ends = str(section.genes[0]), []
    for each in (section, section.with_counts(section.counts / 1000)):
        result = enhance(each, method="nearest", genes="all")
        low, high = draw(result, [gene]).axes[0].images[0].get_clim()
        assert low == 0
        ends.append(high)
    assert ends[0] == pytest.approx(1000 * ends[1])


def test_a_picture_fills_its_view(section):
    raster = SpotRaster.from_section(section)
    rows, cols = raster.shape
    ends = (
        raster.affine[:2] @ np.array([[-0.5, -0.5, 1], [rows - 0.5, cols - 0.5, 1]]).T
    )
    x, y = view_of(raster)
    np.testing.assert_allclose([y, x], ends)


def test_another_result_takes_the_place_of_what_was_measured(section):
    first, second = (enhance(section, method=way) for way in ("nearest", "linear"))
    gene = str(section.genes[0])
    look = ComparisonLook(reference=first, names=("run 1", "run 2"))

    panels = [ax for ax in comparison(second, [gene], look).axes if ax.get_title()]

    assert [ax.get_title() for ax in panels] == [f"{gene} run 1", "run 2"]
    for ax, result in zip(panels, (first, second), strict=True):
        drawn = np.ma.filled(ax.images[0].get_array(), np.nan)
        np.testing.assert_array_equal(drawn, result.image(gene))


def test_the_difference_stands_beside_the_two_and_zero_is_in_the_middle(section):
    first, second = (enhance(section, method=way) for way in ("nearest", "linear"))
    gene = str(section.genes[0])
    look = ComparisonLook(
        reference=first, names=("a", "b"), with_difference=True, with_sd=True
    )

    panels = [ax for ax in comparison(second, [gene], look).axes if ax.get_title()]

    assert [ax.get_title() for ax in panels[2:]] == ["b minus a", "uncertainty (sd)"]
    image = panels[2].images[0]
    drawn = np.ma.filled(image.get_array(), np.nan)
    np.testing.assert_allclose(drawn, second.image(gene) - first.image(gene), atol=1e-6)
    low, high = image.get_clim()
    assert low == -high


def test_without_another_result_the_counts_are_subtracted(section):
    result = enhance(section, method="linear")
    gene = str(section.genes[0])
    figure = comparison(result, [gene], ComparisonLook(with_difference=True))

    [panel] = [ax for ax in figure.axes if ax.get_title() == "enhanced minus measured"]

    drawn = np.ma.filled(panel.images[0].get_array(), np.nan)
    wanted = at_spots(result, gene) - section.gene_counts(gene)
    raster = SpotRaster.from_section(section)
    np.testing.assert_allclose(drawn, raster.image(wanted), atol=1e-6)


@pytest.fixture(scope="module")
def pictured():
    made = simulated_section(n_rows=14, n_cols=16, n_genes=80, seed=2, image=True)
    return enhance(made.section, method="kriging", refine=2)


def bar_of(figure):
    [line] = [line for ax in figure.axes for line in ax.lines if line.get_gid()]
    return float(np.ptp(line.get_xdata())), line.axes.texts[0].get_text()


@pytest.mark.parametrize(
    ("pitch_um", "label"), [(100.0, "200 µm"), (2.0, "5 µm"), (None, "2 spots")]
)
def test_the_scale_bar_is_as_long_as_it_says(pictured, pitch_um, label):
    gene = str(pictured.section.genes[0])
    figure = comparison(pictured, [gene], ComparisonLook(pitch_um=pitch_um))
    length, told = bar_of(figure)
    assert told == label
    number, unit = told.split()
    pitches = float(number) / (pitch_um if unit == "µm" else 1)
    assert length == pytest.approx(pitches * 100, rel=0.01)  # simulated: 100 a pitch


def test_measured_and_enhanced_share_their_colours_and_the_score_is_told(pictured):
    genes = [str(gene) for gene in pictured.genes[:2]]
    look = ComparisonLook({genes[0]: Colours((0.0, 7.0))}, with_sd=True)

    figure = comparison(pictured, genes, look)

    panels = {}
    for ax in figure.axes:
        if ax.get_title():
            panels.setdefault(ax.get_title(), []).append(ax)
    assert len(panels["enhanced"]) == len(panels["uncertainty (sd)"]) == 2
    measured = panels[f"{genes[0]} measured"][0]
    enhanced = panels["enhanced"][0]
    assert measured.images[0].get_clim() == enhanced.images[0].get_clim() == (0, 7)
    score = pictured.gene_scores["heldout_pcc"].iloc[0]
    assert enhanced.get_xlabel().startswith(f"held-out r {score:.2f}")
    assert len(panels[pictured.section.name]) == 1  # the picture of the tissue, once


def test_a_gene_that_was_picked_out_has_no_rank(pictured):
    gene = str(pictured.genes[0])
    n_genes = len(pictured.genes)
    assert score_in_words(pictured, gene).endswith(f" of {n_genes})")
    alone = score_in_words(pictured.only([gene]), gene)
    assert alone == score_in_words(pictured, gene).partition(" (rank")[0]


def test_colours_are_bent_as_they_are_in_napari(pictured):
    gene, gamma = str(pictured.genes[0]), 0.5
    colours = Colours((1.0, 5.0), gamma=gamma)
    look = ComparisonLook({gene: colours}, with_picture=False)
    figure = comparison(pictured, [gene], look)

    [image] = figure.axes[0].images
    values = np.array([0.0, 1.0, 2.0, 5.0, 9.0])
    in_napari = np.clip((values - 1) / 4, 0, 1) ** gamma
    np.testing.assert_allclose(image.norm(values).clip(0, 1), in_napari, rtol=1e-6)
    assert image.norm(9.0) > 1  # else its number stands at the top of the colour bar


def test_the_tissue_is_drawn_as_it_was_aligned(pictured):
    section = pictured.section
    image = section.image.aligned(Alignment(shift_xy=(300.0, 0.0)))
    moved = replace(pictured, section=replace(section, image=image))
    gene = str(section.genes[0])
    lefts = []
    for result in (pictured, moved):
        figure = comparison(result, [gene])
        figure.draw_without_rendering()
        tissue = figure.axes[0]
        to_data = tissue.images[0].get_transform() - tissue.transData
        lefts.append(to_data.transform((0, 0))[0])
    assert lefts[1] - lefts[0] == pytest.approx(300)


def test_without_a_picture_of_the_tissue_there_is_no_panel_for_it(section):
    result = enhance(section, method="nearest")
    figure = comparison(result, [str(section.genes[0])])
    assert [ax.get_title() for ax in figure.axes if ax.get_title()] == [
        f"{section.genes[0]} measured",
        "enhanced",
    ]


def test_a_figure_at_even_depth_says_so_and_shows_it(pictured):
    section, gene = pictured.section, str(pictured.section.genes[0])
    figure = comparison(pictured, [gene], ComparisonLook(even=True, with_picture=False))

    measured, enhanced = (ax for ax in figure.axes if ax.images and ax.get_title())
    raster, total = SpotRaster.from_section(section), section.library_size
    per_median = section.gene_counts(gene) / total * np.median(total)
    drawn = measured.images[0].get_array().filled(np.nan)
    np.testing.assert_allclose(drawn, raster.image(per_median), rtol=1e-5)
    expected = pictured.read([gene]).mean[:, 0] / pictured.depth
    drawn = enhanced.images[0].get_array().filled(np.nan)
    np.testing.assert_allclose(drawn, pictured.raster.image(expected), rtol=1e-4)
    assert measured.images[0].get_clim() == enhanced.images[0].get_clim()
    assert "depth-normalised counts" in [ax.get_ylabel() for ax in figure.axes]


def test_each_gene_is_drawn_in_the_colours_of_its_own(pictured):
    genes = [str(gene) for gene in pictured.genes[:3]]
    black_to_green = np.array([[0, 0, 0, 1], [0, 1, 0, 1]], dtype=np.float32)
    named, listed = (Colours((0.0, 5.0), of) for of in ("magma", black_to_green))
    look = ComparisonLook({genes[1]: named, genes[2]: listed}, with_picture=False)

    figure = comparison(pictured, genes, look)

    first, second, third = (
        [ax.images[0].cmap for ax in figure.axes[at : at + 2]] for at in (0, 2, 4)
    )
    assert [cmap.name for cmap in first + second] == ["viridis"] * 2 + ["magma"] * 2
    for cmap in third:
        np.testing.assert_array_equal(cmap([0.0, 1.0]), black_to_green)


@pytest.mark.parametrize("draw", [before_after, comparison])
def test_names_are_no_formulas(section, tmp_path, draw):
    named = section.var.rename({section.genes[0]: "$x^$"})
    odd = replace(section, name="$a_$ and $b^$", var=named)
    result = enhance(odd, method="nearest", genes="all")
    draw(result, ["$x^$"]).savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 5000
