from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.signature import (
    combined,
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
    weights = signature_weights(section, genes)

    mean, sd = combined(counts, np.zeros_like(counts), weights)

    np.testing.assert_allclose(mean, measured_signature(section, genes), rtol=1e-5)
    np.testing.assert_array_equal(sd, 0)


def test_errors_add_as_those_of_independent_draws():
    rng = np.random.default_rng(0)
    mean, sd = np.array([[3.0, 10.0, 1.0]]), np.array([[1.0, 4.0, 0.5]])
    weights = np.array([0.5, 0.1, 1.0])
    draws = rng.normal(mean, sd, size=(200_000, 3)) @ weights

    of_mean, of_sd = combined(mean, sd, weights)

    assert of_mean[0] == pytest.approx(draws.mean(), abs=0.01)
    assert of_sd[0] == pytest.approx(draws.std(), rel=0.01)
