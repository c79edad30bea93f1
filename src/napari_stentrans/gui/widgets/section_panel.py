"""Which section to work on: open one, choose among those open, see what it is."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_stentrans.gui.control.sections import SECTION_FILES
from napari_stentrans.gui.state.sections import told_apart
from napari_stentrans.gui.widgets.advice_list import AdviceList
from napari_stentrans.gui.widgets.alignment_controls import AlignmentControls
from napari_stentrans.gui.widgets.bits import BUSY, allow, button, empty, note
from napari_stentrans.gui.widgets.fold import Fold
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.section_facts import SectionFactsTable
from napari_stentrans.section.advice import advice

_WELCOME = (
    "Drop a file or folder on the canvas, open one here, or take one from "
    "File ▸ Open Sample."
)
_FILES = f"Sections ({' '.join(SECTION_FILES)})"
_FILE_HELP = "A table, an h5ad, or a file of those that an instrument writes"
_FOLDER_HELP = (
    "Output of Space Ranger, Xenium, MERSCOPE or CosMx, a zarr folder, or a folder "
    "that holds one section"
)
_PICTURES = "Pictures (*.tif *.tiff *.jpg *.jpeg *.png *.svs *.ndpi *.btf)"
_A_PICTURE, _ANOTHER_PICTURE = "Add a picture…", "Another picture…"
_PICTURE_HELP = (
    "Lay the full-resolution picture of the tissue under the spots. Results of the "
    "section go, since methods look at the picture, and so does how a picture before "
    "it was aligned by hand; what is shown and painted stays"
)
_PART_HELP = (
    "Open the spots that are in view as a section of its own: zoom in on what matters "
    "of a large section, and runs take a fraction of the time. The whole one stays open"
)


class SectionPanel(Panel):
    """Opens and chooses sections, and says what they are."""

    title = "Section"
    help_text = "Open a section and see what it is"

    def build(self) -> None:
        """Make the controls."""
        self.combo = QComboBox()
        self.combo.setToolTip("The section that all tabs work on")
        self.combo.setMinimumContentsLength(8)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        help_text = "Close this section: its layers and results go, its files stay"
        self.shut = button("Close", help_text, self.controller.sections.shut, once=True)
        self.open_file = button("Open file…", _FILE_HELP, self._ask_file)
        self.open_folder = button("Folder…", _FOLDER_HELP, self._ask_folder)
        self.normalised = QCheckBox("Take normalised values")
        self.normalised.setToolTip(
            "Open files without raw counts, too. Results then come in their units."
        )
        self.offers = QWidget()
        self.welcome = note(_WELCOME)
        self.facts = SectionFactsTable(self.session, self.controller)
        self.advice = AdviceList()
        self.alignment = AlignmentControls(self.session, self.controller)
        help_text = "Move the picture where it does not lie under the spots"
        self.aligning = Fold("Align the picture", help_text, self.alignment)
        self.picture = button(_A_PICTURE, _PICTURE_HELP, self._ask_picture, once=True)
        open_part = self.controller.sections.open_part
        self.part = button("Part in view", _PART_HELP, open_part)
        self._lay_out()
        self._listen()
        self._show()
        self._offer()

    def _lay_out(self) -> None:
        chosen, row, of_section = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        chosen.addWidget(self.combo, stretch=1)
        chosen.addWidget(self.shut)
        row.addWidget(self.open_file)
        row.addWidget(self.open_folder)
        of_section.addWidget(self.picture)
        of_section.addWidget(self.part)
        offers = QVBoxLayout(self.offers)
        offers.setContentsMargins(0, 0, 0, 0)
        layout = self.column
        layout.addLayout(chosen)
        layout.addLayout(row)
        layout.addWidget(self.normalised)
        for each in (self.offers, self.welcome, self.facts, self.advice):
            layout.addWidget(each)
        layout.addLayout(of_section)
        layout.addWidget(self.aligning)
        layout.addStretch(1)

    def _listen(self) -> None:
        session, about = self.session, self.session.about
        self.combo.activated.connect(self._choose)
        session.events.sections.connect(self._show)
        session.events.section.connect(self._show)
        session.events.status.connect(self._enable)
        about.events.facts.connect(self._advise)
        about.events.fit.connect(self._advise)
        about.events.better.connect(self._advise)
        about.events.offers.connect(self._offer)

    def _choose(self, number: int) -> None:
        self.controller.sections.choose(self.session.sections[number])

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a section", filter=f"{_FILES};;All files (*)"
        )
        self._open(path)

    def _ask_folder(self) -> None:
        self._open(QFileDialog.getExistingDirectory(self, "Open a folder"))

    def _ask_picture(self) -> None:
        if not self.controller.replacement.may_add_picture():
            return  # the reason is told; asked once more, it can be
        path, _ = QFileDialog.getOpenFileName(
            self, "Add a picture", filter=f"{_PICTURES};;All files (*)"
        )
        if path:
            self.controller.replacement.add_picture(Path(path))

    def _open(self, path: str) -> None:
        if path:
            normalised = self.normalised.isChecked()
            self.controller.sections.open(Path(path), allow_normalised=normalised)

    def _show(self) -> None:
        sections, current = self.session.sections, self.session.section
        with signals_blocked(self.combo):
            self.combo.clear()
            self.combo.addItems(told_apart(sections))
            if current in sections:
                self.combo.setCurrentIndex(sections.index(current))
        for each in (self.combo, self.shut):
            each.setVisible(bool(sections))
        self.welcome.setVisible(current is None)
        has_picture = current is not None and current.image is not None
        for each in (self.picture, self.part):
            each.setVisible(current is not None)
        self.picture.setText(_ANOTHER_PICTURE if has_picture else _A_PICTURE)
        self.aligning.setVisible(has_picture)
        self.controller.sections.describe()
        self._advise()
        self._enable()

    def _advise(self) -> None:
        section, about = self.session.section, self.session.about
        known = section is not None and about.facts is not None
        self.advice.show_advice(
            advice(section, about.facts, about.fit, about.better)  # type: ignore[arg-type]
            if known
            else []
        )

    def _offer(self) -> None:
        """One button for each layer of another plugin that carries a section."""
        layout = self.offers.layout()
        if layout is not None:
            empty(layout)
        for name in self.session.about.offers:
            made = button(
                f"Use {name}",
                "Work on the AnnData that this layer of another plugin carries",
                partial(self._use, name),
            )
            if layout is not None:
                layout.addWidget(made)
        self.offers.setVisible(bool(self.session.about.offers))
        self._enable()

    def _use(self, name: str) -> None:
        normalised = self.normalised.isChecked()
        self.controller.foreign.use(name, allow_normalised=normalised)

    def _enable(self) -> None:
        busy = BUSY if self.session.status.is_busy else ""
        for each in (self.combo, self.shut, self.open_file, self.open_folder):
            allow(each, busy)
        for each in self.offers.findChildren(QPushButton):
            allow(each, busy)
        section = self.session.section
        placed = section is not None and section.pixel_xy is not None
        lost = "The section does not say where its spots are on a picture"
        allow(self.part, busy)
        allow(self.picture, busy or ("" if placed else lost))
