"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

from unittest.mock import Mock

from qtpy.QtWidgets import QFileDialog

from napari_stentrans.gui.widgets.compare_panel import ComparePanel


def test_results_are_compared_and_saved(
    click, shown, session, controller, section, monkeypatch, tmp_path
):
    panel = shown(ComparePanel)
    assert not panel.isEnabled()
    session.section, session.enhanced = section, Mock()
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_, **__: (str(tmp_path / "r.h5ad"), "")
    )

    click(panel.side_by_side)
    click(panel.show_sd)
    click(panel.save)

    controller.view.show_side_by_side.assert_called_once_with(shown=True)
    controller.view.show_sd.assert_called_once_with(shown=True)
    controller.files.save.assert_called_once_with(tmp_path / "r.h5ad")


def test_boxes_follow_the_session(shown, session):
    panel = shown(ComparePanel)

    session.view.side_by_side = True
    session.view.show_sd = True

    assert panel.side_by_side.isChecked()
    assert panel.show_sd.isChecked()
