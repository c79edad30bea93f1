"""Scores told along the way: error at hidden spots, as a share of kriging's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_stentrans.config import RunConfig, TransformerConfig
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans.adaptation import adaptation_steps
from napari_stentrans.methods.stentrans.correction import correct
from napari_stentrans.methods.stentrans.episodes import Episode, make_episode
from napari_stentrans.methods.stentrans.gate import judge_steps
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.progress import Progress, run_to_end


@pytest.fixture(scope="module")
def episode(kriging: FittedKriging) -> Episode:
    everything = np.arange(kriging.section.n_spots)
    return make_episode(kriging, everything, 24, np.random.default_rng(0))


def told(network: SpotTransformer, *episodes: Episode) -> list[float]:
    seen: list[Progress] = []
    run_to_end(judge_steps(network, list(episodes)), seen.append)
    return [progress.scores["network"] for progress in seen]


def test_each_episode_tells_what_its_corrections_leave(
    shipped: SpotTransformer, episode: Episode
) -> None:
    said = correct(shipped, episode.scene)
    right = replace(episode, residual=said)
    half = replace(episode, residual=2 * said)
    wrong = replace(episode, residual=-said)
    assert told(shipped, right, half, wrong) == pytest.approx([0, 0.25, 4], abs=1e-6)


def test_saying_nothing_is_as_good_as_kriging(
    shipped: SpotTransformer, episode: Episode, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_stentrans.methods.stentrans import gate

    nothing = np.zeros(episode.residual.shape)
    monkeypatch.setattr(gate, "correct", lambda _network, _scene: nothing)
    assert told(shipped, episode) == [1.0]


def test_no_score_without_spots_to_judge(
    shipped: SpotTransformer, episode: Episode
) -> None:
    seen: list[Progress] = []
    nobody = np.array([], dtype=int)
    run_to_end(judge_steps(shipped, [episode], nobody), seen.append)
    assert [progress.scores for progress in seen] == [{}]


def test_training_tells_a_score_at_its_checks(kriging: FittedKriging) -> None:
    config = RunConfig(transformer=TransformerConfig(episodes=4, steps=30))
    seen: list[Progress] = []
    run_to_end(adaptation_steps(kriging, config, torch.device("cpu")), seen.append)
    training = [progress for progress in seen if progress.phase == "Training"]
    assert [p.step for p in training if p.scores] == [1, 25, 30]
    assert all(0 < p.scores["network"] < 3 for p in training if p.scores)
    assert all(p.loss is not None for p in training)
