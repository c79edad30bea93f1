"""Training on the section itself: it learns, keeps the best, and can be stopped."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from napari_stentrans.config import RunConfig, TransformerConfig
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans import adaptation
from napari_stentrans.methods.stentrans import training as module
from napari_stentrans.methods.stentrans.adaptation import (
    Adapted,
    _importance,
    adaptation_steps,
)
from napari_stentrans.methods.stentrans.episodes import Episode, make_episode
from napari_stentrans.methods.stentrans.gate import open_gate
from napari_stentrans.methods.stentrans.network import NetworkShape, SpotTransformer
from napari_stentrans.methods.stentrans.training import (
    Lesson,
    _Best,
    divide,
    training_steps,
)
from napari_stentrans.methods.stentrans.weights import load_network
from napari_stentrans.progress import Progress, run_to_end

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def easy(kriging: FittedKriging) -> list[Lesson]:
    """What is missed is half of what the nearest spot says more than kriging."""
    everything = np.arange(kriging.section.n_spots)
    made = [
        make_episode(kriging, everything, 24, np.random.default_rng(seed))
        for seed in range(2)
    ]
    return [Lesson.of(_easy(episode), everything, CPU) for episode in made]


def _easy(episode: Episode) -> Episode:
    nearest = episode.scene.spots[episode.scene.query_near.spots[:, 0]]
    missed = 0.5 * (nearest[..., 0] - episode.scene.queries[..., 0])
    return replace(episode, residual=missed.numpy())


def blank() -> SpotTransformer:
    torch.manual_seed(0)
    return SpotTransformer(NetworkShape())


def train(
    network: SpotTransformer,
    lessons: list[Lesson],
    watched: list[Lesson],
    on_progress=None,
    **choices: float,
) -> tuple[list[float], bool]:
    config = TransformerConfig.model_validate(choices)
    importance = np.ones(lessons[0].residual.shape[1])
    steps = training_steps(network, lessons, watched, importance, config, seed=0)
    return run_to_end(steps, on_progress)


def watched_loss(network: SpotTransformer, lessons: list[Lesson]) -> float:
    return module._watched_loss(network, lessons)


def test_saying_nothing_costs_one(easy: list[Lesson]) -> None:
    """The loss is a share of what kriging misses."""
    assert watched_loss(blank(), easy) == pytest.approx(1.0, abs=1e-3)


def test_it_learns_what_is_easy(easy: list[Lesson]) -> None:
    network = blank()
    losses, stopped = train(network, easy[:1], easy[1:], steps=75, learning_rate=1e-2)
    assert len(losses) == 75
    assert not stopped
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])
    assert watched_loss(network, easy[1:]) < 0.6  # on spots it did not learn from


def test_a_worse_network_is_not_kept(easy: list[Lesson]) -> None:
    """Lessons that teach the contrary: the network goes back to where it was."""
    network = load_network()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    contrary = [
        Lesson(lesson.scene, -3 * network(lesson.scene).detach()) for lesson in easy
    ]
    watched = [Lesson(easy[1].scene, network(easy[1].scene).detach())]
    losses, _ = train(network, contrary[:1], watched, steps=25, learning_rate=1e-3)
    assert losses[-1] < losses[0]
    for name, kept in network.state_dict().items():
        assert torch.equal(kept, before[name]), name


def test_it_ends_when_nothing_comes_of_it(
    easy: list[Lesson], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHECK_EVERY", 2)
    network = load_network()
    watched = [Lesson(easy[1].scene, network(easy[1].scene).detach())]
    losses, stopped = train(network, easy[:1], watched, steps=500)
    assert len(losses) == 2 * module._PATIENCE
    assert not stopped


def test_stop_keeps_what_was_learnt(easy: list[Lesson]) -> None:
    network = blank()
    losses, stopped = train(
        network,
        easy[:1],
        easy[1:],
        lambda progress: progress.step == 12,
        steps=40,
        learning_rate=1e-2,
    )
    assert stopped
    assert len(losses) == 12
    assert watched_loss(network, easy[1:]) < 1


def test_the_same_seed_trains_the_same(easy: list[Lesson]) -> None:
    state = torch.random.get_rng_state()
    (first, _), (second, _) = (
        train(load_network(), easy[:1], easy[1:], steps=5) for _ in range(2)
    )
    assert first == second
    assert torch.equal(state, torch.random.get_rng_state())  # the global one is left


def test_the_best_weights_come_back() -> None:
    network = blank()
    best = _Best(network, loss=1.0)
    torch.nn.init.normal_(network.head.weight)
    best.update(network, loss=0.5)
    kept = network.head.weight.detach().clone()
    torch.nn.init.zeros_(network.head.weight)
    best.update(network, loss=0.7)
    assert best.age == 1
    best.restore(network)
    assert torch.equal(network.head.weight.detach(), kept)


def test_a_lesson_is_of_some_of_the_queries(kriging: FittedKriging) -> None:
    everything = np.arange(kriging.section.n_spots)
    episode = make_episode(kriging, everything, 8, np.random.default_rng(0))
    lesson = Lesson.of(episode, episode.spots[[4, 1]], CPU)
    np.testing.assert_allclose(lesson.residual, episode.residual[[1, 4]], rtol=1e-6)
    assert torch.equal(lesson.scene.queries, episode.scene.queries[[1, 4]])


def test_lessons_without_answers_are_skipped(easy: list[Lesson]) -> None:
    """All hidden spots of a small episode may be among those never trained on."""
    empty = Lesson(easy[0].scene.of_queries(slice(0)), easy[0].residual[:0])
    assert train(load_network(), [empty], easy[1:], steps=3) == ([], False)
    losses, _ = train(load_network(), [empty, easy[0]], [empty], steps=3)
    assert np.isfinite(losses).all()


def test_spots_are_divided(rng: np.random.Generator) -> None:
    taught, watched, judged = divide(100, rng)
    assert [len(taught), len(watched), len(judged)] == [80, 10, 10]
    assert sorted(np.concatenate([taught, watched, judged])) == list(range(100))


def test_library_counts_as_the_first_programme(kriging: FittedKriging) -> None:
    importance = _importance(kriging)
    assert importance.sum() == pytest.approx(1)
    assert importance[0] == importance[1:].max()
    assert (importance > 0).all()


def adapt(kriging: FittedKriging, on_progress=None, **choices: float) -> Adapted:
    config = RunConfig.model_validate({"transformer": choices})
    return run_to_end(adaptation_steps(kriging, config, CPU), on_progress)


def test_without_steps_the_weights_are_those_that_ship(kriging: FittedKriging) -> None:
    adapted = adapt(kriging, episodes=2, steps=0)
    assert adapted.losses == []
    assert not adapted.stopped_early
    for name, weights in load_network().state_dict().items():
        assert torch.equal(adapted.network.state_dict()[name], weights)


def test_without_episodes_everything_is_believed(kriging: FittedKriging) -> None:
    adapted = adapt(kriging, episodes=0, steps=50)
    np.testing.assert_array_equal(
        adapted.gate, open_gate(kriging.programmes.n_channels)
    )
    assert adapted.losses == []


def test_every_episode_is_told(kriging: FittedKriging) -> None:
    seen: list[Progress] = []
    adapted = adapt(kriging, seen.append, episodes=3, steps=4)
    assert [p.step for p in seen if p.phase == "Hiding spots to judge by"] == [1, 2, 3]
    assert [p.step for p in seen if p.phase == "Training"] == [1, 2, 3, 4]
    assert len(adapted.losses) == 4
    assert not adapted.network.training


@pytest.mark.parametrize("episodes", [1, 2])
def test_few_episodes_are_no_error(kriging: FittedKriging, episodes: int) -> None:
    adapted = adapt(kriging, episodes=episodes, steps=3)
    assert np.isfinite(adapted.losses).all()
    assert np.isfinite(adapted.gate).all()


def test_one_episode_is_no_training(kriging: FittedKriging) -> None:
    """What is learnt could not be watched: it is not even begun."""
    assert adapt(kriging, episodes=1, steps=3).losses == []


def test_episodes_are_spread_over_more_parts_than_there_are(
    kriging: FittedKriging, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four episodes on a section of about a dozen parts: not the first four."""
    seen: list[Episode] = []

    def remember(*given: object) -> Episode:
        seen.append(make_episode(*given))
        return seen[-1]

    monkeypatch.setattr(adaptation, "make_episode", remember)
    config = RunConfig.model_validate(
        {"kriging": {"window": 60}, "transformer": {"episodes": 4}}
    )
    run_to_end(adaptation_steps(kriging, config, CPU))
    row = kriging.section.pitch_rc[np.concatenate([e.spots for e in seen])]
    middle, extent = kriging.section.pitch_rc.mean(axis=0), np.ptp(row, axis=0)
    for axis in (0, 1):
        beyond = (row[:, axis] > middle[axis]).mean()
        assert 0.2 < beyond < 0.8
    assert (extent > 12).all()


def test_where_nothing_can_be_predicted_all_channels_count_alike(
    kriging: FittedKriging,
) -> None:
    left_out = SimpleNamespace(mean=np.zeros_like(kriging.programmes.scores))
    silent = SimpleNamespace(
        programmes=kriging.programmes, decoder=SimpleNamespace(left_out=left_out)
    )
    importance = _importance(silent)
    assert importance.min() == importance.max() > 0


def test_stop_while_hiding_spots(kriging: FittedKriging) -> None:
    adapted = adapt(kriging, lambda progress: progress.step == 2, episodes=6, steps=9)
    assert adapted.stopped_early
    assert adapted.losses == []
    assert np.isfinite(adapted.gate).all()


@pytest.mark.parametrize(("n_steps", "rising"), [(10, 0.1), (20, 0.05), (300, 0.1)])
def test_the_rate_rises_and_falls(n_steps: int, rising: float) -> None:
    weight = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.AdamW([weight], lr=1.0)
    schedule = module.one_cycle(optimiser, 2e-3, n_steps, rising)
    rates = []
    for _ in range(n_steps):
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    assert max(rates) == pytest.approx(2e-3, rel=0.05)
    assert np.argmax(rates) == pytest.approx(rising * n_steps - 1, abs=1)
    assert rates[-1] < 1e-4
