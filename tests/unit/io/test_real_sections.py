"""Every real section opens with the right lattice, spots and image alignment."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.errors import ReadError
from napari_stentrans.io import can_read, read_section
from napari_stentrans.io.formats.tenx_matrix import read_matrix

SQUARE, HEX, QUINCUNX = "square", "hex", "quincunx"
SECTIONS = [
    # path, spots, genes, lattice, image
    ("mel1_rep1/counts.tsv.gz", 279, 15666, SQUARE, None),
    ("her2st/A1.tsv.gz", 346, 15045, SQUARE, None),
    ("her2st/B4.tsv.gz", 283, 15289, SQUARE, "B4.jpg"),
    ("her2st/C2.tsv.gz", 187, 15706, SQUARE, "C2.jpg"),
    ("her2st/C4.tsv.gz", 184, 15842, SQUARE, "C4.jpg"),
    ("her2st/C5.tsv.gz", 181, 15721, SQUARE, "C5.jpg"),
    ("st2k/Hippo1.tsv.gz", 1098, 10000, QUINCUNX, None),
    ("st2k/MOB1.tsv", 379, 1000, QUINCUNX, "MOB1.jpg"),
    ("crc16_visium", 3106, 36601, HEX, "lowres"),
    ("visium_dlpfc_Br8325_ant_5000genes.h5ad", 3529, 5000, HEX, None),
    ("readers/scanpy_test_visium/1.0.0", 100, 100, HEX, "lowres"),
    (
        "readers/seurat_test_visium_hd/binned_outputs/square_008um",
        1368,
        100,
        SQUARE,
        None,
    ),
    ("readers/seurat_test_visium_hd", 336, 100, SQUARE, None),
    (
        "readers/seurat_test_visium_hd/binned_outputs/square_016um",
        336,
        100,
        SQUARE,
        None,
    ),
    ("readers/spatialexperiment_extdata/10xVisium/section1", 22, 50, HEX, "lowres"),
    ("readers/spatialexperiment_extdata/10xVisium/section2", 22, 50, HEX, "lowres"),
    ("readers/visiumio/10xVisium/section1/outs", 22, 49, HEX, "lowres"),
    (
        "readers/visiumio/10xVisium/section2/outs/raw_feature_bc_matrix",
        22,
        50,
        HEX,
        "lowres",
    ),
    ("readers/visiumio/binned_outputs/square_002um", 10, 10, SQUARE, "lowres"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "n_spots", "n_genes", "lattice", "image"),
    SECTIONS,
    ids=[entry[0].replace("/", "-") for entry in SECTIONS],
)
def test_real_sections(shared_data, path, n_spots, n_genes, lattice, image):
    assert can_read(shared_data / path)
    section = read_section(shared_data / path)
    assert (section.n_spots, section.n_genes) == (n_spots, n_genes)
    assert str(section.lattice.kind) == lattice
    assert section.lattice.step_rc == (1.0, 1.0)
    assert (section.image.name if section.image else None) == image
    if section.pixel_xy is not None:
        misfit = section.to_pixel(section.array_rc) - section.pixel_xy
        pitch = np.linalg.norm(section.pitch_to_pixel[:2], axis=1)
        assert np.abs(misfit).max() < 0.35 * pitch.min()
        # The ST 2k arrays are a tenth wider along columns than a square on its tip.
        squeezed = 1.11 if lattice == QUINCUNX else 1.0
        assert pitch.max() / pitch.min() == pytest.approx(squeezed, abs=0.05)
    if section.image is not None:
        height, width = section.image.data.shape[:2]
        at = section.pixel_xy * section.image.scale
        assert (at > 0).all()
        assert (at < (width, height)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["B4", "C2", "C4", "C5"])
def test_spots_of_her2st_lie_on_the_tissue(shared_data, name):
    section = read_section(shared_data / "her2st" / f"{name}.tsv.gz")
    green = section.image.data[..., 1].astype(float)
    x, y = np.rint(section.pixel_xy * section.image.scale).astype(int).T
    mirrored = green[y, green.shape[1] - 1 - x]
    assert np.median(green[y, x]) < np.median(mirrored) - 20  # stained is darker


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("her2st", "5 sections"),
        ("st2k", "2 sections"),
        ("readers/visiumio/10xVisium", "section1/outs"),
        ("readers/scanpy_test_visium/2.1.0/raw_probe_bc_matrix.h5", "without spot"),
        ("readers/squidpy_test/test_data.h5ad", "no raw counts"),
        ("readers/squidpy_test/test_img.jpg", "a picture"),
        ("mel1_rep1/coords.csv", "positions but no counts"),
    ],
)
def test_what_is_refused_says_what_it_is(shared_data, path, told):
    with pytest.raises(ReadError, match=told):
        read_section(shared_data / path)


def test_a_normalised_section_opens_if_insisted(shared_data):
    path = shared_data / "readers/squidpy_test/test_data.h5ad"
    section = read_section(path, allow_normalised=True)
    assert (section.n_spots, str(section.lattice.kind)) == (49, HEX)
    assert "normalised" in section.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "wishes", "n_spots", "n_genes", "lattice"),
    [
        ("readers/xenium_se", {}, 36602, 248, "irregular"),
        ("readers/xenium_se", {"pitch": 100}, 1459, 248, SQUARE),
        ("readers/xenium_se/cells.csv.gz", {}, 36602, 248, "irregular"),
        ("readers/stereoseq_small", {}, 36, 10631, SQUARE),
        ("readers/stereoseq_small", {"bin_size": 10}, 900, 10631, SQUARE),
        ("readers/visiumio/binned_outputs", {"bin_size": 2}, 10, 10, SQUARE),
        ("readers/seurat_test_visium_hd", {"bin_size": 8}, 1368, 100, SQUARE),
        ("pairs/MerfishVignette", {}, 750, 134, "irregular"),
        ("pairs/VisiumVignette", {}, 313, 276, HEX),
        ("pairs/visium_lymphnode_spacexr.h5ad", {}, 1000, 2000, "irregular"),
    ],
)
def test_further_formats(shared_data, path, wishes, n_spots, n_genes, lattice):
    section = read_section(shared_data / path, **wishes)
    assert (section.n_spots, section.n_genes) == (n_spots, n_genes)
    assert str(section.lattice.kind) == lattice


def test_real_counts_of_probes_are_known_as_such(shared_data):
    file = shared_data / "readers/scanpy_test_visium/2.1.0/raw_probe_bc_matrix.h5"
    note = read_matrix(file).notes[0]
    assert note.startswith("raw_probe_bc_matrix.h5 counts probes, not genes")
