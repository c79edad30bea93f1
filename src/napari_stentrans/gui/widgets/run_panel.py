"""The run in detail: settings, a test of methods, how it learns, runs before."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel

from napari_stentrans.gui.state.session import JobStatus
from napari_stentrans.gui.widgets.learning_curve import LearningCurve
from napari_stentrans.gui.widgets.method_test import MethodTests
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.run_log import RunLog
from napari_stentrans.gui.widgets.run_settings import RunSettings
from napari_stentrans.progress import Progress


class RunPanel(Panel):
    """Sets up runs, and shows how they went."""

    title = "Run"
    help_text = "Set up runs in detail, watch them learn, and look at earlier ones"

    def build(self) -> None:
        """Make the controls."""
        made = (self.session, self.controller)
        self.settings = RunSettings(*made)
        self.tests = MethodTests(*made)
        self.curve = LearningCurve()
        self.log = RunLog(*made)
        layout = self.column
        layout.addWidget(self.settings)
        layout.addWidget(QLabel("Which method is best here?"))
        layout.addWidget(self.tests)
        layout.addWidget(QLabel("Learning"))
        layout.addWidget(self.curve)
        layout.addWidget(QLabel("Runs of this session"))
        layout.addWidget(self.log)
        layout.addStretch()

        self._was_enhancing = False
        self.session.events.status.connect(self._begin)
        self.session.progressed.connect(self._watch)

    def _begin(self, status: JobStatus) -> None:
        """Draw anew when a run begins, and keep the drawing when it is over."""
        if status.is_enhancing and not self._was_enhancing:
            self.curve.clear()
        self._was_enhancing = status.is_enhancing

    def _watch(self, progress: Progress) -> None:
        if self.session.status.is_enhancing:
            self.curve.add(progress)
