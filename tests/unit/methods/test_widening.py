"""Intervals far from any spot are as wide as hidden spots say they must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans.episodes import Episode, make_episode
from napari_stentrans.methods.stentrans.fitted import FittedStEnTrans
from napari_stentrans.methods.stentrans.gate import NEAR
from napari_stentrans.methods.stentrans.masking import remoteness
from napari_stentrans.methods.stentrans.widening import (
    Widening,
    _factor,
    learn_widening,
)


@pytest.fixture(scope="module")
def episodes(kriging: FittedKriging) -> list[Episode]:
    everything = np.arange(kriging.section.n_spots)
    made = [
        make_episode(kriging, everything, 24, np.random.default_rng(seed))
        for seed in range(8)
    ]
    assert max(episode.remoteness.max() for episode in made) > 2
    return made


def misled(episode: Episode, where: np.ndarray) -> Episode:
    """The same, but that library size is predicted wrongly at some hidden spots."""
    residual = episode.residual.copy()
    residual[where, 0] += 3.0
    return replace(episode, residual=residual)


def test_remoteness_as_in_naive_loops() -> None:
    rng = np.random.default_rng(0)
    spots = np.stack(np.mgrid[:5, :5], axis=-1).reshape(-1, 2) * 2.0
    queries = rng.uniform(0, 12, (20, 2))
    expected = [min(np.linalg.norm(q - s) for s in spots) / 2 for q in queries]
    np.testing.assert_allclose(remoteness(queries, spots), expected)


def test_widening_grows_without_a_step() -> None:
    factor = Widening(1.1, 1.6).at(np.linspace(0, 4, 401))
    assert factor[0] == pytest.approx(1.1)
    assert factor[-1] == pytest.approx(1.6)
    assert (np.diff(factor) >= 0).all()
    assert np.diff(factor).max() < 0.01


def test_neighbours_are_near_and_two_spacings_off_is_far() -> None:
    factor = Widening(1.1, 1.6).at(np.array([0.0, 1.0, 1.5, 2.0, 9.0]))
    np.testing.assert_allclose(factor, [1.1, 1.1, 1.35, 1.6, 1.6])


def test_the_factor_makes_nine_in_ten_lie_within() -> None:
    rng = np.random.default_rng(1)
    off = np.abs(rng.normal(0, 1.5, (4000, 50)))
    found = _factor(off, np.arange(4000))
    assert found == pytest.approx(1.5, abs=0.02)
    assert (off <= 1.645 * found).mean() == pytest.approx(0.9, abs=0.01)


def test_few_spots_are_hardly_believed_and_nothing_is_narrowed() -> None:
    off = np.full((4, 50), 1.645 * 1.6)
    assert _factor(off, np.arange(4)) == pytest.approx(1 + 0.6 * 4 / 24)
    # the same four in many episodes are still four
    often = _factor(np.tile(off, (50, 1)), np.tile(np.arange(4), 50))
    assert often == pytest.approx(1 + 0.6 * 4 / 24)
    assert _factor(0.1 * off, np.arange(4)) == 1.0
    assert _factor(100 * off, np.arange(4)) == 2.0
    assert _factor(off[:0], np.arange(0)) == 1.0


def test_good_intervals_stay_as_they_are(
    kriging: FittedKriging, episodes: list[Episode]
) -> None:
    found = learn_widening(kriging, episodes)
    assert 1.0 <= found.near < 1.1
    assert 1.0 <= found.far < 1.3


def test_errors_far_away_widen_far_away_alone(
    kriging: FittedKriging, episodes: list[Episode]
) -> None:
    before = learn_widening(kriging, episodes)
    wrong = [misled(episode, episode.remoteness > NEAR) for episode in episodes]
    found = learn_widening(kriging, wrong)
    assert found.near == before.near
    assert found.far > before.far + 0.2


def test_no_episodes_no_widening(kriging: FittedKriging) -> None:
    assert learn_widening(kriging, []) == Widening()


def test_intervals_of_a_field_are_widened(fitted: FittedStEnTrans) -> None:
    genes = np.arange(fitted.section.n_genes)
    at = np.array([[0.5, 0.5], [-3.0, 4.0], [25.0, 25.0]])
    plain, wide = (
        replace(fitted, adapted=replace(fitted.adapted, widening=widening))
        for widening in (Widening(), Widening(1.2, 1.7))
    )
    one, other = (found.field(at).read(genes) for found in (plain, wide))
    np.testing.assert_array_equal(one.mean, other.mean)
    assert other.sd.dtype == np.float32
    expected = np.repeat([[1.2], [1.7], [1.7]], len(genes), axis=1)
    np.testing.assert_allclose(other.sd / one.sd, expected, rtol=1e-5)
    assert wide.facts["wider_far"] == 1.7
