"""Training and fields of `published` and `dist`: honest, repeatable, interruptible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import sparse

from napari_stentrans.config import DistConfig, PublishedConfig, RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import ComputeError, InvalidRequestError
from napari_stentrans.evaluation.holdout import hold_out
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.gene_images import enhancer as enhancer_module
from napari_stentrans.methods.gene_images.fitted import FittedImages
from napari_stentrans.methods.gene_images.lesson import make_lesson
from napari_stentrans.methods.published.enhancer import Published
from napari_stentrans.progress import Progress
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.section import Section

METHODS = ["published", "dist"]
QUICK = RunConfig.model_validate(
    {
        "device": "cpu",
        "published": {"epochs": 2, "depth": 2, "batch": 64},
        "dist": {"epochs": 2, "width": 8, "batch": 64},
    }
)


@pytest.fixture(scope="module")
def small() -> Section:
    """A square section of a hundred spots and a few genes."""
    return simulated_section(
        lattice="square", n_rows=11, n_cols=11, n_genes=12, mean_library=300
    ).section


def fit(method: str, section: Section, config: RunConfig = QUICK) -> FittedImages:
    fitted = get_method(method).fit(section, config)
    assert isinstance(fitted, FittedImages)
    return fitted


def test_held_back_spots_are_no_targets(small):
    section = small
    lesson = make_lesson(section, np.random.default_rng(0))
    assert not (lesson.target & lesson.held_back).any()
    np.testing.assert_array_equal(
        lesson.target | lesson.held_back, lesson.placement.occupied
    )
    assert lesson.held_back.sum() == round(0.1 * lesson.placement.occupied.sum())


def test_rare_genes_are_not_trained_on(small):
    section = small
    values = section.counts.toarray()
    values[6:, 2] = 0
    section = section.with_counts(sparse.csr_matrix(values))
    lesson = make_lesson(section, np.random.default_rng(0))
    assert 2 not in lesson.genes


@pytest.mark.parametrize("method", METHODS)
def test_too_few_spots_are_refused(method, small):
    with pytest.raises(InvalidRequestError, match="too few neighbouring spots"):
        fit(method, small.subset(np.arange(5)))


@pytest.mark.parametrize("method", METHODS)
def test_nothing_expressed_is_refused(method, small):
    section = small
    empty = section.with_counts(sparse.csr_matrix(section.counts.shape, dtype="f4"))
    with pytest.raises(InvalidRequestError, match="nothing to train on"):
        fit(method, empty)


def test_published_settings_follow_the_array(small):
    hexagonal = simulated_section(lattice="hex", n_genes=5).section
    of_hex = Published().settings(hexagonal, RunConfig())
    of_square = Published().settings(small, RunConfig())
    assert (of_hex.patch, of_hex.heads) == (8, 8)
    assert (of_square.patch, of_square.heads) == (3, 4)
    chosen = RunConfig(published=PublishedConfig(patch=5, heads=2))
    assert Published().settings(hexagonal, chosen) == chosen.published


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", list(LatticeKind))
def test_any_section_at_any_position(method, kind):
    section = simulated_section(
        lattice=kind, n_rows=12, n_cols=12, n_genes=8, mean_library=300
    ).section
    for task in ("upsample", "dropout", "region"):
        held_out = hold_out(section, task, 0)
        fitted = fit(method, held_out.reduced)
        for found in (
            fitted.predict(np.concatenate([held_out.hidden_rc, [[-7.0, 60.0]]])),
            fitted.denoise(),
        ):
            assert np.isfinite(found.mean).all()
            assert (found.mean >= 0).all()
            assert (found.sd > 0).all()
            assert found.mean.dtype == found.sd.dtype == np.float32


@pytest.mark.parametrize("method", METHODS)
def test_hidden_spots_leave_no_trace(method, simulated):
    section = simulated.section
    held_out = hold_out(section, "dropout", 0)
    values = section.counts.toarray()
    values[held_out.hidden] += 100
    other = hold_out(section.with_counts(sparse.csr_matrix(values)), "dropout", 0)
    one = fit(method, held_out.reduced).predict(held_out.hidden_rc)
    two = fit(method, other.reduced).predict(other.hidden_rc)
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.sd, two.sd)


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_result(method, simulated):
    state = torch.random.get_rng_state()
    positions = simulated.section.array_rc[:9] + 0.5
    one, two = (fit(method, simulated.section).predict(positions) for _ in range(2))
    np.testing.assert_array_equal(one.mean, two.mean)
    assert torch.equal(state, torch.random.get_rng_state())  # the global one is left
    other = QUICK.model_copy(update={"seed": 1})
    assert (
        fit(method, simulated.section, other).predict(positions).mean != one.mean
    ).any()


@pytest.mark.parametrize("method", METHODS)
def test_genes_read_apart_or_together(method, simulated):
    field = fit(method, simulated.section).field(np.array([[3.5, 4.0], [2.0, 2.0]]))
    together = field.read(np.array([7, 2, 5]))
    for column, gene in enumerate((7, 2, 5)):
        alone = field.read(np.array([gene]))
        np.testing.assert_allclose(
            alone.mean[:, 0], together.mean[:, column], rtol=1e-4, atol=1e-4
        )


@pytest.mark.parametrize("method", METHODS)
def test_training_lowers_the_loss(method, simulated):
    longer = QUICK.model_copy(
        update={
            "published": PublishedConfig(epochs=20, depth=2, batch=32),
            "dist": DistConfig(epochs=20, width=8, batch=32),
        }
    )
    losses = fit(method, simulated.section, longer).trained.losses
    assert len(losses) == 20
    assert losses[-1] < 0.85 * losses[0]


def test_a_network_can_learn_a_section_by_heart(simulated):
    """Everything is wired: gradients reach what they must."""
    section = simulated.section
    config = QUICK.model_copy(
        update={"published": PublishedConfig(epochs=200, depth=2, batch=16)}
    )
    few = replace(section, counts=section.counts[:, :16], var=section.var.iloc[:16])
    losses = fit("published", few, config).trained.losses
    assert losses[-1] < 0.25 * losses[0]


@pytest.mark.parametrize("method", METHODS)
def test_stop_keeps_what_there_is(method, simulated):
    seen: list[Progress] = []

    def stop_at_step_3(progress: Progress) -> bool:
        seen.append(progress)
        return progress.phase == "Training" and progress.step == 3

    fitted = get_method(method).fit(simulated.section, QUICK, stop_at_step_3)
    assert isinstance(fitted, FittedImages)
    assert fitted.facts["stopped_early"]
    assert fitted.facts["epochs"] == 1
    trained = [progress for progress in seen if progress.phase == "Training"]
    assert [progress.step for progress in trained] == [1, 2, 3]
    assert np.isfinite(fitted.predict(np.array([[3.5, 3.5]])).sd).all()


@pytest.mark.parametrize("method", METHODS)
def test_rare_genes_are_flat(method, simulated):
    section = simulated.section
    values = section.counts.toarray()
    values[:, 0] = 0
    values[:2, 0] = 3
    changed = section.with_counts(sparse.csr_matrix(values))
    found = fit(method, changed).predict(section.array_rc).mean[:, 0]
    np.testing.assert_allclose(found, 6 / section.n_spots, rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_mask_lets_holes_be_filled(method):
    """Without it a missing spot is read as zero, and redrawn as such."""
    simulated = simulated_section(
        lattice="square", n_rows=18, n_cols=18, n_genes=60, seed=5, mean_library=20_000
    )
    held_out = hold_out(simulated.section, "dropout", 0)
    truth = held_out.section.counts[held_out.hidden]
    level = {}
    for mask in (False, True):
        config = RunConfig.model_validate(
            {
                "device": "cpu",
                "published": {
                    "epochs": 100,
                    "depth": 1,
                    "batch": 20,
                    "learning_rate": 3e-3,
                    "mask": mask,
                },
                "dist": {
                    "epochs": 40,
                    "width": 16,
                    "batch": 20,
                    "learning_rate": 5e-3,
                    "mask": mask,
                },
            }
        )
        predicted = fit(method, held_out.reduced, config).predict(held_out.hidden_rc)
        level[mask] = predicted.mean.sum() / truth.sum()
    assert level[False] < 0.4
    assert level[True] > 0.6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("task", ["upsample", "dropout"])
def test_nine_of_ten_hidden_counts_lie_within_the_interval(method, task):
    simulated = simulated_section(
        lattice="square", n_rows=26, n_cols=26, n_genes=120, seed=4, mean_library=3000
    )
    held_out = hold_out(simulated.section, task, 0)
    means = np.asarray(held_out.reduced.counts.mean(axis=0)).ravel()
    expressed = np.flatnonzero(means > 3)
    read = fit(method, held_out.reduced).field(held_out.hidden_rc).read(expressed)
    inside = np.abs(held_out.truth(expressed) - read.mean) <= 1.645 * read.sd
    assert len(expressed) > 20
    assert 0.82 <= inside.mean() <= 0.97


@pytest.mark.parametrize("method", METHODS)
def test_out_of_memory_says_what_to_do(method, simulated, monkeypatch):
    def full(*_args: object):
        raise torch.OutOfMemoryError("CUDA out of memory")
        yield

    monkeypatch.setattr(enhancer_module, "training_steps", full)
    with pytest.raises(ComputeError, match="'cpu'"):
        fit(method, simulated.section)
