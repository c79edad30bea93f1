"""What the README, the documents and ``--help`` tell people to type works."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pytest

from napari_stentrans.cli import COMMANDS, build_parser
from napari_stentrans.cli.options import read_run_file
from napari_stentrans.datasets import simulated_section
from napari_stentrans.io import read_section
from napari_stentrans.settings import resolve_config

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fenced(language: str, paths: list[Path]) -> list[str]:
    """Blocks of a language in documents."""
    texts = [path.read_text(encoding="utf-8") for path in paths]
    pattern = rf"^```{language}\n(.*?)^```"
    return [
        block
        for text in texts
        for block in re.findall(pattern, text, flags=re.DOTALL | re.MULTILINE)
    ]


def examples() -> list[str]:
    """Examples that ``--help`` of each command shows."""
    modules = [import_module(f"napari_stentrans.cli.{name}") for name in COMMANDS]
    return [getattr(module, "EXAMPLES", "") for module in modules]


TYPED = [
    line.strip()
    for text in [*fenced("(?:sh)?", DOCUMENTS), *examples()]
    for line in text.splitlines()
    if line.strip().startswith("stentrans ")
]


@pytest.mark.parametrize("command", sorted(set(TYPED)))
def test_commands_are_understood(command: str) -> None:
    said = re.sub(r"  +\(.*\)$", "", command)
    words = shlex.split(said, comments=True)[1:]
    assert callable(build_parser(words).parse_args(words).run)


def test_there_are_commands() -> None:
    assert len(TYPED) > 20


@pytest.mark.parametrize("settings", fenced("yaml", DOCUMENTS))
def test_run_files_are_understood(settings: str, tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(settings, encoding="utf-8")
    assert resolve_config(None, **read_run_file(file)).method in settings


def test_python_of_the_command_line_page_runs() -> None:
    (code,) = fenced("python", [ROOT / "docs/command-line.md"])
    section = simulated_section(n_rows=12, n_cols=12, n_genes=40).section
    names: dict[str, Any] = {"section": section}
    exec(compile(code, "command-line.md", "exec"), names)
    assert set(names["report"].scores["method"]) == {"kriging", "linear"}


@pytest.mark.filterwarnings("ignore::anndata.ImplicitModificationWarning")
def test_python_of_the_python_page_runs(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Block after block, as it says; what is saved is there."""
    (tmp_path / "sample_data").symlink_to(repository / "sample_data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for code in fenced("python", [ROOT / "docs/python.md"]):
        exec(compile(code, "python.md", "exec"), names)
    assert {path.name for path in tmp_path.iterdir()} >= {
        *("enhanced.h5ad", "genes.ome.tif", "gene.png", "measured.parquet"),
        *("tissue.npz", "scores.csv"),
    }
    assert np.isfinite(names["low"]).all()
    assert names["patterned"]["heldout_pcc"].min() > 0
    assert names["adata"].obsm["X_pca"].shape == (len(names["result"]), 10)
    assert (
        np.corrcoef(
            names["filled"].read(names["simulated"].section.genes).mean.ravel(),
            names["truth"].ravel(),
        )[0, 1]
        > 0.8
    )


def test_python_of_the_sample_data_page_runs(repository: Path) -> None:
    """And its section is the one that lies there."""
    (code,) = fenced("python", [ROOT / "sample_data/README.md"])
    names: dict[str, Any] = {}
    exec(compile(code, "sample_data/README.md", "exec"), names)
    lying = read_section(repository / "sample_data" / "simulated_st")
    assert (names["simulated"].section.counts != lying.counts).nnz == 0


def test_python_example_runs(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = fenced("python", [ROOT / "README.md"])
    (tmp_path / "sample_data").symlink_to(repository / "sample_data")
    monkeypatch.chdir(tmp_path)
    # The default method takes a minute; which one it is makes no difference here.
    quick = code.replace('"stentrans"', '"nearest"').replace(
        "refine=3", 'refine=3, method="nearest"'
    )
    names = {"adata_with_counts": _counts()}
    exec(compile(quick, "README.md", "exec"), names)

    adata = names["adata"]
    assert np.isfinite(names["picture"]).any()
    assert names["sd"].shape == (adata.n_obs, 1)
    assert anndata.read_h5ad("enhanced.h5ad").shape == adata.shape
    assert names["finer"].n_obs > names["adata_with_counts"].n_obs


def _counts() -> anndata.AnnData:
    """Counts of two genes at 5 x 5 spots."""
    array_rc = np.argwhere(np.ones((5, 5)))
    counts = np.random.default_rng(0).poisson(3.0, (25, 2)).astype(np.float32)
    adata = anndata.AnnData(counts)
    adata.obs["array_row"], adata.obs["array_col"] = array_rc.T
    return adata
