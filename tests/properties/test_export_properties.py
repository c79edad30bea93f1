"""What is written comes back: every value, name and coordinate, in every format."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.anndata_out import section_to_anndata
from napari_stentrans.io.h5ad import section_from_anndata
from napari_stentrans.section.detection import impose_lattice
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section, TissueImage

QUICK = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
NAMES = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="\x7f"),
    min_size=1,
    max_size=8,
) | st.sampled_from(
    [
        "NA",
        "nan",
        "007",
        "1e5",
        "x",
        "array_row",
        "barcode",
        "a b",
        'say "a"',
        "a,b",
        "tab\ttab",
    ]
)


@st.composite
def sections(draw, kinds=tuple(LatticeKind), *, whole=False) -> Section:
    """Sections of some lattices, with odd names, empty spots and silent genes."""
    kind = draw(st.sampled_from(sorted(kinds)))
    seed = draw(st.integers(0, 2**16))
    rng = np.random.default_rng(seed)
    most = 18 if whole else 9
    n_spots, n_genes = (
        draw(st.integers(most if whole else 2, most)),
        draw(st.integers(2, 5)),
    )
    array_rc = placed(kind, n_spots, rng)
    lattice = (
        impose_lattice(array_rc, kind)
        if kind is LatticeKind.IRREGULAR
        else Lattice(kind)
    )
    names = st.lists(NAMES, unique=True, min_size=n_spots, max_size=n_spots)
    genes = st.lists(NAMES, unique=True, min_size=n_genes, max_size=n_genes)
    counts = rng.poisson(1.0, (n_spots, n_genes)) * rng.integers(0, 2, (n_spots, 1))
    picture = rng.integers(0, 256, (7, 5, 3)).astype(np.uint8)
    return Section(
        name=draw(st.sampled_from(["one", "with/slash", "ä b"])),
        counts=sparse.csr_matrix(counts.astype(np.float32)),
        obs=pd.DataFrame(index=draw(names)),
        var=pd.DataFrame(index=draw(genes)),
        array_rc=array_rc,
        lattice=lattice,
        pixel_xy=draw(st.none() | st.just(rng.normal(size=(n_spots, 2)) * 1e4)),
        spot_diameter=draw(st.none() | st.floats(0.1, 500)),
        image=draw(st.none() | st.just(TissueImage(picture, 0.123, "hires"))),
    )


def placed(kind: LatticeKind, n_spots: int, rng) -> np.ndarray:
    if kind is LatticeKind.IRREGULAR:
        return rng.uniform(0, 50, (n_spots, 2))
    sites = np.argwhere(np.ones((6, 3 if kind is LatticeKind.SQUARE else 6)))
    if kind in (LatticeKind.HEX, LatticeKind.QUINCUNX):
        sites = sites[sites.sum(axis=1) % 2 == 0]
    chosen = rng.choice(len(sites), n_spots, replace=False)
    return sites[chosen].astype(np.float64)


def assert_same(found: Section, section: Section, *, picture: bool = True) -> None:
    assert list(found.barcodes) == list(section.barcodes)
    assert list(found.genes) == list(section.genes)
    np.testing.assert_array_equal(found.counts.toarray(), section.counts.toarray())
    np.testing.assert_array_equal(found.array_rc, section.array_rc)
    assert (found.pixel_xy is None) == (section.pixel_xy is None)
    if section.pixel_xy is not None:
        np.testing.assert_array_equal(found.pixel_xy, section.pixel_xy)
    if picture and section.image is not None:
        np.testing.assert_array_equal(found.image.data, section.image.data)
        assert found.image.scale == pytest.approx(section.image.scale, rel=1e-12)
    if picture:
        assert (found.image is None) == (section.image is None)


@pytest.mark.parametrize("ending", [".h5ad", "", ".parquet", ".zarr"])
@given(section=sections())
@QUICK
def test_everything_comes_back(tmp_path_factory, ending, section):
    if ending == ".zarr":
        pytest.importorskip("spatialdata")
    path = tmp_path_factory.mktemp("out") / f"it{ending}"

    found = read_section(export(section, path))

    assert_same(found, section, picture=ending != ".parquet")
    assert found.lattice == section.lattice
    if ending != ".parquet":
        assert found.spot_diameter == pytest.approx(section.spot_diameter)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", [".csv", ".tsv.gz"])
@given(section=sections(set(LatticeKind) - {LatticeKind.IRREGULAR}, whole=True))
@QUICK
def test_tables_come_back_where_their_lattice_is_given(
    tmp_path_factory, ending, section
):
    path = tmp_path_factory.mktemp("out") / f"it{ending}"
    export(section, path)
    found = read_section(path, lattice=section.lattice.kind)

    assert_same(found, section, picture=False)


@given(section=sections())
@QUICK
def test_anndata_comes_back_without_a_file(section):
    found = section_from_anndata(section_to_anndata(section))

    assert_same(found, section)
    assert found.lattice == section.lattice
    assert found.fingerprint == section.fingerprint
