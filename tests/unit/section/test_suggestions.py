"""Suggestions where the truth is planted: holes, bad spots, scratches, necrosis."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.sites import PaintSites
from napari_stentrans.section.suggestions import suggest

N = 15


@pytest.fixture(params=[LatticeKind.SQUARE, LatticeKind.HEX])
def kind(request):
    return request.param


def grid(kind):
    row, col = np.indices((N, N)).reshape(2, -1)
    if kind is LatticeKind.HEX:
        col = 2 * col + row % 2
    return np.column_stack([row, col]).astype(float)


def section(bare_section, kind, totals, keep=None, seed=0):
    """Poisson counts of the given means, on a full grid without the spots left out."""
    array_rc = grid(kind)
    keep = np.ones(len(array_rc), dtype=bool) if keep is None else keep
    counts = np.random.default_rng(seed).poisson(totals).astype(np.float32)
    made = bare_section(array_rc[keep], Lattice(kind))
    return made.with_counts(sparse.csr_matrix(counts[keep, None]))


def suggested(made, name):
    found = [each for each in suggest(PaintSites.of(made)) if each.name == name]
    return [sorted(each.at.tolist()) for each in found]


def at(row, col):
    return row * N + col


def test_an_even_section_gives_no_suggestion(bare_section, kind):
    made = section(bare_section, kind, np.full(N * N, 800.0))
    assert suggest(PaintSites.of(made)) == ()


def test_isolated_low_spots_are_found(bare_section, kind):
    totals = np.full(N * N, 800.0)
    bad = [at(3, 4), at(9, 10)]
    totals[bad] = 60.0
    found = suggested(section(bare_section, kind, totals), "Low spots")
    assert sorted(found) == [[spot] for spot in bad]


def test_a_scratch_is_found_as_one(bare_section, kind):
    totals = np.full(N * N, 800.0)
    scratch = [at(7, col) for col in range(3, 12)]
    totals[scratch] = 60.0
    found = suggested(section(bare_section, kind, totals), "Low spots")
    assert found == [scratch]


def test_a_necrotic_area_is_biology(bare_section, kind):
    totals = np.full((N, N), 800.0)
    totals[4:11, 5:11] = 60.0
    made = section(bare_section, kind, totals.ravel())
    assert suggested(made, "Low spots") == []


def test_a_pale_half_is_biology(bare_section, kind):
    totals = np.full((N, N), 800.0)
    totals[:, 8:] = 80.0
    assert suggested(section(bare_section, kind, totals.ravel()), "Low spots") == []


def test_the_rim_is_left_alone(bare_section, kind):
    totals = np.full((N, N), 800.0)
    totals[0, :] = totals[:, 0] = 60.0
    assert suggested(section(bare_section, kind, totals.ravel()), "Low spots") == []


def test_moderately_low_spots_are_no_suggestion(bare_section, kind):
    totals = np.full(N * N, 800.0)
    totals[at(5, 5)] = 400.0
    assert suggested(section(bare_section, kind, totals), "Low spots") == []


def test_holes_are_found_by_their_size_and_the_glass_is_none(bare_section, kind):
    keep = np.ones(N * N, dtype=bool)
    hole = [at(5, 5), at(5, 6), at(6, 5)]
    keep[[*hole, at(10, 11), at(0, 3)]] = False
    made = section(bare_section, kind, np.full(N * N, 800.0), keep)
    sites = PaintSites.of(made)
    found = [each for each in suggest(sites) if each.name == "Hole"]
    places = [{tuple(rc) for rc in sites.array_rc[each.at]} for each in found]
    everything = grid(kind)
    assert places == [
        {tuple(rc) for rc in everything[hole]},
        {tuple(everything[at(10, 11)])},
    ]
    assert "3 empty positions" in found[0].reason


def test_there_is_a_handful_however_many_there_are(bare_section):
    keep = np.ones((N, N), dtype=bool)
    keep[1:-1:2, 1:-1:2] = False
    made = section(
        bare_section, LatticeKind.SQUARE, np.full(N * N, 800.0), keep.ravel()
    )
    found = [each for each in suggest(PaintSites.of(made)) if each.name == "Hole"]
    assert len(found) == 8
    assert sum(len(each.at) for each in found) == (~keep).sum()


def test_the_order_of_spots_does_not_matter(bare_section, kind, rng):
    totals = np.full(N * N, 800.0)
    totals[[at(3, 4), at(9, 10)]] = 60.0
    made = section(bare_section, kind, totals)
    order = rng.permutation(made.n_spots)
    found = suggested(made.subset(order), "Low spots")
    assert sorted(order[spots].tolist() for spots in found) == sorted(
        suggested(made, "Low spots")
    )


@pytest.mark.parametrize("n", [1, 2, 5])
def test_sections_of_a_few_spots_give_none(bare_section, n):
    positions = np.column_stack([np.zeros(n), np.arange(n)])
    made = bare_section(positions, Lattice(LatticeKind.SQUARE))
    assert suggest(PaintSites.of(made)) == ()
