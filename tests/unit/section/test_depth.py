"""Expression at one sequencing depth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans import enhance
from napari_stentrans.datasets import simulated_section
from napari_stentrans.section.depth import evened
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.section import Section


@pytest.fixture
def section() -> Section:
    return simulated_section(n_rows=8, n_cols=8, n_genes=40, seed=5).section


def test_each_spot_has_the_counts_of_the_median_one(section):
    totals = evened(section.counts.toarray(), section.depth).sum(axis=1)
    np.testing.assert_allclose(totals, np.median(section.library_size), rtol=1e-4)


def test_one_gene_is_evened_as_all_are(section):
    gene = str(section.genes[3])
    of_all = evened(section.counts.toarray(), section.depth)[:, 3]
    np.testing.assert_allclose(evened(section.gene_counts(gene), section.depth), of_all)


def test_spots_without_counts_stay_empty():
    values = np.array([0.0, 6.0, np.nan])
    np.testing.assert_array_equal(evened(values, np.array([0, 2, 1])), [0, 3, np.nan])


def test_depth_of_a_result_is_that_of_its_section(section):
    """Also where the spots that a method saw are deeper than the others."""
    shallow = section.library_size < np.median(section.library_size)
    painted = replace(MissingRegions.none(section), unmeasured=shallow)

    result = enhance(section, method="kriging", missing=painted)

    measured = result.targets.measured
    own = section.depth[result.targets.spot[measured]]
    np.testing.assert_allclose(result.depth[measured], own, rtol=1e-5)
