"""What is asked for in Python: read as it is meant, or refused in our own words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.pipeline import enhance
from napari_stentrans.request import resolve_genes, resolve_missing
from napari_stentrans.section.section import Section
from napari_stentrans.settings import resolve_config


@pytest.fixture(scope="module")
def section() -> Section:
    made = simulated_section(lattice="square", n_rows=9, n_cols=9, n_genes=12)
    return made.section


@pytest.fixture
def marks(section) -> pd.Series:
    """The first spots, by their names."""
    return pd.Series(np.arange(section.n_spots) < 4, index=section.barcodes)


def marked(section, missing) -> list[int]:
    return np.flatnonzero(resolve_missing(section, missing).unmeasured).tolist()


# -- marks of spots that carry names ----------------------------------------------


@pytest.mark.parametrize("kind", [bool, "boolean"])
def test_marks_with_names_go_by_these(section, marks, kind):
    shuffled = marks.astype(kind).sample(frac=1, random_state=1)
    assert not shuffled.iloc[:4].all()
    assert marked(section, shuffled) == [0, 1, 2, 3]


def test_marks_may_name_spots_that_were_left_out(section, marks):
    others = pd.Series(data=True, index=["off the tissue", "elsewhere"])
    assert marked(section, pd.concat([others, marks])) == [0, 1, 2, 3]


def test_marks_that_are_merely_counted_go_by_their_order(section, marks):
    assert marked(section, marks.reset_index(drop=True)) == [0, 1, 2, 3]


def test_marks_of_other_names_are_refused(section, marks):
    name = section.barcodes[5]
    with pytest.raises(InvalidRequestError, match=f"lacks '{name}'"):
        resolve_missing(section, marks.rename({name: "other"}))
    with pytest.raises(InvalidRequestError, match="lacks"):  # the rest was left out
        resolve_missing(section, marks[marks])
    with pytest.raises(InvalidRequestError, match=f"has '{name}' twice"):
        resolve_missing(section, pd.concat([marks, marks[[name]]]))
    with pytest.raises(InvalidRequestError, match="lacks"):
        resolve_missing(section, marks.set_axis(np.arange(1, len(marks) + 1)))


# -- choices in another form ------------------------------------------------------


def test_a_mapping_is_a_configuration():
    assert resolve_config({"refine": 3}) == RunConfig(refine=3)
    assert resolve_config({"refine": 3, "seed": 1}, refine=1) == RunConfig(
        refine=1, seed=1
    )
    assert resolve_config({"preset": "instant"}) == resolve_config(
        None, preset="instant"
    )
    whole = RunConfig(refine=3, method="kriging")
    assert resolve_config(whole.model_dump()) == whole


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"refin": 2}, "no setting 'refin'; did you mean 'refine'"),
        ({"refine": 99}, "refine: "),
        ({1: 2}, "no setting '1'"),
        (3, "config is 3; give a RunConfig, or a mapping"),
        ("best", "config is 'best'"),
        ([], r"config is \[\]"),
    ],
)
def test_what_is_no_configuration_is_told(config, told):
    with pytest.raises(InvalidRequestError, match=told):
        resolve_config(config)


def test_no_choice_of_genes_is_the_usual_one(section):
    np.testing.assert_array_equal(
        resolve_genes(section, None), resolve_genes(section, "expressed")
    )


@pytest.mark.parametrize(
    ("genes", "told"),
    [(3, "not by 3:"), (np.array([True] * 12), "not by .*True"), ([1, 2], "not by 1:")],
)
def test_genes_without_names_are_refused(section, genes, told):
    with pytest.raises(InvalidRequestError, match=f"by their names, {told}"):
        enhance(section, method="nearest", genes=genes)
