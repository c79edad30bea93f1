"""The end of a program that did not close its viewer, as scripts and crashes do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from psygnal import EmitLoopError

from napari_stentrans.gui.widgets.main_widget import _end

_SCRIPT = """
import napari
from qtpy.QtWidgets import QApplication
from napari_stentrans import simulated_section
from napari_stentrans.gui.widgets.main_widget import StEnTransWidget

def main():
    viewer = napari.Viewer()
    widget = StEnTransWidget(viewer, remember=False)
    viewer.window.add_dock_widget(widget)
    widget.controller.stage.open(simulated_section(n_genes=9).section)
    for _ in range(3):
        widget.controller.turns.finish()
        QApplication.processEvents()

main()
"""


def test_a_program_that_leaves_its_window_open_ends_in_peace():
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


class _Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def silence(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        raise self.error


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_only_what_qt_has_deleted_may_fail(is_wrapped):
    def failing(text: str) -> _Failing:
        error = RuntimeError(text)
        return _Failing(EmitLoopError(error) if is_wrapped else error)

    deleted = failing("wrapped C/C++ object of type Canvas has been deleted")
    if is_wrapped:
        deleted.error.__cause__ = RuntimeError("Internal C++ object already deleted.")
    _end(deleted, deleted)
    other = failing("another fault")
    with pytest.raises(type(other.error)):
        _end(other, other)
