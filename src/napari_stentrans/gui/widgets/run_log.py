"""The runs of this session: look at one again, repeat it elsewhere, or forget it."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QApplication,
    QGridLayout,
    QTreeWidgetItem,
)
from superqt.utils import signals_blocked

from napari_stentrans.gui.state.runs import RunRecord
from napari_stentrans.gui.widgets.asking import ask_where_to_save
from napari_stentrans.gui.widgets.bits import BUSY, allow, button, note, table, tip
from napari_stentrans.gui.widgets.panel import SessionWidget
from napari_stentrans.gui.widgets.wording import way_in_words
from napari_stentrans.wording import time_in_words

_COLUMNS = {
    "Finished": "When the run was over",
    "How": "Preset or method",
    "Took": "Time it took",
    "Score": "Median correlation of genes with spots that were left out",
    "Section": "Which section",
}
_HEIGHT = 110
_NOTHING = "No run yet"
_CHOOSE = "Choose a run in the list first"


class RunLog(SessionWidget):
    """Lists runs; the chosen one is shown again."""

    def build(self) -> None:
        """Make the controls."""
        self.column.setContentsMargins(0, 0, 0, 0)
        self.list = table(_COLUMNS)
        self.list.setFixedHeight(_HEIGHT)
        self.list.setToolTip("Choose a run to see its result again")
        self.as_python = button(
            "Copy as Python", "A script that repeats this run", self._copy_python
        )
        self.as_command = button(
            "Copy as command",
            "A line for the terminal that repeats this run",
            self._copy_command,
        )
        self.keep_model = button(
            "Keep model…",
            "Save what was learnt, to use it on other sections of the same tissue",
            self._ask_model,
        )
        self.forget = button(
            "Forget", "Drop this result and free its memory", self._forget, once=True
        )
        self.told = note()
        buttons = QGridLayout()
        for place, each in enumerate(
            (self.as_python, self.as_command, self.keep_model, self.forget)
        ):
            buttons.addWidget(each, place // 2, place % 2)
        layout = self.column
        layout.addWidget(self.list)
        layout.addLayout(buttons)
        layout.addWidget(self.told)

        session = self.session
        self.list.currentItemChanged.connect(self._choose)
        session.run.events.log.connect(self._fill)
        session.events.enhanced.connect(self._mark)
        session.events.sections.connect(self._fill)
        session.events.status.connect(self._enable)
        self._fill()

    def _fill(self) -> None:
        """List every run, the latest on top."""
        with signals_blocked(self.list):
            self.list.clear()
            for record in reversed(self.session.run.log):
                section = self.session.name_of(record.result.section)
                self.list.addTopLevelItem(_row(record, section))
        self._mark()

    def _mark(self) -> None:
        """Select the run whose result is shown."""
        shown = self.session.enhanced
        log = self.session.run.log[::-1]
        with signals_blocked(self.list):
            self.list.clearSelection()
            self.list.setCurrentItem(None)
            for number, record in enumerate(log):
                if record.result is shown:
                    self.list.setCurrentItem(self.list.topLevelItem(number))
        self._enable()

    def _record(self) -> RunRecord | None:
        item = self.list.currentItem()
        log = self.session.run.log
        if item is None or not log:
            return None
        return log[len(log) - 1 - self.list.indexOfTopLevelItem(item)]

    def _choose(self, *_items: QTreeWidgetItem | None) -> None:
        record = self._record()
        if record is None or self.session.status.is_busy:
            return
        section = record.result.section
        if section is not self.session.section:
            self.controller.sections.choose(section)
        self.controller.runs.show(record.result)
        self._enable()

    def _copy_python(self) -> None:
        record = self._record()
        if record is not None:
            self._copy(self.controller.runs.as_python(record), "script")

    def _copy_command(self) -> None:
        record = self._record()
        if record is not None:
            self._copy(self.controller.runs.as_command_line(record), "command")

    def _copy(self, text: str, what: str) -> None:
        clipboard = QApplication.clipboard()
        if not text or clipboard is None:
            return
        clipboard.setText(text)
        self.told.setText(f"The {what} is in the clipboard.")
        self.told.setToolTip(tip(text))

    def _ask_model(self) -> None:
        record = self._record()
        if record is None:
            return
        name = f"{record.result.section.name.replace('/', '_')}_model.npz"
        path = ask_where_to_save(self, "Keep what was learnt", name, "Models (*.npz)")
        if path is not None:
            self.controller.runs.keep_model(record.result, path)

    def _forget(self) -> None:
        record = self._record()
        if record is not None:
            self.controller.runs.forget(record.result)

    def _enable(self) -> None:
        record, busy = self._record(), self.session.status.is_busy
        self.list.setEnabled(not busy)
        self.told.setText("" if self.session.run.log else _NOTHING)
        why = "" if record is not None else _CHOOSE
        for each in (self.as_python, self.as_command):
            allow(each, why)
        why = why or (BUSY if busy else "")
        allow(self.forget, why)
        has_model = record is not None and record.config.method == "stentrans"
        only = "Only the method 'stentrans' gives a model to keep"
        allow(self.keep_model, why or ("" if has_model else only))


def _row(record: RunRecord, section: str) -> QTreeWidgetItem:
    score = record.score
    row = QTreeWidgetItem(
        [
            f"{record.finished:%H:%M}",
            way_in_words(record.way),
            time_in_words(record.seconds),
            "-" if score is None else f"{score:.2f}",
            section,
        ]
    )
    told = _describe(record, section)
    for column in range(len(_COLUMNS)):
        row.setToolTip(column, told)
    row.setTextAlignment(2, Qt.AlignmentFlag.AlignRight)
    row.setTextAlignment(3, Qt.AlignmentFlag.AlignRight)
    return row


def _describe(record: RunRecord, section: str) -> str:
    """Everything about a run that a person may want to tell it from others by."""
    config, missing = record.config, record.missing
    told = [
        f"{section}, {record.finished:%Y-%m-%d %H:%M:%S}",
        f"{config.method}, refinement {config.refine}, seed {config.seed}, "
        f"device {config.device}",
        f"{len(record.result):,} positions; painted: {missing.n_spots:,} spots, "
        f"{missing.n_new:,} empty positions",
    ]
    return "\n".join([*told, *record.result.provenance.get("notices", [])])
