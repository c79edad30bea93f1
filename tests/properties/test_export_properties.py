"""What is written comes back: every value, name and coordinate, in every format."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.io.tables import read_anndata
from napari_stentrans.io.writers.as_anndata import section_to_anndata
from napari_stentrans.pipeline import enhance
from napari_stentrans.section.detection import impose_lattice
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

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
        "x_gene",
        "x_gene_gene",
        "gene",
        "position",
        'say "a"',
        "a,b",
        "tab\ttab",
    ]
)


TAKEN = {"array_row", "array_col", "in_tissue"}
"""Columns that every file of ours has."""


@st.composite
def tables(draw, names, *, odd_columns=True) -> pd.DataFrame:
    """Tables of spots or genes: whole and broken numbers, yes and no, and any text."""
    n = len(names)
    columns = {}
    kinds = draw(st.lists(st.sampled_from("wfdbt"), max_size=3))
    called = st.lists(
        NAMES.filter(lambda name: name not in TAKEN and "/" not in name),
        unique_by=str.casefold,
        min_size=len(kinds),
        max_size=len(kinds),
    )
    chosen = draw(called) if odd_columns else [f"col{k}" for k in range(len(kinds))]
    for name, kind in zip(chosen, kinds, strict=True):
        values = {
            "w": st.integers(-(2**40), 2**40),
            "f": st.floats(width=32),
            "d": st.floats(),
            "b": st.booleans(),
            "t": NAMES | st.sampled_from(["", "two\nlines", "True", " blank "]),
        }[kind]
        found = draw(st.lists(values, min_size=n, max_size=n))
        dtype = {"w": "int64", "f": "float32", "d": "float64", "b": bool, "t": object}
        columns[name] = np.array(found, dtype=dtype[kind])
    return pd.DataFrame(columns, index=pd.Index(names, dtype=object))


def assert_same_table(found: pd.DataFrame, table: pd.DataFrame) -> None:
    assert list(found.index) == list(table.index)
    for name in table:
        assert found[name].dtype == table[name].dtype
        np.testing.assert_array_equal(found[name].to_numpy(), table[name].to_numpy())


@st.composite
def sections(
    draw, kinds=tuple(LatticeKind), *, whole=False, odd_columns=True
) -> Section:
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
        obs=draw(tables(draw(names), odd_columns=odd_columns)),
        var=draw(tables(draw(genes), odd_columns=odd_columns)),
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


TEXTS = (".csv", ".tsv.gz")


@pytest.mark.parametrize("ending", [".h5ad", "", ".parquet", ".zarr", *TEXTS])
@given(data=st.data())
@QUICK
def test_everything_comes_back(tmp_path_factory, ending, data):
    if ending == ".zarr":
        pytest.importorskip("spatialdata")
    section = data.draw(sections(odd_columns=ending not in (".zarr", ".h5ad")))
    path = tmp_path_factory.mktemp("out") / f"it{ending}"

    found = read_section(export(section, path))

    has_picture = ending not in (".parquet", *TEXTS)
    assert_same(found, section, picture=has_picture)
    assert found.lattice == section.lattice
    assert found.spot_diameter == pytest.approx(section.spot_diameter)
    if ending != "":  # Space Ranger knows no tables of spots and genes
        assert_same_table(found.obs, section.obs)
        assert_same_table(found.var, section.var)
    beside = {f"{path.name}.tables"} if ending in TEXTS else set()
    assert {each.name for each in path.parent.iterdir()} == {path.name} | beside


@pytest.mark.parametrize("ending", [*TEXTS, ".parquet"])
@given(section=sections(whole=True))
@QUICK
def test_all_of_a_result_comes_back(tmp_path_factory, ending, section):
    result = enhance(section, method="nearest", refine=2, genes="all")
    path = tmp_path_factory.mktemp("out") / f"it{ending}"

    found = read_anndata(export(result, path))

    expected = result.to_anndata()
    np.testing.assert_array_equal(found.X.toarray(), expected.X)
    np.testing.assert_array_equal(found.layers["sd"], expected.layers["sd"])
    np.testing.assert_array_equal(found.obsm["spatial"], expected.obsm["spatial"])
    assert_same_table(found.var, expected.var)
    for name in ("array_row", "array_col", "origin", "barcode"):
        assert list(found.obs[name]) == list(expected.obs[name])
    assert list(found.obs_names) == list(expected.obs_names)
    assert found.uns["stentrans"] == expected.uns["stentrans"]


@pytest.mark.parametrize("ending", TEXTS)
@given(section=sections(set(LatticeKind) - {LatticeKind.IRREGULAR}, whole=True))
@QUICK
def test_a_table_alone_comes_back_where_its_lattice_is_given(
    tmp_path_factory, ending, section
):
    path = tmp_path_factory.mktemp("out") / f"it{ending}"
    export(section, path)
    shutil.rmtree(path.with_name(f"{path.name}.tables"))
    found = read_section(path, lattice=section.lattice.kind)

    assert_same(found, section, picture=False)


@given(section=sections())
@QUICK
def test_anndata_comes_back_without_a_file(section):
    found = section_from_anndata(section_to_anndata(section))

    assert_same(found, section)
    assert found.lattice == section.lattice
    assert found.fingerprint == section.fingerprint
