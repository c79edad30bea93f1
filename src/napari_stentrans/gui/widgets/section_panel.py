"""Which section to work on: open one, choose among those open, see what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout

from napari_stentrans.gui.widgets.bits import button, note
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.section.section import Section


class SectionPanel(Panel):
    """Opens and chooses sections."""

    title = "Section"
    help_text = "Open a section and see what it is"

    def build(self) -> None:
        """Make the controls."""
        session = self.session
        self.combo = QComboBox()
        self.combo.setToolTip("The section that the panels below work on")
        self.combo.setMinimumContentsLength(8)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.open_file = button("Open file…", "A table or h5ad", self._ask_file)
        self.open_folder = button("Folder…", "A Space Ranger folder", self._ask_folder)
        self.facts = note()
        row = QHBoxLayout()
        row.addWidget(self.open_file)
        row.addWidget(self.open_folder)
        layout = self.column
        layout.addWidget(self.combo)
        layout.addWidget(self.facts)
        layout.addLayout(row)

        self.combo.activated.connect(self._choose)
        session.events.sections.connect(self._show)
        session.events.section.connect(self._show)
        session.events.status.connect(self._enable)
        self._show()

    def _choose(self, number: int) -> None:
        self.controller.sections.choose(self.session.sections[number])

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self,
            "Open a section",
            filter="Sections (*.h5ad *.h5 *.csv *.tsv *.txt *.gz);;All files (*)",
        )
        if path:
            self.controller.sections.open(Path(path))

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a Space Ranger folder")
        if path:
            self.controller.sections.open(Path(path))

    def _show(self) -> None:
        sections, current = self.session.sections, self.session.section
        self.combo.blockSignals(True)  # noqa: FBT003 - Qt's own signature
        self.combo.clear()
        self.combo.addItems([section.name for section in sections])
        if current in sections:
            self.combo.setCurrentIndex(sections.index(current))
        self.combo.blockSignals(False)  # noqa: FBT003
        self.facts.setText(_describe(current))
        self.facts.setToolTip("" if current is None else "\n".join(current.notes))
        self._enable()

    def _enable(self) -> None:
        busy = self.session.status.is_busy
        self.combo.setEnabled(bool(self.session.sections) and not busy)
        for each in (self.open_file, self.open_folder):
            each.setEnabled(not busy)


def _describe(section: Section | None) -> str:
    if section is None:
        return (
            "Drop a file or folder on the canvas, open one here, or take one from "
            "File ▸ Open Sample."
        )
    counts = float(np.median(section.library_size))
    return (
        f"{section.n_spots:,} spots · {section.n_genes:,} genes · "
        f"{section.lattice.kind} lattice · {counts:,.0f} counts in the median spot"
    )
