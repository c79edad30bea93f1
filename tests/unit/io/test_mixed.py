"""Sections laid on one another are told from sections that lie side by side."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from napari_stentrans.errors import ReadError
from napari_stentrans.io import read_section
from napari_stentrans.io.assembly.mixed import lie_among_one_another
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata

SIZES = (64, 100, 400, 2000)
SURE = ("library_id", "Sample", "slice_id", "orig.ident", "puck", "Bregma", "Slide_ID")
UNSURE = ("batch", "replicate", "dataset", "Donor_ID")


def cells(rng, n, x=0.0, y=0.0, side=1.0, *, on_lattice=False):
    """Cells at chance places of a square, or on a lattice in it."""
    if not on_lattice:
        return rng.random((n, 2)) * side + (x, y)
    steps = np.arange(int(np.sqrt(n))) + 0.5
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    return grid * side / len(steps) + (x, y)


def layouts_apart(rng, n):
    """Parts as several sections or captures may lie on one slide."""
    for how in ({"on_lattice": True}, {"on_lattice": False}):
        at = np.argwhere(np.ones((3, 3)))
        yield [cells(rng, n, **how), cells(rng, n, 1.5, **how)]
        yield [cells(rng, n, **how), cells(rng, n, 1.0, **how)]
        yield [cells(rng, n, x, y, **how) for x, y in at]
        yield [cells(rng, 9 * n, side=3, **how), cells(rng, n, 3.0, 1.0, **how)]
        yield [cells(rng, n, **how), cells(rng, 20, 0.4, 0.4, 0.2, **how)]


def layouts_upon_one_another(rng, n):
    """Parts that have the same frame, or for the most part; one larger, or denser."""
    yield [cells(rng, n), cells(rng, n)]
    yield [cells(rng, n) for _ in range(5)]
    yield [cells(rng, n), cells(rng, n), cells(rng, n, 5.0)]
    yield [cells(rng, 10 * n), cells(rng, n, 0.2, 0.2, 0.3)]
    yield [cells(rng, n), cells(rng, n, 0.03, 0.02)]
    lattice = cells(rng, n, on_lattice=True)
    yield [lattice, lattice + 0.3 / np.sqrt(n)]
    if n >= 400:
        yield [cells(rng, n), cells(rng, n, 0.5)]


def judged(parts, rng):
    xy = np.vstack(parts)
    names = np.repeat([f"s{i}" for i in range(len(parts))], [len(p) for p in parts])
    order = rng.permutation(len(xy))
    return lie_among_one_another(xy[order], names[order])


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_layouts_are_judged_rightly(n, seed):
    rng = np.random.default_rng(seed)
    assert [judged(parts, rng) for parts in layouts_apart(rng, n)] == [False] * 10
    assert all(judged(parts, rng) for parts in layouts_upon_one_another(rng, n))


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_what_has_no_name_is_of_no_part(missing):
    rng = np.random.default_rng(0)
    xy = np.vstack([cells(rng, 400), cells(rng, 400, 1.5)])
    names = np.repeat(np.array(["a", "b"], dtype=object), 400)
    names[::3] = missing  # all over both
    assert not lie_among_one_another(xy, names)
    assert lie_among_one_another(np.vstack([xy[:400], xy[:400] + 1e-3]), names)


def test_what_names_cells_or_one_section_is_not_judged():
    rng = np.random.default_rng(0)
    xy = cells(rng, 40_000)
    assert lie_among_one_another(xy, rng.integers(0, 4, len(xy)))
    assert not lie_among_one_another(xy, np.zeros(len(xy), int))
    assert not lie_among_one_another(xy, rng.integers(0, 600, len(xy)))
    assert not lie_among_one_another(xy, np.arange(len(xy)))
    xy[:] = np.nan
    assert not lie_among_one_another(xy, rng.integers(0, 4, len(xy)))


def anndata_of(parts, column):
    n_each = [len(part) for part in parts]
    label = np.repeat([f"s{i + 1}" for i in range(len(parts))], n_each)
    counts = np.random.default_rng(1).poisson(2.0, (len(label), 5)).astype("f4")
    names = [f"c{i}" for i in range(len(label))]
    obs = pd.DataFrame({column: pd.Categorical(label)}, names)
    return ad.AnnData(counts, obs=obs, obsm={"spatial": np.vstack(parts) * 1000})


@pytest.fixture
def overlaid():
    rng = np.random.default_rng(2)
    return [cells(rng, 200), cells(rng, 180)]


@pytest.mark.parametrize("column", SURE)
def test_sections_of_cells_upon_one_another_are_refused(tmp_path, overlaid, column):
    adata = anndata_of(overlaid, column)
    adata.write_h5ad(tmp_path / "two.h5ad")
    with pytest.raises(ReadError, match="there are several sections") as caught:
        read_section(tmp_path / "two.h5ad")
    told = str(caught.value)
    assert f"{column} has 's1' (200 spots), 's2' (180 spots)" in told
    assert "library='s1'" in told
    assert "--library s1" in told
    assert "rename that column" in told
    chosen = read_section(tmp_path / "two.h5ad", library="s2")
    np.testing.assert_allclose(chosen.pixel_xy, overlaid[1] * 1000)
    adata.obs = adata.obs.rename(columns={column: "kind"})  # as the message says
    assert section_from_anndata(adata).n_spots == 380


@pytest.mark.parametrize("column", UNSURE)
def test_what_may_tell_cells_of_one_section_apart_is_told(overlaid, column):
    section = section_from_anndata(anndata_of(overlaid, column))
    assert section.n_spots == 380
    (note,) = (note for note in section.notes if "among one another" in note)
    assert note.startswith(f"Spots of different {column} ('s1', 's2') lie among")
    assert "--library s1" in note
    chosen = section_from_anndata(anndata_of(overlaid, column), library="s1")
    assert chosen.n_spots == 200
    assert not any("among one another" in note for note in chosen.notes)


@pytest.mark.parametrize("column", ["fov", "cell_type", "leiden", "in_region"])
def test_what_lies_among_one_another_in_one_section_may(overlaid, column):
    section = section_from_anndata(anndata_of(overlaid, column))
    assert section.n_spots == 380
    assert not any("among one another" in note for note in section.notes)


@pytest.mark.parametrize("column", [*SURE, *UNSURE])
def test_sections_side_by_side_are_read_together(column):
    rng = np.random.default_rng(3)
    parts = [cells(rng, 200), cells(rng, 180, 1.0), cells(rng, 30, 0.0, 1.3)]
    section = section_from_anndata(anndata_of(parts, column))
    assert section.n_spots == 410
    assert not any("among one another" in note for note in section.notes)
