from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans import datasets
from napari_stentrans.datasets import shipped, simulated_section
from napari_stentrans.datasets import simulated as simulated_module
from napari_stentrans.errors import InvalidRequestError, ReadError
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.tissue import interior_holes

REGULAR = [kind for kind in LatticeKind if kind is not LatticeKind.IRREGULAR]


def same(one, other) -> bool:
    return (
        one.section.fingerprint == other.section.fingerprint
        and np.array_equal(one.truth, other.truth)
        and np.array_equal(one.section.pixel_xy, other.section.pixel_xy)
    )


@pytest.mark.parametrize("kind", LatticeKind)
def test_the_same_seed_gives_the_same_section(kind):
    def make(seed: int):
        return simulated_section(
            lattice=kind, n_rows=8, n_cols=9, n_genes=20, seed=seed
        )

    assert same(make(5), make(5))
    assert not same(make(5), make(6))


@pytest.mark.parametrize("kind", LatticeKind)
def test_sections_look_like_sections(kind):
    simulated = simulated_section(lattice=kind, n_rows=25, n_cols=25, seed=3)
    section = simulated.section
    assert section.lattice.kind is kind
    assert 0.5 * 625 < section.n_spots < 625, "an outline is cut out"
    assert section.n_genes == 200
    assert section.genes.is_unique
    assert (section.counts.data == np.rint(section.counts.data)).all()
    assert 4 <= simulated.tissue.n_domains <= 8
    assert 3 <= section.obs["domain"].nunique() <= 8
    dense = section.counts.toarray()
    assert 0.05 < (dense == 0).mean() < 0.6
    of_gene = np.sort(dense.mean(axis=0))
    assert of_gene[-5:].sum() > 0.1 * of_gene.sum(), "few genes make much of the counts"
    assert section.library_size.std() / section.library_size.mean() > 0.2


def test_counts_scatter_around_the_truth_more_than_poisson_ones():
    simulated = simulated_section(n_rows=70, n_cols=70, n_genes=40, seed=8)
    counts, truth = simulated.section.counts.toarray(), simulated.truth
    assert counts.sum() / truth.sum() == pytest.approx(1, abs=0.02)
    ratio = counts.sum(axis=0) / truth.sum(axis=0)
    np.testing.assert_allclose(ratio, 1, atol=0.1)
    expected = truth * simulated.spot_factor[:, None]
    strong = expected.mean(axis=0) > 20
    scatter = ((counts - expected) ** 2 / expected)[:, strong].mean()
    assert scatter > 2
    assert simulated.spot_factor.mean() == pytest.approx(1, abs=0.03)


def test_weak_genes_drop_out_and_keep_their_mean(monkeypatch):
    def counts() -> np.ndarray:
        return simulated_section(seed=1, mean_library=600).section.counts.toarray()

    with_dropout = counts()
    monkeypatch.setattr(simulated_module, "_DROPOUT", 0.0)
    without = counts()
    assert (with_dropout == 0).mean() > (without == 0).mean() + 0.005
    assert with_dropout.mean() == pytest.approx(without.mean(), rel=0.02)


def test_the_mean_library_is_what_was_asked_for():
    simulated = simulated_section(mean_library=700, seed=4)
    assert simulated.truth.sum(axis=1).mean() == pytest.approx(700, rel=1e-3)
    assert simulated.section.library_size.mean() == pytest.approx(700, rel=0.05)


@pytest.mark.parametrize("kind", LatticeKind)
def test_the_truth_is_known_between_the_spots(kind):
    simulated = simulated_section(lattice=kind, seed=2, sharp=0.0)
    section = simulated.section
    np.testing.assert_array_equal(simulated.truth_at(section.array_rc), simulated.truth)
    pairs = section.lattice.neighbours(section.array_rc)
    between = section.array_rc[pairs].mean(axis=1)
    middle = simulated.truth_at(between)
    ends = simulated.truth[pairs].mean(axis=1)
    assert np.median(np.abs(middle - ends) / ends) < 0.05
    assert simulated.truth_at([[3.5, 7.25]]).shape == (1, section.n_genes)


def test_sharp_borders_are_sharper_than_smooth_ones():
    def in_between(sharp: float) -> float:
        tissue = simulated_section(seed=7, sharp=sharp).tissue
        pitch_rc = np.random.default_rng(0).uniform(0, 25, size=(4000, 2))
        activity = tissue.activity(pitch_rc)[:, : tissue.n_domains]
        return float(((activity > 0.1) & (activity < 0.9)).mean())

    assert in_between(1.0) < 0.02
    assert in_between(0.0) > 0.15


def test_markers_are_high_where_their_programme_is():
    simulated = simulated_section(seed=9, n_genes=300)
    tissue, section = simulated.tissue, simulated.section
    shares = simulated.truth / simulated.truth.sum(axis=1, keepdims=True)
    names = tissue.programme_names()
    activity = tissue.activity(simulated.frame.to_pitch(section.array_rc))
    right = 0
    for gene, programme in enumerate(tissue.programme_of):
        if programme >= 0 and names[programme].startswith("DOMAIN"):
            assert section.genes[gene].startswith(names[programme] + "-")
            with_it = [np.corrcoef(a, shares[:, gene])[0, 1] for a in activity.T]
            right += int(np.nanargmax(with_it) == programme)
    n_markers = sum(name.startswith("DOMAIN") for name in section.genes)
    assert right > 0.8 * n_markers


@pytest.mark.parametrize("kind", LatticeKind)
def test_holes_take_spots_and_change_nothing_else(kind):
    whole = simulated_section(lattice=kind, seed=1)
    holed = simulated_section(lattice=kind, seed=1, holes=2)
    lost = whole.section.barcodes.difference(holed.section.barcodes)
    assert 10 <= len(lost) <= 60
    assert len(holed.removed_rc) == len(lost)
    kept = whole.section.subset(~whole.section.barcodes.isin(lost))
    assert kept.fingerprint == holed.section.fingerprint
    taken = whole.section.subset(whole.section.barcodes.isin(lost))
    np.testing.assert_array_equal(taken.array_rc, holed.removed_rc)
    np.testing.assert_array_equal(
        holed.truth_at(holed.removed_rc), whole.truth[whole.section.barcodes.isin(lost)]
    )


@pytest.mark.parametrize("kind", REGULAR)
def test_holes_are_enclosed_by_tissue(kind):
    holed = simulated_section(lattice=kind, seed=1, holes=3)
    enclosed = interior_holes(holed.section.lattice, holed.section.array_rc)
    assert {tuple(p) for p in holed.removed_rc} <= {tuple(p) for p in enclosed}


@pytest.mark.parametrize("kind", LatticeKind)
def test_the_image_shows_tissue_under_the_spots_and_glass_around(kind):
    simulated = simulated_section(
        lattice=kind, n_rows=14, n_cols=14, n_genes=5, seed=2, image=True
    )
    plain = simulated_section(lattice=kind, n_rows=14, n_cols=14, n_genes=5, seed=2)
    assert same(simulated, plain)
    section, image = simulated.section, simulated.section.image
    assert image.data.dtype == np.uint8
    assert image.data.shape[2] == 3
    greenness = image.data[..., 1].astype(float)  # glass is bright, stained tissue pink
    col, row = (section.pixel_xy * image.scale).round().astype(int).T
    corners = greenness[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() > 235
    assert np.median(greenness[row, col]) < 200
    swapped = greenness[np.minimum(col, len(greenness) - 1), row % greenness.shape[1]]
    assert greenness[row, col].mean() < swapped.mean()
    assert 0 < section.spot_diameter < 100


@pytest.mark.parametrize("kind", LatticeKind)
@pytest.mark.parametrize("size", [(1, 1), (1, 6), (6, 1), (2, 2)])
def test_the_smallest_sections(kind, size):
    section = simulated_section(
        lattice=kind, n_rows=size[0], n_cols=size[1], n_genes=1, image=True
    ).section
    assert 1 <= section.n_spots <= size[0] * size[1]
    assert section.image is not None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"n_rows": 0}, "0 x 30 spots"),
        ({"n_genes": 0}, "0 genes"),
        ({"mean_library": 0}, "0 counts a spot"),
        ({"holes": -1}, "-1 holes"),
        ({"seed": -1}, "not -1"),
        ({"holes": 500}, "do not fit"),
        ({"holes": 1.5}, "1.5 holes.* whole"),
        ({"n_rows": 2.5}, "2.5 x 30 spots.* whole"),
        ({"mean_library": np.nan}, "nan counts a spot"),
        ({"mean_library": np.inf}, "inf counts a spot"),
        ({"mean_library": 1e12}, r"at the most 1e\+09 counts"),
        ({"sharp": 5}, "0 to 1, not 5"),
        ({"sharp": np.nan}, "0 to 1, not nan"),
        ({"seed": 1.5}, "not 1.5"),
        ({"lattice": "hexagonal"}, "'hexagonal'; choose from square, hex"),
    ],
)
def test_impossible_sections_are_refused(wrong, told):
    with pytest.raises(InvalidRequestError, match=told):
        simulated_section(**wrong)


@pytest.mark.slow
def test_a_section_as_large_as_a_binned_one_is_made():
    section = simulated_section(
        lattice="square", n_rows=300, n_cols=300, n_genes=10
    ).section
    assert section.n_spots > 50_000


def test_samples_are_where_they_are_said_to_be():
    found = datasets.samples()
    assert set(found) == {"simulated_st", "simulated_visium"}
    for path in found.values():
        assert path.exists()
        assert datasets.sample_data_dir() in path.parents


def test_an_installed_package_carries_its_samples(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "napari_stentrans"
    (package / "_sample_data").mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", package / "datasets" / "shipped.py")
    assert datasets.sample_data_dir() == package / "_sample_data"


def test_a_package_without_samples_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "__file__", tmp_path / "a" / "b" / "c" / "shipped.py")
    with pytest.raises(ReadError, match="install napari-stentrans again"):
        datasets.sample_data_dir()
