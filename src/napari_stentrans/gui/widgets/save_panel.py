"""Save a result: as data, table, figure or pictures."""

from __future__ import annotations

from qtpy.QtCore import Qt, QUrl
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
)
from superqt.utils import signals_blocked

from napari_stentrans.gui.widgets.asking import ask_where_to_save
from napari_stentrans.gui.widgets.bits import BUSY, allow, button, note, tip
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.save_kinds import KINDS, Kind

_FARTHEST_UM = 5000.0
_DECIMALS = 4
"""Enough for bins of a fraction of a micrometre."""
_PITCH_HELP = (
    "Distance of neighbouring spots, centre to centre, for scale bars and pixel sizes. "
    "Guessed where the technology tells it; type it where it is unknown or wrong"
)


class _Spacing(QDoubleSpinBox):
    """A box for numbers that shows no more decimals than there are."""

    def textFromValue(self, value: float) -> str:
        """Return the number without zeros at its end."""
        point = self.locale().decimalPoint()
        return super().textFromValue(value).rstrip("0").rstrip(point)


class SavePanel(Panel):
    """Saves results."""

    title = "Save"
    help_text = "Save the result as data, table, figure or pictures"

    def build(self) -> None:
        """Make the controls."""
        self.kind = QComboBox()
        self.kind.addItems([kind.title for kind in KINDS])
        self.kind.setToolTip("What to save the result as")
        self.about_kind = note()
        self.genes = QComboBox()
        self._wanted = "all"  # as a person chose, where a format leaves a choice
        self.with_sd = QCheckBox("With uncertainty")
        self.with_sd.setToolTip("Write the standard deviation of each value, too")
        self.pitch = _Spacing()
        self.pitch.setRange(0.0, _FARTHEST_UM)
        self.pitch.setDecimals(_DECIMALS)
        self.pitch.setSuffix(" µm")
        self.pitch.setSpecialValueText("unknown")
        self.pitch.setToolTip(_PITCH_HELP)
        self.save = button("Save…", "", self._ask_path)
        self.last = note()
        self.last.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.folder = button("Show in folder", "Open its folder", self._open_folder)
        self.console = note(
            "In napari's console, <b>stentrans.result</b> is the result that is shown "
            "and <b>stentrans.to_anndata()</b> an AnnData of it.",
            is_html=True,
        )
        self.console.setToolTip("Open the console with the button >_ at the lower left")
        self._lay_out()
        self._listen()
        self._show_pitch()
        self._show_kind()
        self._show_last()

    def _lay_out(self) -> None:
        form = QFormLayout()
        self.genes_label, self.pitch_label = QLabel("Genes"), QLabel("Spot spacing")
        form.addRow(QLabel("Save as"), self.kind)
        form.addRow(self.about_kind)
        form.addRow(self.genes_label, self.genes)
        form.addRow(self.pitch_label, self.pitch)
        form.addRow(self.with_sd)
        for combo in (self.kind, self.genes):
            combo.setMinimumContentsLength(8)
            combo.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
        layout = self.column
        layout.addLayout(form)
        for each in (self.save, self.last, self.folder, self.console):
            layout.addWidget(each)
        layout.addStretch(1)

    def _listen(self) -> None:
        session = self.session
        self.kind.currentIndexChanged.connect(self._show_kind)
        self.genes.activated.connect(self._choose_genes)
        session.events.section.connect(self._show_genes)
        session.about.events.pitch_um.connect(self._show_pitch)
        self.pitch.valueChanged.connect(self._tell_pitch)
        session.events.enhanced.connect(self._show_genes)
        session.events.status.connect(self._enable)
        session.genes.events.shown.connect(self._show_genes)
        session.saves.events.last.connect(self._show_last)

    @property
    def chosen(self) -> Kind:
        """The kind of file to write."""
        return KINDS[self.kind.currentIndex()]

    def _ask_path(self) -> None:
        section, kind = self.session.section, self.chosen
        if section is None:
            return
        last = self.session.saves.last
        name = f"{section.name.replace('/', '_')}_enhanced{kind.ending}"
        start = name if last is None else str(last.with_name(name))
        path = ask_where_to_save(self, "Save the result", start, kind.filters)
        if path is None:
            return
        self.controller.files.save(
            path,
            shown_genes=self.genes.currentData() == "shown",
            with_sd=kind.takes_sd and self.with_sd.isChecked(),
            pitch_um=self.pitch.value() or None,
        )

    def _choose_genes(self) -> None:
        if self.chosen.takes_all:
            self._wanted = self.genes.currentData()

    def _open_folder(self) -> None:
        last = self.session.saves.last
        if last is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(last.parent)))

    def _show_pitch(self) -> None:
        pitch_um = round(self.session.about.pitch_um or 0.0, _DECIMALS)
        if pitch_um != self.pitch.value():  # else what is being typed would change
            with signals_blocked(self.pitch):
                self.pitch.setValue(pitch_um)

    def _tell_pitch(self, pitch_um: float) -> None:
        self.controller.scale.set_pitch(pitch_um or None)

    def _show_kind(self) -> None:
        kind = self.chosen
        self.about_kind.setText(kind.help_text)
        self.with_sd.setVisible(kind.takes_sd)
        for each in (self.pitch, self.pitch_label):
            each.setVisible(kind.takes_pitch)
        self._show_genes()

    def _show_genes(self) -> None:
        """Offer the shown genes, and all where the format can hold them."""
        result, shown = self.session.enhanced, self.session.genes.shown
        self.genes.clear()
        if self.chosen.takes_all:
            n_all = "" if result is None else f" ({len(result.genes):,})"
            self.genes.addItem(f"all of the result{n_all}", "all")
        if shown or not self.chosen.takes_all:
            self.genes.addItem(f"those shown ({len(shown)})", "shown")
        at = self.genes.findData(self._wanted)
        self.genes.setCurrentIndex(max(at, 0))
        self.genes.setToolTip(tip(", ".join(shown[:20]) or "No gene is shown yet"))
        self._enable()

    def _enable(self) -> None:
        help_text = f"Choose a name; {self.chosen.help_text}"
        allow(self.save, self._reason_not_to(), help_text)

    def _reason_not_to(self) -> str:
        """Why nothing can be saved now; nothing if it can."""
        session = self.session
        if session.enhanced is None:
            return "There is no result yet: press Enhance first"
        if session.status.is_busy:
            return BUSY
        if not self.chosen.takes_all and not session.genes.shown:
            return "Show a gene first: its picture is what is written"
        return ""

    def _show_last(self) -> None:
        last = self.session.saves.last
        self.last.setText("" if last is None else f"Saved {last.name}")
        self.last.setToolTip("" if last is None else tip(str(last)))
        self.folder.setVisible(last is not None)
