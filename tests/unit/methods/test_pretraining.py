"""Simulated scenes that the shipped weights come from, and training on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree

from napari_stentrans.methods.programmes import scores_on
from napari_stentrans.methods.stentrans.network import NetworkShape
from napari_stentrans.methods.stentrans.pretraining import scenes
from napari_stentrans.methods.stentrans.pretraining.lessons import (
    PretrainingLesson,
    make_lesson,
    make_lessons,
)
from napari_stentrans.methods.stentrans.pretraining.patterns import (
    random_field,
    random_patterns,
)
from napari_stentrans.methods.stentrans.pretraining.positions import random_positions
from napari_stentrans.methods.stentrans.pretraining.scenes import random_scene
from napari_stentrans.methods.stentrans.pretraining.tissue import (
    Tissue,
    random_tissue,
    section_of,
)
from napari_stentrans.methods.stentrans.pretraining.training import (
    Recipe,
    explained,
    pretrain,
    untrained,
)
from napari_stentrans.methods.stentrans.weights import load_network

SMALL = (2, 3)
"""Seeds of small scenes."""
OPEN_FILES = Path("/proc/self/fd")


def lattice_of(rc: np.ndarray) -> str:
    """What a person would call an arrangement, by its nearest neighbours."""
    tree = KDTree(rc)
    distance, nearest = tree.query(rc, k=2)
    if np.ptp(distance[:, 1]) > 1e-6:
        return "irregular"
    most = max(len(near) for near in tree.query_ball_point(rc, 1.001)) - 1
    if most == 6:
        return "hex"
    along = np.abs(rc - rc[nearest[:, 1]]).min(axis=1)
    return "square" if along.max() < 1e-6 else "quincunx"


def test_every_lattice_occurs() -> None:
    found = [
        lattice_of(random_positions(np.random.default_rng(seed), 250))
        for seed in range(60)
    ]
    for kind in ("square", "hex", "quincunx", "irregular"):
        assert found.count(kind) >= 6, kind


@pytest.mark.parametrize("seed", range(5))
def test_positions_are_as_many_as_asked_for_and_apart(seed: int) -> None:
    rc = random_positions(np.random.default_rng(seed), 250)
    assert rc.shape == (250, 2)
    assert KDTree(rc).query(rc, k=2)[0][:, 1].min() > 0


@pytest.mark.parametrize("seed", range(8))
def test_patterns_are_standardised(seed: int) -> None:
    rng = np.random.default_rng(seed)
    patterns = random_patterns(random_positions(rng, 150), rng)
    assert len(patterns) == 150
    np.testing.assert_allclose(patterns.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(patterns.std(axis=0), 1)


def test_random_fields_are_alike_nearby_and_of_unit_variance() -> None:
    rng = np.random.default_rng(0)
    rc = np.array([[0.0, 0.0], [0.5, 0.0], [60.0, 40.0]])
    values = random_field(rc, 4.0, 3000, rng)
    np.testing.assert_allclose(values.std(axis=1), 1, atol=0.05)
    near, far = (np.corrcoef(values[0], values[k])[0, 1] for k in (1, 2))
    assert near > 0.8
    assert abs(far) < 0.1


def test_counts_have_the_expected_library() -> None:
    rng = np.random.default_rng(5)
    tissue = random_tissue(rng, 150)
    drawn = np.mean([tissue.draw(rng).sum(axis=1) for _ in range(30)], axis=0)
    expected = np.exp(tissue.log_library + tissue.library_noise**2 / 2)
    np.testing.assert_allclose(drawn / expected, 1, atol=0.4)
    assert np.mean(drawn / expected) == pytest.approx(1, abs=0.03)


def test_the_same_seed_makes_the_same_scene() -> None:
    one, again, other = (random_scene(seed) for seed in (3, 3, 2))
    np.testing.assert_array_equal(one.query_rc, again.query_rc)
    np.testing.assert_array_equal(one.truth, again.truth)
    np.testing.assert_array_equal(one.kriged.mean, again.kriged.mean)
    assert one.truth.shape != other.truth.shape


def test_hidden_spots_are_not_visible() -> None:
    made = random_scene(3)
    distance, _ = KDTree(made.kriging.section.pitch_rc).query(made.query_rc)
    assert distance.min() > 0
    assert made.truth.shape == made.kriged.mean.shape
    assert np.corrcoef(made.truth[:, 1], made.kriged.mean[:, 1])[0, 1] > 0.3


def test_the_truth_knows_nothing_of_the_noise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its own small error has nothing to do with that of the counts kriging saw."""
    drawn: list[np.ndarray] = []
    tissues: list[Tissue] = []

    def spied(*args) -> Tissue:
        tissues.append(random_tissue(*args))
        return tissues[0]

    draw = Tissue.draw

    def kept(self: Tissue, rng: np.random.Generator) -> np.ndarray:
        drawn.append(draw(self, rng))
        return drawn[-1]

    monkeypatch.setattr(scenes, "random_tissue", spied)
    monkeypatch.setattr(Tissue, "draw", kept)
    made = random_scene(0)
    tissue, measured = tissues[0], drawn[0]
    rng = np.random.default_rng(99)

    def scores(counts: np.ndarray) -> np.ndarray:
        return scores_on(section_of(tissue, counts), made.kriging.programmes)

    firm = np.mean([scores(draw(tissue, rng)) for _ in range(40)], axis=0)
    hidden = KDTree(tissue.pitch_rc).query(made.query_rc)[1]
    error = made.truth - firm[hidden]
    noise = scores(measured) - firm
    # the noise of eight experiments together, and a little of forty
    assert 0.05 < error.var() / noise[hidden].var() < 0.3
    visible = np.setdiff1d(np.arange(len(noise)), hidden)
    nearest = visible[KDTree(tissue.pitch_rc[visible]).query(made.query_rc)[1]]
    for where in (hidden, nearest):
        match = np.corrcoef(error.ravel(), noise[where].ravel())[0, 1]
        assert abs(match) < 0.1


@pytest.fixture(scope="module")
def lessons() -> list[PretrainingLesson]:
    neighbours = NetworkShape().neighbours
    made = [make_lesson(random_scene, seed, neighbours) for seed in SMALL]
    assert all(lesson is not None for lesson in made)
    return [lesson for lesson in made if lesson is not None]


def test_lessons_say_where_most_is_to_be_gained(
    lessons: list[PretrainingLesson],
) -> None:
    for lesson in lessons:
        assert lesson.share.sum() == pytest.approx(1)
        assert lesson.strength.sum() == pytest.approx(1)
        power = lesson.strength * (lesson.lesson.residual.numpy() ** 2).mean(axis=0)
        np.testing.assert_array_equal(np.argsort(power), np.argsort(lesson.share))


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="needs a list of open files")
def test_lessons_of_other_processes_keep_no_file_open() -> None:
    """There are thousands, and a process may open about a thousand files."""
    before = len(list(OPEN_FILES.iterdir()))
    made = list(make_lessons(random_scene, SMALL, 24, n_processes=2))
    assert len(made) == len(SMALL)
    assert len(list(OPEN_FILES.iterdir())) < before + len(SMALL)


def test_a_little_pre_training_explains_what_kriging_misses(
    lessons: list[PretrainingLesson],
) -> None:
    """The very scenes it learns from, by heart: everything is wired."""
    told: list[int] = []
    network = untrained(NetworkShape(width=16, heads=2), 0)
    assert explained(network, lessons) == 0
    pretrain(
        [lessons],
        Recipe(steps=40, learning_rate=1e-2),
        network,
        lambda step, _: told.append(step),
    )
    assert told == list(range(1, 41))
    assert not network.training
    assert explained(network, lessons) > 0.03


def test_the_shipped_weights_explain_scenes_they_have_not_seen() -> None:
    made = [make_lesson(random_scene, seed, 24) for seed in (200_002, 200_005)]
    unseen = [lesson for lesson in made if lesson is not None]
    assert unseen
    assert explained(load_network(), unseen) > 0.02


@pytest.fixture(autouse=True)
def _threads_as_before():
    """Making lessons holds torch to one thread for good."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)
