"""Gene sets of a file: matched to each section, scored by each result, looked at."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.state.set_facts import SetFacts
from napari_stentrans.section.signature import measured_signature


@pytest.fixture
def path(tmp_path, section):
    genes = [str(gene) for gene in section.genes]
    sets = {"A": genes[:4], "B": genes[2:6], "C": [genes[0], "absent"]}
    lines = ["\t".join([name, "", *each]) for name, each in sets.items()]
    made = tmp_path / "pathways.gmt"
    made.write_text("\n".join(lines))
    return made


@pytest.fixture
def loaded(opened, path, finish):
    opened.collection.load(path)
    finish()
    return opened


def layers_of_sets(controller, role):
    tagged = controller.stage.tagged()
    return [layer for layer, tag in tagged if tag.of is not None and tag.role is role]


def test_sets_are_matched_to_the_section(loaded, section):
    facts = loaded.session.genes.collection
    assert (facts.source, facts.n_in_file) == ("pathways.gmt", 3)
    assert facts.sets.names == ["A", "B"]
    assert np.isfinite(facts.moran).all()
    assert np.isnan(facts.score).all()


def test_scores_come_with_a_result_and_go_with_it(loaded, enhance, finish):
    enhance(method="kriging")
    finish()
    facts = loaded.session.genes.collection
    assert np.isfinite(facts.score).all()
    assert np.isfinite(facts.moran).all()
    loaded.session.run.results = ()
    loaded.session.enhanced = None
    finish()
    assert np.isnan(loaded.session.genes.collection.score).all()


def test_a_set_that_is_looked_at_takes_the_place_of_the_one_before(
    loaded, section, finish
):
    for name in ("A", "B", "B"):
        loaded.gene_sets.look_at_set(name)
        finish()
        (layer,) = layers_of_sets(loaded, Role.GENE)
        assert layer.name == f"{name} measured"
        assert loaded.session.genes.sets == (name,)
    loaded.gene_sets.add_signature(list(map(str, section.genes[:3])), "mine")
    finish()
    loaded.gene_sets.look_at_set("A")
    finish()
    assert set(loaded.session.genes.sets) == {"mine", "A"}


def test_it_shows_the_genes_that_are_there(loaded, section, finish):
    loaded.gene_sets.look_at_set("A")
    finish()
    (layer,) = layers_of_sets(loaded, Role.GENE)
    expected = measured_signature(section, list(map(str, section.genes[:4])))
    assert np.nanmax(layer.data) == pytest.approx(expected.max(), rel=1e-5)


def test_another_section_is_looked_into_anew(loaded, section, finish):
    other = section.subset(list(range(0, section.n_spots, 2)))
    loaded.stage.open(other)
    finish()
    assert loaded.session.section is other
    assert loaded.session.genes.collection.sets.section is other
    loaded.session.section = section
    finish()
    assert loaded.session.genes.collection.sets.section is section


def test_a_file_without_sets_is_told_and_those_before_stay(loaded, tmp_path, finish):
    bad = tmp_path / "bad.gmt"
    bad.write_text("CD4\nCD8A\n")
    loaded.collection.load(bad)
    finish()
    assert loaded.session.message.is_error
    assert "has no gene sets" in loaded.session.message.text
    assert loaded.session.genes.collection.source == "pathways.gmt"


def test_sets_of_other_genes_are_told(opened, tmp_path, finish):
    foreign = tmp_path / "foreign.gmt"
    foreign.write_text("A\t\tYFG1\tYFG2\n")
    opened.collection.load(foreign)
    finish()
    assert "has not two genes of any" in opened.session.message.text
    assert opened.session.genes.collection is None


def test_a_file_may_come_before_a_section(controller, path, section, finish):
    controller.collection.load(path)
    finish()
    assert controller.session.genes.collection is None
    controller.stage.open(section)
    finish()
    assert controller.session.genes.collection.sets.names == ["A", "B"]


def test_best_predicted_come_first_then_the_patchiest(loaded):
    facts = loaded.session.genes.collection
    facts = SetFacts.named("x", 2, facts.sets)
    assert list(facts.order) == [0, 1]
    assert list(facts.with_moran(np.array([0.1, 0.5])).order) == [1, 0]
    both = facts.with_moran(np.array([0.1, 0.5])).with_score(np.array([0.4, np.nan]))
    assert list(both.order) == [0, 1]


def test_a_set_that_is_on_its_way_is_not_drawn_twice(loaded, jobs, finish):
    loaded.gene_sets.look_at_set("A")
    n_jobs = len(jobs.started)
    loaded.gene_sets.look_at_set("A")
    assert len(jobs.started) == n_jobs
    finish()
    assert loaded.session.genes.sets == ("A",)


def test_the_file_is_remembered_once_it_could_be_read(loaded, path, finish, tmp_path):
    assert loaded.collection.last == str(path)
    (tmp_path / "empty.gmt").touch()
    loaded.collection.load(tmp_path / "empty.gmt")
    finish()
    assert loaded.collection.last == str(path)
