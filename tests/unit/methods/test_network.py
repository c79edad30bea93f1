"""The network: starts as kriging, local, the same for every order, turn and sign."""

from __future__ import annotations

from copy import copy

import numpy as np
import pytest
import torch

from napari_stentrans.methods import parallel
from napari_stentrans.methods.channels import ChannelEstimate
from napari_stentrans.methods.stentrans import correction as module
from napari_stentrans.methods.stentrans.correction import (
    correct,
    correction_steps,
    token_steps,
)
from napari_stentrans.methods.stentrans.network import (
    LocalAttention,
    Neighbourhood,
    NetworkShape,
    Scene,
    SpotTransformer,
)
from napari_stentrans.methods.stentrans.tokens import VisibleSpots
from napari_stentrans.progress import Progress, run_to_end

N_SPOTS, N_QUERIES, N_CHANNELS, NEIGHBOURS = 90, 20, 5, 8


class Example:
    """Spots, what kriging says of them and of some queries: a scene in the making."""

    def __init__(self, n_spots: int = N_SPOTS, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.spots_rc = rng.uniform(0, np.sqrt(n_spots), (n_spots, 2))
        self.query_rc = rng.uniform(0, np.sqrt(n_spots), (N_QUERIES, 2))
        self.scores = rng.normal(size=(n_spots, N_CHANNELS))
        self.left_out = self._estimate(rng, n_spots)
        self.kriged = self._estimate(rng, N_QUERIES)
        self.strength = rng.uniform(0.5, 2, N_CHANNELS)
        self.neighbours = NEIGHBOURS

    @staticmethod
    def _estimate(rng: np.random.Generator, n: int) -> ChannelEstimate:
        return ChannelEstimate(
            0.7 * rng.normal(size=(n, N_CHANNELS)),
            rng.uniform(0.1, 1, (n, N_CHANNELS)),
        )

    def of(self, columns: np.ndarray, signs: np.ndarray) -> Example:
        """The same with channels in another order, or of another sign."""
        other = copy(self)
        other.scores = self.scores[:, columns] * signs
        other.strength = self.strength[columns]
        other.left_out, other.kriged = (
            ChannelEstimate(e.mean[:, columns] * signs, e.variance[:, columns])
            for e in (self.left_out, self.kriged)
        )
        return other

    @property
    def scene(self) -> Scene:
        spots = VisibleSpots(
            self.spots_rc, self.scores, self.left_out, self.strength, self.neighbours
        )
        return spots.scene(self.query_rc, self.kriged)[0]


@pytest.fixture
def example() -> Example:
    return Example()


def run(network: SpotTransformer, scene: Scene) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = network(scene)
    return found


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-4)


def test_an_untrained_network_is_kriging(example: Example) -> None:
    found = run(SpotTransformer(NetworkShape()), example.scene)
    assert found.shape == (N_QUERIES, N_CHANNELS)
    assert not found.any()


def test_a_trained_network_is_not(shipped: SpotTransformer, example: Example) -> None:
    """Without this, all that follows would hold of a network that says nothing."""
    assert run(shipped, example.scene).std() > 0.02


def test_channels_may_come_in_any_order(
    shipped: SpotTransformer, example: Example
) -> None:
    order = np.array([0, 3, 1, 4, 2])  # library size stays the first
    permuted = example.of(order, np.ones(N_CHANNELS))
    assert_same(
        correct(shipped, permuted.scene), correct(shipped, example.scene)[:, order]
    )


def test_a_channel_answers_for_itself(
    shipped: SpotTransformer, example: Example
) -> None:
    some = torch.tensor([4, 1])
    alone = run(shipped, example.scene.of_channels(some))
    assert_same(alone, run(shipped, example.scene)[:, some])


@pytest.mark.parametrize("flipped", [[1], [2, 4], [1, 2, 3, 4]])
def test_the_sign_of_a_programme_makes_no_difference(
    shipped: SpotTransformer, example: Example, flipped: list[int]
) -> None:
    signs = np.ones(N_CHANNELS)
    signs[flipped] = -1
    mirrored = example.of(np.arange(N_CHANNELS), signs)
    assert_same(
        correct(shipped, mirrored.scene), correct(shipped, example.scene) * signs
    )


@pytest.mark.parametrize("turn", [0.0, 0.7, 2.5])
def test_where_a_section_lies_makes_no_difference(
    shipped: SpotTransformer, example: Example, turn: float
) -> None:
    expected = correct(shipped, example.scene)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    example.spots_rc = example.spots_rc @ rotation + [17.0, -4.0]
    example.query_rc = example.query_rc @ rotation + [17.0, -4.0]
    assert_same(correct(shipped, example.scene), expected)


def test_the_size_of_a_pitch_makes_no_difference(
    shipped: SpotTransformer, example: Example
) -> None:
    expected = correct(shipped, example.scene)
    example.spots_rc, example.query_rc = 5 * example.spots_rc, 5 * example.query_rc
    assert_same(correct(shipped, example.scene), expected)


def test_spots_may_come_in_any_order(
    shipped: SpotTransformer, example: Example, rng: np.random.Generator
) -> None:
    expected = correct(shipped, example.scene)
    order, left = rng.permutation(N_SPOTS), example.left_out
    example.spots_rc, example.scores = example.spots_rc[order], example.scores[order]
    example.left_out = ChannelEstimate(left.mean[order], left.variance[order])
    assert_same(correct(shipped, example.scene), expected)


def test_a_query_does_not_depend_on_the_others(
    shipped: SpotTransformer, example: Example
) -> None:
    alone = run(shipped, example.scene.of_queries(slice(3, 5)))
    assert_same(alone, run(shipped, example.scene)[3:5])


@pytest.mark.parametrize("at_once", [1, 7, 30, N_SPOTS, 1000])
def test_slices_make_the_whole(
    shipped: SpotTransformer,
    example: Example,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> None:
    """Whether or not they divide the number of spots, and where one holds them all."""
    monkeypatch.setattr(module, "_AT_ONCE", at_once)
    scene = example.scene
    mirror = scene.flipped(-torch.ones(N_CHANNELS))
    with torch.no_grad():
        whole = [shipped.encode(seen) for seen in (scene, mirror)]
        plain, mirrored = shipped(scene), shipped(mirror)

    found = run_to_end(token_steps(shipped, [scene, mirror]))

    for tokens, expected in zip(found, whole, strict=True):
        np.testing.assert_allclose(tokens, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        correct(shipped, scene), 0.5 * (plain - mirrored), rtol=0, atol=1e-6
    )


def test_deeper_encoders_are_read_in_slices_too(
    example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No spot may see others that a layer has updated already."""
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    deep = SpotTransformer(NetworkShape(depth=3))
    with torch.no_grad():
        whole = deep.encode(example.scene)
    (found,) = run_to_end(token_steps(deep, [example.scene]))
    np.testing.assert_allclose(found, whole, rtol=0, atol=1e-6)


def test_no_more_than_a_slice_is_computed_at_a_time(
    shipped: SpotTransformer, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 7)
    sizes: list[int] = []
    for attention in shipped.modules():
        if isinstance(attention, LocalAttention):
            attention.register_forward_hook(
                lambda _module, _inputs, found: sizes.append(len(found))
            )
    correct(shipped, example.scene)
    assert max(sizes) == 7


def test_every_slice_is_told(
    shipped: SpotTransformer, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 40)
    told: list[Progress] = []
    run_to_end(correction_steps(shipped, example.scene), told.append)
    reading = [p for p in told if p.phase == "Transformer: reading the spots"]
    assert len(reading) == 2 * 3 * 3  # scenes, passes over the spots, slices
    steps = [progress.step for progress in reading]
    assert steps == sorted(steps)
    assert steps[-1] == N_SPOTS
    assert {progress.n_steps for progress in reading} == {N_SPOTS}
    assert [p.step for p in told[len(reading) :]] == [N_QUERIES]


def test_cancelled_while_it_reads_the_spots(
    shipped: SpotTransformer, example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hardly a slice is begun after that."""
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    monkeypatch.setattr(parallel, "_n_workers", lambda: 1)
    begun: list[int] = []
    shipped.embed_spot.register_forward_hook(
        lambda _module, _inputs, found: begun.append(len(found))
    )
    steps = correction_steps(shipped, example.scene)
    next(steps)
    steps.close()
    assert len(begun) < 5


def test_far_spots_do_not_matter(shipped: SpotTransformer, example: Example) -> None:
    """A query sees its neighbours and, through them, theirs: nothing else."""
    scene = example.scene
    near = set(scene.query_near.spots[0].tolist())
    reached = near | set(scene.spot_near.spots[sorted(near)].ravel().tolist())
    far = sorted(set(range(N_SPOTS)) - reached)
    assert far
    before = run(shipped, scene)
    scene.spots[far] += 3.0
    after = run(shipped, scene)
    assert_same(after[0], before[0])
    assert (after - before).abs().max() > 0.1


def test_absent_neighbours_say_nothing(
    shipped: SpotTransformer, example: Example
) -> None:
    """What stands in the places of absent neighbours makes no difference."""
    scene = example.scene
    scene.query_near.absent[:, 4:] = True
    expected = run(shipped, scene)
    assert not torch.allclose(expected, run(shipped, example.scene))
    scene.query_near.spots[:, 4:] = 0
    scene.query_near.relation[:, 4:] = 6.0
    assert_same(run(shipped, scene), expected)


@pytest.mark.parametrize("n_spots", [1, 2, 3, NEIGHBOURS, NEIGHBOURS + 1])
def test_hardly_any_spots(shipped: SpotTransformer, n_spots: int) -> None:
    found = correct(shipped, Example(n_spots).scene)
    assert found.shape == (N_QUERIES, N_CHANNELS)
    assert np.isfinite(found).all()


def test_more_places_than_spots_change_nothing(shipped: SpotTransformer) -> None:
    """A query that sees all spots already sees no more with places to spare."""
    few = Example(NEIGHBOURS // 2 + 1)  # the encoder has half as many places
    few.neighbours = 2 * len(few.spots_rc)
    expected = correct(shipped, few.scene)
    few.neighbours = 40
    assert_same(correct(shipped, few.scene), expected)


def test_parts_of_a_neighbourhood(example: Example) -> None:
    near = example.scene.query_near
    part = near[torch.tensor([4, 2])]
    assert isinstance(part, Neighbourhood)
    assert torch.equal(part.spots, near.spots[[4, 2]])
    assert torch.equal(part.relation, near.relation[[4, 2]])
