"""Networks of gene images: rasters, lessons, training, fields of both methods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse

from napari_stentrans.config import DistConfig, PublishedConfig, RunConfig
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import ComputeError, InvalidRequestError, ReadError
from napari_stentrans.evaluation.holdout import hold_out
from napari_stentrans.methods.base import get_method
from napari_stentrans.methods.dist.network import DistNetwork
from napari_stentrans.methods.gene_images import enhancer as enhancer_module
from napari_stentrans.methods.gene_images.fitted import FittedImages
from napari_stentrans.methods.gene_images.lesson import make_lesson
from napari_stentrans.methods.gene_images.network import interleave
from napari_stentrans.methods.gene_images.raster import (
    Placement,
    coarsest_lattice,
    full_raster,
    training_placement,
)
from napari_stentrans.methods.published.enhancer import Published
from napari_stentrans.methods.published.network import (
    PublishedNetwork,
    read_weights,
    sinusoid,
)
from napari_stentrans.progress import Progress
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.section import Section

METHODS = ["published", "dist"]
QUICK = RunConfig.model_validate(
    {
        "device": "cpu",
        "published": {"epochs": 2, "depth": 2, "batch": 64},
        "dist": {"epochs": 2, "width": 8, "batch": 64},
    }
)
KINDS = [LatticeKind.SQUARE, LatticeKind.HEX, LatticeKind.QUINCUNX]


def sites(kind: LatticeKind, n: int = 8) -> np.ndarray:
    grid = np.stack(np.mgrid[:n, :n], axis=-1).reshape(-1, 2)
    if kind in (LatticeKind.HEX, LatticeKind.QUINCUNX):
        grid[:, 1] = 2 * grid[:, 1] + grid[:, 0] % 2
    return grid.astype(float)


def section_of(array_rc: np.ndarray, kind: LatticeKind, n_genes: int = 6) -> Section:
    counts = np.random.default_rng(0).poisson(4, (len(array_rc), n_genes))
    return Section(
        name="made by hand",
        counts=sparse.csr_matrix(counts.astype(np.float32)),
        obs=pd.DataFrame(index=[f"spot{i}" for i in range(len(array_rc))]),
        var=pd.DataFrame(index=[f"gene{i}" for i in range(n_genes)]),
        array_rc=np.asarray(array_rc, dtype=float),
        lattice=Lattice(kind),
    )


def fit(method: str, section: Section, config: RunConfig = QUICK) -> FittedImages:
    fitted = get_method(method).fit(section, config)
    assert isinstance(fitted, FittedImages)
    return fitted


# --- rasters ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_spot_has_its_own_pixel_and_keeps_its_place(kind):
    section = section_of(sites(kind), kind)
    raster = full_raster(section)
    assert len(np.unique(raster.spots.pixel)) == section.n_spots
    assert len(raster.refined_rc) == 4 * np.prod(raster.spots.shape)
    np.testing.assert_allclose(
        raster.refined_rc[raster.pixel_of_spot], section.pitch_rc, atol=1e-9
    )
    np.testing.assert_array_equal(
        raster.nearest(section.pitch_rc), raster.pixel_of_spot
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [0, 1, 2, 3])
def test_a_thinned_section_fills_its_raster(kind, offset):
    """Every second row and column is a full picture, not one with gaps."""
    reduced = hold_out(section_of(sites(kind), kind), "upsample", offset).reduced
    assert coarsest_lattice(reduced).step_rc == (2, 2)
    occupied = full_raster(reduced).spots.occupied
    assert occupied.mean() > 0.75


@pytest.mark.parametrize("kind", KINDS)
def test_hidden_positions_between_are_pixels_of_their_own(kind):
    held_out = hold_out(section_of(sites(kind, 9), kind), "upsample", 0)
    raster = full_raster(held_out.reduced)
    hidden = held_out.section.pitch_rc[held_out.hidden]
    distance = np.linalg.norm(
        raster.refined_rc[raster.nearest(hidden)] - hidden, axis=1
    )
    inside = ((hidden > 1) & (hidden < hidden.max(axis=0) - 1)).all(axis=1)
    assert inside.sum() > 15
    assert distance[inside].max() < 1e-9


def test_positions_outside_take_the_nearest_pixel():
    raster = full_raster(section_of(sites(LatticeKind.SQUARE), LatticeKind.SQUARE))
    pixel = raster.nearest(np.array([[-5.0, -5.0], [30.0, 0.0]]))
    np.testing.assert_allclose(raster.refined_rc[pixel], [[0, 0], [7.5, 0]])


def test_training_pixels_are_trimmed_or_pushed_together():
    square = training_placement(
        section_of(sites(LatticeKind.SQUARE, 5), LatticeKind.SQUARE)
    )
    assert square.shape == (4, 4)
    assert len(square.spot) == 16
    hexagonal = training_placement(
        section_of(sites(LatticeKind.HEX, 6), LatticeKind.HEX)
    )
    odd = hexagonal.pixel_rc[:, 0] % 2 == 1
    assert hexagonal.pixel_rc[odd, 1].min() == 1  # odd rows stand one to the right
    assert hexagonal.pixel_rc[~odd, 1].min() == 0


def test_crowded_pixels_are_averaged():
    placement = Placement(np.arange(3), np.array([[0, 0], [0, 0], [1, 1]]), (2, 2))
    drawn = placement.images(sparse.csc_matrix([[2.0], [4.0], [5.0]]))
    np.testing.assert_array_equal(drawn, [[[3, 0], [0, 5]]])


def test_scattered_spots_are_refused():
    far = np.array([[0, 0], [0, 1], [900, 901]])
    with pytest.raises(InvalidRequestError, match="too scattered"):
        full_raster(section_of(far, LatticeKind.SQUARE))


# --- lessons ---------------------------------------------------------------------


def test_held_back_spots_are_no_targets():
    section = section_of(sites(LatticeKind.SQUARE), LatticeKind.SQUARE)
    lesson = make_lesson(section, section.counts.tocsc(), np.random.default_rng(0))
    assert not (lesson.target & lesson.held_back).any()
    np.testing.assert_array_equal(
        lesson.target | lesson.held_back, lesson.placement.occupied
    )
    assert lesson.held_back.sum() == 6


def test_rare_genes_are_not_trained_on():
    section = section_of(sites(LatticeKind.SQUARE), LatticeKind.SQUARE)
    values = section.counts.toarray()
    values[6:, 2] = 0  # 6 of 64 spots
    section = section.with_counts(sparse.csr_matrix(values))
    lesson = make_lesson(section, section.counts.tocsc(), np.random.default_rng(0))
    assert 2 not in lesson.genes


@pytest.mark.parametrize("method", METHODS)
def test_too_few_spots_are_refused(method):
    section = section_of(sites(LatticeKind.SQUARE, 2), LatticeKind.SQUARE)
    with pytest.raises(InvalidRequestError, match="too few neighbouring spots"):
        fit(method, section)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_expressed_is_refused(method):
    section = section_of(sites(LatticeKind.SQUARE), LatticeKind.SQUARE)
    empty = section.with_counts(sparse.csr_matrix(section.counts.shape, dtype="f4"))
    with pytest.raises(InvalidRequestError, match="nothing to train on"):
        fit(method, empty)


# --- networks --------------------------------------------------------------------


def test_sub_pixels_are_interleaved():
    channels = torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1, 1)
    assert interleave(channels).tolist() == [[[1, 2], [3, 4]]]


def test_position_encoding_by_a_naive_loop():
    found = sinusoid(5, 8)
    for token in range(5):
        for feature in range(0, 8, 2):
            angle = token / 10000 ** (2 * feature / 8)
            assert found[token, feature] == pytest.approx(np.sin(angle))
            assert found[token, feature + 1] == pytest.approx(np.cos(angle))


def test_a_token_is_laid_out_as_its_patch_of_four_images():
    network = PublishedNetwork(2, 1, 1)
    tokens = torch.arange(2 * 3 * 16.0).reshape(1, 6, 16)
    laid = network._lay_out(tokens, 3)
    assert laid.shape == (1, 4, 4, 6)
    for token, row, col, channel in [(0, 0, 0, 0), (4, 1, 0, 3), (5, 1, 1, 2)]:
        expected = tokens[0, token, (row * 2 + col) * 4 + channel]
        place = 2 * (token // 3) + row, 2 * (token % 3) + col
        assert laid[0, channel, *place] == expected


@pytest.mark.parametrize("size", [(5, 7), (6, 6), (1, 1)])
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("kind", METHODS)
def test_networks_double_images_of_any_size(kind, size, mask):
    network = (
        PublishedNetwork(3, 4, 1, mask=mask)
        if kind == "published"
        else DistNetwork(4, 2, mask=mask)
    )
    images = torch.rand(2, *size)
    seen = network.channels(images, torch.ones(size, dtype=torch.bool))
    assert seen.shape[1] == 1 + mask
    assert network(seen).shape == (2, 4, *size)


def test_residual_adds_the_input():
    torch.manual_seed(0)
    plain, added = PublishedNetwork(3, 4, 1), PublishedNetwork(3, 4, 1, residual=True)
    added.load_state_dict(plain.state_dict())
    images = torch.rand(2, 1, 6, 6)
    torch.testing.assert_close(added(images) - plain(images), images.expand(2, 4, 6, 6))


def test_dist_starts_close_to_the_repeated_input():
    torch.manual_seed(0)
    images = torch.rand(4, 1, 9, 9)
    difference = DistNetwork(64, 2)(images) - images
    assert difference.abs().mean() < 0.2 * images.mean()


def test_heads_that_do_not_fit_are_refused():
    with pytest.raises(InvalidRequestError, match="5 heads do not divide the 36"):
        PublishedNetwork(3, 5, 1)


def test_weights_that_are_none_are_refused(tmp_path):
    torch.save({"something": torch.zeros(1)}, tmp_path / "other.params")
    (tmp_path / "text.params").write_text("no weights")
    for name in ("other.params", "text.params", "absent.params"):
        with pytest.raises(ReadError, match=name):
            read_weights(tmp_path / name)


def test_weights_are_read_back(tmp_path):
    network = PublishedNetwork(2, 2, 3)
    torch.save(network.state_dict(), tmp_path / "own.params")
    read = read_weights(tmp_path / "own.params", heads=2)
    images = torch.rand(1, 1, 5, 5)
    torch.testing.assert_close(read(images), network(images))


# --- fitting ---------------------------------------------------------------------


def test_published_settings_follow_the_array():
    hexagonal = section_of(sites(LatticeKind.HEX), LatticeKind.HEX)
    square = section_of(sites(LatticeKind.SQUARE), LatticeKind.SQUARE)
    of_hex = Published().settings(hexagonal, RunConfig())
    of_square = Published().settings(square, RunConfig())
    assert (of_hex.patch, of_hex.heads) == (8, 8)
    assert (of_square.patch, of_square.heads) == (3, 4)
    chosen = RunConfig(published=PublishedConfig(patch=5, heads=2))
    assert Published().settings(hexagonal, chosen) == chosen.published


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", list(LatticeKind))
def test_any_section_at_any_position(method, kind):
    array_rc = sites(kind)
    if kind is LatticeKind.IRREGULAR:
        array_rc += np.random.default_rng(1).uniform(-0.3, 0.3, array_rc.shape)
    section = section_of(array_rc, kind)
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
