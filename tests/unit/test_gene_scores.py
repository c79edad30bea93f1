"""Presets, and what a result says of each gene."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans import enhance, keys
from napari_stentrans.config import PRESETS
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.methods.heldout import heldout_scores
from napari_stentrans.settings import resolve_config


@pytest.fixture(scope="module")
def simulated():
    return simulated_section(
        lattice="square", n_rows=14, n_cols=14, n_genes=60, seed=2, mean_library=2000
    )


@pytest.fixture(scope="module")
def result(simulated):
    return enhance(simulated.section, refine=2, genes="all")


def test_scores_are_those_of_left_out_spots(simulated, result) -> None:
    genes = np.arange(simulated.section.n_genes)
    expected = heldout_scores(result.fitted.decoder, genes)
    np.testing.assert_array_equal(
        result.gene_scores[[keys.HELDOUT_PCC, keys.HAS_SIGNAL]], expected
    )


def test_scores_stay_below_the_ceiling_on_average(result) -> None:
    scores = result.gene_scores
    assert scores[keys.HELDOUT_PCC].mean() < scores[keys.HELDOUT_CEILING].mean()


def test_values_that_are_no_counts_have_no_ceiling(simulated) -> None:
    section = simulated.section
    logs = section.counts.log1p()
    scores = enhance(section.with_counts(logs), method="kriging").gene_scores
    assert scores[keys.HELDOUT_PCC].notna().any()
    assert scores[keys.HELDOUT_CEILING].isna().all()


def test_sorting_the_scores_leaves_the_result_as_it_is(result) -> None:
    before = result.to_anndata().var[keys.HELDOUT_PCC]
    scores = result.gene_scores
    scores.sort_values(keys.HELDOUT_PCC, inplace=True)
    after = result.to_anndata().var[keys.HELDOUT_PCC]
    np.testing.assert_array_equal(after, before)


def test_ranks_order_the_scores(result) -> None:
    scores = result.gene_scores.sort_values(keys.HELDOUT_RANK)
    assert scores[keys.HELDOUT_PCC].is_monotonic_decreasing
    assert scores[keys.HELDOUT_RANK].iloc[0] == 1


def test_genes_without_a_pattern_are_marked(simulated) -> None:
    counts = simulated.section.counts.toarray()
    library = counts.sum(axis=1, keepdims=True)
    flat = np.arange(30)
    share = counts[:, flat].sum(axis=0) / library.sum()
    counts[:, flat] = np.random.default_rng(0).poisson(library * share)
    section = simulated.section.with_counts(type(simulated.section.counts)(counts))
    signal = enhance(section, preset="instant").gene_scores[keys.HAS_SIGNAL]
    assert signal.iloc[flat].mean() < 0.15
    patterned = signal.index.str.match("GRADIENT|FOCI")
    assert signal[patterned].mean() > 0.5


def test_they_are_written_out(result) -> None:
    var = result.to_anndata().var
    for column in result.gene_scores:
        np.testing.assert_array_equal(var[column], result.gene_scores[column])


def test_methods_that_do_not_know_say_nothing(simulated) -> None:
    found = enhance(simulated.section, method="nearest", refine=2)
    assert found.gene_scores.shape[1] == 0
    assert keys.HELDOUT_PCC not in found.to_anndata().var


def test_presets_are_valid_and_can_be_overruled() -> None:
    for name in PRESETS:
        assert resolve_config(None, preset=name).method == PRESETS[name]["method"]
    best = resolve_config(None, preset="best", transformer={"steps": 7})
    assert best.transformer.steps == 7
    assert best.transformer.episodes == PRESETS["best"]["transformer"]["episodes"]


def test_an_unknown_preset_is_named() -> None:
    with pytest.raises(InvalidRequestError, match=r"'fast'.*instant, standard, best"):
        resolve_config(None, preset="fast")
