"""What is refused when an evaluation is planned, and not after hours of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import hold_out, plan_evaluation
from napari_stentrans.section.lattice import Lattice, LatticeKind


@pytest.fixture
def row(bare_section):
    """Sixty spots in a row: upsampling from the second row on leaves none."""
    array_rc = np.stack([np.zeros(60), np.arange(60)], axis=1)
    return bare_section(array_rc, Lattice(LatticeKind.SQUARE))


@pytest.mark.parametrize("seed", ["a", 1.5, [0, 2.5], None, ["0"], True, [0, True]])
def test_seeds_are_whole_numbers(row, seed):
    with pytest.raises(InvalidRequestError, match="seeds are whole numbers"):
        plan_evaluation(row, ["nearest"], "dropout", seed)


def test_every_seed_of_every_task_is_tried_beforehand(row):
    plan = plan_evaluation(row, ["nearest"], ["dropout", "upsample"], [0, 1])
    assert len(plan.pairs) == 4
    with pytest.raises(InvalidRequestError, match="'upsample' with seed 2: 60 would"):
        plan_evaluation(row, ["nearest"], ["dropout", "upsample"], [0, 1, 2])


def test_visible_spots_without_counts_are_nothing_to_learn_from(row):
    visible = hold_out(row, "dropout", 1).visible
    counts = row.counts.toarray()
    counts[visible] = 0
    section = row.with_counts(sparse.csr_matrix(counts))
    with pytest.raises(InvalidRequestError, match=r"none of the 42 .* seed 1 leaves"):
        plan_evaluation(section, None, "dropout", [0, 1])
    assert len(plan_evaluation(section, None, "dropout", 0).pairs) == 1
