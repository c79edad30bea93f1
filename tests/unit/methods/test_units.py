"""Values that are no counts: the same results in any unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans import enhance
from napari_stentrans.config import RunConfig
from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.methods.base import Fitted, get_method
from napari_stentrans.methods.stentrans.enhancer import StEnTrans
from napari_stentrans.methods.stentrans.fitted import FittedStEnTrans
from napari_stentrans.methods.stentrans.model import StEnTransModel
from napari_stentrans.methods.units import (
    FittedInCounts,
    in_counts_steps,
    value_of_one_count,
)
from napari_stentrans.progress import Progress, Steps
from napari_stentrans.section.section import Section

METHODS = ["nearest", "linear", "cubic", "gaussian", "kriging", "stentrans"]
A_UNIT = 2.0**-13  # of a power of two nothing is rounded


def times(section: Section, factor: float) -> Section:
    """The same section in another unit."""
    return section.with_counts(sparse.csr_matrix(section.counts * np.float32(factor)))


@pytest.fixture(scope="module")
def shares(simulated: SimulatedSection) -> Section:
    """Counts over the library size of each spot."""
    section = simulated.section
    per_spot = sparse.diags(1 / section.library_size)
    counts = sparse.csr_matrix(per_spot @ section.counts, dtype=np.float32)
    return section.with_counts(counts)


def test_one_count_of_counts_is_one(simulated: SimulatedSection) -> None:
    assert value_of_one_count(simulated.section) == 1.0


@pytest.fixture(scope="module")
def sparse_genes(simulated: SimulatedSection) -> Section:
    """Genes of nothing but counting noise."""
    drawn = np.random.default_rng(0).poisson(0.3, simulated.section.counts.shape)
    counts = sparse.csr_matrix(drawn, dtype=np.float32)
    return simulated.section.with_counts(counts)


@pytest.mark.parametrize("factor", [3e-5, 0.37, 1500.5])
def test_what_one_count_has_become_is_found(
    sparse_genes: Section, factor: float
) -> None:
    found = value_of_one_count(times(sparse_genes, factor))
    assert found == pytest.approx(factor, rel=0.1)


def test_what_a_background_left_over_is_not_taken_for_a_count(
    sparse_genes: Section,
) -> None:
    counts = sparse_genes.counts.copy()
    background = np.random.default_rng(0).uniform(0, 1.1, counts.nnz)
    counts.data = np.maximum(counts.data - background, 1e-6).astype(np.float32)
    assert 0.4 < value_of_one_count(sparse_genes.with_counts(counts)) < 1


def test_values_that_do_not_vary_stay_as_they_are(shares: Section) -> None:
    flat = sparse.csr_matrix(np.full(shares.counts.shape, 0.25, np.float32))
    assert value_of_one_count(shares.with_counts(flat)) == 1.0


@pytest.mark.parametrize("method", METHODS)
def test_results_are_the_same_in_any_unit(
    shares: Section, quick: RunConfig, method: str
) -> None:
    at = shares.array_rc[:40] + 0.4
    one = get_method(method).fit(shares, quick)
    other = get_method(method).fit(times(shares, A_UNIT), quick)
    for read in (lambda fitted: fitted.predict(at), lambda fitted: fitted.denoise()):
        np.testing.assert_array_equal(read(one).mean * A_UNIT, read(other).mean)
        np.testing.assert_array_equal(read(one).sd * A_UNIT, read(other).sd)


@pytest.mark.parametrize("method", ["gaussian", "kriging", "stentrans"])
def test_shares_are_predicted_as_counts_are(
    shares: Section, hidden: np.ndarray, quick: RunConfig, method: str
) -> None:
    truth = shares.counts[hidden].toarray()
    fitted = get_method(method).fit(shares.subset(np.flatnonzero(~hidden)), quick)
    found = fitted.predict(shares.array_rc[hidden])
    inside = np.abs(truth - found.mean) <= 1.645 * found.sd
    assert 0.85 < inside.mean() < 0.95
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(found.mean.T, truth.T, strict=True)]
    assert np.nanmedian(r) > 0.2


def test_the_unit_is_told(shares: Section) -> None:
    fitted = get_method("kriging").fit(shares)
    assert isinstance(fitted, FittedInCounts)
    assert fitted.section is shares
    assert fitted.facts["value_of_one_count"] == pytest.approx(fitted.unit, rel=1e-3)
    assert fitted.facts["gene_residuals"] is True
    assert fitted.field(shares.array_rc[:3]).depth is not None


def test_a_result_says_in_what_it_is(
    shares: Section, simulated: SimulatedSection
) -> None:
    of_shares = enhance(shares, method="kriging", refine=1)
    of_counts = enhance(simulated.section, method="kriging", refine=1)
    assert of_shares.provenance["units"] == "values of the input"
    assert of_counts.provenance["units"] == "counts of the input"
    assert of_shares.provenance["fit"]["value_of_one_count"] < 0.01
    assert of_shares.gene_scores["heldout_ceiling"].isna().all()


def test_previews_come_in_the_units_of_the_section(
    shares: Section, quick: RunConfig
) -> None:
    seen: list[Progress] = []
    get_method("stentrans").fit(shares, quick, seen.append)
    (preview,) = [p.partial for p in seen if p.partial is not None]
    mean = preview.denoise().mean
    assert mean.sum(axis=1) == pytest.approx(np.ones(len(mean)), rel=0.3)


def test_stopping_early_is_passed_on(shares: Section, quick: RunConfig) -> None:
    fitted = get_method("stentrans").fit(
        shares, quick, lambda progress: progress.partial is not None
    )
    assert fitted.facts["stopped_early"] is True


def test_leaving_closes_what_learns(shares: Section) -> None:
    closed = []

    def learn(section: Section, config: RunConfig) -> Steps[Fitted]:
        try:
            yield Progress("Learning", 0, 1)
        finally:
            closed.append(True)
        raise AssertionError

    steps = in_counts_steps(learn, shares, RunConfig())
    next(steps)
    steps.close()
    assert closed == [True]


def test_a_model_of_such_values_is_kept_and_known_again(
    shares: Section, quick: RunConfig, tmp_path: Path
) -> None:
    fitted = get_method("stentrans").fit(shares, quick)
    path = StEnTransModel.of(fitted).save(tmp_path / "model.npz")
    config = quick.model_copy(update={"model": str(path)})
    assert "100%" in StEnTrans().has_seen(shares, config)
    again = get_method("stentrans").fit(shares, config)
    assert isinstance(again, FittedInCounts)
    assert isinstance(again.learnt, FittedStEnTrans)
