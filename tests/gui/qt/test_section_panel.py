"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

from dataclasses import replace

import pytest
from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.section_panel import SectionPanel
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.facts import PictureFit, SectionFacts
from napari_stentrans.section.lattice import LatticeKind


def test_sections_are_listed_and_described(shown, session, section, other_section):
    panel = shown(SectionPanel)
    assert "Open Sample" in panel.welcome.text()
    assert panel.welcome.isVisible()
    assert not panel.facts.isVisible()

    session.sections = (section, other_section)
    session.section = other_section

    assert [panel.combo.itemText(n) for n in range(2)] == [
        section.name,
        other_section.name,
    ]
    assert panel.combo.currentIndex() == 1
    assert panel.facts.lines["spots"].text() == f"{other_section.n_spots:,}"
    assert panel.facts.lattice.currentText().startswith("square")
    assert not panel.welcome.isVisible()
    assert panel.facts.isVisible()


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

    controller.sections.open.assert_called_once_with(
        tmp_path / "a.h5ad", allow_normalised=False
    )


def test_normalised_values_are_taken_when_that_is_ticked(
    click, shown, controller, monkeypatch, tmp_path
):
    panel = shown(SectionPanel)
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_, **__: str(tmp_path)
    )
    panel.normalised.setChecked(True)

    click(panel.open_folder)

    controller.sections.open.assert_called_once_with(tmp_path, allow_normalised=True)


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


def test_facts_and_advice_come_when_the_section_is_counted(
    shown, session, controller, section
):
    panel = shown(SectionPanel)
    session.section = section
    assert controller.sections.describe.called
    assert panel.facts.lines["depth"].text() == "…"
    assert panel.advice.text() == ""

    session.about.facts = SectionFacts(30, 18_000, 4000, 120.0, 90.0, are_counts=True)

    assert panel.facts.lines["depth"].text() == "120 counts of 90 genes"
    assert panel.facts.lines["genes"].text().endswith("(4,000 common)")
    assert "Shallow" in panel.advice.text()
    assert "Only 30 spots" in panel.advice.text()

    session.about.fit = PictureFit(0.4, None)
    assert "60% of the spots lie off the picture" in panel.advice.text()
    session.section = None
    assert panel.advice.text() == ""


def test_the_lattice_can_be_overruled(shown, session, controller, section):
    panel = shown(SectionPanel)
    session.section, session.about.recognised = section, LatticeKind.HEX
    combo = panel.facts.lattice
    assert combo.currentText() == "hex (recognised)"

    combo.activated.emit(list(LatticeKind).index(LatticeKind.QUINCUNX))
    controller.replacement.lay_on.assert_called_once_with(LatticeKind.QUINCUNX)

    combo.setCurrentIndex(0)  # refused: the status comes back, the section has stayed
    session.status = JobStatus.OPENING
    assert not combo.isEnabled()
    session.status = JobStatus.IDLE
    assert combo.currentText() == "hex (recognised)"


def test_layers_of_other_plugins_are_offered(click, shown, session, controller):
    panel = shown(SectionPanel)
    assert not panel.offers.isVisible()
    session.about.offers = ("blobs",)
    [offer] = panel.offers.findChildren(QPushButton)
    assert panel.offers.isVisible()

    click(offer)

    controller.foreign.use.assert_called_once_with("blobs", allow_normalised=False)
    session.status = JobStatus.SAVING
    assert not offer.isEnabled()
    assert "Wait until" in offer.toolTip()
    session.about.offers = ()
    assert not panel.offers.isVisible()


def test_the_picture_can_be_aligned_only_where_there_is_one(
    shown, session, section, other_section
):
    panel = shown(SectionPanel)
    session.section, session.about.alignment = other_section, None
    assert not panel.aligning.heading.isVisible()
    session.section, session.about.alignment = section, Alignment()
    assert panel.aligning.heading.isVisible()
    assert not panel.alignment.isVisible()
    panel.aligning.heading.setChecked(True)
    assert panel.alignment.isVisible()
    assert panel.alignment.isEnabled()


def test_a_slider_moves_the_picture_in_its_own_way_only(
    qtbot, shown, session, section, controller
):
    panel = shown(SectionPanel)
    given = Alignment(turn=12.34, scale=5.0, shift_xy=(12.7, -3.4))
    session.section, session.about.alignment = section, given
    assert panel.alignment.scale.value() == 500

    panel.alignment.turn.setValue(1.0)

    move = controller.picture.move
    qtbot.waitUntil(lambda: move.call_count == 1)
    move.assert_called_once_with(replace(given, turn=1.0))


def test_a_picture_can_be_added_or_another_one_taken(
    click, shown, session, controller, other_section, section, monkeypatch, tmp_path
):
    panel = shown(SectionPanel)
    session.section = other_section
    path = str(tmp_path / "he.tif")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (path, ""))
    click(panel.picture)
    controller.replacement.add_picture.assert_called_once_with(tmp_path / "he.tif")
    assert panel.picture.text() == "Add a picture…"
    session.section = section
    assert panel.picture.text() == "Another picture…"
    session.section = replace(other_section, pixel_xy=None)
    assert not panel.picture.isEnabled()
    assert "does not say where" in panel.picture.toolTip()


def test_the_part_in_view_can_be_opened_unless_something_runs(
    click, shown, session, controller, section
):
    panel = shown(SectionPanel)
    assert not panel.part.isVisible()
    session.section = section
    click(panel.part)
    controller.sections.open_part.assert_called_once_with()
    session.status = JobStatus.ENHANCING
    assert not panel.part.isEnabled()


def test_what_would_be_lost_is_told_before_a_file_is_looked_for(
    click, shown, session, controller, section, monkeypatch
):
    panel, asked = shown(SectionPanel), []
    session.section = section
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_, **__: asked.append(1)
    )
    controller.replacement.may_add_picture.return_value = False
    click(panel.picture)
    assert not asked
    controller.replacement.add_picture.assert_not_called()
    assert "Results of the section go" in panel.picture.toolTip()


def test_every_file_that_napari_may_be_given_is_listed(
    click, shown, controller, monkeypatch
):
    panel, filters = shown(SectionPanel), []

    def ask(*_, filter):  # noqa: A002 - Qt's own name
        filters.append(filter)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getOpenFileName", ask)
    click(panel.open_file)
    for pattern in ("*.gem", "*.mtx", "*experiment.xenium"):
        assert pattern in filters[0].split(";;")[0]
    assert "Xenium" in panel.open_folder.toolTip()


def test_a_lattice_that_is_asked_for_once_more_is_not_shown_as_taken(
    shown, session, controller, section
):
    panel = shown(SectionPanel)
    session.section, session.about.recognised = section, LatticeKind.HEX
    number = list(LatticeKind).index(LatticeKind.QUINCUNX)
    panel.facts.lattice.setCurrentIndex(number)
    panel.facts.lattice.activated.emit(number)  # results would be lost: told, not done
    assert panel.facts.lattice.currentText() == "hex (recognised)"


@pytest.fixture
def aligning(shown, session, section):
    """The panel; held here, lest it be collected in the course of a test."""
    panel = shown(SectionPanel)
    session.section, session.about.alignment = section, Alignment(turn=10)
    panel.aligning.heading.setChecked(True)
    return panel


@pytest.fixture
def alignment(aligning):
    return aligning.alignment


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        ("⇄", Alignment(mirrored=True, turn=-10)),
        ("⇅", Alignment(mirrored=True, turn=170)),
        ("↺", Alignment(turn=-80)),
        ("↻", Alignment(turn=100)),
    ],
)
def test_buttons_flip_and_turn_what_is_seen(
    click, alignment, controller, sign, expected
):
    click(alignment.buttons[sign])
    controller.picture.move.assert_called_once_with(expected)


def test_sliders_move_the_picture_as_they_are_dragged(qtbot, alignment, controller):
    alignment.turn.setValue(-35)
    alignment.right.setValue(120)
    qtbot.waitUntil(lambda: controller.picture.move.called)
    controller.picture.move.assert_called_once_with(  # once, for both
        Alignment(turn=-35, shift_xy=(120, 0))
    )


def test_sliders_follow_without_moving_anything(qtbot, alignment, session, controller):
    session.about.alignment = Alignment(True, 90, 1.5, (40, -20))
    values = [slider.value() for slider in alignment._sliders()]
    assert values == [90, 150, 40, -20]
    qtbot.wait(60)
    controller.picture.move.assert_not_called()


def test_the_fit_is_told_and_a_suggestion_only_where_there_is_one(
    click, alignment, session, controller
):
    assert not alignment.suggest.isEnabled()
    assert "No flip" in alignment.suggest.toolTip()
    session.about.fit = PictureFit(0.9, 0.42)
    assert "42% on tissue" in alignment.told.text()
    session.about.better = Alignment(turn=90)
    click(alignment.suggest)
    controller.picture.suggest.assert_called_once_with()
    click(alignment.reset)
    controller.picture.reset.assert_called_once_with()


def test_a_reset_is_taken_back_by_the_same_button(
    click, alignment, session, controller
):
    session.about.alignment = Alignment()
    assert not alignment.reset.isEnabled()

    session.about.before_reset = Alignment(turn=12.5)

    assert (alignment.reset.text(), alignment.reset.isEnabled()) == ("Undo reset", True)
    click(alignment.reset)
    controller.picture.put_back.assert_called_once_with()
    session.about.before_reset = None
    assert (alignment.reset.text(), alignment.reset.isEnabled()) == ("Reset", False)


@pytest.mark.parametrize("what", ["shut", "picture"])
def test_a_double_click_does_not_answer_its_own_question(
    double_click, shown, session, controller, section, what
):
    panel = shown(SectionPanel)
    session.sections, session.section = (section,), section
    asked = controller.sections.shut
    if what == "picture":
        asked = controller.replacement.may_add_picture
        asked.return_value = False

    double_click(getattr(panel, what))

    asked.assert_called_once_with()
