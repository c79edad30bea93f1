"""Denoising: what the method sees and what it is scored against."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import Task, split_counts
from napari_stentrans.evaluation.metrics import pearson


@pytest.fixture(scope="module")
def section():
    return simulated_section(
        n_rows=24, n_cols=24, n_genes=60, seed=2, mean_library=120
    ).section


def test_halves_make_up_the_whole_and_nothing_else_changes(section):
    split = split_counts(section, seed=4)
    whole = split.reduced.counts + split.counts
    assert (whole != section.counts).nnz == 0
    assert split.counts.min() >= 0
    assert split.task is Task.DENOISE
    assert list(split.reduced.barcodes) == list(section.barcodes)
    np.testing.assert_array_equal(split.reduced.array_rc, section.array_rc)
    assert split.counts.sum() == pytest.approx(section.counts.sum() / 2, rel=0.01)
    np.testing.assert_array_equal(split.library, split.counts.sum(axis=1).A1)
    assert not split.distance.any()


def test_same_seed_same_halves(section):
    one, same, other = (split_counts(section, seed).counts for seed in (1, 1, 2))
    assert (one != same).nnz == 0
    assert (one != other).nnz > 0


def test_halves_share_the_expression_but_not_the_noise(section):
    """Between halves, r is below that of either with the whole, which shares noise."""
    split = split_counts(section)
    seen, other = split.reduced.counts.toarray(), split.counts.toarray()
    between = np.median(pearson(other, seen))
    assert 0.05 < between < np.median(pearson(section.counts.toarray(), seen)) - 0.2


def test_values_that_are_no_counts_cannot_be_divided(section):
    with pytest.raises(InvalidRequestError, match="no whole numbers"):
        split_counts(section.with_counts(section.counts * 0.5))


def test_nothing_to_divide_is_told(section):
    lone = section.counts * 0
    with pytest.raises(InvalidRequestError, match="too few counts"):
        split_counts(section.with_counts(lone))
