"""Settings, learning curve and the list of runs, with a controller that notes."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication, QFileDialog

from napari_stentrans import enhance
from napari_stentrans.config import PublishedConfig, RunConfig, TransformerConfig
from napari_stentrans.gui.state.runs import RunRecord
from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets import colours
from napari_stentrans.gui.widgets.learning_curve import LearningCurve
from napari_stentrans.gui.widgets.run_log import RunLog
from napari_stentrans.gui.widgets.run_panel import RunPanel
from napari_stentrans.gui.widgets.run_settings import RunSettings
from napari_stentrans.methods.base import method_names
from napari_stentrans.methods.device import Device
from napari_stentrans.progress import Progress
from napari_stentrans.section.missing import MissingRegions

# -- settings ----------------------------------------------------------------------


def test_the_form_and_the_session_follow_each_other(shown, session):
    panel = shown(RunSettings)
    assert panel.form.method.value == session.run.config.method

    panel.form.refine.value = 3
    panel.form.seed.value = 11
    assert (session.run.config.refine, session.run.config.seed) == (3, 11)
    session.run.config = RunConfig(refine=1, device="cpu", tissue="adjacent")

    assert (panel.form.refine.value, panel.form.device.value) == (1, "cpu")
    assert panel.form.tissue.value == "adjacent"


def test_every_method_is_offered_with_its_summary(shown, session):
    panel = shown(RunSettings)
    session.run.summaries = {"nearest": "copies the nearest spot"}
    panel.form.method.value = "nearest"

    assert list(panel.form.method.choices) == method_names()
    assert panel.summary.text() == "copies the nearest spot"


@pytest.mark.parametrize(
    ("method", "groups"),
    [
        ("stentrans", {"kriging", "transformer"}),
        ("kriging", {"kriging"}),
        ("published", {"published"}),
        ("dist", {"dist"}),
        ("linear", set()),
    ],
)
def test_only_settings_of_the_method_are_shown(shown, session, method, groups):
    panel = shown(RunSettings)
    panel.advanced.heading.setChecked(True)

    session.run.config = RunConfig(method=method)

    visible = {name for name, form in panel.groups.items() if form.native.isVisible()}
    assert visible == groups
    assert panel.nothing_more.isVisible() == (not groups)


def test_advanced_settings_have_the_limits_of_the_model_and_reach_the_session(
    shown, session, controller
):
    panel = shown(RunSettings)
    form = panel.groups["transformer"]
    fields = TransformerConfig.model_fields
    assert [row.name for row in form] == list(fields)
    assert form.steps.max == 20_000
    assert form.steps.tooltip == fields["steps"].description
    assert form.learning_rate.min > 0

    form.steps.value = 7

    (call,) = controller.runs.configure.call_args_list
    assert call.kwargs["transformer"]["steps"] == 7
    RunConfig.model_validate(call.kwargs)


def test_a_field_that_is_changed_changes_no_other(shown, session, controller):
    fine = TransformerConfig(learning_rate=0.1 + 0.2, episodes=3)
    session.run.config = RunConfig(transformer=fine, seed=5)
    panel = shown(RunSettings)

    panel.groups["transformer"].steps.value = 7
    panel.form.refine.value = 3

    assert session.run.config.transformer == fine.model_copy(update={"steps": 7})
    assert controller.runs.configure.call_args.kwargs == {"refine": 3}
    assert session.run.config.seed == 5


def test_the_panel_can_be_made_whatever_is_remembered(shown, session):
    rates = TransformerConfig(learning_rate=2e-5), PublishedConfig(learning_rate=1e-9)
    session.run.config = RunConfig(transformer=rates[0], published=rates[1])
    groups = shown(RunSettings).groups
    assert groups["transformer"].learning_rate.value == 2e-5
    assert groups["published"].learning_rate.value == 1e-9


def test_devices_have_their_names_once_they_are_known(shown, session):
    panel = shown(RunSettings)
    session.run.config = RunConfig(device="cuda")
    assert panel.form.device.value == "cuda"

    session.run.devices = (Device("cuda", "Test GPU 8", 3 * 10**9), Device("cpu"))

    assert panel.form.device.value == "cuda"
    texts = [panel.form.device.get_choice(text) for text in _texts(panel.form.device)]
    assert texts == ["auto", "cuda", "cpu"]
    assert "Automatic (Test GPU 8, 3.0 GB free)" in _texts(panel.form.device)


def test_a_remembered_device_that_is_not_here_is_named_as_such(shown, session):
    session.run.config = RunConfig(device="mps")
    panel = shown(RunSettings)
    session.run.devices = (Device("cpu"),)
    assert "MPS (not on this computer)" in _texts(panel.form.device)
    assert panel.form.device.value == "mps"


def _texts(combo):
    box = combo.native.findChild(type(combo.native)) or combo.native
    return [box.itemText(n) for n in range(box.count())]


def test_defaults_are_restored(click, shown, controller):
    panel = shown(RunSettings)
    click(panel.defaults)
    controller.runs.restore_defaults.assert_called_once_with()


def test_a_model_is_chosen_and_let_go(click, shown, session, controller, monkeypatch):
    panel = shown(RunSettings)
    assert not panel.no_model.isVisible()
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_args, **_kw: ("/a/tissue.npz", "")
    )

    click(panel.choose_model)
    assert session.run.config.model == "/a/tissue.npz"
    assert panel.model.text() == "tissue.npz"
    click(panel.no_model)

    assert session.run.config.model == ""


def test_a_model_is_for_one_method_alone(shown, session):
    panel = shown(RunSettings)
    session.run.config = RunConfig(method="kriging")
    assert not panel.choose_model.isEnabled()
    assert "stentrans" in panel.choose_model.toolTip()


def test_nothing_is_set_during_a_run(shown, session):
    panel = shown(RunSettings)
    session.status = JobStatus.ENHANCING
    assert not panel.form.enabled
    assert not panel.defaults.isEnabled()
    session.status = JobStatus.IDLE
    assert panel.form.enabled


# -- the learning curve ------------------------------------------------------------


def pixels(widget):
    image = widget.grab().toImage()
    return {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
    }


def test_what_is_learnt_is_drawn(qtbot):
    curve = LearningCurve()
    qtbot.addWidget(curve)
    curve.resize(300, 130)
    curve.show()
    blue, orange = colours.HELD_OUT, colours.KRIGING
    assert not {blue, orange} & pixels(curve)

    for step in range(1, 100):
        scores = {"network": 1.1 - step / 200} if step % 25 == 1 else {}
        curve.add(Progress("Training", step, 100, 0.9, scores))

    assert {blue, orange} <= pixels(curve)
    curve.clear()
    assert not {blue, orange} & pixels(curve)


def test_the_curve_begins_anew_with_each_run_and_stays_when_it_is_over(shown, session):
    panel = shown(RunPanel)
    step = Progress("Training", 1, 10, 0.9, {"network": 1.0})
    session.progressed.emit(step)
    assert panel.curve.curves.is_empty  # nothing that another job tells

    session.status = JobStatus.ENHANCING
    session.progressed.emit(step)
    session.status = JobStatus.STOPPING
    session.status = JobStatus.IDLE
    assert panel.curve.curves.loss == [(1, 0.9)]
    session.status = JobStatus.ENHANCING

    assert panel.curve.curves.is_empty


# -- the list of runs --------------------------------------------------------------


@pytest.fixture
def record(section):
    def make(**choices):
        result = enhance(section, **choices)
        missing = MissingRegions.none(section)
        return RunRecord(result, missing, datetime(2026, 5, 4, 13, 37))

    return make


def rows(panel):
    columns = range(panel.list.columnCount())
    items = map(panel.list.topLevelItem, range(panel.list.topLevelItemCount()))
    return [[item.text(column) for column in columns] for item in items]


def test_runs_are_listed_the_latest_on_top(shown, session, record, section):
    panel = shown(RunLog)
    assert panel.told.text() == "No run yet"
    first, second = record(method="nearest"), record(preset="instant")

    session.run.log = (first, second)

    found = rows(panel)
    assert [row[1] for row in found] == ["Instant", "nearest"]
    assert found[0][0] == "13:37"
    score = second.result.gene_scores["heldout_pcc"].median()
    assert found[0][3] == f"{score:.2f}"
    assert found[1][3] == "-"  # this method does not know
    assert found[0][4] == section.name


def test_the_run_that_is_shown_is_marked_and_another_can_be_chosen(
    shown, session, controller, record, section
):
    panel = shown(RunLog)
    session.section = section
    first, second = record(method="nearest"), record(method="linear")
    session.run.log = (first, second)
    session.enhanced = second.result
    assert panel.list.currentItem() is panel.list.topLevelItem(0)
    controller.runs.show.assert_not_called()

    panel.list.setCurrentItem(panel.list.topLevelItem(1))

    controller.runs.show.assert_called_once_with(first.result)
    controller.sections.choose.assert_not_called()


def test_a_run_of_another_section_brings_it_back(
    shown, session, controller, record, other_section
):
    panel = shown(RunLog)
    session.section = other_section
    only = record(method="nearest")
    session.run.log = (only,)

    panel.list.setCurrentItem(panel.list.topLevelItem(0))

    controller.sections.choose.assert_called_once_with(only.result.section)


def test_text_is_copied(click, shown, session, controller, record):
    panel = shown(RunLog)
    assert not panel.as_python.isEnabled()
    only = record(method="nearest")
    session.run.log, session.enhanced = (only,), only.result
    controller.runs.as_python.return_value = "print('again')"
    controller.runs.as_command_line.return_value = "stentrans enhance"

    click(panel.as_python)
    assert QApplication.clipboard().text() == "print('again')"
    assert "script" in panel.told.text()
    click(panel.as_command)

    assert QApplication.clipboard().text() == "stentrans enhance"
    controller.runs.as_command_line.assert_called_once_with(only)


def test_a_run_is_forgotten(click, shown, session, controller, record):
    panel = shown(RunLog)
    only = record(method="nearest")
    session.run.log, session.enhanced = (only,), only.result
    click(panel.forget)
    controller.runs.forget.assert_called_once_with(only.result)


def test_a_double_click_forgets_one_run(
    double_click, shown, session, controller, record
):
    panel = shown(RunLog)
    session.run.log = tuple(record(method="nearest", seed=seed) for seed in range(3))
    session.enhanced = session.run.log[-1].result

    def forget(result):
        session.run.log = tuple(r for r in session.run.log if r.result is not result)
        session.enhanced = session.run.log[-1].result

    controller.runs.forget.side_effect = forget

    double_click(panel.forget)

    assert len(session.run.log) == 2


def test_only_what_has_learnt_can_be_kept(
    click, shown, session, controller, record, monkeypatch
):
    panel = shown(RunLog)
    plain = record(method="nearest")
    session.run.log, session.enhanced = (plain,), plain.result
    assert not panel.keep_model.isEnabled()
    assert "stentrans" in panel.keep_model.toolTip()

    learnt = record(transformer={"episodes": 1}, kriging={"n_programmes": 2})
    session.run.log, session.enhanced = (plain, learnt), learnt.result
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_args, **_kw: ("/a/b.npz", "")
    )
    click(panel.keep_model)

    (call,) = controller.runs.keep_model.call_args_list
    assert call.args[0] is learnt.result
    assert np.isfinite(learnt.score)
