"""Gene sets are matched to a section, and give the signatures of their genes."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.section.depth import evened
from napari_stentrans.section.gene_sets import GeneSets
from napari_stentrans.section.section import Section
from napari_stentrans.section.signature import measured_signature


@pytest.fixture(scope="module")
def section() -> Section:
    return simulated_section(n_rows=8, n_cols=8, n_genes=20, seed=5).section


def renamed(section: Section, names: list[str]) -> Section:
    var = section.var.set_axis(names)
    return Section(
        section.name,
        section.counts,
        section.obs,
        var,
        section.array_rc,
        section.lattice,
    )


def test_each_signature_is_that_of_its_genes_alone(section: Section) -> None:
    genes = [str(gene) for gene in section.genes]
    sets = GeneSets.of(section, {"a": genes[:5], "b": genes[3:9], "c": genes})
    for number, name in enumerate(sets.names):
        expected = measured_signature(section, sets.genes(name))
        np.testing.assert_allclose(sets.measured[:, number], expected, rtol=1e-5)
    expected = evened(sets.measured, section.depth)
    np.testing.assert_allclose(sets.measured_evenly, expected)


def test_what_was_found_is_told(section: Section) -> None:
    genes = [str(gene) for gene in section.genes]
    named = {"a": [*genes[:3], "absent", genes[0]], "one": [genes[4], "absent"]}
    sets = GeneSets.of(section, named)
    assert sets.names == ["a"]
    assert sets.table.loc["a"].tolist() == [4, 3]
    assert sorted(sets.genes("a")) == sorted(genes[:3])


def test_constant_genes_have_no_part(section: Section) -> None:
    counts = section.counts.toarray()
    counts[:, 0] = 3
    section = section.with_counts(type(section.counts)(counts))
    genes = [str(gene) for gene in section.genes]
    sets = GeneSets.of(section, {"with": genes[:4], "without": genes[1:4]})
    np.testing.assert_allclose(sets.measured[:, 0], sets.measured[:, 1])


def test_names_may_be_of_another_case_if_one_gene_alone_can_be_meant(
    section: Section,
) -> None:
    names = ["Cd37", "Cd19", "Aa", "AA", *map(str, section.genes[4:])]
    sets = GeneSets.of(renamed(section, names), {"b": ["CD37", "CD19", "aa"]})
    assert sets.genes("b") == ["Cd37", "Cd19"]
    sets = GeneSets.of(renamed(section, names), {"b": ["Aa", "AA"]})
    assert sets.genes("b") == ["Aa", "AA"]


def test_sets_of_nothing_that_is_there_are_refused(section: Section) -> None:
    with pytest.raises(InvalidRequestError, match=r"Its genes are called .* Cd4"):
        GeneSets.of(section, {"x": ["Cd4", "Cd8a"]})
    with pytest.raises(InvalidRequestError, match="the 0 gene sets"):
        GeneSets.of(section, {})


def test_parts_are_the_same_sets(section: Section, monkeypatch) -> None:
    genes = [str(gene) for gene in section.genes]
    sets = GeneSets.of(section, {"a": genes[:5], "b": genes[3:9], "c": genes[8:]})
    monkeypatch.setattr(
        "napari_stentrans.section.gene_sets._VALUES_AT_ONCE", 2 * section.n_spots
    )
    parts = list(sets.parts())
    assert [part.names for part in parts] == [["a", "b"], ["c"]]
    found = np.concatenate([part.measured for part in parts], axis=1)
    np.testing.assert_allclose(found, sets.measured)
    assert parts[1].genes("c") == sets.genes("c")
