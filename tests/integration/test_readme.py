"""What the README tells people to type works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import anndata
import numpy as np
import pytest

from napari_stentrans.cli import build_parser

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^stentrans .+$", README, flags=re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_understood(command: str) -> None:
    words = shlex.split(command)[1:]
    assert callable(build_parser(words).parse_args(words).run)


def test_there_are_commands() -> None:
    assert COMMANDS


def test_python_example_runs(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
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
