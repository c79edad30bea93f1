"""What the network is shown, and the episodes that teach and judge it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree
from scipy.spatial.distance import cdist

from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans.correction import correct
from napari_stentrans.methods.stentrans.episodes import Episode, make_episode
from napari_stentrans.methods.stentrans.masking import random_mask, typical_spacing
from napari_stentrans.methods.stentrans.network import (
    PAIR_FEATURES,
    QUERY_FEATURES,
    QUERY_SIGNED,
    SPOT_FEATURES,
    SPOT_SCORES,
    Scene,
    SpotTransformer,
)
from napari_stentrans.methods.stentrans.tokens import VisibleSpots
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

NEIGHBOURS = 8


@pytest.fixture
def spots(kriging: FittedKriging) -> VisibleSpots:
    return VisibleSpots(
        kriging.section.pitch_rc,
        kriging.programmes.scores,
        kriging.decoder.left_out,
        kriging.programmes.strength,
        NEIGHBOURS,
    )


def episode_of(kriging: FittedKriging, seed: int) -> Episode:
    everything = np.arange(kriging.section.n_spots)
    return make_episode(kriging, everything, NEIGHBOURS, np.random.default_rng(seed))


def tensors_of(scene: Scene) -> list[torch.Tensor]:
    near = [scene.spot_near, scene.query_near]
    of_near = [t for n in near for t in (n.spots, n.relation, n.absent)]
    return [scene.spots, scene.queries, scene.query_sd, *of_near]


def test_leading_features_are_scores(spots: VisibleSpots) -> None:
    """The pointer averages them as they are: measured, kriged, and in between."""
    scene, _ = spots.scene(spots.pitch_rc[:5] + 0.5, _first(spots.left_out, 5))
    measured, kriged, seen = scene.spots[..., :SPOT_SCORES].unbind(dim=-1)
    np.testing.assert_allclose(measured, spots.scores.clip(-6, 6), atol=1e-5)
    np.testing.assert_allclose(kriged, spots.left_out.mean.clip(-6, 6), atol=1e-5)
    low, high = torch.minimum(measured, kriged), torch.maximum(measured, kriged)
    assert ((seen >= low - 1e-5) & (seen <= high + 1e-5)).all()
    kriged_there = scene.queries[..., :QUERY_SIGNED][..., 0]
    np.testing.assert_allclose(kriged_there, spots.left_out.mean[:5], atol=1e-5)


def test_shapes_are_those_the_network_expects(spots: VisibleSpots) -> None:
    n, c = spots.scores.shape
    scene, remoteness = spots.scene(spots.pitch_rc[:5] + 0.5, _first(spots.left_out, 5))
    assert scene.spots.shape == (n, c, SPOT_FEATURES)
    assert scene.queries.shape == (5, c, QUERY_FEATURES)
    assert scene.query_near.relation.shape == (5, NEIGHBOURS, PAIR_FEATURES)
    assert scene.spot_near.spots.shape == (n, NEIGHBOURS // 2)
    assert remoteness.shape == (5,)
    for tensor in tensors_of(scene):
        assert torch.isfinite(tensor.float()).all()


def test_neighbours_are_the_nearest(spots: VisibleSpots) -> None:
    query_rc = spots.pitch_rc[:30] + np.array([0.31, 0.17])  # no two spots equally far
    scene, remoteness = spots.scene(query_rc, _first(spots.left_out, 30))
    distance = cdist(query_rc, spots.pitch_rc)
    expected = np.argsort(distance, axis=1)[:, :NEIGHBOURS]
    np.testing.assert_array_equal(scene.query_near.spots, expected)
    spacing = typical_spacing(spots.pitch_rc)
    np.testing.assert_allclose(remoteness, distance.min(axis=1) / spacing)


def test_a_spot_is_left_out_of_its_own_neighbours(spots: VisibleSpots) -> None:
    scene, remoteness = spots.scene(spots.pitch_rc, spots.left_out, exclude_self=True)
    itself = torch.arange(len(spots.pitch_rc))[:, None]
    assert not (scene.query_near.spots == itself).any()
    assert (remoteness > 0).all()
    with_itself, _ = spots.scene(spots.pitch_rc, spots.left_out)
    assert torch.equal(with_itself.query_near.spots[:, :1], itself)


@pytest.mark.parametrize("n_spots", [1, 3])
def test_missing_neighbours_are_absent(spots: VisibleSpots, n_spots: int) -> None:
    few = replace(
        spots,
        pitch_rc=spots.pitch_rc[:n_spots],
        scores=spots.scores[:n_spots],
        left_out=_first(spots.left_out, n_spots),
    )
    scene, _ = few.scene(spots.pitch_rc[:4] + 0.5, _first(spots.left_out, 4))
    assert ((~scene.query_near.absent).sum(dim=1) == n_spots).all()


def test_a_lone_spot_left_out_sees_nobody_else(
    spots: VisibleSpots, shipped: SpotTransformer
) -> None:
    lone = replace(
        spots,
        pitch_rc=spots.pitch_rc[:1],
        scores=spots.scores[:1],
        left_out=_first(spots.left_out, 1),
    )
    scene, _ = lone.scene(lone.pitch_rc, lone.left_out, exclude_self=True)
    assert np.isfinite(correct(shipped, scene)).all()


def test_hidden_spots_leave_no_trace(kriging: FittedKriging) -> None:
    """An episode shows the same, whatever the scores of the hidden spots."""
    one = episode_of(kriging, 5)
    scores = kriging.programmes.scores.copy()
    scores[one.spots] += 100.0
    crossed = kriging.crossed.scores.copy()
    crossed[one.spots] -= 7.0
    altered = replace(
        kriging,
        programmes=replace(kriging.programmes, scores=scores),
        crossed=replace(kriging.crossed, scores=crossed),
    )
    two = episode_of(altered, 5)
    np.testing.assert_array_equal(one.spots, two.spots)
    for before, after in zip(tensors_of(one.scene), tensors_of(two.scene), strict=True):
        assert torch.equal(before, after)
    np.testing.assert_allclose(two.residual, one.residual - 7.0)


def test_visible_spots_do_leave_one(kriging: FittedKriging) -> None:
    """The contrary, lest the test above holds of a scene that shows nothing."""
    one = episode_of(kriging, 5)
    visible = np.setdiff1d(np.arange(kriging.section.n_spots), one.spots)
    scores = kriging.programmes.scores.copy()
    scores[visible[0]] += 3.0
    altered = replace(kriging, programmes=replace(kriging.programmes, scores=scores))
    two = episode_of(altered, 5)
    assert not torch.equal(one.scene.spots, two.scene.spots)
    assert not torch.equal(one.scene.queries, two.scene.queries)


def test_answers_are_what_kriging_misses(kriging: FittedKriging) -> None:
    made = episode_of(kriging, 2)
    kriged = made.scene.queries[..., 0].numpy()
    expected = kriging.crossed.scores[made.spots] - kriged
    np.testing.assert_allclose(made.residual, expected, atol=1e-5)
    assert np.isfinite(made.residual).all()


def test_an_episode_stays_in_its_part(kriging: FittedKriging) -> None:
    members = np.arange(100, 180)
    made = make_episode(kriging, members, NEIGHBOURS, np.random.default_rng(1))
    assert np.isin(made.spots, members).all()
    assert len(made.scene.spots) == len(members) - len(made.spots)


@pytest.mark.parametrize("n_spots", [2, 5, 40, 300])
def test_masks_hide_some_and_leave_some(n_spots: int, rng: np.random.Generator) -> None:
    pitch_rc = rng.random((n_spots, 2)) * np.sqrt(n_spots)
    for _ in range(30):
        mask = random_mask(pitch_rc, rng)
        assert mask.any()
        assert (~mask).sum() >= min(6, n_spots // 2)


@pytest.mark.parametrize("kind", [LatticeKind.SQUARE, LatticeKind.HEX])
def test_a_fifth_of_the_masks_thins_out_evenly(
    kind: LatticeKind, bare_section: Callable[..., Section], rng: np.random.Generator
) -> None:
    row, col = np.indices((20, 20)).reshape(2, -1)
    step = 2 if kind is LatticeKind.HEX else 1
    array_rc = np.stack([row, step * col + row % step], axis=1)
    pitch_rc = bare_section(array_rc, Lattice(kind)).pitch_rc
    masks = [random_mask(pitch_rc, rng) for _ in range(200)]
    visible = np.array([(~mask).mean() for mask in masks])
    assert visible.min() > 0.2
    assert visible.max() < 0.95
    thinned = np.flatnonzero(visible < 0.5)
    assert 0.1 < len(thinned) / len(masks) < 0.3
    for number in thinned:
        seen, hidden = pitch_rc[~masks[number]], pitch_rc[masks[number]]
        assert KDTree(seen).query(hidden)[0].max() < 1.3


def _first(estimate: ChannelEstimate, n: int) -> ChannelEstimate:
    return ChannelEstimate(estimate.mean[:n], estimate.variance[:n])
