"""A leading ~ stands for a home where there is one, everywhere alike."""

from __future__ import annotations

import pytest

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import StEnTransError
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
