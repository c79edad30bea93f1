"""The gate: corrections are believed as far as hidden spots bear them out."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans.correction import correct
from napari_stentrans.methods.stentrans.episodes import Episode, make_episode
from napari_stentrans.methods.stentrans.gate import (
    NEAR,
    _factor,
    gated,
    judge_steps,
    open_gate,
)
from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer
from napari_stentrans.progress import run_to_end


def factor_of(
    correction: np.ndarray, residual: np.ndarray, spot: np.ndarray | None = None
) -> np.ndarray:
    spots = np.arange(len(correction)) if spot is None else spot
    return _factor(correction, residual, spots)


def judge(
    network: SpotTransformer, episodes: list[Episode], judged: np.ndarray | None = None
) -> np.ndarray:
    return run_to_end(judge_steps(network, episodes, judged))


def test_what_is_borne_out_is_believed(rng: np.random.Generator) -> None:
    correction = rng.normal(size=(4000, 4))
    worth = np.array([1.0, 0.5, 0.0, -1.0])
    residual = worth * correction + 0.3 * rng.normal(size=correction.shape)
    found = factor_of(correction, residual)
    np.testing.assert_allclose(found, [1.0, 0.5, 0.0, 0.0], atol=0.03)


def test_corrections_without_relation_to_the_truth_are_not(
    rng: np.random.Generator,
) -> None:
    """Pure noise, and loud enough for the spots to tell."""
    found = factor_of(rng.normal(size=(4000, 50)), rng.normal(size=(4000, 50)))
    assert found.mean() < 0.05
    assert found.max() < 0.1


def test_a_timid_correction_is_not_blown_up(rng: np.random.Generator) -> None:
    correction = rng.normal(size=(4000, 1))
    assert factor_of(correction, 5 * correction) == pytest.approx(1.5)


def test_where_spots_say_little_the_network_is_believed(
    rng: np.random.Generator,
) -> None:
    correction, noise = rng.normal(size=(2, 20, 30))
    found = factor_of(0.1 * correction, -0.1 * correction + noise)
    np.testing.assert_allclose(found, 1.0, atol=0.2)


def test_repeats_are_not_more_spots(rng: np.random.Generator) -> None:
    """The same spots ten times over say as much as once."""
    correction, noise = rng.normal(size=(2, 40, 3))
    once = factor_of(correction, 0.2 * correction + noise)
    again = np.tile(np.arange(40), 10)
    repeated = factor_of(
        correction[again], (0.2 * correction + noise)[again], spot=again
    )
    np.testing.assert_allclose(repeated, once)
    as_if_new = factor_of(correction[again], (0.2 * correction + noise)[again])
    assert not np.allclose(as_if_new, once, atol=0.02)


@pytest.mark.parametrize("n_spots", [0, 1, 2])
def test_too_little_to_judge_by_leaves_it_open(n_spots: int) -> None:
    missed = -np.ones((n_spots, 3))
    np.testing.assert_array_equal(factor_of(-missed, missed), 1.0)


def test_the_open_gate_is_closed_to_the_library_far_away() -> None:
    gate = open_gate(4)
    assert gate[1, 0] == 0
    assert gate.sum() == 7


def test_near_and_far_are_told_apart() -> None:
    gate = np.array([[1.0, 0.5], [0.0, 0.25]])
    found = gated(np.full((3, 2), 2.0), gate, np.array([NEAR, NEAR + 0.01, 9.0]))
    np.testing.assert_array_equal(found, [[2, 1], [0, 0.5], [0, 0.5]])


@pytest.fixture(scope="module")
def episodes(kriging: FittedKriging) -> list[Episode]:
    everything = np.arange(kriging.section.n_spots)
    rngs = np.random.default_rng(0).spawn(4)
    return [make_episode(kriging, everything, 24, rng) for rng in rngs]


def with_residuals(episode: Episode, residual: np.ndarray) -> Episode:
    return Episode(episode.scene, residual, episode.spots, episode.remoteness)


def test_true_corrections_open_it(
    shipped: SpotTransformer, episodes: list[Episode]
) -> None:
    """Hidden spots that measure just what the network says."""
    borne_out = [with_residuals(e, correct(shipped, e.scene)) for e in episodes]
    np.testing.assert_allclose(
        judge(shipped, borne_out), open_gate(n_channels(episodes)), atol=1e-3
    )


def test_wrong_corrections_close_it(
    shipped: SpotTransformer, episodes: list[Episode]
) -> None:
    contrary = [with_residuals(e, -correct(shipped, e.scene)) for e in episodes]
    assert judge(shipped, contrary).max() < 0.01


@pytest.mark.parametrize(("worth", "left"), [(1, 0), (2, 0.25), (-1, 4)])
def test_what_corrections_leave_of_the_error_is_told(
    shipped: SpotTransformer, episodes: list[Episode], worth: float, left: float
) -> None:
    measured = [with_residuals(e, worth * correct(shipped, e.scene)) for e in episodes]
    told = [progress.scores for progress in judge_steps(shipped, measured)]
    assert told == [{"network": pytest.approx(left)}] * len(episodes)


def test_the_library_far_away_is_never_believed(
    shipped: SpotTransformer, episodes: list[Episode]
) -> None:
    gate = judge(shipped, episodes)
    assert gate.shape == (2, n_channels(episodes))
    assert gate[1, 0] == 0
    assert ((gate >= 0) & (gate <= 1.5)).all()


def test_only_judged_spots_are_looked_at(
    shipped: SpotTransformer, episodes: list[Episode], rng: np.random.Generator
) -> None:
    judged = rng.permutation(episodes[0].scene.spots.shape[0])[:60]
    altered = []
    for episode in episodes:
        residual = episode.residual.copy()
        residual[~np.isin(episode.spots, judged)] = 1e6
        altered.append(with_residuals(episode, residual))
    np.testing.assert_array_equal(
        judge(shipped, altered, judged), judge(shipped, episodes, judged)
    )


def test_a_network_that_says_nothing_is_no_error(episodes: list[Episode]) -> None:
    assert np.isfinite(judge(SpotTransformer(NetworkShape()), episodes)).all()


def n_channels(episodes: list[Episode]) -> int:
    return int(episodes[0].scene.spots.shape[1])
