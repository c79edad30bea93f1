"""Methods tested on hidden spots of the section: which to believe, and how far."""

from __future__ import annotations

from math import isnan

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QSpinBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
)

from napari_stentrans.gui.state.runs import Lead, MethodScore, MethodTest
from napari_stentrans.gui.widgets.asking import ask_where_to_save
from napari_stentrans.gui.widgets.bits import BUSY, allow, button, note, table
from napari_stentrans.gui.widgets.panel import SessionWidget
from napari_stentrans.wording import time_in_words

_MOST_REPEATS = 10
_TASKS = {
    "dropout": ("Scattered spots", "30 % of the spots, at random", _MOST_REPEATS),
    "region": ("Holes", "Discs of radius 3 pitches, 15 % of the spots", _MOST_REPEATS),
    "upsample": ("Between spots", "All but every second row and column", 4),
    "denoise": (
        "Measured spots",
        "Half of the counts of every spot, by chance",
        _MOST_REPEATS,
    ),
}
"""Title of a task, what it hides, and in how many ways it can be done."""
_REPEATS_HELP = (
    "How often to choose anew what is hidden; scores are averaged. Three times tell "
    "how sure a difference is, and take three times as long"
)
_FORMATS = (
    "Figure (*.png *.pdf *.svg);;Scores of every gene (*.csv *.csv.gz);;"
    "Summary for programs (*.json)"
)
_COLUMNS = {
    "Method": "Simple ones, kriging, and the method set up above",
    "r": "Median over genes of the correlation with hidden counts",
    "r (log)": "The same on log-normalised values of the 500 highest genes",
    "Of ceil.": "How much of r that counting noise allows is reached",
    "In 90 %": "Hidden counts inside the 90 % intervals; 90 % is right",
}
_SHORT = {"raw": "r", "log": "r (log)"}
"""What scores are called in the table."""
_SAVE_HELP = "Save as figure, table of every gene, or summary for other programs"
_TEST_HELP = (
    "Hide some of what was measured, predict it from the rest, and compare; results "
    "and layers stay as they are"
)


class MethodTests(SessionWidget):
    """Starts a test, and shows what came of it."""

    def build(self) -> None:
        """Make the controls."""
        self.task = QComboBox()
        self.task.setToolTip("What to hide")
        for name, (title, help_text, _) in _TASKS.items():
            self.task.addItem(title, name)
            place = self.task.count() - 1
            self.task.setItemData(place, help_text, Qt.ItemDataRole.ToolTipRole)
        self.repeats = QSpinBox()
        self.repeats.setMinimum(1)
        self.repeats.setSuffix(" x")
        self.repeats.setToolTip(_REPEATS_HELP)
        self.test = button("Test", _TEST_HELP, self._test)
        self.table = _table()
        self.told = note()
        self.save = button("Save scores…", _SAVE_HELP, self._ask_path)
        row = QHBoxLayout()
        row.addWidget(self.task, stretch=1)
        row.addWidget(self.repeats)
        row.addWidget(self.test)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.table)
        column.addWidget(self.told)
        column.addWidget(self.save)

        self.task.currentIndexChanged.connect(self._limit)
        self._limit()
        session = self.session
        session.events.section.connect(self._enable)
        session.events.status.connect(self._enable)
        session.run.events.test.connect(self._show)
        self._enable()
        self._show()

    def _test(self) -> None:
        self.controller.trials.test(self.task.currentData(), self.repeats.value())

    def _limit(self) -> None:
        """Offer no more repeats than there are ways to hide: they would repeat."""
        _, _, most = _TASKS[self.task.currentData()]
        self.repeats.setMaximum(most)

    def _ask_path(self) -> None:
        section, found = self.session.section, self.session.run.test
        if section is None or found is None:
            return
        last = self.session.saves.last
        name = f"{section.name.replace('/', '_')}_{found.task}"
        start = name if last is None else str(last.with_name(name))
        path = ask_where_to_save(self, "Save the scores", start, _FORMATS)
        if path is not None:
            self.controller.trials.save(path)

    def _enable(self) -> None:
        busy = BUSY if self.session.status.is_busy else ""
        closed = "" if self.session.section is not None else "Open a section first"
        allow(self.test, busy or closed)
        allow(self.save, busy)

    def _show(self) -> None:
        found = self.session.run.test
        self.table.setVisible(found is not None)
        self.told.setVisible(found is not None)
        self.save.setVisible(found is not None)
        self.table.clear()
        if found is None:
            return
        for score in found.scores:
            self.table.addTopLevelItem(_row(score, is_best=score is found.best))
        self.table.setFixedHeight(_height(self.table))
        self.told.setText(_told(found))


def _table() -> QTreeWidget:
    made = table(_COLUMNS)
    made.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
    made.setToolTip("What each method made of what was hidden")
    made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    return made


def _height(table: QTreeWidget) -> int:
    """Height in pixels that shows every row."""
    header = table.header()
    head = 0 if header is None else header.sizeHint().height()
    rows = table.topLevelItemCount() * table.sizeHintForRow(0)
    return head + rows + 2 * table.frameWidth()


def _row(score: MethodScore, *, is_best: bool) -> QTreeWidgetItem:
    cells = [
        score.method,
        _number(score.raw, ".2f"),
        _number(score.log, ".2f"),
        _number(score.share, ".0%"),
        _number(score.coverage, ".0%"),
    ]
    row = QTreeWidgetItem(cells)
    took = f"{score.method} took {time_in_words(score.seconds)} to learn and to predict"
    for column in range(len(cells)):
        if column:
            row.setTextAlignment(column, Qt.AlignmentFlag.AlignRight)
        row.setToolTip(column, took)
        font = row.font(column)
        font.setBold(is_best)
        row.setFont(column, font)
    return row


def _number(value: float, how: str) -> str:
    return "-" if isnan(value) else format(value, how)


def _told(found: MethodTest) -> str:
    title = _TASKS[found.task][0]
    what = "spots" if found.hides_spots else "spots, half of their counts"
    times = "once" if found.n_repeats == 1 else f"{found.n_repeats} times"
    parts = [
        f"{title}: {found.n_hidden:,} {what} hidden {times}, {found.n_genes:,} genes."
    ]
    if found.leads:
        leads = [_ahead(_SHORT[score], lead) for score, lead in found.leads.items()]
        parts.append(
            f"{found.method} less the best other, with 95 % intervals: "
            f"{', '.join(leads)}."
        )
    if found.n_repeats == 1:
        parts.append("Hiding others would give slightly other numbers.")
    return " ".join(parts)


def _ahead(score: str, lead: Lead) -> str:
    """How far a method is ahead, and how sure that is."""
    interval = f"({lead.low:+.3f} to {lead.high:+.3f})"
    return f"{score} {lead.value:+.3f} {interval} against {lead.against}"
