"""What holds for scores of any counts and any prediction."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import sparse

from napari_stentrans.evaluation import metrics

SHAPES = st.tuples(st.integers(3, 20), st.integers(1, 4))
COUNTS = SHAPES.flatmap(
    lambda shape: npst.arrays(np.float32, shape, elements=st.integers(0, 50))
)
PAIRS = SHAPES.flatmap(
    lambda shape: st.tuples(
        npst.arrays(np.float32, shape, elements=st.integers(0, 50)),
        npst.arrays(np.float32, shape, elements=st.floats(0, 50, width=32)),
    )
)


@given(PAIRS)
def test_scores_are_within_their_bounds(pair):
    truth, predicted = pair
    bounds = {"pearson": (-1, 1), "spearman": (-1, 1), "ssim": (-1.01, 1)}
    bounds |= {"js": (0, np.log(2)), "rmse": (0, 2)}
    vary = np.ptp(truth, axis=0) > 0
    for name, (low, high) in bounds.items():
        score = metrics.COUNT_METRICS[name](truth, predicted)
        np.testing.assert_array_equal(np.isnan(score), ~vary)
        assert (score[vary] >= low - 1e-6).all(), name
        assert (score[vary] <= high + 1e-6).all(), name


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_spots_does_not_matter(pair, random):
    order = list(range(len(pair[0])))
    random.shuffle(order)
    for score in (*metrics.COUNT_METRICS.values(), metrics.gene_correlation_error):
        np.testing.assert_allclose(
            score(*(side[order] for side in pair)), score(*pair), rtol=1e-4, atol=1e-6
        )


@given(COUNTS, st.integers(0, 2**32 - 1))
def test_halves_are_counts_and_make_up_the_whole(counts, seed):
    whole = sparse.csr_matrix(counts)
    half = metrics.binomial_half(whole, np.random.default_rng(seed))
    other = (whole - half).toarray()
    assert (half.toarray() >= 0).all()
    assert (other >= 0).all()
    assert (half.data == np.rint(half.data)).all()
    np.testing.assert_array_equal(half.toarray() + other, counts)
    np.testing.assert_array_equal(whole.toarray(), counts)  # not changed


@given(COUNTS, st.integers(0, 100))
def test_ceilings_are_correlations(counts, seed):
    genes = np.arange(counts.shape[1])
    rng = np.random.default_rng(seed)
    for ceiling in metrics.noise_ceiling(sparse.csr_matrix(counts), genes, rng):
        known = ~np.isnan(ceiling)
        assert (ceiling[known] >= 0).all()
        assert (ceiling[known] <= 1 + 1e-9).all()
