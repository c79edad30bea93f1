"""What a script hands in: sections, AnnData, and what is neither."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.evaluation import evaluate
from napari_stentrans.io import can_read, read_section
from napari_stentrans.io.formats.h5ad.reader import section_from_anndata
from napari_stentrans.io.given import as_section
from napari_stentrans.io.writers.as_anndata import section_to_anndata
from napari_stentrans.pipeline import enhance
from napari_stentrans.section.section import Section


@pytest.fixture
def section() -> Section:
    made = simulated_section(lattice="square", n_rows=10, n_cols=10, n_genes=12)
    return made.section


@pytest.fixture
def remarkable(section) -> ad.AnnData:
    """An AnnData of which there is something to say."""
    found = section_to_anndata(section)
    found.raw = found.copy()
    found.X = found.X.multiply(0.3).tocsr()
    found.obs["in_tissue"] = 1
    found.obs.loc[found.obs_names[:3], "in_tissue"] = 0
    return found


def test_notes_of_reading_are_told_once_and_kept_with_the_result(remarkable):
    notes = section_from_anndata(remarkable).notes
    assert len(notes) == 2
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = enhance(remarkable, method="nearest", refine=1)
    assert [str(each.message) for each in told] == list(notes)
    assert {each.filename for each in told} == {__file__}
    record = result.uns["stentrans"]
    assert list(record["input"]["notes"]) == list(notes)
    assert not set(notes) & set(record["notices"])


def test_an_evaluation_tells_the_notes_as_well(remarkable):
    notes = section_from_anndata(remarkable).notes
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        evaluate(remarkable, ["nearest"])
    assert [str(each.message) for each in told] == list(notes)


def test_a_section_was_told_of_when_it_was_read(remarkable):
    section = section_from_anndata(remarkable)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = enhance(section, method="nearest", refine=1)
    assert result.provenance["input"]["notes"] == list(section.notes)


def test_without_anything_to_say_nothing_is_said(section):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert as_section(section_to_anndata(section), "enhance").notes == ()


@pytest.mark.parametrize(
    "given",
    [None, 3, pd.DataFrame({"A": [1]}), sparse.csr_matrix(np.eye(3)), np.eye(3)],
    ids=["nothing", "number", "frame", "matrix", "array"],
)
def test_what_is_neither_is_refused(given):
    for function in (enhance, evaluate):
        told = f"{function.__name__} takes a Section .* not {type(given).__name__}"
        with pytest.raises(InvalidRequestError, match=told):
            function(given)
    with pytest.raises(InvalidRequestError, match="takes an AnnData"):
        section_from_anndata(given)
    with pytest.raises(InvalidRequestError, match="takes the path of a file"):
        read_section(given)
    assert not can_read(given)


def test_an_option_of_reading_that_there_is_not_is_told(tmp_path):
    with pytest.raises(InvalidRequestError, match="'foo' of reading; use lattice, "):
        read_section(tmp_path, foo=8)
    with pytest.raises(InvalidRequestError, match="did you mean 'bin_size'"):
        read_section(tmp_path, bin_sizes=8)
