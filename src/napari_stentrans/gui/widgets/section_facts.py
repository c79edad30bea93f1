"""What a section is, as a small table; its lattice can be overruled here."""

from __future__ import annotations

from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel
from superqt.utils import signals_blocked

from napari_stentrans.gui.widgets.bits import BUSY, allow, note
from napari_stentrans.gui.widgets.panel import SessionWidget
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.technology import lattice_in_words, technology

_HELP = {
    "technology": "Told from the lattice and the name of the source: a guess",
    "lattice": "How the spots are arranged. Choose another if it is not so; results of "
    "the section and what is painted are then dropped",
    "spots": "Measured spots under the tissue",
    "genes": "All genes, and those found in more than a tenth of the spots",
    "depth": "Half of the spots have more, half have less",
    "picture": "The picture of the tissue that came with the section",
}
_TITLES = {"depth": "Median per spot"}


class SectionFactsTable(SessionWidget):
    """Shows what the current section is."""

    def build(self) -> None:
        """Make the controls."""
        session = self.session
        self.lattice = QComboBox()
        self.lattice.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.lattice.setMinimumContentsLength(8)
        self.lines: dict[str, QLabel] = {
            name: note() for name in _HELP if name != "lattice"
        }
        rows = QGridLayout(self)  # QFormLayout cuts lines off that wrap
        rows.setContentsMargins(0, 4, 0, 4)
        rows.setVerticalSpacing(3)
        rows.setColumnStretch(1, 1)
        for row, (name, help_text) in enumerate(_HELP.items()):
            field = self.lattice if name == "lattice" else self.lines[name]
            label = QLabel(_TITLES.get(name, name.capitalize()))
            for each in (label, field):
                each.setToolTip(help_text)
            rows.addWidget(label, row, 0)
            rows.addWidget(field, row, 1)
        self.lattice.activated.connect(self._lay_on)
        session.events.section.connect(self.show_facts)
        session.events.status.connect(self.show_facts)
        session.about.events.facts.connect(self.show_facts)
        session.about.events.recognised.connect(self.show_facts)
        self.show_facts()

    def show_facts(self) -> None:
        """Show what is known by now."""
        section, facts = self.session.section, self.session.about.facts
        self.setVisible(section is not None)
        if section is None:
            return
        self._show_lattice(section.lattice.kind)
        image = section.image
        texts = {
            "technology": technology(section),
            "spots": f"{section.n_spots:,}",
            "genes": f"{section.n_genes:,}",
            "depth": "…",
            "picture": "none",
        }
        if facts is not None:
            texts["genes"] += f" ({facts.n_common:,} common)"
            texts["depth"] = (
                f"{facts.median_counts:,.0f} counts of {facts.median_genes:,.0f} genes"
            )
        if image is not None:
            shown = image.data if image.full is None else image.full
            rows, cols = shown.shape[:2]
            texts["picture"] = f"{image.name}, {cols:,} by {rows:,} pixels"
        for name, text in texts.items():
            self.lines[name].setText(text)

    def _show_lattice(self, current: LatticeKind) -> None:
        recognised = self.session.about.recognised
        with signals_blocked(self.lattice):
            self.lattice.clear()
            for kind in LatticeKind:
                found = kind is recognised
                text = f"{kind} (recognised)" if found else lattice_in_words(kind)
                self.lattice.addItem(text, kind)
            self.lattice.setCurrentIndex(list(LatticeKind).index(current))
        allow(self.lattice, BUSY if self.session.status.is_busy else "")

    def _lay_on(self, number: int) -> None:
        self.controller.replacement.lay_on(list(LatticeKind)[number])
        self.show_facts()  # it may have been refused, or be asked for once more
