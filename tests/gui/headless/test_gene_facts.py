from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from napari_stentrans import keys
from napari_stentrans.gui.state.gene_facts import (
    Column,
    GeneFacts,
    Wish,
    names_in,
)

NAMES = ["CD9", "CD19", "cd3e", "Actb", "MT-CO1"]


@pytest.fixture
def facts():
    unknown = np.full(5, np.nan)
    return GeneFacts(
        genes=pd.Index(NAMES),
        mean=np.array([3.0, 1.0, 2.0, 9.0, 0.0]),
        spots=np.array([0.5, 0.2, 0.5, 1.0, 0.0]),
        moran=np.array([0.1, np.nan, 0.7, -0.2, np.nan]),
        score=unknown,
    )


def listed(facts, **wish):
    return [NAMES[row] for row in facts.rows(Wish(**wish))]


def test_numbers_are_ordered_as_numbers_and_unknown_ones_come_last(facts):
    assert listed(facts, by=Column.MORAN)[:3] == ["cd3e", "CD9", "Actb"]
    assert listed(facts, by=Column.MORAN, descending=False)[:3] == [
        "Actb",
        "CD9",
        "cd3e",
    ]
    for descending in (True, False):
        order = listed(facts, by=Column.MORAN, descending=descending)
        assert set(order[3:]) == {"CD19", "MT-CO1"}


def test_names_are_ordered_as_people_do(facts):
    ordered = ["Actb", "cd3e", "CD9", "CD19", "MT-CO1"]
    assert listed(facts, by=Column.GENE, descending=False) == ordered
    assert listed(facts, by=Column.GENE, descending=True) == ordered[::-1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", set(NAMES), id="nothing"),
        pytest.param("cd", {"CD9", "CD19", "cd3e"}, id="part, any case"),
        pytest.param("MT-", {"MT-CO1"}, id="punctuation"),
        pytest.param(".*", set(), id="no regular expression"),
        pytest.param("cd9, ACTB", {"CD9", "Actb"}, id="list"),
        pytest.param("cd9\nnosuch\nactb\n", {"CD9", "Actb"}, id="lines, one unknown"),
        pytest.param("actb cd1", {"Actb", "CD19"}, id="last one still typed"),
        pytest.param("actb cd1 ", {"Actb"}, id="last one ended"),
    ],
)
def test_search(facts, text, found):
    assert set(listed(facts, text=text)) == found


@pytest.mark.parametrize("name", ["pin Z", "G,1"])
def test_a_name_with_what_parts_names_is_found_whole(facts, name):
    odd = replace(facts, genes=pd.Index(["CD9", "G", name, "pin", "Z"]))

    assert list(odd.genes[odd.rows(Wish(name.lower()))]) == [name]
    assert odd.asked_for(f" {name} ") == [name]
    assert odd.asked_for(f"{name} CD9") != [name]


def test_genes_of_two_species_are_all_found(facts):
    both = replace(facts, genes=pd.Index(["GAPDH", "Actb", "ACTB", "Gapdh", "CD9"]))

    rows = both.rows(Wish("gapdh ACTB"))

    assert set(both.genes[rows]) == {"GAPDH", "Gapdh", "Actb", "ACTB"}


def test_a_list_narrows_what_is_searched(facts):
    mine = frozenset({"CD9", "Actb", "not of this section"})
    assert listed(facts, among=mine) == ["Actb", "CD9"]
    assert listed(facts, among=mine, text="cd") == ["CD9"]
    assert listed(facts, among=frozenset()) == []


def test_spelling_of_the_section_wins(facts):
    spelt = facts.spelt(["ACTB", "cd19", "CD19", "nosuch"])
    assert spelt == ["Actb", "CD19", "nosuch"]


def test_scores_are_those_of_the_named_genes(facts):
    scores = pd.DataFrame({keys.HELDOUT_PCC: [0.4, 0.9]}, index=["Actb", "CD9"])

    scored = facts.with_scores(scores)

    assert dict(zip(NAMES, scored.score, strict=True))["CD9"] == 0.9
    assert np.isnan(scored.score).sum() == 3
    assert scored.knows(Column.SCORE)
    assert not facts.knows(Column.SCORE)
    assert not scored.with_scores(None).knows(Column.SCORE)
    assert not scored.with_scores(pd.DataFrame(index=["CD9"])).knows(Column.SCORE)


@pytest.mark.parametrize(
    "text", ['"CD9","Su(H)"', "['CD9', 'Su(H)']", "\u2018CD9\u2019; `Su(H)`"]
)
def test_what_scripts_wrap_around_names_is_no_part_of_them(text):
    assert names_in(text) == ["CD9", "Su(H)"]


def test_lists_are_split_as_people_paste_them():
    assert names_in(" CD9, CD19;MS4A1\nACTB\r\n\tGAPDH\u2028X ,,") == [
        *("CD9", "CD19", "MS4A1", "ACTB", "GAPDH", "X"),
    ]
