from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_stentrans import keys
from napari_stentrans.gui.canvas import layers as looks
from napari_stentrans.gui.canvas.layers import Role
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.control.genes import MOST_AT_ONCE
from napari_stentrans.gui.control.memory import Memory
from napari_stentrans.gui.state.gene_facts import Column
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.gui.state.view import ViewMode
from napari_stentrans.section.signature import measured_signature


def shown_by(opened, role, gene):
    return opened.stage.find(opened.session.section, role, gene)


def image_of(section, gene):
    return looks.raster_of(section).image(section.gene_counts(gene))


def visible(opened):
    """Names of the expression layers that can be seen."""
    return [
        layer.name
        for layer, tag in opened.stage.tagged()
        if layer.visible and tag.role is not Role.IMAGE
    ]


# -- one gene after another --------------------------------------------------------


def test_genes_are_looked_at_in_the_same_layers(opened, viewer, section, enhance):
    enhance()
    one, two, three = map(str, section.genes[:3])
    opened.genes.show(one)
    before = list(viewer.layers)

    for gene in (two, three):
        opened.genes.show(gene)
        assert list(viewer.layers) == before
        assert opened.session.genes.shown == (gene,)
        assert opened.session.genes.current == opened.session.genes.unpinned == gene
        measured = shown_by(opened, Role.GENE, gene)
        np.testing.assert_array_equal(measured.data, image_of(section, gene))
        assert measured.name == f"{gene} measured"
        limits = looks.contrast_limits(section.gene_counts(gene))
        assert tuple(measured.contrast_limits) == limits
        enhanced = shown_by(opened, Role.ENHANCED, gene)
        assert enhanced.name == f"{gene} enhanced"
        assert tuple(enhanced.contrast_limits) == limits


def test_layers_taken_over_hold_what_the_result_says(
    opened, section, jobs, monkeypatch
):
    monkeypatch.undo()  # the real methods
    opened.runs.configure(method="linear")
    opened.runs.enhance()
    jobs.last.finish()
    opened.view.show_sd(shown=True)
    one, two = map(str, section.genes[:2])

    opened.genes.show(one)
    opened.genes.show(two)

    result = opened.session.enhanced
    for role, is_sd in ((Role.ENHANCED, False), (Role.SD, True)):
        layer = shown_by(opened, role, two)
        np.testing.assert_array_equal(layer.data, result.image(two, sd=is_sd))
    assert tuple(layer.contrast_limits) == looks.contrast_limits(layer.data)


def test_what_the_user_changed_about_the_layers_stays(opened, section, enhance):
    enhance()
    one, two = map(str, section.genes[:2])
    opened.genes.show(one)
    measured, enhanced = (shown_by(opened, r, one) for r in (Role.GENE, Role.ENHANCED))
    measured.visible, enhanced.visible = True, False
    measured.colormap, measured.opacity = "inferno", 0.4

    opened.genes.show(two)

    assert (measured.visible, enhanced.visible) == (True, False)
    assert enhanced.colormap.name == "inferno"
    assert measured.opacity == 0.4


def test_a_pinned_gene_keeps_its_layers(opened, viewer, section):
    one, two, three = map(str, section.genes[:3])
    opened.genes.show(one)
    opened.genes.pin(one)
    assert opened.session.genes.unpinned is None

    opened.genes.show(two)
    opened.genes.show(three)

    assert opened.session.genes.shown == (one, three)
    kept = shown_by(opened, Role.GENE, one)
    np.testing.assert_array_equal(kept.data, image_of(section, one))
    assert visible(opened) == [f"{three} measured"]


def test_added_genes_are_pinned(opened, section):
    one, two, three = map(str, section.genes[:3])
    opened.genes.show(one)
    opened.genes.add([one, two])
    opened.genes.show(three)

    assert opened.session.genes.shown == (one, two, three)
    assert opened.session.genes.unpinned == three


def test_looking_at_a_pinned_gene_shows_it_alone(opened, viewer, section):
    one, two = map(str, section.genes[:2])
    opened.genes.add([one, two])
    n_layers = len(viewer.layers)

    opened.genes.show(one)

    assert len(viewer.layers) == n_layers
    assert visible(opened) == [f"{one} measured"]
    assert opened.session.genes.current == one
    assert opened.session.genes.unpinned is None


def test_the_result_comes_into_the_layers_that_are_there(opened, section, enhance):
    one, two = map(str, section.genes[:2])
    opened.genes.show(one)
    enhance()
    assert np.nanmax(shown_by(opened, Role.ENHANCED, one).data) == 50
    enhance(refine=3)  # other positions: other layers, which must be re-used just so

    opened.genes.show(two)

    roles = [tag.role for _, tag in opened.stage.tagged()]
    assert roles.count(Role.ENHANCED) == roles.count(Role.GENE) == 1
    layer = shown_by(opened, Role.ENHANCED, two)
    assert layer.data.shape == opened.session.enhanced.raster.shape


def test_an_unknown_gene_is_told_with_the_nearest_spelling(opened, section, told):
    gene = str(section.genes[0])
    opened.genes.show(gene + "X")

    assert f"did you mean {gene!r}" in told[0]
    assert opened.session.genes.shown == ()


def test_deleting_a_layer_by_hand_does_no_harm(opened, viewer, section, enhance):
    enhance()
    one, two, three = map(str, section.genes[:3])
    opened.genes.show(one)
    viewer.layers.remove(shown_by(opened, Role.ENHANCED, one))
    opened.genes.show(two)
    assert shown_by(opened, Role.ENHANCED, two) is not None

    viewer.layers.remove(shown_by(opened, Role.GENE, two))
    opened.genes.show(three)

    assert opened.session.genes.unpinned == three
    assert shown_by(opened, Role.GENE, three) is not None


def test_where_the_gene_in_sight_goes_another_picture_is_seen(opened, section, enhance):
    enhance()
    one, two = map(str, section.genes[:2])
    opened.genes.add([one, two])

    opened.genes.remove(two)
    assert visible(opened) == [f"{one} enhanced"]
    opened.genes.remove(one)
    assert visible(opened) == [f"{section.name} total counts"]


def test_what_was_hidden_by_hand_stays_so_when_a_gene_goes(opened, section):
    one, two = map(str, section.genes[:2])
    opened.genes.add([one, two])
    shown_by(opened, Role.GENE, two).visible = False

    opened.genes.remove(two)

    assert visible(opened) == []


def test_each_section_has_layers_of_its_own(opened, section, other_section):
    opened.genes.show(str(section.genes[0]))
    opened.stage.open(other_section)
    assert opened.session.genes.shown == ()
    assert opened.session.genes.current is None
    opened.genes.show(str(other_section.genes[1]))

    opened.sections.choose(section)

    assert opened.session.genes.shown == (section.genes[0],)
    np.testing.assert_array_equal(
        shown_by(opened, Role.GENE, section.genes[0]).data,
        image_of(section, section.genes[0]),
    )


def test_too_many_genes_are_sent_to_the_slider(opened, viewer, section):
    n_layers = len(viewer.layers)
    opened.genes.add(section.genes[: MOST_AT_ONCE + 1])
    assert len(viewer.layers) == n_layers
    assert "slider" in opened.session.message.text


def test_the_uncertainty_has_layers_only_when_it_is_asked_for(
    opened, section, enhance, finish
):
    one, two = map(str, section.genes[:2])
    opened.genes.add([one, two])
    opened.gene_sets.add_signature([one, two], "pair")
    enhance()
    assert not [tag for _, tag in opened.stage.tagged() if tag.role is Role.SD]

    opened.view.show_sd(shown=True)
    finish()

    of = [tag.gene for _, tag in opened.stage.tagged() if tag.role is Role.SD]
    assert set(of) == {one, two, None}


# -- several genes together --------------------------------------------------------


def set_layer(opened, role):
    found = [
        layer
        for layer, tag in opened.stage.tagged()
        if tag.role is role and tag.of is not None
    ]
    assert len(found) == 1
    return found[0]


def test_a_signature_is_a_layer(opened, section, finish):
    genes = list(map(str, section.genes[:4]))
    opened.gene_sets.add_signature(genes, "T cells")
    finish()

    assert opened.session.genes.sets == ("T cells",)
    assert opened.session.genes.shown == ()
    layer = set_layer(opened, Role.GENE)
    assert layer.name == "T cells measured"
    expected = looks.raster_of(section).image(measured_signature(section, genes))
    np.testing.assert_allclose(layer.data, expected)


def test_a_signature_follows_each_result(opened, section, enhance, finish):
    genes = list(map(str, section.genes[:3]))
    opened.gene_sets.add_signature(genes, "T cells")
    enhance()
    spread = [1 / section.gene_counts(gene).std() for gene in genes]
    enhanced = set_layer(opened, Role.ENHANCED)
    np.testing.assert_allclose(
        np.nanmax(enhanced.data), 50 * np.mean(spread), rtol=1e-5
    )
    measured = set_layer(opened, Role.GENE)
    assert tuple(enhanced.contrast_limits) == tuple(measured.contrast_limits)

    enhance(refine=3)

    shape = opened.session.enhanced.raster.shape
    assert set_layer(opened, Role.ENHANCED).data.shape == shape


def test_a_signature_of_a_cancelled_run_does_not_come(opened, section, jobs, finish):
    opened.gene_sets.add_signature(list(map(str, section.genes[:3])), "T cells")
    finish()
    opened.runs.enhance()
    running = jobs.last
    while opened.session.enhanced is None:
        running.advance()
    drawing = jobs.last
    assert drawing is not running

    opened.runs.cancel()
    drawing.finish()
    finish()

    roles = {tag.role for _, tag in opened.stage.tagged() if tag.of is not None}
    assert roles == {Role.GENE}
    assert set_layer(opened, Role.GENE).visible


def test_names_of_signatures_are_free(opened, section, finish):
    genes = list(map(str, section.genes[:2]))
    for name in ("T cells", "T cells", "", genes[0]):
        opened.gene_sets.add_signature(genes, name)
        finish()

    assert opened.session.genes.sets == (
        *("T cells", "T cells (2)", f"{genes[0]} + 1", f"{genes[0]} (2)"),
    )


def test_signatures_asked_for_at_once_all_come(opened, section, finish):
    genes = list(map(str, section.genes[:4]))
    opened.gene_sets.add_signature(genes[:2], "one")
    opened.gene_sets.add_signature(genes[2:], "two")
    finish()

    assert set(opened.session.genes.sets) == {"one", "two"}


def test_names_of_signatures_asked_for_at_once_are_free(opened, section, finish):
    for _ in range(2):
        opened.gene_sets.add_signature(section.genes[:2], "T cells")
    finish()

    assert set(opened.session.genes.sets) == {"T cells", "T cells (2)"}


def test_a_signature_removed_while_it_is_drawn_anew_stays_away(
    opened, section, jobs, finish
):
    opened.gene_sets.add_signature(section.genes[:3], "T cells")
    finish()
    opened.view.even_out(even=True)
    drawing = jobs.last
    opened.genes.remove("T cells")
    drawing.finish()

    assert opened.session.genes.sets == ()


def depths(controller, section):
    """Whether each set of genes of a section is shown at one depth."""
    return [
        tag.even
        for _, tag in controller.stage.tagged()
        if tag.section is section and tag.of is not None and tag.role is Role.GENE
    ]


def test_a_signature_being_drawn_follows_the_switch_to_one_depth(
    opened, section, finish
):
    opened.gene_sets.add_signature(section.genes[:3], "T cells")
    opened.view.even_out(even=True)
    finish()

    assert opened.session.view.is_even
    assert depths(opened, section) == [True]


def test_a_signature_that_is_come_back_to_is_at_the_depth_of_now(
    opened, section, other_section, finish
):
    opened.gene_sets.add_signature(section.genes[:3], "T cells")
    finish()
    opened.stage.open(other_section)
    opened.view.even_out(even=True)
    opened.sections.choose(section)
    finish()

    assert opened.session.view.is_even
    assert depths(opened, section) == [True]


def test_a_signature_of_another_section_does_not_come(
    opened, section, other_section, jobs, finish
):
    opened.gene_sets.add_signature(section.genes[:3], "late")
    opened.stage.open(other_section)
    for job in jobs.started:
        job.finish()  # even if it was discarded

    assert not [tag for _, tag in opened.stage.tagged() if tag.of is not None]


def test_the_slider_flips_through_genes(opened, viewer, section, enhance, finish):
    genes = list(map(str, section.genes[:5]))
    enhance()
    opened.gene_sets.add_slider(genes)
    finish()
    assert viewer.dims.ndim == 3
    assert viewer.dims.axis_labels[0] == "gene"
    label = viewer.canvas.overlays.text
    assert label.visible

    for number in (0, 3, 4, 1):
        viewer.dims.set_current_step(0, number)
        gene = genes[number]
        assert gene in label.text
        measured, enhanced = (
            set_layer(opened, role) for role in (Role.GENE, Role.ENHANCED)
        )
        assert measured.name.startswith(f"{gene} measured")
        assert enhanced.name.startswith(f"{gene} enhanced")
        limits = looks.contrast_limits(section.gene_counts(gene))
        for layer in (measured, enhanced):
            assert tuple(layer.contrast_limits) == limits
        np.testing.assert_array_equal(measured.data[number], image_of(section, gene))
        expected = opened.session.enhanced.image(gene)
        np.testing.assert_array_equal(enhanced.data[number], expected)


def test_several_genes_are_seen_whatever_way_of_comparing_was_on(
    opened, section, enhance, finish
):
    opened.genes.show(str(section.genes[0]))
    enhance()
    opened.view.set_mode(ViewMode.SIDE_BY_SIDE)

    opened.gene_sets.add_signature(section.genes[:3], "T cells")
    finish()

    assert opened.session.view.mode is ViewMode.OVERLAY
    assert visible(opened) == ["T cells enhanced"]


@pytest.mark.parametrize("mode", list(ViewMode))
def test_every_way_of_comparing_follows_the_gene(opened, section, enhance, mode):
    one, two = map(str, section.genes[:2])
    opened.genes.show(one)
    enhance()
    opened.view.set_mode(mode)

    opened.genes.show(two)

    assert visible(opened)
    assert all(two in name for name in visible(opened))


def test_there_is_one_slider_and_it_goes(opened, viewer, section, finish):
    opened.gene_sets.add_slider(section.genes[:5])
    finish()
    opened.gene_sets.add_slider(section.genes[5:8])
    finish()
    assert set_layer(opened, Role.GENE).data.shape[0] == 3

    opened.genes.remove(opened.session.genes.sets[0])

    assert viewer.dims.ndim == 2
    assert not viewer.canvas.overlays.text.visible
    assert opened.session.genes.sets == ()


def test_of_sliders_asked_for_at_once_the_last_one_comes(opened, section, finish):
    opened.gene_sets.add_slider(section.genes[:5])
    opened.gene_sets.add_slider(section.genes[5:8])
    finish()

    assert opened.session.genes.sets == ("slider of 3 genes",)


def test_pictures_of_the_slider_are_an_array(opened, section, finish):
    opened.gene_sets.add_slider(section.genes[:4])
    finish()
    pictures = set_layer(opened, Role.GENE).data
    whole = np.stack([image_of(section, gene) for gene in section.genes[:4]])

    assert pictures.shape == whole.shape
    for key in (2, -1, slice(1, 3), (0, slice(2, 5)), (slice(None), 4, 5), [0, 3]):
        np.testing.assert_array_equal(pictures[key], whole[key])
    np.testing.assert_array_equal(np.asarray(pictures), whole)
    with pytest.raises(IndexError):
        pictures[4]


# -- what is known of genes --------------------------------------------------------


def test_genes_are_named_at_once_and_learnt_about_when_somebody_looks(
    opened, section, jobs, finish
):
    facts = opened.session.genes.facts
    assert list(facts.genes) == list(section.genes)
    assert not facts.knows(Column.MEAN)
    n_jobs = len(jobs.started)
    assert not opened.session.genes.learning

    opened.genes.learn()
    jobs.last.advance(2)
    assert opened.session.genes.facts.knows(Column.MEAN)
    assert "Moran" in opened.session.genes.learning
    finish()

    assert len(jobs.started) == n_jobs + 1
    facts = opened.session.genes.facts
    assert facts.knows(Column.MORAN)
    assert not facts.knows(Column.SCORE)
    counts = section.counts.toarray()
    np.testing.assert_allclose(facts.mean, counts.mean(axis=0), rtol=1e-5)
    assert opened.session.genes.learning == ""


def test_what_is_known_is_kept(opened, section, other_section, jobs, finish):
    opened.genes.learn()
    finish()
    first = opened.session.genes.facts
    opened.stage.open(other_section)
    finish()
    assert opened.session.genes.facts.knows(Column.MORAN)
    n_jobs = len(jobs.started)

    opened.sections.choose(section)
    opened.genes.learn()

    np.testing.assert_array_equal(opened.session.genes.facts.moran, first.moran)
    assert len(jobs.started) == n_jobs


def test_another_section_ends_what_is_found_out_about_the_first(
    opened, section, other_section, jobs
):
    opened.genes.learn()
    jobs.last.advance(2)
    first = jobs.last

    opened.stage.open(other_section)
    first.finish()  # late

    assert first.discarded
    facts = opened.session.genes.facts
    assert list(facts.genes) == list(other_section.genes)


def test_scores_come_with_a_result_and_go_with_it(
    opened, section, jobs, monkeypatch, finish
):
    monkeypatch.undo()  # the real methods
    opened.genes.learn()
    finish()
    opened.runs.configure(method="kriging")
    opened.runs.enhance()
    finish()

    result, facts = opened.session.enhanced, opened.session.genes.facts
    expected = result.gene_scores[keys.HELDOUT_PCC]
    np.testing.assert_array_equal(
        facts.score[section.gene_index(expected.index)], expected
    )
    assert facts.knows(Column.MORAN)

    opened.session.enhanced = None
    assert not opened.session.genes.facts.knows(Column.SCORE)


def test_no_section_has_no_facts(opened, viewer):
    opened.genes.learn()
    viewer.layers.clear()
    assert opened.session.genes.facts is None
    assert opened.session.genes.learning == ""


def test_the_own_list_is_remembered(tmp_path, jobs):
    def launch():
        memory = Memory(tmp_path / "settings.json")
        return Controller(ViewerModel(), EnhanceSession(), start=jobs, memory=memory)

    first = launch()
    first.genes.remember(["CD9", "ACTB", "CD9"])
    first.genes.remember(["GAPDH"])
    first.genes.remember(["ACTB"], mine=False)

    assert first.session.genes.mine == ("CD9", "GAPDH")
    assert launch().session.genes.mine == ("CD9", "GAPDH")


def test_closing_lets_go_of_slider_and_jobs(opened, viewer, section, jobs, finish):
    opened.genes.learn()
    learning = jobs.last
    opened.gene_sets.add_signature(section.genes[:2], "late")
    drawing = jobs.last
    before = len(viewer.dims.events.current_step.callbacks)

    opened.close()

    assert learning.discarded
    assert drawing.discarded
    assert len(viewer.dims.events.current_step.callbacks) < before
