from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans import enhance, keys
from napari_stentrans.gui.canvas import layers
from napari_stentrans.gui.canvas.layers import LayerTag, Role, contrast_limits, tag_of
from napari_stentrans.section.missing import MissingRegions


def world_of(affine, pixel_rc):
    return (affine @ np.append(pixel_rc, 1.0))[:2]


def test_opening_shows_picture_below_total_counts(section):
    shown = layers.section_to_layers(section)

    tags = [tag_of(options["metadata"]) for _, options, _ in shown]
    assert [tag.role for tag in tags] == [Role.IMAGE, Role.COUNTS]
    assert all(tag.section is section for tag in tags)


def test_opening_without_picture_shows_counts_and_named_genes(other_section):
    gene = other_section.genes[4]

    shown = layers.section_to_layers(other_section, [gene])

    tags = [tag_of(options["metadata"]) for _, options, _ in shown]
    assert [(tag.role, tag.gene) for tag in tags] == [
        (Role.COUNTS, None),
        (Role.GENE, gene),
    ]


def test_every_spot_is_drawn_at_its_place_in_the_picture(any_section):
    gene = any_section.genes[0]
    data, options, kind = layers.gene_layer(any_section, gene)
    counts = any_section.gene_counts(gene)
    raster = layers.raster_of(any_section)
    pitch_px = np.linalg.norm(any_section.pitch_to_pixel[0])

    assert kind == "image"
    for spot, (x, y) in enumerate(any_section.pixel_xy):
        pixels = np.argwhere(raster.index == spot)
        centre = world_of(options["affine"], pixels.mean(axis=0))
        assert np.allclose(centre, (y, x), atol=0.3 * pitch_px)
        assert (data[tuple(pixels.T)] == counts[spot]).all()
    assert np.isnan(data[raster.index < 0]).all()


def test_picture_is_scaled_to_full_resolution_pixels(section):
    data, options, _ = layers.image_layer(section)

    covered = np.array(data.shape[:2]) * np.diag(options["affine"])[:2]
    assert np.allclose(covered, np.array(data.shape[:2]) / section.image.scale)
    assert (section.pixel_xy[:, ::-1] < covered).all()


def test_section_without_picture_has_no_picture_layer(other_section):
    with pytest.raises(ValueError, match="no picture"):
        layers.image_layer(other_section)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([0, 0, 0], (0, 1), id="nothing"),
        pytest.param([], (0, 1), id="no spots"),
        pytest.param([np.nan, 2, 2], (0, 2), id="constant, with NaN"),
        pytest.param([0] * 999 + [7], (0, 7), id="one spot in a thousand"),
        pytest.param(np.arange(1001), (0, 995), id="outliers cut"),
    ],
)
def test_contrast_limits(values, expected):
    assert contrast_limits(np.array(values, dtype=float)) == expected


def test_enhanced_layers_hold_the_result_in_the_colours_of_the_measured(section):
    gene = section.genes[1]
    result = enhance(section, method="nearest")
    _, measured, _ = layers.gene_layer(section, gene)

    (mean, options, _), (sd, of_sd, _) = layers.enhanced_layers(
        result, gene, measured["contrast_limits"]
    )

    np.testing.assert_array_equal(mean, result.image(gene))
    np.testing.assert_array_equal(sd, result.image(gene, sd=True))
    for look in ("colormap", "contrast_limits", "opacity"):
        assert options[look] == measured[look]
    assert of_sd["visible"] is False
    assert tag_of(of_sd["metadata"]).role is Role.SD


def test_enhanced_positions_lie_on_measured_ones(any_section):
    result = enhance(any_section, method="nearest")
    (_, options, _), _ = layers.enhanced_layers(result, any_section.genes[0])
    at_spot = np.flatnonzero(result.targets.spot >= 0)
    pitch_px = np.linalg.norm(any_section.pitch_to_pixel[0])

    for position in at_spot[::7]:
        pixels = np.argwhere(result.raster.index == position)
        y, x = world_of(options["affine"], pixels.mean(axis=0))
        spot = result.targets.spot[position]
        expected = any_section.to_pixel(any_section.array_rc[[spot]])[0]
        assert np.allclose((x, y), expected, atol=0.3 * pitch_px)


def test_canvas_fits_the_spots_and_holds_what_was_painted(any_section):
    empty, options, kind = layers.missing_layer(any_section)
    regions = MissingRegions.from_spots(any_section, [2, 3])
    painted, _, _ = layers.missing_layer(any_section, regions)

    raster = layers.raster_of(any_section)
    assert kind == "labels"
    assert empty.shape == raster.shape
    assert not empty.any()
    np.testing.assert_array_equal(options["affine"], raster.affine)
    back = MissingRegions.from_labels(painted, raster)
    np.testing.assert_array_equal(np.flatnonzero(back.unmeasured), [2, 3])


def test_raster_is_computed_once(section):
    assert layers.raster_of(section) is layers.raster_of(section)


def test_foreign_metadata_has_no_tag(section):
    assert tag_of({}) is None
    assert tag_of({keys.LAYER_TAG: "something else"}) is None
    tag = LayerTag(section, Role.COUNTS)
    assert tag_of({keys.LAYER_TAG: tag}) is tag
