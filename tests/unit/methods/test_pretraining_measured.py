"""Measured sections in pre-training, and the command that pre-trains."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io import read_section
from napari_stentrans.methods.programmes import scores_on
from napari_stentrans.methods.stentrans.network import NetworkShape
from napari_stentrans.methods.stentrans.pretraining import __main__ as command
from napari_stentrans.methods.stentrans.pretraining import measured
from napari_stentrans.methods.stentrans.pretraining.lessons import make_lesson
from napari_stentrans.methods.stentrans.pretraining.measured import measured_scene
from napari_stentrans.methods.stentrans.pretraining.scenes import random_scene
from napari_stentrans.methods.stentrans.pretraining.training import (
    Recipe,
    pretrain,
    untrained,
)
from napari_stentrans.methods.stentrans.weights import load_network
from napari_stentrans.section.section import Section

AS_MEASURED, THINNED = 1, 2
"""Seeds of parts that are as they were measured, and thinned."""


@pytest.fixture(scope="module")
def path(repository: Path) -> Path:
    return repository / "sample_data" / "simulated_st"


@pytest.fixture(scope="module")
def section(path: Path) -> Section:
    return read_section(path)


@pytest.fixture(autouse=True)
def _threads_as_before():
    """Pre-training holds torch to one thread for good."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def as_in(section: Section, scene: measured.KrigedScene, rc: np.ndarray) -> Section:
    """The spots at positions of a scene as the section has them, of its genes."""
    distance, spots = KDTree(section.pitch_rc).query(rc)
    assert distance.max() < 1e-9
    genes = section.gene_index(scene.kriging.section.genes)
    found = section.subset(spots)
    return Section(
        name="as measured",
        counts=found.counts[:, genes],
        obs=found.obs,
        var=found.var.iloc[genes],
        array_rc=found.array_rc,
        lattice=found.lattice,
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_scene_is_a_part_of_the_section(
    section: Section, path: Path, seed: int
) -> None:
    made = measured_scene(seed, path)
    seen = made.kriging.section
    whole = as_in(section, made, seen.pitch_rc)
    assert (whole.counts - seen.counts).min() >= 0
    assert 0.3 * section.n_genes - 1 <= seen.n_genes < section.n_genes
    assert seen.n_spots + len(made.query_rc) <= section.n_spots
    assert KDTree(seen.pitch_rc).query(made.query_rc)[0].min() > 0


def test_what_was_measured_is_the_truth(section: Section, path: Path) -> None:
    made = measured_scene(AS_MEASURED, path)
    hidden = as_in(section, made, made.query_rc)
    np.testing.assert_allclose(made.truth, scores_on(hidden, made.kriging.programmes))
    whole = as_in(section, made, made.kriging.section.pitch_rc)
    assert (whole.counts != made.kriging.section.counts).nnz == 0


def test_of_thinned_counts_the_truth_is_a_mean(section: Section, path: Path) -> None:
    """Nearer to the mean of many thinnings than any one of them is."""
    made = measured_scene(THINNED, path)
    seen = made.kriging.section
    whole = as_in(section, made, seen.pitch_rc)
    share = seen.counts.sum() / whole.counts.sum()
    assert 0.08 < share < 0.75
    hidden, rng = as_in(section, made, made.query_rc), np.random.default_rng(0)
    drawn = np.array(
        [
            scores_on(measured._thinned(hidden, share, rng), made.kriging.programmes)
            for _ in range(40)
        ]
    )
    firm = drawn.mean(axis=0)
    error = ((made.truth - firm) ** 2).mean()
    of_one = ((drawn - firm) ** 2).mean()
    assert 0.05 < error / of_one < 0.3  # the noise of eight, and a little of forty


def test_the_same_seed_makes_the_same_part(path: Path) -> None:
    one, again = (measured_scene(THINNED, path) for _ in range(2))
    np.testing.assert_array_equal(one.truth, again.truth)
    np.testing.assert_array_equal(one.kriged.mean, again.kriged.mean)


def test_only_counts_can_be_thinned(
    section: Section, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        measured, "read_section", lambda _: section.with_counts(section.counts * 1.5)
    )
    measured._read.cache_clear()
    with pytest.raises(InvalidRequestError, match="no counts"):
        measured_scene(0, path)


def test_each_kind_is_drawn_as_often(path: Path) -> None:
    lessons = [
        make_lesson(random_scene, 3, 24),
        make_lesson(random_scene, 2, 24),
        make_lesson(lambda seed: measured_scene(seed, path), AS_MEASURED, 24),
    ]
    kinds = [lessons[:2], lessons[2:]]
    drawn: list[int] = []

    class Watched(list):
        def __getitem__(self, at):
            drawn.append(len(self))
            return super().__getitem__(at)

    pretrain(
        [Watched(kind) for kind in kinds],
        Recipe(steps=3),
        untrained(NetworkShape(width=16, heads=2), 0),
        lambda *_: None,
    )
    assert drawn == [2, 2, 1, 1] * 3


def test_the_command_trains_on_what_it_is_given(
    path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    weights = tmp_path / "weights.npz"

    def run(given: str) -> str:
        few = f"pretraining {weights} --parts 2 --watched 1 --steps 2 --rate 1e-3"
        monkeypatch.setattr(sys, "argv", f"{few} {given}".split())
        command.main()
        return capsys.readouterr().out

    told = run(f"--scenes 2 --sections {path} --unseen {path} --processes 1")
    assert "2 and 2 scenes" in told
    assert "step 0: of what kriging misses simulated_st 0.00%, simulated 0.00%" in told
    first = load_network(weights).head.weight
    assert float(first.detach().abs().max()) > 0
    told = run(f"--scenes 0 --sections {path} --start {weights} --processes 2")
    assert "to learn from: 2 scenes" in told
    assert "0.00%" not in told
    assert not torch.equal(load_network(weights).head.weight, first)
