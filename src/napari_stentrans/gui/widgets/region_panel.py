"""Mark what is missing: named regions, painted, suggested, saved and loaded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QPushButton

from napari_stentrans.gui.state.regions import Painted
from napari_stentrans.gui.widgets.asking import ask_where_to_save
from napari_stentrans.gui.widgets.bits import allow, button, note
from napari_stentrans.gui.widgets.panel import Panel
from napari_stentrans.gui.widgets.region_table import RegionActs, RegionTable
from napari_stentrans.gui.widgets.region_tools import RegionTools
from napari_stentrans.gui.widgets.suggestion_list import SuggestionActs, SuggestionList
from napari_stentrans.section.regions import NAMES, RegionKind
from napari_stentrans.wording import counted

_NO_SECTION = "Open a section first"
_NO_REGION = "There is no region yet"
_NEW = {
    RegionKind.PREDICT: "A new region whose spots are predicted anew",
    RegionKind.OUTSIDE: "A new region of what is no tissue: left out",
    RegionKind.TISSUE: "A new region of tissue: whatever none covers is left out",
}
_UNDO_HELP = "Take back the last stroke or change (Ctrl+Z)"
_HOLES_HELP = (
    "Look for gaps inside the tissue, and for spots with far fewer counts than those "
    "around: suggestions to accept or reject"
)
_SAVE_HELP = "Save as GeoJSON for QuPath, csv or png"
_SAVED_AS = (
    "Polygons for QuPath (*.geojson *.json);;Table (*.csv *.tsv);;"
    "Picture of labels (*.png)"
)
_LOADED_FROM = (
    "Regions (*.geojson *.json *.csv *.tsv *.png *.tif *.tiff *.npy);;All (*)"
)


class RegionPanel(Panel):
    """Paints, lists, suggests and keeps regions."""

    title = "Missing"
    help_text = "Mark what is missing or no tissue"

    def build(self) -> None:
        """Make the controls."""
        self._make_painting()
        self._make_list()
        self._make_files()
        self._lay_out()
        session, regions = self.session, self.session.regions
        session.events.section.connect(self._show)
        for name in ("painted", "rows", "current", "tool", "brush"):
            getattr(regions.events, name).connect(self._show)
        for name in ("can_undo", "can_redo", "is_searching"):
            getattr(regions.events, name).connect(self._show)
        regions.events.suggestions.connect(self._show_suggestions)
        self._show()
        self._show_suggestions()

    def _make_painting(self) -> None:
        regions = self.controller.regions
        self.tools = RegionTools(regions.use, regions.set_brush)
        self.new = {
            kind: button(f"+ {NAMES[kind]}", help_text, partial(regions.add, kind))
            for kind, help_text in _NEW.items()
        }

    def _make_list(self) -> None:
        regions, suggestions = self.controller.regions, self.controller.suggestions
        self.table = RegionTable(
            RegionActs(
                regions.choose,
                regions.rename,
                lambda label, enabled: regions.switch(label, enabled=enabled),
            )
        )
        self.count = note()
        self.undo = button("Undo", _UNDO_HELP, regions.undo)
        self.redo = button("Redo", "Do it again (Ctrl+Shift+Z)", regions.redo)
        self.remove = button("Remove", "Remove the selected region", self._remove)
        self.find_holes = button("Find holes", _HOLES_HELP, suggestions.search)
        self.suggestions = SuggestionList(
            SuggestionActs(suggestions.accept, suggestions.reject, suggestions.point_at)
        )

    def _make_files(self) -> None:
        self.load = QPushButton("Load…")
        self.load.setToolTip("Regions or a mask from csv, png, GeoJSON (QuPath)")
        menu = QMenu(self.load)
        for text, kind in (
            ("Regions…", None),
            ("Tissue mask…", RegionKind.TISSUE),
        ):
            action = menu.addAction(text)
            if action is not None:
                action.triggered.connect(partial(self._ask_load, kind))
        self.load.setMenu(menu)
        self.save = button("Save…", _SAVE_HELP, self._ask_save)

    def _lay_out(self) -> None:
        layout = self.column
        layout.addWidget(self.tools)
        for row in (
            (*self.new.values(),),
            (self.table,),
            (self.count,),
            (self.undo, self.redo, self.remove),
            (self.find_holes,),
            (self.suggestions,),
            (self.load, self.save),
        ):
            if len(row) == 1:
                layout.addWidget(row[0])
                continue
            line = QHBoxLayout()
            for each in row:
                line.addWidget(each)
            layout.addLayout(line)
        layout.addStretch()

    def _show(self) -> None:
        state = self.session.regions
        reason = "" if self.session.section is not None else _NO_SECTION
        painted = state.painted is not None
        self.tools.show_tool(state.tool, state.brush)
        self.tools.allow(reason, canvas=painted, erasing=bool(state.rows))
        self.table.show_rows(state.rows, state.current)
        self.count.setText(_describe(state.painted))
        for made in self.new.values():
            allow(made, reason)
        none = reason or ("" if state.rows else _NO_REGION)
        undone = "" if state.can_undo else "There is nothing to undo"
        done = "" if state.can_redo else "Nothing was undone"
        chosen = "" if state.current is not None else "Select a region in the list"
        searching = "The search is going on" if state.is_searching else ""
        for control, why_not in (
            (self.undo, undone),
            (self.redo, done),
            (self.remove, none or chosen),
            (self.find_holes, reason or searching),
            (self.load, reason),
            (self.save, none),
        ):
            allow(control, why_not)

    def _show_suggestions(self) -> None:
        self.suggestions.show_suggestions(self.session.regions.suggestions)

    def _remove(self) -> None:
        label = self.session.regions.current
        if label is not None:
            self.controller.regions.remove(label)

    def _ask_load(self, kind: RegionKind | None, _checked: object = None) -> None:
        title = "Load regions" if kind is None else "Load a tissue mask"
        path, _ = QFileDialog.getOpenFileName(self, title, filter=_LOADED_FROM)
        if path:
            self.controller.region_files.load(Path(path), kind)

    def _ask_save(self) -> None:
        path = ask_where_to_save(self, "Save the regions", "", _SAVED_AS)
        if path is not None:
            self.controller.region_files.save(path)


def _describe(painted: Painted | None) -> str:
    if painted is None or painted == Painted():
        return "Nothing painted"
    if painted.problem:
        return painted.problem
    told = [
        counted(painted.n_spots, "spot"),
        counted(painted.n_new, "empty position") + " to predict",
    ]
    if painted.n_outside:
        told.append(f"{painted.n_outside:,} left out")
    return ", ".join(told)
