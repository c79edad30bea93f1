"""Spots without any count are as good as not measured: predicted, never believed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans import enhance
from napari_stentrans.datasets import simulated_section
from napari_stentrans.evaluation import hold_out
from napari_stentrans.section.missing import MissingRegions


@pytest.fixture(scope="module")
def whole():
    return simulated_section(
        n_rows=16, n_cols=16, n_genes=60, seed=2, lattice="square"
    ).section


@pytest.fixture(scope="module")
def emptied(whole):
    """The same section, three spots inside of it without a count."""
    counts = whole.counts.toarray()
    empty = np.argsort(np.abs(whole.pitch_rc - whole.pitch_rc.mean(0)).sum(1))[:9:4]
    counts[empty] = 0
    return whole.with_counts(sparse.csr_matrix(counts)), empty


def test_they_are_predicted_as_if_they_had_been_marked(emptied):
    section, empty = emptied
    result = enhance(section, method="kriging", refine=1, genes="all")
    marked = MissingRegions.from_spots(section, empty)
    by_hand = enhance(section, method="kriging", refine=1, genes="all", missing=marked)
    found, wanted = (each.read(list(section.genes)) for each in (result, by_hand))
    np.testing.assert_array_equal(found.mean, wanted.mean)
    np.testing.assert_array_equal(found.sd, wanted.sd)
    assert len(result) == section.n_spots
    assert "3 spots without any count" in " ".join(result.provenance["notices"])
    assert not by_hand.provenance["notices"]
    assert result.provenance["missing"]["spots"] == 0  # nobody marked them


def test_their_library_is_that_of_their_surroundings(whole, emptied):
    section, empty = emptied
    result = enhance(section, method="kriging", refine=1, genes="all")
    totals = result.read(list(section.genes)).mean.sum(axis=1)
    at = (
        np.isclose(result.targets.array_rc[:, None], section.array_rc[empty][None])
        .all(-1)
        .any(1)
    )
    assert at.sum() == 3
    assert (totals[at] > 0.4 * np.median(totals)).all()


def test_a_method_that_is_evaluated_does_not_see_them(emptied):
    section, empty = emptied
    held_out = hold_out(section, "dropout", 0)
    assert not np.isin(held_out.visible, empty).any()
    assert (held_out.reduced.library_size > 0).all()


def test_nothing_but_empty_spots_is_not_hidden(whole):
    nothing = whole.with_counts(sparse.csr_matrix(whole.counts.shape, dtype=np.float32))
    result = enhance(nothing, method="linear", refine=1, genes="all")
    assert not result.read(list(nothing.genes)).mean.any()
