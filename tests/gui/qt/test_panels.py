"""Each panel alone: what the user does reaches the controller, what changes shows."""

from __future__ import annotations

import time
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog
from scipy import sparse

from napari_stentrans.config import RunConfig
from napari_stentrans.gui.controller import Controller
from napari_stentrans.gui.session import EnhanceSession, JobStatus, Message, Painted
from napari_stentrans.gui.widgets.gene_panel import GenePanel
from napari_stentrans.gui.widgets.paint_panel import PaintPanel
from napari_stentrans.gui.widgets.result_panel import ResultPanel
from napari_stentrans.gui.widgets.run_panel import RunPanel
from napari_stentrans.gui.widgets.section_panel import SectionPanel
from napari_stentrans.progress import Progress
from napari_stentrans.section.lattice import Lattice
from napari_stentrans.section.section import Section


@pytest.fixture
def session():
    return EnhanceSession()


@pytest.fixture
def controller(session):
    fake = Mock(spec=Controller)
    fake.configure.side_effect = lambda **choices: setattr(
        session, "config", session.config.model_copy(update=choices)
    )
    return fake


@pytest.fixture
def shown(qtbot, session, controller):
    def make(panel):
        made = panel(session, controller)
        qtbot.addWidget(made)
        made.show()
        return made

    return make


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


# -- section -----------------------------------------------------------------------


def test_sections_are_listed_and_described(shown, session, section, other_section):
    panel = shown(SectionPanel)
    assert "Open Sample" in panel.facts.text()

    session.sections = (section, other_section)
    session.section = other_section

    assert [panel.combo.itemText(n) for n in range(2)] == [
        section.name,
        other_section.name,
    ]
    assert panel.combo.currentIndex() == 1
    assert f"{other_section.n_spots} spots" in panel.facts.text()
    assert "square" in panel.facts.text()


def test_choosing_a_section(qtbot, shown, session, controller, section, other_section):
    panel = shown(SectionPanel)
    session.sections, session.section = (section, other_section), section

    panel.combo.activated.emit(1)

    controller.choose.assert_called_once_with(other_section)


def test_opening_a_file(qtbot, shown, controller, monkeypatch, tmp_path):
    panel = shown(SectionPanel)
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_, **__: (str(tmp_path / "a.h5ad"), "")
    )

    click(qtbot, panel.open_file)

    controller.open.assert_called_once_with(tmp_path / "a.h5ad")


def test_nothing_is_opened_when_the_dialogue_is_left(
    qtbot, shown, controller, monkeypatch
):
    panel = shown(SectionPanel)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: "")

    click(qtbot, panel.open_folder)

    controller.open.assert_not_called()


def test_sections_cannot_be_changed_during_a_run(shown, session, section):
    panel = shown(SectionPanel)
    session.sections, session.section = (section,), section
    assert panel.combo.isEnabled()

    session.status = JobStatus.ENHANCING

    assert not panel.combo.isEnabled()
    assert not panel.open_file.isEnabled()


# -- genes -------------------------------------------------------------------------


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
    controller.add_genes.assert_called_once_with([gene])
    assert ticked(panel) == []  # the session has the last word
    session.genes = (gene,)
    assert ticked(panel) == [gene]
    panel.genes.setData(row, Qt.CheckState.Unchecked.value, role)

    controller.remove_gene.assert_called_once_with(gene)


def test_a_pasted_list_is_added_at_once(qtbot, shown, session, controller, section):
    panel = shown(GenePanel)
    session.section = section
    one, two = map(str, section.genes[:2])
    panel.search.setText(f"{one.lower()}, {two};")

    qtbot.keyPress(panel.search, Qt.Key.Key_Return)

    assert list(controller.add_genes.call_args.args[0]) == [one, two]
    assert panel.search.text() == ""


def test_an_unknown_name_stays_to_be_corrected(
    qtbot, shown, session, controller, section
):
    panel = shown(GenePanel)
    session.section = section
    panel.search.setText("NOSUCHGENE")

    qtbot.keyPress(panel.search, Qt.Key.Key_Return)

    assert list(controller.add_genes.call_args.args[0]) == ["NOSUCHGENE"]
    assert panel.search.text() == "NOSUCHGENE"


def test_shown_genes_are_named_and_can_be_removed(shown, session, controller, section):
    panel = shown(GenePanel)
    session.section, session.genes = section, ("A<1>", "B")
    assert "A&lt;1&gt;" in panel.shown.text()

    panel.shown.linkActivated.emit("A<1>")

    controller.remove_gene.assert_called_once_with("A<1>")


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


# -- painting ----------------------------------------------------------------------


def test_buttons_arm_the_brush(qtbot, shown, session, controller, section):
    panel = shown(PaintPanel)
    assert not panel.isEnabled()
    session.section, session.painted = section, Painted()

    for button in (panel.paint, panel.outside, panel.erase):
        click(qtbot, button)

    assert [call.args for call in controller.paint.call_args_list] == [(), (2,), (0,)]


@pytest.mark.parametrize(
    ("painted", "text"),
    [
        (None, "Nothing painted"),
        (Painted(), "Nothing painted"),
        (Painted(1, 0), "1 spot, 0 empty positions painted"),
        (Painted(1200, 1, 3), "1,200 spots, 1 empty position painted, 3 outside"),
        (Painted(problem="label 3 means nothing"), "label 3 means nothing"),
    ],
)
def test_what_is_painted_is_counted(shown, session, section, painted, text):
    panel = shown(PaintPanel)
    session.section = section

    session.painted = painted

    assert panel.count.text().startswith(text)


# -- run ---------------------------------------------------------------------------


def test_the_form_and_the_session_follow_each_other(shown, session, controller):
    panel = shown(RunPanel)
    assert panel.form.method.value == session.config.method

    panel.form.refine.value = 3
    panel.form.seed.value = 11
    assert (session.config.refine, session.config.seed) == (3, 11)
    session.config = RunConfig(refine=1, device="cpu")

    assert (panel.form.refine.value, panel.form.device.value) == (1, "cpu")


def test_every_method_is_offered_with_its_summary(shown, session):
    from napari_stentrans.methods.base import method_names

    panel = shown(RunPanel)
    session.summaries = {"nearest": "copies the nearest spot"}
    panel.form.method.value = "nearest"

    assert list(panel.form.method.choices) == method_names()
    assert panel.summary.text() == "copies the nearest spot"


def test_buttons_are_enabled_when_they_make_sense(shown, session, section):
    panel = shown(RunPanel)

    def enabled():
        return [b.isEnabled() for b in (panel.enhance, panel.stop, panel.cancel)]

    assert enabled() == [False, False, False]
    session.section = section
    assert enabled() == [True, False, False]
    session.status = JobStatus.ENHANCING
    assert enabled() == [False, True, True]
    assert not panel.form.enabled
    session.status = JobStatus.STOPPING
    assert enabled() == [False, False, True]
    session.status = JobStatus.IDLE
    assert enabled() == [True, False, False]


def test_buttons_reach_the_controller(qtbot, shown, session, controller, section):
    panel = shown(RunPanel)
    session.section = section
    click(qtbot, panel.enhance)
    session.status = JobStatus.ENHANCING
    click(qtbot, panel.stop)
    click(qtbot, panel.cancel)

    controller.enhance.assert_called_once_with()
    controller.stop.assert_called_once_with()
    controller.cancel.assert_called_once_with()


def test_progress_is_shown(shown, session, section):
    panel = shown(RunPanel)
    session.section = section
    assert not panel.bar.isVisible()
    session.status = JobStatus.ENHANCING

    session.progressed.emit(Progress("Training", 30, 120))

    assert panel.bar.isVisible()
    assert panel.bar.value() / panel.bar.maximum() == pytest.approx(0.25)
    assert panel.status.text() == "Training 30/120"


def test_messages_are_shown_and_errors_stand_out(shown, session):
    panel = shown(RunPanel)

    session.message = Message("no such gene", is_error=True)
    assert panel.status.text() == "no such gene"
    assert "color" in panel.status.styleSheet()
    session.message = Message("Opened.")

    assert panel.status.styleSheet() == ""


def test_a_long_word_does_not_widen_the_panel(shown, session):
    panel = shown(RunPanel)
    before = panel.minimumSizeHint().width()

    session.message = Message("x" * 500, is_error=True)

    assert panel.minimumSizeHint().width() == before


# -- result ------------------------------------------------------------------------


def test_results_are_compared_and_saved(
    qtbot, shown, session, controller, section, monkeypatch, tmp_path
):
    panel = shown(ResultPanel)
    assert not panel.isEnabled()
    session.section, session.enhanced = section, Mock()
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "r.h5ad"), "")
    )

    click(qtbot, panel.side_by_side)
    click(qtbot, panel.show_sd)
    click(qtbot, panel.save)

    controller.show_side_by_side.assert_called_once_with(shown=True)
    controller.show_sd.assert_called_once_with(shown=True)
    controller.save.assert_called_once_with(tmp_path / "r.h5ad")


def test_boxes_follow_the_session(shown, session):
    panel = shown(ResultPanel)

    session.side_by_side = True
    session.show_sd = True

    assert panel.side_by_side.isChecked()
    assert panel.show_sd.isChecked()
