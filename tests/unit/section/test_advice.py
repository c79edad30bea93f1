"""What a section is told to be, and what is said about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans import simulated_section
from napari_stentrans.io import read_section
from napari_stentrans.section.advice import Advice, Level, advice
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.facts import (
    PictureFit,
    SectionFacts,
    better_orientation,
)
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.technology import (
    ENHANCED_NOTE,
    guessed_pitch_um,
    pitch_px,
    technology,
)

FINE = SectionFacts(1000, 18_000, 5000, 4000.0, 2000.0, are_counts=True)


@pytest.fixture(scope="module")
def section():
    return simulated_section(
        n_rows=20, n_cols=18, n_genes=40, seed=1, image=True
    ).section


def told(found, level=None):
    return " ".join(each.text for each in found if level in (None, each.level))


def test_facts_are_counted(section):
    facts = SectionFacts.of(section)
    dense = section.counts.toarray()
    assert (facts.n_spots, facts.n_genes) == dense.shape
    assert facts.median_counts == np.median(dense.sum(axis=1))
    assert facts.median_genes == np.median((dense > 0).sum(axis=1))
    assert facts.n_common == ((dense > 0).mean(axis=0) > 0.1).sum()
    assert facts.are_counts
    halves = replace(section, counts=section.counts * 0.5)
    assert not SectionFacts.of(halves).are_counts


def test_a_saved_result_is_called_so_and_not_taken_for_normalised(section):
    """Its positions are closer than spots: the distance of spots tells nothing."""
    again = replace(section, notes=(ENHANCED_NOTE,))
    assert guessed_pitch_um(section) == 100
    assert guessed_pitch_um(again) is None
    assert technology(again) == "a saved result"
    found = advice(again, replace(FINE, are_counts=False), PictureFit(1.0, 1.0))
    assert told(found) == ENHANCED_NOTE


def test_a_good_section_gets_no_warning(section):
    fit = PictureFit(1.0, 0.97)
    assert advice(replace(section, notes=()), FINE, fit) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (replace(FINE, median_counts=120.0), "Shallow: half of the spots"),
        (replace(FINE, are_counts=False), "normalised"),
        (replace(FINE, n_spots=12), "Only 12 spots"),
    ],
)
def test_what_makes_a_section_weak_is_a_warning_with_a_remedy(section, facts, words):
    found = advice(section, facts, PictureFit(1.0, 1.0))
    assert words in told(found, Level.WARNING)
    assert all(each.what_to_do for each in found if each.level is Level.WARNING)


@pytest.mark.parametrize(
    ("fit", "better", "words"),
    [
        (PictureFit(0.5, 0.5), None, "50% of the spots lie off the picture"),
        (PictureFit(1.0, 0.2), None, "Only 20% of the spots lie on stained tissue"),
        (PictureFit(1.0, 0.7), Alignment(turn=90), "flipped or turned"),
    ],
)
def test_a_picture_that_lies_wrong(section, fit, better, words):
    found = advice(section, FINE, fit, better)
    assert words in told(found, Level.WARNING)
    assert "Align the picture" in found[0].what_to_do


def test_a_missing_picture_is_no_warning(section):
    found = advice(replace(section, image=None), FINE)
    assert "No picture" in told(found, Level.NOTE)
    assert any("do better with one" in each.what_to_do for each in found)
    assert not told(found, Level.WARNING)
    floating = advice(replace(section, pixel_xy=None), FINE)
    assert "nothing says where the spots are" in told(floating, Level.WARNING)


def test_a_picture_is_to_be_added_only_where_it_can_be_laid(section):
    bare = replace(section, image=None)
    can, cannot = (
        " ".join(each.what_to_do for each in advice(made, FINE))
        for made in (bare, replace(bare, pixel_xy=None))
    )
    assert "add one below" in can
    assert "add one below" not in cannot


def test_notes_of_the_reader_are_passed_on_after_the_warnings(section):
    noted = replace(section, notes=("3 gene names occur more than once and so on.",))
    found = advice(noted, replace(FINE, n_spots=3), PictureFit(1.0, 1.0))
    assert [each.level for each in found] == [Level.WARNING, Level.NOTE]
    assert isinstance(found[1], Advice)
    assert "numbered name" in found[1].what_to_do


def slide(tissue):
    """Bright slide of 100 x 100 with dark tissue where the mask says."""
    data = np.full((100, 100, 3), 240, dtype=np.uint8)
    data[tissue] = (150, 60, 140)
    return TissueImage(data)


def test_shares_of_spots_on_the_picture_and_on_tissue():
    tissue = np.zeros((100, 100), dtype=bool)
    tissue[:50] = True
    xy = np.array([[10.0, 10], [90, 20], [50, 40], [10, 90], [150, 10]])
    fit = PictureFit.of(slide(tissue), xy)
    assert fit.inside == pytest.approx(4 / 5)
    assert fit.on_tissue == pytest.approx(3 / 5)
    assert fit.darkness == pytest.approx(3 / 5 * (240 - 60))
    dark = TissueImage(np.zeros((100, 100, 3), dtype=np.uint8))
    assert PictureFit.of(dark, xy) == PictureFit(4 / 5, None)


def test_the_right_orientation_is_found():
    tissue = np.zeros((100, 100), dtype=bool)
    tissue[5:40, 10:90] = True
    tissue[40:80, 10:30] = True  # an L: no flip or turn leaves it as it is
    at = np.argwhere(tissue)[::37, ::-1].astype(float)
    right = slide(tissue)
    assert better_orientation(right, at) is None
    wrong = right.aligned(Alignment().flipped_left_right().turned(90))
    found = better_orientation(wrong, at)
    assert found is not None
    assert PictureFit.of(right.aligned(found), at).on_tissue > 0.95


@pytest.mark.parametrize(
    ("kind", "name", "um"),
    [
        ("hex", "Visium", 100.0),
        ("square", "legacy Spatial Transcriptomics", 200.0),
        ("quincunx", "Spatial Transcriptomics, 2k array", None),
        ("irregular", "beads or cells (Slide-seq …)", None),
    ],
)
def test_technology_and_pitch(kind, name, um):
    section = simulated_section(lattice=kind, n_rows=10, n_cols=9, n_genes=5).section
    assert technology(section) == name
    assert guessed_pitch_um(section) == um
    if kind != "irregular":  # whose spots jitter
        assert pitch_px(section) == pytest.approx(100, rel=0.01)


def test_bins_are_told_by_their_folder_and_large_squares_are_no_legacy_array():
    square = simulated_section(
        lattice="square", n_rows=40, n_cols=10, n_genes=5
    ).section
    assert technology(square).startswith("binned")
    assert guessed_pitch_um(square) is None
    binned = replace(square, source="/x/binned_outputs/square_008um")
    assert technology(binned) == "Visium HD, 8 µm bins"
    assert guessed_pitch_um(binned) == 8.0


@pytest.mark.parametrize(
    "path",
    ["crc16_visium", "her2st/C5.tsv.gz", "her2st/B4.tsv.gz", "st2k/MOB1.tsv"],
)
def test_real_pictures_lie_right_and_flipped_ones_are_noticed(shared_data, path):
    section = read_section(shared_data / path)
    image, xy = section.image, section.pixel_xy
    assert better_orientation(image, xy) is None
    start = Alignment()
    for flipped in (start, start.flipped_left_right()):
        for turn in (0, 90, 180, 270):
            wrong = flipped.turned(turn)
            found = better_orientation(image.aligned(wrong), xy)
            assert found == (None if wrong == start else start)
