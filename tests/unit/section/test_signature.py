from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.signature import (
    Combined,
    measured_signature,
    signature_weights,
)


@pytest.fixture
def section():
    return simulated_section(n_rows=8, n_cols=8, n_genes=20, seed=5).section


def test_a_signature_is_the_mean_of_standardised_genes(section):
    genes = list(section.genes[:4])
    counts = np.stack([section.gene_counts(gene) for gene in genes]).astype(float)

    expected = np.mean([row / row.std() for row in counts], axis=0)

    np.testing.assert_allclose(measured_signature(section, genes), expected, rtol=1e-5)


def test_no_high_gene_rules(section):
    one, two = section.genes[:2]
    counts = section.counts.toarray()
    counts[:, 0] *= 1000
    louder = section.with_counts(type(section.counts)(counts))

    np.testing.assert_allclose(
        measured_signature(louder, [one, two]),
        measured_signature(section, [one, two]),
        rtol=1e-4,
    )


@pytest.mark.parametrize("value", [0, 0.1])
def test_a_gene_that_is_the_same_everywhere_says_nothing(section, value):
    counts = section.counts.toarray()
    counts[:, 0] = value
    section = section.with_counts(type(section.counts)(counts))
    constant, one, two = section.genes[:3]

    weights = signature_weights(section, [constant, one, two])

    assert weights[0] == 0
    np.testing.assert_allclose(weights[1:], signature_weights(section, [one, two]))
    with pytest.raises(InvalidRequestError, match="no signature"):
        signature_weights(section, [constant])


def test_predicted_counts_give_the_signature_of_measured_ones(section):
    genes = list(section.genes[:5])
    counts = np.stack([section.gene_counts(gene) for gene in genes], axis=1)
    weights = sparse.csr_matrix(signature_weights(section, genes)[:, None])

    found = Combined.of(counts, np.zeros_like(counts), weights)

    expected = measured_signature(section, genes)
    np.testing.assert_allclose(found.mean[:, 0], expected, rtol=1e-5)
    np.testing.assert_array_equal(found.sd, 0)


def test_counting_noise_is_independent_and_the_rest_errs_together():
    rng = np.random.default_rng(0)
    mean, n = np.array([[3.0, 10.0, 1.0]]), 200_000
    weights = sparse.csr_matrix(np.array([[0.5], [0.1], [1.0]]))
    unknown = rng.lognormal(0, 0.4, (n, 1))  # library size, say
    draws = rng.poisson(mean * unknown)

    found = Combined.of(
        draws.mean(axis=0, keepdims=True), draws.std(axis=0)[None], weights
    )

    signature = draws @ weights
    assert found.mean[0, 0] == pytest.approx(signature.mean())
    assert found.sd[0, 0] == pytest.approx(signature.std(), rel=0.01)


def test_values_that_are_no_counts_have_the_noise_of_counts():
    rng = np.random.default_rng(1)
    weights = sparse.csr_matrix(np.array([[0.5, 1.0], [0.1, 0.0], [1.0, 0.0]]))
    mean, sd = rng.random((4, 3)) + 1, rng.random((4, 3)) + 1

    counts = Combined.of(mean, sd, weights)
    values = Combined.of(mean / 100, sd / 100, weights, one_count=0.01)

    np.testing.assert_allclose(values.sd * 100, counts.sd)


def test_genes_can_come_a_few_at_a_time():
    rng = np.random.default_rng(2)
    weights = sparse.random(6, 2, 0.6, format="csr", random_state=3)
    mean, sd = rng.random((4, 6)), rng.random((4, 6))

    first = Combined.of(mean[:, :2], sd[:, :2], weights[:2])
    whole = first + Combined.of(mean[:, 2:], sd[:, 2:], weights[2:])

    expected = Combined.of(mean, sd, weights)
    np.testing.assert_allclose(whole.mean, expected.mean)
    np.testing.assert_allclose(whole.sd, expected.sd)
