"""Collections of gene sets are read as their makers write them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.gene_sets import read_gene_sets

GMT = "HYPOXIA\thttp://a.b\tPGK1\tPDK1\tPGK1\nEMT\t\tVIM\t FN1 \t\n\nEMPTY\tna\n"
SETS = {"HYPOXIA": ["PGK1", "PDK1"], "EMT": ["VIM", "FN1"]}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_gmt(tmp_path: Path, end: str) -> None:
    path = tmp_path / "hallmark.gmt"
    path.write_bytes(GMT.replace("\n", end).encode())
    assert read_gene_sets(path) == SETS


def test_gzipped_gmt_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "hallmark"
    path.write_bytes(gzip.compress(GMT.encode()))
    assert read_gene_sets(str(path)) == SETS


def test_weights_of_enrichr_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "enrichr.txt"
    path.write_text("T cells\t\tCD3E,1.0\tCD3D,1.0\n")
    assert read_gene_sets(path) == {"T cells": ["CD3E", "CD3D"]}


@pytest.mark.parametrize(
    "content",
    [SETS, {name: {"geneSymbols": genes, "pmid": ""} for name, genes in SETS.items()}],
    ids=["plain", "MSigDB"],
)
def test_json(tmp_path: Path, content: object) -> None:
    path = tmp_path / "sets.json"
    path.write_text(json.dumps(content))
    assert read_gene_sets(path) == SETS


def test_sets_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "twice.gmt"
    path.write_text("A\t\tX\tY\nA\t\tZ\tW\n")
    assert read_gene_sets(path) == {"A": ["X", "Y"], "A (2)": ["Z", "W"]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has no gene sets"),
        (b"CD4\nCD8A\n", "a set a line"),
        (b"\x89PNG\0\0\t\t\xff\n", "cannot be read"),
        (b"a\0\t\tb\n", "not a text file"),
        (b'{"A": 3}', "no lists of genes"),
        (b'{"A": [', "cannot be read"),
    ],
)
def test_what_is_no_collection_is_refused(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "file.gmt"
    path.write_bytes(content)
    with pytest.raises(InvalidRequestError, match=told):
        read_gene_sets(path)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"absent\.gmt cannot be read"):
        read_gene_sets(tmp_path / "absent.gmt")
