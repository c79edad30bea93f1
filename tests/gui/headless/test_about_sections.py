"""What is told of a section, another lattice for it, and its picture."""

from __future__ import annotations

from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from napari_stentrans import enhance
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.canvas.moved import to_world
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession, JobStatus
from napari_stentrans.section.alignment import Alignment, alignment_text
from napari_stentrans.section.facts import PictureFit, SectionFacts
from napari_stentrans.section.lattice import LatticeKind

# -- facts -------------------------------------------------------------------------


def test_a_section_is_counted_once_in_the_background(opened, jobs, section):
    about = opened.session.about
    assert about.recognised is LatticeKind.HEX
    opened.sections.describe()
    assert about.facts is None
    jobs.last.finish()
    assert about.facts == SectionFacts.of(section)

    n_jobs = len(jobs.started)
    opened.sections.describe()
    assert len(jobs.started) == n_jobs


def test_facts_that_come_late_are_not_those_of_another_section(
    opened, jobs, other_section
):
    opened.sections.describe()
    late = jobs.last
    opened.stage.open(other_section)
    late.finish()
    assert opened.session.section is other_section
    assert opened.session.about.facts is None


# -- another lattice ---------------------------------------------------------------


def test_another_lattice_replaces_the_section_and_keeps_the_genes(
    opened, jobs, section
):
    genes = list(map(str, section.genes[:2]))
    opened.genes.add(genes)
    opened.picture.move(Alignment(turn=90))
    names = {layer.name for layer in opened.stage.viewer.layers}
    opened.runs.enhance()
    jobs.last.finish()

    for _ in range(2):  # the first time warns of the result
        opened.replacement.lay_on(LatticeKind.QUINCUNX)
    assert opened.session.status is JobStatus.OPENING
    jobs.last.finish()

    new = opened.session.section
    assert new is not section
    assert new.lattice.kind is LatticeKind.QUINCUNX
    assert opened.session.sections == (new,)
    assert list(opened.session.genes.shown) == genes
    assert {layer.name for layer in opened.stage.viewer.layers} == names
    assert opened.session.enhanced is None
    assert opened.session.about.recognised is LatticeKind.HEX
    assert opened.session.about.alignment == Alignment(turn=90)


def test_an_impossible_lattice_leaves_all_as_it_was(opened, jobs, section, told):
    layers = list(opened.stage.viewer.layers)
    opened.replacement.lay_on(LatticeKind.SQUARE)
    jobs.last.finish()
    assert opened.session.section is section
    assert list(opened.stage.viewer.layers) == layers
    assert "on a square lattice" in told[0]
    assert opened.session.status is JobStatus.IDLE


def test_the_lattice_it_lies_on_is_no_change(opened, jobs):
    n_jobs = len(jobs.started)
    opened.replacement.lay_on(LatticeKind.HEX)
    assert len(jobs.started) == n_jobs


def test_a_picture_can_be_added_and_moved(controller, jobs, make_section, tmp_path):
    from PIL import Image as Picture

    section = make_section(image=False)
    controller.stage.open(section)
    size = tuple(map(int, section.pixel_xy.max(axis=0) + 50))
    Picture.new("RGB", size, "white").save(tmp_path / "tissue.png")

    controller.replacement.add_picture(tmp_path / "tissue.png")
    jobs.last.finish()

    new = controller.session.section
    assert new.image.data.shape[1::-1] == size
    assert controller.session.sections == (new,)
    assert controller.stage.find(new, Role.IMAGE) is not None
    assert controller.session.about.alignment.is_none


def test_another_picture_takes_its_place_and_results_go(
    opened, jobs, section, tmp_path
):
    from PIL import Image as Picture

    opened.runs.configure(method="nearest")
    opened.runs.enhance()
    jobs.last.finish()
    assert opened.session.enhanced is not None
    size = tuple(map(int, section.pixel_xy.max(axis=0) + 50))
    Picture.new("RGB", size, "grey").save(tmp_path / "another.png")
    for _ in range(2):  # the first time warns of the result
        opened.replacement.add_picture(tmp_path / "another.png")
    jobs.last.finish()
    assert (opened.session.section.image.data == 128).all()
    assert opened.session.enhanced is None
    assert "enhance it again" in opened.session.message.text


def test_a_picture_that_is_none_changes_nothing(controller, jobs, section, tmp_path):
    controller.stage.open(section)
    controller.replacement.add_picture(tmp_path / "none.png")
    jobs.last.finish()
    assert controller.session.section is section
    assert controller.session.message.is_error


def test_normalised_values_are_refused_with_a_hint(controller, jobs, told, tmp_path):
    values = np.array([[0.5, 1.2], [0.1, 2.0], [0.3, 0.0], [1.5, 0.2]])
    table = pd.DataFrame(values, ["1x1", "1x2", "2x1", "2x2"], ["A", "B"])
    table.to_csv(tmp_path / "t.tsv", sep="\t")
    controller.sections.open(tmp_path / "t.tsv")
    jobs.last.finish()
    assert "tick 'Take normalised values'" in told[0]
    controller.sections.open(tmp_path / "t.tsv", allow_normalised=True)
    jobs.last.finish()
    np.testing.assert_allclose(
        controller.session.section.counts.toarray(), values, rtol=1e-6
    )


# -- the picture -------------------------------------------------------------------


def test_moving_the_picture_shows_at_once_and_leaves_the_section_alone(opened, section):
    before = section.image.affine
    moved = Alignment().flipped_left_right().turned(15)
    opened.picture.move(moved)

    layer = opened.stage.find(section, Role.IMAGE)
    expected = section.image.aligned(moved).affine
    np.testing.assert_allclose(layer.affine.affine_matrix[-3:, -3:], expected)
    np.testing.assert_allclose(section.image.affine, before)
    about = opened.session.about
    assert about.alignment == moved
    assert about.fit == PictureFit.of(section.image.aligned(moved), section.pixel_xy)
    assert opened.session.section is section

    opened.picture.reset()
    np.testing.assert_allclose(layer.affine.affine_matrix[-3:, -3:], before)
    assert about.alignment.is_none


def test_a_reset_can_be_taken_back_until_the_picture_is_moved(opened):
    about, moved = opened.session.about, Alignment(turn=12.5, shift_xy=(3.0, 4.0))
    opened.picture.move(moved)
    opened.picture.reset()
    assert about.before_reset == moved

    opened.picture.put_back()
    assert (about.alignment, about.before_reset) == (moved, None)

    opened.picture.reset()
    opened.picture.move(Alignment(turn=90))
    opened.picture.put_back()
    assert about.alignment == Alignment(turn=90)


@pytest.mark.parametrize(
    "wanted",
    [
        Alignment(shift_xy=(30.0, -12.5)),
        Alignment(turn=20.0, scale=1.25, shift_xy=(4.0, 5.0)),
        Alignment(mirrored=True, turn=-90.0),
    ],
    ids=alignment_text,
)
def test_a_picture_moved_by_napari_is_moved_for_runs_too(opened, section, wanted):
    layer = opened.stage.find(section, Role.IMAGE)
    moved = section.image.aligned(wanted)

    layer.affine = moved.shown_affine

    about = opened.session.about
    assert about.alignment.mirrored == wanted.mirrored
    found = opened.stage.placing.picture_of(section)
    np.testing.assert_allclose(found.shown_affine, moved.shown_affine, atol=1e-4)
    opened.picture.reset()
    assert about.alignment.is_none


def test_a_picture_shifted_by_napari_is_shifted_once(opened, section):
    layer = opened.stage.find(section, Role.IMAGE)
    before = to_world(layer)
    layer.translate = (7, 11)
    down, right = before[:2, :2] @ (7, 11)
    moved = opened.session.about.alignment
    assert moved.shift_xy == pytest.approx((right, down))
    assert moved.scale == 1
    expected = before[:2, 2] + (down, right)
    np.testing.assert_allclose(to_world(layer)[:2, 2], expected, atol=1e-4)


def test_a_stretched_picture_is_told_and_put_back(opened, section, other_section):
    layer = opened.stage.find(section, Role.IMAGE)
    before = to_world(layer)
    layer.scale = (1, 3)
    assert "stretched" in opened.session.message.text
    assert opened.session.about.is_stretched
    assert opened.session.about.alignment.is_none
    opened.stage.open(other_section)
    opened.sections.choose(other_section)
    assert not opened.session.about.is_stretched
    opened.sections.choose(section)
    assert opened.session.about.is_stretched
    layer.scale = (1, 4)

    opened.picture.reset()

    np.testing.assert_allclose(to_world(layer), before)
    assert not opened.session.about.is_stretched
    assert opened.session.message.text == ""


def test_a_closed_panel_hears_of_no_move(opened, section):
    layer = opened.stage.find(section, Role.IMAGE)
    opened.close()
    layer.translate = (7, 11)
    assert opened.session.about.alignment.is_none


def test_a_panel_opened_anew_knows_where_the_picture_lies(opened, section, jobs):
    moved = Alignment(shift_xy=(25.0, 0.0))
    opened.picture.move(moved)
    opened.genes.add(section.genes[:1])
    opened.close()
    viewer = opened.stage.viewer
    for layer in list(viewer.layers)[:-1]:  # what was added last knows it, too
        viewer.layers.remove(layer)

    again = Controller(viewer, EnhanceSession(), jobs)

    assert again.session.about.alignment == moved
    assert again.picture.placed(section).image.alignment == moved


def test_a_section_beside_it_stays_where_it_lies(opened, section, make_section):
    other = make_section(seed=4)
    opened.stage.open(other)
    opened.sections.choose(section)
    opened.picture.move(Alignment(turn=90.0))

    assert opened.picture.placed(other) is other


def test_each_section_remembers_how_its_picture_lies(opened, section, other_section):
    opened.picture.move(Alignment(turn=90))
    opened.stage.open(other_section)
    assert opened.session.about.alignment is None  # it has no picture
    assert opened.session.about.fit is None
    opened.picture.move(Alignment(turn=45))  # nothing to move, and no harm
    opened.sections.choose(section)
    assert opened.session.about.alignment == Alignment(turn=90)


def test_a_picture_that_lies_wrong_can_be_put_right_by_a_suggestion(
    opened, make_section
):
    section = make_section(n_rows=14, n_cols=6)
    opened.stage.open(section)
    right = opened.session.about.fit.on_tissue
    opened.picture.move(Alignment().turned(90))
    assert opened.session.about.better is not None
    opened.picture.suggest()
    assert opened.session.about.better is None
    assert opened.session.about.fit.on_tissue == pytest.approx(right, abs=0.15)


def test_what_leaves_the_window_has_the_picture_as_it_lies(
    opened, jobs, section, tmp_path
):
    opened.runs.enhance()
    jobs.last.finish()
    moved = Alignment().flipped_up_down()
    opened.picture.move(moved)
    opened.files.save(tmp_path / "r.h5ad")
    jobs.last.finish()

    [library] = ad.read_h5ad(tmp_path / "r.h5ad").uns["spatial"].values()
    picture = library["images"]["hires"]
    rows, cols = section.image.data.shape[:2]
    assert (
        np.abs(
            picture[:rows, :cols].astype(int) - section.image.data[::-1].astype(int)
        ).max()
        <= 1
    )
    assert opened.session.saves.last == tmp_path / "r.h5ad"


def test_results_keep_what_they_computed_when_the_picture_moves(section):
    result = enhance(section, method="kriging")
    raster = result.raster
    _ = result.gene_scores
    image = section.image.aligned(Alignment(turn=30))
    moved = result.of_section(replace(section, image=image))
    assert vars(moved)["_gene_scores"] is vars(result)["_gene_scores"]
    assert moved.raster is raster
    assert moved.section.image is image


# -- a part ------------------------------------------------------------------------


def look_at_corner(viewer, section, share):
    """Zoom in until the first spots fill the view, and others are out of it."""
    xy = section.to_pixel(section.array_rc)
    low, size = xy.min(axis=0), np.ptp(xy, axis=0)
    viewer.scene.camera.center = (0, *(low + share * size / 2)[::-1])
    canvas = np.array(viewer.canvas.viewbox_size(viewer.layers))[-2:]
    viewer.scene.camera.zoom = float(np.min(canvas / (share * size[::-1])))
    return xy, low + share * size


def test_the_part_in_view_is_a_section_beside_the_whole_one(
    opened, jobs, viewer, section
):
    whole = opened.session.section
    xy, high = look_at_corner(viewer, section, 0.5)
    certain = (xy <= high).all(axis=1)

    opened.sections.open_part()
    jobs.last.finish()

    part = opened.session.section
    assert opened.session.sections == (whole, part)
    assert part.name == f"{whole.name} part"
    assert set(whole.barcodes[certain]) <= set(part.barcodes)
    assert part.n_spots < whole.n_spots
    assert part.image is whole.image
    opened.sections.choose(whole)
    assert opened.stage.find(whole, Role.COUNTS).visible
    assert not opened.stage.find(part, Role.COUNTS).visible


def test_without_a_part_in_view_it_is_said_what_to_do(opened, jobs, viewer):
    n_jobs = len(jobs.started)
    opened.sections.open_part()  # all of it is in view
    assert "zoom in" in opened.session.message.text
    viewer.scene.camera.center = (0, -1e7, -1e7)
    opened.sections.open_part()
    assert "into view" in opened.session.message.text
    assert len(jobs.started) == n_jobs
    assert len(opened.session.sections) == 1


def test_a_part_is_not_taken_from_a_view_in_3d(opened, jobs, viewer, section):
    n_jobs = len(jobs.started)
    look_at_corner(viewer, section, 0.5)
    viewer.dims.ndisplay = 3
    opened.sections.open_part()
    assert opened.session.message.is_error
    assert "2D/3D" in opened.session.message.text
    assert len(jobs.started) == n_jobs

    viewer.dims.ndisplay = 2
    opened.sections.open_part()
    jobs.last.finish()
    assert len(opened.session.sections) == 2


def test_a_part_keeps_the_picture_as_it_was_moved(opened, jobs, viewer, section):
    opened.picture.move(Alignment(turn=90))
    look_at_corner(viewer, section, 0.5)
    opened.sections.open_part()
    jobs.last.finish()
    assert opened.session.section.image.alignment == Alignment(turn=90)
    assert opened.session.about.alignment == Alignment(turn=90)
