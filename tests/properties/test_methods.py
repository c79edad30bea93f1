"""What holds for every classical method, whatever the section."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from napari_stentrans.evaluation import Task, hold_out
from napari_stentrans.methods.base import get_method
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

CLASSICAL = ["nearest", "linear", "cubic", "gaussian"]
INTERPOLATING = ["nearest", "linear", "cubic"]

methods = st.sampled_from(CLASSICAL)
kinds = st.sampled_from(list(LatticeKind))
seeds = st.integers(0, 2**32 - 1)

few = settings(max_examples=20)


def make_section(kind: LatticeKind, seed: int, n_genes: int = 4) -> Section:
    """A patchy section of 5 to 60 spots with Poisson counts."""
    rng = np.random.default_rng(seed)
    grid = np.stack(np.mgrid[:9, :9], axis=-1).reshape(-1, 2)
    if kind in (LatticeKind.HEX, LatticeKind.QUINCUNX):
        grid[:, 1] = 2 * grid[:, 1] + grid[:, 0] % 2
    array_rc = rng.permutation(grid)[: rng.integers(5, 60)].astype(float)
    if kind is LatticeKind.IRREGULAR:
        array_rc += rng.uniform(-0.4, 0.4, array_rc.shape)
    counts = rng.poisson(rng.gamma(1, 5, n_genes), (len(array_rc), n_genes))
    return Section(
        name=f"{kind} {seed}",
        counts=sparse.csr_matrix(counts.astype(np.float32)),
        obs=pd.DataFrame(index=[f"spot{i}" for i in range(len(array_rc))]),
        var=pd.DataFrame(index=[f"gene{i}" for i in range(n_genes)]),
        array_rc=array_rc,
        lattice=Lattice(kind),
    )


def some_positions(section: Section, seed: int, n: int = 25) -> np.ndarray:
    """Anywhere in and around a section."""
    rng = np.random.default_rng(seed)
    low, high = section.array_rc.min(axis=0) - 3, section.array_rc.max(axis=0) + 3
    return rng.uniform(low, high, (n, 2))


def with_values(section: Section, values: np.ndarray) -> Section:
    return section.with_counts(sparse.csr_matrix(values.astype(np.float32)))


@few
@given(methods, kinds, seeds)
def test_finite_and_not_negative_anywhere(method, kind, seed):
    section = make_section(kind, seed)
    fitted = get_method(method).fit(section)
    for found in (fitted.predict(some_positions(section, seed)), fitted.denoise()):
        assert np.isfinite(found.mean).all()
        assert np.isfinite(found.sd).all()
        assert (found.mean >= 0).all()
        assert (found.sd > 0).all()
        assert found.mean.dtype == found.sd.dtype == np.float32


@few
@given(st.sampled_from(INTERPOLATING), kinds, seeds)
def test_interpolation_passes_through_the_spots(method, kind, seed):
    section = make_section(kind, seed)
    found = get_method(method).fit(section).predict(section.array_rc).mean
    np.testing.assert_allclose(found, section.counts.toarray(), rtol=1e-4, atol=1e-4)


@few
@given(methods, kinds, seeds, st.floats(0.1, 1000))
def test_constant_gene_is_predicted_constant(method, kind, seed, level):
    section = make_section(kind, seed)
    flat = with_values(section, np.full(section.counts.shape, level))
    found = get_method(method).fit(flat).predict(some_positions(section, seed))
    np.testing.assert_allclose(found.mean, level, rtol=1e-4)


@pytest.mark.parametrize(("method", "tolerance"), [("linear", 1e-4), ("cubic", 5e-3)])
@few
@given(kind=kinds, seed=seeds)
def test_planes_are_reproduced_inside_the_hull(method, tolerance, kind, seed):
    section = make_section(kind, seed)
    rng = np.random.default_rng(seed)
    mixtures = rng.dirichlet(np.ones(section.n_spots), 20)  # inside, by construction
    row_slope, col_slope = rng.uniform(-1, 1, 2)

    def plane(array_rc):
        height = 50 + array_rc @ (row_slope, col_slope)
        return np.repeat(height[:, None], section.n_genes, axis=1)

    spread = np.linalg.svd(section.pitch_rc - section.pitch_rc.mean(0))[1]
    inside = mixtures @ section.array_rc
    fitted = get_method(method).fit(with_values(section, plane(section.array_rc)))
    if spread[1] > 1e-6:
        found = fitted.predict(inside).mean
        np.testing.assert_allclose(found, plane(inside), rtol=tolerance)


@few
@given(methods, kinds, seeds)
def test_order_of_the_spots_is_of_no_matter(method, kind, seed):
    section = make_section(kind, seed)
    order = np.random.default_rng(seed).permutation(section.n_spots)
    positions = some_positions(section, seed)
    found, shuffled = (
        get_method(method).fit(one).predict(positions)
        for one in (section, section.subset(order))
    )
    np.testing.assert_allclose(found.mean, shuffled.mean, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.sd, shuffled.sd, rtol=1e-3)


@few
@given(st.sampled_from(INTERPOLATING), kinds, seeds)
def test_genes_may_come_in_any_order(method, kind, seed):
    section = make_section(kind, seed)
    order = np.random.default_rng(seed).permutation(section.n_genes)
    positions = some_positions(section, seed)
    found = get_method(method).fit(section).predict(positions)
    permuted = with_values(section, section.counts.toarray()[:, order])
    other = get_method(method).fit(permuted).predict(positions)
    np.testing.assert_allclose(other.mean, found.mean[:, order], rtol=1e-5)
    np.testing.assert_allclose(other.sd, found.sd[:, order], rtol=1e-5)


def test_gaussian_genes_may_come_in_any_order():
    """Its width is chosen from all genes, summed in floats: once, not at the edge."""
    section = make_section(LatticeKind.HEX, 5)
    order = np.array([2, 0, 3, 1])
    positions = some_positions(section, 5)
    found = get_method("gaussian").fit(section).predict(positions)
    permuted = with_values(section, section.counts.toarray()[:, order])
    other = get_method("gaussian").fit(permuted).predict(positions)
    np.testing.assert_allclose(other.mean, found.mean[:, order], rtol=1e-5)


@few
@given(methods, kinds, seeds)
def test_hidden_counts_change_nothing(method, kind, seed):
    section = make_section(kind, seed)
    hidden = hold_out(section, Task.DROPOUT, seed).hidden
    values = section.counts.toarray()
    values[hidden] += np.random.default_rng(seed).poisson(50, values[hidden].shape)
    predictions = []
    for whole in (section, with_values(section, values)):
        held_out = hold_out(whole, Task.DROPOUT, seed)
        fitted = get_method(method).fit(held_out.reduced)
        predictions.append(fitted.predict(held_out.hidden_rc))
    np.testing.assert_array_equal(predictions[0].mean, predictions[1].mean)
    np.testing.assert_array_equal(predictions[0].sd, predictions[1].sd)


@few
@given(methods, kinds, seeds)
def test_input_is_left_alone(method, kind, seed):
    section = make_section(kind, seed)
    before = section.fingerprint
    get_method(method).fit(section).denoise()
    assert section.subset(np.arange(section.n_spots)).fingerprint == before
