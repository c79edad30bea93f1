"""The status bar under the mouse."""

from __future__ import annotations

import re

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.gui.control.controller import Controller
from napari_stentrans.gui.state.session import EnhanceSession
from napari_stentrans.section.raster import raster_of
from napari_stentrans.section.targets import Origin


@pytest.fixture
def opened(section, jobs):
    controller = Controller(ViewerModel(), EnhanceSession(), jobs)
    controller.stage.open(section)
    controller.stage.viewer.mouse_over_canvas = True
    return controller


@pytest.fixture
def enhanced(opened, section, jobs):
    """A controller whose third gene is enhanced."""
    opened.genes.add(section.genes[2:3])
    opened.runs.configure(method="kriging")
    opened.runs.enhance()
    jobs.last.finish()
    return opened


def hover(controller, world_yx):
    """Move the mouse to a world point; what the status bar says then."""
    viewer = controller.stage.viewer
    viewer.cursor.position = tuple(world_yx)
    return viewer.status


def world_of(raster, array_rc):
    row, col = raster.pixel_of(np.atleast_2d(array_rc))[0]
    return (raster.affine @ (row, col, 1.0))[:2]


def test_a_spot_tells_its_barcode_its_counts_and_what_became_of_them(enhanced, section):
    result, gene = enhanced.session.enhanced, section.genes[2]
    counts = section.gene_counts(gene)
    prediction = result.read([gene])

    for spot in (0, 17, 40):
        said = hover(enhanced, world_of(result.raster, section.array_rc[spot]))
        position = int(np.flatnonzero(result.targets.spot == spot)[0])
        mean, sd = prediction.mean[position, 0], prediction.sd[position, 0]
        parts = said.split(" · ")
        assert parts[:3] == [gene, section.barcodes[spot], f"measured {counts[spot]:g}"]
        found = re.fullmatch(r"enhanced (\S+) ± (\S+)", parts[3])
        assert float(found[1]) == pytest.approx(mean, rel=0.01)
        assert float(found[2]) == pytest.approx(sd, rel=0.1)
        assert parts[4] == f"origin {Origin.MEASURED}"


def test_every_origin_is_named(enhanced):
    result = enhanced.session.enhanced

    for origin in np.unique(result.targets.origin):
        position = int(np.flatnonzero(result.targets.origin == origin)[0])
        world = world_of(result.raster, result.targets.array_rc[position])
        assert hover(enhanced, world).endswith(str(origin))


def test_without_a_gene_a_spot_tells_all_its_counts(opened, section):
    said = hover(opened, world_of(raster_of(section), section.array_rc[5]))

    assert said == f"{section.barcodes[5]} · {section.library_size[5]:g} counts"


def test_off_the_section_napari_has_its_own_word(enhanced):
    said = hover(enhanced, (-1e6, -1e6))

    assert said["coords"] == "[-1000000, -1000000]"


def test_messages_while_the_mouse_is_elsewhere_stay(enhanced, section):
    viewer = enhanced.stage.viewer
    viewer.cursor.position = tuple(world_of(raster_of(section), section.array_rc[0]))
    viewer.mouse_over_canvas = False

    viewer.status = "Saved"

    assert viewer.status == "Saved"


def test_nothing_is_said_once_the_widget_is_gone(enhanced, section):
    enhanced.close()

    said = hover(enhanced, world_of(raster_of(section), section.array_rc[3]))

    assert section.barcodes[3] not in str(said)


def test_a_move_predicts_nothing_anew(enhanced, section, monkeypatch):
    """The gene that is looked at was read when it was chosen."""
    text_at = enhanced.view._hover.text_at
    places = [world_of(raster_of(section), section.array_rc[at]) for at in (3, 4)]
    first = text_at(tuple(places[0]))

    def read(*_args, **_kwargs):
        pytest.fail("a gene is predicted while the mouse moves")

    monkeypatch.setattr(EnhancedSection, "read", read)
    monkeypatch.setattr(EnhancedSection, "blocks", read)

    assert text_at(tuple(places[0])) == first
    assert text_at(tuple(places[1])) not in ("", first)


@pytest.fixture
def sliding(enhanced, section, jobs):
    """A slider of four genes is what is seen; a single gene has layers, too."""
    enhanced.gene_sets.add_slider(section.genes[3:7])
    jobs.last.finish()
    return enhanced


def test_the_gene_on_the_slider_is_told_and_no_gene_that_is_hidden(sliding, section):
    world = world_of(raster_of(section), section.array_rc[17])
    for number in (0, 2):
        sliding.stage.viewer.dims.set_current_step(0, number)
        gene = section.genes[3 + number]
        mean = sliding.session.enhanced.read([gene]).mean
        position = sliding.session.enhanced.raster.position_at(world)
        parts = hover(sliding, (number, *world)).split(" · ")
        assert parts[0] == gene
        assert parts[2] == f"measured {section.gene_counts(gene)[17]:g}"
        assert parts[3].startswith(f"enhanced {mean[position, 0]:.3g}")
        hover(sliding, (number, 1e6, 1e6))

    sliding.genes.show(section.genes[2])
    assert hover(sliding, (0, *world)).startswith(f"{section.genes[2]} · ")


def test_a_signature_tells_its_values(enhanced, section, jobs):
    genes = list(section.genes[3:7])
    enhanced.gene_sets.add_signature(genes, "mine")
    jobs.last.finish()
    spot = 17
    raster = enhanced.session.enhanced.raster
    parts = hover(enhanced, world_of(raster, section.array_rc[spot])).split(" · ")

    counts = np.column_stack([section.gene_counts(gene) for gene in genes])
    weights = 1 / counts.std(axis=0)
    expected = (counts[spot] * weights).mean()
    assert parts[:2] == ["mine", section.barcodes[spot]]
    assert float(parts[2].removeprefix("measured ")) == pytest.approx(expected, rel=0.1)
    assert parts[3].startswith("enhanced ")
    assert parts[4] == f"origin {Origin.MEASURED}"
