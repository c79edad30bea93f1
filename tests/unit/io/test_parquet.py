"""Our parquet tables: read a portion at a time, and never believed beyond memory."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import ReadError
from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.files import limits
from napari_stentrans.io.files.parquet import read_batches


@pytest.fixture
def table(tmp_path):
    section = simulated_section(n_rows=40, n_cols=40, n_genes=30).section
    return export(section, tmp_path / "a.parquet")


def test_a_table_of_more_than_memory_is_refused(table, monkeypatch):
    monkeypatch.setattr(limits, "memory_limit", lambda: 100)
    with pytest.raises(ReadError, match="of memory"):
        read_section(table)


def test_groups_that_declare_more_than_the_file_holds_are_refused(table, monkeypatch):
    monkeypatch.setattr(limits, "LARGEST_RATIO", 0)
    monkeypatch.setattr(limits, "SMALL", 0)
    with pytest.raises(ReadError, match="cut off or damaged"):
        read_section(table)


def test_no_threads_of_arrow_read_it(table, monkeypatch):
    asked = []
    real = pq.ParquetFile.iter_batches

    def watched(self, **how):
        asked.append(how["use_threads"])
        return real(self, **how)

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", watched)
    read_section(table)
    assert asked == [False]


def test_a_table_may_be_larger_than_memory_if_it_is_sparse(tmp_path, monkeypatch):
    import pyarrow as pa

    n_rows, names = 40_000, [f"g{at}" for at in range(100)]
    zeros = pa.array(np.zeros(n_rows, dtype=np.float32))
    path = tmp_path / "zeros.parquet"
    pq.write_table(pa.table(dict.fromkeys(names, zeros)), path)
    monkeypatch.setattr(limits, "memory_limit", lambda: 1 << 21)  # whole: 32 MB
    batches = list(read_batches(path, names, 1000))
    assert sum(batch.num_rows for batch in batches) == n_rows
