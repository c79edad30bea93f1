"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

from qtpy.QtWidgets import QFileDialog

from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.section_panel import SectionPanel


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

    controller.sections.choose.assert_called_once_with(other_section)


def test_opening_a_file(click, shown, controller, monkeypatch, tmp_path):
    panel = shown(SectionPanel)
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_, **__: (str(tmp_path / "a.h5ad"), "")
    )

    click(panel.open_file)

    controller.sections.open.assert_called_once_with(tmp_path / "a.h5ad")


def test_nothing_is_opened_when_the_dialogue_is_left(
    click, shown, controller, monkeypatch
):
    panel = shown(SectionPanel)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, **__: "")

    click(panel.open_folder)

    controller.sections.open.assert_not_called()


def test_sections_cannot_be_changed_during_a_run(shown, session, section):
    panel = shown(SectionPanel)
    session.sections, session.section = (section,), section
    assert panel.combo.isEnabled()

    session.status = JobStatus.ENHANCING

    assert not panel.combo.isEnabled()
    assert not panel.open_file.isEnabled()
