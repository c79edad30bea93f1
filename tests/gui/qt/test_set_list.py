"""The list of gene sets: what is listed, in which order, and what a click does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt

from napari_stentrans.gui.state.gene_facts import GeneFacts
from napari_stentrans.gui.state.set_facts import SetFacts
from napari_stentrans.gui.widgets.gene_panel import GenePanel
from napari_stentrans.gui.widgets.set_list import SetList
from napari_stentrans.section.gene_sets import GeneSets


@pytest.fixture
def facts(section):
    genes = [str(gene) for gene in section.genes]
    named = {
        "HYPOXIA": genes[:9],
        "b cells": genes[5:20],
        "EMT": [*genes[2:4], "absent"],
    }
    facts = SetFacts.named("hallmark.gmt", 50, GeneSets.of(section, named))
    return facts.with_moran(np.array([0.1, np.nan, 0.3]))


@pytest.fixture
def sets(qtbot, facts):
    made = SetList()
    qtbot.addWidget(made)
    made.resize(300, 300)
    made.show()
    made.show_sets(facts)
    return made


def listed(sets):
    items = map(sets.sets.topLevelItem, range(sets.sets.topLevelItemCount()))
    return [item.text(0) for item in items if not item.isHidden()]


def click(qtbot, sets, name):
    (item,) = sets.sets.findItems(name, Qt.MatchFlag.MatchExactly)
    middle = sets.sets.visualItemRect(item).center()
    button = Qt.MouseButton.LeftButton
    qtbot.mouseClick(sets.sets.viewport(), button, pos=middle)


def test_what_is_known_is_listed(sets):
    assert listed(sets) == ["EMT", "HYPOXIA", "b cells"]
    row = [sets.sets.topLevelItem(0).text(column) for column in range(4)]
    assert row == ["EMT", "2/3", "0.30", ""]
    assert sets.told.text() == "hallmark.gmt: 3 of 50 sets have genes here"


def test_without_a_file_there_is_a_button_alone(sets):
    sets.show_sets(None)
    assert sets.load.isVisible()
    assert not sets.sets.isVisible()
    assert not sets.genes.isEnabled()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (0, ["b cells", "EMT", "HYPOXIA"]),
        (1, ["EMT", "HYPOXIA", "b cells"]),
        (2, ["b cells", "HYPOXIA", "EMT"]),
    ],
)
def test_a_heading_sorts(sets, column, expected):
    sets.sets.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    assert listed(sets) == expected


def test_a_click_looks_and_stays_as_more_is_known(qtbot, sets, facts):
    looked_at = []
    sets.looked_at.connect(looked_at.append)
    click(qtbot, sets, "HYPOXIA")
    sets.show_sets(facts.with_score(np.array([0.9, 0.1, 0.2])))
    assert listed(sets) == ["HYPOXIA", "EMT", "b cells"]
    assert sets.sets.currentItem().text(0) == "HYPOXIA"
    assert set(looked_at) == {"HYPOXIA"}
    looked_at.clear()
    click(qtbot, sets, "HYPOXIA")  # its layers may have been taken away
    assert set(looked_at) == {"HYPOXIA"}


def test_sets_are_found_by_name_and_by_gene(sets, section):
    sets.search.setText("hypo")
    assert listed(sets) == ["HYPOXIA"]
    sets.search.setText(str(section.genes[2]).lower())
    assert listed(sets) == ["EMT", "HYPOXIA"]
    sets.search.clear()
    assert len(listed(sets)) == 3


def test_genes_of_a_set_are_listed_above(qtbot, shown, session, section, facts):
    panel = shown(GenePanel)
    session.genes.facts = GeneFacts.named(section)
    session.genes.collection = facts
    panel.collection.heading.setChecked(True)
    click(qtbot, panel.sets, "EMT")
    panel.sets.genes.click()
    assert panel.search.text().split(", ") == [
        str(section.genes[2]),
        f"{section.genes[3]} ",
    ]


def test_a_file_that_is_chosen_is_loaded(qtbot, sets, monkeypatch):
    chosen = "napari_stentrans.gui.widgets.set_list.QFileDialog.getOpenFileName"
    begun = []

    def choose(_parent, _title, beginning, **_):
        begun.append(beginning)
        return "a.gmt", ""

    monkeypatch.setattr(chosen, choose)
    sets.last = lambda: "/sets/go.gmt"
    with qtbot.waitSignal(sets.loaded) as told:
        sets.load.click()
    assert (told.args, begun) == (["a.gmt"], ["/sets/go.gmt"])
    monkeypatch.setattr(chosen, lambda *_args, **_kwargs: ("", ""))
    with qtbot.assertNotEmitted(sets.loaded):
        sets.load.click()


def test_names_that_look_like_html_are_shown_as_they_are(sets, facts):
    table = facts.sets.table.rename(index={"EMT": "<b>EMT</b>"})
    sets.show_sets(replace(facts, sets=replace(facts.sets, table=table)))
    assert "<b>EMT</b>" in listed(sets)
