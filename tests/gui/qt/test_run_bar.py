"""The bar alone: what the user does, and what changes in the session."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QTextDocument
from qtpy.QtWidgets import QApplication

from napari_stentrans.config import RunConfig, TransformerConfig, with_preset
from napari_stentrans.estimates import Estimate
from napari_stentrans.gui.state.session import JobStatus, Message
from napari_stentrans.gui.widgets import colours
from napari_stentrans.gui.widgets.details import DetailsWindow
from napari_stentrans.gui.widgets.run_bar import RunBar
from napari_stentrans.methods.device import Device
from napari_stentrans.progress import Progress

GPU = Device("cuda", "Test GPU 8", 3 * 10**9)


def offered(panel):
    return [panel.preset.itemText(n) for n in range(panel.preset.count())]


def test_presets_are_offered_and_chosen(shown, session, controller):
    panel = shown(RunBar)
    assert offered(panel) == ["Instant", "Standard", "Best"]
    assert panel.preset.currentText() == "Standard"

    panel.preset.setCurrentIndex(2)
    panel.preset.activated.emit(2)

    controller.runs.use_preset.assert_called_once_with("best")


def test_the_preset_of_the_session_is_shown(shown, session):
    panel = shown(RunBar)
    session.run.config = with_preset(RunConfig(refine=4), "instant")
    assert panel.preset.currentText() == "Instant"


def test_own_settings_are_named_as_such_and_only_then(shown, session, controller):
    panel = shown(RunBar)
    session.run.config = RunConfig(transformer=TransformerConfig(steps=7))
    assert panel.preset.currentText() == "Custom"
    panel.preset.activated.emit(3)
    controller.runs.use_preset.assert_not_called()

    session.run.config = RunConfig()

    assert offered(panel) == ["Instant", "Standard", "Best"]


def test_each_preset_says_how_long_it_takes(shown, session):
    panel = shown(RunBar)
    assert not panel.cost.isVisible()

    session.run.devices = (Device("cpu"),)
    session.run.estimates = {
        "instant": Estimate(2.2, 2e8),
        "standard": Estimate(45, 6e8),
        "best": Estimate(4000, 6e8),
        "": Estimate(45, 6.2e8),
    }

    assert offered(panel) == [
        "Instant · about 2 s",
        "Standard · about 45 s",
        "Best · about 1 h 7 min",
    ]
    assert panel.cost.text() == "About 45 s, 0.6 GB on this computer's CPU"
    told = Qt.ItemDataRole.ToolTipRole
    tips = [panel.preset.itemData(place, told) for place in range(3)]
    assert tips[0].endswith(". About 2 s, 0.2 GB on this computer's CPU.")
    assert tips[2].startswith("The Transformer is also trained")
    assert tips[2].endswith(". About 1 h 7 min, 0.6 GB on this computer's CPU.")


@pytest.mark.parametrize(
    ("device", "told"),
    [("auto", "on Test GPU 8, 3.0 GB free"), ("cpu", "on this computer's CPU")],
)
def test_the_device_that_would_be_used_is_named(shown, session, device, told):
    panel = shown(RunBar)
    session.run.devices = (GPU, Device("cpu"))
    session.run.config = RunConfig(device=device)
    session.run.estimates = {"": Estimate(45, 6e8)}
    assert panel.cost.text().endswith(told)


def test_buttons_are_enabled_when_they_make_sense_and_say_why_not(
    shown, session, section
):
    panel = shown(RunBar)

    def enabled():
        return [b.isEnabled() for b in (panel.enhance, panel.stop, panel.cancel)]

    assert enabled() == [False, False, False]
    assert "Open a section" in panel.enhance.toolTip()
    session.section = section
    assert enabled() == [True, False, False]
    assert "Predict" in panel.enhance.toolTip()
    session.status = JobStatus.ENHANCING
    assert enabled() == [False, True, True]
    assert "running" in panel.enhance.toolTip()
    assert not panel.preset.isEnabled()
    session.status = JobStatus.STOPPING
    assert enabled() == [False, False, True]
    session.status = JobStatus.IDLE
    assert enabled() == [True, False, False]


@pytest.mark.parametrize("status", JobStatus)
def test_cancel_says_what_becomes_of_what_runs(shown, session, status):
    panel = shown(RunBar)
    session.status = status
    is_run = status.is_enhancing
    assert ("put back what was shown" in panel.cancel.toolTip()) is is_run
    assert panel.cancel.toolTip().startswith("End") is status.is_busy


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


def test_progress_is_shown(shown, session, section, qtbot):
    panel = shown(RunBar)
    session.section = section
    assert not panel.bar.isVisible()
    session.status = JobStatus.ENHANCING
    session.message = Message("Enhancing …")

    session.progressed.emit(Progress("Training", 30, 120))

    assert panel.bar.isVisible()
    qtbot.waitUntil(lambda: panel.bar.text() == "Training 30/120", timeout=2000)
    assert panel.bar.value() / panel.bar.maximum() == pytest.approx(0.25)
    assert panel.status.text() == "Enhancing …"


def test_messages_are_shown_and_errors_stand_out(shown, session):
    panel = shown(RunBar)

    session.message = Message("no such gene", is_error=True)
    assert panel.status.text() == "no such gene"
    assert "color" in panel.status.styleSheet()
    session.message = Message("Opened.")

    assert panel.status.styleSheet() == ""


def test_an_error_can_be_read_in_the_theme_that_is_switched_to(
    make_napari_viewer, session, controller
):
    viewer = make_napari_viewer(show=True)
    panel = RunBar(session, controller)
    viewer.window.add_dock_widget(panel, name="Enhance", area="right")
    session.message = Message("no such gene", is_error=True)

    for theme in ("light", "dark", "light"):
        viewer.theme = theme
        ink = panel.status.palette().windowText().color()
        assert (ink.lightness() > 127) is (theme == "dark")
        assert ink.name() == colours.of_error(panel.palette())

    session.message = Message("Opened.")
    viewer.theme = "dark"
    assert panel.status.styleSheet() == ""


def test_details_are_there_for_who_asks(click, shown, session, qapp):
    panel = shown(RunBar)
    assert not panel.details.isVisible()
    session.message = Message("it failed", is_error=True, details="Traceback: here")
    assert "Traceback" not in panel.status.text()

    click(panel.details)

    (window,) = panel.findChildren(DetailsWindow)
    assert window.text.toPlainText() == "Traceback: here"
    assert not window.isModal()
    click(window.copy)
    assert QApplication.clipboard().text() == "Traceback: here"
    window.close()
    session.message = Message("")
    assert not panel.details.isVisible()


def test_a_long_word_does_not_widen_the_panel(shown, session):
    panel = shown(RunBar)
    before = panel.minimumSizeHint().width()

    session.message = Message("x" * 500, is_error=True)

    assert panel.minimumSizeHint().width() == before


def test_the_keyboard_starts_a_run(shown, session, section):
    bar = shown(RunBar)
    session.section = section

    assert bar.enhance.shortcut().toString() == "Ctrl+Return"
    assert "Ctrl+Enter" in bar.enhance.toolTip()


def test_a_message_is_told_whole_where_it_is_cut_off(shown, session):
    panel = shown(RunBar)
    session.message = Message(f"Saved {'a_very_long_name_' * 9}.h5ad")

    assert session.message.text in panel.status.toolTip()


def test_a_name_that_looks_like_html_is_told_as_it_is(shown, session):
    panel = shown(RunBar)
    session.message = Message("Saved <b>mine</b> & <i>yours</i>.csv")

    assert panel.status.textFormat() == Qt.TextFormat.PlainText
    assert panel.status.text() == session.message.text
    tip = QTextDocument()
    tip.setHtml(panel.status.toolTip())
    assert tip.toPlainText() == session.message.text
