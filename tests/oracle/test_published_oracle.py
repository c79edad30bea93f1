"""The released network on its own section: weights, rasters and figures."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_stentrans.evaluation.metrics import pearson
from napari_stentrans.io import read_section
from napari_stentrans.methods.gene_images.network import interleave
from napari_stentrans.methods.gene_images.raster import (
    full_raster,
    training_placement,
)
from napari_stentrans.methods.published.network import PublishedNetwork, read_weights
from napari_stentrans.section.section import Section

pytestmark = pytest.mark.oracle

WEIGHTS = "stEnTrans_mel_p3h4.params"
SECTIONS = {"square_mel1": "mel1_rep1", "hex_crc16": "crc16_visium"}


@pytest.fixture(scope="module")
def released(shared_reference: Path) -> PublishedNetwork:
    return read_weights(shared_reference / WEIGHTS, heads=4)


@pytest.fixture(scope="module", params=SECTIONS)
def recorded(request, shared_data: Path, shared_reference: Path):
    """A section, and what the released code makes of it."""
    section = read_section(shared_data / SECTIONS[request.param])
    with np.load(shared_reference / f"lattice_{request.param}.npz") as arrays:
        return section, dict(arrays)


def counts_of(section: Section, genes: np.ndarray):
    return section.counts.tocsc()[:, section.gene_index(genes)]


def test_the_network_has_the_published_size(released: PublishedNetwork) -> None:
    assert released.patch == 3
    assert len(released.blocks) == 12
    assert sum(p.numel() for p in released.parameters()) == 129_528


def test_recorded_outputs_are_reproduced(
    released: PublishedNetwork, shared_reference: Path
) -> None:
    """In double precision: what is left is the rounding of the recording."""
    with np.load(shared_reference / "golden_mel_p3h4.npz") as golden:
        images, expected = (torch.from_numpy(golden[key]) for key in golden)
    exact = deepcopy(released).double()
    with torch.no_grad():
        found = exact.refine_patches(images.double())
    torch.testing.assert_close(found.float(), expected, rtol=1e-5, atol=1e-5)


def test_training_pair_is_the_same(recorded) -> None:
    section, arrays = recorded
    placement = training_placement(section)
    fine = placement.images(counts_of(section, arrays["genes"]))
    np.testing.assert_array_equal(fine, arrays["train_hr"])
    np.testing.assert_array_equal(fine[:, ::2, ::2], arrays["train_lr"])
    np.testing.assert_array_equal(placement.occupied, arrays["in_tissue"] > 0)


def test_full_raster_is_the_same(recorded) -> None:
    section, arrays = recorded
    raster = full_raster(section)
    drawn = raster.spots.images(counts_of(section, arrays["genes"]))
    np.testing.assert_array_equal(drawn, arrays["full"])


def test_refined_positions_are_the_same_pixels(recorded) -> None:
    section, arrays = recorded
    raster = full_raster(section)
    kept_rc = np.column_stack([arrays["kept_row"], arrays["kept_col"]])
    pixels = raster.nearest(section.lattice.to_pitch(kept_rc))
    np.testing.assert_array_equal(pixels, arrays["kept_pixel"])
    apart = raster.refined_rc[pixels] - section.lattice.to_pitch(kept_rc)
    assert np.abs(apart).max() < 1e-9


def test_its_figures_on_its_own_section(
    released: PublishedNetwork, shared_data: Path
) -> None:
    """In-sample: these weights were trained on the very spots they are scored on."""
    section = read_section(shared_data / "mel1_rep1")
    genes = np.flatnonzero(section.detected_in > 0.1 * section.n_spots)
    placement = training_placement(section)
    assert len(genes) == 6472
    assert len(placement.spot) == 277
    assert placement.occupied[::2, ::2].sum() == 66

    fine = placement.images(section.counts.tocsc()[:, genes])
    with torch.no_grad():
        coarse = torch.from_numpy(fine[:, None, ::2, ::2].copy())
        whole = torch.cat([interleave(released(part)) for part in coarse.split(512)])
    row, col = placement.pixel_rc.T
    truth, predicted = fine[:, row, col].T, whole.numpy()[:, row, col].T
    hidden = (row % 2 == 1) | (col % 2 == 1)
    assert hidden.sum() == 211
    error = (truth - predicted)[hidden]
    assert np.nanmedian(pearson(truth, predicted)) == pytest.approx(0.615, abs=0.005)
    of_hidden = pearson(truth[hidden], predicted[hidden])
    assert np.nanmedian(of_hidden) == pytest.approx(0.345, abs=0.005)
    assert np.sqrt((error**2).mean()) == pytest.approx(0.639, abs=0.005)
