"""``stentrans convert``: any section in, any out, and nothing by accident."""

from __future__ import annotations

import pytest

from napari_stentrans.cli import main
from napari_stentrans.datasets import samples
from napari_stentrans.io import read_section


@pytest.fixture
def convert(capsys):
    def run(*words: object):
        code = main(["convert", *map(str, words)])
        return code, capsys.readouterr()

    return run


@pytest.mark.parametrize("name", ["x.h5ad", "x.parquet", "x.tsv.gz", "x"])
@pytest.mark.parametrize("sample", ["simulated_st", "simulated_visium"])
def test_a_section_comes_out_as_it_went_in(convert, tmp_path, sample, name):
    code, said = convert(samples()[sample], tmp_path / name)

    assert code == 0
    assert f"wrote {tmp_path / name}" in said.out
    before, after = read_section(samples()[sample]), read_section(tmp_path / name)
    assert after.fingerprint == before.fingerprint
    if name in ("x", "x.h5ad"):
        assert (after.image is None) == (before.image is None)


def test_what_is_there_is_replaced_only_by_force(convert, tmp_path):
    (tmp_path / "x.h5ad").write_text("precious")

    code, said = convert(samples()["simulated_st"], tmp_path / "x.h5ad")

    assert code == 2
    assert "--force" in said.err
    assert (tmp_path / "x.h5ad").read_text() == "precious"
    assert convert(samples()["simulated_st"], tmp_path / "x.h5ad", "--force")[0] == 0


def test_the_input_is_never_the_output(convert, tmp_path):
    convert(samples()["simulated_st"], tmp_path / "x.h5ad")
    before = (tmp_path / "x.h5ad").read_bytes()

    code, said = convert(tmp_path / "x.h5ad", tmp_path / "x.h5ad", "--force")

    assert code == 2
    assert "never changed" in said.err
    assert (tmp_path / "x.h5ad").read_bytes() == before


def test_an_unknown_ending_is_refused_before_reading(convert, tmp_path):
    code, said = convert(tmp_path / "gone.h5ad", tmp_path / "x.docx")

    assert code == 2
    assert "NAME.h5ad" in said.err


def test_failing_to_write_is_told_from_a_wrong_request(convert, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", fail)

    code, said = convert(samples()["simulated_st"], tmp_path / "x.h5ad")

    assert code == 5
    assert "No space left" in said.err
    assert not list(tmp_path.iterdir())
