"""Pipes, which are read in part before anything in them is believed: refused."""

from __future__ import annotations

import os

import pytest

from napari_stentrans.cli.console import UsageError
from napari_stentrans.cli.options import read_run_file
from napari_stentrans.datasets import samples, simulated_section
from napari_stentrans.errors import StEnTransError
from napari_stentrans.io import read_section
from napari_stentrans.io.gene_sets import read_gene_sets
from napari_stentrans.io.genes import read_gene_list
from napari_stentrans.io.regions.masks import read_missing, read_positions

SECTION = simulated_section(n_rows=4, n_cols=4, n_genes=3).section
READERS = {
    "section": read_section,
    "image": lambda path: read_section(samples()["simulated_st"], image=path),
    "missing": lambda path: read_missing(path, SECTION),
    "at": read_positions,
    "genes": read_gene_list,
    "gene sets": read_gene_sets,
    "config": read_run_file,
}


@pytest.fixture
def pipe(tmp_path):
    """A pipe with something in it, that somebody keeps open."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    both = os.open(path, os.O_RDWR)
    os.write(both, b"GENE0001\n" * 20)
    yield path
    os.close(both)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no such pipes")
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_pipe_is_told_as_such(pipe, read):
    with pytest.raises((StEnTransError, UsageError), match="pipe is a pipe or a dev"):
        read(pipe)


@pytest.mark.skipif(os.name == "nt", reason="has no such file")
def test_a_device_is_no_empty_file():
    with pytest.raises(StEnTransError, match="null is a pipe or a device"):
        read_section(os.devnull)


def test_what_is_not_there_is_no_pipe(tmp_path):
    with pytest.raises(StEnTransError, match="does not exist"):
        read_section(tmp_path / "gone")
    with pytest.raises(UsageError, match="there is no run file"):
        read_run_file(tmp_path / "gone.yaml")
    with pytest.raises(UsageError, match="cannot read the run file"):
        read_run_file(tmp_path)
