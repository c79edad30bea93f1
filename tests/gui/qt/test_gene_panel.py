"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
from qtpy.QtCore import Qt
from scipy import sparse

from napari_stentrans.gui.widgets.gene_panel import GenePanel
from napari_stentrans.section.lattice import Lattice
from napari_stentrans.section.section import Section


def offered(panel):
    genes = panel.genes
    return [genes.index(row, 0).data() for row in range(genes.rowCount())]


def ticked(panel):
    genes, role = panel.genes, Qt.ItemDataRole.CheckStateRole
    rows = (genes.index(row, 0) for row in range(genes.rowCount()))
    return [row.data() for row in rows if row.data(role) == Qt.CheckState.Checked]


def test_genes_found_in_most_spots_come_first(shown, session, section):
    panel = shown(GenePanel)
    assert not panel.isEnabled()

    session.section = section

    found_in = dict(zip(section.genes, section.detected_in, strict=True))
    numbers = [found_in[gene] for gene in offered(panel)]
    assert numbers == sorted(numbers, reverse=True)
    assert set(offered(panel)) == set(section.genes)


def test_search_ignores_case_and_punctuation_of_regular_expressions(
    qtbot, shown, session, section
):
    panel = shown(GenePanel)
    session.section = section
    name = str(section.genes[0])

    qtbot.keyClicks(panel.search, name.lower())
    assert name in offered(panel)
    assert all(name.lower() in gene.lower() for gene in offered(panel))
    panel.search.setText("(")

    assert offered(panel) == []


def test_ticking_a_gene_adds_it_and_unticking_removes_it(
    qtbot, shown, session, controller, section
):
    panel = shown(GenePanel)
    session.section = section
    row = panel.genes.index(2, 0)
    gene, role = row.data(), Qt.ItemDataRole.CheckStateRole

    panel.genes.setData(row, Qt.CheckState.Checked.value, role)
    controller.genes.add.assert_called_once_with([gene])
    assert ticked(panel) == []  # the session has the last word
    session.genes.shown = (gene,)
    assert ticked(panel) == [gene]
    panel.genes.setData(row, Qt.CheckState.Unchecked.value, role)

    controller.genes.remove.assert_called_once_with(gene)


def test_a_pasted_list_is_added_at_once(qtbot, shown, session, controller, section):
    panel = shown(GenePanel)
    session.section = section
    one, two = map(str, section.genes[:2])
    panel.search.setText(f"{one.lower()}, {two};")

    qtbot.keyPress(panel.search, Qt.Key.Key_Return)

    assert list(controller.genes.add.call_args.args[0]) == [one, two]
    assert panel.search.text() == ""


def test_an_unknown_name_stays_to_be_corrected(
    qtbot, shown, session, controller, section
):
    panel = shown(GenePanel)
    session.section = section
    panel.search.setText("NOSUCHGENE")

    qtbot.keyPress(panel.search, Qt.Key.Key_Return)

    assert list(controller.genes.add.call_args.args[0]) == ["NOSUCHGENE"]
    assert panel.search.text() == "NOSUCHGENE"


def test_shown_genes_are_named_and_can_be_removed(shown, session, controller, section):
    panel = shown(GenePanel)
    session.section, session.genes.shown = section, ("A<1>", "B")
    assert "A&lt;1&gt;" in panel.shown.text()

    panel.shown.linkActivated.emit("A<1>")

    controller.genes.remove.assert_called_once_with("A<1>")


def test_tens_of_thousands_of_genes_are_searched_without_lag(qtbot, shown, session):
    names = [f"GENE{number:05d}" for number in range(40_000)]
    counts = sparse.csr_matrix(np.ones((4, 1), dtype=np.float32))
    counts.resize(4, len(names))
    section = Section(
        name="wide",
        counts=counts,
        obs=pd.DataFrame(index=list("abcd")),
        var=pd.DataFrame(index=names),
        array_rc=np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]),
        lattice=Lattice("square"),
    )
    panel = shown(GenePanel)
    session.section = section
    assert panel.genes.rowCount() == 40_000

    started = time.process_time()
    for text in ("1", "12", "123", "1234", ""):
        panel.search.setText(text)
    seconds = (time.process_time() - started) / 5

    assert seconds < 0.1
