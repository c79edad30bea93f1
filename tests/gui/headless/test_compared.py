"""What comparisons show, against plain loops over spots and positions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans import enhance
from napari_stentrans.gui.canvas import compared
from napari_stentrans.gui.canvas.layers import enhanced_layers
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import raster_of


@pytest.fixture
def missing(any_section):
    none = MissingRegions.none(any_section)
    unmeasured = none.unmeasured.copy()
    unmeasured[[20, 21]] = True
    return replace(none, unmeasured=unmeasured)


@pytest.fixture
def result(any_section, missing):
    return enhance(any_section, method="kriging", missing=missing)


def test_difference_to_the_counts_is_at_the_spots_that_were_seen(
    any_section, missing, result
):
    gene = any_section.genes[3]
    counts, mean = any_section.gene_counts(gene), result.read([gene]).mean[:, 0]

    raster, values = compared.difference(result, gene, None)

    assert raster is raster_of(any_section)
    expected = np.full(any_section.n_spots, np.nan)
    for position, spot in enumerate(result.targets.spot):
        if spot >= 0 and not missing.unmeasured[spot]:
            expected[spot] = mean[position] - counts[spot]
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert np.isnan(values[missing.unmeasured]).all()


def test_difference_of_results_at_the_same_positions_is_everywhere(
    any_section, missing, result
):
    other = enhance(any_section, method="nearest", missing=missing)
    gene = any_section.genes[0]

    raster, values = compared.difference(result, gene, other)

    assert raster is result.raster
    np.testing.assert_allclose(
        values, (result.read([gene]).mean - other.read([gene]).mean)[:, 0]
    )


def test_difference_of_results_at_other_positions_is_at_the_spots(section):
    coarse = enhance(section, method="kriging", refine=2)
    fine = enhance(section, method="kriging", refine=3)
    gene = section.genes[0]

    raster, values = compared.difference(fine, gene, coarse)

    assert raster is raster_of(section)
    assert len(values) == section.n_spots
    np.testing.assert_allclose(values, 0, atol=1e-4)  # the same method at the spots


def test_the_middle_of_the_colours_of_a_difference_is_zero(result):
    _, options, _ = compared.difference_layer(
        result, result.section.genes[0], None, "enhanced minus measured"
    )

    low, high = options["contrast_limits"]
    assert low == -high < 0


@pytest.mark.parametrize(
    ("mean", "sd", "expected"),
    [
        pytest.param(9.0, 3.0, 1.0, id="counting noise alone"),
        pytest.param(9.0, 1.0, 1.0, id="less than counting noise"),
        pytest.param(4.0, np.sqrt(4 + 2.0**2), 0.5, id="known to half its value"),
        pytest.param(400.0, np.sqrt(400 + 200.0**2), 0.5, id="whatever the level"),
        pytest.param(1.0, 10.0, 0.12, id="hardly known at all"),
        pytest.param(0.0, 0.0, 1.0, id="surely nothing"),
        pytest.param(0.0, 1.0, 0.12, id="perhaps nothing"),
    ],
)
def test_certainty(mean, sd, expected):
    found = compared.certainty(np.array([mean]), np.array([sd]))

    np.testing.assert_allclose(found, expected, rtol=1e-6)


def grey(share):
    """Colours of a map from black to white."""
    return np.column_stack([share, share, share, np.ones_like(share)])


def test_faded_pixels_have_the_colour_of_the_mean_and_the_opacity_of_certainty(result):
    gene = result.section.genes[1]
    reading = result.read([gene])
    top = float(reading.mean.max())

    picture, options, _ = compared.faded_layer(
        result, gene, compared.Shade((0.0, top), 1.0, grey)
    )

    assert options["rgb"]
    index = result.raster.index
    for row, col in np.argwhere(index >= 0):
        at = index[row, col]
        mean, sd = reading.mean[at, 0], reading.sd[at, 0]
        opacity = float(compared.certainty(mean, sd))
        shown = picture[row, col] / 255
        np.testing.assert_allclose(shown[:3], mean / top, atol=0.003)
        assert shown[3] == pytest.approx(opacity, abs=0.003)
    assert (picture[index < 0] == 0).all()


def test_shade_follows_limits_and_gamma():
    shade = compared.Shade((1.0, 5.0), 2.0, grey)

    found = shade(np.array([0.0, 1.0, 3.0, 5.0, 9.0]))[:, 0]

    np.testing.assert_allclose(found, [0, 0, 0.25, 1, 1])


def test_each_origin_has_its_colour(result):
    picture, options, _ = compared.origin_layer(result)
    kinds, colours = list(compared.ORIGIN_COLOURS), options["colormap"]["colors"]

    index = result.raster.index
    for row, col in np.argwhere(index >= 0):
        number = int(picture[row, col])
        assert kinds[number] == result.targets.origin[index[row, col]]
        low, high = options["contrast_limits"]
        share = (number - low) / (high - low)
        bins = options["colormap"]["controls"]
        shown = colours[int(np.searchsorted(bins, share, side="right")) - 1]
        assert shown == compared.ORIGIN_COLOURS[kinds[number]]
    assert np.isnan(picture[index < 0]).all()


def test_a_reference_is_as_opaque_as_what_it_is_compared_with(any_section, result):
    gene = str(any_section.genes[0])
    (_, enhanced, _), _ = enhanced_layers(result, gene)
    _, reference, _ = compared.reference_layer(result, gene, (0, 9), "run 1")

    assert any_section.image is not None
    assert reference["opacity"] == enhanced["opacity"] < 1
