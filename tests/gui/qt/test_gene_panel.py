"""The panel alone: what the user does, and what changes in the session."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from qtpy.QtCore import QItemSelectionModel, Qt

from napari_stentrans.gui.control.genes import MOST_AT_ONCE
from napari_stentrans.gui.state.gene_facts import Column, GeneFacts
from napari_stentrans.gui.widgets.gene_model import text_of
from napari_stentrans.gui.widgets.gene_order import PRESETS
from napari_stentrans.gui.widgets.gene_panel import GenePanel
from napari_stentrans.gui.widgets.gene_table import GeneTable

NAMES = ["CD9", "CD19", "cd3e", "Actb", "MT-CO1"]
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def facts():
    return GeneFacts(
        genes=pd.Index(NAMES),
        mean=np.array([3.0, 1.0, 2.0, 9.0, 0.0]),
        spots=np.array([0.5, 0.2, 0.4, 1.0, 0.0]),
        moran=np.full(5, np.nan),
        score=np.full(5, np.nan),
    )


@pytest.fixture
def panel(shown, session, facts):
    session.genes.facts = facts
    made = shown(GenePanel)
    made.resize(320, 640)
    return made


def listed(panel):
    genes = panel.table.genes
    return [genes.gene(row) for row in range(genes.rowCount())]


def ticked(panel):
    genes, role = panel.table.genes, Qt.ItemDataRole.CheckStateRole
    checks = [genes.index(row, 0).data(role) for row in range(genes.rowCount())]
    kept = [Qt.CheckState(check) == Qt.CheckState.Checked for check in checks]
    return [gene for gene, is_kept in zip(listed(panel), kept, strict=True) if is_kept]


def press(qtbot, widget, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyPress(widget, key, modifier)


def press_row(qtbot, panel, gene, modifier=Qt.KeyboardModifier.NoModifier):
    """Click in the middle of a row, beside its check box."""
    index = panel.table.genes.index(listed(panel).index(gene), 1)
    place = panel.table.visualRect(index).center()
    viewport = panel.table.viewport()
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, modifier, place)


# -- finding -----------------------------------------------------------------------


def test_there_is_nothing_to_do_without_a_section(shown):
    panel = shown(GenePanel)
    assert not panel.isEnabled()
    assert "Open a section" in panel.shown.text()


def test_genes_found_in_most_spots_come_first(panel):
    assert listed(panel) == ["Actb", "CD9", "cd3e", "CD19", "MT-CO1"]
    assert panel.count.text() == "5 genes"


def test_typing_narrows_the_list_at_once(qtbot, panel):
    qtbot.keyClicks(panel.search, "cd")
    assert listed(panel) == ["CD9", "cd3e", "CD19"]
    assert panel.count.text() == "3 of 5 genes"
    panel.search.setText("(")
    assert listed(panel) == []


def test_a_click_on_a_column_sorts_by_numbers(qtbot, panel):
    header = panel.table.header
    place = Column.MEAN, list(Column).index(Column.MEAN)
    x = header.sectionViewportPosition(place[1]) + 10
    clicked = header.viewport()
    click = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    point = header.rect().center()
    point.setX(x)

    qtbot.mouseClick(clicked, *click, point)
    assert listed(panel) == ["Actb", "CD9", "cd3e", "CD19", "MT-CO1"]
    assert panel.order.currentText() == "Highest"
    qtbot.mouseClick(clicked, *click, point)

    assert listed(panel) == ["MT-CO1", "CD19", "cd3e", "CD9", "Actb"]
    assert panel.order.currentIndex() == -1


def choose(panel, title):
    place = [preset.title for preset in PRESETS].index(title)
    panel.order.setCurrentIndex(place)
    panel.order.activated.emit(place)


def is_offered(panel, title):
    return panel.order.model().item(panel.order.findText(title)).isEnabled()


def test_presets_are_offered_once_something_is_known(panel, session, facts):
    for title in ("Most spatial", "Best predicted", "My list"):
        assert not is_offered(panel, title)
    moran = np.array([np.nan, 0.1, 0.3, 0.2, np.nan])
    session.genes.facts = replace(facts, moran=moran)
    assert is_offered(panel, "Most spatial")

    choose(panel, "Most spatial")

    assert listed(panel)[:3] == ["cd3e", "Actb", "CD19"]


def test_the_own_list_is_a_preset(qtbot, panel, session, controller):
    press_row(qtbot, panel, "CD19")
    panel.buttons.mine.click()
    controller.genes.remember.assert_called_once_with(["CD19"], mine=True)
    session.genes.mine = ("CD19", "not here")
    assert panel.buttons.mine.text() == "Remove from my list"

    choose(panel, "My list")
    assert listed(panel) == ["CD19"]
    choose(panel, "By name")

    assert listed(panel) == ["Actb", "cd3e", "CD9", "CD19", "MT-CO1"]


def test_numbers_are_short():
    for column, value, text in (
        (Column.MEAN, 0.01234, "0.0123"),
        (Column.MEAN, 12345.6, "12,346"),
        (Column.SPOTS, 0.004, "<1%"),
        (Column.SPOTS, 1.0, "100%"),
        (Column.MORAN, 0.456, "0.46"),
        (Column.SCORE, np.nan, ""),
    ):
        assert text_of(column, value) == text


# -- looking -----------------------------------------------------------------------


def test_a_click_shows_a_gene(qtbot, panel, controller):
    press_row(qtbot, panel, "cd3e")
    controller.genes.show.assert_called_once_with("cd3e")


def test_a_gene_taken_off_the_canvas_is_shown_by_a_click_on_it(
    qtbot, panel, controller, session
):
    press_row(qtbot, panel, "cd3e")
    session.genes.current = "cd3e"
    press_row(qtbot, panel, "cd3e")
    assert controller.genes.show.call_count == 1

    session.genes.current = None
    press_row(qtbot, panel, "cd3e")

    assert controller.genes.show.call_count == 2


def test_arrows_flip_through_what_was_found(qtbot, panel, controller):
    qtbot.keyClicks(panel.search, "cd")
    press(qtbot, panel.search, Qt.Key.Key_Down)
    press(qtbot, panel.table, Qt.Key.Key_Down)
    press(qtbot, panel.table, Qt.Key.Key_Down)

    shown = [call.args[0] for call in controller.genes.show.call_args_list]
    assert shown == ["CD9", "cd3e", "CD19"]


def test_the_genes_below_and_above_are_told_to_be_read_ahead(qtbot, panel, session):
    rows = listed(panel)
    for row, beside in ((0, rows[1:2]), (2, [rows[3], rows[1]]), (4, rows[3:4])):
        panel.table.select([rows[row]])
        assert list(session.genes.beside) == beside


def test_selecting_several_shows_none_of_them(qtbot, panel, controller):
    press_row(qtbot, panel, "Actb")
    controller.genes.show.reset_mock()
    press_row(qtbot, panel, "cd3e", SHIFT)
    press_row(qtbot, panel, "MT-CO1", CTRL)

    controller.genes.show.assert_not_called()
    assert panel.table.selected() == ["Actb", "CD9", "cd3e", "MT-CO1"]


def test_selection_outlives_a_search_and_shows_nothing_anew(qtbot, panel, controller):
    press_row(qtbot, panel, "cd3e")
    controller.genes.show.reset_mock()

    panel.search.setText("cd")
    choose(panel, "By name")
    assert panel.table.selected() == ["cd3e"]
    panel.search.setText("act")

    assert panel.table.selected() == []
    controller.genes.show.assert_not_called()


def test_enter_shows_the_first_gene_found_or_the_one_that_is_named(
    qtbot, panel, controller
):
    for text, gene in (("cd", "CD9"), ("CD3E", "cd3e"), ("nosuch", "nosuch")):
        panel.search.setText(text)
        press(qtbot, panel.search, Qt.Key.Key_Return)
        controller.genes.show.assert_called_once_with(gene)
        controller.genes.show.reset_mock()
        assert panel.search.selectedText() == text  # typing replaces it


def test_the_gene_that_is_looked_at_is_bold(panel, session):
    session.genes.shown, session.genes.current = ("CD9",), "CD9"
    genes = panel.table.genes
    fonts = [
        genes.index(row, 0).data(Qt.ItemDataRole.FontRole)
        for row in range(genes.rowCount())
    ]
    assert [font is not None and font.bold() for font in fonts] == [
        gene == "CD9" for gene in listed(panel)
    ]


# -- keeping -----------------------------------------------------------------------


def test_only_rows_that_change_are_drawn_anew(panel, session):
    drawn = []
    panel.table.genes.dataChanged.connect(lambda first, _: drawn.append(first.row()))
    session.genes.shown, session.genes.current = ("Actb",), "Actb"
    assert set(drawn) == {listed(panel).index("Actb")}
    drawn.clear()
    session.genes.current = "CD9"
    assert set(drawn) == {listed(panel).index(gene) for gene in ("Actb", "CD9")}


def test_a_tick_pins_and_no_tick_removes(panel, session, controller):
    genes, role = panel.table.genes, Qt.ItemDataRole.CheckStateRole
    row = genes.index(listed(panel).index("CD9"), 0)

    genes.setData(row, Qt.CheckState.Checked.value, role)
    controller.genes.add.assert_called_once_with(["CD9"])
    assert ticked(panel) == []  # the session has the last word
    session.genes.shown = ("CD9", "Actb")
    session.genes.unpinned = "Actb"
    assert ticked(panel) == ["CD9"]
    genes.setData(row, Qt.CheckState.Unchecked.value, role)

    controller.genes.remove.assert_called_once_with("CD9")


def test_space_ticks_wherever_in_the_row_one_is(qtbot, panel, controller):
    press_row(qtbot, panel, "cd3e")
    press(qtbot, panel.table, Qt.Key.Key_Space)
    controller.genes.add.assert_called_once_with(["cd3e"])


def test_enter_pins_what_is_selected(qtbot, panel, controller):
    press_row(qtbot, panel, "Actb")
    press_row(qtbot, panel, "CD9", SHIFT)
    press(qtbot, panel.table, Qt.Key.Key_Return)
    controller.genes.add.assert_called_once_with(["Actb", "CD9"])


def test_a_pasted_list_is_found_selected_and_pinned(qtbot, panel, controller):
    panel.search.setText("cd19,\nACTB; nosuch\n")
    assert listed(panel) == ["Actb", "CD19"]

    press(qtbot, panel.search, Qt.Key.Key_Return)

    controller.genes.add.assert_called_once_with(["CD19", "Actb", "nosuch"])
    assert panel.table.selected() == ["Actb", "CD19"]


def test_shown_genes_are_named_with_links(panel, session, controller):
    session.genes.shown, session.genes.sets = ("A<1>", "B"), ("T cells",)
    session.genes.unpinned = "B"
    text = panel.shown.text()
    assert "A&lt;1&gt;" in text
    assert "<i>B</i>" in text
    assert text.count("pin ") == 1
    assert text.count("remove ") == 3

    assert "A<1>, B, T cells" in panel.shown.accessibleName()
    panel.shown.linkActivated.emit("remove A<1>")
    panel.shown.linkActivated.emit("pin B")

    controller.genes.remove.assert_called_once_with("A<1>")
    controller.genes.pin.assert_called_once_with("B")


# -- several genes together --------------------------------------------------------


def test_a_shown_gene_is_pinned_and_removed_by_keyboard(
    qtbot, panel, session, controller
):
    session.genes.shown, session.genes.unpinned = ("Actb",), "Actb"
    panel.activateWindow()
    panel.buttons.mine.setFocus()
    panel.shown.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(panel.shown.hasFocus)

    press(qtbot, panel.shown, Qt.Key.Key_Tab)
    press(qtbot, panel.shown, Qt.Key.Key_Return)
    controller.genes.pin.assert_called_once_with("Actb")
    press(qtbot, panel.shown, Qt.Key.Key_Tab)
    press(qtbot, panel.shown, Qt.Key.Key_Return)

    controller.genes.remove.assert_called_once_with("Actb")


def test_the_tip_of_a_gene_says_what_its_tick_does(panel, session):
    session.genes.shown = ("CD9",)
    genes, role = panel.table.genes, Qt.ItemDataRole.ToolTipRole
    tips = {
        g: genes.data(genes.index(listed(panel).index(g), 0), role)
        for g in ("CD9", "Actb")
    }
    assert "untick to remove its layers" in tips["CD9"]
    assert "tick to keep it" in tips["Actb"]


def test_buttons_say_why_they_are_off(qtbot, panel):
    buttons = panel.buttons
    for each in (buttons.pin, buttons.slider, buttons.mine, buttons.signature):
        assert not each.isEnabled()
        assert "Select" in each.toolTip()
    press_row(qtbot, panel, "Actb")
    assert buttons.pin.isEnabled()
    assert not buttons.slider.isEnabled()
    assert "two genes" in buttons.slider.toolTip()
    buttons.show_for([str(n) for n in range(MOST_AT_ONCE + 1)], ())

    assert not buttons.pin.isEnabled()
    assert "slider" in buttons.pin.toolTip()


def test_slider_and_signature_take_what_is_selected(qtbot, panel, controller):
    press_row(qtbot, panel, "Actb")
    press_row(qtbot, panel, "CD9", SHIFT)

    panel.buttons.slider.click()
    controller.gene_sets.add_slider.assert_called_once_with(["Actb", "CD9"])
    qtbot.keyClicks(panel.buttons.name, "T cells")
    press(qtbot, panel.buttons.name, Qt.Key.Key_Return)

    controller.gene_sets.add_signature.assert_called_once_with(
        ["Actb", "CD9"], "T cells"
    )
    assert panel.buttons.name.text() == ""


# -- manners -----------------------------------------------------------------------


def test_finding_out_begins_when_somebody_looks(shown, session, controller):
    panel = shown(GenePanel)
    controller.genes.learn.assert_called()
    assert not panel.learning.isVisible()
    session.genes.learning = "Moran's I 40% …"
    assert panel.learning.isVisible()
    assert "40%" in panel.learning.text()


def test_columns_keep_their_width_and_fit_the_dock(panel):
    table = panel.table
    widths = [table.columnWidth(place) for place in range(len(Column))]
    panel.search.setText("cd")
    panel.search.setText("")

    assert widths == [table.columnWidth(place) for place in range(len(Column))]
    assert sum(widths) <= table.viewport().width()
    assert widths[0] >= 80
    assert panel.minimumSizeHint().width() <= 320


@pytest.mark.parametrize("by", [Column.SPOTS, Column.MORAN])
def test_what_is_scrolled_to_stays_when_more_is_known(shown, session, qapp, by):
    panel, n = scrolled_half_down(shown, session, qapp, by), 600
    bar, at = panel.table.verticalScrollBar(), panel.table.verticalScrollBar().value()
    selected, current = panel.table.selected(), panel.table.currentIndex().row()
    assert at > 0

    known = replace(session.genes.facts, moran=np.linspace(0, 1, n) % 0.1)
    session.genes.facts = known
    qapp.processEvents()

    assert bar.value() == at
    assert set(panel.table.selected()) == set(selected)
    if by is Column.SPOTS:
        assert panel.table.currentIndex().row() == current
    shows = panel.table.genes.index(5, 3).data()
    gene = panel.table.genes.gene(5)
    assert shows == text_of(Column.MORAN, known.moran[known.genes.get_loc(gene)])


def scrolled_half_down(shown, session, qapp, by):
    """Show a panel with two genes selected at its top, scrolled away from them."""
    names = pd.Index([f"G{number}" for number in range(600)])
    numbers = np.linspace(1, 0, 600)
    session.genes.facts = GeneFacts(names, numbers, numbers, numbers, numbers)
    panel = shown(GenePanel)
    panel._sort(str(by), True)
    panel.table.select(["G1", "G3"])
    flags = QItemSelectionModel.SelectionFlag.NoUpdate
    at = panel.table.genes.index(3, 0)
    panel.table.selectionModel().setCurrentIndex(at, flags)
    qapp.processEvents()
    panel.table.verticalScrollBar().setValue(300)
    qapp.processEvents()
    return panel


def test_tens_of_thousands_of_genes_are_searched(shown, session):
    rng = np.random.default_rng(0)
    numbers = rng.random((4, 40_000))
    names = pd.Index([f"GENE{number:05d}" for number in range(40_000)])
    session.genes.facts = GeneFacts(names, *numbers)
    panel = shown(GenePanel)
    assert panel.table.genes.rowCount() == 40_000

    for text in ("1", "12", "123", "1234", ""):
        panel.search.setText(text)
        assert panel.table.genes.rowCount() == sum(text in name for name in names)


def test_ids_that_differ_at_their_end_can_be_told_in_a_narrow_column(qtbot):
    table = GeneTable()
    qtbot.addWidget(table)
    ids = ("ENSMUSG00000098177.1", "ENSMUSG00000064357.1")
    width = table.fontMetrics().horizontalAdvance("MMMMMM")  # beside a check box

    shown = {
        table.fontMetrics().elidedText(each, table.textElideMode(), width)
        for each in ids
    }

    assert len(shown) == len(ids)
