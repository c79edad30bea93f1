"""A leading ~ stands for a home where there is one, everywhere alike."""

from __future__ import annotations

import pytest

from napari_stentrans import enhance, evaluate
from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError, StEnTransError
from napari_stentrans.exports import export
from napari_stentrans.io import read_section
from napari_stentrans.io.files.home import at_home
from napari_stentrans.io.regions.masks import read_missing
from napari_stentrans.methods.stentrans.model import StEnTransModel


@pytest.mark.parametrize("path", ["~nobody_is_called_so/x.csv", "~x.csv"])
def test_the_home_of_nobody_is_a_name(path):
    section = simulated_section(n_rows=4, n_cols=4, n_genes=3).section
    assert str(at_home(path)) == path
    for read in (read_section, StEnTransModel.load, lambda p: read_missing(p, section)):
        with pytest.raises(StEnTransError, match=r"x\.csv"):
            read(path)


SECTION = simulated_section(n_rows=6, n_cols=6, n_genes=5).section
RESULT = enhance(SECTION, preset="instant", refine=1)
TAKE_PATHS = {
    "read_section": read_section,
    "image": lambda path: read_section("nowhere", image=path),
    "read_missing": lambda path: read_missing(path, SECTION),
    "export": lambda path: export(SECTION, path),
    "export of a result": lambda path: export(RESULT, path),
    "save": RESULT.save,
    "save_model": lambda path: StEnTransModel.save(RESULT, path),
    "report": lambda path: evaluate(SECTION, ["nearest"], ["dropout"]).save(path),
}


@pytest.mark.parametrize("take", TAKE_PATHS.values(), ids=TAKE_PATHS)
@pytest.mark.parametrize("wrong", [5, b"x.csv", ["x.csv"]], ids=str)
def test_what_is_no_path_is_refused(take, wrong):
    with pytest.raises(InvalidRequestError, match=r"not (5|b'x|\['x|int|bytes|list)"):
        take(wrong)


@pytest.mark.parametrize("take", TAKE_PATHS.values(), ids=TAKE_PATHS)
def test_an_empty_path_is_not_the_current_folder(take, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "only.csv").write_text("a table that would be found\n")
    with pytest.raises(InvalidRequestError, match=r"(the path|image) is empty"):
        take("")


@pytest.mark.parametrize("save", [RESULT.save, lambda path: export(RESULT, path)])
def test_nothing_is_no_path_to_save_to(save):
    with pytest.raises(InvalidRequestError, match="not None"):
        save(None)
