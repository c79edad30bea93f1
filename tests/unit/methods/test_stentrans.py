"""The Transformer: locality, honesty of training and gate, stop and repeat."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_stentrans.config import RunConfig, TransformerConfig
from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.errors import ComputeError, InvalidRequestError
from napari_stentrans.methods.base import Fitted, get_method
from napari_stentrans.methods.device import resolve_device
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.stentrans import enhancer as enhancer_module
from napari_stentrans.methods.stentrans.enhancer import FittedStEnTrans
from napari_stentrans.methods.stentrans.episodes import make_episode
from napari_stentrans.methods.stentrans.gate import _factor
from napari_stentrans.methods.stentrans.masking import random_mask
from napari_stentrans.methods.stentrans.network import SpotTransformer
from napari_stentrans.methods.stentrans.training import _Best, _divide
from napari_stentrans.pipeline import enhance
from napari_stentrans.progress import Progress, run_to_end
from napari_stentrans.request import resolve_config

SMALL = TransformerConfig(width=16, depth=1, heads=2)


@pytest.fixture(scope="module")
def kriging(simulated: SimulatedSection) -> FittedKriging:
    fitted = get_method("kriging").fit(simulated.section)
    assert isinstance(fitted, FittedKriging)
    return fitted


@pytest.fixture
def network(kriging: FittedKriging) -> SpotTransformer:
    torch.manual_seed(0)
    n = kriging.programmes.n_channels
    return SpotTransformer(3 * n, 2 * n, n - 1, SMALL).eval()


def awake(network: SpotTransformer) -> SpotTransformer:
    """Give the silent head weights, so that something comes out."""
    torch.nn.init.normal_(network.head.weight)
    return network


def run(network: SpotTransformer, scene) -> torch.Tensor:
    with torch.no_grad():
        return network(
            scene.spot_features,
            scene.query_features,
            scene.spot_near,
            scene.query_near,
        )


@pytest.fixture
def episode(kriging: FittedKriging):
    everything = np.arange(kriging.section.n_spots)
    return make_episode(kriging, everything, 8, np.random.default_rng(0))


def test_it_starts_as_kriging(network: SpotTransformer, episode) -> None:
    assert run(network, episode.scene).abs().max() == 0


def test_a_query_does_not_depend_on_the_others(
    network: SpotTransformer, episode
) -> None:
    scene = episode.scene
    everything = run(awake(network), scene)
    near = scene.query_near
    first = type(near)(near.spots[:3], near.distance[:3], near.absent[:3])
    alone = replace(scene, query_features=scene.query_features[:3], query_near=first)
    torch.testing.assert_close(run(network, alone), everything[:3])


def test_far_spots_do_not_matter(network: SpotTransformer, episode) -> None:
    """Changing a spot outside every neighbourhood of a query's neighbours is unseen."""
    scene = episode.scene
    before = run(awake(network), scene)
    of_query = set(scene.query_near.spots[0].tolist())
    reached = of_query | {
        spot for near in of_query for spot in scene.spot_near.spots[near].tolist()
    }
    far = [i for i in range(len(scene.spot_features)) if i not in reached]
    assert far
    changed = scene.spot_features.clone()
    changed[far] += 5.0
    after = run(network, replace(scene, spot_features=changed))
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after, before)


def test_hidden_spots_leave_no_trace(kriging: FittedKriging) -> None:
    """An episode shows the same, whatever the scores of the hidden spots."""
    everything = np.arange(kriging.section.n_spots)
    one = make_episode(kriging, everything, 8, np.random.default_rng(5))
    scores = kriging.programmes.scores.copy()
    scores[one.spots] += 100.0
    altered = replace(kriging, programmes=replace(kriging.programmes, scores=scores))
    two = make_episode(altered, everything, 8, np.random.default_rng(5))
    np.testing.assert_array_equal(one.spots, two.spots)
    assert torch.equal(one.scene.spot_features, two.scene.spot_features)
    assert torch.equal(one.scene.query_features, two.scene.query_features)


@pytest.mark.parametrize("n_spots", [2, 5, 40, 300])
def test_masks_hide_some_and_leave_some(n_spots: int, rng: np.random.Generator) -> None:
    spots = rng.random((n_spots, 2)) * np.sqrt(n_spots)
    for _ in range(30):
        hidden = random_mask(spots, rng)
        assert hidden.any()
        assert (~hidden).sum() >= min(6, n_spots // 2)


def test_the_gate_believes_what_is_borne_out(rng: np.random.Generator) -> None:
    correction = rng.normal(size=(400, 3))
    noise = rng.normal(size=(400, 3)) * 0.1
    worth = np.array([1.0, 0.0, -1.0])
    gate = _factor(correction, correction * worth + noise)
    assert gate[0] > 0.95
    assert gate[1] < 0.02
    assert gate[2] == 0.0


def test_a_handful_of_spots_opens_no_gate(rng: np.random.Generator) -> None:
    correction = rng.normal(size=(5, 2))
    assert not _factor(correction, correction).any()


def test_first_the_preview_then_the_result(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    seen: list[Progress] = []
    fitted = get_method("stentrans").fit(simulated.section, quick, seen.append)
    previews = [p.partial for p in seen if p.partial is not None]
    assert len(previews) == 1
    assert isinstance(previews[0], FittedKriging)
    assert isinstance(fitted, FittedStEnTrans)
    assert seen[-1].phase == "Training"
    assert seen[-1].step == seen[-1].n_steps == 20


def test_same_seed_same_result(simulated: SimulatedSection, quick: RunConfig) -> None:
    def predicted() -> np.ndarray:
        fitted = get_method("stentrans").fit(simulated.section, quick)
        assert isinstance(fitted, FittedStEnTrans)
        trusting = replace(
            fitted, trained=replace(fitted.trained, gate=np.ones((2, 20)))
        )
        return trusting.predict(simulated.section.array_rc[:9] + 0.5).mean

    state = torch.random.get_rng_state()
    np.testing.assert_array_equal(predicted(), predicted())
    assert torch.equal(state, torch.random.get_rng_state())  # the global one is left


def test_it_can_learn_an_episode_by_heart(
    network: SpotTransformer, episode, simulated: SimulatedSection
) -> None:
    """Everything is wired: gradients reach what they must, and the loss goes down."""
    optimiser = torch.optim.Adam(network.parameters(), lr=5e-3)
    scene, losses = episode.scene, []
    for _ in range(200):
        units = network(
            scene.spot_features,
            scene.query_features,
            scene.spot_near,
            scene.query_near,
        )
        loss = ((units * scene.query_sd - episode.residual) ** 2)[:, :3].mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.2 * losses[0]


def test_the_best_weights_come_back(network: SpotTransformer) -> None:
    best = _Best(network, loss=1.0)
    awake(network)
    best.update(network, loss=0.5)
    kept = network.head.weight.detach().clone()
    torch.nn.init.zeros_(network.head.weight)
    best.update(network, loss=0.7)
    assert best.age == 1
    best.restore(network)
    torch.testing.assert_close(network.head.weight.detach(), kept)


def test_spots_are_divided(rng: np.random.Generator) -> None:
    taught, watched, judged = _divide(100, rng)
    assert len(taught) == 80
    assert sorted(np.concatenate([taught, watched, judged])) == list(range(100))


def test_stop_keeps_what_there_is(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    def stop_at_step_5(progress: Progress) -> bool:
        return progress.phase == "Training" and progress.step == 5

    fitted = get_method("stentrans").fit(simulated.section, quick, stop_at_step_5)
    assert isinstance(fitted, FittedStEnTrans)
    assert len(fitted.trained.losses) == 5
    assert fitted.trained.stopped_early


def test_stop_while_preparing_ends_at_once(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    seen: list[str] = []

    def stop_in_preparation(progress: Progress) -> bool:
        seen.append(progress.phase)
        return progress.phase == "Preparing the Transformer"

    fitted = get_method("stentrans").fit(simulated.section, quick, stop_in_preparation)
    assert isinstance(fitted, FittedStEnTrans)
    assert seen.count("Preparing the Transformer") == 1
    assert fitted.trained.stopped_early
    assert not fitted.trained.gate.any()


def test_the_fit_tells_how_far_it_is_believed(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    result = enhance(simulated.section, config=quick, refine=2)
    told = result.provenance["fit"]
    assert told["training_steps"] == 20
    assert not told["stopped_early"]
    assert isinstance(result.fitted, FittedStEnTrans)
    near, far = result.fitted.trained.gate.mean(axis=1)
    assert told["gate_near"] == pytest.approx(near, abs=1e-3)
    assert told["gate_far"] == pytest.approx(far, abs=1e-3)


def test_stop_before_training_keeps_kriging(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    fitted: Fitted = get_method("stentrans").fit(
        simulated.section, quick, lambda progress: progress.partial is not None
    )
    assert isinstance(fitted, FittedKriging)


def test_out_of_memory_says_what_to_do(
    simulated: SimulatedSection, quick: RunConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object):
        raise torch.OutOfMemoryError("CUDA out of memory")
        yield

    monkeypatch.setattr(enhancer_module, "training_steps", full)
    with pytest.raises(ComputeError, match="'cpu'"):
        get_method("stentrans").fit(simulated.section, quick)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there() -> None:
    with pytest.raises(InvalidRequestError, match="no cuda device"):
        resolve_device("cuda")


def test_never_far_below_kriging(
    simulated: SimulatedSection, hidden: np.ndarray, quick: RunConfig
) -> None:
    config = resolve_config(quick, transformer={"width": 32, "steps": 100})
    section = simulated.section
    truth = simulated.truth_at(section.array_rc[hidden])
    error = {}
    for name in ("kriging", "stentrans"):
        fitted = get_method(name).fit(section.subset(~hidden), config)
        predicted = fitted.predict(section.array_rc[hidden]).mean
        error[name] = np.mean((np.sqrt(predicted) - np.sqrt(truth)) ** 2)
    assert error["stentrans"] < 1.02 * error["kriging"]


def test_denoising_is_finite(simulated: SimulatedSection, quick: RunConfig) -> None:
    fitted = get_method("stentrans").fit(simulated.section, quick)
    field = run_to_end(fitted.spot_field_steps())
    prediction = field.read(np.arange(120))
    assert prediction.mean.shape == simulated.section.counts.shape
    assert np.isfinite(prediction.mean).all()
    assert (prediction.mean >= 0).all()
