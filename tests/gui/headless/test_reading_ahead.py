"""Genes beside the one that is looked at are read before they are asked for."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.readings import reading_of


@pytest.fixture
def read(monkeypatch):
    """Genes that were computed, not remembered."""
    genes = []
    compute = EnhancedSection.read

    def counted(result, asked):
        genes.extend(map(str, asked))
        return compute(result, asked)

    monkeypatch.setattr(EnhancedSection, "read", counted)
    return genes


@pytest.fixture
def enhanced(opened, jobs):
    opened.runs.configure(method="nearest")
    opened.runs.enhance()
    for job in jobs.started:  # grows by what these set going
        job.finish()
    return opened.session.enhanced


def test_the_next_gene_is_there_before_it_is_looked_at(opened, jobs, enhanced, read):
    one, two, three = map(str, enhanced.section.genes[3:6])
    opened.session.genes.beside = (two, three)
    opened.genes.show(one)
    assert read == [one]
    jobs.last.finish()
    assert read == [one, two, three]
    opened.genes.show(two)
    assert read == [one, two, three]


def test_both_results_that_are_compared_are_read(opened, jobs, enhanced, read):
    opened.runs.configure(method="linear")
    opened.runs.enhance()
    jobs.last.finish()
    opened.session.view.reference = enhanced
    opened.session.genes.beside = (str(enhanced.section.genes[5]),)
    opened.genes.show(str(enhanced.section.genes[4]))
    read.clear()
    jobs.last.finish()
    assert read == list(opened.session.genes.beside) * 2


def test_going_on_gives_up_what_was_begun(opened, jobs, enhanced, read):
    names = list(map(str, enhanced.section.genes[3:8]))
    opened.session.genes.beside = tuple(names[1:4])
    opened.genes.show(names[0])
    begun = jobs.last
    begun.advance()
    opened.genes.show(names[4])
    assert begun.discarded
    assert jobs.last is not begun


def test_nothing_is_read_ahead_without_a_result(opened, jobs, section):
    opened.session.genes.beside = (str(section.genes[5]),)
    opened.genes.show(str(section.genes[4]))
    assert not jobs.started


def test_two_threads_that_read_do_not_disturb_one_another(opened, enhanced):
    names = list(map(str, enhanced.section.genes[:20]))
    wrong = []

    def read_all():
        for gene in names * 5:
            found = reading_of(enhanced, gene).mean
            if not np.array_equal(found, enhanced.read([gene]).mean):
                wrong.append(gene)

    threads = [threading.Thread(target=read_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
