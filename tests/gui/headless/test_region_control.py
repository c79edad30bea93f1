"""Regions on the canvas without a window: painting, undoing, suggesting, keeping."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.key_bindings import coerce_keybinding

from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.control.region_board import REDO, UNDO
from napari_stentrans.gui.state.regions import Painted, Tool
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.regions import RegionKind

PREDICT, OUTSIDE, TISSUE = RegionKind.PREDICT, RegionKind.OUTSIDE, RegionKind.TISSUE


@pytest.fixture
def regions(opened):
    return opened.regions


@pytest.fixture
def state(opened):
    return opened.session.regions


def pixels(section, spots):
    return np.nonzero(np.isin(raster_of(section).index, spots))


def stroke(controller, spots, label=None):
    """One stroke that touches one pixel of each spot."""
    canvas = controller.stage.canvas(controller.session.section)
    raster = raster_of(controller.session.section)
    with canvas.block_history():
        for spot in spots:
            row, col = np.argwhere(raster.index == spot)[0]
            at = (np.array([row]), np.array([col]))
            canvas.data_setitem(at, canvas.selected_label if label is None else label)


def names(state):
    return [row.region.name for row in state.rows]


def sizes(state):
    return [row.n_spots for row in state.rows]


def press(controller, key):
    canvas = controller.stage.canvas(controller.session.section)
    canvas.keymap[coerce_keybinding(key)](canvas)


# -- painting ----------------------------------------------------------------------


def test_to_paint_ends_a_side_by_side_without_room_for_it(
    controller, section, run, viewer
):
    controller.stage.open(replace(section, image=None))
    controller.genes.add(section.genes[:2])
    run(controller, method="fake")
    controller.view.set_mode(ViewMode.SIDE_BY_SIDE)

    controller.regions.paint()

    canvas = controller.stage.canvas(controller.session.section)
    assert canvas.visible
    assert canvas.mode == "paint"
    assert controller.session.view.mode is ViewMode.OVERLAY
    assert not viewer.canvas.grid.enabled
    assert "on top of one another" in controller.session.message.text

    controller.regions.use(None)
    controller.view.set_mode(ViewMode.SIDE_BY_SIDE)
    controller.view.set_mode(ViewMode.OVERLAY)
    assert canvas.visible


def test_undo_takes_a_polygon_back_that_is_not_closed(opened, regions, state):
    regions.add(OUTSIDE)
    regions.use(Tool.POLYGON)
    canvas = opened.stage.canvas(opened.session.section)
    canvas._overlays["polygon"].points = [[1.5, 1.5], [1.5, 6.5], [4.0, 4.0]]

    regions.undo()

    assert canvas._overlays["polygon"].points == []
    assert names(state) == ["Not tissue 1"]
    regions.undo()
    assert names(state) == []


def test_complaints_of_a_name_go_with_a_good_one(opened, regions, state):
    regions.paint()
    label = state.current
    regions.rename(label, " ")
    assert "needs a name" in opened.session.message.text
    regions.rename(label, "tear")
    assert opened.session.message.text == ""
    assert names(state) == ["tear"]


def test_a_complaint_of_a_canvas_goes_with_it(opened, regions, viewer, told):
    regions.paint()
    canvas = opened.stage.canvas(opened.session.section)
    canvas.data = np.zeros((5, 5), np.uint8)
    opened.runs.enhance()
    assert "5, 5" in opened.session.message.text
    viewer.layers.remove(canvas)
    assert opened.session.message.text == ""


def test_painting_is_counted_as_it_happens(opened, regions, state, section):
    assert state.painted is None
    regions.paint()
    assert state.painted == Painted()
    canvas = opened.stage.canvas(section)
    assert canvas.mode == "paint"

    stroke(opened, [4])
    canvas.data_setitem((np.array([0]), np.array([0])), 1)
    regions.paint(OUTSIDE)
    stroke(opened, [7])

    assert state.painted == Painted(n_spots=1, n_new=1, n_outside=1)
    assert names(state) == ["Missing 1", "Not tissue 1"]
    regions.undo()
    assert state.painted == Painted(n_spots=1, n_new=1)


def test_a_stroke_paints_whole_spots_while_it_goes_on(opened, regions, section):
    regions.paint()
    canvas, raster = opened.stage.canvas(section), raster_of(section)
    row, col = np.argwhere(raster.index == 9)[-1]
    with canvas.block_history():
        canvas.data_setitem((np.array([row]), np.array([col])), 1)
        np.testing.assert_array_equal(canvas.data == 1, raster.index == 9)


def test_each_tool_is_a_mode_of_napari(opened, regions, state, section):
    for tool in Tool:
        regions.use(tool)
        assert opened.stage.canvas(section).mode == tool.value
        assert state.tool is tool
    regions.use(None)
    assert state.tool is None
    assert opened.stage.canvas(section).mode == "pan_zoom"
    assert names(state) == ["Missing 1"]


def test_what_is_chosen_in_napari_s_own_controls_is_followed(
    opened, regions, state, section
):
    regions.add(PREDICT)
    regions.add(OUTSIDE)
    canvas = opened.stage.canvas(section)
    canvas.mode, canvas.brush_size, canvas.selected_label = "polygon", 7, 1
    assert (state.tool, state.brush, state.current) == (Tool.POLYGON, 7, 1)
    canvas.selected_label = 9
    assert state.current is None


@pytest.mark.parametrize("then", [Tool.BRUSH, Tool.POLYGON, None])
def test_a_polygon_that_was_not_closed_is_forgotten(opened, regions, section, then):
    regions.use(Tool.POLYGON)
    polygon = opened.stage.canvas(section)._overlays["polygon"]
    polygon.points = [[1.0, 1.0], [1.0, 4.0]]

    regions.use(then)

    assert polygon.points == []


def test_painting_twice_uses_one_canvas(opened, regions, section):
    regions.paint()
    regions.paint(OUTSIDE)
    regions.paint()
    regions.use(Tool.ERASE)

    canvases = [tag for _, tag in opened.stage.tagged() if tag.role is Role.MISSING]
    assert len(canvases) == 1
    assert opened.stage.canvas(section).mode == "erase"
    assert names(opened.session.regions) == ["Missing 1", "Not tissue 1"]


def test_deleting_the_canvas_removes_what_was_painted(
    opened, viewer, regions, state, section
):
    regions.paint()
    stroke(opened, [4])
    viewer.layers.remove(opened.stage.canvas(section))

    assert state.painted is None
    assert state.rows == ()
    assert regions.missing() is None


def test_a_canvas_deleted_by_hand_is_had_back_by_undoing(
    opened, viewer, regions, state, section
):
    regions.paint()
    stroke(opened, [4])
    stroke(opened, [5, 6])
    viewer.layers.remove(opened.stage.canvas(section))
    assert state.can_undo

    regions.undo()

    assert sizes(state) == [3]
    assert opened.stage.canvas(section).data.any()
    regions.undo()
    assert sizes(state) == [1]
    regions.redo()
    regions.redo()
    assert state.rows == ()
    assert not state.can_redo


def test_painting_anew_after_the_canvas_was_deleted_is_one_more_step(
    opened, viewer, regions, state, section
):
    regions.paint()
    stroke(opened, [4])
    viewer.layers.remove(opened.stage.canvas(section))
    regions.paint()
    stroke(opened, [7, 8])
    assert sizes(state) == [2]

    for expected in ([0], [], [1]):
        regions.undo()
        assert sizes(state) == expected


def test_a_section_that_is_closed_takes_its_steps_along(
    opened, viewer, regions, state, section
):
    regions.paint()
    stroke(opened, [4])
    viewer.layers.clear()
    assert not state.can_undo
    regions.undo()
    assert not viewer.layers
    assert section not in regions._histories


def test_a_label_of_napari_s_own_becomes_a_region(opened, regions, state):
    regions.paint()
    stroke(opened, [4], label=3)
    assert names(state) == ["Missing 1", "Missing 2"]
    assert sizes(state) == [0, 1]


def test_a_canvas_of_another_shape_is_refused_with_a_reason(
    opened, regions, state, section, jobs, told
):
    regions.paint()
    opened.stage.canvas(section).data = np.ones((3, 3), dtype=np.uint8)
    assert "(3, 3)" in state.painted.problem
    n_jobs = len(jobs.started)

    opened.runs.enhance()

    assert len(jobs.started) == n_jobs
    assert told


def test_a_canvas_of_another_type_is_refused_with_a_reason(
    opened, viewer, regions, state, section, jobs
):
    regions.paint()
    canvas = opened.stage.canvas(section)
    canvas.data = canvas.data.astype(np.int16)

    for label in (300, -1):
        stroke(opened, [4], label=label)

    assert "int16" in state.painted.problem
    opened.close()
    again = Controller(viewer, EnhanceSession(), start=jobs)
    assert "int16" in again.session.regions.painted.problem


def test_a_picture_put_in_by_a_script_is_taken_over(opened, regions, state, section):
    regions.paint()
    marked = np.isin(raster_of(section).index, [1, 2, 3]).astype(np.uint8)
    opened.stage.canvas(section).data = marked
    assert sizes(state) == [3]
    regions.undo()
    assert sizes(state) == [0]


def test_erasing_a_region_leaves_the_tissue_beneath(opened, regions, state):
    regions.add(TISSUE)
    stroke(opened, range(20))
    regions.add(PREDICT)
    stroke(opened, [3, 4])
    assert sizes(state) == [20, 2]
    stroke(opened, [3], label=0)
    assert sizes(state) == [20, 1]
    assert not regions.missing().outside[3]


# -- regions -----------------------------------------------------------------------


def test_regions_are_renamed_switched_and_removed(opened, regions, state, section):
    regions.add(PREDICT)
    stroke(opened, [1, 2])
    regions.add(PREDICT)
    stroke(opened, [5])

    regions.rename(1, " necrosis ")
    regions.rename(2, "necrosis")
    assert names(state) == ["necrosis", "Missing 2"]
    assert "already" in opened.session.message.text

    regions.switch(1, enabled=False)
    assert state.painted == Painted(n_spots=1)
    assert opened.stage.canvas(section).data.max() == 2
    regions.switch(1, enabled=True)
    assert state.painted == Painted(n_spots=3)

    regions.remove(1)
    assert names(state) == ["Missing 2"]
    assert state.painted == Painted(n_spots=1)


def test_a_region_that_is_removed_leaves_the_mouse_to_one_like_it(
    opened, regions, state, section
):
    for kind in (PREDICT, OUTSIDE, PREDICT):
        regions.add(kind)
    for label, left in ((3, 1), (1, 2), (2, None)):
        regions.remove(label)
        assert state.current == left


def test_removing_a_region_leaves_another_in_the_hand(opened, regions, state):
    regions.add(PREDICT)
    regions.add(PREDICT)
    regions.choose(1)
    regions.remove(2)
    assert state.current == 1


def test_the_bucket_makes_a_region_of_a_label_that_none_has(
    opened, regions, state, section
):
    regions.add(PREDICT)
    stroke(opened, [4])
    regions.use(Tool.FILL)
    canvas = opened.stage.canvas(section)
    canvas.selected_label = 7
    pixel = tuple(np.argwhere(raster_of(section).index == 4)[0].tolist())
    regions._canvas._pixel = pixel  # where the mouse would be

    canvas.fill(pixel, 7)

    assert names(state) == ["Missing 1", "Missing 2"]
    assert sizes(state) == [0, 1]


def test_choosing_a_region_lets_the_mouse_paint_it(opened, regions, state, section):
    regions.add(PREDICT)
    regions.add(PREDICT)
    regions.choose(1)
    assert state.current == 1
    assert opened.stage.canvas(section).selected_label == 1


def test_strokes_and_changes_share_one_history(opened, regions, state):
    regions.paint()
    stroke(opened, [1, 2, 3])
    regions.switch(1, enabled=False)
    regions.add(OUTSIDE)
    stroke(opened, [8])
    regions.remove(1)
    seen = [(names(state), sizes(state), state.painted)]
    while state.can_undo:
        regions.undo()
        seen.append((names(state), sizes(state), state.painted))
    assert [sizes for _, sizes, _ in seen] == [[1], [3, 1], [3, 0], [3], [3], [0], []]

    back = [seen[-1]]
    while state.can_redo:
        regions.redo()
        back.append((names(state), sizes(state), state.painted))
    assert back == seen[::-1]


def test_the_keys_of_napari_undo_changes_as_well(opened, regions, state):
    regions.paint()
    stroke(opened, [1, 2, 3])
    regions.remove(1)
    press(opened, UNDO)
    assert sizes(state) == [3]
    press(opened, UNDO)
    assert sizes(state) == [0]
    press(opened, REDO)
    assert sizes(state) == [3]


def test_two_strokes_are_two_steps(opened, regions, state):
    regions.paint()
    stroke(opened, [1, 2])
    stroke(opened, [5])
    regions.undo()
    assert sizes(state) == [2]
    stroke(opened, [6, 7])
    assert not state.can_redo
    assert sizes(state) == [4]


def test_each_section_has_its_own_regions(
    opened, regions, state, section, other_section
):
    regions.paint()
    stroke(opened, [1])
    opened.stage.open(other_section)
    assert state.rows == ()
    regions.undo()
    opened.sections.choose(section)
    assert sizes(state) == [1]
    assert state.can_undo


def test_a_widget_opened_again_finds_the_regions(opened, viewer, regions, jobs):
    regions.paint()
    stroke(opened, [1, 2])
    regions.rename(1, "necrosis")
    opened.close()

    again = Controller(viewer, EnhanceSession(), start=jobs)

    assert names(again.session.regions) == ["necrosis"]
    assert sizes(again.session.regions) == [2]


def test_closing_gives_the_keys_and_events_back(opened, regions, section):
    regions.paint()
    canvas = opened.stage.canvas(section)
    opened.close()
    assert not canvas.keymap
    canvas.data_setitem(pixels(section, [4]), 1)
    assert sizes(opened.session.regions) == [0]


def test_without_a_section_nothing_happens(controller):
    controller.regions.paint()
    controller.regions.use(Tool.FILL)
    controller.regions.undo()
    controller.regions.remove(1)
    controller.suggestions.search()
    controller.region_files.load("nowhere.csv")
    assert controller.session.regions.rows == ()


# -- suggestions -------------------------------------------------------------------


@pytest.fixture
def holed(controller, make_section):
    """A section with two holes, of two spots and of one."""
    section = make_section(n_rows=14, n_cols=14)
    pairs = section.lattice.neighbours(section.array_rc)
    inner = np.flatnonzero(np.bincount(pairs.ravel()) == 6)
    where = section.pitch_rc[inner] - section.pitch_rc.mean(axis=0)
    distance = np.linalg.norm(where, axis=1)
    middle, far = inner[np.argmin(distance)], inner[np.argmax(distance)]
    beside = pairs[pairs[:, 0] == middle, 1][0]
    gone = [middle, beside, far]
    controller.stage.open(section.subset(np.delete(np.arange(section.n_spots), gone)))
    return controller


def holes(controller, jobs):
    controller.suggestions.search()
    assert controller.session.regions.is_searching
    jobs.last.finish()
    assert not controller.session.regions.is_searching
    return [
        each for each in controller.session.regions.suggestions if each.name == "Hole"
    ]


def outlined(controller):
    return controller.stage.find(controller.session.section, Role.SUGGESTED)


def test_suggestions_are_outlined_and_not_used(holed, jobs):
    found = holes(holed, jobs)
    assert [len(each.at) for each in found] == [2, 1]
    assert len(outlined(holed).data) == len(holed.session.regions.suggestions)
    assert holed.session.regions.painted is None
    assert "Accept" in holed.session.message.text


def test_an_accepted_suggestion_becomes_a_region(holed, jobs):
    holes(holed, jobs)
    n = len(holed.session.regions.suggestions)
    holed.suggestions.accept([0])
    assert names(holed.session.regions) == ["Hole 1"]
    assert holed.session.regions.painted.n_new == 2
    assert len(holed.session.regions.suggestions) == n - 1
    holed.regions.undo()
    assert holed.session.regions.painted == Painted()


def test_accepting_all_makes_one_region_of_each_sort(holed, jobs):
    holes(holed, jobs)
    holed.suggestions.accept()
    assert holed.session.regions.rows[0].n_new == 3
    assert holed.session.regions.suggestions == ()
    assert outlined(holed) is None
    assert holes(holed, jobs) == []


def test_what_is_suggested_goes_with_the_panel(holed, jobs):
    holes(holed, jobs)
    assert outlined(holed) is not None

    holed.close()

    assert outlined(holed) is None
    assert holed.session.section is not None


def paint_hole(controller, found, n):
    """Paint the first sites of a suggested hole as no tissue."""
    controller.regions.add(OUTSIDE)
    label = controller.session.regions.current
    controller.regions.put(controller.regions.regions.marked(found.at[:n], label))


def test_accepting_leaves_what_was_painted_since_as_it_is(holed, jobs):
    found = holes(holed, jobs)
    paint_hole(holed, found[0], 1)

    holed.suggestions.accept([0])

    counts = [(row.region.name, row.n_new) for row in holed.session.regions.rows]
    assert counts == [("Not tissue 1", 1), ("Hole 1", 1)]
    assert "1 of 2 " in holed.session.message.text


def test_a_suggestion_that_is_painted_over_becomes_no_region(holed, jobs):
    found = holes(holed, jobs)
    n = len(holed.session.regions.suggestions)
    paint_hole(holed, found[0], 2)

    holed.suggestions.accept([0])

    counts = [(row.region.name, row.n_new) for row in holed.session.regions.rows]
    assert counts == [("Not tissue 1", 2)]
    assert "2 of 2 " in holed.session.message.text
    assert len(holed.session.regions.suggestions) == n - 1


def test_rejected_suggestions_are_gone(holed, jobs):
    holes(holed, jobs)
    holed.suggestions.reject([1])
    left = [each for each in holed.session.regions.suggestions if each.name == "Hole"]
    assert [len(each.at) for each in left] == [2]
    assert "Accept or reject" in holed.session.message.text
    holed.suggestions.reject()
    assert holed.session.message.text == ""
    assert outlined(holed) is None
    assert holed.session.regions.painted is None


def test_suggestions_alone_keep_no_section_open(holed, jobs):
    found = holes(holed, jobs)
    layers = holed.stage.viewer.layers
    for layer in [each for each in layers if each is not outlined(holed)]:
        layers.remove(layer)

    assert found
    assert holed.session.sections == ()
    assert holed.session.regions.suggestions == ()
    assert list(layers) == []


def test_suggestions_go_in_the_turn_after_their_section(holed, jobs, viewer):
    section = holed.session.section
    viewer.layers.clear()
    holed.close()
    turns = []
    controller = Controller(viewer, EnhanceSession(), jobs, later=turns.append)
    controller.stage.open(section)
    controller.turns.finish()
    holes(controller, jobs)
    suggested = outlined(controller)

    for layer in [*(each for each in viewer.layers if each is not suggested)]:
        viewer.layers.remove(layer)

    assert controller.session.sections == ()
    assert suggested in viewer.layers  # napari may be about to remove it itself
    controller.turns.finish()
    assert list(viewer.layers) == []


def test_the_suggestion_pointed_at_stands_out(holed, jobs):
    holes(holed, jobs)
    holed.suggestions.point_at(0)
    colours, widths = outlined(holed).edge_color, outlined(holed).edge_width
    assert (colours[0] != colours[-1]).any()
    assert widths[0] > 2 * widths[-1]


def test_searching_leaves_the_brush_in_the_hand(holed, jobs):
    holed.regions.paint()
    canvas = holed.stage.canvas(holed.session.section)
    holes(holed, jobs)
    assert holed.stage.viewer.layers.selection.active is canvas
    assert canvas.mode == "paint"


def test_another_section_has_no_suggestions_yet(holed, jobs, other_section):
    holes(holed, jobs)
    before = holed.session.section
    holed.stage.open(other_section)
    assert holed.session.regions.suggestions == ()
    assert holed.stage.find(before, Role.SUGGESTED) is None


# -- files -------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "png", "geojson"])
def test_regions_are_saved_and_loaded(opened, regions, state, jobs, tmp_path, ending):
    regions.add(PREDICT)
    stroke(opened, [1, 2])
    regions.add(TISSUE)
    stroke(opened, range(30))
    opened.region_files.save(tmp_path / f"r.{ending}")
    jobs.last.finish()
    assert "Saved" in opened.session.message.text
    expected = (sorted(names(state)), sorted(sizes(state)))
    for label in (1, 2):
        regions.remove(label)

    opened.region_files.load(tmp_path / f"r.{ending}")
    jobs.last.finish()

    assert (sorted(names(state)), sorted(sizes(state))) == expected
    regions.undo()
    assert state.rows == ()


def test_what_is_being_saved_is_saved_whatever_is_asked_for_next(
    opened, regions, jobs, tmp_path
):
    regions.add(PREDICT)
    stroke(opened, [1, 2])
    opened.region_files.save(tmp_path / "first.csv")
    saving = jobs.last
    opened.region_files.save(tmp_path / "second.csv")
    assert jobs.last is saving
    assert "being saved" in opened.session.message.text
    opened.region_files.load(tmp_path / "other.csv")
    opened.close()

    assert not saving.discarded
    saving.finish()
    assert (tmp_path / "first.csv").is_file()


def test_regions_that_cannot_be_saved_are_told_although_the_panel_is_closed(
    opened, regions, jobs, told, tmp_path
):
    regions.add(PREDICT)
    stroke(opened, [1, 2])
    opened.region_files.save(tmp_path / "none" / "r.csv")
    opened.close()

    jobs.last.finish()

    assert len(told) == 1


def test_a_file_that_is_loaded_is_not_given_up_for_the_next(
    opened, regions, state, jobs, tmp_path
):
    regions.add(PREDICT)
    stroke(opened, [1, 2])
    opened.region_files.save(tmp_path / "first.csv")
    jobs.last.finish()
    regions.remove(1)

    opened.region_files.load(tmp_path / "first.csv")
    loading = jobs.last
    assert opened.session.message.text == "Loading first.csv …"
    opened.region_files.load(tmp_path / "second.csv")

    assert jobs.last is loading
    assert "being loaded" in opened.session.message.text
    loading.finish()
    assert len(state.rows) == 1
    opened.region_files.load(tmp_path / "first.csv")
    assert jobs.last is not loading


def test_more_regions_than_there_can_be_are_refused_with_a_reason(
    opened, regions, state, jobs, told, tmp_path, monkeypatch
):
    regions.add(PREDICT)
    stroke(opened, [1, 2])
    opened.region_files.save(tmp_path / "r.csv")
    jobs.last.finish()
    regions.rename(1, "another")
    monkeypatch.setattr("napari_stentrans.section.regions.MOST", 1)

    opened.region_files.load(tmp_path / "r.csv")
    jobs.last.finish()

    assert "remove one first" in told[0]
    assert names(state) == ["another"]


def test_a_name_without_ending_is_saved_as_polygons(opened, regions, jobs, tmp_path):
    regions.add(PREDICT)
    stroke(opened, [1, 2])
    opened.region_files.save(tmp_path / "r")
    jobs.last.finish()
    assert (tmp_path / "r.geojson").is_file()


def test_nothing_to_save_is_told(opened, jobs, tmp_path):
    opened.region_files.save(tmp_path / "r.csv")
    assert "no region" in opened.session.message.text
    assert not (tmp_path / "r.csv").exists()


def test_a_tissue_mask_is_loaded_as_tissue(
    opened, regions, state, section, jobs, tmp_path
):
    kept = section.barcodes[:30]
    (tmp_path / "mask.csv").write_text("barcode\n" + "\n".join(kept) + "\n")
    opened.region_files.load(tmp_path / "mask.csv", TISSUE)
    jobs.last.finish()
    assert [row.region.kind for row in state.rows] == [TISSUE]
    assert "mask.csv" in names(state)[0]
    missing = regions.missing()
    assert np.flatnonzero(~missing.outside).tolist() == list(range(30))


def test_a_file_that_does_not_fit_is_told(opened, state, jobs, told, tmp_path):
    (tmp_path / "r.csv").write_text("barcode\nNOBODY-1\n")
    opened.region_files.load(tmp_path / "r.csv")
    jobs.last.finish()
    assert "NOBODY" in told[0]
    assert state.rows == ()


# -- from one launch to the next ---------------------------------------------------


@pytest.fixture
def launch(jobs, told, tmp_path):
    """Start the program anew, and open a section."""

    def start(section):
        memory = Memory(tmp_path / "settings.json", tmp_path / "data")
        made = Controller(ViewerModel(), EnhanceSession(), start=jobs, memory=memory)
        made.stage.open(section)
        for job in jobs.started:
            job.finish()
        return made

    return start


def test_regions_are_back_at_the_next_launch(launch, make_section):
    first = launch(make_section())
    first.regions.add(TISSUE)
    stroke(first, range(25))
    first.regions.add(PREDICT)
    stroke(first, [3, 4])
    first.regions.rename(2, "fold")
    first.regions.switch(2, enabled=False)

    again = launch(make_section())

    state = again.session.regions
    assert names(state) == ["Tissue 1", "fold"]
    assert sizes(state) == [25, 2]
    assert not state.rows[1].region.enabled
    assert "are back" in again.session.message.text
    again.regions.undo()
    assert state.rows == ()
    assert launch(make_section()).session.regions.rows == ()


def test_what_a_script_painted_last_is_kept_on_closing(launch, make_section):
    first = launch(make_section())
    first.regions.paint()
    marked = np.isin(raster_of(first.session.section).index, [1, 2, 3])
    first.stage.canvas(first.session.section).data = marked.astype(np.uint8)
    first.close()
    assert sizes(launch(make_section()).session.regions) == [3]


def test_regions_are_kept_for_their_own_section(launch, make_section):
    first = launch(make_section())
    first.regions.paint()
    marked = np.isin(raster_of(first.session.section).index, [1, 2, 3])
    first.stage.canvas(first.session.section).data = marked.astype(np.uint8)
    first.stage.open(make_section(seed=4))
    assert launch(make_section(seed=4)).session.regions.rows == ()
    assert sizes(launch(make_section()).session.regions) == [3]


def test_other_data_has_other_regions(launch, make_section):
    first = launch(make_section())
    first.regions.paint()
    stroke(first, [3])
    assert launch(make_section(seed=4)).session.regions.rows == ()


def test_a_section_opened_again_has_its_regions(launch, make_section):
    opened = launch(make_section())
    opened.regions.paint()
    stroke(opened, [3, 4])
    opened.stage.viewer.layers.clear()
    assert opened.session.section is None

    opened.stage.open(make_section())
    opened.region_files._bench.start.last.finish()

    assert sizes(opened.session.regions) == [2]


def test_regions_are_back_although_another_section_was_looked_at_meanwhile(
    launch, make_section, jobs
):
    first = launch(make_section())
    first.regions.paint()
    stroke(first, [3, 4])
    again = launch(make_section(seed=4))
    known, late = again.session.section, make_section()

    again.stage.open(late)
    again.sections.choose(known)
    for job in jobs.started:
        job.finish()
    again.sections.choose(late)
    for job in jobs.started:
        job.finish()

    assert sizes(again.session.regions) == [2]


@pytest.fixture
def early(launch, make_section, jobs, tmp_path):
    """A launch whose search for regions of last time is not over; ends it on request.

    Last time there were two: of spots 3 and 4, and of spots 8 and 9.
    """
    first = launch(make_section())
    first.regions.paint()
    stroke(first, [3, 4])
    first.regions.add(OUTSIDE)
    stroke(first, [8, 9])
    first.regions.rename(2, "necrosis")
    memory = Memory(tmp_path / "settings.json", tmp_path / "data")
    again = Controller(ViewerModel(), EnhanceSession(), start=jobs, memory=memory)
    again.stage.open(make_section())

    def end():
        for job in jobs.started:
            job.finish()

    return again, end


def size_of(controller):
    state = controller.session.regions
    return dict(zip(names(state), sizes(state), strict=True))


def test_a_brush_armed_while_looking_paints_on_in_what_is_found(
    early, launch, make_section
):
    again, end = early
    again.regions.paint()
    end()
    assert size_of(again) == {"Missing 1": 2, "necrosis": 2}
    stroke(again, [5])

    assert size_of(again) == {"Missing 1": 3, "necrosis": 2}
    assert size_of(launch(make_section())) == {"Missing 1": 3, "necrosis": 2}


def test_what_is_painted_while_looking_lies_on_top_of_what_is_found(
    early, launch, make_section
):
    again, end = early
    again.regions.paint()
    stroke(again, [4, 5, 8])
    end()

    expected = {"Missing 1": 3, "Missing 1 (2)": 1, "necrosis": 1}
    assert size_of(again) == expected
    assert again.session.regions.current == 1
    assert size_of(launch(make_section())) == expected


def test_too_many_regions_leave_those_of_last_time_in_their_file(
    early, launch, make_section, monkeypatch, told
):
    again, end = early
    again.regions.paint()
    stroke(again, [4, 5])
    with monkeypatch.context() as patch:
        patch.setattr("napari_stentrans.section.regions.MOST", 2)
        end()
    assert "remove one first" in told[0]
    stroke(again, [6])

    assert size_of(again) == {"Missing 1": 3}
    assert size_of(launch(make_section())) == {"Missing 1": 2, "necrosis": 2}


def test_a_panel_opened_again_does_not_double_its_regions(early, jobs, tmp_path):
    again, end = early
    end()
    stroke(again, [8], label=0)
    again.close()

    memory = Memory(tmp_path / "settings.json", tmp_path / "data")
    third = Controller(again.stage.viewer, EnhanceSession(), jobs, memory)
    end()

    assert size_of(third) == {"Missing 1": 2, "necrosis": 1}


def test_a_damaged_file_of_last_time_is_no_obstacle(launch, make_section, tmp_path):
    first = launch(make_section())
    first.regions.paint()
    stroke(first, [3])
    (kept,) = (tmp_path / "data" / "regions").iterdir()
    kept.write_bytes(kept.read_bytes()[:50])

    again = launch(make_section())

    assert again.session.regions.rows == ()
    again.regions.paint()
    stroke(again, [5])
    assert sizes(launch(make_section()).session.regions) == [1]


def test_where_nothing_can_be_kept_one_can_still_paint(launch, make_section, tmp_path):
    (tmp_path / "data").write_text("in the way")
    opened = launch(make_section())
    opened.regions.paint()
    stroke(opened, [3])
    assert sizes(opened.session.regions) == [1]


def test_without_a_memory_nothing_is_written(opened, regions, tmp_path):
    regions.paint()
    stroke(opened, [3])
    assert list(tmp_path.rglob("*.png")) == []


# -- in 3D ----------------------------------------------------------------------------


def test_a_brush_goes_back_to_the_flat_view(opened, viewer, regions, state):
    viewer.dims.ndisplay = 3

    regions.use(Tool.BRUSH)

    assert viewer.dims.ndisplay == 2
    assert state.tool is Tool.BRUSH
    assert "2D" in opened.session.message.text


def test_the_brush_is_put_away_in_3d_and_that_is_said(opened, viewer, regions, state):
    regions.use(Tool.POLYGON)

    viewer.dims.ndisplay = 3

    assert state.tool is None
    assert "3D" in opened.session.message.text


def test_without_a_brush_nothing_is_said_of_3d(opened, viewer, regions):
    regions.use(Tool.BRUSH)
    regions.use(None)

    viewer.dims.ndisplay = 3

    assert "3D" not in opened.session.message.text


def test_a_closed_panel_does_not_hear_of_3d(opened, viewer, regions):
    regions.use(Tool.BRUSH)
    opened.close()

    viewer.dims.ndisplay = 3

    assert "3D" not in opened.session.message.text
