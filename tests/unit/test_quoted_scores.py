"""Tables of scores in the documents are those of the kept results of the benchmark."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest

ROOT = Path(__file__).parents[2]
SCORES = "pearson", "pearson_log_top"
FOLDERS = {
    "mel1_rep1": "mel1_rep1",
    "her2st C5": "her2st_C5.tsv.gz",
    "st2k MOB1": "st2k_MOB1.tsv",
    "crc16_visium": "crc16_visium",
}
ROUNDED = 0.00051
"""Three decimals, and what a mean of six decimals adds."""


@pytest.fixture(scope="module")
def kept() -> dict[tuple[str, ...], tuple[float, ...]]:
    """Means over seeds: by protocol, task, method and folder of the section."""
    runs = defaultdict(list)
    for path in (ROOT / "benchmarks" / "results").glob("*/*.json"):
        run = json.loads(path.read_text(encoding="utf-8"))
        told = [run["facts"][name] for name in ("protocol", "task", "method")]
        runs[(*told, path.parent.name)].append([run["scores"][s] for s in SCORES])
    return {key: tuple(map(fmean, zip(*of, strict=True))) for key, of in runs.items()}


def over_sections(kept, *key: str) -> tuple[float, ...]:
    of = [scores for (*told, _), scores in kept.items() if tuple(told) == key]
    return tuple(map(fmean, zip(*of, strict=True)))


def cells(line: str) -> list[str]:
    return [cell.strip(" `") for cell in line.strip("|\n").split("|")]


def table(path: str, first: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table whose header begins with some words."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found = re.search(rf"^\| {re.escape(first)}.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.M)
    assert found, f"{path} has no table that begins with {first}"
    rows = [cells(line) for line in found[1].splitlines()]
    return cells(found[0].splitlines()[0]), rows


def numbers(cell: str) -> list[float]:
    return [float(number) for number in cell.split("/")]


def test_the_readme_has_the_scores_of_the_benchmark(kept):
    header, rows = table("README.md", "section | hidden")
    assert len(rows) == 12
    for section, task, *quoted in rows:
        for method, cell in zip(header[2:], quoted, strict=True):
            expected = kept["held-out", task, method, FOLDERS[section]]
            assert numbers(cell) == pytest.approx(expected, abs=ROUNDED), method


def test_the_page_of_the_networks_has_the_scores_of_the_benchmark(kept):
    header, rows = table("docs/published.md", "task | linear")
    assert len(rows) == 4
    for task, *quoted in rows:
        for method, cell in zip(header[1:], quoted, strict=True):
            expected = over_sections(kept, "held-out", task, method)
            assert numbers(cell) == pytest.approx(expected, abs=ROUNDED), method


def test_scores_by_the_protocol_of_the_paper_are_those_of_the_benchmark(kept):
    text = (ROOT / "docs/published.md").read_text(encoding="utf-8")
    told = text[text.index("By the paper's own protocol") :].split("\n\n")[0]
    quoted = re.findall(r"(\w+)`?\s+(\.\d+ / \.\d+)", told)
    assert [method for method, _ in quoted] == [
        "linear",
        "kriging",
        "published",
        "dist",
    ]
    for method, cell in quoted:
        expected = over_sections(kept, "paper", "upsample", method)
        assert numbers(cell) == pytest.approx(expected, abs=ROUNDED), method
