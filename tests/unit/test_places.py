"""Where results may be written, and what of a result stays as it is."""

from __future__ import annotations

import numpy as np
import pytest

from napari_stentrans import enhance, simulated_section
from napari_stentrans.enhanced import EnhancedSection
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.exports import export
from napari_stentrans.io.files.replacing import making_new, replacing
from napari_stentrans.section.section import Section


@pytest.fixture(scope="module")
def section() -> Section:
    return simulated_section(n_rows=6, n_cols=6, n_genes=12, seed=2).section


@pytest.fixture
def result(section) -> EnhancedSection:
    return enhance(section, method="kriging", refine=2, genes="all")


@pytest.mark.parametrize("name", ["pixel_xy", "depth"])
def test_what_is_kept_cannot_be_changed(result, name):
    kept = getattr(result, name)
    before = kept.copy()

    with pytest.raises(ValueError, match="read-only"):
        kept *= 0.1

    np.testing.assert_array_equal(getattr(result, name), before)


@pytest.mark.parametrize("name", ["index", "affine"])
def test_the_picture_grid_cannot_be_changed(result, name):
    with pytest.raises(ValueError, match="read-only"):
        getattr(result.raster, name)[:] = 0


def test_the_section_stays_as_it_was_given(result):
    _ = result.pixel_xy, result.depth, result.raster
    assert result.section.pixel_xy.flags.writeable
    assert result.targets.array_rc.flags.writeable


def test_a_strange_folder_beside_a_table_is_found_before_predicting(
    result, tmp_path, monkeypatch
):
    (tmp_path / "x.csv.tables").mkdir()
    (tmp_path / "x.csv.tables" / "thesis.txt").touch()
    monkeypatch.setattr(EnhancedSection, "_read", pytest.fail)

    with pytest.raises(InvalidRequestError, match=r"thesis\.txt"):
        result.save(tmp_path / "x.csv")


def test_a_home_of_nobody_is_a_name_as_any_other(
    section, result, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    result.save("~nobody_of_that_name.h5ad")
    export(section, "~nobody_of_that_name.csv")
    assert (tmp_path / "~nobody_of_that_name.h5ad").is_file()
    assert (tmp_path / "~nobody_of_that_name.csv").is_file()


def overtaken(path):
    """Write a file that somebody else makes meanwhile, too."""
    with replacing(path) as unfinished:
        unfinished.write_text("mine")
        path.write_text("theirs")


def test_what_is_to_be_new_replaces_nothing_that_appears_while_it_is_written(tmp_path):
    new, other = tmp_path / "new.csv", tmp_path / "other.csv"

    with making_new(new):
        with pytest.raises(InvalidRequestError, match="meanwhile"):
            overtaken(new)
        overtaken(other)

    assert new.read_text() == "theirs"
    assert other.read_text() == "mine"
    assert set(tmp_path.iterdir()) == {new, other}
    overtaken(new)  # may be replaced again
    assert new.read_text() == "mine"
