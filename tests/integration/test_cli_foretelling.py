"""What `stentrans` says before it computes: the size of the result, time and memory."""

from __future__ import annotations

import re
import shutil
from collections import namedtuple
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from napari_stentrans import read_section
from napari_stentrans.cli import large_sections, main, output_size
from napari_stentrans.config import PRESETS, RunConfig
from napari_stentrans.datasets import samples
from napari_stentrans.section.detection import impose_lattice
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.missing import MissingRegions

Disk = namedtuple("Disk", "total used free")


@pytest.fixture(scope="module")
def sample() -> str:
    return str(samples()["simulated_st"])


@pytest.fixture
def run(sample, tmp_path):
    def enhance_command(*options: str, name: str = "out.h5ad", source: str = sample):
        out = tmp_path / name
        words = ["enhance", source, "--out", str(out), "--method", "nearest"]
        return main([*words, *options]), out

    return enhance_command


@pytest.fixture
def room(monkeypatch):
    """Let the disk have so much room, as far as is told before anything is written."""
    held = "napari_stentrans.io.files.hdf5_writing._hold"
    monkeypatch.setattr(held, lambda *_: None)

    def of(free: int, total: int = 10**12) -> None:
        usage = Disk(total, total - free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)

    return of


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> str:
    """60,000 spots of two genes."""
    grid = np.argwhere(np.ones((300, 200)))
    counts = np.random.default_rng(0).poisson(400, (len(grid), 2))
    obs = pd.DataFrame(grid, columns=["array_row", "array_col"])
    obs.index = [f"spot{number}" for number in range(len(grid))]
    table = ad.AnnData(sparse.csr_matrix(counts.astype(np.float32)), obs=obs)
    path = tmp_path_factory.mktemp("large") / "large.h5ad"
    table.write_h5ad(path)
    return str(path)


# -- the size of the result ------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.h5ad", "out.csv", "out.parquet"])
def test_a_disk_without_room_is_told_before_anything_is_computed(
    run, room, capsys, monkeypatch, name
):
    def never(*_, **__):
        raise AssertionError("it was computed")

    monkeypatch.setattr("napari_stentrans.pipeline.enhance_steps", never)
    room(free=100_000)
    code, out = run("--genes", "all", "--refine", "2", name=name)
    assert code == 5  # as where writing finds no room
    told = capsys.readouterr().err
    assert str(out) in told
    assert re.search(r"1,\d\d\d positions x 300 genes", told)
    assert re.search(r"needs \d\.\d MB or more .* and 100 kB are free", told)
    assert "--genes" in told
    assert "--refine" in told
    assert not out.exists()


def test_what_there_is_room_for_is_computed(run, room, capsys):
    room(free=100_000)
    assert run("--genes", "GENE0001")[0] == 0
    assert capsys.readouterr().err == ""


def test_without_refinement_none_is_to_be_made_smaller(run, room, capsys):
    room(free=1000)
    assert run("--refine", "1")[0] == 5
    assert "--refine" not in capsys.readouterr().err


@pytest.mark.parametrize("unknown", [True, False], ids=["fails", "knows nothing"])
def test_a_disk_that_does_not_say_is_trusted(run, room, monkeypatch, unknown):
    room(free=0, total=0)
    if unknown:

        def fail(_):
            raise OSError

        monkeypatch.setattr(shutil, "disk_usage", fail)
    code, out = run("--genes", "GENE0001")
    assert code == 0
    assert out.exists()


def test_pictures_are_small_whatever_is_predicted(run, room):
    room(free=2_000_000)
    assert run("--genes", "GENE0001", name="out.png")[0] == 0


def test_the_least_room_is_what_an_h5ad_takes(run, room):
    """It is not compressed, so less can never do."""
    code, out = run("--genes", "all")
    assert code == 0
    written = ad.read_h5ad(out)
    values = written.X.nbytes + written.layers["sd"].nbytes
    assert out.stat().st_size > values
    room(free=values - 1)
    assert run("--genes", "all", "--force")[0] == 5
    room(free=values)
    assert run("--genes", "all", "--force")[0] == 0


def test_spots_that_lie_strewn_are_counted_before_a_run_is_refused(
    bare_section, room, tmp_path
):
    """Of far-apart spots a finer lattice has not four times as many."""
    strewn = np.outer(np.arange(500.0), [1.37, 2.11])
    section = bare_section(strewn, impose_lattice(strewn, LatticeKind.IRREGULAR))
    args = SimpleNamespace(out=tmp_path / "out.h5ad", quiet=False)
    room(free=500 * 8 + 100)
    missing = MissingRegions.none(section)
    output_size.foretell_output(
        args, section, RunConfig(refine=4), missing, None, "all"
    )


@pytest.mark.parametrize("quiet", [True, False])
def test_a_large_result_is_foretold(run, capsys, monkeypatch, quiet):
    monkeypatch.setattr(output_size, "_WORTH_TELLING", 1e6)
    code, out = run("--genes", "all", *["--quiet"] * quiet)
    assert code == 0
    told = capsys.readouterr().err
    if quiet:
        assert told == ""
    else:
        assert told.startswith(f"stentrans: {out} will have about 2.9 MB (1,192 pos")
        assert "--genes names fewer" in told


# -- time and memory -------------------------------------------------------------------


def test_info_tells_of_a_large_section_what_runs_cost(large, capsys):
    assert main(["info", large]) == 0
    told = capsys.readouterr()
    assert "Large: 60,000 spots. Try the preset 'instant' first" in told.err
    for name in PRESETS:
        assert re.search(rf"preset '{name}': about \d+ (s|min) and .+ GB", told.err)
    assert "60,000, array rows" in told.out


def test_enhance_tells_of_a_large_section_what_the_run_costs(run, large, capsys):
    code, _ = run("--refine", "1", source=large)
    assert code == 0
    told = capsys.readouterr().err
    assert re.search(r"this run \(nearest\): about \d+ s and .+ GB", told)
    assert "preset" not in told  # which would make it slower
    assert run("--refine", "1", "--quiet", "--force", source=large)[0] == 0
    assert capsys.readouterr().err == ""


def test_a_costly_method_is_told_of_a_cheaper_one(large, capsys):
    section = read_section(large)
    large_sections.foretell_run(section, RunConfig())
    told = capsys.readouterr().err
    assert "Try the preset 'instant' first" in told
    assert "this run (stentrans): about " in told


def test_of_other_sections_nothing_is_told(sample, capsys):
    assert main(["info", sample]) == 0
    assert capsys.readouterr().err == ""


# -- a dry run -------------------------------------------------------------------------


def test_a_dry_run_tells_what_a_run_would_do_and_writes_nothing(run, tmp_path, capsys):
    options = ["--refine", "2", "--genes", "DOMAIN1-03,DOMAIN1-05"]
    code, out = run(*options, "--dry-run")
    told = capsys.readouterr().out
    assert code == 0
    assert list(tmp_path.iterdir()) == []
    assert re.search(r"in about \S+ s and 0\.\d GB of memory", told)

    assert run(*options)[0] == 0
    written = ad.read_h5ad(out)
    assert f"{out}: {written.n_obs:,} positions x 2 genes" in told


def test_a_dry_run_finds_what_is_wrong(run, capsys):
    assert run("--dry-run", "--genes", "domain1-03")[0] == 4
    assert "did you mean 'DOMAIN1-03'?" in capsys.readouterr().err
