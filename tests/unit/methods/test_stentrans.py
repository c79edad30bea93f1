"""The default method as a whole: better than kriging, stoppable, repeatable."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from napari_stentrans.config import RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.datasets.simulated import SimulatedSection
from napari_stentrans.errors import DeviceMemoryError, InvalidRequestError
from napari_stentrans.keys import HELDOUT_KRIGING_PCC, HELDOUT_PCC
from napari_stentrans.methods.base import Fitted, get_method
from napari_stentrans.methods.device import resolve_device
from napari_stentrans.methods.kriging.enhancer import FittedKriging
from napari_stentrans.methods.programmes import scores_on
from napari_stentrans.methods.stentrans import enhancer as module
from napari_stentrans.methods.stentrans.fitted import FittedStEnTrans
from napari_stentrans.methods.stentrans.model import StEnTransModel
from napari_stentrans.pipeline import enhance
from napari_stentrans.progress import Progress

STANDARD = RunConfig()


def fit(simulated: SimulatedSection, config: RunConfig, on_progress=None) -> Fitted:
    return get_method("stentrans").fit(simulated.section, config, on_progress)


@pytest.mark.parametrize(("lattice", "seed"), [("square", 3), ("hex", 1)])
def test_programmes_at_hidden_spots_are_nearer_the_truth_than_kriged(
    lattice: str, seed: int
) -> None:
    simulated = simulated_section(
        lattice=lattice, n_rows=18, n_cols=18, n_genes=120, seed=seed, mean_library=3000
    )
    section = simulated.section
    hidden = np.random.default_rng(1).random(section.n_spots) < 0.2
    fitted = get_method("stentrans").fit(section.subset(~hidden), STANDARD)
    assert isinstance(fitted, FittedStEnTrans)
    programmes = fitted.kriging.programmes
    expected = section.with_counts(sparse.csr_matrix(simulated.truth))
    truth = scores_on(expected.subset(hidden), programmes)[:, 1:]

    def missed(some: FittedStEnTrans | FittedKriging) -> float:
        estimate = some.field(section.array_rc[hidden]).estimate  # type: ignore[attr-defined]
        error = ((estimate.mean[:, 1:] - truth) ** 2).mean(axis=0)
        return float(error @ programmes.strength[1:] ** 2)

    assert missed(fitted) < 0.97 * missed(fitted.kriging)


def test_denoised_spots_are_nearer_the_truth(
    fitted: FittedStEnTrans, simulated: SimulatedSection
) -> None:
    truth = simulated.truth * simulated.spot_factor[:, None]  # its own library is kept

    def missed(counts: np.ndarray) -> float:
        return float(((np.sqrt(counts) - np.sqrt(truth)) ** 2).mean())

    denoised = fitted.denoise()
    assert (denoised.mean >= 0).all()
    assert (denoised.sd >= 0).all()
    assert missed(denoised.mean) < 0.75 * missed(simulated.section.counts.toarray())


def test_first_the_preview_then_the_result(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    seen: list[Progress] = []
    found = fit(simulated, quick, seen.append)
    previews = [p.partial for p in seen if p.partial is not None]
    assert len(previews) == 1
    assert isinstance(previews[0], FittedKriging)
    assert isinstance(found, FittedStEnTrans)
    assert [p.step for p in seen if p.phase == "Training"] == list(range(1, 21))


def test_same_seed_same_result(simulated: SimulatedSection, quick: RunConfig) -> None:
    at = simulated.section.array_rc[:30] + 0.5
    state = torch.random.get_rng_state()
    # two new ones: what was read of one before decides how sums of others round
    once, again = (fit(simulated, quick).predict(at) for _ in range(2))
    assert torch.equal(state, torch.random.get_rng_state())  # the global one is left
    np.testing.assert_array_equal(again.mean, once.mean)
    np.testing.assert_array_equal(again.sd, once.sd)


def test_another_seed_judges_by_other_spots(
    fitted: FittedStEnTrans, simulated: SimulatedSection, quick: RunConfig
) -> None:
    other = fit(simulated, quick.model_copy(update={"seed": 1}))
    assert isinstance(other, FittedStEnTrans)
    assert not np.allclose(other.adapted.gate, fitted.adapted.gate)


def test_positions_do_not_depend_on_each_other(
    fitted: FittedStEnTrans, simulated: SimulatedSection
) -> None:
    at = simulated.section.array_rc[:30] + 0.5
    alone, together = fitted.predict(at[7:9]).mean, fitted.predict(at).mean
    np.testing.assert_allclose(alone, together[7:9], rtol=1e-4)


def test_no_positions_are_no_error(fitted: FittedStEnTrans) -> None:
    assert fitted.predict(np.zeros((0, 2))).mean.shape == (0, 120)


def test_a_closed_gate_leaves_kriging(
    fitted: FittedStEnTrans, simulated: SimulatedSection
) -> None:
    closed = replace(fitted.adapted, gate=np.zeros_like(fitted.adapted.gate))
    at = simulated.section.array_rc[:30] + 0.5
    shut = replace(fitted, adapted=closed).field(at)
    kriged = fitted.kriging.field(at)
    np.testing.assert_allclose(shut.estimate.mean, kriged.estimate.mean)  # type: ignore[attr-defined]


def test_genes_know_both_scores(fitted: FittedStEnTrans) -> None:
    scores = fitted.gene_scores(np.arange(120))
    assert scores[HELDOUT_PCC].mean() >= scores[HELDOUT_KRIGING_PCC].mean()
    assert list(scores.index) == list(fitted.section.genes)


@pytest.mark.parametrize(
    ("phase", "n_steps"), [("Hiding spots to judge by", 0), ("Training", 5)]
)
def test_stop_keeps_what_there_is(
    simulated: SimulatedSection, quick: RunConfig, phase: str, n_steps: int
) -> None:
    seen: list[str] = []

    def stop(progress: Progress) -> bool:
        seen.append(progress.phase)
        return progress.phase == phase and progress.step == max(1, n_steps)

    found = fit(simulated, quick, stop)
    assert isinstance(found, FittedStEnTrans)
    assert found.adapted.stopped_early
    assert len(found.adapted.losses) == n_steps
    assert seen.count(phase) == max(1, n_steps)
    predicted = found.predict(simulated.section.array_rc[:5] + 0.5)
    assert np.isfinite(predicted.mean).all()


def test_stop_at_the_preview_keeps_kriging(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    found = fit(simulated, quick, lambda progress: progress.partial is not None)
    assert isinstance(found, FittedKriging)
    assert found.facts["stopped_early"]


def test_too_few_spots_to_judge_are_kriged(simulated: SimulatedSection) -> None:
    few = simulated.section.subset(np.arange(39))
    found = get_method("stentrans").fit(few, STANDARD)
    assert isinstance(found, FittedKriging)


def test_the_fit_tells_how_far_it_is_believed(
    simulated: SimulatedSection, quick: RunConfig
) -> None:
    result = enhance(simulated.section, config=quick, refine=2)
    told = result.provenance["fit"]
    assert told["training_steps"] == 20
    assert not told["stopped_early"]
    assert isinstance(result.fitted, FittedStEnTrans)
    near, far = result.fitted.adapted.gate.mean(axis=1)
    assert told["gate_near"] == pytest.approx(near, abs=1e-3)
    assert told["gate_far"] == pytest.approx(far, abs=1e-3)


def test_out_of_memory_says_what_to_do(
    simulated: SimulatedSection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_args: object):
        raise torch.OutOfMemoryError("CUDA out of memory")
        yield

    model = StEnTransModel.of(fit(simulated, STANDARD)).save(tmp_path / "kept.npz")
    monkeypatch.setattr(module, "adaptation_steps", full)
    for config in (STANDARD, STANDARD.model_copy(update={"model": str(model)})):
        with pytest.raises(DeviceMemoryError, match="'cpu'"):
            fit(simulated, config)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there() -> None:
    with pytest.raises(InvalidRequestError, match="no cuda device"):
        resolve_device("cuda")
