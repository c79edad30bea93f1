"""Look at a result and save it."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout

from napari_stentrans.gui.widgets.bits import button
from napari_stentrans.gui.widgets.panel import Panel


class ComparePanel(Panel):
    """Compares measured and enhanced, and saves."""

    title = "Compare"
    help_text = "Look at measured and enhanced"

    def build(self) -> None:
        """Make the controls."""
        session, controller = self.session, self.controller
        self.side_by_side = QCheckBox("Side by side")
        self.side_by_side.setToolTip("Measured left, enhanced right, moving together")
        self.show_sd = QCheckBox("Uncertainty")
        self.show_sd.setToolTip("Standard deviation of a count measured there")
        self.save = button(
            "Save h5ad…", "Every expressed gene, with sd", self._ask_path
        )
        row = QHBoxLayout()
        row.addWidget(self.side_by_side)
        row.addWidget(self.show_sd)
        layout = self.column
        layout.addLayout(row)
        layout.addWidget(self.save)

        self.side_by_side.clicked.connect(
            lambda on: controller.view.show_side_by_side(shown=on)
        )
        self.show_sd.clicked.connect(lambda on: controller.view.show_sd(shown=on))
        session.events.enhanced.connect(self._show)
        session.events.status.connect(self._show)
        session.view.events.side_by_side.connect(self._show)
        session.view.events.show_sd.connect(self._show)
        self._show()

    def _ask_path(self) -> None:
        section = self.session.section
        if section is None:
            return
        path, _ = QFileDialog.getSaveFileName(
            self, "Save the result", f"{section.name}_enhanced.h5ad", "AnnData (*.h5ad)"
        )
        if path:
            self.controller.files.save(Path(path))

    def _show(self) -> None:
        session = self.session
        self.setEnabled(session.enhanced is not None)
        self.save.setEnabled(
            session.enhanced is not None and not session.status.is_busy
        )
        self.side_by_side.setChecked(session.view.side_by_side)
        self.show_sd.setChecked(session.view.show_sd)
