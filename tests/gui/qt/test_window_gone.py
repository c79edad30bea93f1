"""The end of a program that did not close its viewer: Qt deletes before we let go."""

from __future__ import annotations

import subprocess
import sys

import pytest
from psygnal import EmitLoopError

from napari_stentrans.gui.widgets.main_widget import _Ending


class _Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def silence(self) -> None:
        """Do nothing."""

    def close(self, *, is_window_gone: bool) -> None:
        assert is_window_gone
        raise self.error


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_only_what_qt_has_deleted_may_fail(is_wrapped):
    def failing(text: str) -> _Failing:
        error = RuntimeError(text)
        return _Failing(EmitLoopError(error) if is_wrapped else error)

    deleted = failing("wrapped C/C++ object of type Canvas has been deleted")
    if is_wrapped:
        deleted.error.__cause__ = RuntimeError("Internal C++ object already deleted.")
    _Ending(deleted, deleted).end()
    other = failing("another fault")
    with pytest.raises(type(other.error)):
        _Ending(other, other).end()


SIDE_BY_SIDE = """
import time

import napari
from napari_stentrans.datasets import samples
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget
from napari_stentrans.io import read_section
from qtpy.QtWidgets import QApplication


def wait_for(condition):
    end = time.monotonic() + 60
    while not condition() and time.monotonic() < end:
        QApplication.processEvents()


viewer = napari.Viewer()
widget = StEnTransWidget(viewer, remember=False)
viewer.window.add_dock_widget(widget)
controller, session = widget.controller, widget.session
controller.sections.opened(read_section(samples()["simulated_st"]))
controller.genes.show(str(session.section.genes[0]))
controller.runs.configure(method="nearest")
controller.runs.enhance()
wait_for(lambda: session.enhanced is not None)
controller.view.set_mode(ViewMode.SIDE_BY_SIDE)
wait_for(lambda: viewer.canvas.grid.enabled and controller.turns.are_over)
for _ in range(20):
    time.sleep(0.05)
    QApplication.processEvents()  # drawn
print("side by side" if viewer.canvas.grid.enabled else "not yet")
"""


def test_a_program_ends_without_a_word_while_pictures_stand_side_by_side():
    done = subprocess.run(
        [sys.executable, "-c", SIDE_BY_SIDE],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.stdout.endswith("side by side\n"), done.stderr
    assert "deleted" not in done.stderr
