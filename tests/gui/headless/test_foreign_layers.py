"""Sections that other plugins opened, carried by their layers."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from napari.layers import Image, Labels, Points, Shapes
from napari.utils.transforms import Affine

from napari_stentrans.gui.canvas.foreign import Things, carriers
from napari_stentrans.section.lattice import LatticeKind


@pytest.fixture
def foreign(section):
    """An AnnData as napari-spatialdata hands it on, with no positions of its own."""
    adata = ad.AnnData(
        section.counts.copy(),
        obs=pd.DataFrame({"spot": np.arange(1, section.n_spots + 1)}, section.barcodes),
        var=section.var[[]].copy(),
    )
    metadata = {"adata": adata, "instance_key": "spot", "region_key": "region"}
    return adata, metadata


def shapes_of(section, metadata):
    yx = section.pixel_xy[:, ::-1] / 2  # the layer itself is scaled by two
    boxes = [
        [y + np.array([-9, -9, 9, 9]), x + np.array([-9, 9, 9, -9])] for y, x in yx
    ]
    return Shapes(
        [np.array(box).T for box in boxes],
        name="spots",
        scale=(2, 2),
        metadata=metadata,
    )


def points_of(section, metadata):
    yx = section.pixel_xy[:, ::-1] / 2
    return Points(yx, name="spots", scale=(2, 2), metadata=metadata)


def labels_of(section, metadata):
    yx = np.rint(section.pixel_xy[:, ::-1] / 10).astype(int)
    labels = np.zeros(yx.max(axis=0) + 5, dtype=int)
    for number, (y, x) in enumerate(yx, 1):
        labels[y - 2 : y + 3, x - 2 : x + 3] = number
    return Labels(labels, name="spots", scale=(10, 10), metadata=metadata)


def test_a_key_of_labels_that_is_no_name_is_passed_over(
    controller, jobs, section, foreign
):
    adata, metadata = foreign
    adata.obsm["spatial"] = section.pixel_xy
    layer = labels_of(section, metadata | {"instance_key": ["spot"]})
    controller.stage.viewer.layers.append(layer)

    controller.foreign.use("spots")
    jobs.last.finish()

    assert controller.session.section.n_spots == section.n_spots


@pytest.mark.parametrize("kind", [shapes_of, points_of, labels_of])
def test_a_section_is_made_of_what_a_layer_carries(
    controller, jobs, section, foreign, kind
):
    adata, metadata = foreign
    before = adata.copy()
    layer = kind(section, metadata)
    controller.stage.viewer.layers.append(layer)
    assert controller.session.about.offers == ("spots",)
    assert controller.session.section is None

    controller.foreign.use("spots")
    jobs.last.finish()

    taken = controller.session.section
    assert taken.name == "spots"
    assert (taken.counts != section.counts).nnz == 0
    np.testing.assert_allclose(taken.pixel_xy, section.pixel_xy, atol=8)
    assert taken.lattice.kind is LatticeKind.HEX
    assert layer in controller.stage.viewer.layers
    assert dict(adata.obsm) == dict(before.obsm) == {}
    pd.testing.assert_frame_equal(adata.obs, before.obs)
    assert controller.session.about.offers == ()
    for layer, _ in list(controller.stage.tagged()):
        controller.stage.viewer.layers.remove(layer)
    assert controller.session.about.offers == ("spots",)


@pytest.mark.parametrize("n_axes", [2, 3])
def test_the_middle_of_a_polygon_is_that_of_its_area(n_axes):
    square = [[0, 0], [0, 10], [10, 10], [10, 0]]
    closed, finer = [*square, [0, 0]], [*square, [8, 0], [6, 0], [4, 0], [2, 0]]
    turned, line = finer[::-1], [[5, 0], [5, 10]]
    far = np.array([1e5] * (n_axes - 2) + [2e5, 3e5])
    outlines = [
        np.pad(np.array(each, dtype=float), ((0, 0), (n_axes - 2, 0))) + far
        for each in (square, closed, finer, turned, line)
    ]
    layer = Shapes(outlines, shape_type=["polygon"] * 4 + ["line"])

    found = Things.of(layer, ad.AnnData(np.ones((5, 1)))).spots_xy()

    np.testing.assert_allclose(found - (3e5, 2e5), np.full((5, 2), 5.0), atol=1e-3)


def test_rows_that_no_layer_shows_lie_where_the_anndata_says(
    controller, jobs, section, foreign
):
    adata, metadata = foreign
    adata.obsm["spatial"] = section.pixel_xy
    image = Image(np.zeros((9, 9)), name="spots", metadata=metadata)
    controller.stage.viewer.layers.append(image)
    assert Things.of(image, adata).spots_xy() is None
    controller.foreign.use("spots")
    jobs.last.finish()
    np.testing.assert_array_equal(controller.session.section.pixel_xy, section.pixel_xy)


def test_what_was_taken_over_is_not_offered_on_another_lattice(
    controller, jobs, section, foreign
):
    controller.stage.viewer.layers.append(points_of(section, foreign[1]))
    controller.foreign.use("spots")
    jobs.last.finish()

    controller.replacement.lay_on(LatticeKind.QUINCUNX)
    jobs.last.finish()

    assert controller.session.section.lattice.kind is LatticeKind.QUINCUNX
    assert controller.session.about.offers == ()


@pytest.mark.parametrize("n_axes", [2, 3])
def test_all_points_lie_in_the_world_where_each_does(foreign, rng, n_axes):
    adata, metadata = foreign
    data = rng.normal(size=(adata.n_obs, n_axes))
    turn = Affine(
        rotate=30, scale=(2, 3), translate=(5, -7), shear=(0.2,), ndim=2
    ).affine_matrix
    layer = Points(data, metadata=metadata, affine=turn, scale=(4,) * n_axes)

    found = Things.of(layer, adata).spots_xy()

    expected = [layer.data_to_world(each)[-2:][::-1] for each in data]
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("kind", [points_of, labels_of])
def test_what_takes_long_is_done_in_the_job(
    controller, jobs, section, foreign, monkeypatch, kind
):
    calls = []
    monkeypatch.setattr(
        "scipy.ndimage.center_of_mass",
        lambda *_: calls.append("labels") or np.zeros((section.n_spots, 2)),
    )
    layer = kind(section, foreign[1])
    monkeypatch.setattr(
        type(layer), "data_to_world", lambda _self, at: calls.append("world") or at
    )
    controller.stage.viewer.layers.append(layer)
    calls.clear()

    controller.foreign.use("spots")

    assert calls == ["world"] * 3, "not once a point"
    jobs.last.finish()
    assert calls.count("labels") == (kind is labels_of)


def test_what_cannot_be_taken_over_is_told(controller, jobs, foreign, told):
    _, metadata = foreign
    layer = Points(np.zeros((3, 2)), name="spots", metadata=metadata)
    controller.stage.viewer.layers.append(layer)
    controller.foreign.use("spots")
    jobs.last.finish()
    assert "there are no spot positions" in told[0]
    assert controller.session.section is None


def test_only_layers_with_an_anndata_of_another_plugin_are_offered(
    opened, section, foreign
):
    _, metadata = foreign
    viewer = opened.stage.viewer
    assert opened.session.about.offers == ()
    viewer.layers.append(Points(np.zeros((2, 2)), metadata={"adata": "no AnnData"}))
    viewer.layers.append(Points(np.zeros((2, 2)), metadata={"adata": None}))
    assert opened.session.about.offers == ()
    viewer.layers.append(Points(np.zeros((2, 2)), name="a", metadata=metadata))
    viewer.layers.append(Points(np.zeros((2, 2)), name="b", metadata=metadata))
    assert opened.session.about.offers == ("a",)  # the same one twice
    assert carriers([]) == ()
    opened.foreign.use("gone")  # a name that has no layer
    viewer.layers.remove("a")
    assert opened.session.about.offers == ("b",)


def test_an_anndata_of_nothing_is_told(controller, jobs, told):
    nothing = Points(
        np.empty((0, 2)), name="empty", metadata={"adata": ad.AnnData(np.zeros((0, 0)))}
    )
    controller.stage.viewer.layers.append(nothing)

    controller.foreign.use("empty")
    jobs.last.finish()

    assert told


def test_a_layer_is_offered_by_the_name_that_it_has_now(controller, section, foreign):
    layer = points_of(section, foreign[1])
    controller.stage.viewer.layers.append(layer)

    layer.name = "my spots"

    assert controller.session.about.offers == ("my spots",)
