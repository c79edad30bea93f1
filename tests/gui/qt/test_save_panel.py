"""The panel alone: what can be saved when, and what is asked for."""

from __future__ import annotations

import pytest
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog

from napari_stentrans import enhance
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.save_kinds import KINDS
from napari_stentrans.gui.widgets.save_panel import SavePanel
from napari_stentrans.saving import ending_of


@pytest.fixture
def panel(shown, session, section):
    panel = shown(SavePanel)
    session.section = section
    return panel


@pytest.fixture
def result(session, panel, section):
    session.enhanced = enhance(section, method="nearest")
    return session.enhanced


def choose_genes(panel, number):
    """Choose as a person does."""
    panel.genes.setCurrentIndex(number)
    panel.genes.activated.emit(number)


def choose(panel, word):
    [number] = [n for n, kind in enumerate(KINDS) if word in kind.title]
    panel.kind.setCurrentIndex(number)


@pytest.fixture
def ask(monkeypatch):
    """Let the file dialogue answer with a path, and note where it began."""
    began = []

    def answer(path):
        def dialogue(_parent, _title, start, filters):
            began.append((start, filters))
            return str(path), filters

        monkeypatch.setattr(QFileDialog, "getSaveFileName", dialogue)
        return began

    return answer


def test_without_a_result_the_button_says_why(panel, session, section):
    assert not panel.save.isEnabled()
    assert "press Enhance first" in panel.save.toolTip()
    session.enhanced = enhance(section, method="nearest")
    assert panel.save.isEnabled()
    session.status = JobStatus.SAVING
    assert not panel.save.isEnabled()
    assert "Wait" in panel.save.toolTip()


def test_pictures_need_a_gene_that_is_shown(panel, result, session):
    choose(panel, "Figure")
    assert not panel.save.isEnabled()
    assert "Show a gene first" in panel.save.toolTip()
    session.genes.shown = ("GENE0001", "GENE0002")
    assert panel.save.isEnabled()
    assert panel.genes.currentText() == "those shown (2)"


def test_what_is_chosen_is_asked_for(
    click, panel, result, session, controller, ask, tmp_path
):
    session.genes.shown = ("GENE0001",)
    choose(panel, "OME")
    panel.with_sd.setChecked(True)
    panel.pitch.setValue(55)
    began = ask(tmp_path / "pictures.ome.tif")

    click(panel.save)

    controller.files.save.assert_called_once_with(
        tmp_path / "pictures.ome.tif", shown_genes=True, with_sd=True, pitch_um=55.0
    )
    assert began[0][0].endswith("_enhanced.ome.tif")


def test_all_genes_or_those_shown(
    click, panel, result, session, controller, ask, tmp_path
):
    ask(tmp_path / "r.csv")
    choose(panel, "csv")
    assert panel.genes.count() == 1
    session.genes.shown = ("GENE0001",)
    click(panel.save)
    assert controller.files.save.call_args.kwargs["shown_genes"] is False
    choose_genes(panel, 1)
    session.genes.shown = ("GENE0001", "GENE0004")  # the choice stays
    click(panel.save)
    assert controller.files.save.call_args.kwargs["shown_genes"] is True


def test_a_figure_does_not_choose_the_genes_of_what_is_saved_next(
    panel, result, session
):
    session.genes.shown = ("GENE0001",)
    choose(panel, "Figure")
    choose(panel, "h5ad")
    assert panel.genes.currentData() == "all"
    choose_genes(panel, 1)
    choose(panel, "Figure")
    choose_genes(panel, 0)  # there is no other choice
    choose(panel, "csv")
    assert panel.genes.currentData() == "shown"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.ending)
def test_a_name_without_ending_gets_the_one_of_its_kind(
    click, panel, result, session, controller, ask, tmp_path, kind
):
    session.genes.shown = ("GENE0001",)
    choose(panel, kind.title)
    ask(tmp_path / "my.result")

    click(panel.save)

    path = controller.files.save.call_args.args[0]
    assert path.name == f"my.result{kind.ending}"
    assert ending_of(path) == kind.ending


def test_a_dialogue_that_is_left_saves_nothing(
    click, panel, result, controller, monkeypatch
):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    click(panel.save)
    controller.files.save.assert_not_called()


def test_the_distance_of_spots_is_shown_where_it_is_known(panel, session, controller):
    choose(panel, "Figure")
    session.about.pitch_um = 100.0
    assert panel.pitch.value() == 100.0
    session.about.pitch_um = None
    assert panel.pitch.text() == "unknown"
    assert "type it" in panel.pitch.toolTip()
    controller.scale.set_pitch.assert_not_called()
    panel.pitch.setValue(55)
    controller.scale.set_pitch.assert_called_once_with(55.0)


@pytest.mark.parametrize("text", ["0.345", "1.05", "55"])
def test_a_fraction_of_a_micrometre_can_be_typed(
    qtbot, panel, session, controller, text
):
    def tell(pitch_um):  # as the controller does
        session.about.pitch_um = pitch_um

    controller.scale.set_pitch.side_effect = tell
    choose(panel, "Figure")
    panel.pitch.selectAll()

    qtbot.keyClicks(panel.pitch, text)

    assert session.about.pitch_um == float(text)
    session.about.pitch_um = 7.0
    session.about.pitch_um = float(text)
    assert panel.pitch.text() == f"{text} µm"


def test_only_what_matters_for_a_kind_is_shown(panel):
    choose(panel, "h5ad")
    assert not panel.pitch.isVisible()
    assert not panel.with_sd.isVisible()
    choose(panel, "Figure")
    assert panel.pitch.isVisible()
    assert panel.with_sd.isVisible()


def test_what_was_saved_can_be_found(
    click, panel, session, ask, result, monkeypatch, tmp_path
):
    assert not panel.folder.isVisible()
    session.saves.last = tmp_path / "r.h5ad"
    assert panel.last.text() == "Saved r.h5ad"
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    click(panel.folder)
    assert opened[0].toLocalFile() == str(tmp_path)
    began = ask("")
    click(panel.save)
    assert began[0][0].startswith(str(tmp_path))
