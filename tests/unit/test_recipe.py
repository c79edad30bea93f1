"""Text that repeats a run: what is copied gives the same result when it is run."""

from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from anndata import read_h5ad
from PIL import Image

from napari_stentrans import enhance, read_section
from napari_stentrans.cli import build_parser
from napari_stentrans.config import (
    KrigingConfig,
    RunConfig,
    TransformerConfig,
    with_preset,
)
from napari_stentrans.datasets import DEMO_SAMPLE, samples, simulated_section
from napari_stentrans.gui.jobs.section_tasks import picturing
from napari_stentrans.io.options import ReadWishes
from napari_stentrans.progress import run_to_end
from napari_stentrans.recipe import Recipe
from napari_stentrans.section.alignment import Alignment, alignment_text
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.part import Box, within
from napari_stentrans.section.raster import SpotRaster

QUICK = RunConfig(
    method="kriging",
    refine=3,
    seed=2,
    kriging=KrigingConfig(n_programmes=4, residuals=False),
)


@pytest.fixture(scope="module")
def section():
    return read_section(samples()[DEMO_SAMPLE])


@pytest.fixture(scope="module")
def marked(section):
    """Some spots, an empty site, and spots outside the tissue."""
    raster = SpotRaster.from_section(section)
    labels = MissingRegions.in_the_middle(section, 2).to_labels(raster)
    empty = np.argwhere(raster.index < 0)
    labels[tuple(empty[0])] = 1
    labels[raster.index == 0] = 2
    return MissingRegions.from_labels(labels, raster)


def the_same(path: Path, expected):
    """Check that a file holds just that result."""
    written, wanted = read_h5ad(path), expected.to_anndata()
    assert list(written.obs_names) == list(wanted.obs_names)
    assert list(written.var_names) == list(wanted.var_names)
    np.testing.assert_array_equal(written.X, wanted.X)


@pytest.mark.parametrize("is_marked", [True, False], ids=["marked", "whole"])
def test_the_script_gives_the_same_result(section, marked, tmp_path, is_marked):
    missing = marked if is_marked else MissingRegions.none(section)
    text = Recipe(section, QUICK, missing, tmp_path / "kept").as_python()
    script = tmp_path / "again.py"
    script.write_text(text, encoding="utf-8")

    subprocess.run([sys.executable, script], cwd=tmp_path, check=True)

    expected = enhance(section, config=QUICK, missing=missing)
    the_same(tmp_path / f"{section.name}_enhanced.h5ad", expected)


@pytest.mark.parametrize(
    "config", [QUICK, RunConfig(method="linear", refine=3)], ids=["advanced", "plain"]
)
def test_the_command_gives_the_same_result(section, marked, tmp_path, config):
    line = Recipe(section, config, marked, tmp_path / "kept").as_command_line()
    words = shlex.split(line)
    assert words[0] == "stentrans"

    command = [sys.executable, "-m", "napari_stentrans.cli", *words[1:]]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)

    expected = enhance(section, config=config, missing=marked)
    the_same(tmp_path / f"{section.name}_enhanced.h5ad", expected)


@pytest.fixture
def pictured(section, tmp_path):
    """The section with another picture, that was added and then moved by hand."""
    rng = np.random.default_rng(1)
    blobs = np.repeat(np.repeat(rng.integers(60, 256, (30, 30, 3)), 40, 0), 40, 1)
    Image.fromarray(blobs.astype(np.uint8)).save(tmp_path / "by hand.png")
    added = run_to_end(picturing(section, tmp_path / "by hand.png"))
    moved = Alignment(mirrored=True, turn=90, scale=1.1, shift_xy=(12.5, -3))
    return added, replace(added, image=added.image.aligned(moved))


def test_a_picture_moved_by_hand_is_carried(pictured, tmp_path):
    """The image takes part in `stentrans`, so that it matters how it lies."""
    added, moved = pictured
    config = RunConfig(seed=2, refine=1, kriging=KrigingConfig(n_programmes=3))
    expected = enhance(moved, config=config)
    lay = expected.provenance["input"]["image_alignment"]
    whole = MissingRegions.none(added)
    recipe = Recipe(added, config, whole, tmp_path / "kept", lay)
    (tmp_path / "again.py").write_text(recipe.as_python(), encoding="utf-8")

    subprocess.run([sys.executable, "again.py"], cwd=tmp_path, check=True)

    written = read_h5ad(tmp_path / f"{added.name}_enhanced.h5ad").X
    np.testing.assert_allclose(written, expected.to_anndata().X, rtol=1e-4, atol=1e-5)
    unmoved = enhance(added, config=config).to_anndata().X
    assert not np.allclose(written, unmoved, rtol=1e-3)


def test_the_command_carries_a_picture_moved_by_hand(pictured, tmp_path):
    from napari_stentrans.cli import build_parser
    from napari_stentrans.cli.inputs import open_section

    added, moved = pictured
    lay = alignment_text(moved.image.alignment)
    whole = MissingRegions.none(added)
    recipe = Recipe(added, QUICK, whole, tmp_path / "kept", lay)
    words = shlex.split(recipe.as_command_line())

    found = open_section(build_parser(words[1:]).parse_args(words[1:]))

    np.testing.assert_array_equal(found.image.data, moved.image.data)
    np.testing.assert_array_equal(found.image.affine, moved.image.affine)


def test_a_part_is_taken_again_also_where_it_begins_below_zero(section, tmp_path):
    from napari_stentrans.cli.inputs import open_section

    low, high = section.pixel_xy.min(axis=0), np.median(section.pixel_xy, axis=0)
    part = within(section, Box(low[0] - 1e5, low[1] - 1e5, *high))
    python, command = texts(part, QUICK, tmp_path)
    words = shlex.split(command)

    found = open_section(build_parser(words[1:]).parse_args(words[1:]))

    assert part.wishes["box"].startswith("-")
    assert found.fingerprint == part.fingerprint != section.fingerprint
    assert f"box={part.wishes['box']!r}" in python


def test_a_picture_that_was_moved_back_is_read_unmoved(pictured, tmp_path):
    added, _ = pictured
    wishes = {**added.wishes, "image_alignment": "turn=90.0"}
    python, command = texts(replace(added, wishes=wishes), QUICK, tmp_path)

    assert "by hand.png" in python
    assert "turn" not in python + command


def test_another_picture_lies_as_its_file_says(pictured, tmp_path):
    added, _ = pictured
    moved = replace(added, wishes={"image_alignment": "turn=90.0", "name": "a"})

    again = run_to_end(picturing(moved, tmp_path / "by hand.png"))

    assert again.wishes == {"image": str(tmp_path / "by hand.png"), "name": "a"}
    assert again.image.alignment.is_none


def texts(section, config, folder, missing=None, lay=""):
    missing = missing or MissingRegions.none(section)
    recipe = Recipe(section, config, missing, folder, lay)
    return recipe.as_python(), recipe.as_command_line()


def test_only_what_differs_is_written(section, tmp_path):
    python, command = texts(section, with_preset(RunConfig(), "best"), tmp_path)

    assert "preset='best'" in python
    assert "--preset best" in command
    assert "learning_rate" not in python
    assert list(tmp_path.iterdir()) == []


def test_settings_without_an_option_are_in_a_file(section, tmp_path):
    config = RunConfig(transformer=TransformerConfig(steps=7))
    python, command = texts(section, config, tmp_path)

    assert "transformer={'steps': 7}" in python
    (file,) = tmp_path.iterdir()
    assert str(file) in command
    assert RunConfig.model_validate_json(file.read_text()) == config


def test_the_same_run_uses_the_same_files(section, marked, tmp_path):
    first = texts(section, QUICK, tmp_path, marked)
    files = sorted(tmp_path.iterdir())

    assert texts(section, QUICK, tmp_path, marked) == first
    assert sorted(tmp_path.iterdir()) == files
    other = MissingRegions.in_the_middle(section, 3)
    texts(section, QUICK, tmp_path, other)
    assert len(list(tmp_path.iterdir())) == len(files) + 1


def test_the_script_says_where_the_regions_are(section, marked, tmp_path):
    python, _ = texts(section, QUICK, tmp_path, marked)
    (regions,) = tmp_path.glob("*regions*.csv")
    assert f"# The marked regions were saved as {regions}" in python


def test_the_path_in_a_script_is_whole(section, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in.csv").touch()
    python, command = texts(replace(section, source="in.csv"), QUICK, tmp_path)
    assert f"read_section({str(tmp_path / 'in.csv')!r})" in python
    assert str(tmp_path / "in.csv") in command


@pytest.mark.parametrize("steps", [None, 7])
def test_the_path_of_a_model_is_whole(section, tmp_path, monkeypatch, steps):
    monkeypatch.chdir(tmp_path)
    config = RunConfig(model="tissue.npz")
    if steps:
        config = RunConfig(model="tissue.npz", transformer=TransformerConfig(steps=7))
    python, command = texts(section, config, tmp_path)
    model = str(tmp_path / "tissue.npz")
    assert f"model={model!r}" in python
    written = [path.read_text() for path in tmp_path.glob("*settings*.json")]
    assert len(written) == bool(steps)
    if steps:
        assert RunConfig.model_validate_json(written[0]).model == model
    else:
        assert f"--model {shlex.quote(model)}" in command


@pytest.mark.parametrize(
    ("fit", "told"),
    [
        ({"training_steps": 4}, "early, after 4 training steps;"),
        ({"epochs": 2}, "early, after 2 epochs;"),
        ({}, "early;"),
    ],
)
def test_a_script_says_that_the_run_was_stopped(section, tmp_path, fit, told):
    none = MissingRegions.none(section)
    stopped = Recipe(section, QUICK, none, tmp_path, fit=fit | {"stopped_early": True})
    whole = Recipe(section, QUICK, none, tmp_path, fit=fit | {"stopped_early": False})
    assert f"# That run was stopped {told}" in stopped.as_python()
    assert "stopped" not in whole.as_python()


def test_a_section_of_no_file_leaves_a_gap_and_says_so(tmp_path):
    section = simulated_section(n_rows=6, n_cols=6, n_genes=5, seed=0).section
    python, command = texts(section, RunConfig(), tmp_path)

    assert "write its path for PATH_OF_THE_SECTION" in python
    assert "PATH_OF_THE_SECTION" in command


def test_a_file_that_was_moved_is_named_all_the_same(section, tmp_path):
    moved = replace(section, source=tmp_path / "before" / "counts.tsv")
    python, command = texts(moved, RunConfig(), tmp_path)

    assert f"# {moved.source} is gone: write where it is now" in python
    assert f"read_section({str(moved.source)!r}" in python
    assert command.startswith(f"stentrans enhance {moved.source} ")


def test_a_section_is_read_as_it_was(section, tmp_path):
    other = replace(
        section.on_lattice(LatticeKind.IRREGULAR),
        wishes={"lattice": "irregular", "allow_normalised": True},
    )
    python, command = texts(other, RunConfig(), tmp_path)

    (line,) = [each for each in python.splitlines() if "= read_section" in each]
    found: dict[str, object] = {"read_section": read_section}
    exec(line, found)
    assert found["section"].lattice.kind is LatticeKind.IRREGULAR
    assert "--lattice irregular --allow-normalised" in command


@pytest.mark.parametrize("wish", ReadWishes.__annotations__)
def test_the_command_line_knows_every_wish(section, tmp_path, wish):
    value = {"allow_normalised": True, "lattice": "hex"}.get(wish, "4")
    wanted = replace(section, wishes={wish: value})
    lay = value if wish == "image_alignment" else ""
    _, command = texts(wanted, RunConfig(), tmp_path, lay=lay)

    words = shlex.split(command)[1:]
    args = build_parser(words).parse_args(words)

    assert str(getattr(args, wish)) in (str(value), f"{value}.0")


def test_another_lattice_is_a_wish(section):
    assert section.wishes == {}
    assert section.on_lattice(LatticeKind.IRREGULAR).wishes == {"lattice": "irregular"}


def test_names_that_files_cannot_have(section, tmp_path):
    odd = replace(section, name="../a b/c:d")
    _, command = texts(odd, RunConfig(), tmp_path)
    assert "--out a_b_c_d_enhanced.h5ad" in command
