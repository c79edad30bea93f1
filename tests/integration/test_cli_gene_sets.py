"""``stentrans enhance --gene-sets``: signatures beside the result."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest

from napari_stentrans import enhance, read_section
from napari_stentrans.cli import main
from napari_stentrans.datasets import DEMO_SAMPLE, samples


@pytest.fixture(scope="module")
def section():
    return read_section(samples()[DEMO_SAMPLE])


@pytest.fixture
def sets(section, tmp_path):
    """A file of two sets, and one of unknown genes."""
    genes = [str(gene) for gene in section.genes]
    named = {"first": genes[:5], "second": genes[3:9], "strange": ["X1", "X2"]}
    path = tmp_path / "sets.gmt"
    lines = ["\t".join([name, "", *members]) for name, members in named.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def run(tmp_path):
    def enhance_command(*options):
        words = ["enhance", str(samples()[DEMO_SAMPLE]), "--method", "kriging"]
        return main([*words, "--out", str(tmp_path / "out.h5ad"), *map(str, options)])

    return enhance_command


def test_signatures_are_those_of_the_library(run, section, sets, tmp_path, capsys):
    out = tmp_path / "signatures.h5ad"
    genes = str(section.genes[0])
    code = run("--gene-sets", sets, "--save-signatures", out, "--genes", genes)

    assert code == 0
    found = ad.read_h5ad(out)
    expected = enhance(section, method="kriging").signatures(sets)
    assert list(found.var_names) == ["first", "second"]
    np.testing.assert_allclose(found.X, expected.X, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        found.var["heldout_pcc"], expected.var["heldout_pcc"], rtol=1e-4
    )
    assert "x 2 gene sets (1 have too few of its genes)" in capsys.readouterr().out
    assert ad.read_h5ad(tmp_path / "out.h5ad").n_vars == 1


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--gene-sets", "SETS"], 2, "--save-signatures what is written: both"),
        (["--save-signatures", "s.h5ad"], 2, "--gene-sets names what is read"),
        (["--gene-sets", "SETS", "--save-signatures", "s.csv"], 2, "end in .h5ad"),
        (["--gene-sets", "SETS", "--save-signatures", "OUT"], 2, "are one file"),
        (["--gene-sets", "no.gmt", "--save-signatures", "s.h5ad"], 4, "no.gmt"),
        (["--gene-sets", "STRANGE", "--save-signatures", "s.h5ad"], 4, "not two genes"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_computed(
    run, sets, tmp_path, monkeypatch, capsys, options, code, message
):
    strange = tmp_path / "strange.gmt"
    strange.write_text("a\t\tX1\tX2\n", encoding="utf-8")
    meant = {"SETS": sets, "STRANGE": strange, "OUT": tmp_path / "out.h5ad"}
    before = sorted(tmp_path.iterdir())
    monkeypatch.chdir(tmp_path)

    assert run(*(meant.get(word, word) for word in options)) == code

    assert message in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_the_file_of_sets_is_never_replaced(run, sets, tmp_path, capsys):
    named = sets.rename(tmp_path / "sets.h5ad")
    code = run("--gene-sets", named, "--save-signatures", named, "--force")
    assert code == 2
    assert "never" in capsys.readouterr().err
