"""Classical methods: weights by hand, surfaces that are known, honest spread."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.interpolate import CloughTocher2DInterpolator

from napari_stentrans.config import RunConfig
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.interpolation.cubic import cubic
from napari_stentrans.methods.interpolation.noise import (
    _variance_line,
    leave_out_steps,
)
from napari_stentrans.methods.interpolation.triangles import linear
from napari_stentrans.methods.interpolation.weights import (
    TRUNCATE,
    GaussianKernel,
    nearest,
)
from napari_stentrans.methods.interpolation.width import WIDTHS
from napari_stentrans.progress import run_to_end
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

CLASSICAL = ["nearest", "linear", "cubic", "gaussian"]
RULES = {
    "nearest": nearest,
    "linear": linear,
    "cubic": cubic,
    "gaussian": GaussianKernel(1.0),
}


def square(n_rows: int, n_cols: int) -> np.ndarray:
    return np.stack(np.mgrid[:n_rows, :n_cols], axis=-1).reshape(-1, 2).astype(float)


def section_of(array_rc: np.ndarray, counts: np.ndarray) -> Section:
    return Section(
        name="made by hand",
        counts=sparse.csr_matrix(np.asarray(counts, dtype=np.float32)),
        obs=pd.DataFrame(index=[f"spot{i}" for i in range(len(array_rc))]),
        var=pd.DataFrame(index=[f"gene{i}" for i in range(np.shape(counts)[1])]),
        array_rc=np.asarray(array_rc, dtype=float),
        lattice=Lattice(LatticeKind.SQUARE),
    )


def at(rule, spots_rc, position_rc) -> np.ndarray:
    """Weights of the spots at one position."""
    return rule(spots_rc, np.array([position_rc], dtype=float)).toarray()[0]


def test_linear_averages_the_corners_of_a_square():
    """Neither diagonal is preferred."""
    weights = at(linear, square(2, 2), (0.5, 0.5))
    np.testing.assert_allclose(weights, 0.25, atol=1e-4)


def test_linear_takes_the_ends_of_an_edge():
    weights = at(linear, square(3, 3), (0, 0.25))
    np.testing.assert_allclose(weights, [0.75, 0.25, 0, 0, 0, 0, 0, 0, 0], atol=1e-4)


@pytest.mark.parametrize("rule", [linear, cubic])
def test_nearest_spot_outside_the_hull(rule):
    spots = square(3, 3)
    for position, expected in [((-2, -1), 0), ((1, 7), 5), ((5, 5), 8)]:
        weights = at(rule, spots, position)
        assert np.flatnonzero(weights).tolist() == [expected]
        assert weights[expected] == 1


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize(
    "spots_rc",
    [
        pytest.param([(0, 0)], id="one"),
        pytest.param([(0, 0), (0, 1)], id="two"),
        pytest.param([(0, 0), (1, 1), (2, 2), (3, 3)], id="in a line"),
    ],
)
def test_spots_without_a_triangle(rule, spots_rc):
    spots_rc = np.array(spots_rc, dtype=float)
    positions = np.array([(0.1, 0.0), (0.0, 9.0), (-5.0, 3.0), (0.0, 0.0)])
    weights = rule(spots_rc, positions).toarray()
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    if rule is not RULES["gaussian"]:
        np.testing.assert_array_equal(weights, nearest(spots_rc, positions).toarray())


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("n_spots", [1, 2, 3])
def test_hardly_any_spots(method, n_spots):
    spots = np.array([(0, 0), (0, 1), (1, 0)])[:n_spots]
    counts = np.array([[4, 0], [2, 0], [6, 0]])[:n_spots]
    fitted = get_method(method).fit(section_of(spots, counts))
    for prediction in (
        fitted.predict(np.array([[0.4, 0.4], [8, 8]])),
        fitted.denoise(),
    ):
        assert np.isfinite(prediction.mean).all()
        assert (prediction.sd > 0).all()
        assert (prediction.mean[:, 0] >= counts[:, 0].min() - 1e-5).all()
        assert (prediction.mean[:, 1] == 0).all()


def test_cubic_is_close_to_clough_tocher_on_a_smooth_surface():
    """Another cubic scheme over the same triangles, as a yardstick."""
    rng = np.random.default_rng(0)
    spots = rng.uniform(0, 12, (260, 2))
    inner = rng.uniform(3, 9, (200, 2))

    def surface(place_rc):
        row, col = place_rc.T
        return np.sin(row / 2) * np.cos(col / 3) + row / 5

    values = surface(spots)
    error = cubic(spots, inner) @ values - surface(inner)
    linear_error = linear(spots, inner) @ values - surface(inner)
    yardstick = CloughTocher2DInterpolator(spots, values)(inner) - surface(inner)
    assert np.std(error) < 0.4 * np.std(linear_error)
    assert np.std(error) < 1.3 * np.std(yardstick)


def test_cubic_gradients_bend_the_edges_least():
    """On a line of squares the minimum is the natural cubic spline."""
    spots = square(9, 9)
    values = np.repeat(np.array([0, 0, 1, 4, 2, 2, 5, 1, 0.0]), 9)
    from scipy.interpolate import CubicSpline

    rows = np.array([3.25, 3.5, 4.4, 4.75])
    expected = CubicSpline(np.arange(9), values[::9], bc_type="natural")(rows)
    found = cubic(spots, np.column_stack([rows, np.full(4, 4.0)])) @ values
    np.testing.assert_allclose(found, expected, atol=0.3)


def test_gaussian_weights_spot_by_spot():
    rng = np.random.default_rng(1)
    spots, positions = rng.uniform(0, 6, (30, 2)), rng.uniform(-1, 7, (20, 2))
    width = 0.8
    found = GaussianKernel(width)(spots, positions).toarray()
    for position, weights in zip(positions, found, strict=True):
        distance = [np.hypot(*(spot - position)) for spot in spots]
        used = max(width, min(distance) / 2)
        expected = np.array(
            [np.exp(-0.5 * (d / used) ** 2) * (d <= TRUNCATE * used) for d in distance]
        )
        np.testing.assert_allclose(weights, expected / expected.sum(), atol=1e-6)


def test_gaussian_leaves_a_spot_out_of_its_own_surroundings():
    spots = square(3, 3)
    assert at(GaussianKernel(1.0), spots, (1, 1))[4] == 0
    assert at(GaussianKernel(1.0, own=True), spots, (1, 1))[4] > 0.1


def test_gaussian_reaches_across_a_hole():
    spots = square(15, 15)
    spots = spots[np.linalg.norm(spots - 7, axis=1) > 4]
    weights = at(GaussianKernel(0.5), spots, (7, 7))
    assert (weights > 0.01).sum() >= 8


def test_chosen_width_follows_the_noise():
    spots = square(20, 20)
    rng = np.random.default_rng(2)
    wave = 30 + 25 * np.sin(spots[:, :1] * np.linspace(0.8, 1.2, 20))
    steep = section_of(spots, np.rint(wave))
    noise = section_of(spots, rng.poisson(3, (400, 20)))
    between = {
        name: get_method("gaussian").fit(section).between.width
        for name, section in {"steep": steep, "noise": noise}.items()
    }
    assert between["steep"] <= 1
    assert between["noise"] >= 3


@pytest.mark.parametrize("method", ["nearest", "linear", "cubic"])
def test_spots_keep_their_counts(method, simulated):
    section = simulated.section
    denoised = get_method(method).fit(section).denoise()
    np.testing.assert_allclose(denoised.mean, section.counts.toarray(), atol=1e-4)


def test_gaussian_denoises_measured_spots(simulated):
    section, truth = simulated.section, simulated.truth
    denoised = get_method("gaussian").fit(section).denoise().mean
    error = ((denoised - truth) ** 2).mean(axis=0)
    assert np.median(error / ((section.counts.toarray() - truth) ** 2).mean(axis=0)) < 1


@pytest.mark.parametrize("method", CLASSICAL)
def test_nine_of_ten_hidden_counts_lie_within_the_interval(method, simulated, hidden):
    section = simulated.section
    visible = section.subset(~hidden)
    expressed = np.flatnonzero(np.asarray(visible.counts.mean(axis=0)).ravel() > 5)
    fitted = get_method(method).fit(visible)
    read = fitted.field(section.array_rc[hidden]).read(expressed)
    truth = section.counts[hidden][:, expressed].toarray()
    inside = np.abs(truth - read.mean) <= 1.645 * read.sd
    assert len(expressed) > 20
    assert 0.87 <= inside.mean() <= 0.95


def test_left_out_spots_take_no_part():
    spots = square(8, 8)
    folds = run_to_end(leave_out_steps(spots, linear, seed=0))
    for fold in folds:
        assert not set(fold.left_out) & set(fold.kept)
        assert fold.weights.shape == (len(fold.left_out), len(fold.kept))
    everywhere = np.sort(np.concatenate([fold.left_out for fold in folds]))
    np.testing.assert_array_equal(everywhere, np.arange(64))


def test_genes_read_apart_or_together(simulated):
    field = get_method("linear").fit(simulated.section).field(np.array([[3.3, 4.1]]))
    together = field.read(np.array([7, 2, 5]))
    for column, gene in enumerate((7, 2, 5)):
        alone = field.read(np.array([gene]))
        np.testing.assert_allclose(alone.mean[:, 0], together.mean[:, column])
        np.testing.assert_allclose(alone.sd[:, 0], together.sd[:, column])


@pytest.mark.parametrize("method", CLASSICAL)
def test_stopping_at_once_keeps_a_usable_method(method, simulated):
    steps = get_method(method).fit_steps(simulated.section, RunConfig())
    next(steps)
    fitted = None
    while fitted is None:
        try:
            steps.send(True)
        except StopIteration as end:
            fitted = end.value
    prediction = fitted.predict(np.array([[3.5, 3.5]]), simulated.section.genes[:4])
    assert np.isfinite(prediction.sd).all()
    assert (prediction.sd > 0).all()


def test_widths_are_ascending():
    assert list(WIDTHS) == sorted(WIDTHS)
    assert WIDTHS[0] == 0.5
    assert WIDTHS[-1] == 6.0


@pytest.mark.parametrize("apart", [1e-1, 1e-2, 1e-4, 1e-7])
def test_cubic_is_not_upset_by_spots_that_nearly_coincide(apart, rng):
    spots_rc = np.stack(np.mgrid[:8, :8], axis=-1).reshape(-1, 2).astype(float)
    spots_rc = np.concatenate([spots_rc, spots_rc[[27]] + [apart, apart / 2]])
    values = rng.poisson(5.0, len(spots_rc)).astype(float)
    positions = rng.uniform(0, 7, (500, 2))
    found = cubic(spots_rc, positions) @ values
    assert np.abs(found - linear(spots_rc, positions) @ values).max() < 5
    assert found.max() < 1.3 * values.max()


def test_what_noise_is_at_nothing_is_never_negative(rng):
    mean = 1e9 * rng.random((40, 60))
    floor, slope = _variance_line(mean, 7.3e9 * mean)  # all of it is slope
    assert (floor >= 0).all()
    assert (slope > 0).all()
