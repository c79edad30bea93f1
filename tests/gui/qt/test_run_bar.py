"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

import pytest

from napari_stentrans.config import RunConfig
from napari_stentrans.gui.state.session import JobStatus, Message
from napari_stentrans.gui.widgets.run_bar import RunBar
from napari_stentrans.progress import Progress


def test_the_form_and_the_session_follow_each_other(shown, session, controller):
    panel = shown(RunBar)
    assert panel.form.method.value == session.run.config.method

    panel.form.refine.value = 3
    panel.form.seed.value = 11
    assert (session.run.config.refine, session.run.config.seed) == (3, 11)
    session.run.config = RunConfig(refine=1, device="cpu")

    assert (panel.form.refine.value, panel.form.device.value) == (1, "cpu")


def test_every_method_is_offered_with_its_summary(shown, session):
    from napari_stentrans.methods.base import method_names

    panel = shown(RunBar)
    session.run.summaries = {"nearest": "copies the nearest spot"}
    panel.form.method.value = "nearest"

    assert list(panel.form.method.choices) == method_names()
    assert panel.summary.text() == "copies the nearest spot"


def test_buttons_are_enabled_when_they_make_sense(shown, session, section):
    panel = shown(RunBar)

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


def test_buttons_reach_the_controller(click, shown, session, controller, section):
    panel = shown(RunBar)
    session.section = section
    click(panel.enhance)
    session.status = JobStatus.ENHANCING
    click(panel.stop)
    click(panel.cancel)

    controller.runs.enhance.assert_called_once_with()
    controller.runs.stop.assert_called_once_with()
    controller.runs.cancel.assert_called_once_with()


def test_progress_is_shown(shown, session, section):
    panel = shown(RunBar)
    session.section = section
    assert not panel.bar.isVisible()
    session.status = JobStatus.ENHANCING

    session.progressed.emit(Progress("Training", 30, 120))

    assert panel.bar.isVisible()
    assert panel.bar.value() / panel.bar.maximum() == pytest.approx(0.25)
    assert panel.status.text() == "Training 30/120"


def test_messages_are_shown_and_errors_stand_out(shown, session):
    panel = shown(RunBar)

    session.message = Message("no such gene", is_error=True)
    assert panel.status.text() == "no such gene"
    assert "color" in panel.status.styleSheet()
    session.message = Message("Opened.")

    assert panel.status.styleSheet() == ""


def test_a_long_word_does_not_widen_the_panel(shown, session):
    panel = shown(RunBar)
    before = panel.minimumSizeHint().width()

    session.message = Message("x" * 500, is_error=True)

    assert panel.minimumSizeHint().width() == before
