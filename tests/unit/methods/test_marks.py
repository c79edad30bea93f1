"""By what a model knows the spots again that it was made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.methods.stentrans import marks
from napari_stentrans.methods.stentrans.marks import SpotMarks
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

SIDE = 25


def rates(n_genes: int, depth: float, dominance: float, seed: int) -> np.ndarray:
    """Expected counts of a tissue with smooth patterns, (spot, gene)."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:SIDE, :SIDE].reshape(2, -1, 1)
    patterns = [np.sin(row / 3 + k) + np.cos(col / 4 + 2 * k) for k in range(4)]
    log = rng.normal(size=n_genes) + np.hstack(patterns) @ rng.normal(
        0, 0.4, (4, n_genes)
    )
    log[:, 0] += dominance
    share = np.exp(log) / np.exp(log).sum(axis=1, keepdims=True)
    return depth * np.exp(rng.normal(0, 0.3, (len(log), 1))) * share


def measured(expected: np.ndarray, seed: int) -> Section:
    """A section with counts of its own, whatever they are expected to be."""
    counts = np.random.default_rng(seed).poisson(expected)
    return Section(
        name="drawn",
        counts=sparse.csr_matrix(counts.astype(np.float32)),
        obs=pd.DataFrame(index=[f"spot{i}" for i in range(len(counts))]),
        var=pd.DataFrame(index=[f"gene{j}" for j in range(counts.shape[1])]),
        array_rc=np.mgrid[:SIDE, :SIDE].reshape(2, -1).T * 1.0,
        lattice=Lattice(LatticeKind.SQUARE),
    )


def genes_of(section: Section, columns: np.ndarray) -> Section:
    """The section with some genes, in that order."""
    return replace(
        section, counts=section.counts[:, columns], var=section.var.iloc[columns]
    )


def marks_of(section: Section) -> SpotMarks:
    """Marks by the variance of genes, which is nearly what programmes go by."""
    return SpotMarks.of(section, np.log1p(section.counts.toarray()).var(axis=0))


@pytest.fixture(scope="module")
def deep() -> Section:
    return measured(rates(60, 500, 0, seed=1), seed=1)


SHALLOW = [
    pytest.param(30, 20, 6, id="one gene has nearly all counts"),
    pytest.param(30, 50, 7, id="one gene has nearly all of more counts"),
    pytest.param(9, 10, 4, id="one gene of a small panel has nearly all counts"),
    pytest.param(9, 10, 0, id="9 genes, 10 counts"),
    pytest.param(4, 10, 0, id="4 genes, 10 counts"),
    pytest.param(3, 15, 0, id="3 genes, 15 counts"),
    pytest.param(30, 3, 0, id="30 genes, 3 counts"),
    pytest.param(60, 1, 0, id="60 genes, one count"),
    pytest.param(1, 5000, 0, id="one gene"),
]


@pytest.mark.parametrize(("n_genes", "depth", "dominance"), SHALLOW)
def test_counts_of_another_section_are_not_taken_for_known(
    n_genes: int, depth: float, dominance: float
) -> None:
    """Neither of another tissue, nor of the same one measured a second time."""
    first, other = (rates(n_genes, depth, dominance, seed) for seed in (1, 2))
    kept = marks_of(measured(first, seed=3))
    for expected in (other, first, 0.5 * first, 2 * first):
        assert kept.share_known(measured(expected, seed=4)) == 0


@pytest.mark.parametrize(("n_genes", "depth", "dominance"), SHALLOW[:6])
def test_the_same_shallow_section_is_known(
    n_genes: int, depth: float, dominance: float
) -> None:
    section = measured(rates(n_genes, depth, dominance, seed=1), seed=3)
    assert marks_of(section).share_known(section) == 1


@pytest.mark.parametrize("n_genes", [60, 59, 40, 10])
def test_genes_left_out_and_in_another_order(deep: Section, n_genes: int, rng) -> None:
    columns = rng.permutation(60)[:n_genes]
    fewer = genes_of(deep, columns)
    assert marks_of(deep).share_known(fewer) == 1
    assert marks_of(fewer).share_known(deep) == 1


def test_the_most_variable_of_very_many_genes() -> None:
    section = measured(rates(4000, 4000, 0, seed=5), seed=5)
    counts = section.counts.toarray()
    ratio = counts.var(axis=0) / np.maximum(counts.mean(axis=0), 1e-9)
    fewer = genes_of(section, np.sort(np.argsort(-ratio)[:400]))
    assert marks_of(section).share_known(fewer) == 1
    tenth = genes_of(section, np.arange(0, 4000, 10))
    assert marks_of(section).share_known(tenth) == 1


def test_other_names_of_spots_other_places_and_a_part_of_them(
    deep: Section, rng
) -> None:
    kept = marks_of(deep)
    half = deep.subset(rng.permutation(deep.n_spots)[: deep.n_spots // 2])
    renamed = replace(
        half,
        obs=half.obs.rename(index=lambda name: f"other-{name}"),
        array_rc=half.array_rc + 0.25,
        lattice=Lattice(LatticeKind.IRREGULAR),
    )
    assert kept.share_known(renamed) == 1
    assert kept.share_known(deep.subset(np.arange(12))) == 1


@pytest.mark.parametrize("part", [0.5, 0.1])
def test_how_many_spots_are_known(deep: Section, part: float) -> None:
    """Of a section that a part of was given to a model."""
    some = deep.subset(np.arange(int(part * deep.n_spots)))
    assert marks_of(some).share_known(deep) == pytest.approx(part, abs=0.01)


def test_genes_that_tell_too_little_accuse_nobody(deep: Section) -> None:
    kept = marks_of(deep)
    empty = deep.with_counts(0 * deep.counts)
    foreign = replace(deep, var=deep.var.rename(index=lambda name: f"X-{name}"))
    for unknown in (genes_of(deep, np.array([7])), empty, foreign):
        assert kept.share_known(unknown) == 0
    assert marks_of(empty).share_known(empty) == 0


def test_values_that_are_no_counts(deep: Section) -> None:
    """As they come: kept as 1 a spot in all, logarithms, or counts beyond a byte."""
    shares = sparse.csr_matrix(deep.counts.multiply(1 / deep.library_size[:, None]))
    for values in (shares, deep.counts.log1p(), 1000 * deep.counts):
        section = deep.with_counts(values)
        assert marks_of(section).share_known(section) == 1
        assert marks_of(section).share_known(deep) == 0


def test_of_many_spots_some_are_kept(
    deep: Section, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known is told of all spots nevertheless."""
    monkeypatch.setattr(marks, "_MOST_SPOTS", 250)
    monkeypatch.setattr(marks, "_AT_ONCE", 100)
    kept = marks_of(deep)
    assert kept.values.shape == (250, 60)
    assert kept.share_known(deep) == 1
    assert kept.share_known(deep.subset(np.arange(300))) == pytest.approx(1, abs=0.15)
    some = marks_of(deep.subset(np.arange(300)))
    assert some.share_known(deep) == pytest.approx(300 / deep.n_spots, abs=0.01)


def test_what_is_kept_is_small() -> None:
    section = measured(rates(300, 3000, 0, seed=5), seed=5)
    kept = marks_of(section)
    assert kept.values.dtype == np.uint8
    assert kept.values.nbytes == 64 * section.n_spots
