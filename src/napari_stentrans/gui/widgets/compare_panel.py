"""Compare two pictures of a gene, and judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel
from superqt.utils import signals_blocked

from napari_stentrans.gui.canvas.compared import ORIGIN_COLOURS
from napari_stentrans.gui.control.view import FOR_SINGLE_GENES
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.gui.widgets.bits import allow, note
from napari_stentrans.gui.widgets.gene_score import GeneScoreCard
from napari_stentrans.gui.widgets.mode_switch import ModeSwitch
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.scatter import Scatter, describe_pairs

if TYPE_CHECKING:
    from qtpy.QtGui import QHideEvent, QShowEvent

    from napari_stentrans.enhanced import EnhancedSection

_WITH_SD = (ViewMode.OVERLAY, ViewMode.SIDE_BY_SIDE)
_SD_HELP = "Standard deviation of a count measured there, as a picture of its own"
_EVEN_HELP = (
    "Show all spots as if they had been sequenced equally deep, so that none stands "
    "out for having more counts of every gene. What is saved as data stays counts"
)
_NOT_EVEN = "A method that is shown does not tell how deep each position would be"
_SCALE_HELP = "How long something is in µm, on the canvas"
_NO_RESULT = "There is no result yet: press Enhance first"
_NO_OTHER = "Enhance once more, with other settings, to compare two results"
_NO_SCALE = (
    "The spacing of the spots is not known: type it on the tab Save, at 'Spot spacing' "
    "of a figure"
)


class ComparePanel(Panel):
    """Compares measured and enhanced, or two results."""

    title = "Compare"
    help_text = "Look at measured and enhanced"

    def build(self) -> None:
        """Make the controls."""
        self.switch = ModeSwitch(self.session, self.controller)
        self.hint = note()
        self.shown, self.reference = QComboBox(), QComboBox()
        self.shown.setToolTip("The result that is looked at")
        self.reference.setToolTip(
            "What it is compared with: the counts, or another result of this section"
        )
        self._make_boxes()
        self.legend = note(_legend(), is_html=True)
        self.score = GeneScoreCard()
        self.scatter, self.agreement = Scatter(), note()
        self.agreement.setStyleSheet("font-size: 8pt;")
        choice = QGridLayout()
        for row, (text, box) in enumerate(
            (("Compare", self.shown), ("with", self.reference))
        ):
            choice.addWidget(QLabel(text), row, 0)
            choice.addWidget(box, row, 1)
        choice.setColumnStretch(1, 1)
        layout = self.column
        layout.addWidget(self.hint)
        layout.addWidget(self.switch)
        layout.addLayout(choice)
        layout.addLayout(self._boxes)
        for widget in (
            self.legend,
            self.score,
            self.scatter,
            self.agreement,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        self._listen()
        self._show()
        self._show_results()
        self._show_gene()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Keep scores up to date while they are seen."""
        super().showEvent(event)
        self.controller.view.watch(watched=True)

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Let scores rest while nobody sees them."""
        super().hideEvent(event)
        self.controller.view.watch(watched=False)

    def _make_boxes(self) -> None:
        view = self.controller.view
        self.show_sd = _box("Uncertainty", _SD_HELP)
        self.fade = _box(
            "See-through",
            "Enhanced is opaque where it is certain, and half see-through where it is "
            "known to 50 % only; the noise of counting is not held against it",
        )
        self.origin = _box("Origin", "How each position came to be, in three colours")
        self.color_bars = _box("Colour bars", "What the colours mean, in counts")
        self.scale_bar = _box("Scale bar", _SCALE_HELP)
        self.even = _box("Depth-normalised", _EVEN_HELP)
        self.even.clicked.connect(lambda on: view.even_out(even=on))
        self.show_sd.clicked.connect(lambda on: view.show_sd(shown=on))
        self.fade.clicked.connect(lambda on: view.fade(faded=on))
        self.origin.clicked.connect(lambda on: view.show_origin(shown=on))
        self.color_bars.clicked.connect(lambda on: view.show_color_bars(shown=on))
        show_scale = self.controller.scale.show
        self.scale_bar.clicked.connect(lambda on: show_scale(shown=on))
        self._boxes = QGridLayout()
        of_result = (self.show_sd, self.fade, self.origin, self.even)
        for number, box in enumerate((*of_result, self.color_bars, self.scale_bar)):
            self._boxes.addWidget(box, number // 2, number % 2)

    def _listen(self) -> None:
        session, view = self.session, self.session.view
        for signal in (
            session.events.enhanced,
            session.events.status,
            session.genes.events.shown,
            view.events.mode,
            view.events.show_sd,
            view.events.fade,
            view.events.show_origin,
            view.events.even,
            view.events.is_even,
            view.events.reference,
            view.events.color_bars,
            view.events.scale_bar,
            view.events.set_seen,
            session.about.events.pitch_um,
        ):
            signal.connect(self._show)
        for signal in (
            session.events.enhanced,
            session.events.status,
            session.run.events.results,
            view.events.reference,
        ):
            signal.connect(self._show_results)
        for signal in (view.events.score, view.events.score_note, view.events.pairs):
            signal.connect(self._show_gene)
        self.shown.activated.connect(self._choose_shown)
        self.reference.activated.connect(self._choose_reference)

    def _choose_shown(self, number: int) -> None:
        results = self.session.run.results
        if number < len(results):
            self.controller.runs.show(results[number])

    def _choose_reference(self, number: int) -> None:
        chosen = None if number == 0 else self._others()[number - 1]
        self.controller.view.compare_with(chosen)

    def _show(self) -> None:
        session, view = self.session, self.session.view
        has_result = session.enhanced is not None
        self.switch.setEnabled(has_result)
        no_result = "" if has_result else _NO_RESULT
        for part in (*self.switch.controls, self.fade, self.origin):
            allow(part, no_result)
        single = FOR_SINGLE_GENES if view.set_seen else ""
        for mode, made in self.switch.modes.items():
            allow(made, no_result or ("" if mode.is_for_sets else single))
        self.hint.setText(self._what_is_missing())
        self.hint.setVisible(bool(self.hint.text()))
        self.show_sd.setChecked(view.show_sd)
        self.fade.setChecked(view.fade)
        self.origin.setChecked(view.show_origin)
        self.color_bars.setChecked(view.color_bars)
        shown = (session.enhanced, view.reference)
        can_be_even = all(each is None or each.depth is not None for each in shown)
        self.even.setChecked(view.even and can_be_even)
        allow(self.even, "" if can_be_even else _NOT_EVEN)
        has_scale = session.about.pitch_um is not None
        self.scale_bar.setChecked(view.scale_bar and has_scale)
        allow(self.scale_bar, "" if has_scale else _NO_SCALE)
        self.legend.setVisible(has_result and view.show_origin)
        sd_fits = view.mode in _WITH_SD
        only = "" if sd_fits else "Available in Overlay and Side by side"
        allow(self.show_sd, no_result or only)

    def _what_is_missing(self) -> str:
        if self.session.enhanced is None:
            return "Enhance a section: here its result is compared with the counts."
        if self.session.view.set_seen:
            return f"{FOR_SINGLE_GENES}."
        return "" if self.session.genes.shown else "Choose a gene to compare."

    def _others(self) -> list[EnhancedSection]:
        shown = self.session.enhanced
        return [each for each in self.session.run.results if each is not shown]

    def _show_results(self) -> None:
        session, results = self.session, self.session.run.results
        names = [session.run.name_of(each) for each in results]
        is_preview = session.enhanced is not None and session.enhanced not in results
        _fill(self.shown, [*names, "preview of a run"] if is_preview else names)
        if session.enhanced is not None:
            now = len(results) if is_preview else results.index(session.enhanced)
            self.shown.setCurrentIndex(now)
        why = "" if len(names) > 1 else "There are not several finished results here"
        running = "Wait until the run is over" if session.status.is_enhancing else ""
        allow(self.shown, running or why)
        others, reference = self._others(), session.view.reference
        named = [session.run.name_of(each) for each in others]
        _fill(self.reference, ["measured counts", *named])
        if reference in others:
            self.reference.setCurrentIndex(1 + others.index(reference))
        allow(self.reference, "" if others else _NO_OTHER)

    def _show_gene(self) -> None:
        view = self.session.view
        self.score.show_score(view.score, view.score_note)
        self.scatter.show_pairs(view.pairs)
        self.scatter.setVisible(view.pairs is not None)
        self.agreement.setVisible(view.pairs is not None)
        told = "" if view.pairs is None else describe_pairs(view.pairs)
        self.agreement.setText(told)


def _box(text: str, help_text: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(help_text)
    return box


def _fill(combo: QComboBox, texts: list[str]) -> None:
    """Offer other choices without telling anyone."""
    with signals_blocked(combo):
        combo.clear()
        combo.addItems(texts)


def _legend() -> str:
    return "&nbsp; ".join(
        f'<span style="color: {colour}">■</span> {origin}'
        for origin, colour in ORIGIN_COLOURS.items()
    )
